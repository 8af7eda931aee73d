"""Intervals of a multilevel model by the parametric bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from taglab.metrics.multilevel.deviance import Products
from taglab.metrics.multilevel.model import MultilevelModel, solved
from taglab.metrics.validation import DoubleArray
from taglab.progress import Progress, counted, silent


def bootstrap(
    model: MultilevelModel, replicates: int = 1000, seed: int = 0, progress: Progress = silent
) -> pd.DataFrame:
    """Simulate scores from a model and fit it anew to them, time and again (the parametric bootstrap).

    Draws of the model's own groups would be draws of the few data sets or people there are; the model says
    how others would differ.

    Args:
        model: That is taken for the truth.
        replicates: How often.
        seed: Of all that is drawn.
        progress: Told how far it is.

    Returns:
        A row a replicate: the fixed effects by name, then `variance TERM` and `variance residual`.
    """
    generator = np.random.default_rng(seed)
    random, expected = model._random, model._fixed.x @ model.estimates
    spread = np.sqrt(model.variances)[random.term_of]
    names = [*model.names, *(f"variance {term}" for term in (*model.terms, "residual"))]
    rows = np.empty((replicates, len(names)))
    start = np.maximum(model.theta, 0.05)
    for number in range(replicates):
        if number % 20 == 0:
            progress(number / replicates, counted("fits of simulated scores", number, replicates))
        effects = spread * generator.standard_normal(len(spread))
        noise = np.sqrt(model.residual_variance) * generator.standard_normal(model.n)
        fitted = _refit(model, expected + random.z @ effects + noise, start)
        rows[number] = [*fitted.estimates, *fitted.variances, fitted.residual_variance]
    return pd.DataFrame(rows, columns=names)


def bootstrap_intervals(
    model: MultilevelModel,
    rows: pd.DataFrame | None = None,
    replicates: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Return percentile intervals of combinations of fixed effects by `bootstrap`.

    Args:
        model: That is taken for the truth.
        rows: As of `MultilevelModel.contrasts`; the fixed effects themselves where None.
        replicates: How often scores are simulated.
        level: Of the intervals.
        seed: Of all that is drawn.
        progress: Told how far it is.

    Returns:
        `name`, `estimate`, `low`, `high`.

    Source: Kim 2021, figures 2.11 and 2.12, which do not say how they draw.
    """
    rows = model.effect_rows() if rows is None else rows
    weights = model.weights(rows)
    drawn = bootstrap(model, replicates, seed, progress)[list(model.names)].to_numpy() @ weights.T
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    names = [str(name) for name in rows.index]
    return pd.DataFrame({"name": names, "estimate": weights @ model.estimates, "low": low, "high": high})


def _refit(model: MultilevelModel, y: DoubleArray, start: DoubleArray) -> MultilevelModel:
    basis = model._fixed.basis
    left = y - basis @ (basis.T @ y)
    old = model._products
    products = Products(
        old.zz, old.zx, model._random.z.T @ left, float(left @ left), old.n, old.log_triangle, old.term_of
    )
    return solved(model._fixed, model._random, products, y, model.reml, start)
