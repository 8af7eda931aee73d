"""Tables in files of several kinds, opened alike: delimited text, Parquet, ARFF."""

from __future__ import annotations

import csv
import io
import itertools
import operator
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taglab.errors import DataError
from taglab.progress import Progress
from taglab.sources.reading import OpenText, delimited_rows, existing_file, open_text
from taglab.sources.table_columns import (
    Columns,
    Odd,
    columns_of_rows,
    delimited_columns,
    parquet_columns,
)

FIELD_DELIMITERS = "\t,;|"
_SAMPLE_CHARACTERS = 1 << 16
_SAMPLE_ROWS = 1000
_MOST_DIGITS = 9  # of the number of a column
_PARQUET_ROWS = 1 << 16
_QUOTED_FIELD = re.compile(r'(^|\t)"([^"\t\r\n]|"")*"(\t|\r|\n|$)', re.MULTILINE)
_ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)(?:\s*\{|\s+\S)""", re.IGNORECASE
)
# At the end of a row it matches once more.
_ARFF_FIELD = re.compile(r"""\s*('(?:[^'\\]|\\.)*'\s*|"(?:[^"\\]|\\.)*"\s*|[^,]*)(?:,|$)""")
# MEKA writes its options behind the relation's name and a colon: 'music: -C 6'.
_MEKA_LABELS = re.compile(r"\s-C\s+(-?\d{1,9})\b")
_SPARSE = re.compile(r"""(?<![^\s,])(\d++)\s+('(?:[^'\\]|\\.)*'\s*|"(?:[^"\\]|\\.)*"\s*|[^,]+)(?:,|$)""")

Row = Sequence[Any]


@dataclass(frozen=True)
class TextFormat:
    """How delimited text is read, as far as somebody says so; see `TableSettings`."""

    header: bool
    delimiter: str | None
    quotes: bool | None
    encoding: str | None
    missing: Collection[str]


@dataclass(frozen=True)
class TableFile:
    """An open table.

    Attributes:
        header: Names of the columns, without blanks at their edges.
        sample: Gives the first cells of a column.
        rows: Given positions of columns, gives line and cells of each row; None in place of the cells where a
            row has another width. A position of None gives None.
        columns: Given positions of columns and what takes the text of a row of another width, gives the
            columns of a block of rows after the other, as Arrow arrays; for tables of millions of rows.
        notes: What is to be said of how it was opened, a sentence each.
        types: Gives what a column holds where the file says so and it is no single value; else "".
        labels: Positions of the columns that the file itself says are a label each.
        marks_are_null: Whether `columns` has null for every mark of a missing value, so that a cell which
            looks like one was in quotes.
    """

    header: list[str]
    sample: Callable[[int], list[Any]]
    rows: Callable[[Sequence[int | None]], Iterator[tuple[int, Row | None]]]
    columns: Callable[[Sequence[int], Odd], Iterator[Columns]]
    notes: tuple[str, ...] = ()
    types: Callable[[int, bool], str] = lambda at, lists: ""
    labels: tuple[int, ...] = ()
    marks_are_null: bool = False


def is_parquet(path: Path) -> bool:
    """Return whether it is a Parquet file, told from its content; raises DataError where it is missing."""
    with existing_file(path).open("rb") as file:
        return file.read(4) == b"PAR1"


def open_table(path: Path, form: TextFormat, progress: Progress) -> AbstractContextManager[TableFile]:
    """Open a table; what kind it is of is told from its content.

    Raises:
        DataError: If it is missing, empty, damaged, or none of the kinds.
        InvalidSetting: If the encoding is none.
    """
    if is_parquet(path):
        return _open_parquet(path, progress)
    lines = _first_lines(path, form.encoding)
    if any(line.lower().startswith("@relation") for line in lines[:_SAMPLE_ROWS]):
        return _open_arff(path, form.encoding, progress)
    return _open_delimited(path, lines, form, progress)


