"""A fitted multilevel model: what it tells, and how it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel.deviance import Products, Profile, least_deviance, products_of, profiled
from taglab.metrics.multilevel.effects import (
    FixedEffects,
    RandomEffects,
    RandomTerm,
    fixed_effects_of,
    random_effects_of,
)
from taglab.metrics.validation import DoubleArray
from taglab.reprs import one_line

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MultilevelModel:
    """A multilevel model fitted to scores.

    Attributes:
        names: Of the fixed effects.
        estimates: Their coefficients (p,).
        covariance: Of those (p, p).
        dropped: Names of columns of the design that follow from those before them and have no coefficient.
        terms: Names of the random terms.
        variances: Of the random terms (terms,).
        residual_variance: Of what no effect accounts for.
        log_likelihood: Restricted where `reml`.
        reml: Whether fitted by REML, else by ML.
        n: Observations.
    """

    names: tuple[str, ...]
    estimates: DoubleArray
    covariance: DoubleArray
    dropped: tuple[str, ...]
    terms: tuple[str, ...]
    variances: DoubleArray
    residual_variance: float
    log_likelihood: float
    reml: bool
    n: int
    _fixed: FixedEffects = field(repr=False)
    _random: RandomEffects = field(repr=False)
    _products: Products = field(repr=False)
    _profile: Profile = field(repr=False)
    _scores: DoubleArray = field(repr=False)

    __repr__ = one_line

    @property
    def singular(self) -> tuple[str, ...]:
        """Names of random terms whose variance is estimated as 0."""
        return tuple(name for name, value in zip(self.terms, self.variances, strict=True) if value == 0)

    @property
    def theta(self) -> DoubleArray:
        """σ_k / σ of the random terms (terms,)."""
        return np.sqrt(self.variances / self.residual_variance)

    def notes(self) -> list[str]:
        """Return what to know of the fit, a sentence each: columns without coefficient, variances of 0."""
        notes = []
        if self.dropped:
            follow = "follows" if len(self.dropped) == 1 else "follow"
            notes.append(
                f"{', '.join(self.dropped)} {follow} from other fixed effects and has no coefficient"
            )
        if self.singular:
            notes.append(
                f"singular: the variance of {', '.join(self.singular)} is estimated as 0; the scores do not "
                "tell it from the residual"
            )
        return notes

    def variance_components(self) -> pd.DataFrame:
        """Return `term`, `variance`, `sd` of the random terms and, last, of the residual."""
        variances = np.append(self.variances, self.residual_variance)
        return pd.DataFrame(
            {"term": [*self.terms, "residual"], "variance": variances, "sd": np.sqrt(variances)}
        )

    def random_effects(self) -> pd.DataFrame:
        """Return `term`, `group`, `effect`: the most likely effect of every group, shrunk towards 0."""
        theta = self.theta[self._random.term_of]
        return pd.DataFrame(
            {
                "term": [self.terms[k] for k in self._random.term_of],
                "group": self._random.groups,
                "effect": theta**2 * self._profile.zpy,
            }
        )

    def coefficients(self, level: float = 0.95) -> pd.DataFrame:
        """Return the fixed effects, a row each, as `contrasts` of the effects themselves."""
        return self.contrasts(self.effect_rows(), level)

    def effect_rows(self) -> pd.DataFrame:
        """Return the combinations that are the fixed effects themselves."""
        return pd.DataFrame(np.eye(len(self.names)), list(self.names), list(self.names))

    def contrasts(self, rows: pd.DataFrame, level: float = 0.95, asymptotic: bool = False) -> pd.DataFrame:
        """Return linear combinations of the fixed effects.

        Args:
            rows: A row a combination, a column a fixed effect; the index names it.
            level: Of the intervals.
            asymptotic: By the normal distribution, as emmeans does beyond 3,000 rows; else by Student's t
                with Satterthwaite's degrees of freedom, which a handful of groups asks for.

        Returns:
            `name`, `estimate`, `standard_error`, `df`, `t`, `p` (of 0, two-sided), `low`,
            `high`.

        Raises:
            InvalidSetting: If a row needs a column that was dropped, or that the model has not.
        """
        from scipy.stats import t

        weights = self.weights(rows)
        estimates = weights @ self.estimates
        errors = np.sqrt(np.einsum("ij,jk,ik->i", weights, self.covariance, weights))
        df = np.full(len(rows), np.inf) if asymptotic else self.degrees_of_freedom(weights)
        ratio = estimates / errors
        reach = t.ppf((1 + level) / 2, df) * errors
        return pd.DataFrame(
            {
                "name": [str(name) for name in rows.index],
                "estimate": estimates, "standard_error": errors, "df": df, "t": ratio,
                "p": 2 * t.sf(np.abs(ratio), df), "low": estimates - reach, "high": estimates + reach,
            }
        )  # fmt: skip

    def weights(self, rows: pd.DataFrame) -> DoubleArray:
        """Return combinations as weights of the fixed effects (m, p); raises as `contrasts`."""
        unknown = [str(name) for name in rows.columns if str(name) not in self.names]
        needed = [name for name in unknown if rows[name].any()]
        if needed:
            reason = "follows from others" if needed[0] in self.dropped else "is none of the model"
            raise InvalidSetting(f"{needed[0]!r} has no coefficient: it {reason}")
        weights: DoubleArray = rows.reindex(columns=list(self.names), fill_value=0.0).to_numpy(np.float64)
        return weights

    def degrees_of_freedom(self, weights: DoubleArray) -> DoubleArray:
        """Return Satterthwaite's degrees of freedom of combinations of the fixed effects (m, p) → (m,)."""
        covariance, slopes = self._variance_information
        gradients = np.einsum("mi,kij,mj->mk", weights, slopes, weights)
        variance = np.einsum("mi,ij,mj->m", weights, self.covariance, weights)
        spread = np.einsum("mk,kl,ml->m", gradients, covariance, gradients)
        df: DoubleArray = np.full(len(weights), np.inf)
        np.divide(2 * variance**2, spread, out=df, where=spread > 0)
        return df

    @cached_property
    def _variance_information(self) -> tuple[DoubleArray, DoubleArray]:
        """Asymptotic covariance of the variances (v, v), and slopes of `covariance` by them (v, p, p).

        The variances are those of the terms above 0, then the residual's.
        """
        kept = np.flatnonzero(self.variances > 0)
        information = _information(self, kept)
        from_effects = self._fixed.coefficients(self._profile.cov @ self._profile.zhx.T)  # (p, effects)
        by_term = [from_effects[:, self._random.term_of == k] for k in kept]
        slopes = np.array([block @ block.T for block in by_term]).reshape(-1, *self.covariance.shape)
        # The covariance is of degree 1 in the variances together (Euler).
        rest = self.covariance - np.einsum("k,kij->ij", self.variances[kept], slopes)
        slopes = np.concatenate([slopes, rest[None] / self.residual_variance])
        covariance: DoubleArray = 2 * np.linalg.pinv(information).astype(np.float64)
        return covariance, slopes

    def r_squared(self, counted: Sequence[str] | None = None) -> tuple[float, float]:
        """Return the shares of the variance that fixed effects, and fixed and random ones, account for.

        Args:
            counted: Names of the random terms that count; all where None. R's performance (0.10) leaves out
                slopes of what is no fixed effect itself, which makes both shares of such models wrong.

        Source: Nakagawa, Schielzeth, Methods in Ecology and Evolution 4 (2013); with random slopes Johnson,
        ibid. 5 (2014).
        """
        of_fixed = float(np.var(self._fixed.x @ self.estimates, ddof=1))
        every = self.variances * self._random.mean_squares
        counts = [counted is None or term in counted for term in self.terms]
        of_random = float(every[counts].sum())
        total = of_fixed + of_random + self.residual_variance
        return of_fixed / total, (of_fixed + of_random) / total


