"""Several runs side by side, as tables: results of every label, pairs of them, tag groups, counts, settings.

Intervals of pairs are in `taglab.runs.intervals`.

A table of results has a row a label: `label`, `auc_pr` (interpolated over 200 thresholds, as Keras and the
thesis take it), `average_precision` (exact), `auc_roc`, `positives` (tracks evaluated that have the label),
`tracks` (evaluated), `prevalence` and `counts` (tracks of the whole data set with the label, where told).
What a run does not know is NaN. The first two metrics are different numbers of one curve and never stand in
one column.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.cleaning.categories import UNCATEGORISED, Categories
from taglab.cleaning.collapse_words import STAGE_1
from taglab.metrics.balance import correlation_with_counts, lift
from taglab.metrics.tagging import tagging_scores
from taglab.metrics.thresholds import auc_pr_interpolated, confusion
from taglab.predictions import Predictions, in_common
from taglab.progress import Progress, silent
from taglab.runs.derived import kept_figures, kept_results
from taglab.runs.published import PublishedRun
from taglab.runs.run import Run, best_epoch

METRICS = {
    "average_precision": "AUC-PR, exact",
    "auc_pr": "AUC-PR, interpolated",
    "auc_roc": "AUC-ROC",
}
"""Column of a table of results → what it is called on an axis."""

MOMENTS = {
    "last": "last epoch, validation",
    "best": "best epoch by validation",
    "test": "held-out test",
}
"""Which of a run's results are meant → what they are called."""

COLUMNS = ("label", *METRICS, "positives", "tracks", "prevalence", "counts")


# Of the thesis's hundred tags those that its author grouped otherwise than the word lists do.
_BY_HAND = {
    "sexy": "Meaningless",
    "soundtrack": "Meaningless",
    "singer-songwriter": "Miscellaneous",
    "instrumental": "Miscellaneous",
    "ambient": "Miscellaneous",
    "lounge": "Miscellaneous",
}
GROUPS = (
    "Genres", "Instruments", "Dates", "Voices", "Emotions", "Nationalities", "Meaningless", "Miscellaneous",
    UNCATEGORISED,
)  # fmt: skip
"""The thesis's groups of tags in its order, and what is in none."""

GROUPINGS = {"thesis": GROUPS, "stages": (*STAGE_1, UNCATEGORISED)}
"""Ways to group labels → their groups: the thesis's eight, or the categories of stage I's chosen tags."""

_CATEGORY_OF = {tag: category for category, tags in STAGE_1.items() for tag in tags}


def results(run: Run, moment: str = "last") -> pd.DataFrame:
    """Return one run's results against its own truth, a row a label.

    Args:
        run: Any run.
        moment: One of `MOMENTS`.

    Returns:
        The columns of this module; no rows where the run has no such results.
    """
    return kept_results(run, moment, lambda: _results(run, moment))


def _results(run: Run, moment: str) -> pd.DataFrame:
    if moment == "test":
        predictions = run.predictions("test")
        return pd.DataFrame(columns=list(COLUMNS)) if predictions is None else of_predictions(predictions)
    kept = run.per_label("best" if moment == "best" else "last")
    columns = {name: _numbers(kept, name) for name in (*METRICS, "positives", "counts")}
    if run.about.auc_pr == "exact":
        columns |= {"average_precision": columns["auc_pr"], "auc_pr": np.full(len(kept), np.nan)}
    counts = run.confusion("last")  # of the same tracks at any epoch
    tracks = np.nan
    if counts is not None and tuple(kept["label"]) == run.classes:
        tracks = float(counts.positives[0] + counts.negatives[0])
        columns["positives"] = counts.positives.astype(np.float64)
    columns |= {"tracks": np.full(len(kept), tracks), "prevalence": columns["positives"] / tracks}
    return pd.DataFrame({"label": kept["label"].to_numpy(object), **columns}, columns=list(COLUMNS))


