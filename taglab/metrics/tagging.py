"""How well scores order tracks, label by label: average precision, ROC-AUC and the best F1.

Conventions. A track is predicted positive at threshold t when its score is at least t, so tracks of equal
score are always predicted together. Average precision is the area under the steps of the precision-recall
curve, sum of (R_k - R_(k-1)) P_k over distinct scores, as scikit-learn takes it; it is not the interpolated
area that Keras and the thesis call AUC-PR (`taglab.metrics.thresholds`), and the two must not share an axis
unlabelled. ROC-AUC is the share of (positive, negative) pairs in the right order, ties counting one half.

A class without positives has no average precision, and one without positives or without negatives no
ROC-AUC: they are NaN, counted, and left out of macro means. Micro averages take all (track, class) pairs as
one label, so they count every class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.metrics.balance import lift
from taglab.metrics.validation import BoolArray, ScoreArray, truth_and_scores
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent
from taglab.reprs import one_line

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Scores sorted at a time by one thread: 1 MB of float32, about a core's own cache.
_BLOCK_SCORES = 1 << 18


@dataclass(frozen=True, eq=False)
class TaggingScores:
    """Every label's metrics and their means.

    Attributes:
        n_tracks: Tracks evaluated.
        positives: Tracks truly in each class (classes,).
        average_precision: (classes,), in [0, 1]; NaN for a class without positives.
        roc_auc: (classes,), in [0, 1]; NaN for a class without positives or without negatives.
        best_f1: The largest F1 at any threshold (classes,); NaN for a class without positives.
        best_threshold: Where it is reached, the highest such score (classes,). Chosen on these very
            tracks, so F1 at it flatters; take it on validation tracks to use it on others.
        micro_average_precision: Of all (track, class) pairs as one label.
        micro_roc_auc: The same for ROC-AUC.
    """

    n_tracks: int
    positives: IntArray
    average_precision: DoubleArray
    roc_auc: DoubleArray
    best_f1: DoubleArray
    best_threshold: DoubleArray
    micro_average_precision: float
    micro_roc_auc: float

    __repr__ = one_line

    @property
    def macro_average_precision(self) -> float:
        """Mean over the classes that have positives; NaN if none has."""
        return mean_of_defined(self.average_precision)

    @property
    def macro_roc_auc(self) -> float:
        """Mean over the classes that have positives and negatives; NaN if none has."""
        return mean_of_defined(self.roc_auc)

    @property
    def prevalence(self) -> DoubleArray:
        """Share of tracks truly in each class, which is the average precision of chance (classes,)."""
        return self.positives / self.n_tracks

    @property
    def lift(self) -> DoubleArray:
        """Average precision over prevalence, 1 for chance (classes,); NaN for a class without positives."""
        return lift(self.average_precision, self.prevalence)

    @property
    def without_positives(self) -> int:
        """Classes left out of both macro means."""
        return int((self.positives == 0).sum())

    @property
    def without_negatives(self) -> int:
        """Classes left out of the macro ROC-AUC only."""
        return int((self.positives == self.n_tracks).sum())

    @property
    def left_out(self) -> str:
        """What the macro means leave out, as a sentence; empty where they leave out nothing."""
        return left_out_of_macro(self.without_positives, self.without_negatives, len(self.positives))

    def table(self, classes: list[str] | tuple[str, ...]) -> pd.DataFrame:
        """Return one row a class: `class`, `positives`, `prevalence`, the metrics and `lift`."""
        return pd.DataFrame(
            {
                "class": list(classes),
                "positives": self.positives,
                "prevalence": self.prevalence,
                "average_precision": self.average_precision,
                "lift": self.lift,
                "roc_auc": self.roc_auc,
                "best_f1": self.best_f1,
                "best_threshold": self.best_threshold,
            }
        )


class LabelScores(NamedTuple):
    """The metrics of labels (classes,), as in `TaggingScores`."""

    average_precision: DoubleArray
    roc_auc: DoubleArray
    best_f1: DoubleArray
    best_threshold: DoubleArray


def tagging_scores(truth: npt.ArrayLike, scores: npt.ArrayLike, progress: Progress = silent) -> TaggingScores:
    """Return every label's metrics and their micro and macro means.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: (tracks, classes), finite; any increasing function of them gives the same but for thresholds.
        progress: Told after each block of labels.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    judged, given = truth_and_scores(truth, scores)
    labels = _of_labels(judged, given, progress)
    micro_average_precision, micro_roc_auc, *_ = _of_label(np.sort(given, axis=None), given[judged])
    return TaggingScores(
        n_tracks=len(judged),
        positives=np.count_nonzero(judged, axis=0).astype(np.int64),
        **labels._asdict(),
        micro_average_precision=micro_average_precision,
        micro_roc_auc=micro_roc_auc,
    )


