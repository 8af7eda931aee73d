"""Runs as rankings: how well labels are ordered for tracks, or tracks for labels, whatever the run keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from taglab.compare.decisions import predictions_at
from taglab.metrics import MATERIALS, Mean, mean_columns
from taglab.metrics.validation import DoubleArray
from taglab.outcomes import Predictions
from taglab.progress import Progress, between, silent
from taglab.runs.run import Run

Query = Literal["track", "label"]


def query_means(
    runs: Mapping[str, Run],
    moment: str = "test",
    query: Query = "track",
    progress: Progress = silent,
    judged: Mapping[str, Predictions] | None = None,
) -> pd.DataFrame:
    """Return the mean over queries of every metric of rankings, and where it would lie with other queries.

    Args:
        runs: Title of each run → the run.
        moment: One of `MOMENTS`. Where no predictions of it are kept, the means that the run's summary tells
            are taken: results of others may be no more.
        query: Whether labels are ranked for every track, or tracks for every label.
        progress: Told after each run.
        judged: Title of a run → predictions to take instead of its own of the moment, such as those of
            tracks that all runs have; runs that are not in it are left out. None: their own.

    Returns:
        One row a run and metric: `run`, `mean` (column of the mean, see `mean_columns`), `value`, `low` and
        `high` (95 % by Student's t over queries; NaN of means alone), `queries`, and `without_relevant`
        (queries to which no item is relevant; they are left out of means). Runs that know nothing have none.
    """
    rows = []
    for number, (title, run) in enumerate(runs.items()):
        report = between(progress, number / len(runs), (number + 1) / len(runs), title)
        kept = predictions_at(run, moment) if judged is None else judged.get(title)
        if kept is not None and kept.scores.size:
            rows += [{"run": title, **row} for row in _of_predictions(kept, query, report)]
        elif judged is None:
            rows += [{"run": title, **row} for row in _of_summary(run, moment)]
    table = pd.DataFrame(rows, columns=["run", "mean", "value", "low", "high", "queries", "without_relevant"])
    numbers = dict.fromkeys(("value", "low", "high"), "float64")
    return table.astype({"queries": "Int64", "without_relevant": "Int64", **numbers})


def by_queries(
    runs: Mapping[str, Run], moment: str = "test", query: Query = "track", progress: Progress = silent
) -> pd.DataFrame:
    """Return the means of `query_means`, one row a run.

    Returns:
        One row a run that knows anything: `run`, `queries`, `without_relevant`, and a column for each mean;
        NaN where not known.
    """
    return wide(query_means(runs, moment, query, progress))


def wide(means: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `query_means` with a row a run and a column a mean."""
    facts = means.groupby("run", sort=False)[["queries", "without_relevant"]].first().reset_index()
    values = means.pivot_table(index="run", columns="mean", values="value", sort=False)
    values = values.reindex(columns=list(mean_columns("rankings"))).astype("float64")
    return facts.merge(values.rename_axis(columns=None), left_on="run", right_index=True, how="left")


def _of_predictions(predictions: Predictions, query: Query, progress: Progress) -> list[dict[str, object]]:
    rankings = predictions.as_rankings(query)
    ranked = MATERIALS["rankings"](rankings.scores, rankings.relevant, progress)
    facts = {"queries": len(rankings.queries), "without_relevant": rankings.without_relevant}
    return [
        {"mean": column, **_interval(mean, mean.metric.of(ranked)), **facts}
        for column, mean in mean_columns("rankings").items()
    ]


def _interval(mean: Mean, by_query: DoubleArray) -> dict[str, float]:
    interval = mean.metric.mean_interval(by_query)
    return {"value": interval.estimate, "low": interval.low, "high": interval.high}


def _of_summary(run: Run, moment: str) -> list[dict[str, object]]:
    kept = run.summary()[moment]  # which keeps the means of each moment under its name
    return [
        {"mean": column, "value": kept[column]}
        for column in mean_columns("rankings")
        if kept.get(column) is not None
    ]
