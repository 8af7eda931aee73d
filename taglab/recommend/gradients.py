"""Weighted least squares of many rows by conjugate gradients, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

_SOLVED = 1e-30  # squared length of a residual, below which single precision has no more to gain


@compiled
def _shared_product(shared: Floats, given: Floats, result: Floats) -> None:
    """Write a symmetric matrix (factors, factors) times a vector."""
    n_factors = len(given)
    result[:] = np.float32(0)
    for one in range(n_factors):
        scale = given[one]
        row = shared[one]
        for other in range(n_factors):
            result[other] += scale * row[other]


@compiled
def _dot(one: Floats, other: Floats) -> np.float32:
    total = np.float32(0)
    for factor in range(len(one)):
        total += one[factor] * other[factor]
    return total


@compiled
def _add(scale: np.float32, given: Floats, result: Floats) -> None:
    for factor in range(len(given)):
        result[factor] += scale * given[factor]


@compiled
def step_rows(
    pointers: Ints,
    columns: Ints,
    weights: Floats,
    others: Floats,
    shared: Floats,
    pull: Floats,
    solution: Floats,
    steps: int,
) -> None:
    """Bring vectors nearer the solution of (Oᵀ C O + λ) v = Oᵀ C p + pull, row after row.

    A row takes all its steps at once, for what it has of the others then stays near the processor.

    Args:
        pointers: Of the rows, into columns and weights (rows + 1,).
        columns: Which of the others, where p is 1.
        weights: Confidence less 1 of each.
        others: O, (others, factors).
        shared: OᵀO + λ, (factors, factors).
        pull: What is added on the right (rows, factors).
        solution: Where the rows are (rows, factors); is changed.
        steps: Of conjugate gradients.
    """
    n_factors = others.shape[1]
    product = np.empty(n_factors, np.float32)
    residual = np.empty(n_factors, np.float32)
    direction = np.empty(n_factors, np.float32)
    for row in range(len(pointers) - 1):
        vector = solution[row]
        _shared_product(shared, vector, product)
        for factor in range(n_factors):
            residual[factor] = pull[row, factor] - product[factor]
        for at in range(pointers[row], pointers[row + 1]):
            other = others[columns[at]]
            weight = weights[at]
            _add(weight + np.float32(1) - weight * _dot(other, vector), other, residual)
        direction[:] = residual
        size = _dot(residual, residual)
        for _ in range(steps):
            _shared_product(shared, direction, product)
            for at in range(pointers[row], pointers[row + 1]):
                other = others[columns[at]]
                _add(weights[at] * _dot(other, direction), other, product)
            along = _dot(direction, product)
            if not (along > 0 and size > _SOLVED):
                break
            _add(size / along, direction, vector)
            _add(-size / along, product, residual)
            before = size
            size = _dot(residual, residual)
            for factor in range(n_factors):
                direction[factor] = residual[factor] + size / before * direction[factor]
