"""The first joint space, of the demo: what makes it, also beside the dashboard.

`python -m taglab.verbs.first_space` answers the questions of `first_space` one after the other; features
that are there already are not made again.
"""

from __future__ import annotations

import sys
from typing import Any

from taglab.audio.library import DEMO
from taglab.beside import run_beside
from taglab.embeddings import OWN
from taglab.joint_space import TASKS, JointSpaceSettings
from taglab.progress import Progress, between
from taglab.vectors import feature_names
from taglab.verbs.features import Encoding, encoders
from taglab.verbs.joint_space import Train
from taglab.verbs.question import Question

SPACE = "demo"
# What did best on the demo's validation tracks, of some tried.
_ENCODER = "mfcc-codebook"
_SETTINGS = JointSpaceSettings(tasks=TASKS, learning_rate=0.005, limit=3.0)


def first_features(data: str) -> Encoding:
    """Return what makes the first features of a data set, of the sound of its name."""
    encoding: Any = encoders()[_ENCODER][1]
    features: Encoding = encoding(name=f"{data}-codes", audio=data, data=data)
    return features


def first_space() -> tuple[Question, Train]:
    """Return what makes features of the demo's sound, and what trains a space on them."""
    features = first_features(DEMO)
    train = Train(name=SPACE, features=features.name, words=OWN, replace=True, settings=_SETTINGS)
    return features, train


def make(_given: str, progress: Progress) -> None:
    """Make the features, if they are not there yet, and the space."""
    encoding, train = first_space()
    if train.features not in feature_names():
        encoding.answer(between(progress, 0.0, 0.5))
    train.answer(between(progress, 0.5, 1.0))


if __name__ == "__main__":
    sys.exit(run_beside(make))
