"""Rows of user, track, count or rating, and time, read in bulk: tens of millions within a few GB."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taglab.dropped import Dropped
from taglab.folksonomy import whole_numbers
from taglab.interactions import Interactions
from taglab.reprs import one_line
from taglab.sources.reading import MISSING, QUOTED, Tally, Vocabulary
from taglab.sources.table_columns import Columns, floats
from taglab.sources.table_files import TableFile
from taglab.sources.times import Times, are_instants

_ROWS_AT_ONCE = 1 << 22
_CELL_CHARACTERS = 40
_EXAMPLES = 5
_UNREAD_TIME = (
    "the time cannot be read (read are seconds or milliseconds since 1970, and dates such as 2012-01-31 or "
    "20120131); the play counts without"
)

_Codes32: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Places:
    """Which columns of a table are which.

    Attributes:
        user: Place of the user.
        track: Place of the track.
        value: Place of the count or rating; None where a row is one play.
        time: Place of the time; None where rows do not say when.
        named: Places of artist and title, which stand for a track that is empty; or nothing.
    """

    user: int
    track: int
    value: int | None = None
    time: int | None = None
    named: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Events:
    """Who played or rated what, row by row.

    Attributes:
        users: Distinct users.
        tracks: Distinct tracks.
        rows: Of each row the user's number in `users`, (rows,) int32.
        columns: The track's number in `tracks`, (rows,) int32.
        values: Count or rating, (rows,) float32; None where each is one play.
        times: Seconds since 1970-01-01 UTC, NaN where it cannot be read, (rows,); None where rows have none,
            or none that tells when.
        notes: What is to be said of how they were read, a sentence each.
    """

    users: list[str]
    tracks: list[str]
    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32] | None
    times: npt.NDArray[np.float64] | None
    notes: tuple[str, ...] = ()

    __repr__ = one_line

    def __len__(self) -> int:
        return len(self.rows)

    def of_tracks(self, tracks: list[str], columns: npt.NDArray[np.int32]) -> Events:
        """Return the same of other tracks; those below 0 are left out, with users who have no others."""
        kept = columns >= 0
        rows, users = _in_use(self.rows[kept], self.users)
        return Events(
            users,
            tracks,
            rows,
            columns[kept],
            None if self.values is None else self.values[kept],
            None if self.times is None else self.times[kept],
            self.notes,
        )

    def interactions(
        self, name: str, kind: str, dropped: Sequence[Dropped], reading: Sequence[str]
    ) -> Interactions:
        """Return a value for each user and track, see `Interactions.from_codes`."""
        plays = Interactions.from_codes(
            name, self.users, self.tracks, self.rows, self.columns, self.values, kind, dropped, reading,
            self.times,
        )  # fmt: skip
        if kind == "ratings" or plays.matrix.nnz == len(self):
            return plays
        added = (
            f"Plays: {len(self):,} rows are of {plays.matrix.nnz:,} pairs of user and track; those of a pair "
            "are added up."
        )
        return replace(plays, reading=(*plays.reading, added))


def read_events(
    table: TableFile, places: Places, kind: str, missing: Collection[str], tally: Tally
) -> Events:
    """Read the rows of an open table that are usable.

    Args:
        table: As `open_table` gives it.
        places: Which columns are which.
        kind: "counts" (rows of a count of 0 or less are left out) or "ratings".
        missing: Marks of a missing user or track.
        tally: Takes what is left out, with the cells of a few rows.
    """
    texts = missing if table.marks_are_null else ()
    users, tracks = _Codes(missing, texts), _Codes(missing, texts)
    parts: list[list[npt.NDArray[Any]]] = []
    at = [place for place in (places.user, places.track, places.value, places.time) if place is not None]
    timed, times_of = places.time is not None, Times()
    for block in _joined_blocks(table.columns([*at, *(places.named or ())], _odd_rows(tally))):
        cells = iter(block)
        user, track = next(cells), next(cells)
        value = None if places.value is None else next(cells)
        time = None if places.time is None else next(cells)
        if places.named is not None:
            track = _named(track, next(cells), next(cells))
        row, column = users.of(user), tracks.of(track)
        good = _known(row, column, (user, track), tally)
        part: list[npt.NDArray[Any]] = []
        if value is not None:
            numbers = _numbers(value)
            good &= _usable(numbers, kind, good, (user, track, value), tally)
            part.append(numbers[good])
        if time is not None and are_instants(time.type):
            part.append(times_of.of(time, good))
        elif time is not None:
            timed = False
            reason = f"{str(time.type)[:_CELL_CHARACTERS]} does not tell when; the play counts without"
            tally.add(reason, "times", count=int(good.sum()))
        parts.append([row[good], column[good], *part])
    notes: list[str] = []
    if timed:
        seconds = [part[-1] for part in parts]
        notes += filter(None, [times_of.settle(seconds)])
        unread = sum(int(np.isnan(block).sum()) for block in seconds)
        del seconds
        tally.add(_UNREAD_TIME, "times", count=unread)
        timed = unread < sum(len(part[-1]) for part in parts)
        if not timed:
            parts = [part[:-1] for part in parts]
    users.texts.report(tally, "users")
    tracks.texts.report(tally, "tracks")
    arrays = iter(_joined_parts(parts, 2 + (places.value is not None) + timed))
    rows, user_texts = _in_use(next(arrays), _ids(users.texts, "user", notes))
    columns, track_texts = _in_use(next(arrays), _ids(tracks.texts, "track", notes))
    values = None if places.value is None else next(arrays)
    times = next(arrays) if timed else None
    return Events(user_texts, track_texts, rows, columns, values, times, tuple(notes))


class _Codes:
    """Numbers of users or tracks; a text is looked at once, whatever the number of its rows.

    Args:
        missing: Marks of a missing one.
        texts: Of those, what stands for itself, for where it is a mark there is null.
    """

    def __init__(self, missing: Collection[str], texts: Collection[str]) -> None:
        self.texts = Vocabulary(("", *missing))
        self._quoted = frozenset(texts)
        self._seen: Any = None
        self._codes = np.empty(0, np.int32)

    def of(self, column: Any) -> npt.NDArray[np.int32]:
        """Return the number of each cell, `MISSING` where there is none."""
        numbers = _whole_numbers(column)
        encoded = (column if numbers is None else numbers).dictionary_encode()
        distinct = encoded.dictionary if numbers is None else _as_bytes(encoded.dictionary)
        if self._seen is None:
            self._seen = distinct.slice(0, 0)
        at = pc.index_in(distinct, value_set=self._seen)
        new = distinct.filter(pc.is_null(at))
        codes = np.fromiter((self._code(cell) for cell in new.to_pylist()), np.int32, len(new))
        first_new = len(self._seen)
        self._seen = pa.concat_arrays([self._seen, new])
        self._codes = np.append(self._codes, codes)
        places = np.array(at.fill_null(-1), np.int64)
        places[places < 0] = first_new + np.arange(len(new))
        of_distinct = np.append(self._codes[places], np.int32(MISSING))
        coded: npt.NDArray[np.int32] = of_distinct[np.asarray(encoded.indices.fill_null(len(distinct)))]
        return coded

    def _code(self, cell: Any) -> int:
        if isinstance(cell, bytes):
            text = cell.decode("utf-8", "surrogateescape")
        else:
            text = f"{cell:.1f}" if isinstance(cell, float) and cell.is_integer() else str(cell)
        return self.texts.code(QUOTED + text if text in self._quoted else text)


def _whole_numbers(column: Any) -> Any:
    """Return texts as whole numbers where all are written as those are, which are told apart much faster.

    Returns:
        None where one is not: "007" is another text than "7".
    """
    if not pa.types.is_binary(column.type):
        return None
    try:
        numbers = column.cast(pa.string()).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    values = np.asarray(numbers.drop_null())
    if not len(values) or values.min() < 0:
        return None
    n_digits = len(values) + sum(
        int(np.count_nonzero(values >= 10**power)) for power in range(1, len(str(values.max())))
    )
    return numbers if pc.sum(pc.binary_length(column)).as_py() == n_digits else None


def _as_bytes(numbers: Any) -> Any:
    return numbers.cast(pa.string()).cast(pa.binary())


def _ids(vocabulary: Vocabulary, what: str, notes: list[str]) -> list[str]:
    """Return texts, as whole numbers where all are written as floats, which is added to the notes."""
    texts = list(vocabulary.texts)
    whole = [text or "" for text in whole_numbers(list(texts)) or ()]
    if not whole or len(set(whole)) < len(texts):
        return texts
    notes.append(
        f"Plays: every {what} is a whole number written with a point, and was read without: {texts[0]!r} is "
        f"{whole[0]!r}."
    )
    return whole


def _joined_blocks(blocks: Iterator[Columns]) -> Iterator[Columns]:
    """Give the columns of millions of rows together, so that known texts are looked through less often."""
    waiting: list[Columns] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(one[0]) for one in waiting) >= _ROWS_AT_ONCE:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _together(blocks: Sequence[Columns]) -> Columns:
    return [pa.concat_arrays(parts) for parts in zip(*blocks, strict=True)]


def _joined_parts(parts: list[list[npt.NDArray[Any]]], width: int) -> list[npt.NDArray[Any]]:
    """Return arrays of all rows; the parts are let go of, one column after the other."""
    joined = []
    for _ in range(width):
        joined.append(np.concatenate([part.pop(0) for part in parts] or [np.empty(0, np.int32)]))
    return joined


def _odd_rows(tally: Tally) -> Callable[[str], None]:
    return lambda row: tally.add("not as many columns as the header", "plays", row)


def _known(row: _Codes32, column: _Codes32, cells: Sequence[Any], tally: Tally) -> npt.NDArray[np.bool_]:
    known: npt.NDArray[np.bool_] = (row != MISSING) & (column != MISSING)
    _tell(~known, "no user or no track", cells, tally)
    return known


def _usable(
    numbers: npt.NDArray[np.float32],
    kind: str,
    known: npt.NDArray[np.bool_],
    cells: Sequence[Any],
    tally: Tally,
) -> npt.NDArray[np.bool_]:
    usable = np.isfinite(numbers)
    if kind == "counts":
        usable &= numbers > 0
    wanted = "number above 0" if kind == "counts" else "number"
    _tell(known & ~usable, f"the {kind[:-1]} is not a {wanted}", cells, tally)
    return usable


def _tell(bad: npt.NDArray[np.bool_], reason: str, cells: Sequence[Any], tally: Tally) -> None:
    """Count rows, and show the cells of a few."""
    places = np.flatnonzero(bad)
    for place in places[:_EXAMPLES]:
        tally.add(reason, "plays", ", ".join(_shown(column[int(place)].as_py()) for column in cells))
    tally.add(reason, "plays", count=max(len(places) - _EXAMPLES, 0))


def _shown(cell: Any) -> str:
    return cell.decode("utf-8", "replace")[:_CELL_CHARACTERS] if isinstance(cell, bytes) else str(cell or "")


def _in_use(codes: _Codes32, texts: list[str]) -> tuple[_Codes32, list[str]]:
    """Return numbers of the texts that are numbered at all, and those: some stood in unusable rows only."""
    used = np.bincount(codes, minlength=len(texts)) > 0
    if used.all():
        return codes, texts
    places = (np.cumsum(used) - 1).astype(np.int32)
    return places[codes], [texts[at] for at in np.flatnonzero(used)]


def _named(track: Any, artist: Any, title: Any) -> Any:
    """Return tracks, those that are empty called by artist and title; null where there is no title."""
    empty = pc.equal(pc.binary_length(track.fill_null(b"")), 0)
    titled = pc.greater(pc.binary_length(title.fill_null(b"")), 0)
    called = pc.binary_join_element_wise(artist.fill_null(b""), title.fill_null(b""), b" / ")
    return pc.if_else(empty, pc.if_else(titled, called, pa.scalar(None, pa.binary())), track)


def _numbers(column: Any) -> npt.NDArray[np.float32]:
    return np.asarray(floats(column, pa.float32()), np.float32)
