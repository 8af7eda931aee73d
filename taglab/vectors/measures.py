"""The measures vectors are compared by: what near means, and which distance maps and clusters take for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting

FloatArray = npt.NDArray[np.float32]
Scores = npt.NDArray[np.floating[Any]]

COSINE, EUCLIDEAN = "cosine", "euclidean"
"""The distances that clusterings and projections know."""

# Products of lengths of rows that were scaled to 1 in single precision are off by less.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Measure:
    """How two vectors are compared.

    Attributes:
        title: As people call it.
        score: Takes queries (queries, dim) and rows (rows, dim), float32; returns (queries, rows), higher
            where nearer.
        columns: Takes scores of any shape; returns what a table shows of them, by column: `similarity` where
            the measure is one, `distance` where it has one.
        metric: The distance that maps and clusters take, `COSINE` or `EUCLIDEAN`.
        by_place: Whether vectors are places, of which the origin is one; else a vector of zeros says nothing.
        note: A sentence where that distance is not what `score` ranks by; else empty.
    """

    title: str
    score: Callable[[FloatArray, FloatArray], Scores]
    columns: Callable[[Scores], Mapping[str, Scores]]
    metric: str
    by_place: bool = False
    note: str = ""

    @property
    def distance_title(self) -> str:
        """What the distance is called that maps and clusters take."""
        return MEASURES[self.metric].title

    @property
    def heeds_length(self) -> bool:
        """Whether the lengths of vectors have a say, so that they are never scaled."""
        return self.metric != COSINE


def _cosines(queries: FloatArray, rows: FloatArray) -> Scores:
    scores: Scores = queries @ rows.T
    lengths = np.outer(_lengths(queries), _lengths(rows))
    # Rows that are of unit length as far as single precision tells are compared as they are.
    if (np.abs(lengths - 1) > _ROUNDING).any():
        scores = scores / lengths
    return np.clip(scores, -1, 1)


def _products(queries: FloatArray, rows: FloatArray) -> Scores:
    scores: Scores = queries @ rows.T
    return scores


def _closeness(queries: FloatArray, rows: FloatArray) -> Scores:
    """Return minus the Euclidean distances."""
    from scipy.spatial.distance import cdist

    distances: Scores = cdist(
        queries, rows
    )  # pair by pair in double precision: equal vectors are at 0 exactly
    return -distances


def _lengths(rows: FloatArray) -> Scores:
    lengths: Scores = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return lengths


MEASURES: dict[str, Measure] = {
    "cosine": Measure(
        title="cosine",
        score=_cosines,
        columns=lambda scores: {"similarity": scores, "distance": 1 - scores},
        metric=COSINE,
    ),
    "dot": Measure(
        title="dot product",
        score=_products,
        columns=lambda scores: {"similarity": scores},
        metric=EUCLIDEAN,
        note=(
            "A dot product is no distance: maps and clusters take the one that belongs to it, "
            "√(x·x − 2 x·y + y·y), which is Euclidean."
        ),
    ),
    "euclidean": Measure(
        title="Euclidean distance",
        score=_closeness,
        columns=lambda scores: {"distance": -scores},
        metric=EUCLIDEAN,
        by_place=True,
    ),
}
"""Name → measure."""


def measure_named(name: str) -> Measure:
    """Return a measure by name; raises InvalidSetting if there is none."""
    if name not in MEASURES:
        raise InvalidSetting(f"measure={name!r} must be one of: {', '.join(MEASURES)}")
    return MEASURES[name]
