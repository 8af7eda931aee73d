"""HDBSCAN: clusters where tags lie dense, and no cluster for the tags between."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.geometry import clustering_of
from taglab.clustering.result import Clustering, IntArray, NoClusters
from taglab.errors import TooManyTags
from taglab.progress import Progress
from taglab.vectors import Vectors

MAX_TAGS = 14_000


class Hdbscan(Clusterer):
    """Clusters that stay together over the widest range of densities; what lies too thin is in none.

    How many there are comes of the data. Distances are Euclidean; between vectors compared by cosine, taken
    at length 1, √(2 − 2 cos), which rises with the cosine distance, so that the nearest are the nearest by
    either and the tree of merges is the same. How long a cluster lasts is counted in 1 / distance.

    Attributes:
        min_cluster_size: Least number of tags that make a cluster; smaller groups are left out.
        min_samples: How many tags, itself among them, must lie near for a tag to count as dense; more
            leaves more tags out. As many as the least cluster size where it is not set.

    Source: Campello, Moulavi and Sander 2013, as scikit-learn computes it.
    """

    title: ClassVar[str] = "HDBSCAN"
    varied: ClassVar[str] = "min_cluster_size"
    varied_title: ClassVar[str] = "Least cluster size (tags)"
    usual_values: ClassVar[tuple[int, ...]] = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)
    may_leave_out: ClassVar[bool] = True

    method: Literal["hdbscan"] = "hdbscan"
    min_cluster_size: int = Field(default=5, ge=2)
    min_samples: int | None = Field(default=None, ge=1)

    @classmethod
    def most(cls, n_tags: int, n_points: int) -> int:
        """Half of the tags: it takes two clusters."""
        return n_tags // 2

    def cluster(self, vectors: Vectors, progress: Progress) -> Clustering:
        """Cluster by density; raises NoClusters where nothing is dense enough."""
        n = len(vectors)
        _require_room(n)
        progress(0.0, "distances of all pairs")
        labels = np.full(n, -1, np.int32)
        if n >= max(2 * self.min_cluster_size, self.min_samples or 0):
            labels = self._labels(vectors)
        k = int(labels.max()) + 1
        if not k:
            raise NoClusters(
                f"min_cluster_size={self.min_cluster_size} finds no two clusters among {n:,} tags, and would "
                "leave out every one; take a smaller one, or fewer min_samples"
            )
        return clustering_of(vectors, labels, k, self)

    def _labels(self, vectors: Vectors) -> IntArray:
        from sklearn.cluster import HDBSCAN

        points = vectors.points.astype(np.float64)
        if not vectors.by.heeds_length:
            points /= np.linalg.norm(points, axis=1, keepdims=True)
        # In hundreds of dimensions a tree of regions prunes nothing, and takes six times as long.
        model = HDBSCAN(
            min_cluster_size=self.min_cluster_size,
            min_samples=self.min_samples,
            metric="euclidean",
            algorithm="brute",
            copy=False,
        )
        return _by_first_tag(model.fit(points).labels_.astype(np.int32))


def _by_first_tag(labels: IntArray) -> IntArray:
    """Number clusters in the order of their first tags."""
    numbers, firsts = np.unique(labels, return_index=True)
    kept = numbers >= 0
    place = np.full(int(numbers.max(initial=-1)) + 2, -1, np.int32)  # the last is that of label -1
    place[numbers[kept][np.argsort(firsts[kept])]] = np.arange(int(kept.sum()))
    return place[labels]


def _require_room(n: int) -> None:
    if n > MAX_TAGS:
        gigabytes = [2 * 8 * number**2 / 1e9 for number in (n, MAX_TAGS)]
        raise TooManyTags(
            f"HDBSCAN of {n} tags would hold {gigabytes[0]:.1f} GB of distances; the limit is "
            f"{MAX_TAGS} tags ({gigabytes[1]:.1f} GB). Raise the minimum count, or use another method"
        )
