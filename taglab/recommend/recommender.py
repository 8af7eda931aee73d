"""`Recommender`: what was learned of users, items and tags, scoring items as they are or might be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.item_tags import ItemTags
from taglab.reprs import one_line

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
TagRows: TypeAlias = "sparse.sparray | npt.NDArray[Any]"
"""Tags by row (rows, tags): 1 where a row has a tag; numbers in between are taken as they are."""
Learned = Mapping[str, npt.NDArray[Any]]
"""What was learned, by name."""


class RecommenderSettings(Protocol):
    """A settings model that learns a recommender; `taglab.recommend.fit` calls it.

    Attributes:
        title: What pages and tables call it.
        uses_tags: Whether scores depend on the tags of the item scored.
    """

    title: ClassVar[str]
    uses_tags: ClassVar[bool]

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return what is learned of plays and tags, whose items are the same in the same order."""
        ...

    def fitted(self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float) -> Recommender:
        """Return what was learned as what scores."""
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the settings as JSON has them."""
        ...


@dataclass(frozen=True, eq=False)
class Recommender(ABC):
    """What was learned, ready to score any item for any user, as it is or as if it had other tags.

    Users and items are rows: of `plays.users`, and of `tags.items`, which are `plays.tracks`. Scores are
    finite, higher is better, of any scale and of none in common between users or recommenders: their order
    counts. Items the user has played are scored like all others; who makes a list leaves them out.

    **What "as if it had these tags" means.** `scores_under(user, items, tags)` is the function f(u, i, t)
    that explanations are held against. Row r asks what the user would make of `items[r]` if its tags, and
    its tags alone, were `tags[r]`: rows are apart from one another, and an item may come in any number of
    rows. What is known of the item besides (an id, who plays it) stays. The *profile of the asking user*
    stays too, even where the item is in their history; only `UserNeighbours`, in which items have no part of
    their own, lets the tags change where they enter, in the profiles of the *other* users who played the
    item. Nothing is learned again. With an item's own tags the score is that of `scores`.

    Attributes:
        settings: What was asked for, a `RecommenderSettings`.
        plays: Of whom it learned.
        tags: Of the items it learned with.
        learned: Arrays by name.
        seconds: How long learning took.
    """

    settings: Any
    plays: Interactions = field(repr=False)
    tags: ItemTags
    learned: Learned = field(repr=False)
    seconds: float

    __repr__ = one_line

    @property
    def n_users(self) -> int:
        return self.plays.n_users

    @property
    def n_items(self) -> int:
        return self.tags.n_items

    @property
    def n_tags(self) -> int:
        return self.tags.n_tags

    @property
    def uses_tags(self) -> bool:
        """Whether scores depend on the tags of the item scored; where not, all its explanations are 0."""
        return bool(self.settings.uses_tags)

    @property
    @abstractmethod
    def linear(self) -> bool:
        """Whether f(u, i, t) is a · t + b over all t, for every user and item, with a and b free of t."""

    @cached_property
    def fingerprint(self) -> str:
        """Content key of the settings, of whom and what it learned, and of what was learned."""
        return content_key(
            self.settings.model_dump(mode="json"),
            self.plays.fingerprint,
            self.tags.fingerprint,
            {name: content_key(np.ascontiguousarray(self.learned[name])) for name in sorted(self.learned)},
        )

    def history(self, user: int) -> Ints:
        """Return the items that a user has played or rated, in order of their rows."""
        start, stop = self.plays.matrix.indptr[self._checked(user) :][:2]
        return np.sort(self.plays.matrix.indices[start:stop]).astype(np.int64)

    def scores(self, user: int, items: npt.ArrayLike | None = None) -> Floats:
        """Return what a user would make of items as they are, (items,).

        Args:
            user: Row of the user; one without a history is scored, too, by whatever is known of everyone.
            items: Rows of the items, any of them any number of times; all items where None.

        Raises:
            InvalidSetting: If there is no such user or item.
        """
        rows = np.arange(self.n_items) if items is None else self._checked_items(items)
        return self._scores(self._checked(user), rows)

    def scores_under(self, user: int, items: npt.ArrayLike, tags: TagRows) -> Floats:
        """Return what a user would make of items if they had these tags instead, (rows,).

        Args:
            user: Row of the user.
            items: Row of the item each row is about, (rows,).
            tags: What it would have, (rows, tags), sparse or dense; see the class for what else changes, and
                `TagRows` for what values mean.

        Raises:
            InvalidSetting: If there is no such user or item, or shapes disagree.
        """
        rows = self._checked_items(items)
        return self._scores_under(self._checked(user), rows, self._checked_tags(rows, tags))

    def gradient(self, user: int, items: npt.ArrayLike, tags: TagRows) -> Floats | None:
        """Return the derivatives of `scores_under` by every tag, (rows, tags), dense; None where it has none.

        A score that no tag has a part in has a gradient of 0. Where a score is not smooth (an item without
        tags under a mean over tags, or of no length under a cosine) the class of the recommender says what
        is returned.

        Args:
            user: Row of the user.
            items: Row of the item each row is about, (rows,).
            tags: Where the derivatives are taken, (rows, tags).
        """
        rows = self._checked_items(items)
        return self._gradient(self._checked(user), rows, self._checked_tags(rows, tags))

    def score_block(self, users: npt.ArrayLike) -> Floats32:
        """Return what several users would make of all items, (users, items), single precision.

        All users at once may be more than memory holds: ask for blocks of them.
        """
        rows = [self._checked(int(user)) for user in np.atleast_1d(np.asarray(users))]
        return self._score_block(np.array(rows, np.int64))

    def _scores(self, user: int, items: Ints) -> Floats:
        return self._scores_under(user, items, sparse.csr_array(self.tags.matrix[items]))

    @abstractmethod
    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        """Return scores (rows,) of checked arguments."""

    @abstractmethod
    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats | None:
        """Return derivatives (rows, tags) of checked arguments."""

    def _score_block(self, users: Ints) -> Floats32:
        every = np.arange(self.n_items)
        return np.stack([self._scores(user, every) for user in users]).astype(np.float32)

    def _checked(self, user: int) -> int:
        if not 0 <= user < self.n_users:
            raise InvalidSetting(f"user={user} must be the row of one of {self.n_users:,} users, from 0")
        return int(user)

    def _checked_items(self, items: npt.ArrayLike) -> Ints:
        rows = np.atleast_1d(np.asarray(items))
        if rows.ndim != 1 or (rows.size and not np.issubdtype(rows.dtype, np.integer)):
            raise InvalidSetting(f"items must be rows of items, whole numbers (rows,), not {rows.dtype}")
        if rows.size and not (rows.min() >= 0 and rows.max() < self.n_items):
            raise InvalidSetting(
                f"items={rows.min()} to {rows.max()} must be rows of {self.n_items:,} items, from 0"
            )
        return rows.astype(np.int64)

    def _checked_tags(self, items: Ints, tags: TagRows) -> sparse.csr_array:
        wanted = (len(items), self.n_tags)
        if tags.shape != wanted:
            raise InvalidSetting(f"tags {tags.shape} must be (rows, tags) = {wanted}")
        rows = sparse.csr_array(tags, dtype=np.float64)
        if not np.isfinite(rows.data).all():
            raise InvalidSetting("tags must be finite numbers: 1 where an item has a tag, 0 where not")
        return rows


@dataclass(frozen=True, eq=False, repr=False)
class TaglessRecommender(Recommender):
    """What scores items by anything but their tags: f(u, i, t) is the same for every t."""

    @property
    def linear(self) -> bool:
        return True

    @abstractmethod
    def _scores(self, user: int, items: Ints) -> Floats:
        """Return scores (items,)."""

    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        return self._scores(user, items)

    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        return np.zeros(tags.shape)
