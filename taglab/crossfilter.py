"""Which rows of a table pass filters on its columns, and how many there are of each value under the others.

Every chart of a crossfilter counts the rows that pass the filters of all other columns, so that its own
filter can be moved on; the table shows what passes all.
"""

from __future__ import annotations

import math
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.reprs import one_line

LONGEST_TEXT = 4000
"""How many characters filters in a link have at most."""

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

_BINS = 32
_LOG_FROM = 8.0  # largest number over median from which the bins of positive numbers follow the logarithm
_MOST_NAMES = 1000
_PARTS = re.compile(r"(?P<name>[^=;]*)=(?P<value>[^=;]*)")
_LARGEST = float(np.finfo(np.float64).max)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Span:
    """Numbers from `low` on and below `high`; infinite where there is no bound.

    Raises:
        InvalidSetting: If a bound is NaN, or `low` is not below `high`.
    """

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InvalidSetting(f"low={self.low:g} must be below high={self.high:g}")


@dataclass(frozen=True)
class Among:
    """Values that are one of these names.

    Raises:
        InvalidSetting: If there is no name.
    """

    names: frozenset[str]

    def __post_init__(self) -> None:
        if not self.names:
            raise InvalidSetting("names must hold at least one; a filter without any lets nothing pass")


Filter = Span | Among
Filters = Mapping[str, Filter]
"""Name of a column → what its values must be."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers, in bins.

    Attributes:
        values: Array (rows,), float64; NaN where not known.
        edges: Array (bins + 1,), finite, rising: a bin holds what is at its left edge or above and below its
            right; the last also the largest float there is.
        bins: Array (rows,), int32: the bin of each row, -1 where its value is not known.
        whole: Whether all values are whole numbers.
    """

    values: npt.NDArray[np.float64]
    edges: npt.NDArray[np.float64]
    bins: npt.NDArray[np.int32]
    whole: bool

    __repr__ = one_line

    @classmethod
    def of(cls, values: npt.ArrayLike, most: int = _BINS) -> Numbers:
        """Put numbers into bins with round edges, of one width or, where most are small, of one ratio.

        Args:
            values: Array (rows,); NaN and infinite ones count as not known.
            most: Number of bins, about.

        Returns:
            The column; every finite value is in a bin.
        """
        numbers = np.asarray(values, np.float64)
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        known = numbers[~np.isnan(numbers)]
        whole = bool(len(known)) and bool((known == np.floor(known)).all())
        edges = _edges(known, whole, most)
        places = np.searchsorted(edges, numbers, side="right") - 1
        bins = np.where(np.isnan(numbers), -1, np.minimum(places, len(edges) - 2)).astype(np.int32)
        return cls(numbers, edges, bins, whole)

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    def passing(self, allowed: Filter) -> Mask:
        """Return which rows pass; those whose value is not known do not."""
        if not isinstance(allowed, Span):
            return np.zeros(len(self.values), bool)
        passing: Mask = (self.values >= allowed.low) & (self.values < allowed.high)
        return passing


@dataclass(frozen=True, eq=False)
class Categories:
    """A column of names, most frequent first.

    Attributes:
        names: Distinct names.
        bins: Array (rows,), int32: the position of each row's in `names`, -1 where it is not known.
    """

    names: tuple[str, ...]
    bins: npt.NDArray[np.int32]

    __repr__ = one_line

    @classmethod
    def of(cls, values: Sequence[object]) -> Categories:
        """Count names; what is missing (None, NaN, an empty text) counts as not known."""
        texts = pd.Series(list(values), dtype="object")
        texts = texts.where(texts.notna(), None).map(
            lambda value: None if value is None else str(value) or None
        )
        codes, names = pd.factorize(texts)
        sizes = np.bincount(codes[codes >= 0], minlength=len(names))
        order = np.argsort(-sizes, kind="stable")
        place = np.empty(len(names) + 1, np.int32)
        place[order] = np.arange(len(names))
        place[-1] = -1  # where a code of -1 points
        return cls(tuple(map(str, np.asarray(names, object)[order])), place[codes])

    @property
    def n_bins(self) -> int:
        """Number of names."""
        return len(self.names)

    def passing(self, allowed: Filter) -> Mask:
        """Return which rows pass; those without a name do not."""
        if not isinstance(allowed, Among):
            return np.zeros(len(self.bins), bool)
        wanted = np.array([*(name in allowed.names for name in self.names), False])
        passing: Mask = wanted[self.bins]
        return passing


Column = Numbers | Categories
Columns = Mapping[str, Column]


