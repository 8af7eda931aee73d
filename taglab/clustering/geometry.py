"""What a clustering needs to know of the distance that vectors have: by direction, or by place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.result import (
    Clustering,
    FloatArray,
    IntArray,
    centroids_of,
    cosines_to,
    means_of,
    medoids_of,
    nearness_to,
)
from taglab.metrics.clustering import silhouette_cosine, silhouette_euclidean, within_cluster_distance
from taglab.progress import Progress, silent
from taglab.vectors import Vectors
from taglab.vectors.measures import COSINE, EUCLIDEAN


@dataclass(frozen=True)
class Geometry:
    """A distance, as clusterings and their judges use it; rows are `Vectors.points`.

    Attributes:
        centres: Takes rows, labels and k; returns (k, dim): the direction of each cluster, or its mean.
        nearness: Takes rows and the centre of the cluster of each; returns (rows,), higher where nearer.
        silhouette: As in `taglab.metrics.clustering`.
    """

    centres: Callable[[FloatArray, IntArray, int], FloatArray]
    nearness: Callable[[FloatArray, FloatArray], npt.NDArray[np.floating]]
    silhouette: Callable[[FloatArray, npt.ArrayLike, Progress], npt.NDArray[np.float64]]


GEOMETRIES = {
    COSINE: Geometry(centroids_of, cosines_to, silhouette_cosine),
    EUCLIDEAN: Geometry(means_of, nearness_to, silhouette_euclidean),
}
"""The distance of a measure → what clustering needs to know of it."""


def geometry_of(vectors: Vectors) -> Geometry:
    """Return the geometry of the distance that belongs to the measure of some vectors."""
    return GEOMETRIES[vectors.by.metric]


def silhouettes(
    vectors: Vectors,
    labels: npt.ArrayLike,
    progress: Progress = silent,
    rows: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the silhouette of each id for the distance of the vectors' measure, exactly.

    Args:
        vectors: What was clustered.
        labels: Array (rows,) of integers; below 0 for what is in no cluster.
        progress: Told after each block.
        rows: Of which ids, among these alone; of all where None.

    Returns:
        Array (rows,), in [-1, 1]; NaN for what is in no cluster.

    Raises:
        InvalidSetting: If there is only one cluster, for which no silhouette is defined.
    """
    return geometry_of(vectors).silhouette(
        vectors.points if rows is None else vectors.points[rows], labels, progress
    )


def clustering_of(vectors: Vectors, labels: IntArray, k: int, settings: Clusterer, **more: Any) -> Clustering:
    """Return what labels make of vectors: centres, medoids, and how far members are from their mean.

    Args:
        vectors: What was clustered.
        labels: Array (ids,), int32: each number in [0, k) at least once; -1 for what is in no cluster.
        k: Number of clusters.
        settings: What was asked.
        more: Further attributes of `Clustering`; `centroids` in place of those of the labels.
    """
    geometry, rows = geometry_of(vectors), vectors.points
    centroids = more.pop("centroids", None)
    if centroids is None:
        centroids = geometry.centres(rows, labels, k)
    return Clustering(
        ids=vectors.ids,
        labels=labels,
        k=k,
        settings=settings,
        medoids=medoids_of(rows, labels, centroids, geometry.nearness),
        within_distance=within_cluster_distance(rows, labels),
        centroids=centroids,
        kind=vectors.kind,
        **more,
    )
