"""`TagVectors`: what tags mean, as unit vectors, with the list of tags that have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]

_TELLING_COLUMNS = 8


@dataclass(frozen=True, eq=False)
class TagVectors:
    """Tags and their unit vectors.

    Attributes:
        tags: Tags that have a vector, in the order given (of a folksonomy: most used first).
        vectors: Array (tags, dim), float32, rows of length 1.
        missing: Tags for which nothing is known; they have no row, and are never clustered.
        name: Which embedding they are from.
        unknown: Of tags that have a vector by some of their words only, those without one, between blanks:
            the vector of "female vocalists" is that of "female" where `vocalists` is unknown.

    Raises:
        ValueError: If shapes disagree, vectors are not float32, a tag stands twice, or a row is not a finite
            unit vector.
    """

    tags: tuple[str, ...]
    vectors: FloatArray
    missing: tuple[str, ...] = ()
    name: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict)
    _rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.tags):
            raise ValueError(
                f"vectors must be (tags, dim) with {len(self.tags)} rows, not {self.vectors.shape}"
            )
        if self.vectors.dtype != np.float32:
            raise ValueError(f"vectors must be float32, not {self.vectors.dtype}; from_any takes others")
        rows = {tag: row for row, tag in enumerate(self.tags)}
        if len(rows) != len(self.tags) or any(tag in rows for tag in self.missing):
            raise ValueError("a tag stands twice in tags, or in tags and in missing")
        # Without the array of squares that np.linalg.norm makes: at half a million tags that is 0.4 GB.
        lengths = np.sqrt(np.einsum("ij,ij->i", self.vectors, self.vectors))
        if not np.all(np.abs(lengths - 1) < 1e-3):
            worst = int(np.argmax(np.abs(np.nan_to_num(lengths, nan=np.inf) - 1)))
            raise ValueError(f"the vector of {self.tags[worst]!r} has length {lengths[worst]}, not 1")
        object.__setattr__(self, "_rows", rows)

    def __repr__(self) -> str:
        without = f", {len(self.missing)} tags without" if self.missing else ""
        size = f"{len(self.tags)} tags, {self.vectors.shape[1]} dimensions{without}"
        return f"<TagVectors {self.name}: {size}>"

    @classmethod
    def from_any(cls, tags: Sequence[str], vectors: npt.ArrayLike, name: str = "") -> TagVectors:
        """Make unit vectors of any vectors; tags whose row is all zeros become `missing`.

        Args:
            tags: One tag a row.
            vectors: Array (tags, dim), finite.
            name: Which embedding they are from.
        """
        array = np.asarray(vectors)
        if array.dtype not in (np.float32, np.float64):  # of half precision, squares would lose the length
            array = array.astype(np.float32)
        if array.ndim != 2 or len(array) != len(tags):
            raise ValueError(f"vectors must be (tags, dim) with {len(tags)} rows, not {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError("vectors hold NaN or infinity")
        # Scaled by the largest component first: the square of a tiny or huge one would under- or overflow.
        largest = np.abs(array).max(axis=1, initial=0.0)
        known = largest > 0
        unit = array[known] / largest[known, None]
        unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
        return cls(
            tags=tuple(tag for tag, is_known in zip(tags, known, strict=True) if is_known),
            vectors=unit.astype(np.float32, copy=False),
            missing=tuple(tag for tag, is_known in zip(tags, known, strict=True) if not is_known),
            name=name,
        )

    def __len__(self) -> int:
        return len(self.tags)

    def __contains__(self, tag: object) -> bool:
        return tag in self._rows

    @property
    def dim(self) -> int:
        """Number of components."""
        return int(self.vectors.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Content key of tags and vectors."""
        return content_key(list(self.tags), self.vectors)

    @cached_property
    def point_of(self) -> npt.NDArray[np.intp]:
        """Array (tags,): the point each tag lies at; see `point_numbers`."""
        return point_numbers(self.vectors)

    @cached_property
    def point_rows(self) -> npt.NDArray[np.intp]:
        """Array (points,): the row of the first tag at each point."""
        return np.unique(self.point_of, return_index=True)[1]

    @property
    def n_points(self) -> int:
        """How many different points the tags lie at."""
        return len(self.point_rows)

    def row(self, tag: str) -> int:
        """Return the row of a tag.

        Raises:
            NotFound: If it has no vector; says whether it is among `missing`.
        """
        try:
            return self._rows[tag]
        except KeyError:
            known = "none of its words has one (or not all, where only fully known tags are taken)"
            why = known if tag in self.missing else "it is not among the tags"
            raise NotFound(f"tag {tag!r} has no vector in {self.name or 'this embedding'}: {why}") from None

    def select(self, tags: Iterable[str]) -> TagVectors:
        """Return the vectors of these tags, in this order; those without go to `missing`."""
        wanted = list(dict.fromkeys(tags))
        present = [tag for tag in wanted if tag in self._rows]
        rows = np.fromiter((self._rows[tag] for tag in present), dtype=np.intp, count=len(present))
        absent = tuple(tag for tag in wanted if tag not in self._rows)
        unknown = {tag: self.unknown[tag] for tag in present if tag in self.unknown}
        return TagVectors(tuple(present), self.vectors[rows], absent, self.name, unknown)

    def with_unknown(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table that has a column `tag` with one more, `unknown`: their words without a vector."""
        import pandas as pd  # the process that projects goes without it

        unknown = pd.Series([self.unknown.get(tag, "") for tag in table["tag"]], table.index, dtype="str")
        return table.assign(unknown=unknown)

    def require(self, at_least: int) -> None:
        """Raise unless there are this many vectors, saying what is there instead."""
        if len(self) < at_least:
            why = ": their words are not in it, or with zeros only" if self.missing else ""
            other = "other vectors" if self.missing else "a data set with more tags"
            raise InvalidSetting(
                f"{len(self)} tags have a vector in {self.name or 'this embedding'} "
                f"({len(self.missing)} have none{why}), {at_least} are needed; lower the minimum count "
                f"if it is above 1, or choose {other}"
            )


def point_numbers(vectors: FloatArray) -> npt.NDArray[np.intp]:
    """Number the points that vectors lie at.

    Args:
        vectors: Array (tags, dim), float32.

    Returns:
        Array (tags,): equal where vectors agree to six decimals (the same words counted twice may differ in
        the last bit), else different; numbered from 0 in the order of first appearance.
    """
    # Most rows differ from all others in a few columns already; only the rest are looked at whole.
    keys = _point_keys(vectors[:, :_TELLING_COLUMNS])
    _, group, rows_at = np.unique(keys, return_inverse=True, return_counts=True)
    alike = rows_at[group] > 1
    keys[alike] = _point_keys(vectors[alike])
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    number = np.empty(len(first), np.intp)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group]


def _point_keys(vectors: FloatArray) -> npt.NDArray[np.uint64]:
    """Return a number per row that equal rows share; unequal ones do once in 2**64 pairs."""
    odd = np.random.default_rng(0).integers(0, 2**63, vectors.shape[1], np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    keys = np.zeros(len(vectors), np.uint64)
    for start in range(0, len(vectors), 16_384):
        # Rounded, since the same words counted twice may differ in the last bit; + 0 makes -0 one with 0.
        rounded = np.round(vectors[start : start + 16_384], 6) + np.float32(0)
        bits = rounded.view(np.uint32).astype(np.uint64)
        keys[start : start + 16_384] = (bits * odd).sum(axis=1, dtype=np.uint64)
    return keys
