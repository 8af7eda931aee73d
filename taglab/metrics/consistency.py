"""Distance consistency: whether what was changed is still nearest to its own original, and whether two spaces
agree about that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, rankdata

from taglab.errors import InvalidSetting
from taglab.metrics.intervals import BootstrapSettings, Interval
from taglab.metrics.paired import interval_over_queries
from taglab.metrics.resampling import draws

__all__ = ["BetweenSpaces", "between_spaces", "nearest_other", "nearest_own", "within_space"]

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]


def nearest_own(distances: npt.ArrayLike) -> BoolArray:
    """Return which changed items are nearer to their own original than to any other (items,).

    Strictly: where another original is as near, such as an exact copy, the item is not consistent.

    Args:
        distances: Of changed items to originals, in one order (items, items), finite.

    Raises:
        InvalidSetting: If the array is not square, of one item only, or holds a value that is not finite.

    Source: Kim 2021, eq. 4.9; originals alone are compared with, as in the released code.

    Examples:
        >>> nearest_own([[0.1, 0.5], [0.3, 0.3]]).tolist()
        [True, False]
    """
    given = _square(distances)
    return np.asarray(np.diagonal(given) < given[np.arange(len(given)), nearest_other(given)])


def nearest_other(distances: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the nearest original of each changed item that is not its own (items,); the first of several.

    Raises:
        InvalidSetting: As `nearest_own` does.
    """
    others = _square(distances).copy()
    np.fill_diagonal(others, np.inf)
    nearest: npt.NDArray[np.int64] = others.argmin(axis=1)
    return nearest


