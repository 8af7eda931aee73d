"""A tag switched off or on: what becomes of an item's score and of its place in a user's list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from taglab.recommend.explain.explained import Floats
from taglab.recommend.recommender import Recommender
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class UserScores:
    """What a user would make of all items.

    Attributes:
        recommender: What scores.
        user: Row of the user.
        scores: Of all items (items,); -inf of those the user has played, which no list has.
    """

    recommender: Recommender
    user: int
    scores: Floats

    __repr__ = one_line

    @classmethod
    def of(cls, recommender: Recommender, user: int) -> UserScores:
        """Return what a user would make of all items."""
        scores = recommender.scores(user).copy()
        scores[recommender.history(user)] = -np.inf
        return cls(recommender, user, scores)

    def place(self, item: int, score: float) -> int:
        """Return an item's place in the list with a score, from 1; of equal scores the first row leads."""
        ahead = int((np.delete(self.scores, item) > score).sum())
        return 1 + ahead + int((self.scores[:item] == score).sum())

    def first(self, n: int, item: int, score: float) -> npt.NDArray[np.int64]:
        """Return the rows of the list's first items, had an item this score (at most n,), the best first.

        Args:
            n: How many.
            item: Row of the item.
            score: What it would have.
        """
        scores = self.scores.copy()
        scores[item] = score
        listed = scores > -np.inf
        if listed.sum() > n:
            listed &= scores >= np.partition(scores, -n)[-n]
        rows = np.flatnonzero(listed)
        return rows[np.argsort(-scores[rows], kind="stable")][:n].astype(np.int64)

    def with_tags(self, item: int, tags: list[int]) -> tuple[float, int]:
        """Return score and place of an item, had it these tags alone; all other items stay as they are.

        Args:
            item: Row of the item.
            tags: Columns.
        """
        row = np.zeros((1, self.recommender.n_tags))
        row[0, tags] = 1
        score = float(self.recommender.scores_under(self.user, [item], sparse.csr_array(row))[0])
        return score, self.place(item, score)
