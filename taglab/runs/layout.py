"""The files of a run's folder, each read and written here and nowhere else.

classes.json, per_label_by_epoch.csv and confusion.npz are laid out as those published with the thesis are,
so that any run reads back like a published one.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from taglab.archives import read_arrays
from taglab.cache import read_json, replacing, storage_error
from taglab.errors import DataError
from taglab.metrics import metrics_of
from taglab.metrics.thresholds import THRESHOLDS, Confusion

CONFIG = "config.json"
ABOUT = "about.json"
INPUTS = "inputs.json"
LABELS = "labels.json"
CLASSES = "classes.json"
PER_LABEL = "per_label_by_epoch.csv"
CONFUSION = "confusion.npz"
CONFUSION_BEST = "confusion-best.npz"
HISTORY = "history.jsonl"
STEPS = "steps.jsonl"
LOG = "log.txt"
SUMMARY = "summary.json"
STATUS = "status.json"
CHECKPOINTS = "checkpoints"
PREDICTIONS = "predictions"
SPACE = "space"
TARGETS = "targets"
LOSSES = "losses.json"
RECOMMENDER = "recommender"
WRITTEN_LAST = (f"{PREDICTIONS}/test.npz", SPACE, LOSSES, RECOMMENDER)

LARGEST_JSON_BYTES = 64 << 20
LARGEST_TABLE_BYTES = 1 << 30
LARGEST_COUNTS_BYTES = 1 << 30

_COUNTS = ("tp", "tn", "fp", "fn")


def per_label_columns() -> list[str]:
    """Return the columns of a table by label: label, every metric of predictions, positives."""
    return ["label", *sorted(metrics_of()), "positives"]


def read_data(path: Path, limit: int) -> bytes:
    """Return a file's bytes; raises DataError where it is missing or too large."""
    try:
        if path.stat().st_size > limit:
            raise DataError(path, f"is larger than the {limit >> 20} MiB such a file may have")
        return path.read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error


