"""Several runs side by side, as tables: every label's results, pairs of them, counts, settings.

Intervals of pairs are in `taglab.compare.intervals`, means by tag group in `taglab.compare.groups`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.compare.groups import tag_groups
from taglab.metrics import METRICS, metrics_of
from taglab.metrics.balance import correlation_with_counts, lift
from taglab.outcomes import Predictions, in_common
from taglab.runs.tables import numbers_of
from taglab.settings import flattened


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
        metric: One of predictions in `METRICS`.
        as_lift: Whether to divide by what chance reaches; NaN where that is not known, or a metric has none.

    Returns:
        `run`, `label`, `value`, `count` (tracks evaluated that have the label; where a run does not know any,
        tracks of the whole data set), `prevalence`, `group` (of tags, see `tag_groups`).
    """
    columns: dict[str, list[npt.NDArray[Any]]] = {
        name: [] for name in ("run", "label", "value", "count", "prevalence")
    }
    for title, table in tables.items():
        values, counts = numbers_of(table, metric), numbers_of(table, "positives")
        if np.isnan(counts).all():
            counts = numbers_of(table, "counts")
        columns["run"].append(np.full(len(table), title, object))
        columns["label"].append(table["label"].to_numpy(object))
        columns["value"].append(lift(values, _chance(table, metric)) if as_lift else values)
        columns["count"].append(counts)
        columns["prevalence"].append(numbers_of(table, "prevalence"))
    joined = {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in columns.items()}
    together = pd.DataFrame(joined)
    groups = tag_groups(tuple(together["label"].drop_duplicates()))
    return together.assign(group=together["label"].map(groups).astype(object))


def metric_most_have(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the first metric of predictions that most of the tables of results have."""
    having = {name: sum(table[name].notna().any() for table in tables.values()) for name in metrics_of()}
    return max(having, key=having.__getitem__)


def _chance(table: pd.DataFrame, metric: str) -> npt.NDArray[np.float64]:
    chance = METRICS[metric].chance
    if chance == "prevalence":
        return numbers_of(table, "prevalence")
    return np.full(len(table), np.nan if chance is None else chance)


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


def differing_settings(configs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return the settings in which runs differ, and no others.

    Args:
        configs: Title of each run → its configuration, nested or not.

    Returns:
        `setting` (dotted name) and a column for each title, as text; "" where a run has no such setting.
    """
    flat = {
        title: {name: "" if value is None else str(value) for name, value in flattened(config).items()}
        for title, config in configs.items()
    }
    names = dict.fromkeys(name for settings in flat.values() for name in settings)
    differing = [name for name in names if len({settings.get(name, "") for settings in flat.values()}) > 1]
    columns = {title: [settings.get(name, "") for name in differing] for title, settings in flat.items()}
    return pd.DataFrame({"setting": differing, **columns})
