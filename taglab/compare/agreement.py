"""Printed figures held against a run's own, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from taglab.compare.groups import tag_groups
from taglab.runs.published import PublishedRun
from taglab.runs.run import Run

TOLERANCE = 1e-4
"""What truncating to the four decimals that are printed can take away."""

_COLUMNS = ["table", "label", "threshold", "figure", "printed", "found"]
_SHARES = ("tp", "tn", "fp", "fn")


def cells(published: PublishedRun, run: Run) -> pd.DataFrame:
    """Return every printed figure that a run has one for.

    Figures by label and by group of tags, and confusion shares, are of the run's last epoch, summary figures
    of each metric's best epoch, as printed. Shares at a threshold are of the first of the run's 200
    thresholds at or above it.

    Returns:
        Columns table, label (of a group's figure the group; empty: of all), threshold (NaN: none), figure,
        printed, found, difference (found less printed).
    """
    parts = (_summary, _by_label, _by_group, _decisions)
    table = pd.DataFrame([row for part in parts for row in part(published, run)], columns=_COLUMNS)
    return table.assign(difference=table["found"] - table["printed"])


def cells_that_differ(published: PublishedRun, run: Run, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """Return the rows of `cells` whose two figures are further apart than `tolerance`."""
    table = cells(published, run)
    return table[table["difference"].abs() > tolerance].reset_index(drop=True)


def _summary(published: PublishedRun, run: Run) -> Iterator[tuple[Any, ...]]:
    part = published.source["part"]
    history = run.history() if part == "best" else pd.DataFrame()
    for figure, printed in published.summary()[part].items():
        if len(history):
            found = history[figure].max() if history[figure].notna().all() else np.nan
        else:
            found = run.summary()[part].get(figure)
        if found is not None and not np.isnan(found):
            yield published.printed["tables"], "", np.nan, figure, printed, found


def _by_label(published: PublishedRun, run: Run) -> Iterator[tuple[Any, ...]]:
    found = run.per_label("last").set_index("label")["auc_pr"].to_dict()
    for row in published.printed_by_label().itertuples():
        if row.label in found:
            yield str(row.table), row.label, np.nan, "auc_pr", row.auc_pr, found[row.label]


def _by_group(published: PublishedRun, run: Run) -> Iterator[tuple[Any, ...]]:
    figures = run.per_label("last")
    means = figures.groupby(figures["label"].map(dict(tag_groups(run.classes))))["auc_pr"].mean().to_dict()
    for row in published.groups().itertuples():
        if row.group in means:
            yield str(row.table), row.group, np.nan, "group_auc_pr", row.auc_pr, means[row.group]


def _decisions(published: PublishedRun, run: Run) -> Iterator[tuple[Any, ...]]:
    counts, classes = run.confusion("last"), run.classes
    if counts is None:
        return
    for row in published.decisions().to_dict("records"):
        if row["label"] not in classes:
            continue
        level = int(np.searchsorted(counts.thresholds, row["threshold"]))
        shares = counts.normalised(level)[:, classes.index(row["label"])]
        for figure, found in zip(_SHARES, shares, strict=True):
            yield str(row["table"]), row["label"], row["threshold"], figure, row[figure], found
