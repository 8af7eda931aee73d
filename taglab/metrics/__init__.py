"""Metrics: arrays in, numbers or a frozen result out; each is a pure function that checks its input first.

`METRICS` lists those that runs keep and pages show. A new one is a function and a line there: training
measures it by epoch and keeps it in the run's history and by label; runs, sweeps and comparisons list it,
`--monitor` and `--metric` take it, and the pages draw it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taglab.metrics.estimates import Estimated, estimated
from taglab.metrics.likelihood import log_loss
from taglab.metrics.metric import Average, Kind, Mean, Metric, means_of
from taglab.metrics.ranking import Ranked, ranked
from taglab.metrics.scored import Scored, scored
from taglab.metrics.tagging import mean_of_defined
from taglab.metrics.thresholds import Confusion, auc_pr_interpolated, roc_auc_at_thresholds
from taglab.metrics.validation import DoubleArray

__all__ = [
    "MATERIALS",
    "METRICS",
    "Average",
    "Kind",
    "Mean",
    "Metric",
    "Scored",
    "deciding",
    "figures_of",
    "figures_of_counts",
    "mean_columns",
    "metrics_of",
]

MATERIALS: dict[Kind, Callable[..., Any]] = {
    "predictions": scored,
    "rankings": ranked,
    "estimates": estimated,
}
"""Kind → what checks its arrays for its metrics: truth, scores; scores, relevant; or truth, estimates."""


def _at(k: int, figure: Callable[[Ranked, int], DoubleArray]) -> Callable[[Ranked], DoubleArray]:
    return lambda ranked: figure(ranked, k)


METRICS: dict[str, Metric] = {
    "average_precision": Metric(
        "predictions", "AUC-PR, exact", "average precision, as by scikit-learn",
        lambda scored: scored.ranks.average_precision,
        means="ap", micro=True, chance="prevalence", interval=lambda drawn: drawn.average_precision,
        folded=True,
    ),
    "auc_pr": Metric(
        "predictions", "AUC-PR, interpolated", "interpolated over 200 thresholds, as by Keras and the thesis",
        lambda scored: auc_pr_interpolated(scored.counts),
        micro=True, chance="prevalence", of_counts=auc_pr_interpolated,
    ),
    "auc_roc": Metric(
        "predictions", "AUC-ROC", "share of pairs of a positive and a negative in the right order",
        lambda scored: scored.ranks.roc_auc,
        means="roc_auc", micro=True, chance=0.5, of_counts=roc_auc_at_thresholds,
        interval=lambda drawn: drawn.roc_auc,
    ),
    "log_loss": Metric(
        "predictions", "Log-loss", "mean of minus the log of the probability of what is true, class by class",
        lambda scored: log_loss(scored.truth, scored.scores),
        higher_is_better=False, range=(0.0, np.inf), unit="nats",
    ),
    "f1_at_half": Metric(
        "predictions", "F1 at 0.5", "precision and recall of tracks scored 0.5 or more, their harmonic mean",
        lambda scored: scored.counts_at_half.f1[0],
        micro=True, of_counts=lambda counts: counts.f1[counts.nearest(0.5)],
    ),
    **{
        f"precision_at_{k}": Metric(
            "rankings", f"Precision at {k}", f"share of the first {k} places that relevant items take",
            _at(k, Ranked.precision_at), chance="prevalence",
        )
        for k in (1, 3, 5, 6, 9, 10, 12, 15)
    },
    "recall_at_10": Metric(
        "rankings", "Recall at 10", "share of the relevant items that are among the first 10",
        _at(10, Ranked.recall_at),
    ),
    "ndcg_at_10": Metric(
        "rankings", "nDCG at 10", "discounted gain of the first 10 places over that of the best order",
        _at(10, Ranked.ndcg_at),
    ),
    "reciprocal_rank": Metric(
        "rankings", "Reciprocal rank", "1 over the place of the first relevant item",
        lambda ranked: ranked.reciprocal_rank,
    ),
    "average_precision_of_query": Metric(
        "rankings", "Average precision of a query", "its mean over queries is the mean average precision",
        lambda ranked: ranked.average_precision, chance="prevalence",
    ),
    "mean_squared_error": Metric(
        "estimates", "Mean squared error", "mean of squared errors", Estimated.mean_squared_error,
        higher_is_better=False, range=(0.0, np.inf), unit="squared units",
    ),
    "mean_absolute_error": Metric(
        "estimates", "Mean absolute error", "mean size of errors", Estimated.mean_absolute_error,
        higher_is_better=False, range=(0.0, np.inf), unit="units",
    ),
    "r_squared": Metric(
        "estimates", "R²", "share of the variance that estimates account for", Estimated.r_squared,
        chance=0.0, range=(-np.inf, 1.0),
    ),
    "pearson_r": Metric(
        "estimates", "Pearson's r", "correlation of true values and estimates", Estimated.pearson_r,
        chance=0.0, range=(-1.0, 1.0),
    ),
}  # fmt: skip
"""Name of a metric, which is also its column by item → the metric. The first of a kind that a run knows
decides which of its epochs is best, and is what is shown first."""


def metrics_of(kind: Kind = "predictions") -> dict[str, Metric]:
    """Return the metrics of a kind of outcome, by name."""
    return {name: metric for name, metric in METRICS.items() if metric.kind == kind}


def mean_columns(kind: Kind = "predictions") -> dict[str, Mean]:
    """Return the means of the metrics of a kind, by the name of their column."""
    return {mean.column: mean for mean in means_of(metrics_of(kind))}


def deciding(kind: Kind = "predictions") -> Mean:
    """Return the mean that decides which epoch is best: the macro mean of the first metric of a kind."""
    return next(mean for mean in mean_columns(kind).values() if mean.average == "macro")


def figures_of(material: Any, kind: Kind = "predictions") -> tuple[dict[str, DoubleArray], dict[str, float]]:
    """Return all figures of a kind of outcome.

    Args:
        material: As the entry of `MATERIALS` makes it of the outcome's arrays.
        kind: Its kind.

    Returns:
        Metric → figure of every item (items,), NaN where not defined; and column of a mean → the mean, NaN
        where no item has a figure.
    """
    by_item = {name: metric.of(material) for name, metric in metrics_of(kind).items()}
    means = {
        column: mean_of_defined(by_item[mean.name])
        if mean.average == "macro"
        else float(mean.metric.of(material.pooled)[0])
        for column, mean in mean_columns(kind).items()
    }
    return by_item, means


def figures_of_counts(counts: Confusion) -> tuple[dict[str, DoubleArray], dict[str, float]]:
    """Return what confusion counts alone tell of the figures of predictions, where scores are not known.

    Returns:
        Metric → figure of every class (classes,), NaN where counts do not tell it; and column of a micro mean
        → the mean, where they do.
    """
    unknown = np.full(counts.tp.shape[1], np.nan)
    told = {name: metric.of_counts for name, metric in metrics_of().items()}
    together = counts.micro()
    micro = {
        column: float(of_counts(together)[0])
        for column, mean in mean_columns().items()
        if mean.average == "micro" and (of_counts := told[mean.name]) is not None
    }
    return {name: unknown if of is None else of(counts) for name, of in told.items()}, micro
