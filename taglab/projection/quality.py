"""How far a map can be trusted: trustworthiness, and the neighbours it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.progress import Progress, counted, silent
from taglab.projection.points import FloatArray, Points, row_blocks
from taglab.reprs import one_line

ALL_UP_TO = 20_000
SAMPLE = 1_000


@dataclass(frozen=True, eq=False)
class Quality:
    """How well the neighbours on a map are neighbours in the original space.

    Attributes:
        trustworthiness: In [0, 1]; 1 when the k nearest on the map are the k nearest originally, lowered by
            each intruder the more, the farther down it ranks originally; 0.5 or so for a random map. NaN
            below 3 tags.
        neighbours_kept: Share, in [0, 1], of the k nearest on the map that are among the k nearest
            originally; k / (tags - 1) or so for a random map. NaN below 3 tags.
        queries: Number of tags whose neighbours were looked at: all, or a sample of them.
    """

    trustworthiness: float
    neighbours_kept: float
    queries: int

    __repr__ = one_line


def map_quality(
    points: Points, positions: FloatArray, k: int, seed: int = 0, progress: Progress = silent
) -> Quality:
    """Measure a map against the original distances, exactly, over every pair of (query, tag).

    Up to 20,000 tags every tag is a query. Above that a seeded sample of 1,000 is, each ranked against all
    tags: the mean over them estimates the whole without bias.

    A tag's original rank is one more than the number of tags nearer by more than `points.tie` (the
    precision of cosines), so that tags with the same vector never count as intruders among each other.

    Args:
        points: What was projected.
        positions: Array (tags, dimensions).
        k: Number of neighbours, at least 1 and less than half the tags.
        seed: Of the sample.
        progress: Told after each block.

    Source:
        Venna & Kaski (2001), Neighborhood preservation in nonlinear projection methods, eq. 1.
    """
    n_tags = len(points)
    if n_tags < 3:
        return Quality(float("nan"), float("nan"), n_tags)
    queries = np.arange(n_tags)
    if n_tags > ALL_UP_TO:
        queries = np.sort(np.random.default_rng(seed).choice(n_tags, SAMPLE, replace=False))
    near = _nearest_on_map(positions, queries, k)
    ranks = np.empty((len(queries), k), np.int64)
    done = 0
    for rows in row_blocks(queries, n_tags):
        ranks[done : done + len(rows)] = _ranks(points, rows, near[done : done + len(rows)])
        done += len(rows)
        progress(done / len(queries), counted("how far the map can be trusted, by tag", done, len(queries)))
    intrusion = np.maximum(ranks - k, 0).sum() / len(queries)
    return Quality(
        trustworthiness=float(1 - 2 * intrusion / (k * (2 * n_tags - 3 * k - 1))),
        neighbours_kept=float((ranks <= k).mean()),
        queries=len(queries),
    )


def _ranks(points: Points, rows: npt.NDArray[Any], near: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """Return which nearest originally each of some tags' neighbours on the map is, from 1, (rows, k)."""
    ranks = np.empty(near.shape, np.int64)
    block = points.distances(rows)
    block[np.arange(len(rows)), rows] = np.inf
    for place, row in enumerate(block):
        for column, neighbour in enumerate(near[place]):
            ranks[place, column] = 1 + np.count_nonzero(row < row[neighbour] - points.tie)
    return ranks


def _nearest_on_map(positions: FloatArray, queries: npt.NDArray[Any], k: int) -> npt.NDArray[np.intp]:
    """Return the k nearest other tags on the map of each query, (queries, k)."""
    from scipy.spatial import cKDTree

    _, found = cKDTree(positions).query(positions[queries], k=k + 1)
    # The query itself is first, unless others lie on the very same point; then it may be any, or absent.
    itself = found == queries[:, None]
    itself[~itself.any(axis=1), -1] = True
    return np.asarray(found[~itself].reshape(len(queries), k), np.intp)
