"""What is projected: vectors by direction or by place, or distances; all answer the same questions.

Distance between tags is the cosine distance, 1 minus the cosine; between vectors whose lengths have a say, it
is Euclidean. Everything is exact and goes in blocks of rows, so that memory stays within a few times
`_BLOCK_BYTES` at any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.vectors.measures import COSINE, EUCLIDEAN

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

_BLOCK_BYTES = 128 * 2**20
# Cosines are had in single precision: identical vectors come out up to some 1e-7 apart.
_TIE = 1e-6
# What distances given to us may be off by, relative to the largest.
_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class Axes:
    """Tags along the directions in which they differ most.

    Attributes:
        positions: Array (tags, dimensions), centred.
        variances: Variance along every axis there is, falling, (components,); None where only those shown
            are known.
        share: Of all variance, that of the axes shown; NaN where there is none.
    """

    positions: FloatArray
    variances: DoubleArray | None
    share: float

    __repr__ = one_line


class Points(Protocol):
    """What a projection method and its quality are told about the tags.

    Attributes:
        tie: Distances that differ by no more than this count as equal.
    """

    tie: float

    def __len__(self) -> int:
        """Return the number of tags."""

    def distances(self, rows: npt.NDArray[Any]) -> FloatArray:
        """Return the distances (rows, tags) from some tags to all; a tag's to itself is 0."""

    def squared_euclidean(self, distances: FloatArray) -> FloatArray:
        """Return the squared Euclidean distances that belong to distances of the above."""

    def principal_axes(self, dimensions: int) -> Axes:
        """Return the positions along the axes of largest variance, signs fixed."""

    def shown_as_is(self, dimensions: int) -> FloatArray | None:
        """Return the positions where the tags already lie in so few dimensions, else None."""

    @property
    def all_alike(self) -> bool:
        """Whether all tags coincide."""


