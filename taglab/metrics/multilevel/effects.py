"""The two kinds of effects of a multilevel model as matrices: fixed ones and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray
from taglab.reprs import one_line

IntArray = npt.NDArray[np.int64]

# A column is aliased with those before it when so little of its length is its own.
_OWN_SHARE = 1e-7


@dataclass(frozen=True, eq=False)
class RandomTerm:
    """Effects of groups, drawn from one normal distribution around 0.

    Attributes:
        name: Of the term, as "data set".
        groups: Of every observation its group's name (n,).
        values: What a group's effect is multiplied by: a covariate for random slopes (n,); None where it is
            added as it is, a random intercept.
    """

    name: str
    groups: npt.NDArray[Any]
    values: DoubleArray | None = None

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """Random terms as one matrix Z of effects.

    Attributes:
        z: Sparse (n, effects).
        term_of: Term of every effect (effects,), ascending.
        groups: Group of every effect (effects,).
        names: Of the terms.
        mean_squares: Mean over observations of what a term's effect is multiplied by, squared (terms,).
    """

    z: Any
    term_of: IntArray
    groups: tuple[str, ...]
    names: tuple[str, ...]
    mean_squares: DoubleArray

    __repr__ = one_line

    def starts(self) -> IntArray:
        """Return the place of the first effect of each term (terms,)."""
        return np.searchsorted(self.term_of, np.arange(len(self.names)))

    def summed(self, values: DoubleArray) -> DoubleArray:
        """Return sums over the effects of each term (terms, ...)."""
        return np.add.reduceat(values, self.starts(), axis=0)

    def block_sums(self, values: DoubleArray) -> DoubleArray:
        """Return sums over the blocks of a matrix of effects (terms, terms)."""
        return self.summed(self.summed(values).T)


def random_effects_of(random: Sequence[RandomTerm], n: int) -> RandomEffects:
    from scipy import sparse

    blocks, term_of, names, squares = [], [], [], []
    groups: list[str] = []
    for number, term in enumerate(random):
        codes, levels = pd.factorize(np.asarray(term.groups), sort=True)
        values = np.ones(n) if term.values is None else np.asarray(term.values, np.float64)
        _check_term(term.name, codes, len(levels), values, n)
        blocks.append(sparse.csr_array((values, (np.arange(n), codes)), shape=(n, len(levels))))
        term_of += [number] * len(levels)
        groups += map(str, levels)
        names.append(term.name)
        squares.append(float((values**2).mean()))
    z = sparse.csr_array(sparse.hstack(blocks))
    return RandomEffects(z, np.array(term_of), tuple(groups), tuple(names), np.array(squares))


def _check_term(name: str, codes: IntArray, n_levels: int, values: DoubleArray, n: int) -> None:
    if codes.shape != (n,) or values.shape != (n,):
        raise InvalidSetting(f"{name}: groups and values must be of {n:,} observations, as the scores are")
    if (codes < 0).any() or not np.isfinite(values).all():
        raise InvalidSetting(f"{name}: a group or a value is missing; leave those rows out")
    if n_levels < 2:
        raise InvalidSetting(f"{name} has one group only; a variance between groups needs two, better five")
    if n_levels >= n:
        raise InvalidSetting(f"{name} has a group for every observation; that is what the residual is")
    if not values.any():
        raise InvalidSetting(f"{name}: what its effects are multiplied by is 0 everywhere; leave it out")


@dataclass(frozen=True, eq=False)
class FixedEffects:
    """A matrix of fixed effects as an orthonormal basis of what it spans.

    Attributes:
        names: Of the columns that are kept.
        dropped: Names of those that follow from columns before them.
        x: Kept columns (n, p).
        basis: Orthonormal (n, p).
        triangle: x = basis @ triangle (p, p).
    """

    names: tuple[str, ...]
    dropped: tuple[str, ...]
    x: DoubleArray
    basis: DoubleArray
    triangle: DoubleArray

    __repr__ = one_line

    def coefficients(self, rotated: DoubleArray) -> DoubleArray:
        """Return coefficients of the columns, of those of the basis (p, ...)."""
        from scipy.linalg import solve_triangular

        result: DoubleArray = solve_triangular(self.triangle, rotated)
        return result


def fixed_effects_of(design: pd.DataFrame) -> FixedEffects:
    x = design.to_numpy(np.float64)
    if not np.isfinite(x).all():
        raise InvalidSetting("the design of the fixed effects holds NaN or infinity; leave those rows out")
    kept: list[int] = []
    basis = np.empty((len(x), 0))
    for number, column in enumerate(x.T):
        own = column - basis @ (basis.T @ column)
        own -= basis @ (basis.T @ own)  # once more: what is left of rounding
        length = float(np.linalg.norm(own))
        if length > _OWN_SHARE * float(np.linalg.norm(column)):
            basis = np.column_stack([basis, own / length])
            kept.append(number)
    names = [str(name) for name in design.columns]
    if not kept:
        raise InvalidSetting("the design of the fixed effects has no column other than 0")
    if len(x) <= len(kept):
        raise InvalidSetting(f"{len(x):,} scores are too few for {len(kept)} fixed effects")
    dropped = tuple(name for number, name in enumerate(names) if number not in kept)
    return FixedEffects(tuple(names[k] for k in kept), dropped, x[:, kept], basis, basis.T @ x[:, kept])
