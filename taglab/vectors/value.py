"""`Vectors`: what has a place in a space, by id, and the measure by which it is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound
from taglab.vectors.measures import Measure, measure_named
from taglab.vectors.points import point_numbers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]

KINDS = {
    "tags": "tag",
    "tracks": "track",
    "artists": "artist",
    "classes": "class",
    "users": "user",
    "entities": "entity",  # of several kinds in one space, told apart by their ids
}
"""What vectors may be of → one of them, which is also the name of their column in tables."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """Ids of one kind and their vectors.

    Attributes:
        kind: What the ids are, a key of `KINDS`.
        ids: Those that have a vector, each once, in the order given.
        vectors: Array (ids, dim), float32, finite, of any length; may be memory-mapped and must not be
            written to.
        missing: Ids for which nothing is known; they have no row.
        name: What the vectors are called.
        measure: How they are compared, a key of `MEASURES`. By cosine no row may be all zeros.
        origin: What they were made of and how (an encoder and its settings, fingerprints of sound and split),
            as JSON has it; not part of the fingerprint.
        unknown: Of ids whose vector is made of that of some of their words only, those without one, between
            blanks; empty but of tags composed of words, see `TagVectors`.

    Raises:
        ValueError: If shapes disagree, vectors are not float32 or not finite, an id stands twice, the kind or
            measure is unknown, or a row has no direction where directions are compared.
    """

    kind: str
    ids: tuple[str, ...]
    vectors: FloatArray
    missing: tuple[str, ...] = ()
    name: str = ""
    measure: str = "cosine"
    origin: Mapping[str, Any] = field(default_factory=dict)
    _known_fingerprint: str = field(default="", repr=False)
    _rows: dict[str, int] = field(init=False, repr=False)
    unknown: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r} must be one of: {', '.join(KINDS)}")
        measure_named(self.measure)
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
            raise ValueError(
                f"vectors must be ({self.kind}, dim) with {len(self.ids)} rows, not {self.vectors.shape}"
            )
        if self.vectors.dtype != np.float32:
            raise ValueError(
                f"vectors must be float32, not {self.vectors.dtype}; "
                "Vectors.of and TagVectors.from_any take others"
            )
        rows = {one: row for row, one in enumerate(self.ids)}
        if len(rows) != len(self.ids) or any(one in rows for one in self.missing):
            raise ValueError(f"a {self.column} stands twice in {self.kind}, or in {self.kind} and in missing")
        object.__setattr__(self, "_rows", rows)
        # Memory-mapped ones were checked when they were written; reading all would cost what mapping saves.
        if not isinstance(self.vectors, np.memmap):
            self._check_rows()

    def _check_rows(self) -> None:
        """Raise ValueError unless every row can be compared."""
        if not np.isfinite(self.vectors).all():
            raise ValueError("vectors hold NaN or infinity")
        blank = np.flatnonzero(~self.vectors.any(axis=1))
        if len(blank) and not self.by.heeds_length:
            raise ValueError(
                f"the vector of {self.ids[blank[0]]!r} is all zeros, which has no direction to compare by "
                "cosine; Vectors.of lists such as missing"
            )

    def __repr__(self) -> str:
        without = f", {len(self.missing)} {self.kind} without" if self.missing else ""
        size = f"{len(self)} {self.kind}, {self.dim} dimensions{without}"
        return f"<{type(self).__name__} {self.name}: {size}, by {self.by.title}>"

    @staticmethod
    def of(
        kind: str, ids: Sequence[str], vectors: npt.ArrayLike, name: str = "", measure: str = "cosine"
    ) -> Vectors:
        """Make vectors of any numbers, as they are; compared by cosine, rows of zeros only become `missing`.

        Args:
            kind: What the ids are.
            ids: One a row.
            vectors: Array (ids, dim), finite.
            name: What to call them.
            measure: How they are compared.
        """
        exact = finite_rows(vectors, ids)
        if np.abs(exact).max(initial=0.0) > np.finfo(np.float32).max:
            raise ValueError("vectors hold numbers that single precision cannot; scale them down")
        array = exact.astype(np.float32, copy=False)
        known: npt.NDArray[np.bool_] = np.ones(len(array), bool)
        if not measure_named(measure).heeds_length:
            known = np.asarray(array.any(axis=1))
        present, missing = split_ids(ids, known)
        return Vectors(kind, present, array[known], missing, name, measure)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, one: object) -> bool:
        return one in self._rows

    @property
    def by(self) -> Measure:
        """The measure they are compared by."""
        return measure_named(self.measure)

    @property
    def column(self) -> str:
        """What a table calls the column of ids: "tag", "track", …"""
        return KINDS[self.kind]

    @property
    def dim(self) -> int:
        """Number of components."""
        return int(self.vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Content key of kind, ids, array and measure; the name is not part of it."""
        return self._known_fingerprint or content_key(self.kind, self.measure, list(self.ids), self.vectors)

    @cached_property
    def unit_rows(self) -> FloatArray:
        """Array (ids, dim), float32: the vectors scaled to length 1, for what looks at directions only."""
        return unit_length(self.vectors)

    @cached_property
    def points(self) -> FloatArray:
        """Array (ids, dim), float32: what maps and clusters take, of length 1 where lengths have no say."""
        return self.vectors if self.by.heeds_length else self.unit_rows

    def points_at(self, ids: Sequence[str]) -> FloatArray:
        """Return the `points` (ids, dim) of ids that have a vector, in the order given."""
        rows = self.rows_of(ids)
        return rows if self.by.heeds_length else unit_length(rows)

    @cached_property
    def point_of(self) -> npt.NDArray[np.intp]:
        """Array (ids,): the point each lies at; see `point_numbers`."""
        if not self.by.heeds_length:
            return point_numbers(self.points)
        largest = np.float32(np.abs(self.points).max(initial=0.0) or 1.0)
        return point_numbers(self.points / largest)

    @cached_property
    def point_rows(self) -> npt.NDArray[np.intp]:
        """Array (points,): the row of the first id at each point."""
        return np.unique(self.point_of, return_index=True)[1]

    @property
    def n_points(self) -> int:
        """How many different points the ids lie at."""
        return len(self.point_rows)

    def row(self, one: str) -> int:
        """Return the row of an id.

        Raises:
            NotFound: If it has no vector; says whether it is among `missing`.
        """
        try:
            return self._rows[one]
        except KeyError:
            why = self._why_missing if one in self.missing else f"it is not among the {self.kind}"
            raise NotFound(f"{self.column} {one!r} has no vector in {self._called}: {why}") from None

    @property
    def _why_missing(self) -> str:
        return "nothing is known of it there"

    @property
    def _called(self) -> str:
        return self.name or "these vectors"

    def select(self, ids: Iterable[str]) -> Self:
        """Return the vectors of these ids, in this order; those without go to `missing`."""
        wanted = list(dict.fromkeys(ids))
        present = tuple(one for one in wanted if one in self._rows)
        absent = tuple(one for one in wanted if one not in self._rows)
        return self._with_rows(present, absent)

    def _with_rows(self, present: tuple[str, ...], absent: tuple[str, ...]) -> Self:
        """Return the vectors of some of the ids; the others that were asked for are listed."""
        return replace(
            self, ids=present, vectors=self.rows_of(present), missing=absent, _known_fingerprint=""
        )

    def rows_of(self, ids: Sequence[str]) -> FloatArray:
        """Return the vectors (ids, dim) of ids that have one, in memory, in the order given."""
        rows = np.fromiter((self.row(one) for one in ids), dtype=np.intp, count=len(ids))
        return np.asarray(self.vectors[rows])

    def annotated(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of ids with what else is to be said of each; of most kinds nothing."""
        return table

    def require(self, at_least: int) -> None:
        """Raise unless there are this many vectors, saying what is there instead."""
        if len(self) < at_least:
            raise InvalidSetting(
                f"{len(self)} {self.kind} have a vector in {self._called} ({len(self.missing)} have none), "
                f"{at_least} are needed; choose other vectors, or fewer conditions on {self.kind}"
            )


def finite_rows(vectors: npt.ArrayLike, ids: Sequence[str]) -> npt.NDArray[np.floating[Any]]:
    """Return an array (ids, dim) in single or double precision; raises ValueError if it is none."""
    array = np.asarray(vectors)
    if array.dtype not in (np.float32, np.float64):  # of half precision, squares would lose the length
        array = array.astype(np.float32)
    if array.ndim != 2 or len(array) != len(ids):
        raise ValueError(f"vectors must be (ids, dim) with {len(ids)} rows, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("vectors hold NaN or infinity")
    return array


def split_ids(ids: Sequence[str], known: npt.NDArray[np.bool_]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids that are known, and those that are not."""
    sides: tuple[list[str], list[str]] = ([], [])
    for one, is_missing in zip(ids, ~known, strict=True):
        sides[int(is_missing)].append(one)
    return tuple(sides[0]), tuple(sides[1])


def unit_length(vectors: npt.NDArray[np.floating[Any]]) -> FloatArray:
    """Return rows scaled to length 1, float32.

    Args:
        vectors: Array (rows, dim), finite, no row all zeros.
    """
    # Scaled by the largest component first: the square of a tiny or huge one would under- or overflow.
    unit = vectors / np.abs(vectors).max(axis=1, initial=0.0)[:, None]
    unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    scaled: FloatArray = unit.astype(np.float32, copy=False)
    return scaled
