"""Additive models of a figure measured under changes of many sizes, with marginal means and F tests.

Every encoder has a level and a smooth of severity under every change.

The magnitudes of different changes are never pooled: semitones, ratios and decibels have no common mean. What
enters the smooth is the severity within each change, from 0 to 1.

The smooths are penalised splines, their bases and penalties those of `pygam`. How smooth they are is decided
for each change by generalised cross-validation, one choice for all encoders. The fits of an encoder's change
share nothing with others but that choice and the variance of residuals, and are computed one by one.

Source: Kim 2021, section 4.5.2 (R's mgcv there); marginal means as in R's emmeans.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray
from taglab.reprs import one_line

if TYPE_CHECKING:
    from pygam.terms import SplineTerm

__all__ = ["FACTORS", "AdditiveModel", "Smooth", "fit_additive"]

FACTORS = ("encoder", "degradation")
"""Columns whose every pair of values has a smooth of its own."""
_N_SPLINES = 8
_PENALTIES = np.logspace(-3, 4, 15)
_LEVEL = 0.95
_NO_DF = 1e-9  # share of the observations, below which rounding is all that is left


@dataclass(frozen=True, eq=False)
class Smooth:
    """How a figure depends on severity in one cell.

    Attributes:
        rows: Of the table, those of the cell (observations,).
        severities: Of these (observations,).
        values: The figure (observations,).
        basis: Splines at them (observations, splines).
        spread: What each observation adds to each coefficient of the splines (splines, observations).
        term: Of `pygam`, what makes the splines.
        penalty: Weight of their roughness.
    """

    rows: npt.NDArray[np.int64]
    severities: DoubleArray
    values: DoubleArray
    basis: DoubleArray
    spread: DoubleArray
    term: SplineTerm
    penalty: float

    __repr__ = one_line

    @cached_property
    def effective_df(self) -> float:
        """Degrees of freedom spent."""
        return float(np.trace(self.spread @ self.basis))

    @cached_property
    def residual_sum(self) -> float:
        """Sum of squared residuals."""
        return float(((self.values - self.basis @ self.spread @ self.values) ** 2).sum())

    def weights(self, severities: DoubleArray) -> DoubleArray:
        """Return what observations weigh in the mean of the curve at some severities (observations,)."""
        weights: DoubleArray = _basis(self.term, severities).mean(axis=0) @ self.spread
        return weights

    def at(self, severities: DoubleArray) -> DoubleArray:
        """Return the curve at some severities (severities,)."""
        curve: DoubleArray = _basis(self.term, severities) @ self.spread @ self.values
        return curve


@dataclass(frozen=True, eq=False)
class AdditiveModel:
    """An additive model fitted to figures.

    Attributes:
        levels: Values of each of `FACTORS`, in the order of the table.
        smooths: By encoder, then by change: encoder by encoder.
        severities: All that were measured (observations,).
        n: Observations.
        total_sum: Of squared deviations from their mean.
        clip_values: What each clip had where the figure is a mean over clips (observations, clips); errors
            are then clustered by clip. None where observations count as independent.
    """

    levels: tuple[tuple[str, ...], tuple[str, ...]]
    smooths: tuple[Smooth, ...]
    severities: DoubleArray
    n: int
    total_sum: float
    clip_values: DoubleArray | None = None

    __repr__ = one_line

    @cached_property
    def effective_df(self) -> float:
        """Degrees of freedom spent on all smooths and levels."""
        return sum(smooth.effective_df for smooth in self.smooths)

    @cached_property
    def residual_variance(self) -> float:
        """Of what the model does not account for; NaN where its curves go through every observation."""
        left = self.n - self.effective_df
        return self._residual_sum / left if left > _NO_DF * self.n else math.nan

    @cached_property
    def _residual_sum(self) -> float:
        return sum(smooth.residual_sum for smooth in self.smooths)

    @property
    def r_squared(self) -> float:
        """Share of the variance that the model accounts for, allowing for its degrees of freedom.

        NaN where all observations are equal, or the curves go through every one.
        """
        if not self.total_sum > 0:
            return math.nan
        return 1 - self.residual_variance / (self.total_sum / (self.n - 1))

    @property
    def denominator_df(self) -> float:
        """Of t: clips less one where errors are clustered by them, else what observations leave."""
        return self.n - self.effective_df if self.clip_values is None else self.clip_values.shape[1] - 1.0

    def cell_means(self, at: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
        """Return the mean of every cell's curve at some severities, and the covariance of these means.

        Args:
            at: Severities, [0, 1].

        Returns:
            Means (encoders x changes,), encoder by encoder, and covariances of them.
        """
        weights = [smooth.weights(at) for smooth in self.smooths]
        means = np.array([one @ smooth.values for one, smooth in zip(weights, self.smooths, strict=True)])
        if self.clip_values is None:
            return means, np.diag([self.residual_variance * float(one @ one) for one in weights])
        of_clips = np.stack(
            [one @ self.clip_values[smooth.rows] for one, smooth in zip(weights, self.smooths, strict=True)]
        )
        return means, np.atleast_2d(np.cov(of_clips)) / of_clips.shape[1]

    def marginal_means(self, by: str = "encoder", at: float | None = None) -> pd.DataFrame:
        """Return the estimated mean of each encoder, or of each change, at one severity.

        Args:
            by: One of `FACTORS`; levels of the other count alike.
            at: The severity; the mean of those measured where None.

        Returns:
            The factor, `estimate`, `standard_error`, `low`, `high` (95 %).

        Raises:
            InvalidSetting: If there is no such factor.
        """
        table = self._estimates(self._averages(by), self.severities.mean() if at is None else at)
        table.insert(0, by, self.levels[FACTORS.index(by)])
        return table

    def differences(self, by: str = "encoder") -> pd.DataFrame:
        """Return the difference of every two marginal means.

        Returns:
            `first`, `second`, `estimate` (first less second), `standard_error`, `low`, `high` (95 % each),
            and `p`, Holm's, which allows for the number of pairs.

        Raises:
            InvalidSetting: If there is no such factor.
        """
        names, averages = self.levels[FACTORS.index(by)], self._averages(by)
        pairs = list(itertools.combinations(range(len(names)), 2))
        apart = [averages[one] - averages[other] for one, other in pairs]
        table = self._estimates(np.reshape(apart, (-1, averages.shape[1])), self.severities.mean())
        table.insert(0, "first", [names[one] for one, _ in pairs])
        table.insert(1, "second", [names[other] for _, other in pairs])
        ratios = (table["estimate"] / table["standard_error"].where(table["standard_error"] > 0)).abs()
        table["p"] = _holm(2 * stats.t.sf(ratios.to_numpy(), self.denominator_df))
        return table

    def _estimates(self, combinations: DoubleArray, at: float) -> pd.DataFrame:
        """Return combinations of cells' means at a severity, with errors and intervals."""
        means, covariance = self.cell_means(np.array([at]))
        estimates = combinations @ means
        errors = np.sqrt(np.einsum("ij,jk,ik->i", combinations, covariance, combinations))
        reach = stats.t.ppf((1 + _LEVEL) / 2, self.denominator_df) * errors
        return pd.DataFrame(
            {
                "estimate": estimates,
                "standard_error": errors,
                "low": estimates - reach,
                "high": estimates + reach,
            }
        )

    def tests(self) -> pd.DataFrame:
        """Return an F test of encoder, of change, and of both: `term`, `df`, `df_below`, `F`, `p`.

        Of the curves' means over all severities measured, each level of the other factor counting alike.
        """
        n_encoders, n_changes = map(len, self.levels)
        first, second = _deviations(n_encoders), _deviations(n_changes)
        terms = {
            FACTORS[0]: np.kron(first, np.full((1, n_changes), 1 / n_changes)),
            FACTORS[1]: np.kron(np.full((1, n_encoders), 1 / n_encoders), second),
            ":".join(FACTORS): np.kron(first, second),
        }
        rows = [(name, *self.wald(contrasts)) for name, contrasts in terms.items() if len(contrasts)]
        return pd.DataFrame(rows, columns=["term", "df", "df_below", "F", "p"])

    def wald(self, contrasts: DoubleArray) -> tuple[int, float, float, float]:
        """Return degrees of freedom, F and p of the claim that combinations of cells' means are all 0.

        Where errors are clustered by clip it is Hotelling's: combinations estimated of few clips covary by
        chance, and F counts fewer degrees of freedom by their number; NaN where there are no more clips.

        Args:
            contrasts: Weights of the cells' means over all severities measured (combinations, cells).
        """
        means, covariance = self.cell_means(self.severities)
        values, spread = contrasts @ means, contrasts @ covariance @ contrasts.T
        n = len(contrasts)
        below = self.denominator_df - (0 if self.clip_values is None else n - 1)
        if below <= 0 or not np.isfinite(spread).all() or np.linalg.matrix_rank(spread, hermitian=True) < n:
            return n, below, math.nan, math.nan
        ratio = float(values @ np.linalg.solve(spread, values)) / n * below / self.denominator_df
        return n, below, ratio, float(stats.f.sf(ratio, n, below))

    def _averages(self, by: str) -> DoubleArray:
        """Return the weights of cells in every level's mean (levels, cells)."""
        if by not in FACTORS:
            raise InvalidSetting(f"by={by!r} must be one of {', '.join(FACTORS)}")
        n_encoders, n_changes = map(len, self.levels)
        if by == FACTORS[0]:
            return np.kron(np.eye(n_encoders), np.full((1, n_changes), 1 / n_changes))
        return np.kron(np.full((1, n_encoders), 1 / n_encoders), np.eye(n_changes))


