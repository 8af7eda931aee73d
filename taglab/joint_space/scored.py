"""A tagger's scores as a space, so that it is asked as a joint space is: a dimension for every class."""

from __future__ import annotations

from typing import Any

import numpy as np

from taglab.errors import InvalidSetting
from taglab.joint_space.space import JointSpace
from taglab.outcomes import Predictions
from taglab.vectors import Vectors

_SUREST = 1e-6  # a probability nearer to 0 or 1 than this counts as so near


def space_of_scores(predictions: Predictions, name: str, about: dict[str, Any]) -> tuple[JointSpace, Vectors]:
    """Return a space in which a class lies along an axis of its own, and tracks where their scores put them.

    Along each axis stand the log-odds, with mean 0 and deviation 1 over the tracks: a class alone ranks
    tracks as its scores do, and of several none counts for more because its scores differ more.

    Args:
        predictions: Of the tracks that were ranked, with their ids.
        name: What the space is called.
        about: Kept with it.

    Returns:
        The space, without artists, and the places of the tracks in it.

    Raises:
        InvalidSetting: If the tracks have no ids.
    """
    if not predictions.named:
        raise InvalidSetting(
            f"{name!r} does not say which tracks its scores are of; they cannot be asked for"
        )
    odds = np.clip(predictions.scores.astype(np.float64), _SUREST, 1 - _SUREST)
    odds = np.log(odds) - np.log1p(-odds)
    spread = odds.std(axis=0)
    places = np.divide(odds - odds.mean(axis=0), spread, out=np.zeros_like(odds), where=spread > 0)
    axes = np.eye(len(predictions.classes), dtype=np.float32)
    none = np.empty((0, len(axes)), np.float32)
    space = JointSpace(name, (), predictions.classes, none, axes, axes, "none", about)
    return space, Vectors.of("tracks", predictions.tracks, places, name, "dot")