def label_scores(truth: npt.ArrayLike, scores: npt.ArrayLike, progress: Progress = silent) -> LabelScores:
    """Return every label's metrics, arrays (classes,), without the micro average.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: (tracks, classes), finite.
        progress: Told after each block of labels.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    return _of_labels(*truth_and_scores(truth, scores), progress)


def mean_of_defined(values: DoubleArray) -> float:
    """Return the mean of those that are not NaN; NaN if all are."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def left_out_of_macro(without_positives: int, without_negatives: int, n_classes: int) -> str:
    """Return what macro means leave out, as a sentence; empty where nothing."""
    said = []
    if without_positives:
        said.append(f"{without_positives} of {n_classes} classes have no positive track")
    if without_negatives:
        said.append(f"{without_negatives} of {n_classes} classes have no negative track (no ROC-AUC)")
    return f"{' and '.join(said)}; macro means leave them out." if said else ""


def _of_labels(truth: BoolArray, scores: ScoreArray, progress: Progress) -> LabelScores:
    result = np.full((4, truth.shape[1]), np.nan)

    def work(block: slice) -> None:
        columns = scores[:, block].T.copy()
        judged = truth[:, block].T
        of_positives = [column[is_true] for column, is_true in zip(columns, judged, strict=True)]
        columns.sort(axis=1)
        for label, column in enumerate(columns):
            result[:, block.start + label] = _of_label(column, of_positives[label])

    on_every_core(work, blocks(truth.shape[1], _BLOCK_SCORES // len(truth)), progress, "metrics per label")
    return LabelScores(*result)


def _of_label(ascending: ScoreArray, of_positives: ScoreArray) -> tuple[float, float, float, float]:
    """Return average precision, ROC-AUC, best F1 and its threshold of one label, from one sort of its scores.

    Every metric needs only, for each positive, how many tracks score as high or higher, and how many of them
    are positives: two searches in sorted scores, and ties come out right by themselves.

    Args:
        ascending: Scores of all tracks, ascending (tracks,).
        of_positives: Scores of the positives among them, in any order.
    """
    n, n_positives = len(ascending), len(of_positives)
    if n_positives == 0:
        return np.nan, np.nan, np.nan, np.nan
    positives = np.sort(of_positives)
    below = ascending.searchsorted(positives, "left")
    predicted = n - below
    found = n_positives - positives.searchsorted(positives, "left")
    f1 = 2 * found / (n_positives + predicted)
    best = n_positives - 1 - int(f1[::-1].argmax())
    n_negatives = n - n_positives
    roc_auc = np.nan
    if n_negatives:
        # Mann and Whitney: the positives' mean ranks among all, less what they have among themselves.
        ranks = (int(below.sum()) + int(ascending.searchsorted(positives, "right").sum())) / 2
        roc_auc = (ranks - n_positives**2 / 2) / n_negatives / n_positives
    return float((found / predicted).mean()), roc_auc, float(f1[best]), float(positives[best])