@contextmanager
def _open_delimited(
    path: Path, lines: list[str], form: TextFormat, progress: Progress
) -> Iterator[TableFile]:
    delimiter = form.delimiter or max(FIELD_DELIMITERS, key=lambda mark: len(_fields(lines[0], mark)))
    quotes = form.quotes
    if quotes is None:
        quotes = delimiter != "\t" or bool(_QUOTED_FIELD.search("".join(lines)))
    with open_text(path, form.encoding) as text:
        cure = "if quotes are part of the tags, set the option quotes to no (--no-quotes)" if quotes else ""
        body = delimited_rows(path, text, delimiter, quotes, progress, cure, form.missing)
        first = [_fields(line, delimiter) for line in lines]
        header = _header(path, body, first, form.header)

        def sample(at: int) -> list[Any]:
            return [row[at] for row in first[form.header :] if len(row) > at]

        def rows(places: Sequence[int | None]) -> Iterator[tuple[int, Row | None]]:
            pick, width = _picking(places), len(header)
            for line, row in body:
                if len(row) != width:
                    yield line, None
                else:
                    row.append("")
                    yield line, pick(row)

        def columns(places: Sequence[int], odd: Odd) -> Iterator[Columns]:
            return delimited_columns(
                path, text.encoding.name, delimiter, quotes, len(header), form.header, form.missing,
                places, odd, progress,
            )  # fmt: skip

        yield TableFile(header, sample, rows, columns, tuple(text.notes), marks_are_null=True)


def _header(
    path: Path, body: Iterator[tuple[int, list[str]]], first: list[list[str]], has_header: bool
) -> list[str]:
    """Return names of columns: those of the first row, which is taken from the body, or numbers from 1."""
    if not has_header:
        return [str(number + 1) for number in range(len(first[0]))]
    _, header = next(body, (1, []))
    if not header:
        raise DataError(path, "holds nothing but blank rows; is it the right file?")
    if {len(row) for row in first[1:]} == {len(header) + 1}:
        # R writes no name above the names of rows; other programs end a row with a delimiter.
        ended = not any(row[-1].strip() for row in first[1:])
        header = [*header, ""] if ended else ["", *header]
    return [name.strip() for name in header]


def _picking(places: Sequence[int | None]) -> Callable[[Sequence[Any]], Row]:
    """Return what picks cells of a row; an empty one at its end stands for columns that are not there."""
    # The last is only there so that a tuple comes out of a single place, too.
    return operator.itemgetter(*[-1 if at is None else at for at in places], -1)


def _first_lines(path: Path, encoding: str | None) -> list[str]:
    """Return lines to guess from, without blank ones and the one that the sample cut."""
    with open_text(path, encoding) as text:
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
def _open_parquet(path: Path, progress: Progress) -> Iterator[TableFile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)

            def sample(at: int) -> list[Any]:
                if header.count(header[at]) > 1:
                    return []
                batches = file.iter_batches(batch_size=_SAMPLE_ROWS, columns=[header[at]])
                return next((_python_values(batch.column(0)) for batch in batches), [])

            def no_single_values(at: int, lists: bool) -> str:
                held = file.schema_arrow.types[at]
                if lists and _is_list(held):
                    held = held.value_type
                return str(held) if pa.types.is_nested(held) else ""

            yield TableFile(
                [name.strip() for name in header],
                sample,
                lambda places: _parquet_rows(file, path, places, progress),
                lambda places, odd: parquet_columns(file, path, places, progress),
                types=no_single_values,
            )
    except (pa.ArrowException, OSError) as error:
        raise DataError(path, f"is a damaged Parquet file ({error}); copy or write it again") from error


def _parquet_rows(
    file: Any, path: Path, places: Sequence[int | None], progress: Progress
) -> Iterator[tuple[int, Row | None]]:
    header = file.schema_arrow.names
    used = sorted({at for at in places if at is not None})
    total = max(file.metadata.num_rows, 1)
    done = 0
    for batch in file.iter_batches(batch_size=_PARQUET_ROWS, columns=[header[at] for at in used]):
        progress(done / total, f"reading {path.name}")
        values = dict(zip(used, map(_python_values, batch.columns), strict=True))
        nothing = [""] * batch.num_rows
        cells = (nothing if at is None else values[at] for at in (*places, None))
        for row in zip(*cells, strict=True):
            done += 1
            yield done, row


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
    if isinstance(value, float):
        if value != value:
            return None
        return f"{value:.1f}" if value.is_integer() else str(value)
    return value if value is None or isinstance(value, str) else str(value)


