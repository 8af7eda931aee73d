"""What one run came to, as tables: results by label at a moment, means by epoch and in all.

A table of results has a row a label: `label`, `auc_pr` (interpolated over 200 thresholds, as Keras and the
thesis take it), `average_precision` (exact), `auc_roc`, `positives` (tracks evaluated that have the label),
`tracks` (evaluated), `prevalence` and `counts` (tracks of the whole data set with the label, where known).
What a run does not know is NaN. The first two metrics are different numbers of one curve and never stand in
one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.metrics.tagging import tagging_scores
from taglab.metrics.thresholds import auc_pr_interpolated, confusion
from taglab.predictions import Predictions
from taglab.progress import Progress, silent
from taglab.runs.derived import kept_figures, kept_results
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
    columns = {name: numbers_of(kept, name) for name in (*METRICS, "positives", "counts")}
    if run.about.auc_pr == "exact":
        columns |= {"average_precision": columns["auc_pr"], "auc_pr": np.full(len(kept), np.nan)}
    counts = run.confusion("last")  # of the same tracks at any epoch
    tracks = np.nan
    if counts is not None and tuple(kept["label"]) == run.classes:
        tracks = float(counts.positives[0] + counts.negatives[0])
        columns["positives"] = counts.positives.astype(np.float64)
    columns |= {"tracks": np.full(len(kept), tracks), "prevalence": columns["positives"] / tracks}
    return pd.DataFrame({"label": kept["label"].to_numpy(object), **columns}, columns=list(COLUMNS))


def numbers_of(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
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
