"""When something was: a column of instants as seconds since 1970, however they are written."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from taglab.sources.table_columns import as_text, floats

_MILLISECONDS_FROM = 1e11  # of seconds that is the year 5138, of milliseconds 1973
_YEARS = (1900, 2100)
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INSTANTS = (
    pa.types.is_binary, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_date,
    pa.types.is_timestamp, pa.types.is_null,
)  # fmt: skip
_CALENDAR: dict[str, tuple[str, int]] = {
    "years": ("%Y", 10**0),
    "YYYYMM": ("%Y%m", 10**2),
    "YYYYMMDD": ("%Y%m%d", 10**4),
    "YYYYMMDDhhmm": ("%Y%m%d%H%M", 10**8),
    "YYYYMMDDhhmmss": ("%Y%m%d%H%M%S", 10**10),
}
"""Numbers that are no seconds → how they are written, and what a year is multiplied by in them."""


def are_instants(kind: Any) -> bool:
    """Return whether cells of an Arrow type can say when: texts, numbers, dates and timestamps can."""
    return any(of_kind(kind) for of_kind in _INSTANTS)


class Times:
    """Times of a column, block after block; what its numbers mean is told by all of them together.

    Numbers are seconds or, from `_MILLISECONDS_FROM` on, milliseconds since 1970-01-01 UTC, but where most of
    them are years or dates without anything between their parts, all are read as those.
    """

    def __init__(self) -> None:
        self._numbers: list[npt.NDArray[np.bool_]] = []
        self._n_numbers = 0
        self._n_of: Counter[str] = Counter()

    def of(self, column: Any, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return a block's times as `settle` takes them.

        Args:
            column: Texts, of numbers or of dates as ISO 8601 writes them, in UTC where they name no zone;
                numbers; or Arrow's dates and timestamps.
            kept: Which rows are wanted, (rows,).
        """
        numbers, dates = _parts(column)
        are_numbers = ~np.isnan(numbers[kept])
        self._numbers.append(are_numbers)
        values = numbers[kept][are_numbers]
        self._n_numbers += len(values)
        for form in _CALENDAR:
            self._n_of[form] += int(_written_as(form, values).sum())
        return numbers[kept] if dates is None else np.where(are_numbers, numbers[kept], dates[kept])

    def settle(self, blocks: list[npt.NDArray[np.float64]]) -> str | None:
        """Turn all blocks into seconds since 1970-01-01 UTC in place, NaN where a cell is no time.

        Returns:
            A sentence on what numbers were taken for, where that is not seconds or milliseconds.
        """
        form = next((form for form, n in self._n_of.items() if 2 * n > self._n_numbers), None)
        for block, are_numbers in zip(blocks, self._numbers, strict=True):
            values = block[are_numbers]
            block[are_numbers] = _of_epoch(values) if form is None else _of_calendar(form, values)
        return None if form is None else f"Plays: times are numbers of the form {form}, and were read in UTC."


def _parts(column: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    """Return what of a column are numbers, NaN elsewhere, and seconds of what are dates, NaN elsewhere."""
    if pa.types.is_temporal(column.type):
        return np.full(len(column), np.nan), _seconds(column)
    if not pa.types.is_binary(column.type):
        return np.array(floats(column, pa.float64()), np.float64), None
    text = as_text(column)
    try:
        return _as_floats(text), None
    except pa.ArrowInvalid:
        is_number = pc.match_substring_regex(text, _NUMBER)
        nothing = pa.scalar(None, pa.string())
        dates = _seconds(_dates(pc.if_else(is_number, nothing, text)))
        return _as_floats(pc.if_else(is_number, text, nothing)), dates


def _as_floats(column: Any) -> npt.NDArray[np.float64]:
    return np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _seconds(column: Any) -> npt.NDArray[np.float64]:
    """Return Arrow's dates or timestamps as seconds since 1970-01-01 UTC, NaN where there is none."""
    instants = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    return np.asarray(instants.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)) / 1e6


def _dates(text: Any) -> Any:
    """Return texts as timestamps, null where one is none; the slow way where they are of several kinds."""
    for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
        try:
            return text.cast(kind)
        except pa.ArrowInvalid:
            continue
    texts = pd.Series(text.to_pylist(), dtype="str")
    dates = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    return pa.array(dates.dt.tz_localize(None), pa.timestamp("us"), from_pandas=True)


def _of_epoch(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    seconds = np.where(np.abs(numbers) >= _MILLISECONDS_FROM, numbers / 1000, numbers)
    return np.where(np.abs(seconds) < _MILLISECONDS_FROM, seconds, np.nan)


def _written_as(form: str, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which numbers are as long as dates of a form between `_YEARS` are."""
    first, end = (year * _CALENDAR[form][1] for year in _YEARS)
    within: npt.NDArray[np.bool_] = (numbers >= first) & (numbers < end) & (numbers == np.floor(numbers))
    return within


def _of_calendar(form: str, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return seconds of the beginning of a year, month, day or minute, NaN where the calendar has none."""
    seconds = np.full(len(numbers), np.nan)
    good = _written_as(form, numbers)
    distinct, places = np.unique(numbers[good].astype(np.int64), return_inverse=True)
    texts = pd.Series(distinct).astype("str")
    dates = pd.to_datetime(texts, format=_CALENDAR[form][0], errors="coerce")
    since = (dates - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
    seconds[good] = since.to_numpy(np.float64)[places]
    return seconds
