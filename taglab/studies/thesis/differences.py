"""In what runs here differ from the thesis: kept with each run, and gathered from many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from taglab.errors import DataError
from taglab.runs import Run, RunWriter, layout
from taglab.studies.thesis.recipes import Difference

__all__ = ["COLUMNS", "differences_table", "keep_differences", "kept_differences"]

COLUMNS = ("what", "here", "thesis", "models")

# A list in the summary, which what else is told of a run is merged with and which travels with it.
_KEY = "differs"

Told = tuple[Difference, str]
"""A difference, and the recipe and network it is of."""


def keep_differences(run: Run, differs: Sequence[Difference], of: str) -> None:
    """Keep in a run in what it differs from the thesis, in place of what was kept before.

    Args:
        run: Of here.
        differs: All that is known.
        of: Recipe and network.
    """
    rows = [[each.what, each.here, each.thesis, of] for each in differs]
    if run.summary().get(_KEY) != rows:
        RunWriter(run).summarise(**{_KEY: rows})


def kept_differences(run: Run) -> list[Told]:
    """Return what was kept; nothing of a run that was not made by a recipe.

    Raises:
        DataError: If it is none of `keep_differences`.
    """
    rows = run.summary().get(_KEY, [])
    sound = isinstance(rows, list) and all(
        isinstance(row, list) and len(row) == 4 and all(isinstance(part, str) for part in row) for row in rows
    )
    if not sound:
        raise DataError(run.folder / layout.SUMMARY, f"{_KEY} must be rows of four texts")
    return [(Difference(what, here, thesis), of) for what, here, thesis, of in rows]


def differences_table(told: Iterable[Told], everything: int) -> pd.DataFrame:
    """Return differences, each once.

    Args:
        told: Of all runs.
        everything: How many recipes and networks there are; what is of all of them is of "all".

    Returns:
        `COLUMNS`; models tells of which recipes and networks a row is.
    """
    rows: dict[Difference, dict[str, None]] = {}
    for difference, of in told:
        rows.setdefault(difference, {})[of] = None
    table = [
        (each.what, each.here, each.thesis, "all" if len(of) == everything else ", ".join(of))
        for each, of in rows.items()
    ]
    return pd.DataFrame(table, columns=list(COLUMNS))
