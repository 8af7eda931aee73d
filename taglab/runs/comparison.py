"""Several runs side by side, as tables: results of every label, pairs of them, tag groups, counts, settings.

A table of results has a row a label: `label`, `auc_pr` (interpolated over 200 thresholds, as Keras and the
thesis take it), `average_precision` (exact), `auc_roc`, `positives` (tracks), `tracks` (evaluated) and
`prevalence`. What a run does not know is NaN. The first two metrics are different numbers of one curve and
never stand in one column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.cache import content_key, derived_path, replacing
from taglab.cleaning.categories import UNCATEGORISED, Categories
from taglab.errors import InvalidSetting
from taglab.metrics.balance import correlation_with_counts, lift
from taglab.metrics.intervals import BootstrapSettings, Intervals, bootstrap, paired_bootstrap
from taglab.metrics.tagging import tagging_scores
from taglab.metrics.thresholds import auc_pr_interpolated, confusion
from taglab.predictions import Predictions, in_common
from taglab.progress import Progress, silent
from taglab.runs.run import Run

METRICS = {
    "auc_pr": "AUC-PR, interpolated",
    "average_precision": "AUC-PR, exact",
    "auc_roc": "AUC-ROC",
}
"""Column of a table of results → what it is called on an axis."""

MOMENTS = {
    "last": "last epoch, validation",
    "best": "best epoch by validation",
    "test": "held-out test",
}
"""Which of a run's results are meant → what they are called."""

COLUMNS = ("label", *METRICS, "positives", "tracks", "prevalence")


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

# To be raised whenever the same predictions come to mean other intervals.
_FORMAT = 1


def results(run: Run, moment: str = "last") -> pd.DataFrame:
    """Return one run's results against its own truth, a row a label.

    Args:
        run: Any run.
        moment: One of `MOMENTS`.

    Returns:
        The columns of this module; no rows where the run has no such results.
    """
    if moment == "test":
        predictions = run.predictions("test")
        return pd.DataFrame(columns=list(COLUMNS)) if predictions is None else of_predictions(predictions)
    table = run.per_label("best" if moment == "best" else "last").reindex(columns=list(COLUMNS))
    if run.about.auc_pr == "exact":
        table = table.assign(average_precision=table["auc_pr"], auc_pr=np.nan)
    counts = run.confusion("last")  # of the same tracks at any epoch
    if counts is not None and len(table) == len(counts.positives):
        positives = pd.Series(counts.positives, list(run.classes), dtype=np.float64)
        table["tracks"] = float(counts.positives[0] + counts.negatives[0])
        table["positives"] = table["label"].map(positives)
        table["prevalence"] = table["positives"] / table["tracks"]
    return table


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
        `run`, `label`, `value`, `positives`, `prevalence`, `group` (of tags, see `tag_groups`).
    """
    columns = ["run", "label", "value", "positives", "prevalence"]
    parts = []
    for title, table in tables.items():
        values = table[metric].to_numpy(np.float64)
        if as_lift:
            values = lift(values, _chance(table, metric))
        parts.append(table.assign(run=title, value=values)[columns])
    together = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    groups = tag_groups(together["label"].drop_duplicates().tolist())
    numbers = dict.fromkeys(("value", "positives", "prevalence"), np.float64)
    return together.astype(numbers).assign(group=together["label"].map(groups).astype(object))


def _chance(table: pd.DataFrame, metric: str) -> npt.NDArray[np.float64]:
    if metric == "auc_roc":
        return np.full(len(table), 0.5)
    return table["prevalence"].to_numpy(np.float64)


def tag_groups(labels: Sequence[str]) -> dict[str, str]:
    """Return the tag group of each label, one of `GROUPS`: by the words it holds.

    The thesis's hundred tags are in the groups its author put them.

    Source: Ros Perez 2021, tables 8 and 32.
    """
    by_words = Categories(scheme="thesis").categories(labels)
    return {label: _BY_HAND.get(label.casefold(), group) for label, group in by_words.items()}


def paired(rows: pd.DataFrame, difference: tuple[str, str] | None = None) -> pd.DataFrame:
    """Return one row a label that at least two runs have, a column a run.

    Args:
        rows: As `stacked` gives.
        difference: Titles of two runs.

    Returns:
        `label`, `group`, a column of each run's title, and with two runs `difference` (first minus second),
        sorted by it from the largest down, labels that one of them lacks last; without, sorted by name.

    Source: Ros Perez 2021, table 34.
    """
    order = list(dict.fromkeys(rows["run"]))
    wide = rows.pivot_table(
        index=["label", "group"], columns="run", values="value", dropna=False, observed=True
    )
    wide = wide.reindex(columns=order).dropna(thresh=min(2, len(order)))
    table = wide.reset_index().rename_axis(columns=None)
    if difference is None:
        return table.sort_values("label", ignore_index=True)
    first, second = difference
    table["difference"] = table[first] - table[second]
    return table.sort_values("difference", ascending=False, kind="stable", ignore_index=True)


def by_group(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the labels of each tag group.

    Args:
        rows: As `stacked` gives; labels without a value are left out.

    Returns:
        `run`, `group` (in the order of `GROUPS`), `value`, `labels` (how many).

    Source: Ros Perez 2021, tables 10 and 13.
    """
    order = list(dict.fromkeys(rows["run"]))
    known = rows[rows["value"].notna()]
    means = known.groupby(["run", "group"])["value"].agg(["mean", "size"]).reset_index()
    means.columns = pd.Index(["run", "group", "value", "labels"])
    rank = means["run"].map(order.index) * len(GROUPS) + means["group"].map(GROUPS.index)
    return means.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


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
        known = part[part["positives"].notna()]
        n = int(known["value"].notna().sum())
        left_out = len(part) - n
        if n < 3:
            found.append((run, np.nan, np.nan, n, left_out))
            continue
        result = correlation_with_counts(known["value"], known["positives"])
        found.append((run, result.r, result.p, n, left_out))
    return pd.DataFrame(found, columns=["run", "r", "p", "labels", "left_out"])


