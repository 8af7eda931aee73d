"""A tagger's scores as a space, so that it is asked as a joint space is: a dimension for every class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.joint_space.space import JointSpace
from taglab.outcomes import Predictions
from taglab.reprs import one_line
from taglab.vectors import Vectors

_SUREST = 1e-6  # a probability nearer to 0 or 1 than this counts as so near


@dataclass(frozen=True, eq=False)
class ScoredSpace:
    """A tagger's scores as a space.

    Attributes:
        space: In which a class lies along an axis of its own; without artists.
        tracks: Places of the tracks that were scored.
        mean: Of the log-odds of each class over those tracks, (classes,).
        spread: Their deviation, (classes,); 0 of a class that scores all alike: all are at 0 along its axis.
    """

    space: JointSpace
    tracks: Vectors
    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]

    __repr__ = one_line

    def place(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Return where other sound lies that the same tagger scored, (tracks, classes).

        Args:
            scores: Probabilities (tracks, classes).
        """
        return _places(_log_odds(scores), self.mean, self.spread)


def space_of_scores(predictions: Predictions, name: str, about: dict[str, Any]) -> ScoredSpace:
    """Return a space in which a class lies along an axis of its own, and tracks where their scores put them.

    Along each axis stand the log-odds, with mean 0 and deviation 1 over the tracks: a class alone ranks
    tracks as its scores do, and of several none counts for more because its scores differ more.

    Args:
        predictions: Of the tracks that were ranked, with their ids.
        name: What the space is called.
        about: Kept with it.

    Raises:
        InvalidSetting: If the tracks have no ids.
    """
    if not predictions.named:
        raise InvalidSetting(
            f"{name!r} does not say which tracks its scores are of; they cannot be asked for"
        )
    odds = _log_odds(predictions.scores)
    mean, spread = odds.mean(axis=0), odds.std(axis=0)
    axes = np.eye(len(predictions.classes), dtype=np.float32)
    none = np.empty((0, len(axes)), np.float32)
    space = JointSpace(name, (), predictions.classes, none, axes, axes, "none", about)
    tracks = Vectors.of("tracks", predictions.tracks, _places(odds, mean, spread), name, "dot")
    return ScoredSpace(space, tracks, mean, spread)


def _log_odds(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    clipped = np.clip(scores.astype(np.float64), _SUREST, 1 - _SUREST)
    odds: npt.NDArray[np.float64] = np.log(clipped) - np.log1p(-clipped)
    return odds


def _places(
    odds: npt.NDArray[np.float64], mean: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    places = np.divide(odds - mean, spread, out=np.zeros_like(odds), where=spread > 0)
    return places.astype(np.float32)
