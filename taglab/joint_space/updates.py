"""The steps of stochastic gradient descent, compiled: Algorithm 1 of Weston et al., for any ranking task.

All arrays are float32 and changed in place. An entity is a row of a table: of the artists' vectors, of the
tags' vectors, or, for a track, the sum of the rows of the features' vectors that its features weigh.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled as _compiled

ARTISTS, TAGS, TRACKS = 0, 1, 2

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Tables(NamedTuple):
    """What is learned: a row of `dim` numbers for every artist, tag and feature."""

    artists: Floats
    tags: Floats
    features: Floats


class Sparse(NamedTuple):
    """Rows of features, compressed: of row r, `columns[starts[r]:starts[r + 1]]` and their `values`."""

    starts: Integers
    columns: Integers
    values: Floats


class Pairs(NamedTuple):
    """What is to be ranked for what, of several tasks one after the other.

    Attributes:
        inputs: Kind of the inputs of each task (`ARTISTS`, `TAGS`, `TRACKS`).
        outputs: Kind of its outputs.
        n_outputs: Y, how many outputs are ranked.
        candidate_starts: Where in `candidates` those of each task begin.
        candidates: The outputs that are ranked, `n_outputs` of each task.
        same: 1 where inputs and outputs are the same entities, and none is an output of itself.
        asked_starts: Where in `asked` those of each task begin, and at last its length.
        asked: Inputs that have a right output and a wrong one.
        row_starts: Where in `starts` those of each task begin.
        starts: Where in `right` the right outputs of each input begin, and where they end.
        right: Right outputs, ascending for every input.
    """

    inputs: Integers
    outputs: Integers
    n_outputs: Integers
    candidate_starts: Integers
    candidates: Integers
    same: Integers
    asked_starts: Integers
    asked: Integers
    row_starts: Integers
    starts: Integers
    right: Integers


class Rules(NamedTuple):
    """How a step is made.

    Attributes:
        weights: L(r) at r, (largest Y,); `weights[0]` is unused.
        rate: Learning rate.
        limit: C, the longest a row may be.
        sampled_rank: Whether wrong outputs are drawn until one is within the margin (WARP); else one is
            drawn, and its weight is L(1) (AUC).
    """

    weights: Floats
    rate: float
    limit: float
    sampled_rank: bool


class Room(NamedTuple):
    """Where a step puts what it computes.

    Attributes:
        vectors: (3, dim): of the input, of the right output, of a wrong one.
        products: (features,): of every feature's vector with the input's.
        few: So many wrong tracks are placed one by one before `products` are taken.
    """

    vectors: Floats
    products: Floats
    few: int


@_compiled
def _below(state: npt.NDArray[np.uint64], n: int) -> int:
    """Draw a whole number below n from xorshift64* (Vigna 2016), whose state is changed."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    high = (x * np.uint64(2685821657736338717)) >> np.uint64(32)
    return int((high * np.uint64(n)) >> np.uint64(32))


@_compiled
def _vector(tables: Tables, tracks: Sparse, kind: int, row: int, out: Floats) -> None:
    """Write an entity's vector, (dim,), to `out`."""
    if kind == ARTISTS:
        out[:] = tables.artists[row]
    elif kind == TAGS:
        out[:] = tables.tags[row]
    else:
        out[:] = 0
        for at in range(tracks.starts[row], tracks.starts[row + 1]):
            value, feature = tracks.values[at], tables.features[tracks.columns[at]]
            for i in range(len(out)):
                out[i] += value * feature[i]


@_compiled
def _add_row(row: Floats, step: Floats, factor: float, limit: float) -> None:
    """Add a multiple of a step to a row, and shorten the row to the limit where it is longer."""
    square = np.float32(0)
    for i in range(len(row)):
        row[i] += factor * step[i]
        square += row[i] * row[i]
    if square > limit * limit:
        shrink = np.float32(limit) / np.sqrt(square)
        for i in range(len(row)):
            row[i] *= shrink


@_compiled
def _add(
    tables: Tables, tracks: Sparse, kind: int, row: int, step: Floats, factor: float, limit: float
) -> None:
    """Add a multiple of a step to an entity's vector, projecting what it touches: eq. 1, 2 or 3."""
    if kind == ARTISTS:
        _add_row(tables.artists[row], step, factor, limit)
    elif kind == TAGS:
        _add_row(tables.tags[row], step, factor, limit)
    else:
        for at in range(tracks.starts[row], tracks.starts[row + 1]):
            _add_row(tables.features[tracks.columns[at]], step, factor * tracks.values[at], limit)


@_compiled
def _is_right(right: Integers, start: int, end: int, output: int) -> bool:
    """Return whether an output is among the ascending right ones, by bisection."""
    while start < end:
        middle = (start + end) // 2
        if right[middle] < output:
            start = middle + 1
        else:
            end = middle
    return start < len(right) and right[start] == output


