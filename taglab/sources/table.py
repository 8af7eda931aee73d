"""Any table of tags: rows of (track, tag[, weight]), or tracks with a column that holds all their tags.

CSV, TSV and the like (plain, gzipped, or alone in a zip archive) and Parquet. Which columns hold what, and
what separates fields and tags, is detected; every guess can be overridden in `TableSettings`.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import (
    Assignments,
    delimited_rows,
    existing_file,
    files_of,
    open_text,
    part_of,
    split_named,
)
from taglab.sources.source import Source

_USUAL_NAMES = {
    "track": "track trackid tid trackname song songid songname item itemid clip clipid recording recordingid "
    "mbid recordingmbid msdid file filename path id",
    "tag": "tag tags label labels genre genres tagname taglist term terms style styles mood moods",
    "weight": "weight count tagcount val value score strength n freq frequency",
    "artist": "artist artistname artistid performer band",
    "album": "album albumname albumid release releasename",
    "title": "title tracktitle songtitle",
    "split": "split subset fold partition",
}
_SEVERAL = {"tags", "labels", "genres", "taglist", "terms", "styles", "moods"}
_ABOUT_TRACKS = ("artist", "album", "title", "split")
_FIELD_DELIMITERS = "\t,;|"
_TAG_DELIMITERS = "|;,"
_FILES = ("*.csv", "*.tsv", "*.txt", "*.csv.gz", "*.tsv.gz", "*.txt.gz", "*.zip", "*.parquet")
_SAMPLE_CHARACTERS = 1 << 16
_PARQUET_SAMPLE = 1000
_PARQUET_ROWS = 1 << 16
_QUOTED_FIELD = re.compile(r'(^|\t)"([^"\t\r\n]|"")*"(\t|\r|\n|$)', re.MULTILINE)
_LARGEST_FLOAT32 = 3.4e38
_SMALLEST_FLOAT32 = 1.2e-38


class TableSettings(BaseModel):
    """Options of the table reader. A column left at None is looked for by its usual names.

    Attributes:
        track: Column that names the track.
        tag: Column that holds a tag, or all tags of a track.
        weight: Column of weights above 0; "" where a column that looks like it should not be taken for it.
        artist: Column that names the artist.
        album: Column that names the album.
        title: Column of titles.
        split: Column that tells train, validation or test. Where there is none and several files are read,
            it is taken from their names.
        header: Whether the first row names the columns. Otherwise they are called "1", "2", "3", and the
            first is the track, the second the tag, the third, if any, the weight.
        delimiter: What separates fields; detected from the first row where None.
        quotes: Whether fields may stand in double quotes; where None, yes, but in tab-separated files only
            if fields in quotes are found.
        tag_delimiter: What separates tags within the tag column; "" where a field is one tag. Where None, a
            column named in the plural (`tags`, `genres`) is split at the most frequent of | ; and comma, any
            other is not.
        min_weight: Least weight kept, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    track: str | None = None
    tag: str | None = None
    weight: str | None = None
    artist: str | None = None
    album: str | None = None
    title: str | None = None
    split: str | None = None
    header: bool = True
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quotes: bool | None = None
    tag_delimiter: str | None = None
    min_weight: float = Field(default=0.0, ge=0.0)


def read(path: Path, name: str, settings: TableSettings, progress: Progress = silent) -> Folksonomy:
    """Read a table.

    Args:
        path: A CSV, TSV or Parquet file, or a folder whose files of these kinds are all read. Text may be
            gzipped or zipped, in UTF-8 or UTF-16.
        name: What to call the folksonomy.
        settings: Columns and delimiters, where detection should not decide.
        progress: Told as the file is read.

    Raises:
        DataError: If it is missing, empty, damaged, or has no column for track or tag.
        InvalidSetting: If a column named in the settings is not there.
    """
    files = files_of(path, _FILES) if path.is_dir() else [path]
    found = Assignments(_ABOUT_TRACKS)
    for number, file in enumerate(files):
        split = split_named(file) if len(files) > 1 else None
        _read_file(file, found, settings, split, part_of(progress, number, len(files)))
    return found.folksonomy(path, name)


def _read_file(
    path: Path, found: Assignments, settings: TableSettings, split: str | None, progress: Progress
) -> None:
    with existing_file(path).open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    opened = _open_parquet if is_parquet else _open_delimited
    with opened(path, settings, progress) as table:
        columns = _find_columns(path, table.header, settings)
        separator = _tag_delimiter(columns, table, settings)
        weighted = columns.place["weight"] is not None
        taking = _Taking(found, path.name, split, separator, weighted, settings.min_weight)
        for line, cells in table.rows(columns):
            taking.row(line, cells)


