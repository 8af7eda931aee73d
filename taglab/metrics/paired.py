"""Two models on the same queries: who wins how often, by how much, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, Interval
from taglab.metrics.resampling import draws

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PairedQueries:
    """A figure of two models on the same queries.

    Attributes:
        wins: Queries on which the first has the higher figure.
        losses: Queries on which the second has.
        draws: Queries on which they are the same.
        difference: Mean of the first minus the second, its interval over queries drawn again, and p of
            Wilcoxon's signed-rank test, draws left out.
    """

    wins: int
    losses: int
    draws: int
    difference: Interval


def interval_over_queries(values: npt.ArrayLike, settings: BootstrapSettings | None = None) -> Interval:
    """Return the mean of a figure over queries, and where it would lie with others, as percentiles.

    Args:
        values: A figure of every query (queries,), finite.
        settings: How queries are drawn; the defaults where None.

    Raises:
        InvalidSetting: If a value is not finite.
    """
    chosen, given = settings or BootstrapSettings(), np.asarray(values, np.float64)
    if not np.isfinite(given).all():
        raise InvalidSetting("figures of queries hold NaN or infinity; leave out queries without a figure")
    n = len(given)
    if n < 2:
        return Interval(float(given.mean()) if n else np.nan, np.nan, np.nan, np.nan, f"{n} of 2 queries")
    generator = np.random.default_rng(chosen.seed)
    weighed = [given @ weights for weights in draws(generator, n, chosen.replicates)]
    tail = (1 - chosen.level) / 2
    low, high = np.quantile(np.concatenate(weighed) / n, (tail, 1 - tail))
    return Interval(float(given.mean()), float(low), float(high), np.nan)


def paired_queries(
    first: npt.ArrayLike, second: npt.ArrayLike, settings: BootstrapSettings | None = None
) -> PairedQueries:
    """Compare two models query by query.

    Args:
        first: A figure of every query (queries,), finite.
        second: The same of another model.
        settings: How queries are drawn; the defaults where None.

    Raises:
        InvalidSetting: If they are not of as many queries, or a value is not finite.

    Source: Weston et al. 2011, section 6.4, which names the rank-sum test; of pairs it is the signed-rank
    test.

    Examples:
        >>> compared = paired_queries([1, 1, 0.5, 0], [0, 0.5, 0.5, 0.2])
        >>> compared.wins, compared.losses, compared.draws
        (2, 1, 1)
    """
    from scipy.stats import wilcoxon

    ours, theirs = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1:
        raise InvalidSetting(f"figures {ours.shape} and {theirs.shape} must be of the same queries")
    apart = ours - theirs
    interval = interval_over_queries(apart, settings)
    p = float(wilcoxon(apart).pvalue) if apart.any() else np.nan
    reason = interval.reason or ("" if apart.any() else "all queries are draws")
    wins, losses = int((apart > 0).sum()), int((apart < 0).sum())
    difference = Interval(interval.estimate, interval.low, interval.high, p, reason)
    return PairedQueries(wins, losses, len(apart) - wins - losses, difference)
