"""Confusion counts at thresholds, and the areas that Keras and the thesis take from 200 of them.

A track is predicted positive when its score is at least the threshold (Ros Perez 2021, section 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import (
    BoolArray,
    DoubleArray,
    ScoreArray,
    probabilities,
    quotient,
    truth_and_scores,
)
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent
from taglab.reprs import one_line

IntArray = npt.NDArray[np.int64]

THRESHOLDS: DoubleArray = np.linspace(0, 1, 200)
"""0, 1/199, ..., 1: those of Keras's AUC and of every run's stored counts."""
THRESHOLDS.setflags(write=False)

_BLOCK_SCORES = 1 << 18


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of right and wrong decisions at some thresholds.

    Attributes:
        thresholds: Ascending, in [0, 1] (thresholds,).
        tp: True positives, int64 (thresholds, classes).
        fp: False positives, the same shape.
        fn: False negatives.
        tn: True negatives.

    Raises:
        ValueError: If shapes disagree, thresholds do not ascend, a count is negative, or positives and
            negatives are not the same number at every threshold.
    """

    thresholds: DoubleArray
    tp: IntArray
    fp: IntArray
    fn: IntArray
    tn: IntArray

    __repr__ = one_line

    def __post_init__(self) -> None:
        counts = (self.tp, self.fp, self.fn, self.tn)
        shapes = {count.shape for count in counts}
        if len(shapes) > 1 or self.tp.ndim != 2 or len(self.tp) != len(self.thresholds) or not self.tp.size:
            raise ValueError(
                f"counts {shapes} must all be (thresholds, classes) with {len(self.thresholds)} thresholds"
            )
        if (np.diff(self.thresholds) <= 0).any():
            raise ValueError("thresholds must ascend")
        if min(count.min() for count in counts) < 0:
            raise ValueError("counts must not be negative")
        if np.ptp(self.tp + self.fn, axis=0).any() or np.ptp(self.fp + self.tn, axis=0).any():
            raise ValueError("the number of positives or negatives of a class differs between thresholds")

    @property
    def positives(self) -> IntArray:
        """Tracks truly in each class (classes,)."""
        return np.asarray(self.tp[0] + self.fn[0])

    @property
    def negatives(self) -> IntArray:
        """Tracks not in each class (classes,)."""
        return np.asarray(self.fp[0] + self.tn[0])

    @cached_property
    def precision(self) -> DoubleArray:
        """Share of positive decisions that are right; NaN where none is made (thresholds, classes)."""
        return quotient(self.tp, self.tp + self.fp)

    @cached_property
    def recall(self) -> DoubleArray:
        """Share of positives found; NaN where there are none (thresholds, classes)."""
        return quotient(self.tp, self.tp + self.fn)

    @cached_property
    def false_positive_rate(self) -> DoubleArray:
        """FP / (FP + TN), which the thesis's ROC text calls FNR and writes with FN (thresholds, classes)."""
        return quotient(self.fp, self.fp + self.tn)

    @cached_property
    def f1(self) -> DoubleArray:
        """Harmonic mean of precision and recall; NaN without positives (thresholds, classes)."""
        return np.where(self.positives > 0, quotient(2 * self.tp, 2 * self.tp + self.fp + self.fn), np.nan)

    def micro(self) -> Confusion:
        """Return the counts of all classes together, as of one class."""
        return replace(
            self,
            **{name: getattr(self, name).sum(axis=1, keepdims=True) for name in ("tp", "fp", "fn", "tn")},
        )

    def nearest(self, threshold: float) -> int:
        """Return the row of the threshold nearest to this one, the lower of two as near."""
        return int(np.abs(self.thresholds - threshold).argmin())

    def normalised(self, row: int) -> DoubleArray:
        """Return TP, TN, FP, FN at one threshold as shares of all tracks (4, classes); tables 20-25."""
        counts = np.stack([self.tp[row], self.tn[row], self.fp[row], self.fn[row]])
        return np.asarray(counts / counts.sum(axis=0))


