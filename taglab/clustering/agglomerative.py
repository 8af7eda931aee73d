"""Agglomerative clustering: a tree of merges, cut at exactly k clusters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.clustering.result import IntArray, Linkage, TooManyClusters
from taglab.errors import TooManyTags
from taglab.metrics.clustering import check_distances
from taglab.progress import Progress, silent

DoubleArray = npt.NDArray[np.float64]

MAX_TAGS = 20_000
_ROWS = 256


def memory_gb(n_tags: int) -> float:
    """Return the gigabytes the distances of all pairs need, and the copy that is merged away."""
    return 2 * 8 * n_tags * (n_tags - 1) / 2 / 1e9


def linkage_of_vectors(
    vectors: npt.NDArray[np.float32], linkage: Linkage, progress: Progress = silent
) -> DoubleArray:
    """Merge tags by cosine distance.

    Args:
        vectors: Array (tags, dim), rows of length 1.
        linkage: Distance of two clusters.
        progress: Told after each block of distances; the merging itself, half of the time, tells nothing.

    Returns:
        Array (tags - 1, 4), as `scipy.cluster.hierarchy.linkage` returns it.

    Raises:
        TooManyTags: If there are more than `MAX_TAGS`: all pairs are held in memory.
    """
    n = len(vectors)
    _require_room(n)
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    condensed = np.empty(n * (n - 1) // 2)
    filled = 0
    for start in range(0, n, _ROWS):
        products = unit[start : start + _ROWS] @ unit[start:].T
        for row, values in enumerate(products):
            later = values[row + 1 :]
            np.subtract(1, later, out=condensed[filled : filled + len(later)])
            filled += len(later)
        progress(0.5 * filled / max(len(condensed), 1), "distances")
    progress(0.5, "merging clusters")
    # Equal vectors are at distance 0 exactly, so that they merge first and together.
    condensed[condensed < 1e-13] = 0
    return _merge(condensed, linkage)


def linkage_of_distances(distances: npt.NDArray[np.floating], linkage: Linkage) -> DoubleArray:
    """Merge tags by given distances (tags, tags); see `linkage_of_vectors`.

    Raises:
        TooManyTags: If there are more than `MAX_TAGS`.
        InvalidSetting: If the distances are not finite, not negative, symmetric, and zero on the diagonal.
    """
    _require_room(len(distances))
    check_distances(distances)
    upper = [distances[row, row + 1 :] for row in range(len(distances) - 1)]
    return _merge(np.concatenate(upper, dtype=np.float64) if upper else np.empty(0), linkage)


def _merge(condensed: DoubleArray, linkage: Linkage) -> DoubleArray:
    if not len(condensed):
        return np.empty((0, 4))
    from scipy.cluster import hierarchy

    merges: DoubleArray = hierarchy.linkage(condensed, method=linkage)
    return merges


def _require_room(n: int) -> None:
    if n > MAX_TAGS:
        raise TooManyTags(
            f"agglomerative clustering of {n} tags would hold {memory_gb(n):.1f} GB of distances; the limit "
            f"is {MAX_TAGS} tags ({memory_gb(MAX_TAGS):.1f} GB). Raise the minimum count, or use "
            "method=spherical-k-means"
        )


def cut(tree: DoubleArray, k: int) -> IntArray:
    """Cut a tree of merges into exactly k clusters, by undoing its last k - 1 merges.

    SciPy's `fcluster` cuts at a height and gives fewer than k clusters where merges tie; here the order of
    the merges decides between equal heights.

    Args:
        tree: Array (tags - 1, 4).
        k: Number of clusters, from 1 to the number of tags.

    Returns:
        Array (tags,), int32, numbered as `Clustering` says.

    Raises:
        TooManyClusters: If k is not in [1, tags].
    """
    n = len(tree) + 1
    if not 1 <= k <= n:
        raise TooManyClusters(f"k={k} must lie in [1, {n}], the number of tags")
    children = tree[:, :2].astype(np.int64).tolist()
    sizes = [1] * n + tree[:, 3].astype(np.int64).tolist()
    first = list(range(n))
    for left, right in children:
        first.append(min(first[left], first[right]))
    number = [0] * (2 * n - 1)
    for undone, merge in enumerate(reversed(range(n - 1)), start=1):
        larger, smaller = sorted(children[merge], key=lambda node: (-sizes[node], first[node]))
        number[larger] = number[n + merge]
        number[smaller] = undone if undone < k else number[n + merge]
    return np.array(number[:n], dtype=np.int32)
