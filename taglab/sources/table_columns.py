"""Columns of large tables, a block of rows after the other, as Arrow arrays: no row is a Python object."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from taglab.errors import DataError
from taglab.progress import Progress
from taglab.sources.reading import OpenText, open_text

_BLOCK_BYTES = 1 << 24
_ROWS_A_BLOCK = 1 << 16
_MOST_BYTES_OF_A_CHARACTER = 4

_TEXTS = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_large_binary,
    pa.types.is_binary_view, pa.types.is_fixed_size_binary,
)  # fmt: skip

Columns = list[Any]
"""Arrow arrays of equal length."""
Odd = Callable[[str], None]
"""Takes the text of a row of another width than the header."""


class _AsUtf8(io.RawIOBase):
    """Text as UTF-8, in which bytes that its encoding does not have stand as they are."""

    def __init__(self, text: OpenText) -> None:
        self._lines = text.lines

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        text = self._lines.read(max(1, len(buffer) // _MOST_BYTES_OF_A_CHARACTER))
        data = text.encode("utf-8", "surrogateescape")
        buffer[: len(data)] = data
        return len(data)


def delimited_columns(
    path: Path,
    encoding: str,
    delimiter: str,
    quotes: bool,
    width: int,
    named: bool,
    missing: Collection[str],
    places: Sequence[int],
    odd: Odd,
    progress: Progress,
) -> Iterator[Columns]:
    """Give some columns of delimited text, block after block, as bytes.

    Args:
        path: The file.
        encoding: How it is encoded.
        delimiter: What separates fields.
        quotes: Whether fields may stand in double quotes.
        width: Number of all columns.
        named: Whether the first row names the columns.
        missing: Marks of a missing value; a field that is one, or is empty, and not in quotes is null.
        places: Of the columns wanted.
        odd: Takes rows of another width.
        progress: Told now and then.

    Raises:
        DataError: If it cannot be read, or quotes are not closed where they should be.
    """
    unclosed: list[str] = []
    header_is_next = named

    def handle(row: Any) -> str:
        nonlocal header_is_next
        text = row.text.strip()
        if header_is_next and row.number == 1:  # R writes no name above the names of rows
            header_is_next = False
        elif text:
            if quotes and "\n" in text:
                unclosed.append(text.partition("\n")[0])
            odd(text)
        return "skip"

    names = [str(place) for place in range(width)]
    wanted = [str(place) for place in places]
    options: dict[str, Any] = {
        "read_options": csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names),
        "parse_options": csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quotes else False,
            newlines_in_values=quotes,
            invalid_row_handler=handle,
        ),
        "convert_options": csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.binary()),
            include_columns=list(dict.fromkeys(wanted)),
            null_values=["", *missing],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    }
    with open_text(path, encoding) as text:
        try:
            with csv.open_csv(io.BufferedReader(_AsUtf8(text), _BLOCK_BYTES), **options) as table:
                for batch in table:
                    block = batch.slice(1) if header_is_next and batch.num_rows else batch
                    header_is_next = header_is_next and not batch.num_rows
                    yield [block.column(name) for name in wanted]
                    progress(text.fraction(), f"reading {path.name}")
        except pa.ArrowInvalid as error:
            cause = str(error).partition("\n")[0]
            raise DataError(path, f"is not well-formed ({cause}); is the file cut short?") from error
    if unclosed:
        raise DataError(
            path, f"has a row whose quotes are not closed, {unclosed[0][:80]!r}; is the file cut short?"
        )


def parquet_columns(file: Any, path: Path, places: Sequence[int], progress: Progress) -> Iterator[Columns]:
    """Give some columns of an open Parquet file, block after block, in the types they have there."""
    names = file.schema_arrow.names
    total, done = max(file.metadata.num_rows, 1), 0
    for batch in file.iter_batches(batch_size=_ROWS_A_BLOCK, columns=list({names[at] for at in places})):
        done += batch.num_rows
        yield [_plain(batch.column(names[at])) for at in places]
        progress(done / total, f"reading {path.name}")


def _plain(column: Any) -> Any:
    """Return a column without a dictionary, its texts as bytes, which need not be UTF-8."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.binary()) if any(of_kind(column.type) for of_kind in _TEXTS) else column


def columns_of_rows(
    rows: Iterator[tuple[int, Sequence[Any] | None]], width: int, odd: Odd
) -> Iterator[Columns]:
    """Give columns of rows of texts, block after block, as bytes.

    Args:
        rows: Number and cells of each row; None in place of cells where it has another width.
        width: How many cells of a row there are at least; what is behind is passed over.
        odd: Takes rows of another width, by their number.
    """
    while block := list(itertools.islice(rows, _ROWS_A_BLOCK)):
        for number, cells in block:
            if cells is None:
                odd(f"row {number}")
        whole = [[_bytes(cell) for cell in cells[:width]] for _, cells in block if cells is not None]
        if whole:
            yield [pa.array(column, pa.binary()) for column in zip(*whole, strict=True)]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")


def as_text(column: Any) -> Any:
    """Return bytes as text; those that are no UTF-8, and so no numbers and no times, are null."""
    try:
        return pc.utf8_trim_whitespace(column.cast(pa.string()))
    except pa.ArrowInvalid:
        return pa.array([_unicode(cell) for cell in column.to_pylist()], pa.string())


def _unicode(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None


def floats(column: Any, kind: Any) -> npt.NDArray[Any]:
    """Return a column as numbers, NaN where one is none."""
    if pa.types.is_binary(column.type):
        column = as_text(column)
    try:
        return np.asarray(column.cast(kind, safe=False).to_numpy(zero_copy_only=False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # some cell is no number: the slow way finds which
        numbers = pd.to_numeric(pd.Series(column.to_pylist(), dtype="object"), errors="coerce")
        return np.asarray(numbers, kind.to_pandas_dtype())