Cells = tuple[Any, ...]


@dataclass(frozen=True)
class _Columns:
    """Position of each column in use, None where there is none; and the tag column's plain name."""

    place: dict[str, int | None]
    tag: int
    tag_name: str

    def pick(self, row: Sequence[Any]) -> Cells:
        return tuple(None if at is None else row[at] for at in self.place.values())


@dataclass(frozen=True)
class _Table:
    """An open table.

    Attributes:
        header: Names of the columns.
        sample: Gives the first cells of a column.
        rows: Gives line and cells of each row; None in place of cells where a row has another width.
    """

    header: list[str]
    sample: Callable[[int], list[Any]]
    rows: Callable[[_Columns], Iterator[tuple[int, Cells | None]]]


@contextmanager
def _open_delimited(path: Path, settings: TableSettings, progress: Progress) -> Iterator[_Table]:
    lines = _first_lines(path)
    delimiter = settings.delimiter or max(_FIELD_DELIMITERS, key=lambda mark: len(_fields(lines[0], mark)))
    quotes = settings.quotes
    if quotes is None:
        quotes = delimiter != "\t" or bool(_QUOTED_FIELD.search("".join(lines)))
    with open_text(path) as text:
        cure = "if quotes are part of the tags, set the option quotes to no (--no-quotes)" if quotes else ""
        found = delimited_rows(path, text, delimiter, quotes, progress, cure)
        if settings.header:
            _, header = next(found, (1, []))
            if not header:
                raise DataError(path, "holds nothing but blank rows; is it the right file?")
        else:
            header = [str(number + 1) for number in range(len(_fields(lines[0], delimiter)))]

        def sample(at: int) -> list[Any]:
            return [row[at] for row in (_fields(line, delimiter) for line in lines) if len(row) > at]

        def rows(columns: _Columns) -> Iterator[tuple[int, Cells | None]]:
            for line, row in found:
                yield line, columns.pick(row) if len(row) == len(header) else None

        yield _Table(header, sample, rows)


def _first_lines(path: Path) -> list[str]:
    """Return lines to guess from, without blank ones and the one that the sample cut."""
    with open_text(path) as text:
        sample = text.lines.read(_SAMPLE_CHARACTERS)
    lines = list(io.StringIO(sample, newline=""))
    if len(sample) == _SAMPLE_CHARACTERS and len(lines) > 1:
        lines.pop()
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise DataError(path, "holds nothing but blank lines; is it the right file?")
    return lines


def _fields(line: str, delimiter: str) -> list[str]:
    """Split one line as a CSV file would, leniently: good enough to guess from."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


@contextmanager
def _open_parquet(path: Path, settings: TableSettings, progress: Progress) -> Iterator[_Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)

            def sample(at: int) -> list[Any]:
                batches = file.iter_batches(batch_size=_PARQUET_SAMPLE, columns=[header[at]])
                return next((_python_values(batch.column(0)) for batch in batches), [])

            yield _Table(header, sample, lambda columns: _parquet_rows(file, path, columns, progress))
    except (pa.ArrowException, OSError) as error:
        raise DataError(path, f"is a damaged Parquet file ({error}); copy or write it again") from error


def _parquet_rows(
    file: Any, path: Path, columns: _Columns, progress: Progress
) -> Iterator[tuple[int, Cells | None]]:
    header = file.schema_arrow.names
    _check_parquet_columns(file, path, columns)
    used = {at for at in columns.place.values() if at is not None}
    total = max(file.metadata.num_rows, 1)
    done = 0
    for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=[header[at] for at in sorted(used)]):
        progress(done / total, f"reading {path.name}")
        values = dict(zip(sorted(used), map(_python_values, batch.columns), strict=True))
        nothing = [None] * batch.num_rows
        cells = (nothing if at is None else values[at] for at in columns.place.values())
        for row in zip(*cells, strict=True):
            done += 1
            yield done, row


def _check_parquet_columns(file: Any, path: Path, columns: _Columns) -> None:
    """Raise DataError where a column in use is there twice, or holds what it cannot stand for."""
    import pyarrow as pa

    header = file.schema_arrow.names
    for kind, at in columns.place.items():
        if at is None:
            continue
        if header.count(header[at]) > 1:
            raise DataError(path, f"has several columns called {header[at]!r}; rename all but one")
        held = file.schema_arrow.types[at]
        if kind == "tag" and _is_list(held):
            held = held.value_type
        if pa.types.is_nested(held):
            raise DataError(
                path,
                f"column {header[at]!r} holds {held}, no single values; name another with the option {kind} "
                f"(--{kind})",
            )


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return isinstance(kind, pa.ListType | pa.LargeListType | pa.FixedSizeListType)


def _python_values(column: Any) -> list[Any]:
    """Give an Arrow column as text, lists of text, or None; bytes that are no UTF-8 are lone surrogates."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    if _is_list(column.type):
        flat = _python_values(column.values)
        starts = column.offsets.to_pylist()
        nulls = column.is_null().to_pylist()
        bounds = zip(starts[:-1], starts[1:], nulls, strict=True)
        return [None if null else flat[start:stop] for start, stop, null in bounds]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.cast(pa.large_binary())
    return [
        value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else _as_text(value)
        for value in column.to_pylist()
    ]


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _find_columns(path: Path, header: list[str], settings: TableSettings) -> _Columns:
    """Find the column of each kind: as told, else by its usual names, else (no header) by place."""
    place: dict[str, int | None] = {}
    plain = [re.sub(r"[\W_]", "", name).lower() for name in header]
    for number, kind in enumerate(("track", "tag", "weight", *_ABOUT_TRACKS)):
        told: str | None = getattr(settings, kind)
        if told == "":
            place[kind] = None
        elif told is not None:
            place[kind] = _named(path, header, kind, told)
        elif not settings.header:
            place[kind] = number if number < min(len(header), 3) else None
        else:
            taken = set(place.values())
            free = (plain.index(name) for name in _USUAL_NAMES[kind].split() if name in plain)
            place[kind] = next((at for at in free if at not in taken), None)
    for kind in ("track", "tag"):
        if place[kind] is None:
            raise DataError(
                path,
                f"has no column for the {kind}; its columns are {', '.join(map(repr, header[:20]))}; name "
                f"the right one with the option {kind} (--{kind}), or set header to no (--no-header) if the "
                "first row is data",
                line=1,
            )
    tag = place["tag"] or 0
    return _Columns(place, tag, plain[tag])


