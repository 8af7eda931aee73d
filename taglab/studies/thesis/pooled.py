"""How far a difference of pooled figures may be the tracks', of two models whose classes need not agree.

Both are judged on the same draws of tracks, each on those of them that it was judged on: what makes a draw
hard for both cancels out. Of each track only the number of scores between two of the 200 thresholds matters,
so that a draw is a sum of weights, and exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics import mean_columns
from taglab.metrics.resampling import draws
from taglab.metrics.thresholds import THRESHOLDS, Confusion
from taglab.outcomes import Predictions
from taglab.parallel import blocks

__all__ = ["pooled_differences"]

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_REPLICATES = 500
_TOGETHER = 100  # draws at a time
_PAIRS = 1 << 20  # scores counted at a time


def pooled_differences(
    first: Predictions, second: Predictions, metric: str, replicates: int = _REPLICATES, seed: int = 0
) -> Doubles:
    """Return by how much a difference of pooled figures, first minus second, is off in draws of tracks.

    Args:
        first: With ids of tracks.
        second: The same; it may be of other tracks and classes.
        metric: A micro mean (`taglab.metrics.mean_columns`) that confusion counts tell.
        replicates: How many draws.
        seed: Of the draws.

    Returns:
        (replicates,), shifted to a mean of 0; NaN in draws that hold no positive of one of them.
    """
    of_counts = mean_columns()[metric].metric.of_counts
    if of_counts is None:
        raise InvalidSetting(f"metric={metric!r} must be one that confusion counts tell")
    row_of = {track: row for row, track in enumerate(dict.fromkeys([*first.tracks, *second.tracks]))}
    sides = [_Counted(each, row_of) for each in (first, second)]
    generator = np.random.default_rng(seed)
    found = []
    for chunk in blocks(replicates, _TOGETHER):
        (weights,) = draws(generator, len(row_of), chunk.stop - chunk.start)
        ours, theirs = (of_counts(side.decided(weights)) for side in sides)
        found.append(ours - theirs)
    differences = np.concatenate(found)
    known = differences[~np.isnan(differences)]
    return np.asarray(differences - (known.mean() if len(known) else np.nan))


class _Counted:
    """Scores of a model, counted by track and by how many thresholds they reach.

    Args:
        predictions: Of the model.
        row_of: Track → row of the weights.
    """

    def __init__(self, predictions: Predictions, row_of: dict[str, int]) -> None:
        self._rows = np.array([row_of[track] for track in predictions.tracks], np.int64)
        self._all = np.empty((predictions.n_tracks, len(THRESHOLDS) + 1), np.float32)
        self._true = np.empty_like(self._all)
        levels = THRESHOLDS.astype(predictions.scores.dtype)
        for part in blocks(predictions.n_tracks, max(1, _PAIRS // max(predictions.n_classes, 1))):
            reached = levels.searchsorted(predictions.scores[part], "right")
            self._all[part] = _by_track(reached, np.ones(reached.shape, bool))
            self._true[part] = _by_track(reached, predictions.truth[part])

    def decided(self, weights: npt.NDArray[np.float32]) -> Confusion:
        """Return pooled decisions under weights (all tracks, replicates), a replicate in place of a class."""
        mine = weights[self._rows].T
        predicted, tp = (_reaching(mine @ counts) for counts in (self._all, self._true))
        fp = predicted - tp
        return Confusion(THRESHOLDS, tp[1:], fp[1:], tp[0] - tp[1:], fp[0] - fp[1:])


def _by_track(reached: npt.NDArray[np.integer], counted: npt.NDArray[np.bool_]) -> Ints:
    """Return how many of a track's scores reach just so many thresholds (tracks, thresholds + 1)."""
    width = len(THRESHOLDS) + 1
    places = reached + width * np.arange(len(reached))[:, None]
    return np.bincount(places[counted], minlength=width * len(reached)).reshape(len(reached), width)


def _reaching(exactly: npt.NDArray[np.float32]) -> Ints:
    """Return how many scores reach at least so many thresholds (thresholds + 1, replicates)."""
    whole = np.rint(exactly).astype(np.int64)
    return whole[:, ::-1].cumsum(axis=1)[:, ::-1].T
