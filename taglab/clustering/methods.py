"""The clusterers, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from taglab.clustering.agglomerative import Agglomerative
from taglab.clustering.clusterer import Clusterer
from taglab.clustering.euclidean import EuclideanKMeans
from taglab.clustering.hdbscan import Hdbscan
from taglab.clustering.kmeans import SphericalKMeans
from taglab.clustering.result import Clustering, TooManyClusters
from taglab.errors import InvalidSetting
from taglab.progress import Progress, silent
from taglab.settings import OneOf, checked
from taglab.vectors import Vectors

CLUSTERERS: dict[str, type[Clusterer]] = {
    "spherical-k-means": SphericalKMeans,
    "k-means": EuclideanKMeans,
    "agglomerative": Agglomerative,
    "hdbscan": Hdbscan,
}
"""The first is what is taken unless another is asked for; on pages, the first that suits the vectors."""

AnyClusterer = Annotated[Clusterer, OneOf(CLUSTERERS, "method")]
"""One of them as a setting, told by its `method`."""


def clusterer(values: Mapping[str, Any]) -> Clusterer:
    """Return the clusterer that settings ask for by their `method`, the first of all where they name none.

    Raises:
        InvalidSetting: If there is no such method, it has no such setting, or a value is wrong.

    Examples:
        >>> clusterer({"method": "agglomerative", "k": 20})
        Agglomerative(method='agglomerative', k=20, linkage='average')
    """
    method = values.get("method", next(iter(CLUSTERERS)))
    if method not in CLUSTERERS:
        raise InvalidSetting(f"method={method!r} must be one of: {', '.join(CLUSTERERS)}")
    model = CLUSTERERS[method]
    for name in values:
        if not model.takes(name):
            known = ", ".join(field for field in model.model_fields if field != "method")
            raise InvalidSetting(f"{name} is no setting of method={method}, which has {known}")
    return checked(model, values)


def cluster(vectors: Vectors, settings: Clusterer, progress: Progress = silent) -> Clustering:
    """Cluster tags, tracks, or whatever has vectors, by the distance of their measure.

    By cosine for vectors compared by cosine, else by Euclidean distance, which is also the one that belongs
    to the dot product; nothing is scaled to length 1 that is not compared by direction.

    What does not depend on k (seeds, tree) is kept in memory for the next call with the same vectors, so
    that another k is quick; the result is the same with and without.

    Args:
        vectors: What to cluster; those without a vector are not among them.
        settings: The method and its parameters, one of `CLUSTERERS`.
        progress: Told after each round.

    Raises:
        InvalidSetting: If there is no vector, k is larger than their number (for k-means, of distinct ones),
            they are too many for the method or of a measure that does not suit it, or all would be in no
            cluster.
    """
    if not len(vectors):
        vectors.require(1)
    if settings.takes("k") and settings.value > len(vectors):
        raise TooManyClusters(
            f"k={settings.value} must be at most {len(vectors)}, the number of {vectors.kind} that have a "
            "vector; ask for fewer clusters or lower the minimum count"
        )
    return settings.cluster(vectors, progress)


def cluster_distances(
    tags: Sequence[str],
    distances: npt.NDArray[np.floating],
    settings: Clusterer,
    progress: Progress = silent,
) -> Clustering:
    """Cluster tags by given distances, such as 1 - NPMI (thesis, model 4.1).

    Args:
        tags: One a row.
        distances: Array (tags, tags): finite, not negative, symmetric, zeros on the diagonal.
        settings: One that takes distances.
        progress: Told while clusters are merged.

    Raises:
        InvalidSetting: If the method needs vectors, k is larger than the number of tags, the tags are too
            many, or the distances are not such.
    """
    if not settings.takes_distances:
        able = [name for name, model in CLUSTERERS.items() if model.takes_distances]
        raise InvalidSetting(
            f"method={settings.method} needs vectors; of distances use one of: {', '.join(able)}"
        )
    if len(tags) != len(distances):
        raise InvalidSetting(f"distances has {len(distances)} rows, but there are {len(tags)} tags")
    if not len(tags):
        raise InvalidSetting("there is no tag to cluster; lower the minimum count")
    return settings.cluster_distances(tags, distances, progress)
