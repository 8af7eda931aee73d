"""Neighbourhoods on tags: what a user has played, and whose tags are like it.

Source: Kim 2021, eq. 5.3 to 5.11, with its errata: the cosine of rows of tags is that of the rows of UΣ = TV,
not of U, which whitens them; V has a row a tag; and an item is folded in by T V.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse
from scipy.sparse.linalg import svds

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.recommender import Floats, Floats32, Ints, Learned, Recommender
from taglab.recommend.weighing import Weighing, weighed


class ItemNeighbours(BaseModel):
    """Scores an item by the cosines of its tags to those of all items a user has played (iNN).

    Attributes:
        recommender: Which recommender this is.
        h: Numbers of the low rank in which rows of tags are compared; 0 compares them exactly.
        weighing: What a play weighs.
        normalised: Whether rows are brought to unit length, which makes dot products cosines. Without, an
            item's score is a sum over its tags.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "item neighbours (iNN)"
    uses_tags: ClassVar[bool] = True

    recommender: Literal["inn"] = "inn"
    h: int = Field(0, ge=0, le=4_096)
    weighing: Weighing = "log"
    normalised: bool = True

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return the users' profiles, sums of the rows of what they played, and where tags are, if anywhere.

        Raises:
            InvalidSetting: If h is not below the numbers of items and tags.
        """
        if not self.h:
            return {}  # profiles over all tags are sparse and made in no time
        places = tag_places(tags.matrix.astype(np.float64), self.h, seed)
        rows = unit_rows(tags.matrix @ places) if self.normalised else tags.matrix @ places
        profiles = weighed(plays, self.weighing) @ rows
        return {"places": places, "profiles": profiles.astype(np.float32)}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> ItemNeighboursRecommender:
        """Return what scores."""
        return ItemNeighboursRecommender(self, plays, tags, learned, seconds)


@dataclass(frozen=True, eq=False, repr=False)
class ItemNeighboursRecommender(Recommender):
    """Scores are sums of cosines; 0 of an item without tags, whose gradient there is taken as 0 as well."""

    @property
    def linear(self) -> bool:
        return not self.settings.normalised

    @cached_property
    def _profiles(self) -> Any:
        """Return what each user's items have of every tag (users, tags), or of every place (users, h)."""
        if self.settings.h:
            return np.asarray(self.learned["profiles"])
        rows = unit_rows(self.tags.matrix) if self.settings.normalised else self.tags.matrix
        return sparse.csr_array(weighed(self.plays, self.settings.weighing) @ rows)

    def _profile(self, user: int) -> Floats:
        profile: Floats = dense(self._profiles[[user]])[0].astype(np.float64)
        return profile

    @cached_property
    def _places(self) -> Floats | None:
        return np.asarray(self.learned["places"], np.float64) if self.settings.h else None

    def _by_tag(self, user: int) -> Floats:
        """Return the derivative of the dot product of a user's profile and a row of tags, (tags,)."""
        profile = self._profile(user)
        return profile if self._places is None else self._places @ profile

    def _lengths(self, tags: sparse.csr_array) -> Floats:
        """Return the length of each row, infinite where it has none: its score is then 0."""
        if not self.settings.normalised:
            return np.ones(tags.shape[0])
        return lengths(tags if self._places is None else tags @ self._places)

    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        return np.asarray(tags @ self._by_tag(user) / self._lengths(tags))

    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        by_tag, size = self._by_tag(user), self._lengths(tags)
        gradient = by_tag / size[:, None]
        if self.settings.normalised:
            places = self._places
            rows = tags.toarray() if places is None else (tags @ places) @ places.T
            gradient -= (tags @ by_tag / size**3)[:, None] * rows
        return np.asarray(gradient)

    def _score_block(self, users: Ints) -> Floats32:
        rows = self.tags.matrix if self._places is None else self.tags.matrix @ self.learned["places"]
        rows = unit_rows(rows) if self.settings.normalised else rows
        scores = self._profiles[users] @ rows.T
        return np.asarray(dense(scores), np.float32)


def dense(rows: Any) -> npt.NDArray[Any]:
    """Return a matrix that may be sparse as an array."""
    return np.asarray(rows.toarray() if sparse.issparse(rows) else rows)


def lengths(rows: Any) -> Floats:
    """Return the Euclidean length of every row, infinite where that is 0."""
    squares = rows.multiply(rows) if sparse.issparse(rows) else rows * rows
    size = np.sqrt(np.asarray(squares.sum(axis=1), np.float64)).ravel()
    return np.where(size > 0, size, np.inf)


def unit_rows(rows: Any) -> Any:
    """Return rows of length 1, those without a direction all zeros."""
    scale = (1 / lengths(rows)).astype(np.float32)
    return (
        sparse.csr_array(sparse.diags_array(scale) @ rows) if sparse.issparse(rows) else rows * scale[:, None]
    )


def tag_places(rows: Any, h: int, seed: int) -> Floats32:
    """Return V of the truncated singular value decomposition, (tags, h): rows times V are UΣ.

    Args:
        rows: Tags of items or of users, (rows, tags), in double precision: sparse, or products with vectors.
        h: Singular vectors.
        seed: Of the first vector of the iteration; what is returned is the same up to signs.

    Raises:
        InvalidSetting: If h is not below both sizes, or no row has a tag.
    """
    if not np.any(rows @ np.ones(rows.shape[1])):
        raise InvalidSetting(f"h={h} needs items with tags, and none has any; h=0 compares exactly")
    if h >= min(rows.shape):
        raise InvalidSetting(
            f"h={h} must be below the numbers of rows and of tags {rows.shape}; h=0 compares exactly"
        )
    first = np.random.default_rng(seed).standard_normal(min(rows.shape))
    _, _, vectors = svds(rows, k=h, v0=first, return_singular_vectors="vh")
    return np.ascontiguousarray(vectors[::-1].T, np.float32)
