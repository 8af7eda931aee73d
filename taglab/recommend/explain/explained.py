"""What is explained: items, their tags, and what a system makes of them under other tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.reprs import one_line

if TYPE_CHECKING:
    from taglab.recommend.recommender import Recommender

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Tags of rows that are scored together; 4 million take 50 MB as a sparse matrix.
_BLOCK_TAGS = 1 << 22


@dataclass(frozen=True, eq=False)
class OwnTags:
    """The tags of items, as rows of equal length.

    Attributes:
        columns: Which tags (items, most tags of an item); 0 where an item has fewer.
        there: Whether there is a tag (items, most tags of an item).
        values: Of the tags (items, most tags of an item); 0 where there is none.
    """

    columns: Ints
    there: Bools
    values: Floats

    __repr__ = one_line

    @property
    def shape(self) -> tuple[int, int]:
        """Items, and the most tags that an item has."""
        return self.there.shape[0], self.there.shape[1]

    @property
    def counts(self) -> Ints:
        """How many tags each item has (items,)."""
        counts: Ints = self.there.sum(axis=1)
        return counts


@dataclass(frozen=True, eq=False)
class Explained:
    """Items, and what a system makes of them; for a recommender those of one user.

    Any system will do whose output for an item is a number and that can be asked for other tags: a tagger's
    decision on tracks that are described by what others say of them, as well.

    Attributes:
        items: Numbers of the items (n,), as `score` knows them.
        tags: Of the items (n, tags); what is not stored an item has not.
        score: Numbers of items (m,) and tags (m, tags) → scores (m,).
        gradient: The same → derivatives of the scores by the tags (m, tags); None where there are none.
        linear: Whether scores are sums over tags.
        history: Items that partial dependence averages over (h,), those that the user played.
        history_tags: Their tags (h, tags).

    Raises:
        InvalidSetting: If items and tags disagree, or no item has a tag.
    """

    items: Ints
    tags: sparse.csr_array
    score: Callable[[Ints, sparse.csr_array], npt.NDArray[Any]]
    gradient: Callable[[Ints, sparse.csr_array], npt.NDArray[Any] | None] | None = None
    linear: bool = False
    history: Ints | None = None
    history_tags: sparse.csr_array | None = None

    __repr__ = one_line

    def __post_init__(self) -> None:
        if self.tags.shape[0] != len(self.items):
            raise InvalidSetting(f"tags {self.tags.shape} must be of the {len(self.items):,} items explained")
        if not self.tags.nnz:
            raise InvalidSetting(
                f"none of the {len(self.items):,} items has a tag: there is nothing to explain by; choose "
                "other items, or data with tags"
            )

    @property
    def n_tags(self) -> int:
        """How many tags there are, of all items."""
        return int(self.tags.shape[1])

    @cached_property
    def scores(self) -> Floats:
        """What is made of the items as they are (n,)."""
        return np.asarray(self.score(self.items, self.tags), np.float64)

    @cached_property
    def own(self) -> OwnTags:
        """The items' tags, as rows of equal length."""
        counts = np.diff(self.tags.indptr)
        there = np.arange(max(int(counts.max()), 1)) < counts[:, None]
        columns = np.zeros(there.shape, np.int64)
        values = np.zeros(there.shape)
        columns[there], values[there] = self.tags.indices, self.tags.data
        return OwnTags(columns, there, values)

    def masked_scores(self, masks: Bools) -> Floats:
        """Return scores of the items with some of their tags only (n, m).

        Args:
            masks: Which tags stay (n, m, most tags of an item), in the places of `own`.
        """
        own = self.own
        n, m, width = masks.shape
        together = max(_BLOCK_TAGS // max(m * width, 1), 1)
        parts = []
        for start in range(0, n, together):
            part = slice(start, start + together)
            kept = masks[part] & own.there[part, None, :]
            row, place = np.nonzero(kept.reshape(-1, width))
            item = row // m + start
            pointers = np.zeros(kept.shape[0] * m + 1, np.int64)
            np.cumsum(kept.sum(axis=2).ravel(), out=pointers[1:])
            rows = sparse.csr_array(
                (own.values[item, place], own.columns[item, place], pointers),
                shape=(len(pointers) - 1, self.n_tags),
            )
            parts.append(self.score(np.repeat(self.items[part], m), rows))
        return np.concatenate(parts).reshape(n, m).astype(np.float64)

    def of_own_tags(self, values: Floats) -> sparse.csr_array:
        """Return values in the places of `own` (n, most tags of an item) as a matrix (n, tags)."""
        return sparse.csr_array(
            (values[self.own.there], self.tags.indices, self.tags.indptr), shape=self.tags.shape
        )


def explained_user(recommender: Recommender, user: int, items: Ints) -> Explained:
    """Return what a recommender makes of items for a user.

    Args:
        recommender: What scores.
        user: Row of the user.
        items: Rows of the items (n,).

    Raises:
        InvalidSetting: If no item has a tag.
    """
    matrix, history = recommender.tags.matrix, recommender.history(user)

    def score(rows: Ints, tags: sparse.csr_array) -> Floats:
        return recommender.scores_under(user, rows, tags)

    def gradient(rows: Ints, tags: sparse.csr_array) -> Floats | None:
        return recommender.gradient(user, rows, tags)

    of_items, of_history = sparse.csr_array(matrix[items]), sparse.csr_array(matrix[history])
    return Explained(items, of_items, score, gradient, recommender.linear, history, of_history)