class VectorPoints:
    """Unit vectors (tags, dim); the distance is the cosine distance.

    Between unit vectors the squared Euclidean distance is twice the cosine distance, so neighbours are the
    same by either.
    """

    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors
        self.tie = _TIE

    def __len__(self) -> int:
        return len(self.vectors)

    def distances(self, rows: npt.NDArray[Any]) -> FloatArray:
        apart: FloatArray = self.vectors[rows] @ self.vectors.T
        np.subtract(1.0, apart, out=apart)
        apart[apart < _TIE] = 0.0
        return apart

    def squared_euclidean(self, distances: FloatArray) -> FloatArray:
        return 2 * distances

    def principal_axes(self, dimensions: int) -> Axes:
        """Principal components, from the covariance (dim, dim) summed in double precision."""
        centre = self.vectors.mean(axis=0, dtype=np.float64)
        dim = self.vectors.shape[1]
        scatter = np.zeros((dim, dim))
        step = max(1, _BLOCK_BYTES // (8 * dim))
        for start in range(0, len(self), step):
            block = self.vectors[start : start + step] - centre
            scatter += block.T @ block
        variances, directions = np.linalg.eigh(scatter / len(self))
        # Rounding leaves tiny values, some below zero, where there is no variance.
        variances = np.where(variances > self.tie * self.tie, variances, 0.0)[::-1]
        shown = _fix_signs(directions[:, ::-1][:, :dimensions])
        positions = np.zeros((len(self), dimensions), np.float32)
        positions[:, : shown.shape[1]] = (
            self.vectors @ shown.astype(np.float32) - (centre @ shown).astype(np.float32)
        ) * (variances[:dimensions] > 0)
        return Axes(positions, variances, _share(variances[:dimensions].sum(), variances.sum()))

    def shown_as_is(self, dimensions: int) -> FloatArray | None:
        lacking = dimensions - self.vectors.shape[1]
        return None if lacking < 0 else np.pad(self.vectors, ((0, 0), (0, lacking)))

    @property
    def all_alike(self) -> bool:
        if not self.vectors.size:
            return True
        # By the ends of each column: all differences would take twice the memory of the vectors.
        low, high, first = self.vectors.min(axis=0), self.vectors.max(axis=0), self.vectors[0]
        return bool(max((high - first).max(), (first - low).max()) < self.tie)


class EuclideanPoints(VectorPoints):
    """Vectors (tags, dim) of any length; the distance is Euclidean."""

    def __init__(self, vectors: FloatArray) -> None:
        super().__init__(vectors)
        # Distances are taken around the middle and at a scale whose squares single precision holds.
        centred = vectors - vectors.mean(axis=0, dtype=np.float64)
        self._scale = float(np.abs(centred).max(initial=0.0)) or 1.0
        self._centred = (centred / self._scale).astype(np.float32)
        self.tie = _TIE * self._scale

    def distances(self, rows: npt.NDArray[Any]) -> FloatArray:
        from sklearn.metrics.pairwise import euclidean_distances

        # In double precision, a batch of rows at a time.
        apart: FloatArray = euclidean_distances(self._centred[rows], self._centred) * np.float32(self._scale)
        apart[apart < self.tie] = 0.0
        return apart

    def squared_euclidean(self, distances: FloatArray) -> FloatArray:
        return np.square(distances)


class DistancePoints:
    """A distance matrix (tags, tags).

    Raises:
        InvalidSetting: If it is not square, finite, symmetric, at least 0, and 0 on the diagonal.
    """

    def __init__(self, distances: npt.ArrayLike) -> None:
        matrix = np.asarray(distances, dtype=np.float32)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
            raise InvalidSetting(f"distances of shape {matrix.shape} must be square, (tags, tags)")
        if not np.isfinite(matrix).all():
            raise InvalidSetting("distances must be finite; they hold NaN or infinity (a tag without data?)")
        scale = float(matrix.max(initial=0.0))
        rounding = _ROUNDING * scale
        if matrix.min(initial=0.0) < -rounding or np.abs(np.diagonal(matrix)).max(initial=0.0) > rounding:
            raise InvalidSetting("distances must be at least 0, and 0 on the diagonal (similarities given?)")
        if np.abs(matrix - matrix.T).max(initial=0.0) > rounding:
            raise InvalidSetting("distances must be symmetric")
        self.matrix = np.maximum(matrix, 0.0)
        np.fill_diagonal(self.matrix, 0.0)
        self.tie = _TIE * scale if scale > 0 else _TIE

    def __len__(self) -> int:
        return len(self.matrix)

    def distances(self, rows: npt.NDArray[Any]) -> FloatArray:
        block: FloatArray = self.matrix[rows]
        return block

    def squared_euclidean(self, distances: FloatArray) -> FloatArray:
        return np.square(distances)

    def principal_axes(self, dimensions: int) -> Axes:
        """Classical scaling: of Euclidean distances it gives the principal components.

        The share is that of the squared eigenvalues, which is defined for distances of any kind, some of
        whose eigenvalues may be below 0.

        Source:
            Torgerson (1952); Mardia, Kent & Bibby, Multivariate Analysis (1979), section 14.4.
        """
        from scipy.sparse.linalg import eigsh

        centred = np.square(self.matrix, dtype=np.float64)
        centred -= centred.mean(axis=0)
        centred -= centred.mean(axis=1, keepdims=True)
        centred *= -0.5
        count = min(dimensions, len(self))
        if count < len(self) - 1:
            start = np.random.default_rng(0).normal(size=len(self))
            values, directions = eigsh(centred, k=count, which="LA", v0=start)
        else:
            values, directions = np.linalg.eigh(centred)
        order = np.argsort(-values)[:count]
        lengths = np.sqrt(np.maximum(values[order], 0.0))
        positions = np.zeros((len(self), dimensions), np.float32)
        positions[:, :count] = _fix_signs(directions[:, order]) * lengths
        return Axes(positions, None, _share(np.sum(lengths**4), float(np.sum(np.square(centred)))))

    def shown_as_is(self, dimensions: int) -> FloatArray | None:
        return None

    @property
    def all_alike(self) -> bool:
        return not self.matrix.any()


DISTANCES = "distances"
POINTS: dict[str, type[VectorPoints] | type[DistancePoints]] = {
    COSINE: VectorPoints,
    EUCLIDEAN: EuclideanPoints,
    DISTANCES: DistancePoints,
}
"""The distance of vectors' measure, or `DISTANCES` → what is projected."""


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _fix_signs(directions: DoubleArray) -> DoubleArray:
    """Turn each column so that its largest component is positive: a direction has no sign of its own."""
    largest = np.abs(directions).argmax(axis=0)
    signs = np.sign(directions[largest, np.arange(directions.shape[1])])
    return directions * np.where(signs == 0, 1.0, signs)


def row_blocks(rows: npt.NDArray[Any], n_tags: int) -> Iterator[npt.NDArray[Any]]:
    """Cut rows into blocks whose distances to all tags fit in `_BLOCK_BYTES`."""
    step = max(1, _BLOCK_BYTES // (4 * max(n_tags, 1)))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def nearest(points: Points, k: int, progress: Progress = silent) -> tuple[IntArray, FloatArray]:
    """Return the k nearest other tags of every tag, exactly, nearest first.

    Of tags equally near, those next in the order of tags come first, each tag beginning with its own
    successor and the first tag following the last. So copies of one vector form a ring; were the first in
    order taken, all copies would point to the same few.

    Args:
        points: What is projected.
        k: From 1 to one less than the tags.
        progress: Told after each block.

    Returns:
        Rows of the neighbours (tags, k) and their distances (tags, k).
    """
    n_tags = len(points)
    neighbours = np.empty((n_tags, k), np.int32)
    distances = np.empty((n_tags, k), np.float32)
    for rows in row_blocks(np.arange(n_tags), n_tags):
        neighbours[rows], distances[rows] = _nearest_of(points, rows, k)
        progress(
            (int(rows[-1]) + 1) / n_tags, counted("nearest neighbours of tags", int(rows[-1]) + 1, n_tags)
        )
    return neighbours, distances


def _nearest_of(points: Points, rows: npt.NDArray[Any], k: int) -> tuple[IntArray, FloatArray]:
    """Return the k nearest other tags of some tags and their distances, each (rows, k); see `nearest`."""
    n_tags = len(points)
    neighbours = np.empty((len(rows), k), np.int32)
    block = points.distances(rows)
    block[np.arange(len(rows)), rows] = np.inf
    for place, (row, found, bound) in enumerate(zip(rows, block, _bounds(block, k), strict=True)):
        candidates = np.flatnonzero(found <= bound + points.tie)
        # Distance in steps of `tie`, then how far behind in the order of tags: no two keys are equal.
        keys = (
            np.rint(found[candidates].astype(np.float64) / points.tie) * n_tags + (candidates - row) % n_tags
        )
        if len(candidates) > 4 * k:
            chosen = np.argpartition(keys, k - 1)[:k]
            candidates, keys = candidates[chosen], keys[chosen]
        neighbours[place] = candidates[np.argsort(keys)[:k]]
    return neighbours, np.take_along_axis(block, neighbours, axis=1)


def _bounds(block: FloatArray, k: int) -> FloatArray:
    """Return per row a distance that the k-th smallest does not exceed: the k-th smallest of a part.

    Selecting from what lies within it costs a tenth of selecting from whole rows. The part has the square
    root of k times the tags, and so has, by expectation, what lies within.
    """
    stride = max(1, int(np.sqrt(block.shape[1] / k)))
    bounds: FloatArray = np.partition(block[:, ::stride], k - 1, axis=1)[:, k - 1]
    return bounds
