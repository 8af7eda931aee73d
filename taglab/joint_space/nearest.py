"""The best of many vectors for each of some queries, exactly: dot products, of which few are kept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled
from taglab.errors import InvalidSetting
from taglab.parallel import blas_of_one_thread, blocks, cores, on_every_core
from taglab.progress import silent

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_BLOCK_VALUES = 1 << 19  # products at a time, which a core's cache holds
_ALONE_VALUES = 1 << 22  # numbers of vectors, below which threads would cost more than they save
_FEW_PRODUCTS = 1 << 17  # up to so many NumPy is as fast, and nothing has to be compiled


class Best(NamedTuple):
    """The best vectors for each query.

    Attributes:
        rows: Array (queries, k): rows of vectors, best first; of equal ones the first.
        products: Array (queries, k), float32, descending.
    """

    rows: Rows
    products: Floats


def best_products(queries: Floats, vectors: Floats, k: int) -> Best:
    """Return the k vectors whose dot products with each query are largest.

    Args:
        queries: Array (queries, d), float32.
        vectors: Array (n, d), float32.
        k: How many; all where there are fewer.

    Raises:
        InvalidSetting: If they are of different lengths, or k is below 1.
    """
    if queries.ndim != 2 or vectors.ndim != 2 or queries.shape[1] != vectors.shape[1]:
        raise InvalidSetting(
            f"queries {queries.shape} and vectors {vectors.shape} must have as many numbers a row"
        )
    if k < 1:
        raise InvalidSetting(f"k={k} must be at least 1")
    k = min(k, len(vectors))
    if len(queries) * len(vectors) <= _FEW_PRODUCTS:
        return _best_of_few(queries @ vectors.T, k)
    threads = cores() if vectors.size * len(queries) > _ALONE_VALUES else 1
    parts = blocks(len(vectors), -(-len(vectors) // threads))

    def best_of(part: slice) -> Best:
        return _best_of(queries, vectors[part], k, part.start)

    if len(parts) > 1:
        with blas_of_one_thread():
            bests = on_every_core(best_of, parts, silent, "")
    else:
        bests = list(map(best_of, parts))
    rows = np.concatenate([np.empty((len(queries), 0), np.int64), *(best.rows for best in bests)], axis=1)
    products = np.concatenate([rows[:, :0].astype(np.float32), *(best.products for best in bests)], axis=1)
    order = np.lexsort((rows, -products), axis=1)[:, :k]
    return Best(np.take_along_axis(rows, order, 1), np.take_along_axis(products, order, 1))


def _best_of_few(products: Floats, k: int) -> Best:
    """Return the k largest of each row of products (queries, n)."""
    rows = np.empty((len(products), k), np.int64)
    for query, of_query in enumerate(products):
        # All that may be among them, ties of the last included, in the order of rows.
        least = np.partition(of_query, len(of_query) - k)[len(of_query) - k] if k else np.inf
        able = np.flatnonzero(of_query >= least)
        rows[query] = able[np.argsort(-of_query[able], kind="stable")[:k]]
    return Best(rows, np.take_along_axis(products, rows, 1))


def _best_of(queries: Floats, vectors: Floats, k: int, first_row: int) -> Best:
    """Return the best of some of the vectors, in no order; short of k of them they are -inf of row -1."""
    rows = np.full((len(queries), k), -1, np.int64)
    products = np.full((len(queries), k), -np.inf, np.float32)
    size = max(k, _BLOCK_VALUES // max(1, len(queries)))
    for block in blocks(len(vectors), size):
        _keep_best(queries @ vectors[block].T, first_row + block.start, rows, products)
    return Best(rows, products)


@compiled
def _is_worse(rows: Rows, products: Floats, one: int, other: int) -> bool:
    """Return whether one of a heap has a smaller product than another, or as small a one and comes later."""
    if products[one] != products[other]:
        return bool(products[one] < products[other])
    return bool(rows[one] > rows[other])


@compiled
def _sift(rows: Rows, products: Floats) -> None:
    """Let the first of a heap, whose worst is to come first, sink to where it belongs."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= len(rows):
            return
        if child + 1 < len(rows) and _is_worse(rows, products, child + 1, child):
            child += 1
        if not _is_worse(rows, products, child, at):
            return
        products[at], products[child] = products[child], products[at]
        rows[at], rows[child] = rows[child], rows[at]
        at = child


@compiled
def _keep_best(scores: Floats, first_row: int, rows: Rows, products: Floats) -> None:
    """Put scores (queries, some) into the heaps of the best so far, where they are better than the worst."""
    n = scores.shape[1]
    for query in range(len(scores)):
        for start in range(0, n, 64):
            stop = min(start + 64, n)
            bar = products[query, 0]
            better = False
            for at in range(start, stop):
                better |= scores[query, at] > bar
            if not better:
                continue
            for at in range(start, stop):
                if scores[query, at] > products[query, 0]:
                    products[query, 0] = scores[query, at]
                    rows[query, 0] = first_row + at
                    _sift(rows[query], products[query])
