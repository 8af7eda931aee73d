"""k-means of points, with scikit-learn: clusters of places, where lengths have a say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.geometry import clustering_of
from taglab.clustering.result import Clustering, IntArray, TooManyClusters
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import Vectors

DoubleArray = npt.NDArray[np.float64]

# Fixed, so that the seeds for k are the first k of those for k + 1.
_CANDIDATES = 8
# Rounds between two words of progress, where a clustering can be cancelled.
_ROUNDS_AT_ONCE = 10


class EuclideanKMeans(Clusterer):
    """k-means of points, where lengths have a say; of vectors compared by cosine, on the unit sphere.

    There the squared Euclidean distance is twice the cosine distance; unlike spherical k-means, means are not
    drawn out to the sphere.

    Attributes:
        k: Number of clusters; exactly so many come out, none empty.
        seed: Of the random start; the same seed gives the same clusters.
        restarts: Times k-means starts over from other seeds; the least sum of squared distances wins.
        max_iterations: Most rounds of one run.
        tolerance: A run stops when the means move by less than this share of the variance; 0 goes on until
            nothing moves.
    """

    title: ClassVar[str] = "k-means"
    seldom: ClassVar[tuple[str, ...]] = ("restarts", "max_iterations", "tolerance")

    method: Literal["k-means"] = "k-means"
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
        """Cluster by Euclidean distance to the mean."""
        points = vectors.points[vectors.point_rows].astype(np.float64)
        partition = euclidean_kmeans(
            # At a scale whose squares are numbers.
            points / (np.abs(points).max(initial=0.0) or 1.0),
            np.bincount(vectors.point_of).astype(np.float64),
            self.k,
            self.seed,
            self.restarts,
            self.max_iterations,
            self.tolerance,
            progress,
        )
        return clustering_of(
            vectors,
            partition.labels[vectors.point_of],
            self.k,
            self,
            iterations=partition.rounds,
            converged=partition.converged,
        )


@dataclass(frozen=True, eq=False)
class Partition:
    """Points in clusters.

    Attributes:
        labels: Array (points,), int32: cluster j grew from seed j.
        rounds: How many it took.
        means: Array (k, dim), float64.
        converged: False if the rounds were used up.
        inertia: Weighted sum of squared distances to the means.
    """

    labels: IntArray
    means: DoubleArray
    rounds: int
    converged: bool
    inertia: float

    __repr__ = one_line


def euclidean_kmeans(
    points: DoubleArray,
    weights: DoubleArray,
    k: int,
    seed: int = 0,
    restarts: int = 1,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    progress: Progress = silent,
) -> Partition:
    """Cluster distinct points by Euclidean distance to their means.

    Lloyd's rounds from greedy k-means++ seeds. The same arguments give the same labels: sums are taken by one
    thread, in double precision.

    Args:
        points: Array (points, dim), all different, of a size whose squares double precision holds.
        weights: Array (points,): how often each counts.
        k: Number of clusters.
        seed: Of the random draws.
        restarts: Runs from other seeds; the least inertia wins.
        max_iterations: Most rounds of a run.
        tolerance: A run stops when the means move by less than this share of the variance.
        progress: Told after every few rounds.

    Raises:
        TooManyClusters: If there are fewer than k points.

    Source: Lloyd 1982; Arthur and Vassilvitskii 2007.
    """
    if k > len(points):
        raise TooManyClusters(
            f"k={k} must be at most {len(points)}, the number of distinct vectors: those that are "
            "equal cannot be told apart; ask for fewer clusters"
        )
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="openmp"):
        runs = [
            _run(
                points,
                weights,
                _seeds(points, weights, k, seed, restart),
                max_iterations,
                tolerance,
                between(progress, restart / restarts, (restart + 1) / restarts),
            )
            for restart in range(restarts)
        ]
    return min(runs, key=lambda run: run.inertia)


def _seeds(points: DoubleArray, weights: DoubleArray, k: int, seed: int, restart: int) -> DoubleArray:
    """Return k seeds by greedy k-means++, (k, dim)."""
    from sklearn.cluster import kmeans_plusplus

    drawn = int(np.random.default_rng((seed, restart)).integers(2**32))
    seeds, _ = kmeans_plusplus(
        points, k, sample_weight=weights, random_state=drawn, n_local_trials=_CANDIDATES
    )
    return np.asarray(seeds, np.float64)


def _run(
    points: DoubleArray,
    weights: DoubleArray,
    means: DoubleArray,
    max_iterations: int,
    tolerance: float,
    progress: Progress,
) -> Partition:
    from sklearn.cluster import KMeans

    rounds, converged = 0, False
    while not converged and rounds < max_iterations:
        progress(rounds / (rounds + 10), f"k-means, round {rounds + 1}")
        most = min(_ROUNDS_AT_ONCE, max_iterations - rounds)
        model = KMeans(len(means), init=means, n_init=1, max_iter=most, tol=tolerance, algorithm="lloyd")
        model.fit(points, sample_weight=weights)
        means, rounds, converged = model.cluster_centers_, rounds + model.n_iter_, model.n_iter_ < most
    return Partition(model.labels_.astype(np.int32), means, rounds, converged, float(model.inertia_))