SUMMARY_METRICS = {
    "auc_pr_micro": "AUC-PR interpolated, micro",
    "auc_pr_macro": "AUC-PR interpolated, macro",
    "ap_micro": "AUC-PR exact, micro",
    "ap_macro": "AUC-PR exact, macro",
    "roc_auc_micro": "AUC-ROC, micro",
    "roc_auc_macro": "AUC-ROC, macro",
}
"""Column of a run's history → what it is called in the summary."""


def summary_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the means of each run: at its best epoch, at its last, of each metric's best epoch, and on test.

    The best epoch is chosen by validation. "Each metric's best epoch" is what the thesis's summary tables
    print: no one model has all these figures.

    Args:
        runs: Title → run.

    Returns:
        `run`, `figures` (what they are of), `epoch` (where it is one), `classes`, the columns of
        `SUMMARY_METRICS`.
    """
    rows = [row for title, run in runs.items() for row in _summaries(title, run)]
    return pd.DataFrame(rows, columns=["run", "figures", "epoch", "classes", *SUMMARY_METRICS])


def _summaries(title: str, run: Run) -> list[dict[str, Any]]:
    found = run.summary()
    common = {"run": title, "classes": found["classes"]}
    rows = []
    for key, name in (("best", "best epoch by validation"), ("last", "last epoch, validation")):
        if found[key]:
            rows.append({**common, **_means(found[key]), "figures": name, "epoch": found[key].get("epoch")})
    history = run.history()
    if len(history):
        highest = {name: history[name].max() for name in SUMMARY_METRICS if name in history}
        rows.append({**common, **highest, "figures": "each metric's best epoch, validation"})
    if found["test"]:
        rows.append({**common, **_means(found["test"]), "figures": "held-out test"})
    return rows


def _means(row: Mapping[str, Any]) -> dict[str, Any]:
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


def intervals(
    ours: Predictions,
    theirs: Predictions | None = None,
    settings: BootstrapSettings | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return bootstrap intervals of every label, kept in the cache by content.

    Args:
        ours: A run's predictions.
        theirs: Another run's on the same tracks, classes and truth: then the intervals are those of the
            difference, ours minus theirs, on the same draws of tracks.
        settings: How tracks are drawn; the defaults where None.
        progress: Told after each class.

    Returns:
        `label`, and for both exact metrics `average_precision`, `average_precision_low`,
        `average_precision_high`, `average_precision_p` (NaN without `theirs`), `auc_roc` ...; the last two
        rows are labelled None: means, macro and micro, named in the column `mean` ("" elsewhere).

    Raises:
        InvalidSetting: If the two are not of the same tracks, classes and truth.
    """
    chosen = settings or BootstrapSettings()
    if theirs is not None:
        _require_same_truth(ours, theirs)
    other = None if theirs is None else theirs.fingerprint
    key = content_key(_FORMAT, ours.fingerprint, other, chosen.model_dump())
    path = derived_path("intervals", key, ".parquet")
    if path.is_file():
        return pd.read_parquet(path)
    if theirs is None:
        found = bootstrap(ours.truth, ours.scores, chosen, progress)
    else:
        found = paired_bootstrap(ours.truth, ours.scores, theirs.scores, chosen, progress)
    table = pd.DataFrame(
        {"label": [*ours.classes, None, None], "mean": [""] * ours.n_classes + ["macro", "micro"]}
    )
    for name, values in (("average_precision", found.average_precision), ("auc_roc", found.roc_auc)):
        table = pd.concat([table, _interval_columns(name, values)], axis=1)
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def _interval_columns(name: str, values: Intervals) -> pd.DataFrame:
    means = (values.macro, values.micro)
    return pd.DataFrame(
        {
            name: [*values.estimate, *(mean.estimate for mean in means)],
            f"{name}_low": [*values.low, *(mean.low for mean in means)],
            f"{name}_high": [*values.high, *(mean.high for mean in means)],
            f"{name}_p": [*values.p, *(mean.p for mean in means)],
        }
    )


def _require_same_truth(ours: Predictions, theirs: Predictions) -> None:
    same = ours.tracks == theirs.tracks and ours.classes == theirs.classes
    if not same or not np.array_equal(ours.truth, theirs.truth):
        raise InvalidSetting(
            "paired intervals need one truth: both models on the same tracks and classes; take common_truth "
            "first"
        )
