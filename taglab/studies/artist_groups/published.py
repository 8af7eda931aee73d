"""What Kim published on learning from artist groups, as printed, and what contradicts itself in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from taglab.runs import open_published, published_names
from taglab.studies.pages import Section

__all__ = [
    "ARCHITECTURES",
    "MEASURES",
    "best_by_number",
    "means_by_main_task",
    "means_by_number",
    "printed",
    "sections",
    "table_3_5",
]

_FOLDER = Path(__file__).parent
ARCHITECTURES = ("STN", "MTN")
"""Networks of one task each, their features concatenated; and one network that shares its first block."""
MEASURES = ("log_loss", "f1")
"""Lower is better, higher is better; of genre classification. How F1 is averaged is not told."""
MAIN = "g"
_TABLE_3_3 = {
    ("STN", False): (1.0079, 0.4932), ("MTN", False): (0.9618, 0.5168),
    ("STN", True): (0.8540, 0.6154), ("MTN", True): (0.8486, 0.6155),
}  # fmt: skip
_NOTES_3_3 = (
    "Averages of STN include its five networks of a single task, of which MTN has none. On equal rows, "
    "without the main task, STN has 0.9677 and 0.5253 against MTN's 0.9618 and 0.5168: F1 is then in "
    "favour of STN, as the text says and the table denies.",
    "0.4932, F1 of STN without the main task, is 0.4933 by table 3.4.",
)
_NOTES_3_5 = (
    "For four tasks F1 of STN is 0.6352, but table 3.4 has 0.6379 (gsdm).",
    "For five tasks log-loss of STN is 0.7893, but table 3.4 has 0.7894.",
    "Section 3.5.2 says that the wide network has the better F1 for two tasks; by this table it is so for "
    "three and for four.",
)


def printed() -> pd.DataFrame:
    """Return table 3.4, a row a network and combination of tasks.

    Returns:
        `tasks` (letters: g main genres, m MFCC, d their differences, e Essentia, s subgenres), `n` (how
        many), `main` (whether g is among them), `architecture`, `log_loss`, `f1`; MTN has no row of a single
        task.
    """
    rows = []
    for name in published_names():
        _, _, of = name.partition("kim-")
        architecture, _, tasks = of.partition("-")
        if architecture.upper() in ARCHITECTURES:
            row = {
                "tasks": tasks,
                "n": len(tasks),
                "main": MAIN in tasks,
                "architecture": architecture.upper(),
            }
            rows.append({**row, **open_published(name).scores()})
    return pd.DataFrame(rows)


def table_3_5() -> pd.DataFrame:
    """Return table 3.5: `n`, then log-loss and F1 of wSTN, STN and MTN, the best of so many tasks each."""
    return pd.read_csv(_FOLDER / "table_3_5.csv")


def means_by_main_task(rows: pd.DataFrame, equal_rows: bool) -> pd.DataFrame:
    """Return mean figures of networks with and without the main task.

    Args:
        rows: As of `printed`.
        equal_rows: Whether only combinations count that every architecture has; False counts what is there,
            as table 3.3 does.

    Returns:
        `main`, `architecture`, `rows` (how many), `log_loss`, `f1`.

    Source: Kim 2021, table 3.3.
    """
    if equal_rows:
        count = rows.groupby("tasks")["architecture"].transform("nunique")
        rows = rows[count == rows["architecture"].nunique()]
    grouped = rows.groupby(["main", "architecture"], as_index=False, sort=False)
    means = grouped.agg(rows=("tasks", "size"), log_loss=("log_loss", "mean"), f1=("f1", "mean"))
    return means.sort_values(["main", "architecture"], ascending=[True, False], ignore_index=True)


def means_by_number(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean figures by number of tasks: `n`, `architecture`, `rows`, `log_loss`, `f1`.

    Source: Kim 2021, figure 3.3.
    """
    grouped = rows.groupby(["architecture", "n"], as_index=False, sort=False)
    return grouped.agg(rows=("tasks", "size"), log_loss=("log_loss", "mean"), f1=("f1", "mean"))


def best_by_number(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the best figures of so many tasks with the main one: `n`, `architecture`, `log_loss`, `f1`.

    Each measure has the best of its own.

    Source: Kim 2021, table 3.5.
    """
    several = rows[rows["main"] & (rows["n"] > 1)]
    grouped = several.groupby(["architecture", "n"], as_index=False, sort=False)
    return grouped.agg(log_loss=("log_loss", "min"), f1=("f1", "max"))


def _table_3_3() -> pd.DataFrame:
    rows = [
        {"main": main, "architecture": architecture, "log_loss": log_loss, "f1": f1}
        for (architecture, main), (log_loss, f1) in _TABLE_3_3.items()
    ]
    return pd.DataFrame(rows)


def sections(here: pd.DataFrame | None = None, wide: pd.DataFrame | None = None) -> list[Section]:
    """Return tables 3.3 to 3.5 as printed, beside ours.

    Args:
        here: Ours, as of `printed`; None where nothing was trained.
        wide: Ours of wide networks: `n`, `log_loss`, `f1`; None where none was trained.
    """
    means = None if here is None else means_by_main_task(here, equal_rows=True)
    best = None if here is None else _best_beside(here, wide)
    equal = "on combinations that both have"
    return [
        Section("Table 3.3", "With the main task, and without", _table_3_3(), means, equal, _NOTES_3_3),
        Section("Table 3.4", "Every combination of tasks", printed(), here),
        Section(
            "Table 3.5", "The best of so many tasks, and a wide network", table_3_5(), best, "", _NOTES_3_5
        ),
    ]


def _best_beside(here: pd.DataFrame, wide: pd.DataFrame | None) -> pd.DataFrame:
    """Return table 3.5 of our runs."""
    best = best_by_number(here)
    every = best if wide is None else pd.concat([wide.assign(architecture="wSTN"), best])
    numbers = sorted(every["n"].unique())
    columns: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {}
    for measure in MEASURES:
        for architecture in ("wSTN", *ARCHITECTURES):
            own = every[every["architecture"] == architecture].set_index("n")[measure]
            columns[f"{architecture.lower()}_{measure}"] = own.reindex(numbers).to_numpy(np.float64)
    return pd.DataFrame({"n": numbers, **columns})