def fit_additive(table: pd.DataFrame, value: str, clip_values: npt.ArrayLike | None = None) -> AdditiveModel:
    """Fit a level and a smooth of severity to every encoder under every change.

    Args:
        table: A row an observation: `encoder`, `degradation`, `severity` in [0, 1], and the figure. Every
            encoder under every change, at two severities or more.
        value: Column of the figure.
        clip_values: What each clip had, row by row as in the table, their mean being the figure
            (observations, clips). Clips recur from row to row; errors then allow for that.

    Raises:
        InvalidSetting: If a column is missing, a figure or a severity is none, an encoder lacks a change, a
            change has one severity only, or values of clips are those of another table.
    """
    figures, severities = _checked(table, value)
    of_clips = None if clip_values is None else _checked_clips(np.asarray(clip_values, np.float64), figures)
    encoders, changes = (tuple(dict.fromkeys(table[factor].astype(str))) for factor in FACTORS)
    columns = [table[factor].astype(str).to_numpy() for factor in FACTORS]
    smooths: dict[tuple[str, str], Smooth] = {}
    for change in changes:
        rows = [np.flatnonzero((columns[0] == name) & (columns[1] == change)) for name in encoders]
        for name, own in zip(encoders, rows, strict=True):
            n_severities = len(np.unique(severities[own]))
            if n_severities < 2:
                raise InvalidSetting(
                    f"{name!r} has {n_severities} severities of {change!r}; a smooth needs "
                    "two or more; leave changes of one magnitude out, and measure all encoders under all"
                )
        chosen = _smoothed([(severities[own], figures[own], own) for own in rows])
        smooths |= {(name, change): smooth for name, smooth in zip(encoders, chosen, strict=True)}
    ordered = tuple(smooths[cell] for cell in itertools.product(encoders, changes))
    deviations = float(((figures - figures.mean()) ** 2).sum())
    return AdditiveModel((encoders, changes), ordered, severities, len(figures), deviations, of_clips)


