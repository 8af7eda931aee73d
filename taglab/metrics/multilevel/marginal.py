"""Estimated marginal means of a multilevel model, and all their pairwise differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel.model import MultilevelModel
from taglab.metrics.validation import DoubleArray

__all__ = ["marginal_rows", "pairwise"]


def marginal_rows(
    design_of: Callable[[pd.DataFrame], pd.DataFrame],
    table: pd.DataFrame,
    by: str,
    at: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the combination of fixed effects that is the marginal mean of every level of a factor.

    `MultilevelModel.contrasts` makes means of them, `pairwise` differences. Other factors count by equal
    weights of their levels, covariates at their mean, as in R's emmeans.

    Args:
        design_of: Makes the design of the fixed effects of a table.
        table: Of the observations, with no columns but those that `design_of` reads.
        by: The factor.
        at: Covariate → a value to take in place of its mean.

    Returns:
        A row a level, a column a fixed effect.
    """
    values = [_reference(table[name], (at or {}).get(str(name))) for name in table.columns]
    grid = pd.DataFrame(list(itertools.product(*values)), columns=table.columns)
    rows = design_of(grid)
    return rows.groupby(grid[by].to_numpy(), sort=False).mean().reindex(values[table.columns.get_loc(by)])


def _reference(column: pd.Series, value: float | None) -> list[object]:
    if value is not None:
        return [value]
    if pd.api.types.is_numeric_dtype(column):
        return [float(column.mean())]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    return list(pd.unique(column))


def pairwise(model: MultilevelModel, rows: pd.DataFrame, asymptotic: bool = False) -> pd.DataFrame:
    """Return the difference of every pair of combinations, with Tukey's allowance for their number.

    Args:
        model: A fitted model.
        rows: Two combinations of fixed effects or more, as of `marginal_rows`.
        asymptotic: By the normal distribution, see `MultilevelModel.contrasts`.

    Returns:
        `first`, `second`, `estimate` (first less second), `standard_error`, `df`, `t`, `p`, of Tukey's range
        of so many means.

    Raises:
        InvalidSetting: If there is one only.
    """
    if len(rows) < 2:
        raise InvalidSetting("a difference needs two means; there is one")
    names: Sequence[str] = [str(name) for name in rows.index]
    pairs = list(itertools.combinations(range(len(rows)), 2))
    weights = rows.to_numpy(np.float64)
    differences = pd.DataFrame(
        [weights[one] - weights[other] for one, other in pairs],
        [f"{names[one]} - {names[other]}" for one, other in pairs],
        rows.columns,
    )
    table = model.contrasts(differences, asymptotic=asymptotic)
    table.insert(0, "first", [names[one] for one, _ in pairs])
    table.insert(1, "second", [names[other] for _, other in pairs])
    table["p"] = _tukey(table["t"].to_numpy(), table["df"].to_numpy(), len(rows))
    return table.drop(columns=["name", "low", "high"])


def _tukey(ratios: DoubleArray, df: DoubleArray, n_means: int) -> DoubleArray:
    """Return the chance that of so many equal means two lie as many standard errors apart."""
    from scipy.stats import studentized_range

    # Beyond 40 standard errors the integral has nothing left but rounding.
    reach = np.minimum(np.abs(ratios), 40) * np.sqrt(2)
    chances = [studentized_range.sf(q, n_means, nu) for q, nu in zip(reach, df, strict=True)]
    return np.clip(np.array(chances, np.float64), 0, 1)