def confusion(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    thresholds: npt.ArrayLike = THRESHOLDS,
    progress: Progress = silent,
) -> Confusion:
    """Count right and wrong decisions at each threshold.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: (tracks, classes), in [0, 1]. Thresholds are compared in the scores' precision.
        thresholds: Ascending, in [0, 1]; one number or several.
        progress: Told after each block of tracks.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    judged, given = truth_and_scores(truth, scores)
    probabilities(given)
    levels = np.atleast_1d(np.asarray(thresholds, np.float64))
    if levels.ndim != 1 or not len(levels) or not (levels[0] >= 0 and levels[-1] <= 1):
        raise InvalidSetting(f"thresholds={thresholds!r} must lie in [0, 1]; given in percent?")
    if not (np.diff(levels) > 0).all():
        raise InvalidSetting("thresholds must ascend and be distinct")
    compared = levels.astype(given.dtype)

    def work(block: slice) -> IntArray:
        columns = given[:, block].T.copy()
        pairs = zip(columns, judged[:, block].T, strict=True)
        return np.stack([_passing(compared, column, is_true) for column, is_true in pairs], axis=-1)

    parts = blocks(judged.shape[1], _BLOCK_SCORES // len(judged))
    predicted, tp = np.concatenate(on_every_core(work, parts, progress, "confusion counts"), axis=-1)
    positives = np.count_nonzero(judged, axis=0)
    return Confusion(
        thresholds=levels,
        tp=tp,
        fp=predicted - tp,
        fn=positives - tp,
        tn=len(judged) - positives - predicted + tp,
    )


def _passing(thresholds: ScoreArray, scores: ScoreArray, truth: BoolArray) -> IntArray:
    """Return how many scores reach each threshold, of all tracks and of positives (2, thresholds)."""
    passed = thresholds.searchsorted(scores, "right")
    counts = [np.bincount(part, minlength=len(thresholds) + 1) for part in (passed, passed[truth])]
    # A score that reaches b thresholds reaches the first b of them.
    return np.stack(counts)[:, :0:-1].cumsum(axis=1)[:, ::-1]


def auc_pr_interpolated(counts: Confusion) -> DoubleArray:
    """Return the area under the precision-recall curve, interpolated between thresholds (classes,).

    Between two thresholds TP is taken to grow linearly with p = TP + FP, as s p + c; recall, then, grows by
    s / positives with p, and precision is s + c / p. Their integral from p_(i+1) to p_i is

        s / positives (TP_i - TP_(i+1) + c ln(p_i / p_(i+1))).

    As Keras's `AUC(curve="PR", summation_method="interpolation")`, whose first and last thresholds lie just
    outside [0, 1]: at the first everything, at the last nothing is predicted positive, whatever the counts at
    0 and 1 say. Lies near, but is not, average precision; with 200 thresholds it cannot tell scores apart
    that fall between two of them.

    Args:
        counts: At thresholds from 0 to 1.

    Returns:
        In [0, 1]; NaN for a class without positives.

    Raises:
        InvalidSetting: If thresholds do not run from 0 to 1.

    Source: Davis & Goadrich 2006; Ros Perez 2021 (all its AUC-PR are taken so).
    """
    tp, fp = _closed(counts)
    predicted = tp + fp
    d_tp, d_predicted = -np.diff(tp, axis=0), -np.diff(predicted, axis=0)
    slope = np.divide(d_tp, d_predicted, out=np.zeros_like(d_tp), where=d_predicted > 0)
    offset = tp[1:] - slope * predicted[1:]
    both = (predicted[:-1] > 0) & (predicted[1:] > 0)
    ratio = np.divide(predicted[:-1], predicted[1:], out=np.ones_like(slope), where=both)
    return quotient((slope * (d_tp + offset * np.log(ratio))).sum(axis=0), counts.positives)


def roc_auc_at_thresholds(counts: Confusion) -> DoubleArray:
    """Return the area under the ROC curve by trapezoids between thresholds (classes,).

    As Keras's `AUC(curve="ROC")`, and thus the thesis's AUC-ROC; see `auc_pr_interpolated` for the ends.

    Returns:
        In [0, 1]; NaN for a class without positives or without negatives.

    Raises:
        InvalidSetting: If thresholds do not run from 0 to 1.
    """
    tp, fp = _closed(counts)
    area = ((tp[:-1] + tp[1:]) / 2 * -np.diff(fp, axis=0)).sum(axis=0)
    return quotient(area, counts.positives * counts.negatives)


def _closed(counts: Confusion) -> tuple[DoubleArray, DoubleArray]:
    """Return TP and FP as floats, everything predicted at the first threshold and nothing at the last."""
    if len(counts.thresholds) < 2 or counts.thresholds[0] != 0 or counts.thresholds[-1] != 1:
        raise InvalidSetting("an area needs counts at thresholds from 0 to 1")
    tp, fp = counts.tp.astype(np.float64), counts.fp.astype(np.float64)
    tp[0], fp[0] = counts.positives, counts.negatives
    tp[-1], fp[-1] = 0, 0
    return tp, fp
