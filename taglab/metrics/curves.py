"""Precision-recall and ROC curves of one label, thinned to what a screen can show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import truth_and_scores
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]

_FEWEST_POINTS = 64


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of one label, from the highest threshold to the lowest.

    Attributes:
        kind: "pr" or "roc".
        x: Recall, or false positive rate; ascending (points,).
        y: Precision, or true positive rate (points,).
        thresholds: A track is predicted positive when its score is at least this; infinite where none is
            (points,).
        area: Under the whole curve: average precision, or ROC-AUC.
        thinning: Area between the whole curve and this one.
        shape: How to join points: "vh" (precision holds from one recall back to the one before, so go up or
            down first, then across) or "linear". The shapes of Plotly's lines.
    """

    kind: Literal["pr", "roc"]
    x: DoubleArray
    y: DoubleArray
    thresholds: DoubleArray
    area: float
    thinning: float
    shape: Literal["vh", "linear"]

    __repr__ = one_line


def precision_recall_curve(truth: npt.ArrayLike, scores: npt.ArrayLike, tolerance: float = 1e-3) -> Curve:
    """Return precision at every recall reached, as steps whose area is the average precision.

    Args:
        truth: 0/1 or bool (tracks,), with at least one positive.
        scores: (tracks,), finite.
        tolerance: Most area that may lie between the whole curve and the one returned; 0 leaves out nothing.

    Raises:
        InvalidSetting: If there is no positive, or values are not as above.
    """
    ascending, positives = _sorted_scores(truth, scores, tolerance)
    levels = np.unique(positives)[::-1]
    found = len(positives) - positives.searchsorted(levels, "left")
    precision = found / (len(ascending) - ascending.searchsorted(levels, "left"))
    recall = found / len(positives)
    # At recall 0 no precision is defined; the first one reached is drawn from there.
    x, y = np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision])

    def area_left_out(kept: npt.NDArray[np.intp]) -> float:
        drawn = y[kept[kept.searchsorted(np.arange(len(x)))]]
        return float(np.diff(x, prepend=0) @ np.abs(y - drawn))

    kept, thinning = _thinned(x, y, area_left_out, tolerance)
    thresholds = np.concatenate([[np.inf], levels])
    area = float(np.diff(x, prepend=0) @ y)
    return Curve("pr", x[kept], y[kept], thresholds[kept], area, thinning, "vh")


def roc_curve(truth: npt.ArrayLike, scores: npt.ArrayLike, tolerance: float = 1e-3) -> Curve:
    """Return the true positive rate over the false positive rate.

    Args:
        truth: 0/1 or bool (tracks,), with at least one positive and one negative.
        scores: (tracks,), finite.
        tolerance: Most area that may lie between the whole curve and the one returned; 0 leaves out only
            points on a straight line between others.

    Raises:
        InvalidSetting: If there is no positive or no negative, or values are not as above.
    """
    ascending, positives = _sorted_scores(truth, scores, tolerance)
    n_negatives = len(ascending) - len(positives)
    if not n_negatives:
        raise InvalidSetting("every track is positive, and a ROC curve needs a negative")
    thresholds = _corners(ascending, positives)
    found = len(positives) - positives.searchsorted(thresholds, "left")
    predicted = len(ascending) - ascending.searchsorted(thresholds, "left")
    x, y = (predicted - found) / n_negatives, found / len(positives)
    # Along x + y no part of the curve is vertical, and areas are twice as large.
    along, across = x + y, y - x

    def area_left_out(kept: npt.NDArray[np.intp]) -> float:
        apart = np.abs(across - np.interp(along, along[kept], across[kept]))
        return float(np.trapezoid(apart, along)) / 2

    kept, thinning = _thinned(x, y, area_left_out, tolerance)
    return Curve("roc", x[kept], y[kept], thresholds[kept], float(np.trapezoid(y, x)), thinning, "linear")


def _sorted_scores(
    truth: npt.ArrayLike, scores: npt.ArrayLike, tolerance: float
) -> tuple[DoubleArray, DoubleArray]:
    """Return the scores of all tracks and of the positives, both ascending, after checking everything."""
    judged, given = np.asarray(truth), np.asarray(scores)
    if judged.ndim != 1 or given.ndim != 1:
        raise InvalidSetting(
            f"truth {judged.shape} and scores {given.shape} must both be (tracks,), of one class"
        )
    if not tolerance >= 0:
        raise InvalidSetting(f"tolerance={tolerance} must be 0 or more")
    checked, values = truth_and_scores(judged[:, None], given[:, None])
    if not checked.any():
        raise InvalidSetting("no track is positive, and a curve needs one")
    return np.sort(values[:, 0]).astype(np.float64), np.sort(values[checked]).astype(np.float64)


def _corners(ascending: DoubleArray, positives: DoubleArray) -> DoubleArray:
    """Return thresholds, descending, between which a ROC curve is straight: at positives and just above."""
    levels = np.unique(positives)
    beyond = np.concatenate([ascending, [np.inf]])
    above = beyond[ascending.searchsorted(levels, "right")]
    return np.unique(np.concatenate([levels, above, ascending[:1], [np.inf]]))[::-1]


def _thinned(
    x: DoubleArray,
    y: DoubleArray,
    area_left_out: Callable[[npt.NDArray[np.intp]], float],
    tolerance: float,
) -> tuple[npt.NDArray[np.intp], float]:
    """Return which points to keep, about evenly along the curve, and the area that makes."""
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    n = _FEWEST_POINTS
    while n < len(x) and tolerance > 0:
        kept = np.unique([*length.searchsorted(np.linspace(0, length[-1], n)), len(x) - 1])
        left_out = area_left_out(kept)
        if left_out <= tolerance:
            return kept, left_out
        n *= 2
    return np.arange(len(x)), 0.0
