"""Small systems whose tags count as it is known: a sum over tags, and two tags of which one must be there."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.recommend.explain import Explained

WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0, 3.0, -0.25])
BIASES = np.linspace(0, 1, 12)


def tags_of(n_items: int, n_tags: int, seed: int = 1) -> sparse.csr_array:
    """Tags of items, the second item of which has none and the third all."""
    there = np.random.default_rng(seed).random((n_items, n_tags)) < 0.4
    there[0, :2], there[1], there[2] = True, False, True
    return sparse.csr_array(there.astype(np.float64))


def linear_scores(items: npt.NDArray[np.int64], tags: sparse.csr_array) -> npt.NDArray[Any]:
    return tags @ WEIGHTS + BIASES[items]


def linear() -> Explained:
    """Items whose score is a sum over their tags, and what the item has besides."""
    tags = tags_of(12, 6)

    def slopes(items: npt.NDArray[np.int64], rows: sparse.csr_array) -> npt.NDArray[Any]:
        return np.tile(WEIGHTS, (len(items), 1))

    history = np.arange(3, 9)
    return Explained(np.arange(12), tags, linear_scores, slopes, True, history, tags[history])


def either_scores(items: npt.NDArray[np.int64], tags: sparse.csr_array) -> npt.NDArray[Any]:
    """1 where an item has one of the first two tags and not the other, and 0.1 for every other tag."""
    one, other = tags[:, [0]].toarray()[:, 0], tags[:, [1]].toarray()[:, 0]
    return one + other - 2 * one * other + 0.1 * np.asarray(tags[:, 2:].sum(axis=1)).ravel()


def either() -> Explained:
    """Items of which those with both of the first two tags score as those with none."""
    tags = tags_of(12, 6)

    def slopes(items: npt.NDArray[np.int64], rows: sparse.csr_array) -> npt.NDArray[Any]:
        dense = rows.toarray()
        result = np.full(dense.shape, 0.1)
        result[:, 0], result[:, 1] = 1 - 2 * dense[:, 1], 1 - 2 * dense[:, 0]
        return result

    history = np.arange(3, 9)
    return Explained(np.arange(12), tags, either_scores, slopes, False, history, tags[history])
