"""Figures of one experiment done several times: over splits that share their tracks, or over seeds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.metrics.intervals import Interval

__all__ = ["mean_interval"]


def mean_interval(values: npt.ArrayLike, tested_per_trained: float = 0.0, level: float = 0.95) -> Interval:
    """Return the mean of repetitions and where it would lie with others, by Student's t.

    Repetitions on splits of one data set share tracks, so that they vary less than independent ones would;
    Nadeau and Bengio add the ratio of tested to trained tracks to the variance of the mean.

    Args:
        values: A figure of each repetition (n,), or its difference between two models; NaN are left out.
        tested_per_trained: Tracks tested over tracks trained on, where the splits are of one data set; 0
            where the repetitions are independent of each other.
        level: Of the interval.

    Returns:
        With the p of a mean that is 0. Of fewer than two values, and of values that are all the same, no
        interval and no p follow.

    Source: Nadeau, Bengio, "Inference for the generalization error", Machine Learning 52 (2003).
    """
    from scipy.stats import t

    given = np.asarray(values, np.float64)
    known = given[~np.isnan(given)]
    n = len(known)
    mean = float(known.mean()) if n else float("nan")
    if n < 2 or np.ptp(known) == 0:
        reason = f"{n} of two repetitions or more" if n < 2 else "all repetitions have the same value"
        return Interval(mean, float("nan"), float("nan"), float("nan"), reason)
    error = float(known.std(ddof=1) * np.sqrt(1 / n + tested_per_trained))
    half = float(t.ppf((1 + level) / 2, n - 1)) * error
    return Interval(mean, mean - half, mean + half, float(2 * t.sf(abs(mean) / error, n - 1)))