def numbers_or_names(values: pd.Series) -> Column | None:
    """Return a column as numbers or names by what it holds.

    Args:
        values: Array (rows,) of numbers, truths or texts; NaN and None are not known.

    Returns:
        None where it is neither: texts that are mostly different, such as titles, and values of other kinds
        are nothing to count.
    """
    if pd.api.types.is_bool_dtype(values.dtype):
        return Categories.of(values.map({True: "yes", False: "no"}).tolist())
    if pd.api.types.is_numeric_dtype(values.dtype):
        return Numbers.of(values.to_numpy(np.float64, na_value=np.nan)) if values.notna().any() else None
    texts = values.dropna()
    if not texts.map(lambda value: isinstance(value, str)).all():
        return None
    few = 0 < texts.nunique() <= min(max(len(texts) // 2, 1), _MOST_NAMES)
    return Categories.of(values.tolist()) if few else None


def passing(columns: Columns, filters: Filters, but: str | None = None) -> Mask | None:
    """Return which rows pass all filters, array (rows,); None where there is no filter to pass.

    Args:
        columns: Those that are filtered by, at least.
        filters: By name of column.
        but: A column whose own filter is not heeded.
    """
    mask: Mask | None = None
    for name, allowed in filters.items():
        if name != but:
            of_column = columns[name].passing(allowed)
            mask = of_column if mask is None else mask & of_column
    return mask


def counts(column: Column, mask: Mask | None = None) -> Counts:
    """Count rows by bin.

    Args:
        column: Whose bins.
        mask: Array (rows,): which rows are counted; all where None.

    Returns:
        Array (bins,), int64; rows whose value is not known are in none.
    """
    bins = column.bins if mask is None else column.bins[mask]
    of_bins: Counts = np.bincount(bins[bins >= 0], minlength=column.n_bins)
    return of_bins


def absent(columns: Columns, filters: Filters) -> dict[str, frozenset[str]]:
    """Return what filters name that is not there, by column; all names of one that has none of its names."""
    lacking: dict[str, frozenset[str]] = {}
    for name, allowed in filters.items():
        column = columns.get(name)
        if isinstance(allowed, Among) and isinstance(column, Categories):
            if strange := allowed.names.difference(column.names):
                lacking[name] = strange
        elif column is None or isinstance(allowed, Among) or isinstance(column, Categories):
            lacking[name] = frozenset()
    return lacking


def present(columns: Columns, filters: Filters) -> dict[str, Filter]:
    """Return the filters less what is not there; those of which nothing is left are gone."""
    left: dict[str, Filter] = dict(filters)
    for name, strange in absent(columns, filters).items():
        allowed = left.pop(name)
        if strange and isinstance(allowed, Among) and allowed.names - strange:
            left[name] = Among(allowed.names - strange)
    return left


def written(filters: Filters) -> str:
    """Return filters as a text for a link: "count=10..200;group=folk,rock".

    >>> written({"count": Span(10), "group": Among(frozenset({"folk, old", "rock"}))})
    'count=10..;group=folk%2C%20old,rock'
    """
    return ";".join(f"{_quoted(name)}={_value(allowed)}" for name, allowed in filters.items())


def parsed(text: str) -> dict[str, Filter]:
    """Return the filters that a text names, as `written` gives it.

    Raises:
        InvalidSetting: If it is none; names the part that is not understood.
    """
    filters: dict[str, Filter] = {}
    if len(text) > LONGEST_TEXT:
        raise InvalidSetting(f"a filter of {len(text):,} characters is longer than {LONGEST_TEXT:,}")
    for part in filter(None, text.split(";")):
        match = _PARTS.fullmatch(part)
        if match is None or not match["name"] or not match["value"]:
            raise InvalidSetting(
                f"filter {part!r} must be a column, =, and LOW..HIGH or names between commas"
            )
        filters[urllib.parse.unquote(match["name"])] = _filter(part, match["value"])
    return filters


def _quoted(text: str) -> str:
    # A dot in a name must not be taken for a range, a comma not for the next name.
    return urllib.parse.quote(text, safe="").replace(".", "%2E")


def _value(allowed: Filter) -> str:
    if isinstance(allowed, Among):
        return ",".join(_quoted(name) for name in sorted(allowed.names))
    return f"{_bound(allowed.low)}..{_bound(allowed.high)}"


def _bound(number: float) -> str:
    """Return the shortest text that means this very number; none where it is infinite."""
    return "" if math.isinf(number) else repr(float(number)).removesuffix(".0")


def _filter(part: str, value: str) -> Filter:
    low, dots, high = value.partition("..")
    if not dots:
        return Among(frozenset(urllib.parse.unquote(name) for name in value.split(",")))
    try:
        return Span(float(low or "-inf"), float(high or "inf"))
    except ValueError as error:
        raise InvalidSetting(f"filter {part!r} must have numbers, the first below the second") from error


def _edges(known: npt.NDArray[np.float64], whole: bool, most: int) -> npt.NDArray[np.float64]:
    """Return rising finite edges of about so many bins, from the least number or below to above the largest.

    They are round where the numbers lie far enough apart. Above the largest float there is none: a last edge
    of that value belongs to the last bin.
    """
    if not len(known):
        return np.array([0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    with np.errstate(over="ignore"):
        if low > 0 and high > _LOG_FROM * float(np.median(known)):
            edges = _log_edges(low, high, whole, most)
        else:
            edges = _even_edges(low, high, whole, most)
        edges = np.clip(edges, -_LARGEST, _LARGEST)
        above = min(float(np.nextafter(high, np.inf)), _LARGEST)
    # A multiple of a step may be rounded past what it is to hold.
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], above)
    if not edges[0] < edges[-1]:
        edges[0] = np.nextafter(low, -np.inf)
    return np.unique(edges)


def _even_edges(low: float, high: float, whole: bool, most: int) -> npt.NDArray[np.float64]:
    """Return multiples of a round step; the two ends where no step tells numbers so near apart."""
    if not low < high:
        return np.array([low, low + (1.0 if whole else abs(low) / 64)])
    step = _round_step(high / most - low / most, whole)
    if not 0 < step < math.inf:
        return np.array([low, high])
    first, last = math.floor(low / step), math.floor(high / step) + 1
    return (np.arange(first, last + 1) * step).astype(np.float64)


def _round_step(least: float, whole: bool) -> float:
    """Return the least round number not below another, a whole one where wanted; 0 where there is none."""
    if whole and least <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least)) if 0 < least < math.inf else 0.0
    steps = [power * step for step in _STEPS if not whole or (power * step).is_integer()]
    return next((step for step in steps if step >= least * (1 - 1e-9)), 10 * power)


def _log_edges(low: float, high: float, whole: bool, most: int) -> npt.NDArray[np.float64]:
    edges: npt.NDArray[np.float64] = np.geomspace(low, high, most + 1).astype(np.float64)
    return np.append(np.floor(edges[:-1]), high + 1) if whole else edges
