"""Runs side by side: what the Compare page shows, as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.compare.decisions import predictions_at
from taglab.compare.groups import GROUPINGS, by_group, grouping_of, printed_groups
from taglab.compare.inputs import inputs_warning, settings_with_inputs
from taglab.compare.intervals import with_intervals
from taglab.compare.queries import by_queries
from taglab.compare.repeats import repeats_table
from taglab.compare.tables import (
    common_truth,
    correlations,
    differing_settings,
    metric_most_have,
    paired,
    stacked,
)
from taglab.errors import NotFound
from taglab.metrics import METRICS, metrics_of
from taglab.outcomes import Predictions, split_warning
from taglab.progress import Progress
from taglab.runs import Run, open_run
from taglab.runs.tables import MOMENTS, history, of_predictions, results, summary_table
from taglab.settings import Flag, Group
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_OF_TEST = ("repeats", "queries")


def _metrics() -> dict[str, str]:
    return {name: metric.about for name, metric in metrics_of().items()}


class WhichResults(BaseModel):
    """Which results are compared.

    Attributes:
        metric: Which metric (default: the first that most of the runs have).
        grouping: With --by group: the thesis's eight groups, or the stages' four categories (default: those
            that fit the labels).
        moment: Last or best epoch on validation tracks, or held-out test (default: last; of repeats and
            queries test).
        truth: own: each run by its own labels; common: all by those of --judge, on the tracks and labels they
            share, pairs with intervals and p; lift: own, divided by chance.
        query: With --by queries: rank the labels for every track, or the tracks for every label.
        judge: Whose truth is common (default: the first run's).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Annotated[str | None, Flag(choices=_metrics)] = None
    grouping: Annotated[str | None, Flag(choices=GROUPINGS)] = None
    moment: Annotated[str | None, Flag(choices=MOMENTS)] = None
    truth: Literal["own", "common", "lift"] = "own"
    query: Literal["track", "label"] = "track"
    judge: Annotated[str | None, Flag(metavar="RUN")] = None


@dataclass(frozen=True, eq=False)
class _Rows:
    """A table, with sentences on what it leaves out and on how differences were tested."""

    table: pd.DataFrame
    left_out: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


class CompareRuns(Question):
    """Compare runs, made here, imported or published. A row is what --by says: summary (the means of a run at
    one epoch), settings (one in which they differ), epoch, label, pair (a label of the first two runs, with
    their difference), group (of tags), counts (correlation with them), queries (how well a run orders labels
    for tracks, or tracks for labels), repeats (runs that differ only in seeds, splits and folds, averaged,
    with their spread).

    Attributes:
        runs: Names of runs.
        by: What a row is.
        which: Which results.
    """

    returns: ClassVar[str] = (
        "{warning, left_out: [sentence], compared: [sentence], rows: [...]}; warning tells why the runs may "
        "not be comparable, compared how differences were tested; rows depend on --by"
    )
    examples: ClassVar[str] = """
taglab compare-runs thesis-3.3-k100-spectrogram thesis-3.3-tags-spectrogram
taglab compare-runs thesis-3.3-k100-spectrogram thesis-3.3-tags-spectrogram --by pair --metric auc_pr
taglab compare-runs tags clusters --by pair --truth common --judge tags --moment test --out pairs.csv
taglab compare-runs fold-0 fold-1 fold-2 fold-3 fold-4 --by repeats
taglab compare-runs tags clusters --by queries --query label
"""

    runs: Annotated[tuple[str, ...], Flag(metavar="RUN", word=True)] = Field(min_length=1)
    by: Annotated[
        Literal["summary", "settings", "epoch", "repeats", "queries", "label", "pair", "group", "counts"],
        Flag(named=True),
    ] = "summary"
    which: Annotated[WhichResults, Group("which results (for all but --by summary, settings and epoch)")] = (
        WhichResults()
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if len(set(self.runs)) < len(self.runs):
            raise ValueError("a run stands twice")
        judge = self.which.judge
        if judge is not None and (self.which.truth != "common" or judge not in self.runs):
            raise ValueError("--judge names one of the runs, and goes with --truth common")
        if self.by == "pair" and len(self.runs) < 2:
            raise ValueError("--by pair needs two runs")
        return self

    @property
    def moment(self) -> str:
        """Of which results."""
        return self.which.moment or ("test" if self.by in _OF_TEST else "last")

    def answer(self, progress: Progress) -> Report:
        """Return the rows that are asked for, and what to beware of."""
        runs = {name: open_run(name) for name in self.runs}
        abouts = [run.about for run in runs.values()]
        warnings = (
            split_warning([about.split for about in abouts], [about.evaluated for about in abouts]),
            inputs_warning(runs),
        )
        warning = " ".join(filter(None, warnings)) or None
        of_runs = self._of_runs(runs, progress)
        rows = of_runs[self.by]() if self.by in of_runs else self._of_results(runs, progress)
        facts = {"warning": warning, "left_out": list(rows.left_out), "compared": list(rows.compared)}
        notes = (*([warning] if warning else []), *rows.left_out, *rows.compared)
        return Report(facts, rows.table, notes=notes)

    def _of_runs(self, runs: Mapping[str, Run], progress: Progress) -> dict[str, Callable[[], _Rows]]:
        """Return what makes the tables that need no choice of a metric."""
        return {
            "summary": lambda: _Rows(summary_table(runs)),
            "settings": lambda: _Rows(
                differing_settings({name: settings_with_inputs(run) for name, run in runs.items()})
            ),
            "epoch": lambda: _Rows(_epochs(runs)),
            "repeats": lambda: _Rows(repeats_table(runs, self.moment)),
            "queries": lambda: self._queries(runs, progress),
        }

    def _queries(self, runs: Mapping[str, Run], progress: Progress) -> _Rows:
        table = by_queries(runs, self.moment, self.which.query, progress)
        without = [name for name in runs if name not in set(table["run"])]
        return _Rows(
            table, tuple(f"{name} has kept no predictions ({MOMENTS[self.moment]})" for name in without)
        )

    def _of_results(self, runs: Mapping[str, Run], progress: Progress) -> _Rows:
        judged = self._judged(runs) if self.which.truth == "common" else {}
        tables = {name: of_predictions(predictions) for name, predictions in judged.items()}
        tables = tables or {name: results(run, self.moment) for name, run in runs.items()}
        metric = self.which.metric or metric_most_have(tables)
        rows = stacked(tables, metric, self.which.truth == "lift")
        rows = rows[rows["value"].notna()]
        shown = self._groups(rows, runs, metric) if self.by == "group" else rows
        without = [name for name in runs if name not in set(shown["run"])]
        left_out = tuple(
            f"{name} has no {METRICS[metric].title} ({MOMENTS[self.moment]})" for name in without
        )
        if self.by == "pair":
            return self._pairs(rows, judged, metric, left_out, progress)
        return _Rows(correlations(rows) if self.by == "counts" else shown, left_out)

    def _judged(self, runs: Mapping[str, Run]) -> dict[str, Predictions]:
        """Return predictions against the truth of one run, on the tracks and labels that all have."""
        kept = {name: predictions_at(run, self.moment) for name, run in runs.items()}
        for name, predictions in kept.items():
            if predictions is None:
                what = f"run {name!r} has kept no predictions ({MOMENTS[self.moment]})"
                raise NotFound(f"{what}, and cannot be judged anew")
        known = {name: predictions for name, predictions in kept.items() if predictions is not None}
        return common_truth(known, self.which.judge or self.runs[0])

    def _groups(self, rows: pd.DataFrame, runs: Mapping[str, Run], metric: str) -> pd.DataFrame:
        printed_of = runs if self.which.truth == "own" else {}
        grouping = self.which.grouping or grouping_of(rows, printed_of)
        printed = printed_groups(printed_of, metric, grouping)
        computed = by_group(rows[~rows["run"].isin(printed["run"])], grouping)
        return pd.concat([part for part in (computed, printed) if len(part)] or [computed], ignore_index=True)

    def _pairs(
        self,
        rows: pd.DataFrame,
        judged: Mapping[str, Predictions],
        metric: str,
        left_out: tuple[str, ...],
        progress: Progress,
    ) -> _Rows:
        first, second = self.runs[:2]
        for name in (first, second):
            if name not in set(rows["run"]):
                raise NotFound(f"run {name!r} has no such results; --metric and --moment name others")
        table = paired(rows, first, second)
        if not judged or METRICS[metric].interval is None:
            return _Rows(table, left_out)
        pair = {name: judged[name] for name in (first, second)}
        tested = with_intervals(table, pair, first, second, metric, progress)
        return _Rows(tested.table, left_out, (tested.said,))


def _epochs(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the history of every run, one below the other."""
    parts = [history(run).assign(run=name) for name, run in runs.items()]
    together = pd.concat(parts, ignore_index=True)
    return together[["run", *(column for column in together.columns if column != "run")]]