def _checked(table: pd.DataFrame, value: str) -> tuple[DoubleArray, DoubleArray]:
    missing = [name for name in (*FACTORS, "severity", value) if name not in table]
    if missing:
        raise InvalidSetting(f"the table has no column {missing[0]!r}; it has {', '.join(table.columns)}")
    figures, severities = (table[name].to_numpy(np.float64) for name in (value, "severity"))
    if not len(table) or not np.isfinite(figures).all():
        raise InvalidSetting(
            f"{value} is of {len(table)} rows, {int((~np.isfinite(figures)).sum())} of them no number"
        )
    if not ((severities >= 0) & (severities <= 1)).all():
        raise InvalidSetting(
            f"severity reaches from {severities.min():g} to {severities.max():g} and must lie in [0, 1]; "
            "magnitudes of different units have no common smooth"
        )
    return figures, severities


def _checked_clips(of_clips: DoubleArray, figures: DoubleArray) -> DoubleArray:
    if of_clips.ndim != 2 or len(of_clips) != len(figures) or of_clips.shape[1] < 2:
        raise InvalidSetting(
            f"values of clips {of_clips.shape} must be (observations, clips), of {len(figures)} observations "
            "and two clips or more"
        )
    apart = float(np.abs(of_clips.mean(axis=1) - figures).max())
    if not apart < 1e-4:
        raise InvalidSetting(
            f"means over clips are up to {apart:g} from the figures; are they of this table?"
        )
    return of_clips


_Cell = tuple[DoubleArray, DoubleArray, npt.NDArray[np.int64]]


def _smoothed(cells: Sequence[_Cell]) -> list[Smooth]:
    """Return smooths of cells (severities, figures, rows) with the one penalty that predicts best."""
    from pygam import s

    n = sum(len(rows) for _, _, rows in cells)
    term = s(0, n_splines=_N_SPLINES, lam=1, edge_knots=[0.0, 1.0]).compile(cells[0][0][:, None])
    bases, roughness = (
        [_basis(term, severities) for severities, _, _ in cells],
        term.build_penalties().toarray(),
    )
    least, best = math.inf, list[Smooth]()
    for penalty in _PENALTIES:
        spreads = [np.linalg.solve(basis.T @ basis + penalty * roughness, basis.T) for basis in bases]
        smooths = [
            Smooth(rows, severities, figures, basis, spread, term, float(penalty))
            for (severities, figures, rows), basis, spread in zip(cells, bases, spreads, strict=True)
        ]
        spent = sum(one.effective_df for one in smooths)
        score = sum(one.residual_sum for one in smooths) * n / max(n - spent, 1e-9) ** 2
        if score < least:
            least, best = score, smooths
    return best


def _basis(term: SplineTerm, severities: DoubleArray) -> DoubleArray:
    """Return the splines at some severities (severities, splines)."""
    basis: DoubleArray = term.build_columns(severities[:, None]).toarray()
    return basis


def _deviations(n: int) -> DoubleArray:
    """Return combinations that are 0 where n means are alike (n - 1, n)."""
    return np.eye(n)[1:] - np.eye(n)[:1]


def _holm(chances: DoubleArray) -> DoubleArray:
    """Return chances that allow for their number, by Holm's steps."""
    order = np.argsort(chances)
    steps = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    adjusted = np.empty_like(chances)
    adjusted[order] = np.minimum(steps, 1)
    return adjusted
