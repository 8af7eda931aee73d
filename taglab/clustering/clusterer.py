"""What every clusterer is: settings that can cluster."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from taglab.clustering.result import Clustering
from taglab.errors import InvalidSetting
from taglab.progress import Progress
from taglab.vectors import Vectors


class Clusterer(BaseModel):
    """A way to cluster tags: its settings, what it needs and makes, and the clustering itself.

    Attributes:
        title: What pages call it.
        varied: The whole number that a slider moves and a scan goes through. What does not depend on it is
            kept in memory where that is worth it, so that another value is quick.
        varied_title: What pages call that.
        usual_values: Values of it that a scan tries unless told otherwise.
        seldom: Settings that pages leave as they are by default.
        makes_tree: Whether a clustering has the tree of its merges.
        may_leave_out: Whether tags may be in no cluster.
        takes_distances: Whether it clusters by given distances too.
        by_direction: Whether it clusters directions, and so no vectors whose lengths have a say.
        method: Its name in `CLUSTERERS`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    varied: ClassVar[str] = "k"
    varied_title: ClassVar[str] = "Clusters, k"
    usual_values: ClassVar[tuple[int, ...]] = (
        *(10, 20, 30, 40, 50, 75, 100),
        *(125, 150, 200, 250, 300, 400, 500),
    )
    seldom: ClassVar[tuple[str, ...]] = ()
    makes_tree: ClassVar[bool] = False
    may_leave_out: ClassVar[bool] = False
    takes_distances: ClassVar[bool] = False
    by_direction: ClassVar[bool] = False

    method: str

    @classmethod
    def takes(cls, setting: str) -> bool:
        """Return whether it has a setting, such as `k` or `seed`."""
        return setting in cls.model_fields

    @classmethod
    @abstractmethod
    def most(cls, n_tags: int, n_points: int) -> int:
        """Return the highest value of what is varied, for so many tags at so many distinct points."""

    @classmethod
    def suits(cls, vectors: Vectors) -> bool:
        """Return whether it can cluster what is compared by the measure of some vectors."""
        return not (cls.by_direction and vectors.by.heeds_length)

    @property
    def value(self) -> int:
        """The value of what is varied."""
        return int(getattr(self, self.varied))

    @property
    def brief(self) -> str:
        """What is varied, as a title has it: `k = 20`."""
        return f"{self.varied.replace('_', ' ')} = {self.value}"

    @abstractmethod
    def cluster(self, vectors: Vectors, progress: Progress) -> Clustering:
        """Cluster at least one vector, by the distance of their measure."""

    def cluster_distances(
        self, tags: Sequence[str], distances: npt.NDArray[np.floating], progress: Progress
    ) -> Clustering:
        """Cluster at least one tag by given distances (tags, tags)."""
        raise InvalidSetting(f"method={self.method} needs vectors, and cannot cluster by given distances")
