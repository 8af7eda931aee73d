"""Pairs of artists who are alike, as files."""

from __future__ import annotations

from pathlib import Path

from taglab.errors import DataError
from taglab.sources.reading import text_table

_COLUMNS = ("artist", "similar")


def read_similar_artists(path: Path) -> tuple[tuple[str, str], ...]:
    """Read which artists are alike.

    Args:
        path: A table with the columns `artist` and `similar`, tab-separated where it ends in .tsv, a row a
            pair; either way round.

    Raises:
        DataError: If it is no such table, or a name is empty.
    """
    table = text_table(path, "pairs of artists")
    absent = [column for column in _COLUMNS if column not in table]
    if absent or table.empty:
        raise DataError(path, f"must have the columns {' and '.join(_COLUMNS)}, and a row")
    empty = (table[list(_COLUMNS)] == "").any(axis=1).to_numpy()
    if empty.any():
        raise DataError(path, "names no artist in a row", line=int(empty.argmax()) + 2)
    return tuple(zip(table["artist"], table["similar"], strict=True))
