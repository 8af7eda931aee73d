"""One space for artists, tags and sound: Weston, Bengio and Hamel 2011."""

from taglab.joint_space.asking import Answer, Term, ask, parse_query, written
from taglab.joint_space.fitting import FittedSpace, fit_space
from taglab.joint_space.kept import fit_kept
from taglab.joint_space.library import (
    delete_joint_space,
    joint_space_names,
    open_joint_space,
    require_unchanged,
    save_joint_space,
)
from taglab.joint_space.material import JointMaterial, prepare_joint
from taglab.joint_space.nearest import Best, best_products
from taglab.joint_space.ranking import PRECISION_KS, precisions, task_scores
from taglab.joint_space.settings import TASKS, JointSpaceSettings
from taglab.joint_space.similar_artists import read_similar_artists
from taglab.joint_space.space import JointSpace, ensemble
from taglab.joint_space.training import JointSpaceRun, joint_material, new_space_run, train_space
from taglab.joint_space.truth import belonging

__all__ = [
    "PRECISION_KS",
    "TASKS",
    "Answer",
    "Best",
    "FittedSpace",
    "JointMaterial",
    "JointSpace",
    "JointSpaceRun",
    "JointSpaceSettings",
    "Term",
    "ask",
    "belonging",
    "best_products",
    "delete_joint_space",
    "ensemble",
    "fit_kept",
    "fit_space",
    "joint_material",
    "joint_space_names",
    "new_space_run",
    "open_joint_space",
    "parse_query",
    "precisions",
    "prepare_joint",
    "read_similar_artists",
    "require_unchanged",
    "save_joint_space",
    "task_scores",
    "train_space",
    "written",
]
