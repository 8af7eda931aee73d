"""`taglab compare-runs`: what the Compare page shows, as tables."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taglab.cli.options import Parser, UsageError, finish
from taglab.cli.progress import progress_bar
from taglab.verbs.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.outcomes import Predictions
    from taglab.progress import Progress
    from taglab.runs import Run

_OF_RESULTS = ("label", "pair", "group", "counts")
_OF_TEST = ("repeats", "queries")


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "compare-runs",
        help="runs side by side: means, labels, tag groups, settings",
        description="Compare runs, made here, imported or published. A row is what --by says: summary (the "
        "means of a run at one epoch), settings (one in which they differ), epoch, label, pair (a label of "
        "the first two runs, with their difference), group (of tags), counts (correlation with them), "
        "queries (how well a run orders labels for tracks, or tracks for labels), "
        "repeats (runs that differ only in seeds, splits and folds, averaged, with their spread).",
        returns="{warning, left_out: [sentence], compared: [sentence], rows: [...]}; warning tells why the "
        "runs may not be comparable, compared how differences were tested; rows depend on --by",
        fill=_fill,
        examples="""
taglab compare-runs thesis-3.3-k100-spectrogram thesis-3.3-tags-spectrogram
taglab compare-runs thesis-3.3-k100-spectrogram thesis-3.3-tags-spectrogram --by pair --metric auc_pr
taglab compare-runs tags clusters --by pair --truth common --judge tags --moment test --out pairs.csv
taglab compare-runs fold-0 fold-1 fold-2 fold-3 fold-4 --by repeats
taglab compare-runs tags clusters --by queries --query label
""",
    )


def _fill(parser: Parser) -> None:
    from taglab.compare.groups import GROUPINGS
    from taglab.metrics import metrics_of
    from taglab.outcomes.rankings import QUERIES
    from taglab.runs.tables import MOMENTS

    metrics = metrics_of()
    parser.add_argument("runs", nargs="+", metavar="RUN", help="names of runs")
    rows = ("summary", "settings", "epoch", "repeats", "queries", *_OF_RESULTS)
    parser.add_argument("--by", choices=rows, default="summary", help="what a row is (default: summary)")
    group = parser.add_argument_group("which results (for all but --by summary, settings and epoch)")
    group.add_argument(
        "--metric",
        choices=tuple(metrics),
        help="; ".join(f"{name}: {metric.about}" for name, metric in metrics.items())
        + " (default: the first that most of the runs have)",
    )
    group.add_argument(
        "--grouping",
        choices=tuple(GROUPINGS),
        help="with --by group: the thesis's eight groups, or the stages' four categories (default: those "
        "that fit the labels)",
    )
    group.add_argument(
        "--moment",
        choices=tuple(MOMENTS),
        help="last or best epoch on validation tracks, or held-out test (default: last; of "
        "repeats and queries test)",
    )
    group.add_argument(
        "--truth",
        choices=("own", "common", "lift"),
        default="own",
        help="own: each run by its own labels; common: all by those of --judge, on the tracks and labels "
        "they share, pairs with intervals and p; lift: own, divided by chance (default: own)",
    )
    group.add_argument(
        "--query",
        choices=QUERIES,
        default=QUERIES[0],
        help="with --by queries: rank the labels for every track, or the tracks for every label "
        f"(default: {QUERIES[0]})",
    )
    group.add_argument("--judge", metavar="RUN", help="whose truth is common (default: the first run's)")
    finish(parser, _compare)


def _compare(args: argparse.Namespace) -> Report:
    from taglab.compare.inputs import inputs_warning
    from taglab.outcomes import split_warning
    from taglab.runs import open_run
    from taglab.runs.tables import MOMENTS

    if len(set(args.runs)) < len(args.runs):
        raise UsageError("a run stands twice")
    if args.judge is not None and (args.truth != "common" or args.judge not in args.runs):
        raise UsageError("--judge names one of the runs, and goes with --truth common")
    if args.by == "pair" and len(args.runs) < 2:
        raise UsageError("--by pair needs two runs")
    args.moment = args.moment or ("test" if args.by in _OF_TEST else "last")
    runs = {name: open_run(name) for name in args.runs}
    abouts = [run.about for run in runs.values()]
    warnings = (
        split_warning([about.split for about in abouts], [about.evaluated for about in abouts]),
        inputs_warning(runs),
    )
    warning = " ".join(filter(None, warnings)) or None
    left_out: list[str] = []
    said: list[str] = []
    with progress_bar() as progress:
        if args.by in _OF_RESULTS:
            table = _of_results(args, runs, left_out, said, progress)
        else:
            table = _of_runs(runs, args, progress)[args.by]()
    if args.by == "queries":
        without = [name for name in runs if name not in set(table["run"])]
        left_out += [f"{name} has kept no predictions ({MOMENTS[args.moment]})" for name in without]
    notes = (*([warning] if warning else []), *left_out, *said)
    return Report({"warning": warning, "left_out": left_out, "compared": said}, table, notes=notes)


def _of_runs(
    runs: Mapping[str, Run], args: argparse.Namespace, progress: Progress
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return what makes the tables that need no choice of a metric."""
    import pandas as pd

    from taglab.compare.inputs import settings_with_inputs
    from taglab.compare.queries import by_queries
    from taglab.compare.repeats import repeats_table
    from taglab.compare.tables import differing_settings
    from taglab.runs.tables import history, summary_table

    def epochs() -> pd.DataFrame:
        parts = [history(run).assign(run=name) for name, run in runs.items()]
        together = pd.concat(parts, ignore_index=True)
        return together[["run", *(column for column in together.columns if column != "run")]]

    return {
        "summary": lambda: summary_table(runs),
        "settings": lambda: differing_settings(
            {name: settings_with_inputs(run) for name, run in runs.items()}
        ),
        "epoch": epochs,
        "repeats": lambda: repeats_table(runs, args.moment),
        "queries": lambda: by_queries(runs, args.moment, args.query, progress),
    }


