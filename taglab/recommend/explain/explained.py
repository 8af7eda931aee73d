"""What is explained: items, their tags, and what a system makes of them under other tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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

    def parts(self, steps: int | None = None) -> Iterator[tuple[Ints, Explained]]:
        """Return the items with tags in parts, of at most twice as many tags as any other of the part.

        What takes arrays (items, steps, most tags of an item) takes them of a part: they then hold few places
        without a tag, and no more than 4 million in all, or one item's.

        Args:
            steps: How many rows an item has in such arrays; the most tags of an item, and 1, where None.

        Yields:
            Places of a part's items among all (part,), and what is explained of them alone.
        """
        counts = self.own.counts
        order = np.argsort(counts, kind="stable").astype(np.int64)
        start = int(np.searchsorted(counts[order], 1))
        while start < len(order):
            stop = int(np.searchsorted(counts[order], 2 * counts[order[start]], side="right"))
            width = int(counts[order[stop - 1]])
            most = max(_BLOCK_TAGS // (width * (width + 1 if steps is None else steps)), 1)
            rows = np.sort(order[start : min(stop, start + most)])
            start += len(rows)
            yield rows, replace(self, items=self.items[rows], tags=sparse.csr_array(self.tags[rows]))

    def masked_scores(self, masks: Bools) -> Floats:
        """Return scores of the items with some of their tags only (n, m).

        Args:
            masks: Which tags stay (n, m, most tags of an item), in the places of `own`.
        """
        return self.scores_without(masks.shape[1], lambda rows, steps: masks[rows, steps])

    def scores_without(self, n_steps: int, masks_of: Callable[[slice, slice], Bools]) -> Floats:
        """Return scores of the items with some of their tags only (n, steps), made and scored in blocks.

        Args:
            n_steps: How many of every item.
            masks_of: Which items and steps → which tags stay (items, steps, most tags of an item), in the
                places of `own`.
        """
        n, width = self.own.shape
        scores = np.empty((n, n_steps))
        steps_together = min(max(_BLOCK_TAGS // width, 1), n_steps)
        together = max(_BLOCK_TAGS // (width * steps_together), 1)
        for first in range(0, n, together):
            rows = slice(first, min(first + together, n))
            for step in range(0, n_steps, steps_together):
                steps = slice(step, min(step + steps_together, n_steps))
                scores[rows, steps] = self._masked(rows, masks_of(rows, steps))
        return scores

    def _masked(self, rows: slice, masks: Bools) -> Floats:
        own = self.own
        m, width = masks.shape[1:]
        kept = masks & own.there[rows, None, :]
        row, place = np.nonzero(kept.reshape(-1, width))
        item = row // m + rows.start
        pointers = np.zeros(kept.shape[0] * m + 1, np.int64)
        np.cumsum(kept.sum(axis=2).ravel(), out=pointers[1:])
        tags = sparse.csr_array(
            (own.values[item, place], own.columns[item, place], pointers),
            shape=(len(pointers) - 1, self.n_tags),
        )
        scores = self.score(np.repeat(self.items[rows], m), tags)
        return np.asarray(scores, np.float64).reshape(-1, m)

    def of_own_tags(self, values: Floats) -> sparse.csr_array:
        """Return values in the places of `own` (n, most tags of an item) as a matrix (n, tags)."""
        return sparse.csr_array(
            (values[self.own.there], self.tags.indices, self.tags.indptr), shape=self.tags.shape
        )


def first_places(place: Ints, rows: slice, steps: slice) -> Bools:
    """Return which tags are there after so many of them have come.

    Args:
        place: Array (all items, width): when a tag comes, from 0.
        rows: Which items.
        steps: How many have come: none, one, …

    Returns:
        Array (items, steps, width).
    """
    come: Bools = place[rows, None, :] < np.arange(steps.start, steps.stop)[:, None]
    return come


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
