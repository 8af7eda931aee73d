"""What one run came to, as tables: results by label at a moment, means by epoch and in all.

A table of results has a row a label: `label`, a column for every metric of predictions (`taglab.metrics`),
`positives` (tracks evaluated that have the label), `tracks` (evaluated), `prevalence` and `counts` (tracks of
the whole data set with the label, where known). What a run does not know, or was not measured yet when it was
trained, is NaN. `auc_pr` (interpolated over 200 thresholds, as Keras and the thesis take it) and
`average_precision` (exact) are different numbers of one curve and never stand in one column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.metrics import mean_columns, metrics_of
from taglab.metrics.scored import scored
from taglab.outcomes import Predictions
from taglab.progress import Progress, silent
from taglab.runs.derived import kept_figures, kept_results
from taglab.runs.published import SCORES
from taglab.runs.run import Run, best_epoch, macro_means

MOMENTS = {
    "last": "last epoch, validation",
    "best": "best epoch by validation",
    "test": "held-out test",
}
"""Which of a run's results are meant → what they are called."""


def columns_of_results() -> list[str]:
    """Return the columns of a table of results."""
    return ["label", *metrics_of(), "positives", "tracks", "prevalence", "counts"]


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
        return (
            pd.DataFrame(columns=columns_of_results()) if predictions is None else of_predictions(predictions)
        )
    kept = run.per_label("best" if moment == "best" else "last")
    columns = {name: numbers_of(kept, name) for name in (*metrics_of(), "positives", "counts")}
    if run.about.auc_pr == "exact":
        columns |= {"average_precision": columns["auc_pr"], "auc_pr": np.full(len(kept), np.nan)}
    counts = run.confusion("last")  # of the same tracks at any epoch
    tracks = np.nan
    if counts is not None and tuple(kept["label"]) == run.classes:
        tracks = float(counts.positives[0] + counts.negatives[0])
        columns["positives"] = counts.positives.astype(np.float64)
    columns |= {"tracks": np.full(len(kept), tracks), "prevalence": columns["positives"] / tracks}
    return pd.DataFrame({"label": kept["label"].to_numpy(object), **columns}, columns=columns_of_results())


def numbers_of(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column as floats; NaN where there is none."""
    return table[name].to_numpy(np.float64) if name in table else np.full(len(table), np.nan)


def of_predictions(predictions: Predictions, progress: Progress = silent) -> pd.DataFrame:
    """Return the results of predictions, a row a label, every column known."""
    material = scored(predictions.truth, predictions.scores, progress)
    by_class = {name: metric.of(material) for name, metric in metrics_of().items()}
    tracks, positives = float(predictions.n_tracks), material.positives.astype(np.float64)
    counted = {"positives": positives, "tracks": tracks, "prevalence": positives / tracks, "counts": np.nan}
    return pd.DataFrame({"label": list(predictions.classes), **by_class, **counted})


def history(run: Run) -> pd.DataFrame:
    """Return one row an epoch, as `Run.history`; of a run that kept none, macro means by label.

    Macro means leave out labels without a figure.
    """
    kept = run.history()
    if len(kept):
        return kept
    by_epoch = run.per_label_by_epoch()
    if run.about.auc_pr == "exact":
        by_epoch = by_epoch.assign(average_precision=by_epoch["auc_pr"], auc_pr=np.nan)
    return macro_means(by_epoch).reindex(columns=["epoch", *mean_columns()])


def summary_table(runs: Mapping[str, Run]) -> pd.DataFrame:
    """Return the means of each run: at its best epoch, at its last, of each metric's best epoch, and on test.

    The best epoch is the one kept, chosen by validation. "Each metric's best epoch" is what the thesis's
    summary tables print: no one model has all these figures.

    Args:
        runs: Title → run.

    Returns:
        `run`, `figures` (what they are of), `epoch` (where it is one), `classes`, the columns of
        `taglab.metrics.mean_columns`, and of what is published the scores that are printed of any
        (`log_loss`, `f1`).
    """
    rows = [
        {"run": title, **row}
        for title, run in runs.items()
        for row in kept_figures(run, "summaries", lambda run=run: _summaries(run))  # type: ignore[misc]
    ]
    means = [*mean_columns(), *(name for name in SCORES if any(name in row for row in rows))]
    table = pd.DataFrame(rows, columns=["run", "figures", "epoch", "classes", *means])
    numbers = table[["epoch", "classes", *means]].apply(pd.to_numeric)
    return table.assign(**numbers).astype(dict.fromkeys(means, np.float64))


def _summaries(run: Run) -> list[dict[str, Any]]:
    kept = run.summary()
    common = {"classes": kept["classes"]}
    if run.kind == "published":
        told = {"best": "each metric's best epoch, as published", "test": f"{MOMENTS['test']}, as published"}
        return [
            {**common, **_means(kept[of]), **_scores(kept[of]), "figures": name}
            for of, name in told.items()
            if kept[of]
        ]
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
    rows.append(("each metric's best epoch, validation", None, _means(_best_of_each(by_epoch))))
    return rows


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in mean_columns() if row.get(name) is not None}


def _scores(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SCORES if name in row}


def _means(row: Any) -> dict[str, Any]:
    return {name: row.get(name) for name in mean_columns()}


def _best_of_each(by_epoch: pd.DataFrame) -> dict[str, float]:
    """Return the best value of each mean, whenever it was reached."""
    return {
        column: by_epoch[column].max() if mean.metric.higher_is_better else by_epoch[column].min()
        for column, mean in mean_columns().items()
        if column in by_epoch
    }
