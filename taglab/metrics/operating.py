"""Single points of precision-recall and ROC curves, and curves where only counts at thresholds are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from taglab.errors import InvalidSetting
from taglab.metrics.curves import Curve
from taglab.metrics.thresholds import Confusion


@dataclass(frozen=True)
class OperatingPoint:
    """What deciding at one threshold comes to, for one label; see `Confusion` for what is NaN when.

    Attributes:
        threshold: A track is predicted positive when its score is at least this.
        precision: Share of positive decisions that are right.
        recall: Share of positives found, the true positive rate.
        false_positive_rate: Share of negatives taken for positive.
        f1: Harmonic mean of precision and recall.
    """

    threshold: float
    precision: float
    recall: float
    false_positive_rate: float
    f1: float


def curve_of_counts(counts: Confusion, column: int, kind: Literal["pr", "roc"]) -> Curve:
    """Return the points of one label's curve that counts at some thresholds tell of.

    Where nothing is predicted precision is undefined, and the point is left out of a "pr" curve.

    Args:
        counts: At any number of thresholds.
        column: Of the label.
        kind: Precision over recall, or true positive rate over false positive rate.

    Returns:
        The points, from the highest threshold to the lowest, joined by straight lines. Its `area` is NaN:
        what a few thresholds allow to say of areas is in `taglab.metrics.thresholds`.

    Raises:
        InvalidSetting: If the label has no positives or, for "roc", no negatives.
    """
    if not counts.positives[column]:
        raise InvalidSetting("no track is positive, and a curve needs one")
    if kind == "roc" and not counts.negatives[column]:
        raise InvalidSetting("every track is positive, and a ROC curve needs a negative")
    if kind == "pr":
        x, y = counts.recall[::-1, column], counts.precision[::-1, column]
    else:
        x, y = counts.false_positive_rate[::-1, column], counts.recall[::-1, column]
    kept = ~np.isnan(y)
    thresholds = counts.thresholds[::-1][kept]
    return Curve(kind, x[kept], y[kept], thresholds, float("nan"), 0.0, "linear")


def operating_point(counts: Confusion, column: int, row: int) -> OperatingPoint:
    """Return what deciding at one threshold comes to, for one label.

    Args:
        counts: At any number of thresholds.
        column: Of the label.
        row: Of the threshold.
    """
    return OperatingPoint(
        threshold=float(counts.thresholds[row]),
        precision=float(counts.precision[row, column]),
        recall=float(counts.recall[row, column]),
        false_positive_rate=float(counts.false_positive_rate[row, column]),
        f1=float(counts.f1[row, column]),
    )


def best_f1(counts: Confusion, column: int) -> OperatingPoint | None:
    """Return the point of the largest F1, the highest threshold of equals; None without positives.

    Args:
        counts: At any number of thresholds. The threshold is chosen on the very tracks counted, so F1 at it
            flatters.
        column: Of the label.
    """
    if not counts.positives[column]:
        return None
    descending = counts.f1[::-1, column]
    return operating_point(counts, column, len(descending) - 1 - int(descending.argmax()))
