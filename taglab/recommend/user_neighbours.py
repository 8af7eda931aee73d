"""Neighbourhoods of users: what those play whose plays have the same tags."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.neighbours import dense, lengths, tag_places, unit_rows
from taglab.recommend.recommender import Floats, Floats32, Ints, Learned, Recommender
from taglab.recommend.weighing import Weighing, weighed


class UserNeighbours(BaseModel):
    """Scores an item by how like the asking user those are who played it (uNN).

    A user's tags are those of all that they played, T^U = R T; users are compared by the cosine of their
    tags (Kim 2021, eq. 5.9 to 5.11; Y of eq. 5.11 is of rows of unit length, as the other factor is).

    Attributes:
        recommender: Which recommender this is.
        h: Numbers of the low rank in which users' tags are compared; 0 compares them exactly.
        weighing: What a play weighs.
        normalised: Whether users' tags are brought to unit length. Without, an item's score is a sum over
            its tags.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "user neighbours (uNN)"
    uses_tags: ClassVar[bool] = True

    recommender: Literal["unn"] = "unn"
    h: int = Field(0, ge=0, le=4_096)
    weighing: Weighing = "log"
    normalised: bool = True

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return where tags are, if anywhere.

        Raises:
            InvalidSetting: If h is not below the numbers of users and tags.
        """
        if not self.h:
            return {}
        # R T may be nearly full, and is never made: the decomposition needs its products with vectors only.
        weights = weighed(plays, self.weighing).astype(np.float64)
        rows = tags.matrix.astype(np.float64)
        profiles = LinearOperator(
            (plays.n_users, tags.n_tags),
            matvec=lambda vector: weights @ (rows @ vector),
            rmatvec=lambda vector: rows.T @ (weights.T @ vector),
            dtype=np.float64,
        )
        return {"places": tag_places(profiles, self.h, seed)}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> UserNeighboursRecommender:
        """Return what scores."""
        return UserNeighboursRecommender(self, plays, tags, learned, seconds)


@dataclass(frozen=True, eq=False, repr=False)
class UserNeighboursRecommender(Recommender):
    """Scores are sums of cosines over the users who played an item, 0 where nobody did.

    With other tags of an item, the tags of all who played it are others, but for those of the user who asks.
    """

    @property
    def linear(self) -> bool:
        return not self.settings.normalised

    @cached_property
    def _weights(self) -> sparse.csc_array:
        return sparse.csc_array(weighed(self.plays, self.settings.weighing), dtype=np.float64)

    @cached_property
    def _places(self) -> Floats | None:
        return np.asarray(self.learned["places"], np.float64) if self.settings.h else None

    @cached_property
    def _profiles(self) -> Any:
        """Return of each user the weights of tags (users, tags), sparse, or the places (users, h)."""
        rows = self.tags.matrix.astype(np.float64)
        if self._places is None:
            return sparse.csr_array(self._weights @ rows)
        return self._weights @ (rows @ self._places)

    @cached_property
    def _units(self) -> Any:
        return unit_rows(self._profiles) if self.settings.normalised else self._profiles

    def _scores(self, user: int, items: Ints) -> Floats:
        alike = dense(self._units @ dense(self._units[[user]])[0])
        scores: Floats = np.asarray(self._weights.T @ alike)[items]
        return scores

    def _score_block(self, users: Ints) -> Floats32:
        alike = dense(self._units[users] @ self._units.T)
        return np.asarray((self._weights.T @ alike.T).T, np.float32)

    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        scores = np.zeros(len(items))
        for part in self._listeners(user, items, tags):
            scores[part.rows] = part.scores()
        return scores

    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        gradient = np.zeros(tags.shape)
        for part in self._listeners(user, items, tags):
            by_place = part.gradient()
            gradient[part.rows] = by_place if self._places is None else by_place @ self._places.T
        return gradient

    def _listeners(self, user: int, items: Ints, tags: sparse.csr_array) -> list[_Listeners]:
        """Return for every item that comes up who played it, and how its tags differ in its rows."""
        asking = dense(self._profiles[[user]])[0]
        size = float(lengths(asking[None])[0]) if self.settings.normalised else 1.0
        order = np.argsort(items, kind="stable")
        changes: Any = sparse.csr_array(tags - self.tags.matrix[items])[order]
        if self._places is not None:
            changes = changes @ self._places
        distinct, first = np.unique(items[order], return_index=True)
        parts = []
        for item, begin, end in zip(distinct, first, [*first[1:], len(order)], strict=True):
            start, stop = self._weights.indptr[item : item + 2]
            users, weights = self._weights.indices[start:stop], self._weights.data[start:stop]
            parts.append(
                _Listeners(
                    order[begin:end],
                    weights,
                    np.where(users == user, 0.0, weights),
                    self._profiles[users],
                    changes[begin:end],
                    asking / size,
                    self.settings.normalised,
                )
            )
        return parts


@dataclass(frozen=True, eq=False)
class _Listeners:
    """Those who played one item, and how its tags change them.

    Attributes:
        rows: Rows asked for of the item (rows,).
        weights: Of their plays (listeners,).
        felt: By how much a change of the item's tags changes theirs: `weights`, but 0 of who asks.
        profiles: Their tags as they are (listeners, numbers), perhaps sparse.
        changes: Of the item's tags (rows, numbers), perhaps sparse.
        asking: Tags of who asks, of unit length (numbers,).
        normalised: Whether theirs are brought to unit length, too.
    """

    rows: Ints
    weights: Floats
    felt: Floats
    profiles: Any
    changes: Any
    asking: Floats
    normalised: bool

    def _dots(self) -> Floats:
        """Return the products of their changed tags with those of who asks, (listeners, rows)."""
        before, change = dense(self.profiles @ self.asking), dense(self.changes @ self.asking)
        return np.asarray(before[:, None] + np.outer(self.felt, change))

    def _sizes(self) -> Floats:
        """Return the lengths of their changed tags, infinite where none is left, (listeners, rows)."""
        if not self.normalised:
            return np.ones((len(self.weights), len(self.rows)))
        own, change = _squares(self.profiles), _squares(self.changes)
        across = dense(self.profiles @ self.changes.T)
        felt = self.felt[:, None]
        squares = own[:, None] + 2 * felt * across + felt**2 * change
        # Of a profile that is only the item's own tags rounding may leave a little where nothing is.
        left = squares > 1e-12 * (own[:, None] + felt**2 * change)
        return np.sqrt(np.where(left, squares, np.inf))

    def scores(self) -> Floats:
        """Return the score of each row, (rows,)."""
        return np.asarray(self.weights @ (self._dots() / self._sizes()))

    def gradient(self) -> Floats:
        """Return its derivatives by every number of the changes, (rows, numbers)."""
        sizes, pull = self._sizes(), self.weights * self.felt
        gradient = np.outer(pull @ (1 / sizes), self.asking)
        if self.normalised:
            back = pull[:, None] * self._dots() / sizes**3
            shift = self.felt @ back
            gradient -= dense(back.T @ self.profiles) + shift[:, None] * dense(self.changes)
        return np.asarray(gradient)


def _squares(rows: Any) -> Floats:
    """Return the squared length of every row."""
    squares = rows.multiply(rows) if sparse.issparse(rows) else rows * rows
    return np.asarray(squares.sum(axis=1), np.float64).ravel()
