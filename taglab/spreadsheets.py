"""Cells of a CSV that a spreadsheet would run as formulas, for tags are written by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take text for a formula."""


def n_formulas(table: pd.DataFrame) -> int:
    """Return how many cells of text, and names of columns, begin as a formula does."""
    return sum(str(name).startswith(_STARTS) for name in table.columns) + sum(
        int(_begins(table[name]).sum()) for name in _text_columns(table)
    )


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which an apostrophe stands before each such cell, so that it is shown as text."""
    safe = {}
    for name in _text_columns(table):
        begins = _begins(table[name])
        if begins.any():
            column = table[name].astype(object)
            safe[name] = column.mask(begins, "'" + column[begins])
    names = [f"'{name}" if str(name).startswith(_STARTS) else name for name in table.columns]
    return table.assign(**safe).set_axis(names, axis="columns")


def _begins(column: pd.Series) -> pd.Series:
    if column.dtype == object:
        return column.map(lambda cell: isinstance(cell, str) and cell.startswith(_STARTS)).astype(bool)
    return column.str.startswith(_STARTS).fillna(False).astype(bool)


def _text_columns(table: pd.DataFrame) -> list[str]:
    from pandas.api.types import is_object_dtype, is_string_dtype

    return [name for name in table.columns if is_object_dtype(table[name]) or is_string_dtype(table[name])]