def within_space(distances: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Return within-space consistency, the share of items that are nearest to their own original, [0, 1].

    Its interval is Wilson's: the paper's bootstrap would draw certainty from few items that all are, or none.

    Args:
        distances: Of changed items to originals, in one order (items, items), finite.
        level: How often an interval is to cover.

    Raises:
        InvalidSetting: As `nearest_own` does.

    Source: Kim 2021, eq. 4.10.
    """
    own = nearest_own(distances)
    covered = binomtest(int(own.sum()), len(own)).proportion_ci(level, "wilson")
    return Interval(float(own.mean()), float(covered.low), float(covered.high), np.nan)


@dataclass(frozen=True)
class BetweenSpaces:
    """How far two spaces agree about the same items, each with its interval over items.

    Attributes:
        rank_correlation: Spearman's, of all distances pooled, an item's own original among them. In every
            draw of the interval ranks are those among all items.
        rank_correlation_by_item: Mean over changed items of Spearman's, its own original left out.
        agreement: Share of items on which both say the same: nearest to their own, or not. It is high, too,
            where both spaces fail.
        kappa: Cohen's, which allows for that; NaN where both say one and the same of all items.
        of_items: What each item adds to the four, in this order (items, 4): their means are the figures, and
            their spread that of the figures over items, of those that are no means to the first order.
    """

    rank_correlation: Interval
    rank_correlation_by_item: Interval
    agreement: Interval
    kappa: Interval
    of_items: DoubleArray = field(repr=False, compare=False)


def between_spaces(
    first: npt.ArrayLike, second: npt.ArrayLike, settings: BootstrapSettings | None = None
) -> BetweenSpaces:
    """Compare the distances of the same changed items to the same originals in two spaces.

    Args:
        first: Distances in one space (items, items), finite.
        second: Distances in the other.
        settings: How items are drawn again for intervals; the defaults where None.

    Raises:
        InvalidSetting: If the arrays are not square, not of the same size, of fewer than three items, or not
            finite.

    Source: Kim 2021, eq. 4.11 as the released code has it (pooled) and as its text (by item), and 4.12.
    """
    left, right = _square(first), _square(second)
    if left.shape != right.shape or len(left) < 3:
        raise InvalidSetting(f"distances {left.shape} and {right.shape} must be of the same items, 3 or more")
    chosen = settings or BootstrapSettings()
    own = nearest_own(left), nearest_own(right)
    pooled = tuple(_standardised(rankdata(space).reshape(space.shape)) for space in (left, right))
    moments, by_item, agreed = _moments(*pooled), _by_item(left, right), own[0] == own[1]
    both = np.stack([own[0] & own[1], *own], axis=1)
    items = [_of_correlation(moments), by_item, agreed, _of_kappa(both.astype(np.float64))]
    return BetweenSpaces(
        _drawn_again(moments, _correlation, chosen),
        interval_over_queries(by_item, chosen),
        interval_over_queries(agreed, chosen),
        _drawn_again(both, _kappa, chosen),
        np.stack([one.astype(np.float64) for one in items], axis=1),
    )


def _square(distances: npt.ArrayLike) -> DoubleArray:
    given = np.asarray(distances, np.float64)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or len(given) < 2:
        raise InvalidSetting(f"distances {given.shape} must be (items, items), of two items or more")
    if not np.isfinite(given).all():
        raise InvalidSetting("distances hold NaN or infinity; are the features of every item numbers?")
    return given


def _standardised(ranks: DoubleArray) -> DoubleArray:
    spread = ranks.std()
    return (ranks - ranks.mean()) / spread if spread else np.zeros_like(ranks)


def _moments(left: DoubleArray, right: DoubleArray) -> DoubleArray:
    """Return sums over each item's row that a correlation is made of (items, 5)."""
    columns = (left * right, left, right, left**2, right**2)
    return np.stack([one.mean(axis=1) for one in columns], axis=1)


def _correlation(sums: DoubleArray) -> DoubleArray:
    product, left, right, left_squared, right_squared = sums
    spread = np.sqrt(np.maximum((left_squared - left**2) * (right_squared - right**2), 0))
    return _ratio(product - left * right, spread)


def _of_correlation(moments: DoubleArray) -> DoubleArray:
    """Return what each item adds to a correlation of standardised ranks, to the first order (items,)."""
    product, _, _, left_squared, right_squared = moments.T
    correlation = product.mean()
    added: DoubleArray = correlation + product - correlation * (left_squared + right_squared) / 2
    return added


def _of_kappa(both: DoubleArray) -> DoubleArray:
    """Return what each item adds to kappa, to the first order (items,)."""
    shares = both.mean(axis=0)
    _, left, right = shares
    agreed, chance = 1 - left - right + 2 * shares[0], left * right + (1 - left) * (1 - right)
    if chance >= 1:
        return np.full(len(both), np.nan)
    from_mean = both - shares
    of_agreed = from_mean @ np.array([2.0, -1.0, -1.0])
    of_chance = from_mean @ np.array([0.0, 2 * right - 1, 2 * left - 1])
    kappa = (agreed - chance) / (1 - chance)
    added: DoubleArray = kappa + of_agreed / (1 - chance) - (1 - agreed) / (1 - chance) ** 2 * of_chance
    return added


def _kappa(sums: DoubleArray) -> DoubleArray:
    both, left, right = sums
    agreed = 1 - left - right + 2 * both
    chance = left * right + (1 - left) * (1 - right)
    return _ratio(agreed - chance, 1 - chance)


def _ratio(above: DoubleArray, below: DoubleArray) -> DoubleArray:
    tiny = 1e-12  # differences of shares leave less than that where there are none
    ratio: DoubleArray = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > tiny)
    return ratio


def _by_item(left: DoubleArray, right: DoubleArray) -> DoubleArray:
    """Return Spearman's correlation of each item's distances, its own original left out; 0 without spread."""
    others = ~np.eye(len(left), dtype=bool)
    ranks = [rankdata(space[others].reshape(len(space), -1), axis=1) for space in (left, right)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    product = (centred[0] * centred[1]).sum(axis=1)
    spread = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    return np.nan_to_num(_ratio(product, spread))


def _drawn_again(
    values: npt.NDArray[np.generic], figure: Callable[[DoubleArray], DoubleArray], settings: BootstrapSettings
) -> Interval:
    """Return a figure of the means of values (items, values), and its interval over items drawn again."""
    given = values.astype(np.float64)
    estimate = float(figure(given.mean(axis=0)[:, None])[0])
    if np.isnan(estimate):
        return Interval(estimate, np.nan, np.nan, np.nan, "both spaces say the same of all items")
    generator = np.random.default_rng(settings.seed)
    drawn = [given.T @ weights / len(given) for weights in draws(generator, len(given), settings.replicates)]
    tail = (1 - settings.level) / 2
    low, high = np.nanquantile(figure(np.concatenate(drawn, axis=1)), (tail, 1 - tail))
    return Interval(estimate, float(low), float(high), np.nan)