def _numbers(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column as floats; NaN where there is none."""
    return table[name].to_numpy(np.float64) if name in table else np.full(len(table), np.nan)


def of_predictions(predictions: Predictions, progress: Progress = silent) -> pd.DataFrame:
    """Return the results of predictions, a row a label, every column known."""
    found = tagging_scores(predictions.truth, predictions.scores, progress)
    return pd.DataFrame(
        {
            "label": list(predictions.classes),
            "auc_pr": auc_pr_interpolated(confusion(predictions.truth, predictions.scores)),
            "average_precision": found.average_precision,
            "auc_roc": found.roc_auc,
            "positives": found.positives.astype(np.float64),
            "tracks": float(found.n_tracks),
            "prevalence": found.prevalence,
            "counts": np.nan,
        }
    )


def common_truth(predictions: Mapping[str, Predictions], reference: str) -> dict[str, Predictions]:
    """Return all predictions on the tracks and classes that every one has, against one truth.

    Args:
        predictions: Title of each run → what it said, with ids of tracks.
        reference: Title of the run whose truth is taken for all.

    Raises:
        InvalidSetting: If they have no track or no class in common, or one has no ids of tracks.
    """
    judge = predictions[reference]
    for theirs in predictions.values():
        _, judge = in_common(theirs, judge)
    aligned = {title: in_common(judge, theirs)[1] for title, theirs in predictions.items()}
    return {title: replace(theirs, truth=judge.truth) for title, theirs in aligned.items()}


def stacked(tables: Mapping[str, pd.DataFrame], metric: str, as_lift: bool = False) -> pd.DataFrame:
    """Return the results of several runs below one another.

    Args:
        tables: Title of each run → its table of results.
        metric: One of `METRICS`.
        as_lift: Whether to divide by what chance reaches: the prevalence, or 0.5 for ROC-AUC.

    Returns:
        `run`, `label`, `value`, `count` (tracks evaluated that have the label; where a run does not know any,
        tracks of the whole data set), `prevalence`, `group` (of tags, see `tag_groups`).
    """
    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: [] for name in ("run", "label", "value", "count", "prevalence")
    }
    for title, table in tables.items():
        values, counts = _numbers(table, metric), _numbers(table, "positives")
        if np.isnan(counts).all():
            counts = _numbers(table, "counts")
        columns["run"].append(np.full(len(table), title, object))
        columns["label"].append(table["label"].to_numpy(object))
        columns["value"].append(lift(values, _chance(table, metric)) if as_lift else values)
        columns["count"].append(counts)
        columns["prevalence"].append(_numbers(table, "prevalence"))
    joined = {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in columns.items()}
    together = pd.DataFrame(joined)
    groups = tag_groups(tuple(together["label"].drop_duplicates()))
    return together.assign(group=together["label"].map(groups).astype(object))


def metric_most_have(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the first of `METRICS` that most of the tables of results have."""
    having = {name: sum(table[name].notna().any() for table in tables.values()) for name in METRICS}
    return max(METRICS, key=having.__getitem__)


def _chance(table: pd.DataFrame, metric: str) -> npt.NDArray[np.float64]:
    return np.full(len(table), 0.5) if metric == "auc_roc" else _numbers(table, "prevalence")


@functools.lru_cache(maxsize=64)
def tag_groups(labels: tuple[str, ...]) -> Mapping[str, str]:
    """Return the tag group of each label, one of `GROUPS`: by the words it holds.

    The thesis's hundred tags are in the groups its author put them.

    Source: Ros Perez 2021, tables 8 and 32.
    """
    by_words = Categories(scheme="thesis").categories(labels)
    return {label: _BY_HAND.get(label.casefold(), group) for label, group in by_words.items()}


def paired(rows: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return one row a label that two runs have, a column a run.

    Args:
        rows: As `stacked` gives; of more than the two runs, if need be.
        first: Title of a run.
        second: Title of another.

    Returns:
        `label`, `group`, a column of each run's title with its value, `difference` (first minus second),
        "tracks TITLE" of either, sorted by the difference from the largest down.

    Source: Ros Perez 2021, table 34.
    """
    order = list(dict.fromkeys([first, second, *rows["run"]]))
    wide = rows.pivot_table(index="label", columns="run", values=["value", "count"], dropna=False)
    wide = wide.reindex(columns=pd.MultiIndex.from_product([["value", "count"], order]))
    group_of = rows.drop_duplicates("label").set_index("label")["group"]
    values = {title: wide["value", title].to_numpy(np.float64) for title in order}
    counts = {f"tracks {title}": wide["count", title].to_numpy(np.float64) for title in (first, second)}
    names = {"label": wide.index.to_numpy(object), "group": group_of.reindex(wide.index).to_numpy(object)}
    table = pd.DataFrame({**names, **values, "difference": values[first] - values[second], **counts})
    both = table[table["difference"].notna()]
    return both.sort_values("difference", ascending=False, kind="stable", ignore_index=True)


def by_group(rows: pd.DataFrame, grouping: str = "thesis") -> pd.DataFrame:
    """Return the mean over the labels of each tag group.

    Args:
        rows: As `stacked` gives; labels without a value are left out.
        grouping: One of `GROUPINGS`.

    Returns:
        `run`, `group` (in the order of the grouping), `value`, `labels` (how many).

    Source: Ros Perez 2021, tables 10 and 13.
    """
    order = list(dict.fromkeys(rows["run"]))
    known = rows[rows["value"].notna()]
    if grouping == "stages":
        known = known.assign(group=known["label"].map(_CATEGORY_OF).fillna(UNCATEGORISED))
    means = known.groupby(["run", "group"])["value"].agg(["mean", "size"]).reset_index()
    means.columns = pd.Index(["run", "group", "value", "labels"])
    groups = GROUPINGS[grouping]
    pairs = zip(means["run"], means["group"], strict=True)
    rank = np.array([order.index(run) * len(groups) + groups.index(group) for run, group in pairs], np.int64)
    return means.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def printed_groups(runs: Mapping[str, Run], metric: str, grouping: str = "thesis") -> pd.DataFrame:
    """Return the means by tag group that were printed of published runs.

    Args:
        runs: Title → run; those that are not published, or of another grouping, have no rows.
        metric: "auc_pr" or "auc_roc"; of others nothing is printed.
        grouping: One of `GROUPINGS`.

    Returns:
        As `by_group`; `labels` is NaN where it is not told.
    """
    found = []
    for title, run in runs.items():
        table = run.groups() if isinstance(run, PublishedRun) else pd.DataFrame()
        if metric in table:
            here = table[table["group"].isin(GROUPINGS[grouping]) & table[metric].notna()]
            found += [
                (title, group, value, float(len(STAGE_1[group])) if group in STAGE_1 else np.nan)
                for group, value in zip(here["group"], here[metric], strict=True)
            ]
    return pd.DataFrame(found, columns=["run", "group", "value", "labels"])


def grouping_of(rows: pd.DataFrame, runs: Mapping[str, Run]) -> str:
    """Return in which groups runs are best seen: "stages" where all that they have is of those.

    Args:
        rows: As `stacked` gives.
        runs: Title → run; of published ones, printed groups count as well.
    """
    chosen = rows["label"].isin(list(_CATEGORY_OF))
    printed = [printed_groups(runs, "auc_pr", name) for name in GROUPINGS]
    of_thesis, of_stages = (len(table) for table in printed)
    return "stages" if chosen.all() and not of_thesis and len(chosen) + of_stages else "thesis"


def correlations(rows: pd.DataFrame) -> pd.DataFrame:
    """Return whether the metric follows how common labels are.

    Args:
        rows: As `stacked` gives.

    Returns:
        `run`, `r` (Pearson's), `p`, `labels`, `left_out`; a run with fewer than three labels whose value and
        counts are known has NaN.

    Source: Ros Perez 2021, end of section 8.2.
    """
    found = []
    for run, part in rows.groupby("run", sort=False):
        known = part[part["count"].notna()]
        n = int(known["value"].notna().sum())
        left_out = len(part) - n
        if n < 3:
            found.append((run, np.nan, np.nan, n, left_out))
            continue
        result = correlation_with_counts(known["value"], known["count"])
        found.append((run, result.r, result.p, n, left_out))
    return pd.DataFrame(found, columns=["run", "r", "p", "labels", "left_out"])


SUMMARY_METRICS = {
    "ap_micro": "AUC-PR exact, micro",
    "ap_macro": "AUC-PR exact, macro",
    "auc_pr_micro": "AUC-PR interpolated, micro",
    "auc_pr_macro": "AUC-PR interpolated, macro",
    "roc_auc_micro": "AUC-ROC, micro",
    "roc_auc_macro": "AUC-ROC, macro",
}
"""Column of a run's history → what it is called in the summary."""


def history(run: Run) -> pd.DataFrame:
    """Return one row an epoch, as `Run.history`; of a run that kept none, macro means by label.

    Macro means leave out labels without a figure.
    """
    kept = run.history()
    if len(kept):
        return kept
    names = {"auc_pr": "auc_pr_macro", "average_precision": "ap_macro", "auc_roc": "roc_auc_macro"}
    by_epoch = run.per_label_by_epoch()
    if run.about.auc_pr == "exact":
        by_epoch = by_epoch.assign(average_precision=by_epoch["auc_pr"], auc_pr=np.nan)
    means = by_epoch.groupby("epoch")[list(names)].mean().rename(columns=names).reset_index()
    return means.reindex(columns=["epoch", *SUMMARY_METRICS])


def summary_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the means of each run: at its best epoch, at its last, of each metric's best epoch, and on test.

    The best epoch is the one kept, chosen by validation. "Each metric's best epoch" is what the thesis's
    summary tables print: no one model has all these figures.

    Args:
        runs: Title → run.

    Returns:
        `run`, `figures` (what they are of), `epoch` (where it is one), `classes`, the columns of
        `SUMMARY_METRICS`.
    """
    rows = [
        {"run": title, **row}
        for title, run in runs.items()
        for row in kept_figures(run, "summaries", lambda run=run: _summaries(run))  # type: ignore[misc]
    ]
    table = pd.DataFrame(rows, columns=["run", "figures", "epoch", "classes", *SUMMARY_METRICS])
    numbers = table[["epoch", "classes", *SUMMARY_METRICS]].apply(pd.to_numeric)
    return table.assign(**numbers).astype(dict.fromkeys(SUMMARY_METRICS, np.float64))


def _summaries(run: Run) -> list[dict[str, Any]]:
    kept = run.summary()
    common = {"classes": kept["classes"]}
    if run.kind == "published":
        told = {"best": "each metric's best epoch, as published", "test": f"{MOMENTS['test']}, as published"}
        return [{**common, **_means(kept[of]), "figures": name} for of, name in told.items() if kept[of]]
    rows = []
    for name, epoch, means in _epochs_of(run, kept):
        rows.append({**common, **means, "figures": name, "epoch": epoch, "classes": len(run.classes)})
    if kept["test"]:
        rows.append({**common, **_means(kept["test"]), "figures": MOMENTS["test"]})
    return rows


def _epochs_of(run: Run, kept: Mapping[str, Any]) -> list[tuple[str, int | None, dict[str, Any]]]:
    """Return what is known of epochs: what it is called, the epoch where it is one, and the means."""
    epochs = history(run)
    if epochs.empty:
        return []
    by_epoch, last, best = epochs.set_index("epoch"), int(epochs["epoch"].max()), best_epoch(epochs)
    of_last = {**_means(by_epoch.loc[last]), **_known(kept["last"])}
    if last == 0:  # results of another program, which does not tell of what epoch they are
        return [] if kept["test"] else [("as imported", None, of_last)]
    rows: list[tuple[str, int | None, dict[str, Any]]] = []
    if best is not None:
        rows.append((MOMENTS["best"], best, _means(by_epoch.loc[best])))
    rows.append((MOMENTS["last"], last, of_last))
    rows.append(("each metric's best epoch, validation", None, _means(by_epoch.max())))
    return rows


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SUMMARY_METRICS if row.get(name) is not None}


def _means(row: Any) -> dict[str, Any]:
    return {name: row.get(name) for name in SUMMARY_METRICS}


def differing_settings(configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the settings in which runs differ, and no others.

    Args:
        configs: Title of each run → its configuration, nested or not.

    Returns:
        `setting` (dotted name) and a column for each title, as text; "" where a run has no such setting.
    """
    flat = {title: _flattened(config) for title, config in configs.items()}
    names = dict.fromkeys(name for settings in flat.values() for name in settings)
    differing = [name for name in names if len({settings.get(name, "") for settings in flat.values()}) > 1]
    columns = {title: [settings.get(name, "") for name in differing] for title, settings in flat.items()}
    return pd.DataFrame({"setting": differing, **columns})


def _flattened(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            found |= _flattened(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = "" if value is None else str(value)
    return found
