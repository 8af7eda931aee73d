"""What a clustering was asked to be, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import InvalidSetting

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]
Linkage = Literal["complete", "single", "average"]


class TooManyClusters(InvalidSetting):
    """More clusters were asked for than there are tags, or distinct vectors."""


class ClusterSettings(BaseModel):
    """How tags are clustered.

    Attributes:
        method: A name in `CLUSTERERS`.
        k: Number of clusters; exactly so many come out, none empty. Thesis: 100, 250, 500, 750, 1000.
        seed: Of the random draws of k-means; agglomerative clustering draws nothing.
        restarts: Times k-means starts over from other seeds; the best objective wins.
        linkage: What agglomerative clustering takes as the distance of two clusters: the largest, least
            or mean distance between their members (thesis, table 5).
        max_iterations: Most rounds of one k-means run.
        tolerance: k-means stops when a round lowers its objective by less than this share of it;
            0 goes on until no tag moves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "spherical-k-means"
    k: int = Field(default=100, ge=1)
    seed: int = Field(default=0, ge=0)
    restarts: int = Field(default=1, ge=1)
    linkage: Linkage = "average"
    max_iterations: int = Field(default=100, ge=1)
    tolerance: float = Field(default=1e-4, ge=0, lt=1)


@dataclass(frozen=True, eq=False)
class Clustering:
    """Tags and the cluster each is in.

    Numbers are chosen so that they keep their meaning when k grows by one, and with them the colours of a
    map. k-means: cluster j is the one that grew from the j-th seed, and the seeds for k are the first k of
    those for k + 1. Agglomerative: going from k to k + 1 splits one cluster; its larger half (on equal
    sizes the one with the earlier tag) keeps the number and the other becomes number k.

    Attributes:
        tags: Tags clustered, in the order given.
        labels: Array (tags,), int32, each in [0, k).
        k: Number of clusters, none of them empty.
        settings: What was asked.
        medoids: Array (k,), int32: row of the tag nearest its cluster's centroid (by cosine), or with the
            least summed distance to its cluster where only distances were given.
        within_distance: Within-cluster distance; see `taglab.metrics.clustering`.
        centroids: Array (k, dim), float32, of length 1 (but for a cluster whose vectors cancel out, which has
            no direction); None where only distances were given.
        iterations: Rounds of the k-means run kept; 0 for agglomerative.
        converged: False if k-means used up its rounds first.
        tree: Array (tags - 1, 4) of the merges as `scipy.cluster.hierarchy.linkage` writes them, for a
            dendrogram; None for k-means.

    Raises:
        ValueError: If shapes disagree or a cluster is empty.
    """

    tags: tuple[str, ...]
    labels: IntArray
    k: int
    settings: ClusterSettings
    medoids: IntArray
    within_distance: float
    centroids: FloatArray | None = None
    iterations: int = 0
    converged: bool = True
    tree: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.labels.shape != (len(self.tags),):
            raise ValueError(f"labels must be ({len(self.tags)},), not {self.labels.shape}")
        if (
            len(self.labels) == 0
            or self.labels.min() < 0
            or not self.sizes.all()
            or len(self.sizes) != self.k
        ):
            raise ValueError(f"labels must use every number in [0, {self.k}) and no other")

    def __repr__(self) -> str:
        return f"<Clustering {self.settings.method}: {len(self.tags)} tags in {self.k} clusters>"

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Tags in each cluster, array (k,)."""
        return np.bincount(self.labels, minlength=self.k)

    def members(self, number: int) -> tuple[str, ...]:
        """Return the tags of one cluster, in the order of `tags`."""
        return tuple(self.tags[row] for row in np.flatnonzero(self.labels == number))

    def parameters(self) -> dict[str, Any]:
        """Return the settings that had a say, for a record of how label classes were made."""
        shared = {"method": self.settings.method, "k": self.k}
        if self.tree is not None:
            return shared | {"linkage": self.settings.linkage}
        names = ("seed", "restarts", "max_iterations", "tolerance")
        return shared | {name: getattr(self.settings, name) for name in names}
