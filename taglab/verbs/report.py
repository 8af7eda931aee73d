"""What a verb answers: facts and a table, and how both are as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from taglab.reprs import one_line

if TYPE_CHECKING:
    import pandas as pd

    from taglab.dropped import Dropped


@dataclass(frozen=True, eq=False)
class Report:
    """What a verb answers.

    Attributes:
        facts: Single values, by name.
        table: Rows, if there are any.
        rows: What the rows are called in JSON.
        shown: Columns for a person who reads them on a screen; all where empty.
        text: A whole file, where a command writes one to standard output.
        lines: Of a text that may still grow; None where there is none.
        notes: Sentences for a person, said on standard error.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    rows: str = "rows"
    shown: Sequence[str] = ()
    text: str = ""
    lines: Iterable[str] | None = None
    notes: tuple[str, ...] = ()

    __repr__ = one_line


def as_json(report: Report) -> Any:
    """Return a report as JSON values: a list of rows, or where there are facts an object that holds it."""
    if report.table is None:
        return plain(report.facts)
    rows = records(report.table)
    return {**plain(report.facts), report.rows: rows} if report.facts else rows


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return each row as a dict of JSON values."""
    names = [str(name) for name in table.columns]
    return [
        dict(zip(names, map(plain, row), strict=True)) for row in table.itertuples(index=False, name=None)
    ]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: numpy's as Python's, NaN and <NA> as None."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)


def dropped(notes: Sequence[Dropped]) -> list[dict[str, Any]]:
    """Return what a reader left out, as facts."""
    return [
        {"count": one.count, "what": one.what, "reason": one.reason, "examples": list(one.examples)}
        for one in notes
    ]
