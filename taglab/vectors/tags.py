"""`TagVectors`: what tags mean, as unit vectors, with the list of tags that have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.vectors.value import FloatArray, Vectors, finite_rows, split_ids, unit_length

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class TagVectors(Vectors):
    """Tags and their unit vectors, compared by cosine.

    Attributes:
        ids: Tags that have a vector, in the order given (of a folksonomy: most used first); also `tags`.
        vectors: Array (tags, dim), float32, rows of length 1.
        missing: Tags for which nothing is known; they have no row, and are never clustered.
        name: Which embedding they are from.
        unknown: Of tags that have a vector by some of their words only, those without one, between blanks:
            the vector of "female vocalists" is that of "female" where `vocalists` is unknown.

    Raises:
        ValueError: If shapes disagree, vectors are not float32, a tag stands twice, or a row is not a finite
            unit vector.
    """

    kind: str = field(default="tags", init=False)
    measure: str = field(default="cosine", init=False)
    _known_fingerprint: str = field(default="", init=False, repr=False)

    def _check_rows(self) -> None:
        # Without the array of squares that np.linalg.norm makes: at half a million tags that is 0.4 GB.
        lengths = np.sqrt(np.einsum("ij,ij->i", self.vectors, self.vectors))
        if not np.all(np.abs(lengths - 1) < 1e-3):
            worst = int(np.argmax(np.abs(np.nan_to_num(lengths, nan=np.inf) - 1)))
            raise ValueError(f"the vector of {self.ids[worst]!r} has length {lengths[worst]}, not 1")

    @classmethod
    def from_any(cls, tags: Sequence[str], vectors: npt.ArrayLike, name: str = "") -> TagVectors:
        """Make unit vectors of any vectors; tags whose row is all zeros become `missing`.

        Args:
            tags: One tag a row.
            vectors: Array (tags, dim), finite.
            name: Which embedding they are from.
        """
        array = finite_rows(vectors, tags)
        known = np.asarray(array.any(axis=1))
        present, missing = split_ids(tags, known)
        return cls(present, unit_length(array[known]), missing, name)

    @property
    def tags(self) -> tuple[str, ...]:
        """The ids."""
        return self.ids

    @property
    def unit_rows(self) -> FloatArray:
        return self.vectors

    def points_at(self, ids: Sequence[str]) -> FloatArray:
        return self.rows_of(ids)

    @property
    def _why_missing(self) -> str:
        return "none of its words has one (or not all, where only fully known tags are taken)"

    @property
    def _called(self) -> str:
        return self.name or "this embedding"

    def _with_rows(self, present: tuple[str, ...], absent: tuple[str, ...]) -> Self:
        unknown = {tag: self.unknown[tag] for tag in present if tag in self.unknown}
        return replace(self, ids=present, vectors=self.rows_of(present), missing=absent, unknown=unknown)

    def annotated(self, table: pd.DataFrame) -> pd.DataFrame:
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
                f"{len(self)} tags have a vector in {self._called} "
                f"({len(self.missing)} have none{why}), {at_least} are needed; lower the minimum count "
                f"if it is above 1, or choose {other}"
            )