def _information(model: MultilevelModel, kept: IntArray) -> DoubleArray:
    """Return the second derivatives of the deviance by the variances `kept` and the residual's.

    Where V = Σ σ_k² V_k, they are 2 y'P V_i P V_j P y - tr(P V_i P V_j); for ML the trace has V⁻¹ in place of
    P. What the residual has part in follows from σ² I = V - Σ σ_k² Z_k Z_k', with PVP = P.
    """
    profile, terms, sigma2 = model._profile, model._random, model.residual_variance
    variances = model.variances[kept]
    zpz, zpy = profile.zpz / sigma2, profile.zpy / sigma2
    square = np.ix_(kept, kept)
    inside = zpz if model.reml else profile.zhz / sigma2
    traces = terms.block_sums(inside**2)[square]
    forms = terms.block_sums(np.outer(zpy, zpy) * zpz)[square]
    one_trace, one_form = terms.summed(np.diag(inside))[kept], terms.summed(zpy**2)[kept]
    degrees = float(model.n - len(model.names) if model.reml else model.n)
    of_forms = _with_residual(forms, one_form, profile.residual / sigma2, variances, sigma2)
    return 2 * of_forms - _with_residual(traces, one_trace, degrees, variances, sigma2)


def _with_residual(
    pairs: DoubleArray, single: DoubleArray, none: float, variances: DoubleArray, sigma2: float
) -> DoubleArray:
    """Return f(V_i, V_j) with the residual's row and column, of f(V, V_j) = `single` and f(V, V) = `none`."""
    mixed = (single - pairs @ variances) / sigma2
    alone = ((none - single @ variances) / sigma2 - mixed @ variances) / sigma2
    return np.block([[pairs, mixed[:, None]], [mixed[None, :], np.array([[alone]])]])


