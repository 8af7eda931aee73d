"""How well a space, or any scores, rank artists, tags and tracks: precision at k, and what bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.joint_space.material import JointMaterial
from taglab.joint_space.settings import Task
from taglab.joint_space.space import JointSpace
from taglab.metrics.ranking import ranked

Scores = npt.NDArray[np.floating]


PRECISION_KS = (1, 3, 6, 9, 12, 15)
"""Places at which precision is told: one, and those of the paper's tables."""


def task_scores(space: JointSpace, material: JointMaterial, task: Task, part: str) -> Scores:
    """Return how a space scores every output of a task for every input.

    Args:
        space: Of the material's artists, tags and features.
        material: Whose tracks are asked of.
        task: What is ranked.
        part: Of which part the tracks are.

    Returns:
        Array (inputs, outputs), as `JointMaterial.right`; for similar ones −∞ on the diagonal, since none is
        asked whether it is like itself.
    """
    tracks = space.place(material.features[material.parts[part]])
    vectors = {
        "similar-tracks": (tracks, tracks),
        "similar-artists": (space.artist_vectors, space.artist_vectors),
        "artists": (tracks, space.artist_vectors),
        "tags": (tracks, space.tag_vectors),
        "tracks-of-artist": (space.artist_vectors, tracks),
        "tracks-of-tag": (space.tag_vectors, tracks),
    }
    inputs, outputs = vectors[task]
    scores: Scores = inputs @ outputs.T
    if inputs is outputs:
        np.fill_diagonal(scores, -np.inf)
    return scores


def precisions(scores: Scores, right: sparse.csr_array, ks: Sequence[int]) -> pd.DataFrame:
    """Return precision at k of every input that has a right output, and the most it could be.

    Args:
        scores: Array (inputs, outputs); −∞ for what is not asked.
        right: Sparse (inputs, outputs) of 1.
        ks: Places looked at, each at least 1.

    Returns:
        A row an input that has a right output: `input` (its row), `right` (how many), `p@k` for every k, and
        `ceiling@k`, since an input with two right outputs cannot reach 1 at k = 3. Of ties see
        `taglab.metrics.ranking`.
    """
    standing = ranked(scores, right.toarray() > 0)
    asked = np.flatnonzero(standing.relevant > 0)
    columns: dict[str, npt.NDArray[Any]] = {"input": asked, "right": standing.relevant[asked]}
    for k in ks:
        columns[f"p@{k}"] = standing.precision_at(k)[asked]
        columns[f"ceiling@{k}"] = np.minimum(standing.relevant[asked], k) / k
    return pd.DataFrame(columns)
