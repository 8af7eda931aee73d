"""What a command writes: facts and a table, as text for people, JSON for machines, or a file."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.verbs.report import Report, as_json, plain, records

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 50
_SHOWN_ITEMS = 6
_WIDEST_COLUMN = 60
# Control characters, and those that turn the direction of what follows: a tag must not steer a terminal.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_UNSEEN_IN_JSON = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def emit(report: Report, args: argparse.Namespace) -> None:
    """Write a report the way the options ask for."""
    out: Path | None = getattr(args, "out", None)
    notes = list(report.notes)
    if out is not None and report.table is not None:
        safe: bool = getattr(args, "spreadsheet_safe", False)
        write_table(report.table, out, safe)
        notes.append(f"wrote {len(report.table):,} rows to {out}")
        if out.suffix.lower() == ".csv" and not safe:
            notes += _warning_of_formulas(report.table)
    if report.text:
        sys.stdout.write(escaped(report.text))
    elif report.lines is not None:
        for line in report.lines:
            sys.stdout.write((json_text(line) if args.json else visible(line)) + "\n")
            sys.stdout.flush()
    elif args.json:
        sys.stdout.write(json_text(as_json(report)) + "\n")
    else:
        sys.stdout.write(facts_text(report.facts))
        if report.table is not None and out is None:
            everything = getattr(args, "all", False) or len(report.table) <= _SHOWN_ROWS
            shown = report.table if everything else report.table.head(_SHOWN_ROWS)
            if report.shown:
                shown = shown[list(report.shown)]
            sys.stdout.write(table_text(shown, _width()))
            if not everything:
                notes.append(
                    f"{_SHOWN_ROWS} of {len(report.table):,} rows shown; --all shows all, "
                    "--out FILE writes them to a file"
                )
    sys.stdout.flush()
    for note in notes:
        sys.stderr.write(f"{visible(note)}\n")


def _warning_of_formulas(table: pd.DataFrame) -> list[str]:
    from taglab.spreadsheets import n_formulas

    n = n_formulas(table)
    if not n:
        return []
    return [
        f"{n:,} cells begin with = + - or @, which a spreadsheet would run as formulas; "
        "--spreadsheet-safe puts an apostrophe before them"
    ]


def json_text(value: Any) -> str:
    """Return JSON that a terminal shows safely and that any encoding can hold."""
    ascii_only = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") != "utf8"
    return escaped(json.dumps(value, indent=1, ensure_ascii=ascii_only, allow_nan=False))


def escaped(text: str) -> str:
    """Return JSON text in which what could steer a terminal is written as an escape."""
    return _UNSEEN_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """Return text without characters that steer a terminal."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _cell(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if isinstance(value, list):
        more = f" +{len(value) - _SHOWN_ITEMS}" if len(value) > _SHOWN_ITEMS else ""
        return ", ".join(_cell(entry) for entry in value[:_SHOWN_ITEMS]) + more
    if isinstance(value, dict):
        return ", ".join(f"{visible(key)}={_cell(entry)}" for key, entry in value.items())
    return visible(str(value))


def facts_text(facts: Mapping[str, Any]) -> str:
    """Return facts as aligned lines, a blank line after them."""
    if not facts:
        return ""
    width = max(map(len, facts))
    lines = []
    for name, value in plain(facts).items():
        label = name.replace("_", " ")
        if isinstance(value, list) and value and _is_a_line(value[0]):
            lines += [f"{label if first else '':<{width}}  {_cell(entry)}" for first, entry in _firsts(value)]
        else:
            lines.append(f"{label:<{width}}  {_cell(value) if value != [] else 'none'}")
    return "\n".join(lines) + "\n\n"


def _is_a_line(entry: Any) -> bool:
    """Whether an entry of a list is long enough for a line of its own: several facts, or a sentence."""
    return isinstance(entry, Mapping) or (isinstance(entry, str) and entry.endswith("."))


def _firsts(entries: Sequence[Any]) -> list[tuple[bool, Any]]:
    return [(number == 0, entry) for number, entry in enumerate(entries)]


def table_text(table: pd.DataFrame, width: int | None) -> str:
    """Return a table as aligned columns, numbers to the right.

    Args:
        table: Its cells are cut at 60 columns of the terminal, but for the last.
        width: Where lines are cut; None: nowhere.
    """
    names = [str(name).replace("_", " ") for name in table.columns]
    rows = [
        [*(_clipped(_cell(value), _WIDEST_COLUMN) for value in row[:-1]), _cell(row[-1])]
        for row in table.itertuples(index=False, name=None)
    ]
    if not rows:
        return f"no rows ({', '.join(names)})\n"
    numeric = [str(dtype).lower().startswith(("int", "uint", "float")) for dtype in table.dtypes]
    widths = [max(map(_columns, column)) for column in zip(names, *rows, strict=True)]
    lines = []
    for row in [names, *rows]:
        cells = [
            " " * (space - _columns(cell)) + cell if right else cell + " " * (space - _columns(cell))
            for cell, space, right in zip(row, widths, numeric, strict=True)
        ]
        lines.append(_clipped("  ".join(cells).rstrip(), width))
    return "\n".join(lines) + "\n"


def _columns(text: str) -> int:
    """Return how many columns a terminal gives a text."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _clipped(line: str, width: int | None) -> str:
    if width is None or _columns(line) <= width:
        return line
    kept, used = [], 0
    for one in line:
        used += _columns(one)
        if used > width - 1:
            break
        kept.append(one)
    return "".join(kept) + "…"


def _width() -> int | None:
    """Return the terminal's width; None where a program reads."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    flat = table.copy()
    for name in flat.columns:
        if flat[name].map(lambda value: isinstance(value, list | tuple)).any():
            flat[name] = [json.dumps(plain(value), ensure_ascii=False) for value in flat[name]]
    flat.to_csv(path, index=False)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    table.to_parquet(path, index=False)


def _write_json(table: pd.DataFrame, path: Path) -> None:
    path.write_text(json.dumps(records(table), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


TABLE_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
}


def write_table(table: pd.DataFrame, path: Path, spreadsheet_safe: bool = False) -> None:
    """Write a table as its file's suffix says, atomically; lists in a CSV are JSON.

    Args:
        table: What to write.
        path: Where to.
        spreadsheet_safe: Whether an apostrophe is put, in a CSV, before what a spreadsheet would run.

    Raises:
        StorageError: If it cannot be written; an earlier file is as it was.
    """
    from taglab.cache import replacing
    from taglab.spreadsheets import without_formulas

    if spreadsheet_safe and path.suffix.lower() == ".csv":
        table = without_formulas(table)
    with replacing(path) as temporary:
        TABLE_WRITERS[path.suffix.lower()](table, temporary)