def fit_multilevel(
    scores: npt.ArrayLike, design: pd.DataFrame, random: Sequence[RandomTerm], reml: bool = True
) -> MultilevelModel:
    """Fit a multilevel model.

    Columns of the design that follow from those before them are left out and named, as in R.

    Args:
        scores: Finite (n,).
        design: Of the fixed effects, a column each, the intercept's ones included (n, p).
        random: Terms of random effects, one or more.
        reml: By restricted maximum likelihood; False by maximum likelihood, to compare models of other fixed
            effects.

    Raises:
        InvalidSetting: If shapes disagree, a value is missing, scores are too few or follow from the effects
            without rest, or a term has fewer than two groups or one for every observation.
    """
    y = np.asarray(scores, np.float64)
    if y.ndim != 1 or len(y) != len(design):
        raise InvalidSetting(f"scores {y.shape} and design {design.shape} must be of the same observations")
    if not np.isfinite(y).all():
        raise InvalidSetting(f"{int((~np.isfinite(y)).sum()):,} scores are missing; leave their rows out")
    if not random:
        raise InvalidSetting("a multilevel model needs a random term; without any, least squares do")
    fixed, terms = fixed_effects_of(design), random_effects_of(random, len(y))
    products = products_of(fixed, terms, y)
    return solved(fixed, terms, products, y, reml, np.ones(len(random)))


def solved(
    fixed: FixedEffects,
    terms: RandomEffects,
    products: Products,
    y: DoubleArray,
    reml: bool,
    start: DoubleArray,
) -> MultilevelModel:
    """Return the model of the least deviance, looked for from θ = `start` (terms,)."""
    theta = least_deviance(products, terms, reml, start)
    profile = profiled(products, theta, reml)
    sigma2 = profile.residual / (len(y) - len(fixed.names) if reml else len(y))
    rotated = fixed.basis.T @ y + profile.rotated
    half = fixed.coefficients(np.linalg.cholesky(profile.cov).astype(np.float64))
    return MultilevelModel(
        names=fixed.names, estimates=fixed.coefficients(rotated), covariance=sigma2 * half @ half.T,
        dropped=fixed.dropped, terms=terms.names, variances=sigma2 * theta**2, residual_variance=sigma2,
        log_likelihood=-profile.deviance / 2, reml=reml, n=len(y),
        _fixed=fixed, _random=terms, _products=products, _profile=profile, _scores=y,
    )  # fmt: skip
