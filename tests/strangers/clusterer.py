"""A clusterer of somebody who does not know the house: each tag to its longest axis, short ones to none."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from taglab.clustering import Clusterer, Clustering
from taglab.clustering.geometry import clustering_of
from taglab.progress import Progress
from taglab.vectors import Vectors


class ByAxis(Clusterer):
    """Each tag to its longest axis.

    Attributes:
        axes: How many axes are looked at.
        reach: Least length along it; tags that reach less far are in no cluster.
    """

    title: ClassVar[str] = "By axis"
    varied: ClassVar[str] = "axes"
    varied_title: ClassVar[str] = "Axes"
    usual_values: ClassVar[tuple[int, ...]] = (2, 3, 4)
    may_leave_out: ClassVar[bool] = True

    method: Literal["by-axis"] = "by-axis"
    axes: int = Field(default=4, ge=2)
    reach: float = Field(default=0.5, ge=0, lt=1)

    @classmethod
    def most(cls, n_tags: int, n_points: int) -> int:
        """As many as the tags."""
        return n_tags

    def cluster(self, vectors: Vectors, progress: Progress) -> Clustering:
        """Cluster by the longest of the first axes."""
        lengths = np.abs(vectors.points[:, : self.axes])
        axis = np.where(lengths.max(axis=1) < self.reach, -1, lengths.argmax(axis=1))
        used = np.unique(axis[axis >= 0])
        labels = np.where(axis < 0, -1, np.searchsorted(used, axis)).astype(np.int32)
        return clustering_of(vectors, labels, len(used), self)
