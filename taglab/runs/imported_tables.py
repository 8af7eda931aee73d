"""Figures by label from a CSV that another program, or a person, wrote."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from taglab.archives import START_BYTES
from taglab.encodings import decoded, guessed_note, refuse_binary
from taglab.errors import DataError
from taglab.metrics import METRICS, metrics_of
from taglab.runs import layout

# Names of columns, letters and digits only, in the order in which they are preferred.
NAMES: dict[str, tuple[str, ...]] = {
    "label": (
        "label",
        "labels",
        "tag",
        "tags",
        "class",
        "classname",
        "classes",
        "name",
        "genre",
        "mood",
        "cluster",
    ),
    "auc_pr": ("aucpr", "prauc", "auprc", "areaunderpr", "auprcurve", "pr"),
    "average_precision": ("averageprecision", "ap", "avgprecision", "averageprecisionscore"),
    "auc_roc": ("aucroc", "rocauc", "auroc", "rocaucscore", "auc", "roc"),
    "positives": ("positives", "counts", "count", "support", "npositives", "occurrences", "n"),
    "epoch": ("epoch", "epochs"),
}
"""Column of a table by label → what its column in a file may be called."""

_AVERAGE = r"avg|average|mean|median|std|total"
SUMMARY_ROWS = re.compile(
    rf"((macro|micro|weighted|samples?|overall)[\s_-]*)?({_AVERAGE})|macro|micro|weighted|overall|all|accuracy",
    re.IGNORECASE,
)
"""Names of rows that sum the others up, as scikit-learn and people write them."""

_DELIMITERS = ",;\t|"
_IN_ORDER = ("label", "auc_pr", "auc_roc", "positives")


def read_table(
    path: Path, columns: Mapping[str, str] | None = None, summary_rows: bool = False
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read figures by label from a CSV.

    Args:
        path: Text with a line a label, its fields separated by commas, semicolons, tabs or bars. With a
            header, columns are found by their names; without, they are label, AUC-PR, AUC-ROC, count.
        columns: Key of `NAMES` → what its column is called here, where names would not tell.
        summary_rows: Whether rows called as `SUMMARY_ROWS` has it are labels; else they are left out, and
            that is said.

    Returns:
        Columns epoch and `layout.per_label_columns`, and what was assumed of the file, a sentence each.
        Without a column of epochs, epoch is 0.

    Raises:
        DataError: If it is not such a table, a label stands twice in an epoch, or a figure is outside [0, 1].
    """
    rows, notes = _rows(path)
    header, body = (rows[0], rows[1:]) if _is_header(rows[0]) else ([], rows)
    if header:
        at, assumed = _find(path, header, columns or {}), notes
    else:
        at = dict(zip(_IN_ORDER, range(len(rows[0])), strict=False))
        assumed = [*notes, f"The file has no header; its columns were read as {', '.join(at)}."]
    if "label" not in at or not {"auc_pr", "average_precision"} & set(at):
        raise DataError(
            path,
            f"has the columns {', '.join(header)}; one of labels and one of AUC-PR must be among them. "
            "Say which they are",
        )
    first = 2 if header else 1
    table = pd.DataFrame(
        [_row(path, number, row, at) for number, row in enumerate(body, start=first) if any(row)],
        columns=["epoch", *layout.per_label_columns()],
    )
    if not summary_rows:
        table, left_out = _without_summaries(table)
        assumed += left_out
    _check(path, table)
    return table.astype({"epoch": "int64", "label": "str"}), tuple(assumed)


def _without_summaries(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of labels, and a sentence about the others."""
    is_summary = table["label"].map(lambda label: SUMMARY_ROWS.fullmatch(label) is not None).astype(bool)
    if not is_summary.any():
        return table, []
    names = ", ".join(dict.fromkeys(table.loc[is_summary, "label"]))
    note = f"Rows that sum the others up were left out: {names}; the option summary rows keeps them."
    return table[~is_summary].reset_index(drop=True), [note]


def _rows(path: Path) -> tuple[list[list[str]], list[str]]:
    """Return the cells of a file that are not blank rows, and what is to be said of its encoding."""
    data = layout.read_data(path, layout.LARGEST_TABLE_BYTES)
    refuse_binary(path, data[:START_BYTES])
    text, encoding = decoded(data)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=lambda mark: len(_fields(first, mark)))
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error as error:
        raise DataError(path, f"is not a table ({error})") from error
    rows = [row for row in rows if row]
    if not rows or len(rows[0]) < 2:
        raise DataError(
            path, "must hold a line a label, at least its name and its AUC-PR, separated by commas"
        )
    return rows, [guessed_note(encoding)] if encoding.guessed else []


def _fields(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _is_header(row: Sequence[str]) -> bool:
    return all(_number(cell) is None for cell in row)


def _number(text: str) -> float | None:
    """Return a number, its decimal mark a point or a comma; None of anything else."""
    if "_" in text:  # which Python allows between digits
        return None
    plain = text.replace(",", ".") if re.fullmatch(r"-?\d*,\d+(e-?\d+)?", text, re.IGNORECASE) else text
    try:
        return float(plain.rstrip("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _find(path: Path, header: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    plain = [_plain(name) for name in header]
    found = {}
    for key, names in ({name: (_plain(name),) for name in metrics_of()} | NAMES).items():
        told = columns.get(key)
        if told:
            if told not in header:
                raise DataError(path, f"has no column {told!r}; it has {', '.join(header)}")
            found[key] = header.index(told)
            continue
        for name in names:
            if name in plain:
                at = found[key] = plain.index(name)
                if list(header).count(header[at]) > 1:
                    raise DataError(path, f"has several columns called {header[at]!r}; rename all but one")
                break
    return found


def _row(path: Path, line: int, row: Sequence[str], at: Mapping[str, int]) -> dict[str, object]:
    cells = {key: row[place] if place < len(row) else "" for key, place in at.items()}
    if not cells["label"]:
        raise DataError(path, "names no label", line=line)
    values: dict[str, object] = {"epoch": 0, "label": cells.pop("label")}
    for key, text in cells.items():
        if key == "positives" and re.fullmatch(r"\d{1,3}([,.' ]\d{3})+", text):
            text = re.sub(r"\D", "", text)
        number = np.nan if text.casefold() in ("", "nan", "na", "-") else _number(text)
        if number is None or abs(number) == np.inf or (key == "epoch" and not float(number).is_integer()):
            raise DataError(path, f"{text!r} is not a number to be had under {key}", line=line)
        values[key] = number
    return values


def _check(path: Path, table: pd.DataFrame) -> None:
    if table.empty:
        raise DataError(path, "holds a header and no label")
    twice = table.duplicated(["epoch", "label"])
    if twice.any():
        raise DataError(path, f"holds label {table.loc[twice, 'label'].iloc[0]!r} twice")
    if len(set(table.groupby("epoch")["label"].agg(frozenset))) > 1:
        raise DataError(path, "must have the same labels in every epoch")
    figures = {name: table[name].to_numpy(np.float64) for name in metrics_of()}
    if all(np.isnan(values).all() for values in figures.values()):
        raise DataError(path, "holds no figure")
    if (table["positives"] < 0).any():
        raise DataError(path, "holds a count below 0")
    for name, values in figures.items():
        wrong = METRICS[name].out_of_range(values)
        if len(wrong):
            low, high = METRICS[name].range
            raise DataError(
                path, f"holds {name} of {wrong[0]:g}; it must lie in [{low:g}, {high:g}]. In percent?"
            )
