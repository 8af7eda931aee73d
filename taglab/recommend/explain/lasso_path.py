"""The knots of the Lasso's path, from products of the columns alone: compiled, for many small problems."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_SOLVED = 1e-12  # share of the first correlation, below which rounding is all that is left
_TINY = 1e-300


@compiled
def _append(lower: Floats, gram: Floats, members: Ints, row: int) -> None:
    """Write the next row of the Cholesky factor of the part of a matrix that its members are."""
    for column in range(row + 1):
        total = gram[members[row], members[column]]
        for at in range(column):
            total -= lower[row, at] * lower[column, at]
        if row == column:
            lower[row, row] = np.sqrt(max(total, _TINY))
        else:
            lower[row, column] = total / lower[column, column]


@compiled
def _solved(lower: Floats, members: Ints, n: int, right: Floats) -> Floats:
    """Return the solution of a system whose matrix has this Cholesky factor."""
    solution = np.empty(n)
    for row in range(n):
        total = right[members[row]]
        for at in range(row):
            total -= lower[row, at] * solution[at]
        solution[row] = total / lower[row, row]
    for row in range(n - 1, -1, -1):
        total = solution[row] / lower[row, row]
        solution[row] = total
        for at in range(row):
            solution[at] -= lower[row, at] * total
    return solution


@compiled
def _knots_of(gram: Floats, correlation: Floats, n_columns: int, chosen: Bools) -> int:
    """Write which columns have a weight at every knot of one problem; return how many knots there are."""
    rest = correlation.copy()
    weights = np.zeros(n_columns)
    sign = np.zeros(n_columns)
    active = np.zeros(n_columns, np.bool_)
    members = np.zeros(n_columns, np.int64)  # active columns, in the order in which they came
    n_members = 0
    lower = np.zeros((n_columns, n_columns))
    first = 0.0
    for column in range(n_columns):
        first = max(first, abs(rest[column]))
    knot, dropped = 0, -1
    while knot + 1 < len(chosen):
        level, best = 0.0, -1
        for column in range(n_columns):
            if active[column]:
                level = max(level, abs(rest[column]))
            elif best < 0 or abs(rest[column]) > abs(rest[best]):
                best = column
        if dropped < 0 and best >= 0:
            level = max(level, abs(rest[best]))
            active[best] = True
            sign[best] = 1.0 if rest[best] > 0 else -1.0
            members[n_members] = best
            _append(lower, gram, members, n_members)
            n_members += 1
        if not level > _SOLVED * first:
            break
        direction = _solved(lower, members, n_members, sign)
        change = np.zeros(n_columns)
        for row in range(n_members):
            for column in range(n_columns):
                change[column] += gram[members[row], column] * direction[row]
        step = level
        for column in range(n_columns):
            if not active[column]:
                for side in (1.0, -1.0):
                    slope = 1 - side * change[column]
                    if slope != 0:
                        reach = (level - side * rest[column]) / slope
                        if _SOLVED * first < reach < step:
                            step = reach
        leaving = -1
        for row in range(n_members):
            if direction[row] != 0:
                zero = -weights[members[row]] / direction[row]
                if 0 < zero < step:
                    step, leaving = zero, row
        for row in range(n_members):
            weights[members[row]] += step * direction[row]
        for column in range(n_columns):
            rest[column] -= step * change[column]
        dropped = leaving
        if leaving >= 0:
            weights[members[leaving]] = 0.0
            active[members[leaving]] = False
            n_members -= 1
            for row in range(leaving, n_members):
                members[row] = members[row + 1]
                _append(lower, gram, members, row)
        knot += 1
        for column in range(n_columns):
            chosen[knot, column] = active[column] and weights[column] != 0
        if leaving < 0 and step == level:
            break  # nothing is left to explain
    return knot + 1


@compiled
def _all_knots(grams: Floats, correlations: Floats, counts: Ints, chosen: Bools, n_knots: Ints) -> None:
    for problem in range(len(counts)):
        n_columns = counts[problem]
        n_knots[problem] = _knots_of(
            grams[problem, :n_columns, :n_columns], correlations[problem], n_columns, chosen[problem]
        )


def lasso_knots(grams: Floats, correlations: Floats, counts: Ints) -> tuple[Bools, Ints]:
    """Return which columns have a weight at every knot of the Lasso's path, of many least squares.

    Args:
        grams: XᵀX of every problem (problems, columns, columns).
        correlations: Xᵀy (problems, columns).
        counts: How many of the first columns a problem has (problems,).

    Returns:
        Whether a column has a weight (problems, knots, columns), from none on; and how many knots a problem
        has (problems,).

    Source: Efron, Hastie, Johnstone, Tibshirani, "Least angle regression", Annals of Statistics 32 (2004),
    with the Lasso's modification, by which a column whose weight comes to 0 leaves.
    """
    width = grams.shape[1]
    chosen = np.zeros((len(grams), 3 * width + 2, width), np.bool_)
    n_knots = np.ones(len(grams), np.int64)
    _all_knots(np.ascontiguousarray(grams), np.ascontiguousarray(correlations), counts, chosen, n_knots)
    return chosen, n_knots


def chosen_on_path(chosen: Bools, n_knots: Ints) -> Callable[[int], Bools]:
    """Return what chooses columns: those of the last knot at which no more than so many have a weight.

    Args:
        chosen: Which columns have a weight (problems, knots, columns), as `lasso_knots` has it.
        n_knots: How many knots a problem has (problems,).
    """
    sizes = chosen.sum(axis=2)
    sizes[np.arange(chosen.shape[1]) >= n_knots[:, None]] = np.iinfo(sizes.dtype).max

    def choose(omega: int) -> Bools:
        last = chosen.shape[1] - 1 - (sizes[:, ::-1] <= omega).argmax(axis=1)
        picked: Bools = chosen[np.arange(len(chosen)), last]
        return picked

    return choose