@_compiled
def _product(first: Floats, second: Floats) -> np.float32:
    total = np.float32(0)
    for i in range(len(first)):
        total += first[i] * second[i]
    return total


@_compiled
def _products_of_features(tables: Tables, vector: Floats, out: Floats) -> None:
    """Write the product of every feature's vector with a vector, (features,), to `out`."""
    for row in range(len(tables.features)):
        out[row] = _product(tables.features[row], vector)


@_compiled
def _sum_of_products(tracks: Sparse, row: int, products: Floats) -> np.float32:
    """Return a track's product with a vector, of its features' products with it."""
    total = np.float32(0)
    for at in range(tracks.starts[row], tracks.starts[row + 1]):
        total += tracks.values[at] * products[tracks.columns[at]]
    return total


@_compiled
def _score(tables: Tables, tracks: Sparse, kind: int, row: int, asked: Floats, room: Floats) -> np.float32:
    """Return the dot product of an entity with a vector; a track's own vector is left in `room`.

    A row is not copied first: many wrong outputs are drawn for each that is within the margin.
    """
    if kind == ARTISTS:
        return _product(asked, tables.artists[row])
    if kind == TAGS:
        return _product(asked, tables.tags[row])
    _vector(tables, tracks, kind, row, room)
    return _product(asked, room)


@_compiled
def _step(
    tables: Tables,
    tracks: Sparse,
    pairs: Pairs,
    rules: Rules,
    task: int,
    state: npt.NDArray[np.uint64],
    room: Room,
) -> int:
    """Make one step of a task; return how many wrong outputs were drawn, 0 where none was within the margin.

    Where many wrong tracks are drawn, every feature's product with the input is taken once: of a track then
    as many numbers are summed as it has features, in place of `dim` times as many.
    """
    vectors = room.vectors
    asked, right_one, wrong_one = vectors[0], vectors[1], vectors[2]
    first, last = pairs.asked_starts[task], pairs.asked_starts[task + 1]
    x = pairs.asked[first + _below(state, last - first)]
    place = pairs.row_starts[task] + x
    start, end = pairs.starts[place], pairs.starts[place + 1]
    j = pairs.right[start + _below(state, end - start)]
    first_candidate = pairs.candidate_starts[task]
    n_outputs, kind, same = pairs.n_outputs[task], pairs.outputs[task], pairs.same[task]
    _vector(tables, tracks, pairs.inputs[task], x, asked)
    _vector(tables, tracks, kind, j, right_one)
    bar = _product(asked, right_one) - np.float32(1)
    most = n_outputs - 1 if rules.sampled_rank else 1
    drawn = 0
    while drawn < most:
        k = pairs.candidates[first_candidate + _below(state, n_outputs)]
        if _is_right(pairs.right, start, end, k) or (same and k == x):
            continue
        drawn += 1
        by_products = kind == TRACKS and drawn > room.few
        if by_products:
            if drawn == room.few + 1:
                _products_of_features(tables, asked, room.products)
            score = _sum_of_products(tracks, k, room.products)
        else:
            score = _score(tables, tracks, kind, k, asked, wrong_one)
        if score > bar:
            if by_products or kind != TRACKS:
                _vector(tables, tracks, kind, k, wrong_one)
            rank = (n_outputs - 1) // drawn if rules.sampled_rank else 1
            factor = rules.rate * rules.weights[rank]
            for i in range(len(asked)):  # the input's own step, while both outputs are as they were
                wrong_one[i] = right_one[i] - wrong_one[i]
            _add(tables, tracks, kind, j, asked, factor, rules.limit)
            _add(tables, tracks, kind, k, asked, -factor, rules.limit)
            _add(tables, tracks, pairs.inputs[task], x, wrong_one, factor, rules.limit)
            return drawn
    return 0


@_compiled
def update(
    n_steps: int,
    tables: Tables,
    tracks: Sparse,
    pairs: Pairs,
    rules: Rules,
    state: npt.NDArray[np.uint64],
    counts: Integers,
) -> None:
    """Make steps, each of a task drawn evenly.

    Args:
        n_steps: How many.
        tables: What is learned; changed.
        tracks: Features of tracks.
        pairs: The tasks.
        rules: How a step is made.
        state: Of the random numbers, (1,) and not 0; changed.
        counts: (tasks, 3): steps, steps that changed something, wrong outputs drawn in those; added to.
    """
    n_features, dim = tables.features.shape
    # As soon as so many tracks have cost as much as all features' products would have.
    few = n_features * (len(tracks.starts) - 1) // max(len(tracks.columns), 1)
    room = Room(np.empty((3, dim), np.float32), np.empty(n_features, np.float32), few)
    n_tasks = len(pairs.inputs)
    for _ in range(n_steps):
        task = _below(state, n_tasks)
        drawn = _step(tables, tracks, pairs, rules, task, state, room)
        counts[task, 0] += 1
        counts[task, 1] += drawn > 0
        counts[task, 2] += drawn