def _named(path: Path, header: list[str], kind: str, told: str) -> int:
    times = header.count(told)
    if times == 1:
        return header.index(told)
    columns = ", ".join(map(repr, header[:20]))
    raise InvalidSetting(f"{kind}={told!r} must name one column of {path.name}; its columns are {columns}")


def _tag_delimiter(columns: _Columns, table: _Table, settings: TableSettings) -> str:
    """Return what separates the tags of one field; "" where a field is one tag."""
    if settings.tag_delimiter is not None:
        return settings.tag_delimiter
    if columns.tag_name not in _SEVERAL:
        return ""
    fields = [cell for cell in table.sample(columns.tag) if isinstance(cell, str)]
    found = Counter(mark for field in fields for mark in _TAG_DELIMITERS if mark in field)
    return max(_TAG_DELIMITERS, key=lambda mark: found[mark]) if found else ""


@dataclass(frozen=True)
class _Taking:
    """Takes the rows of one file, or counts why not."""

    found: Assignments
    file: str
    split: str | None
    separator: str
    weighted: bool
    min_weight: float

    def row(self, line: int, cells: tuple[Any, ...] | None) -> None:
        if cells is None:
            self._leave_out("not as many columns as the header", line)
            return
        track, tags, weight, *about, own_split = cells
        if not track or not track.strip():
            self._leave_out("no track", line)
            return
        code = self.found.track(track, (*about, own_split or self.split))
        value = _weight(weight) if self.weighted else 1.0
        if not _SMALLEST_FLOAT32 < value < _LARGEST_FLOAT32:
            self._leave_out("the weight is not a number above 0", line)
        elif value < self.min_weight:
            self._leave_out(f"weight below {self.min_weight:g}", line)
        elif not _assign(self.found, code, _split(tags, self.separator), value):
            self._leave_out("no tag", line)

    def _leave_out(self, reason: str, line: int) -> None:
        self.found.tally.add(reason, "rows", f"{self.file}, line {line}")


def _assign(found: Assignments, track: int, tags: Iterable[str | None], weight: float) -> bool:
    """Assign the tags that are not blank; return whether there was one."""
    any_tag = False
    for tag in tags:
        if tag and tag.strip():
            found.assign(track, tag, weight)
            any_tag = True
    return any_tag


def _split(tags: str | list[str | None] | None, separator: str) -> Iterable[str | None]:
    if isinstance(tags, str):
        return (tag.strip() for tag in tags.split(separator)) if separator else (tags,)
    return tags or ()


def _weight(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


SOURCE = Source(
    name="table",
    title="A table of your own",
    about="Rows of track, tag and perhaps weight, or tracks with a column that holds all their tags.",
    files="a CSV, TSV or Parquet file, also gzipped or alone in a zip archive; or a folder of such files",
    example="taglab data add table listening.csv --name mine --tag genre",
    read=read,
    settings=TableSettings,
)
