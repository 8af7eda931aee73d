"""The clustering methods, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from taglab.clustering.agglomerative import cut, linkage_of_distances, linkage_of_vectors
from taglab.clustering.kmeans import draw, spherical_kmeans
from taglab.clustering.result import Clustering, ClusterSettings, FloatArray, IntArray, TooManyClusters
from taglab.clustering.seeding import Points, Recent, Seeds
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import within_cluster_distance, within_cluster_distance_of_distances
from taglab.progress import Progress, silent
from taglab.vectors import TagVectors

# What a slider comes back to is kept, unless it would fill the memory.
_recent_seeds: Recent[list[Seeds]] = Recent(8)
_recent_trees: Recent[npt.NDArray[np.float64]] = Recent(8)


class Clusterer(Protocol):
    """A clustering method."""

    def __call__(
        self, vectors: TagVectors, settings: ClusterSettings, progress: Progress = silent
    ) -> Clustering:
        """Cluster the tags into exactly `settings.k` clusters."""


def cluster(vectors: TagVectors, settings: ClusterSettings, progress: Progress = silent) -> Clustering:
    """Cluster tags by the cosine distance of their vectors.

    What does not depend on k (seeds, tree) is kept in memory for the next call with the same vectors, so
    that another k is quick; the result is the same with and without.

    Args:
        vectors: Tags to cluster; those without a vector are not among them.
        settings: Method and its parameters.
        progress: Told after each round.

    Raises:
        InvalidSetting: If the method is unknown, there is no tag, k is larger than the number of tags (for
            k-means, of distinct vectors), or the tags are too many for the method.
    """
    clusterer = _method(settings)
    if not len(vectors):
        vectors.require(1)
    if settings.k > len(vectors):
        raise TooManyClusters(
            f"k={settings.k} must be at most {len(vectors)}, the number of tags that have a vector; "
            "ask for fewer clusters or lower the minimum count"
        )
    return clusterer(vectors, settings, progress)


def cluster_distances(
    tags: Sequence[str],
    distances: npt.NDArray[np.floating],
    settings: ClusterSettings,
    progress: Progress = silent,
) -> Clustering:
    """Cluster tags agglomeratively by given distances, such as 1 - NPMI (thesis, model 4.1).

    Args:
        tags: One a row.
        distances: Array (tags, tags): finite, not negative, symmetric, zeros on the diagonal.
        settings: `method` must be "agglomerative".
        progress: Told while clusters are merged.

    Raises:
        InvalidSetting: If the method needs vectors, k is larger than the number of tags, the tags are too
            many, or the distances are not such.
    """
    if _method(settings) is not agglomerative:
        raise InvalidSetting(f"method={settings.method} needs vectors; of distances use agglomerative")
    if len(tags) != len(distances):
        raise InvalidSetting(f"distances has {len(distances)} rows, but there are {len(tags)} tags")
    if not len(tags):
        raise InvalidSetting("there is no tag to cluster; lower the minimum count")
    tree = linkage_of_distances(distances, settings.linkage, progress)
    labels = cut(tree, settings.k)
    return Clustering(
        tags=tuple(tags),
        labels=labels,
        k=settings.k,
        settings=settings,
        medoids=_medoids_of_distances(distances, labels, settings.k),
        within_distance=within_cluster_distance_of_distances(distances, labels),
        tree=tree,
    )


def k_means(vectors: TagVectors, settings: ClusterSettings, progress: Progress = silent) -> Clustering:
    """Cluster by spherical k-means; see `taglab.clustering.kmeans`."""

    def make() -> list[Seeds]:
        points = Points.of(vectors.vectors, vectors.point_of)
        return draw(points, settings.seed, settings.restarts)

    key = f"{vectors.fingerprint} {settings.seed} {settings.restarts}"
    seeds = _recent_seeds.get(key, make)
    found = spherical_kmeans(
        vectors.vectors,
        settings.k,
        max_iterations=settings.max_iterations,
        tolerance=settings.tolerance,
        seeds=seeds,
        progress=progress,
    )
    return Clustering(
        tags=vectors.tags,
        labels=found.labels,
        k=settings.k,
        settings=settings,
        medoids=_medoids(vectors.vectors, found.labels, found.centroids),
        within_distance=within_cluster_distance(vectors.vectors, found.labels),
        centroids=found.centroids,
        iterations=len(found.history),
        converged=found.converged,
    )


def agglomerative(vectors: TagVectors, settings: ClusterSettings, progress: Progress = silent) -> Clustering:
    """Cluster by merging; see `taglab.clustering.agglomerative`."""
    tree = _recent_trees.get(
        f"{vectors.fingerprint} {settings.linkage}",
        lambda: linkage_of_vectors(vectors.vectors, settings.linkage, progress),
    )
    labels = cut(tree, settings.k)
    centroids = _centroids(vectors.vectors, labels, settings.k)
    return Clustering(
        tags=vectors.tags,
        labels=labels,
        k=settings.k,
        settings=settings,
        medoids=_medoids(vectors.vectors, labels, centroids),
        within_distance=within_cluster_distance(vectors.vectors, labels),
        centroids=centroids,
        tree=tree,
    )


CLUSTERERS: dict[str, Clusterer] = {"spherical-k-means": k_means, "agglomerative": agglomerative}


def _method(settings: ClusterSettings) -> Clusterer:
    if settings.method not in CLUSTERERS:
        raise InvalidSetting(f"method={settings.method!r} must be one of: {', '.join(CLUSTERERS)}")
    return CLUSTERERS[settings.method]


def _centroids(vectors: FloatArray, labels: IntArray, k: int) -> FloatArray:
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(k))
    sums = np.add.reduceat(vectors[order].astype(np.float64), starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths < 1e-9, 0, sums / np.where(lengths < 1e-9, 1, lengths)).astype(np.float32)


def _medoids(vectors: FloatArray, labels: IntArray, centroids: FloatArray) -> IntArray:
    """Return the row of the tag nearest each centroid, the earlier on a tie."""
    similarity = np.einsum("ij,ij->i", vectors, centroids[labels])
    order = np.lexsort((np.arange(len(labels)), -similarity, labels))
    starts = np.searchsorted(labels[order], np.arange(len(centroids)))
    return order[starts].astype(np.int32)


def _medoids_of_distances(distances: npt.NDArray[np.floating], labels: IntArray, k: int) -> IntArray:
    groups = (np.flatnonzero(labels == number) for number in range(k))
    return np.array([g[distances[np.ix_(g, g)].sum(axis=1).argmin()] for g in groups], dtype=np.int32)
