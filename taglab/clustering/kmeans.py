"""Spherical k-means: clusters of directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy import sparse

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.geometry import clustering_of
from taglab.clustering.result import Clustering
from taglab.clustering.seeding import Points, Recent, Seeds
from taglab.errors import InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import Vectors

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
RowArray = npt.NDArray[np.intp]

# Similarities held at a time: 4 MB, which stay in a processor's cache.
_BLOCK_VALUES = 1 << 20
# What a slider comes back to is kept, unless it would fill the memory.
_recent_seeds: Recent[list[Seeds]] = Recent(8)


class SphericalKMeans(Clusterer):
    """Spherical k-means; see `spherical_kmeans`. Seeds are drawn once for all k.

    Attributes:
        k: Number of clusters; exactly so many come out, none empty. Thesis: 100, 250, 500, 750, 1000.
        seed: Of the random start; the same seed gives the same clusters.
        restarts: Times k-means starts over from other seeds; the best objective wins.
        max_iterations: Most rounds of one k-means run.
        tolerance: k-means stops when a round lowers its objective by less than this share of it;
            0 goes on until no tag moves.
    """

    title: ClassVar[str] = "Spherical k-means"
    by_direction: ClassVar[bool] = True
    seldom: ClassVar[tuple[str, ...]] = ("restarts", "max_iterations", "tolerance")

    method: Literal["spherical-k-means"] = "spherical-k-means"
    k: int = Field(default=100, ge=1)
    seed: int = Field(default=0, ge=0)
    restarts: int = Field(default=1, ge=1)
    max_iterations: int = Field(default=100, ge=1)
    tolerance: float = Field(default=1e-4, ge=0, lt=1)

    @classmethod
    def most(cls, n_tags: int, n_points: int) -> int:
        """As many as there are distinct points: equal vectors share a cluster."""
        return n_points

    def cluster(self, vectors: Vectors, progress: Progress) -> Clustering:
        """Cluster by the directions of the vectors; raises InvalidSetting where lengths have a say."""
        if not self.suits(vectors):
            raise InvalidSetting(
                f"method={self.method} clusters directions, and {vectors.name or 'these vectors'} are "
                f"compared by {vectors.by.title}, which heeds lengths; use another method, such as k-means"
            )

        def make() -> list[Seeds]:
            return draw(Points.of(vectors.points, vectors.point_of), self.seed, self.restarts)

        key = f"{vectors.fingerprint} {self.seed} {self.restarts}"
        means = spherical_kmeans(
            vectors.points,
            self.k,
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            seeds=_recent_seeds.get(key, make),
            progress=progress,
        )
        return clustering_of(
            vectors,
            means.labels,
            self.k,
            self,
            centroids=means.centroids,
            iterations=len(means.history),
            converged=means.converged,
        )


@dataclass(frozen=True, eq=False)
class KMeans:
    """Result of `spherical_kmeans`.

    Attributes:
        labels: Array (tags,), int32: cluster j grew from seed j.
        centroids: Array (k, dim), float32: the normalised sum of each cluster's vectors.
        objective: Mean cosine distance of the tags to their centroid; lower is better.
        history: Objective after each round of the run kept, never rising.
        converged: False if the rounds were used up.
    """

    labels: npt.NDArray[np.int32]
    centroids: FloatArray
    objective: float
    history: tuple[float, ...]
    converged: bool

    __repr__ = one_line


def spherical_kmeans(
    vectors: FloatArray,
    k: int,
    seed: int = 0,
    restarts: int = 1,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    seeds: Sequence[Seeds] | None = None,
    progress: Progress = silent,
) -> KMeans:
    """Cluster unit vectors by cosine distance.

    Rounds of "each to the nearest centroid, each centroid to the normalised sum of its own" from k-means++
    seeds. A cluster left empty gets the vector farthest from its centroid. Equal vectors always share a
    cluster. The same arguments give the same labels, in any process and with any number of BLAS threads.

    Time is O(tags k dim) a round; memory, beside the vectors and a copy of the distinct ones where some
    are equal, O(tags + k dim).

    Args:
        vectors: Array (tags, dim), float32, finite, rows of length 1.
        k: Number of clusters, at most the number of distinct vectors.
        seed: Of the random draws.
        restarts: Runs from different seeds; the best objective is kept, the earlier on a tie.
        max_iterations: Most rounds a run.
        tolerance: A run stops when a round lowers the objective by less than this share of it.
        seeds: Seeds drawn before from these very vectors, one for each restart (then `seed` is not used).
        progress: Told after each round.

    Raises:
        InvalidSetting: If k is below 1 or above the number of distinct vectors.

    Source: Dhillon and Modha 2001 (spherical k-means); Ros Perez 2021, section 7.1.
    """
    if k < 1:
        raise InvalidSetting(f"k={k} must be at least 1")
    if not len(vectors):
        raise InvalidSetting("there is no tag to cluster; lower the minimum count or choose other vectors")
    starts = seeds if seeds is not None else draw(Points.of(vectors), seed, restarts)
    runs = (
        _run(
            start,
            k,
            max_iterations,
            tolerance,
            between(progress, number / len(starts), (number + 1) / len(starts)),
        )
        for number, start in enumerate(starts)
    )
    return min(runs, key=lambda run: run.objective)


def draw(points: Points, seed: int, restarts: int) -> list[Seeds]:
    """Return the seed sequence of each restart; the first is the same however many there are."""
    return [Seeds(points, (seed, restart)) for restart in range(restarts)]


def _run(seeds: Seeds, k: int, max_iterations: int, tolerance: float, progress: Progress) -> KMeans:
    points = seeds.points
    centroids = points.vectors[seeds.first(k, between(progress, 0.0, 0.3))]
    labels = np.full(len(points), -1, np.intp)
    sums = np.zeros((k, points.vectors.shape[1]))
    total = points.weights.sum()
    history: list[float] = []
    converged = False
    for iteration in range(max_iterations):
        # How many rounds it will take is not known; ten is usual.
        progress(0.3 + 0.7 * iteration / (iteration + 10), f"k-means, round {iteration + 1}")
        nearest, similarities = _assign(points.vectors, centroids)
        _fill_empty(nearest, similarities, k)
        _move(points, sums, labels, nearest)
        lengths = np.linalg.norm(sums, axis=1)
        history.append(float(1 - lengths.sum() / total))
        converged = np.array_equal(nearest, labels) or (
            iteration > 0 and history[-2] - history[-1] < tolerance * history[-2]
        )
        labels = nearest
        cancelled = lengths < 1e-9
        centroids = np.where(cancelled[:, None], centroids, sums / np.where(cancelled, 1, lengths)[:, None])
        centroids = centroids.astype(np.float32)
        if converged:
            break
    return KMeans(
        labels[points.point_of].astype(np.int32), centroids, history[-1], tuple(history), bool(converged)
    )


def _assign(vectors: FloatArray, centroids: FloatArray) -> tuple[RowArray, FloatArray]:
    """Return the nearest centroid of each vector and the cosine to it, block by block."""
    n, k = len(vectors), len(centroids)
    rows = max(256, _BLOCK_VALUES // k)
    # Two columns at least: a product with one is done by another routine, whose rounding depends on threads.
    turned = np.ascontiguousarray(centroids.T) if k > 1 else np.repeat(centroids.T, 2, axis=1)
    buffer = np.empty((min(rows, n), turned.shape[1]), np.float32)
    nearest = np.empty(n, np.intp)
    similarities = np.empty(n, np.float32)
    for start in range(0, n, rows):
        block = vectors[start : start + rows]
        products = np.matmul(block, turned, out=buffer[: len(block)])
        best = products[:, :k].argmax(axis=1)
        nearest[start : start + rows] = best
        similarities[start : start + rows] = products[np.arange(len(block)), best]
    return nearest, similarities


def _fill_empty(labels: RowArray, similarities: FloatArray, k: int) -> None:
    """Move the vectors farthest from their centroids into the clusters that have none, in place."""
    sizes = np.bincount(labels, minlength=k)
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        return
    worst_first = iter(np.argsort(similarities, kind="stable"))
    for target in empty:
        point = next(point for point in worst_first if sizes[labels[point]] > 1)
        sizes[labels[point]] -= 1
        labels[point] = target


def _move(points: Points, sums: DoubleArray, before: RowArray, after: RowArray) -> None:
    """Bring the clusters' sums up to date, in place, for the vectors that changed cluster."""
    moved = np.flatnonzero(before != after)
    rows_at_once = max(1, _BLOCK_VALUES // points.vectors.shape[1])
    for start in range(0, len(moved), rows_at_once):
        rows = moved[start : start + rows_at_once]
        left = rows[before[rows] >= 0]
        columns = np.arange(len(rows))
        came = sparse.csr_array((points.weights[rows], (after[rows], columns)), shape=(len(sums), len(rows)))
        change = came
        if len(left):
            gone = sparse.csr_array(
                (points.weights[rows], (before[rows], columns)), shape=(len(sums), len(rows))
            )
            change = came - gone
        sums += change @ points.vectors[rows].astype(np.float64)
