"""What came of clustering tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting

if TYPE_CHECKING:
    from taglab.clustering.clusterer import Clusterer

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

_ROWS_PER_BLOCK = 16_384


class TooManyClusters(InvalidSetting):
    """More clusters were asked for than there are tags, or distinct vectors."""


class NoClusters(InvalidSetting):
    """Every tag would be left out."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """Tags and the cluster each is in.

    Numbers are chosen so that they keep their meaning when the slider moves by one step, and with them the
    colours of a map. k-means: cluster j is the one that grew from the j-th seed, and the seeds for k are the
    first k of those for k + 1. Agglomerative: going from k to k + 1 splits one cluster; its larger half (on
    equal sizes the one with the earlier tag) keeps the number and the other becomes number k. HDBSCAN: by
    the first tag of each.

    Attributes:
        ids: What was to be clustered, in the order given; also `tags`, which it mostly is.
        labels: Array (tags,), int32, each in [0, k), or -1 for a tag that is in no cluster.
        k: Number of clusters, none of them empty.
        settings: What was asked.
        medoids: Array (k,), int32: row of the tag nearest its cluster's centroid, or with the least summed
            distance to its cluster where only distances were given.
        within_distance: Within-cluster distance of the tags that are in a cluster; see
            `taglab.metrics.clustering`.
        centroids: Array (k, dim), float32: means; of vectors compared by cosine, scaled to length 1 (but for
            a cluster whose vectors cancel out, which has no direction); None where only distances were given.
        iterations: Rounds of the k-means run kept; 0 for others.
        converged: False if k-means used up its rounds first.
        tree: Array (tags - 1, 4) of the merges as `scipy.cluster.hierarchy.linkage` writes them, for a
            dendrogram; None where the clusterer makes none.
        kind: What the ids are, a key of `taglab.vectors.KINDS`.

    Raises:
        ValueError: If shapes disagree, a cluster is empty, or a tag is in none that must be in one.
    """

    ids: tuple[str, ...]
    labels: IntArray
    k: int
    settings: Clusterer
    medoids: IntArray
    within_distance: float
    centroids: FloatArray | None = None
    iterations: int = 0
    converged: bool = True
    tree: npt.NDArray[np.float64] | None = None
    kind: str = "tags"

    def __post_init__(self) -> None:
        if self.labels.shape != (len(self.ids),):
            raise ValueError(f"labels must be ({len(self.ids)},), not {self.labels.shape}")
        least = -1 if self.settings.may_leave_out else 0
        in_range = len(self.labels) > 0 and self.labels.min() >= least
        if not in_range or self.k < 1 or len(self.sizes) != self.k or not self.sizes.all():
            raise ValueError(f"labels must use every number in [0, {self.k}) and no other")

    def __repr__(self) -> str:
        without = f", {self.n_left_out} in none" if self.n_left_out else ""
        size = f"{len(self.ids)} {self.kind} in {self.k} clusters{without}"
        return f"<Clustering {self.settings.method}: {size}>"

    @property
    def tags(self) -> tuple[str, ...]:
        """The ids."""
        return self.ids

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Tags in each cluster, array (k,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.k)

    @property
    def n_left_out(self) -> int:
        """Tags in no cluster."""
        return int(np.count_nonzero(self.labels < 0))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Tags in no cluster, in the order of `ids`."""
        return tuple(self.ids[row] for row in np.flatnonzero(self.labels < 0))

    def members(self, number: int) -> tuple[str, ...]:
        """Return the tags of one cluster, in the order of `ids`."""
        return tuple(self.ids[row] for row in np.flatnonzero(self.labels == number))

    def parameters(self) -> dict[str, Any]:
        """Return the settings, and how many clusters there are, for a record of how classes were made."""
        settings = self.settings.model_dump(mode="json")
        return {"method": self.settings.method, "k": self.k, **settings}


def centroids_of(vectors: FloatArray, labels: IntArray, k: int) -> FloatArray:
    """Return the normalised sum of each cluster's vectors (k, dim); zeros where they cancel out.

    Args:
        vectors: Array (tags, dim).
        labels: Array (tags,), each number in [0, k) at least once; below 0 for tags in no cluster.
        k: Number of clusters.
    """
    sums = _sums(vectors, labels, k)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths < 1e-9, 0, sums / np.where(lengths < 1e-9, 1, lengths)).astype(np.float32)


def means_of(vectors: FloatArray, labels: IntArray, k: int) -> FloatArray:
    """Return the mean of each cluster's vectors (k, dim); arguments as of `centroids_of`."""
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    return (_sums(vectors, labels, k) / sizes[:, None]).astype(np.float32)


def _sums(vectors: FloatArray, labels: IntArray, k: int) -> npt.NDArray[np.float64]:
    order = np.argsort(labels, kind="stable")[np.count_nonzero(labels < 0) :]
    starts = np.searchsorted(labels[order], np.arange(k))
    sums: npt.NDArray[np.float64] = np.add.reduceat(vectors[order], starts, axis=0, dtype=np.float64)
    return sums


def cosines_to(vectors: FloatArray, centroids: FloatArray) -> npt.NDArray[np.floating]:
    """Return the cosine of each vector, of length 1, to the centroid in its row."""
    cosines: npt.NDArray[np.floating] = np.einsum("ij,ij->i", vectors, centroids)
    return cosines


def nearness_to(vectors: FloatArray, centroids: FloatArray) -> npt.NDArray[np.floating]:
    """Return minus the Euclidean distance of each vector to the centroid in its row."""
    apart: npt.NDArray[np.floating] = np.linalg.norm(vectors.astype(np.float64) - centroids, axis=1)
    return -apart


def medoids_of(
    vectors: FloatArray,
    labels: IntArray,
    centroids: FloatArray,
    nearness: Callable[[FloatArray, FloatArray], npt.NDArray[np.floating]] = cosines_to,
) -> IntArray:
    """Return the row of the tag nearest each centroid (k,), the earlier on a tie.

    Args:
        vectors: Array (tags, dim).
        labels: As for `centroids_of`.
        centroids: Array (k, dim).
        nearness: Takes vectors and the centroid of each; returns what is higher where nearer.
    """
    rows = np.flatnonzero(labels >= 0)
    blocks = [rows[start : start + _ROWS_PER_BLOCK] for start in range(0, len(rows), _ROWS_PER_BLOCK)]
    similarity = np.concatenate([nearness(vectors[block], centroids[labels[block]]) for block in blocks])
    order = rows[np.lexsort((rows, -similarity, labels[rows]))]
    starts = np.searchsorted(labels[order], np.arange(len(centroids)))
    return order[starts].astype(np.int32)