@contextmanager
def _open_arff(path: Path, encoding: str | None, progress: Progress) -> Iterator[TableFile]:
    """Open Weka's format, text and sparse rows included, which SciPy's reader does not know."""
    with open_text(path, encoding) as text:
        header, labels = _arff_header(path, text)
        body = _arff_rows(path, text, len(header), progress)
        first = list(itertools.islice(body, _SAMPLE_ROWS))

        def sample(at: int) -> list[Any]:
            return [row[at] for _, row in first if len(row) > at]

        def rows(places: Sequence[int | None]) -> Iterator[tuple[int, Row | None]]:
            pick = _picking(places)
            for number, row in itertools.chain(first, body):
                yield number, pick([*row, ""]) if len(row) == len(header) else None

        def columns(places: Sequence[int], odd: Odd) -> Iterator[Columns]:
            return columns_of_rows(rows(places), len(places), odd)

        notes = [*text.notes, *_labels_note(labels)]
        yield TableFile(header, sample, rows, columns, tuple(notes), labels=labels)


def _arff_header(path: Path, text: OpenText) -> tuple[list[str], tuple[int, ...]]:
    """Return the names of the attributes, and the positions of those that the relation says are labels."""
    names: list[str] = []
    relation = ""
    for number, line in enumerate(text.lines, 1):
        plain = line.strip()
        if plain.lower().startswith("@data"):
            if names:
                return names, _meka_labels(path, relation, len(names))
            break
        if plain.lower().startswith("@relation"):
            relation = plain
        if plain.lower().startswith("@attribute"):
            match = _ATTRIBUTE.match(plain)
            if match is None:
                raise DataError(path, "is ARFF, but an @attribute of it has no name or no type", number)
            names.append(_arff_value(match[1]) or "")
    raise DataError(path, "is ARFF without an @attribute or without @data; was it cut off?")


def _meka_labels(path: Path, relation: str, n_attributes: int) -> tuple[int, ...]:
    """Return which attributes are labels where MEKA's option says how many: first ones, or, below 0, last."""
    match = _MEKA_LABELS.search(relation.partition(":")[2])
    n_labels = int(match[1]) if match else 0
    if abs(n_labels) > n_attributes:
        raise DataError(
            path, f"says in @relation that it has {abs(n_labels)} labels (-C), of {n_attributes} attributes"
        )
    if n_labels < 0:
        return tuple(range(n_attributes + n_labels, n_attributes))
    return tuple(range(n_labels))


def _labels_note(labels: Sequence[int]) -> list[str]:
    if not labels:
        return []
    which = "first" if labels[0] == 0 else "last"
    return [f"The {which} {len(labels):,} attributes are the labels, as -C in the relation's name says."]


def _arff_rows(
    path: Path, text: OpenText, width: int, progress: Progress
) -> Iterator[tuple[int, list[str | None]]]:
    """Give number, counted from 1, and cells of each row below @data."""
    lines = (line for line in text.lines if line.strip() and not line.lstrip().startswith("%"))
    for number, line in enumerate(lines, 1):
        if number % _SAMPLE_ROWS == 1:
            progress(text.fraction(), f"reading {path.name}")
        plain = line.strip()
        if plain.startswith("{"):
            row: list[str | None] = ["0"] * width
            for at, value in _SPARSE.findall(plain[1:].rstrip().removesuffix("}")):
                if len(at) > _MOST_DIGITS or int(at) >= width:
                    where = f"at {at[:_MOST_DIGITS]} of {width} attributes"
                    raise DataError(path, f"row {number} below @data has a value {where}")
                row[int(at)] = _arff_value(value)
            yield number, row
        else:
            yield number, [_arff_value(value) for value in _ARFF_FIELD.findall(plain)[:-1]]


def _arff_value(text: str) -> str | None:
    """Return a value without its quotes; None of the question mark that stands for a missing one."""
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", plain[1:-1])
    return None if plain == "?" else plain
