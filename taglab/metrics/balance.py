"""How common each class is, how uneven classes are, and whether metrics follow the counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray, quotient


def lift(average_precision: npt.ArrayLike, prevalence: npt.ArrayLike) -> DoubleArray:
    """Return how many times better than chance: average precision over prevalence (classes,).

    Chance has average precision = prevalence, so classes of different prevalence, or one class under two
    truths, can be compared by it. NaN where prevalence is 0.
    """
    return quotient(np.asarray(average_precision, np.float64), np.asarray(prevalence, np.float64))


def imbalance_ratios(positives: npt.ArrayLike) -> DoubleArray:
    """Return IR of each class: the largest number of positives over its own; NaN where it has none.

    Args:
        positives: Tracks in each class (classes,).

    Source: Charte et al. 2014 (IRLbl); Ros Perez 2021, section 8.2.
    """
    counts = np.asarray(positives, np.float64)
    return quotient(counts.max(initial=0), counts)


def mean_imbalance_ratio(positives: npt.ArrayLike) -> float:
    """Return MeanIR, 1 for balanced classes: the mean IR of the classes that have tracks; NaN if none has.

    Args:
        positives: Tracks in each class (classes,).

    Source: Charte et al. 2014; Ros Perez 2021, section 8.2.
    """
    ratios = imbalance_ratios(positives)
    defined = ratios[~np.isnan(ratios)]
    return float(defined.mean()) if len(defined) else math.nan


@dataclass(frozen=True)
class Correlation:
    """Pearson's correlation.

    Attributes:
        r: In [-1, 1]; NaN where either side is constant.
        p: Probability of an |r| at least as large if the two were independent and normal.
        n: Classes it rests on.
        left_out: Classes left out because their metric is NaN.
    """

    r: float
    p: float
    n: int
    left_out: int


def correlation_with_counts(values: npt.ArrayLike, counts: npt.ArrayLike) -> Correlation:
    """Return whether a metric follows how common classes are.

    Args:
        values: Metric of each class (classes,); NaN ones are left out and counted.
        counts: Tracks in each class (classes,).

    Raises:
        InvalidSetting: If shapes disagree or fewer than 3 classes have a metric.

    Source: Ros Perez 2021, end of section 8.2.
    """
    from scipy.special import betainc

    metric, count = np.asarray(values, np.float64), np.asarray(counts, np.float64)
    if metric.ndim != 1 or metric.shape != count.shape:
        raise InvalidSetting(f"values {metric.shape} and counts {count.shape} must both be (classes,)")
    defined = ~np.isnan(metric)
    n = int(defined.sum())
    if n < 3:
        raise InvalidSetting(f"{n} classes have a metric, and a correlation needs 3")
    x, y = metric[defined], count[defined]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(math.nan, math.nan, n, len(metric) - n)
    x, y = (side - side.mean() for side in (x, y))
    r = float(np.clip(x @ y / math.sqrt((x @ x) * (y @ y)), -1, 1))
    # Student's t of r, two-sided, as an incomplete beta function.
    p = float(betainc((n - 2) / 2, 0.5, (1 - r) * (1 + r)))
    return Correlation(r, p, n, len(metric) - n)
