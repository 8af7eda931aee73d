"""Seeds of k-means: drawn once per vectors and seed number, shared by every k."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from taglab.cache import held_bytes
from taglab.clustering.result import TooManyClusters
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.vectors import point_numbers

FloatArray = npt.NDArray[np.float32]
T = TypeVar("T")

# Cosine distances of float32 unit vectors are rounding noise below this.
_NOISE = 1e-6
# Candidates for each seed: more of them make better seeds and cost time; 8 is where k-means gains no more.
_CANDIDATES = 8
_SEEDS_A_BATCH = 8


@dataclass(frozen=True, eq=False)
class Points:
    """Distinct vectors and how many tags share each.

    Clustering these instead of the tags keeps tags of one vector together, whatever the rounding: vectors
    that agree to six decimals are one.

    Attributes:
        vectors: Array (points, dim), float32, unit length, in order of first appearance.
        weights: Array (points,), float64: tags at each.
        point_of: Array (tags,): the point each tag is at.
    """

    vectors: FloatArray
    weights: npt.NDArray[np.float64]
    point_of: npt.NDArray[np.intp]

    __repr__ = one_line

    @classmethod
    def of(cls, vectors: FloatArray, point_of: npt.NDArray[np.intp] | None = None) -> Points:
        """Find the distinct rows of an array (tags, dim) of unit vectors.

        Args:
            vectors: Array (tags, dim).
            point_of: What `taglab.vectors.point_numbers` says of them, where it is known.

        Raises:
            ValueError: If a row's length is not 1.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        if not (np.abs(lengths - 1) < 1e-3).all():
            row = int(np.argmin(np.abs(lengths - 1) < 1e-3))
            raise ValueError(f"row {row} of vectors has length {lengths[row]}, not 1; normalise them first")
        point_of = point_numbers(vectors) if point_of is None else point_of
        first = np.unique(point_of, return_index=True)[1]
        if len(first) == len(vectors):
            return cls(vectors, np.ones(len(vectors)), point_of)
        return cls(vectors[first], np.bincount(point_of).astype(np.float64), point_of)

    def __len__(self) -> int:
        return len(self.vectors)

    def require(self, k: int) -> None:
        """Raise unless there are at least k distinct vectors."""
        tags = len(self.point_of)
        if k > tags:
            raise TooManyClusters(f"k={k} must be at most the number of tags, {tags}; ask for fewer clusters")
        if k > len(self):
            raise TooManyClusters(
                f"k={k} must be at most {len(self)}, the number of distinct vectors: of {tags} tags "
                f"{tags - len(self)} have the very vector of another, and cannot be told apart from it"
            )


class Seeds:
    """A greedy k-means++ sequence on cosine distance, drawn as far as somebody has asked.

    For each seed a few candidates are drawn with probability proportional to weight times cosine distance
    to the nearest seed so far (half the squared Euclidean distance), and the one that lowers the summed
    distance most is taken. The first k of the sequence are the seeds for k, whatever larger k was asked for
    before.

    Candidates of several seeds are proposed at once, so that their distances are one matrix product, and
    each is admitted with the probability its distance has left of what it had at the proposal: the same
    distribution as drawing when it is due.

    Source: Arthur and Vassilvitskii 2007, section 2.2 and, for the greedy choice, 5.

    Args:
        points: What to draw from.
        seed: Of the random generator; a sequence of numbers is one seed too.
    """

    def __init__(self, points: Points, seed: int | tuple[int, ...]) -> None:
        self.points = points
        self._random = np.random.default_rng(seed)
        self._drawn: list[int] = []
        # No cosine distance exceeds 2: with it for a start the first draw is by weight alone.
        self._nearest = np.full(len(points), 2, np.float32)
        self._weights = points.weights.astype(np.float32)
        self._lock = threading.Lock()

    def first(self, k: int, progress: Progress = silent) -> npt.NDArray[np.intp]:
        """Return the points that are the seeds for k clusters, array (k,), all different.

        Raises:
            TooManyClusters: If there are fewer than k distinct vectors.
        """
        self.points.require(k)
        with self._lock:
            while len(self._drawn) < k:
                progress(len(self._drawn) / k, "drawing seeds")
                self._draw()
            return np.array(self._drawn[:k], dtype=np.intp)

    def _draw(self) -> None:
        cumulated = np.cumsum(self.points.weights * self._nearest)
        if cumulated[-1] == 0:
            self._draw_the_rest()
            return
        drawn = self._random.random((2, _SEEDS_A_BATCH * _CANDIDATES))
        proposed = np.searchsorted(cumulated, drawn[0] * cumulated[-1], side="right")
        proposed = np.minimum(proposed, len(self.points) - 1)
        thresholds = drawn[1] * self._nearest[proposed]
        distances = 1 - self.points.vectors[proposed] @ self.points.vectors.T
        distances[distances < _NOISE] = 0
        used = 0
        while True:
            admitted = used + np.flatnonzero(self._nearest[proposed[used:]] > thresholds[used:])[:_CANDIDATES]
            if len(admitted) < _CANDIDATES:
                return
            self._take_best(proposed[admitted], distances[admitted])
            used = admitted[-1] + 1

    def _take_best(self, candidates: npt.NDArray[np.intp], distances: FloatArray) -> None:
        nearest = np.minimum(distances, self._nearest)
        # Not a BLAS product, whose rounding would depend on the number of threads.
        best = int(np.einsum("ij,j->i", nearest, self._weights).argmin())
        self._drawn.append(int(candidates[best]))
        self._nearest = nearest[best].copy()
        self._nearest[candidates[best]] = 0

    def _draw_the_rest(self) -> None:
        """Draw points that differ from the seeds by no more than rounding, in random order."""
        left = np.setdiff1d(np.arange(len(self.points)), self._drawn)
        self._drawn.extend(self._random.permutation(left).tolist())


class Recent(Generic[T]):
    """The last few things computed, by key; safe to share between threads.

    Args:
        size: Most of them.
        most_bytes: Most memory that they may hold together.
    """

    def __init__(self, size: int, most_bytes: int = 256 << 20) -> None:
        self._size, self._most_bytes = size, most_bytes
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return what is kept under the key, or make it; two threads may both make it, one is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        computed = make()
        n_bytes = held_bytes(computed)
        with self._lock:
            kept, _ = self._kept.setdefault(key, (computed, n_bytes))
            self._kept.move_to_end(key)
            while len(self._kept) > self._size or self._held() > self._most_bytes:
                self._kept.popitem(last=False)
        return kept

    def _held(self) -> int:
        return sum(n_bytes for _, n_bytes in self._kept.values())