def read_text(path: Path, limit: int = LARGEST_JSON_BYTES) -> str:
    """Return a file's text; raises DataError where it is missing, too large or not UTF-8."""
    try:
        return read_data(path, limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(path, f"is not UTF-8 text ({error.reason})") from error


def read_classes(path: Path) -> tuple[str, ...]:
    """Return the class names of a classes.json, in the order of the model's outputs; raises DataError."""
    names = read_json(path)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DataError(path, "must hold a list of class names, one or more")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(path, f"holds class {twice!r} twice")
    return tuple(names)


def write_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines, atomically."""
    with replacing(path) as temporary:
        temporary.write_text("".join(map(json_line, rows)), encoding="utf-8")


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows by the names of its columns."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def append_text(path: Path, text: str) -> None:
    """Add text to the end of a file in one write, so that lines of two writers do not mix."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(path, error) from error


def json_line(row: Mapping[str, Any]) -> str:
    """Return a row as one line of JSON: numpy's numbers as Python's, what is not finite as null."""
    return json.dumps({key: plain(value) for key, value in row.items()}, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Return a number as JSON has it: numpy's as Python's, what is not finite as None."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON-lines file; none where there is no file.

    A last line without its end is passed over: its writer was stopped, or is just writing it.

    Raises:
        DataError: If another line is damaged.
    """
    if not path.exists():
        return []
    text = read_text(path, LARGEST_TABLE_BYTES)
    return list(_rows(path, text[: text.rfind("\n") + 1]))


def _rows(path: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(path, f"is not JSON ({error})", line=number) from error
        if not isinstance(row, dict):
            raise DataError(path, "must hold a JSON object", line=number)
        yield row


def read_per_label(path: Path, epoch: int | Literal["last"] | None = None) -> pd.DataFrame:
    """Return the table of a per_label_by_epoch.csv.

    Args:
        path: The file. Epochs ascend in it.
        epoch: The only one wanted; None for all. Of a long training one is read in a tenth of the time.

    Returns:
        Columns epoch (int) and `per_label_columns`; what the file has no column of is NaN. No rows where
        there is no such epoch.

    Raises:
        DataError: If it is not such a table.
    """
    data = read_data(path, LARGEST_TABLE_BYTES)
    table = _parse_per_label(path, data if epoch is None else _lines_of(data, epoch))
    missing = {"epoch", "label", "auc_pr"} - set(table.columns)
    if missing:
        raise DataError(path, f"lacks the column {', '.join(sorted(missing))}")
    if epoch is not None and len(table):
        table = table[table["epoch"] == (table["epoch"].iloc[-1] if epoch == "last" else epoch)]
    return table.reindex(columns=["epoch", *per_label_columns()]).reset_index(drop=True)


def _lines_of(data: bytes, epoch: int | Literal["last"]) -> bytes:
    """Return the header and the lines of one epoch, or all where that cannot be told from the bytes alone."""
    if b'"' in data or not data.startswith(b"epoch,") or not data.endswith(b"\n"):
        return data  # a label in quotes may hold the end of a line
    start = (
        b"%d," % epoch if epoch != "last" else data[data.rfind(b"\n", 0, -1) + 1 :].partition(b",")[0] + b","
    )
    first, last = data.find(b"\n" + start), data.rfind(b"\n" + start)
    head = data[: data.find(b"\n") + 1]
    return head if first < 0 else head + data[first + 1 : data.find(b"\n", last + 1) + 1]


def _parse_per_label(path: Path, data: bytes) -> pd.DataFrame:
    numbers = per_label_columns()[1:]
    try:
        return pd.read_csv(
            io.BytesIO(data),
            dtype={"epoch": "int64", "label": "str", **dict.fromkeys(numbers, "float64")},
            keep_default_na=False,
            na_values={name: ["", "nan", "NaN"] for name in numbers},
            encoding="utf-8",
        )
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise DataError(path, f"is not a table of labels by epoch ({error})") from error


def per_label_text(epoch: int, table: pd.DataFrame) -> str:
    """Return one epoch's lines of a per_label_by_epoch.csv, without the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = table.reindex(columns=per_label_columns())
    for label, *numbers in columns.itertuples(index=False, name=None):
        writer.writerow([epoch, label, *("" if pd.isna(value) else f"{value:.9g}" for value in numbers)])
    return out.getvalue()


def write_per_label(path: Path, tables: Mapping[int, pd.DataFrame]) -> None:
    """Write a per_label_by_epoch.csv of tables by epoch, atomically."""
    text = "".join(per_label_text(epoch, table) for epoch, table in tables.items())
    with replacing(path) as temporary:
        temporary.write_text(",".join(["epoch", *per_label_columns()]) + "\n" + text, encoding="utf-8")


def read_confusion(path: Path, n_classes: int | None = None) -> Confusion:
    """Return the counts of a confusion.npz.

    Args:
        path: The file.
        n_classes: How many classes it must be of; None where that is not known.

    Raises:
        DataError: If an array is missing, needs a pickle, or does not fit the others.
    """
    arrays = read_arrays(path, LARGEST_COUNTS_BYTES)
    missing = [name for name in _COUNTS if name not in arrays]
    if missing:
        raise DataError(path, f"does not hold confusion counts: {', '.join(missing)} missing")
    counts, thresholds = {name: arrays[name] for name in _COUNTS}, arrays.get("thresholds", THRESHOLDS)
    if any(array.dtype.kind not in "iu" for array in counts.values()) or thresholds.dtype.kind != "f":
        raise DataError(path, "must hold whole numbers as counts and fractions as thresholds")
    try:
        found = Confusion(
            thresholds=thresholds.astype(np.float64),
            **{name: array.astype(np.int64) for name, array in counts.items()},
        )
    except ValueError as error:
        raise DataError(path, f"does not hold confusion counts ({error})") from error
    if n_classes is not None and found.tp.shape[1] != n_classes:
        raise DataError(path, f"is of {found.tp.shape[1]} classes where {n_classes} are named")
    return found


def write_confusion(path: Path, counts: Confusion) -> None:
    """Write counts as a confusion.npz, atomically."""
    arrays = {name: getattr(counts, name) for name in _COUNTS}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, thresholds=counts.thresholds, **arrays)
