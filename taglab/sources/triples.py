"""Large tables of user, item and count or rating, read in bulk: tens of millions of rows within a few GB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from scipy import sparse

from taglab.errors import DataError, unreadable
from taglab.folksonomy import whole_numbers
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.reading import Tally

_BLOCK_BYTES = 1 << 24
_MISSING = ("", "NA", "NaN", "nan", "null", "NULL")


@dataclass(frozen=True)
class TripleFormat:
    """How such a table is read.

    Attributes:
        columns: Names of user, item and, if any, value; where it has no header, of all its columns.
        named: Whether the first row names the columns.
        delimiter: Between the cells of a row.
        kind: "counts" (rows of a value of 0 or less are left out) or "ratings".
    """

    columns: tuple[str, ...]
    named: bool = True
    delimiter: str = ","
    kind: str = "counts"


class _Codes:
    """Numbers texts by when they first come."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def of(self, column: Any) -> npt.NDArray[np.int32]:
        """Return the number of every text of an Arrow array, -1 where it is missing."""
        encoded = column.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        numbers = np.empty(len(distinct) + 1, np.int32)
        for at, text in enumerate(distinct):
            plain = (text or "").strip()
            numbers[at] = -1 if plain in _MISSING else self.codes.setdefault(plain, len(self.codes))
        numbers[-1] = -1
        places = pc.fill_null(encoded.indices, len(distinct)).to_numpy(zero_copy_only=False)
        coded: npt.NDArray[np.int32] = numbers[places]
        return coded

    def texts(self) -> list[str]:
        """Return the texts in order, as whole numbers where they are written as floats."""
        texts = list(self.codes)
        whole = [text or "" for text in whole_numbers(texts) or texts]
        return whole if len(set(whole)) == len(whole) else texts


def read_triples(path: Path, name: str, form: TripleFormat, progress: Progress = silent) -> Interactions:
    """Read who played or rated what.

    Args:
        path: A delimited file, also gzipped.
        name: What to call the interactions.
        form: How it is read.
        progress: Told as it is read.

    Returns:
        Counts of a user and item given again are added up; of ratings the last one counts.

    Raises:
        DataError: If it cannot be read, lacks a column, or holds nothing usable.
    """
    users, items, tally = _Codes(), _Codes(), Tally()
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    for batch in _batches(path, form, tally, progress):
        user, item = users.of(batch[form.columns[0]]), items.of(batch[form.columns[1]])
        value = _numbers(batch[form.columns[2]]) if len(form.columns) > 2 else np.ones(len(user), np.float32)
        known = (user >= 0) & (item >= 0)
        good = known & np.isfinite(value) & ((value > 0) | (form.kind == "ratings"))
        tally.add("no user or no item", "plays", count=int((~known).sum()))
        wanted = "number above 0" if form.kind == "counts" else "number"
        tally.add(f"the {form.kind[:-1]} is not a {wanted}", "plays", count=int((known & ~good).sum()))
        parts.append((user[good], item[good], value[good]))
    if not any(len(part[0]) for part in parts):
        raise DataError(
            path, f"holds no usable row of user, item and {form.kind[:-1]}; is it the right file?"
        )
    rows, columns, values = (_joined(parts, at) for at in range(3))
    rows, user_texts = _in_use(rows, users.texts())
    columns, item_texts = _in_use(columns, items.texts())
    reading = [f"Plays: {', '.join(form.columns[:3])} of {path.name}, {len(rows):,} rows."]
    return _interactions(name, user_texts, item_texts, rows, columns, values, form.kind, tally, reading)


def _interactions(
    name: str,
    users: Sequence[str],
    items: Sequence[str],
    rows: npt.NDArray[np.int32],
    columns: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    kind: str,
    tally: Tally,
    reading: Sequence[str],
) -> Interactions:
    """Return interactions, without copies in double width but where ratings are given again."""
    shape = (len(users), len(items))
    matrix = sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=shape))
    if kind == "ratings" and matrix.nnz < len(rows):  # added up here, where the last counts
        del matrix
        return Interactions.from_codes(
            name, list(users), list(items), rows, columns, values, kind, tally.notes(), reading
        )
    matrix.sort_indices()
    table = pd.DataFrame({"user": pd.array(list(users), dtype="str")})
    return Interactions(name, table, tuple(items), matrix, kind, tuple(tally.notes()), tuple(reading))


def _in_use(codes: npt.NDArray[np.int32], texts: list[str]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Return numbers of the texts that are numbered at all, and those: some stood in unusable rows only."""
    used = np.bincount(codes, minlength=len(texts)) > 0
    if used.all():
        return codes, texts
    places = (np.cumsum(used) - 1).astype(np.int32)
    return places[codes], [texts[at] for at in np.flatnonzero(used)]


def _joined(parts: list[tuple[npt.NDArray[Any], ...]], at: int) -> npt.NDArray[Any]:
    return np.concatenate([part[at] for part in parts])


def _numbers(column: Any) -> npt.NDArray[np.float32]:
    """Return texts as numbers, NaN where one is none."""
    try:
        numbers = pc.cast(pc.utf8_trim_whitespace(column), pa.float32())
        return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float32)
    except pa.ArrowInvalid:  # some cell is no number: the slow way finds which
        numbers = pd.to_numeric(column.to_pandas(), errors="coerce")
        return np.asarray(numbers, np.float32)


def _batches(path: Path, form: TripleFormat, tally: Tally, progress: Progress) -> Iterator[dict[str, Any]]:
    """Give the columns that are wanted, block after block, as Arrow arrays of text."""
    size = max(_size_of(path), 1)

    def odd(row: Any) -> str:
        tally.add("not as many columns as the header", "plays", f"{path.name}: {str(row.text)[:80]}")
        return "skip"

    wanted = list(form.columns) if form.named else list(form.columns[:3])
    options = {
        "read_options": csv.ReadOptions(
            use_threads=True,
            block_size=_BLOCK_BYTES,
            column_names=None if form.named else list(form.columns),
        ),
        "parse_options": csv.ParseOptions(
            delimiter=form.delimiter,
            quote_char=False if form.delimiter == "\t" else '"',
            invalid_row_handler=odd,
        ),
        "convert_options": csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
        ),
    }
    try:
        with (
            pa.input_stream(str(path), compression="detect") as stream,
            csv.open_csv(stream, **options) as table,
        ):
            read = 0
            for batch in table:
                yield {column: batch.column(column) for column in wanted}
                read += batch.nbytes
                progress(min(read / size, 1.0), f"reading {path.name}")
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        cause = str(error).partition("\n")[0]
        raise DataError(
            path, f"is no table of {', '.join(wanted)} ({cause}); is it the right file?"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
