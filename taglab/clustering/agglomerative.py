"""Agglomerative clustering: a tree of merges, cut at exactly k clusters.

The trees are SciPy's, to the last bit. SciPy's own function neither tells how far it is nor lets go of the
interpreter, for half a minute where tags are many; this one does both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.geometry import clustering_of
from taglab.clustering.result import Clustering, IntArray, TooManyClusters
from taglab.clustering.seeding import Recent
from taglab.errors import TooManyTags
from taglab.metrics.clustering import (
    check_distances,
    within_cluster_distance_of_distances,
)
from taglab.progress import Progress, between, counted, silent
from taglab.vectors import Vectors
from taglab.vectors.measures import COSINE, EUCLIDEAN

DoubleArray = npt.NDArray[np.float64]
Linkage = Literal["average", "complete", "single"]

MAX_TAGS = 20_000
_ROWS = 256
_REPORT_EVERY = 64
_recent_trees: Recent[DoubleArray] = Recent(8)


class Agglomerative(Clusterer):
    """Merging the two nearest clusters until k are left. The tree of merges is made once for all k.

    Attributes:
        k: Number of clusters; exactly so many come out, none empty.
        linkage: The distance of two clusters: the mean, largest or least between their members (thesis,
            table 5).
    """

    title: ClassVar[str] = "Agglomerative"
    makes_tree: ClassVar[bool] = True
    takes_distances: ClassVar[bool] = True

    method: Literal["agglomerative"] = "agglomerative"
    k: int = Field(default=100, ge=1)
    linkage: Linkage = "average"

    @classmethod
    def most(cls, n_tags: int, n_points: int) -> int:
        """As many as there are tags."""
        return n_tags

    def cluster(self, vectors: Vectors, progress: Progress) -> Clustering:
        """Cluster by the distance of the vectors' measure."""
        tree = _recent_trees.get(
            f"{vectors.fingerprint} {self.linkage}",
            lambda: linkage_of_vectors(vectors.points, self.linkage, progress, DISTANCES[vectors.by.metric]),
        )
        return clustering_of(vectors, cut(tree, self.k), self.k, self, tree=tree)

    def cluster_distances(
        self, tags: Sequence[str], distances: npt.NDArray[np.floating], progress: Progress
    ) -> Clustering:
        """Cluster by given distances (tags, tags)."""
        tree = linkage_of_distances(distances, self.linkage, progress)
        labels = cut(tree, self.k)
        return Clustering(
            ids=tuple(tags),
            labels=labels,
            k=self.k,
            settings=self,
            medoids=_medoids_of_distances(distances, labels, self.k),
            within_distance=within_cluster_distance_of_distances(distances, labels),
            tree=tree,
        )


def _medoids_of_distances(distances: npt.NDArray[np.floating], labels: IntArray, k: int) -> IntArray:
    groups = (np.flatnonzero(labels == number) for number in range(k))
    return np.array([g[distances[np.ix_(g, g)].sum(axis=1).argmin()] for g in groups], dtype=np.int32)


def memory_gb(n_tags: int) -> float:
    """Return the gigabytes the distances of all pairs need."""
    return 8 * n_tags**2 / 1e9


def cosine_distances(vectors: npt.NDArray[np.float32], progress: Progress = silent) -> DoubleArray:
    """Return the cosine distances (n, n) of rows of length about 1; equal rows are at 0 exactly."""
    n = len(vectors)
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    distances = np.empty((n, n))
    for start in range(0, n, _ROWS):
        progress(start / n, counted("measuring distances of tags", start, n))
        block = slice(start, start + _ROWS)
        upper = distances[block, start:]
        np.subtract(1, unit[block] @ unit[start:].T, out=upper)
        # Equal vectors are at distance 0 exactly, so that they merge first and together.
        upper[upper < 1e-13] = 0
        of_block = upper[:, : len(upper)]
        of_block[:] = np.triu(of_block) + np.triu(of_block, 1).T
        distances[start:, block] = upper.T
    return distances


def euclidean_distances(vectors: npt.NDArray[np.float32], progress: Progress = silent) -> DoubleArray:
    """Return the Euclidean distances (n, n) of rows; equal rows are at 0 exactly."""
    from scipy.spatial.distance import cdist

    n = len(vectors)
    points = vectors.astype(np.float64)
    distances = np.empty((n, n))
    for start in range(0, n, _ROWS):
        progress(start / n, counted("measuring distances", start, n))
        distances[start : start + _ROWS] = cdist(points[start : start + _ROWS], points)
    return distances


DISTANCES = {COSINE: cosine_distances, EUCLIDEAN: euclidean_distances}
"""The distance of a measure → all of them (n, n), at once in memory."""


