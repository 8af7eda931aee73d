"""Runs as rankings: how well labels are ordered for tracks, or tracks for labels, whatever the run keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from taglab.compare.decisions import predictions_at
from taglab.metrics import MATERIALS, figures_of, mean_columns
from taglab.progress import Progress, between, silent
from taglab.runs.run import Run


def by_queries(
    runs: Mapping[str, Run],
    moment: str = "test",
    query: Literal["track", "label"] = "track",
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return the means over queries of every metric of rankings.

    Args:
        runs: Title of each run → the run.
        moment: One of `MOMENTS`. Where no predictions of it are kept, the means that the run's summary tells
            are
            taken: results of others may be no more.
        query: Whether labels are ranked for every track, or tracks for every label.
        progress: Told after each run.

    Returns:
        One row a run that knows anything: `run`, `queries`, `without_relevant` (queries to which no item is
        relevant; they are left out of means), and a column for each mean; NaN where not known.
    """
    rows = []
    for number, (title, run) in enumerate(runs.items()):
        report = between(progress, number / len(runs), (number + 1) / len(runs), title)
        row = _of_run(run, moment, query, report)
        if row:
            rows.append({"run": title, **row})
    columns = ["run", "queries", "without_relevant", *mean_columns("rankings")]
    table = pd.DataFrame(rows, columns=columns)
    numbers = dict.fromkeys(mean_columns("rankings"), "float64")
    return table.astype({"queries": "Int64", "without_relevant": "Int64", **numbers})


def _of_run(run: Run, moment: str, query: Literal["track", "label"], progress: Progress) -> dict[str, Any]:
    predictions = predictions_at(run, moment)
    if predictions is None or not predictions.scores.size:
        # A summary keeps the means of each moment under its name.
        kept = run.summary()[moment]
        return {column: kept[column] for column in mean_columns("rankings") if kept.get(column) is not None}
    rankings = predictions.as_rankings(query)
    _, means = figures_of(MATERIALS["rankings"](rankings.scores, rankings.relevant, progress), "rankings")
    return {"queries": len(rankings.queries), "without_relevant": rankings.without_relevant, **means}
