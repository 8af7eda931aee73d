"""The profiled deviance of a multilevel model, its gradient, and where it is least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.multilevel.effects import FixedEffects, RandomEffects
from taglab.metrics.validation import DoubleArray
from taglab.reprs import one_line

IntArray = npt.NDArray[np.int64]

# σ_k / σ beyond which the residuals are as good as nothing, and below which a variance is tried as nothing.
_MOST_THETA = 1e3
_LEAST_THETA = 1e-3


@dataclass(frozen=True, eq=False)
class Products:
    """What the deviance is computed from, whatever θ; y is what the fixed effects alone leave.

    Attributes:
        zz: Z'Z (effects, effects).
        zx: Z' basis (effects, p).
        zy: Z'y (effects,).
        yy: y'y.
        n: Observations.
        log_triangle: log |X'X| / 2.
        term_of: Term of every effect (effects,).
    """

    zz: DoubleArray
    zx: DoubleArray
    zy: DoubleArray
    yy: float
    n: int
    log_triangle: float
    term_of: IntArray

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class Profile:
    """The solution for one θ, in units of σ² = 1 and of the basis of the fixed effects.

    With H = I + Σ θ_k² Z_k Z_k' and P = H⁻¹ - H⁻¹X(X'H⁻¹X)⁻¹X'H⁻¹.

    Attributes:
        deviance: -2 log-likelihood at its best β and σ.
        residual: y'Py.
        rotated: Coefficients of the basis (p,).
        cov: (X'H⁻¹X)⁻¹ of the basis (p, p).
        zpz: Z'PZ (effects, effects).
        zhz: Z'H⁻¹Z (effects, effects).
        zhx: Z'H⁻¹X of the basis (effects, p).
        zpy: Z'Py (effects,).
    """

    deviance: float
    residual: float
    rotated: DoubleArray
    cov: DoubleArray
    zpz: DoubleArray
    zhz: DoubleArray
    zhx: DoubleArray
    zpy: DoubleArray

    __repr__ = one_line


def profiled(products: Products, theta: DoubleArray, reml: bool) -> Profile:
    """Solve Henderson's equations for one θ, effects by Cholesky before the fixed ones."""
    from scipy.linalg import cholesky, solve_triangular

    scale = theta[products.term_of]
    scaled = scale[:, None] * products.zz
    lower = cholesky(scaled * scale + np.eye(len(scale)), lower=True)
    of_z = solve_triangular(lower, scaled, lower=True)
    of_x = solve_triangular(lower, scale[:, None] * products.zx, lower=True)
    of_y = solve_triangular(lower, scale * products.zy, lower=True)
    p = products.zx.shape[1]
    triangle = cholesky(np.eye(p) - of_x.T @ of_x, lower=True)
    inverse = solve_triangular(triangle, np.eye(p), lower=True)
    cov = inverse.T @ inverse
    rotated = -cov @ (of_x.T @ of_y)
    residual = products.yy - of_y @ of_y - rotated @ np.linalg.solve(cov, rotated)
    zhz, zhx = products.zz - of_z.T @ of_z, products.zx - of_z.T @ of_x
    degrees = products.n - p if reml else products.n
    log_h = 2 * float(np.log(np.diag(lower)).sum())
    log_x = 2 * (float(np.log(np.diag(triangle)).sum()) + products.log_triangle)
    deviance = log_h + (log_x if reml else 0.0) + degrees * (1 + np.log(2 * np.pi * residual / degrees))
    zpy = products.zy - of_z.T @ of_y - zhx @ rotated
    return Profile(float(deviance), float(residual), rotated, cov, zhz - zhx @ cov @ zhx.T, zhz, zhx, zpy)


def variance_slopes(products: Products, profile: Profile, terms: RandomEffects, reml: bool) -> DoubleArray:
    """Return the derivative of the deviance by θ_k² (terms,)."""
    degrees = products.n - len(profile.rotated) if reml else products.n
    traces = np.diag(profile.zpz if reml else profile.zhz)
    return terms.summed(traces) - degrees / profile.residual * terms.summed(profile.zpy**2)


def least_deviance(products: Products, terms: RandomEffects, reml: bool, start: DoubleArray) -> DoubleArray:
    """Return the θ of the least deviance; a variance that is nothing is exactly 0."""
    from scipy.optimize import minimize

    def objective(theta: DoubleArray) -> tuple[float, DoubleArray]:
        profile = profiled(products, theta, reml)
        return profile.deviance, 2 * theta * variance_slopes(products, profile, terms, reml)

    bounds = [(0.0, _MOST_THETA)] * len(start)
    theta = start
    for _ in range(5):
        # The gradient by θ is 0 at 0 whatever the data, so that the way starts inside.
        solved = minimize(
            objective, theta, jac=True, method="L-BFGS-B", bounds=bounds,
            options={"ftol": 1e-15, "gtol": 1e-7, "maxiter": 500},
        )  # fmt: skip
        theta = np.where(solved.x < _LEAST_THETA, 0.0, solved.x)
        at_zero = variance_slopes(products, profiled(products, theta, reml), terms, reml)
        stuck = (theta == 0) & (at_zero < -1e-6)
        if not stuck.any():
            break
        theta = np.where(stuck, 0.1, theta)
    if (theta >= _MOST_THETA).any():
        names = ", ".join(terms.names[k] for k in np.flatnonzero(theta >= _MOST_THETA))
        raise InvalidSetting(
            f"beside the variance of {names} nothing is left for the residual; are scores given twice?"
        )
    return theta


def products_of(fixed: FixedEffects, terms: RandomEffects, y: DoubleArray) -> Products:
    left = y - fixed.basis @ (fixed.basis.T @ y)
    if left @ left <= 1e-20 * (y @ y) or not y.any():
        raise InvalidSetting(
            "the fixed effects account for every score without rest; nothing is left to model"
        )
    log_triangle = float(np.log(np.abs(np.diag(fixed.triangle))).sum())
    z = terms.z
    return Products(
        (z.T @ z).toarray(),
        z.T @ fixed.basis,
        z.T @ left,
        float(left @ left),
        len(y),
        log_triangle,
        terms.term_of,
    )