def _of_results(
    args: argparse.Namespace,
    runs: Mapping[str, Run],
    left_out: list[str],
    said: list[str],
    progress: Progress,
) -> pd.DataFrame:
    from taglab.compare.tables import correlations, metric_most_have, stacked
    from taglab.metrics import METRICS
    from taglab.runs.tables import MOMENTS, of_predictions, results

    judged: dict[str, Predictions] = {}
    if args.truth == "common":
        judged = _judged(args, runs)
        tables = {name: of_predictions(predictions) for name, predictions in judged.items()}
    else:
        tables = {name: results(run, args.moment) for name, run in runs.items()}
    metric = args.metric or metric_most_have(tables)
    rows = stacked(tables, metric, args.truth == "lift")
    rows = rows[rows["value"].notna()]
    groups = _groups(args, rows, runs, metric) if args.by == "group" else rows
    without = [name for name in runs if name not in set(groups["run"])]
    left_out += [f"{name} has no {METRICS[metric].title} ({MOMENTS[args.moment]})" for name in without]
    if args.by == "pair":
        return _pairs(args, rows, judged, metric, without, said, progress)
    tables_of = {"label": lambda: rows, "group": lambda: groups, "counts": lambda: correlations(rows)}
    return tables_of[args.by]()


def _groups(
    args: argparse.Namespace, rows: pd.DataFrame, runs: Mapping[str, Run], metric: str
) -> pd.DataFrame:
    import pandas as pd

    from taglab.compare.groups import by_group, grouping_of, printed_groups

    printed_of = runs if args.truth == "own" else {}
    grouping = args.grouping or grouping_of(rows, printed_of)
    printed = printed_groups(printed_of, metric, grouping)
    found = by_group(rows[~rows["run"].isin(printed["run"])], grouping)
    return pd.concat([part for part in (found, printed) if len(part)] or [found], ignore_index=True)


def _judged(args: argparse.Namespace, runs: Mapping[str, Run]) -> dict[str, Predictions]:
    from taglab.compare.decisions import predictions_at
    from taglab.compare.tables import common_truth
    from taglab.errors import NotFound
    from taglab.runs.tables import MOMENTS

    found = {}
    for name, run in runs.items():
        predictions = predictions_at(run, args.moment)
        if predictions is None:
            raise NotFound(
                f"run {name!r} has kept no predictions ({MOMENTS[args.moment]}), and cannot be judged anew"
            )
        found[name] = predictions
    return common_truth(found, args.judge or args.runs[0])


def _pairs(
    args: argparse.Namespace,
    rows: pd.DataFrame,
    judged: Mapping[str, Predictions],
    metric: str,
    without: list[str],
    said: list[str],
    progress: Progress,
) -> pd.DataFrame:
    from taglab.compare.intervals import with_intervals
    from taglab.compare.tables import paired
    from taglab.errors import NotFound
    from taglab.metrics import METRICS

    first, second = args.runs[:2]
    for name in (first, second):
        if name in without:
            raise NotFound(f"run {name!r} has no such results; --metric and --moment name others")
    table = paired(rows, first, second)
    if judged and METRICS[metric].interval is not None:
        pair = {name: judged[name] for name in (first, second)}
        found = with_intervals(table, pair, first, second, metric, progress)
        said.append(found.said)
        return found.table
    return table