def linkage_of_vectors(
    vectors: npt.NDArray[np.float32],
    linkage: Linkage,
    progress: Progress = silent,
    distances: Callable[[npt.NDArray[np.float32], Progress], DoubleArray] = cosine_distances,
) -> DoubleArray:
    """Merge tags by the distances of their vectors.

    Args:
        vectors: Array (tags, dim).
        linkage: Distance of two clusters.
        progress: Told after each block of distances, and while clusters are merged.
        distances: Returns the distances (tags, tags).

    Returns:
        Array (tags - 1, 4), as `scipy.cluster.hierarchy.linkage` returns it.

    Raises:
        TooManyTags: If there are more than `MAX_TAGS`: all pairs are held in memory.
    """
    _require_room(len(vectors))
    apart = distances(vectors, between(progress, 0.0, 0.3))
    return _merge(apart, linkage, between(progress, 0.3, 1.0))


def linkage_of_distances(
    distances: npt.NDArray[np.floating], linkage: Linkage, progress: Progress = silent
) -> DoubleArray:
    """Merge tags by given distances (tags, tags); see `linkage_of_vectors`.

    Raises:
        TooManyTags: If there are more than `MAX_TAGS`.
        InvalidSetting: If the distances are not finite, not negative, symmetric, and zero on the diagonal.
    """
    _require_room(len(distances))
    check_distances(distances)
    return _merge(np.array(distances, np.float64), linkage, progress)


def _merge(distances: DoubleArray, linkage: Linkage, progress: Progress) -> DoubleArray:
    """Return the tree of merges; the distances are used up."""
    np.fill_diagonal(distances, np.inf)
    if linkage == "single":
        return _in_order(_spanning_tree(distances, progress))
    return _in_order(_nearest_neighbours(distances, linkage, progress))


def _nearest_neighbours(distances: DoubleArray, linkage: Linkage, progress: Progress) -> DoubleArray:
    """Merge clusters that are each other's nearest, found by going from each to its nearest.

    Returns:
        Array (tags - 1, 3): an item of either cluster and their distance, in the order of discovery. A
        cluster goes by its last item.

    Source: Murtagh 1983; as SciPy has it, which settles ties.
    """
    n = len(distances)
    sizes, gone = np.ones(n), np.zeros(n)  # infinite where a cluster was merged into another
    merges = np.empty((n - 1, 3))
    chain: list[int] = []
    for step in range(n - 1):
        if step % _REPORT_EVERY == 0:
            progress(step / n, counted("merging clusters", step, n - 1))
        if not chain:
            chain.append(int(gone.argmin()))
        one, other, apart = _mutual_neighbours(distances, gone, chain)
        merges[step] = one, other, apart
        if linkage == "average":
            joined = sizes[one] * distances[one] + sizes[other] * distances[other]
            joined /= sizes[one] + sizes[other]
        else:
            joined = np.maximum(distances[one], distances[other])
        gone[one], sizes[other] = np.inf, sizes[one] + sizes[other]
        joined[other] = np.inf
        distances[other] = distances[:, other] = joined
    return merges


def _mutual_neighbours(
    distances: DoubleArray, gone: DoubleArray, chain: list[int]
) -> tuple[int, int, np.float64]:
    """Follow the chain of nearest neighbours to two that are each other's; take both off it."""
    while True:
        last = chain[-1]
        row = distances[last]
        nearest = int((row + gone).argmin())
        # On a tie the one before it, or the chain might go in circles.
        if len(chain) > 1 and not row[nearest] < row[chain[-2]]:
            before = chain[-2]
            del chain[-2:]
            return min(last, before), max(last, before), row[before]
        chain.append(nearest)


def _spanning_tree(distances: DoubleArray, progress: Progress) -> DoubleArray:
    """Return the edges of the least spanning tree, as `_nearest_neighbours` returns merges.

    Source: Prim 1957; as SciPy has it, which settles ties.
    """
    n = len(distances)
    nearest = np.full(n, np.inf)  # to what is in the tree
    inside = np.zeros(n)  # infinite where it is
    edges = np.empty((n - 1, 3))
    last = 0
    for step in range(n - 1):
        if step % _REPORT_EVERY == 0:
            progress(step / n, counted("merging clusters", step, n - 1))
        inside[last] = np.inf
        np.minimum(nearest, distances[last], out=nearest)
        following = int((nearest + inside).argmin())
        edges[step] = last, following, nearest[following]
        last = following
    return edges


def _in_order(merges: DoubleArray) -> DoubleArray:
    """Return a tree as SciPy writes it: the nearest first, clusters by number, with their sizes."""
    merges = merges[np.argsort(merges[:, 2], kind="stable")]
    n = len(merges) + 1
    tree = np.empty((n - 1, 4))
    cluster_of, sizes = list(range(2 * n - 1)), [1] * n

    def whole(number: int) -> int:
        """Return the cluster that a cluster or tag is part of by now."""
        while cluster_of[number] != number:
            cluster_of[number] = cluster_of[cluster_of[number]]
            number = cluster_of[number]
        return number

    for step, (one, other) in enumerate(merges[:, :2].astype(np.int64).tolist()):
        lower, higher = sorted((whole(one), whole(other)))
        cluster_of[lower] = cluster_of[higher] = n + step
        sizes.append(sizes[lower] + sizes[higher])
        tree[step] = lower, higher, merges[step, 2], sizes[-1]
    return tree


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
