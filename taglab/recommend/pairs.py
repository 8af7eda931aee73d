"""Which pairs of a user and an item a network is shown: those of the plays, and others drawn beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled
from taglab.interactions import Interactions
from taglab.reprs import one_line

_TRIES = 5  # at an item that the user has not played; a user of almost all items gets one they know
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of users and items, in batches that depend on seed, epoch and step alone.

    Attributes:
        users: Row of the user of each play, (plays,).
        items: Row of its item, (plays,); of a user together and in order.
        pointers: Where each user's plays begin (users + 1,).
        candidates: Items that somebody played: from these others are drawn, evenly.
        negatives: Items drawn beside each that was played.
        batch_size: Plays of a batch.
        seed: Of all that is drawn.
    """

    users: Ints
    items: Ints
    pointers: Ints
    candidates: Ints
    negatives: int
    batch_size: int
    seed: int

    __repr__ = one_line

    @classmethod
    def of(cls, plays: Interactions, negatives: int, batch_size: int, seed: int) -> Pairs:
        """Return the pairs of plays."""
        matrix = plays.matrix.sorted_indices()
        per_user = np.diff(matrix.indptr)
        users = np.repeat(np.arange(plays.n_users), per_user)
        candidates = np.flatnonzero(plays.per_track())
        pointers = matrix.indptr.astype(np.int64)
        items = matrix.indices.astype(np.int64)
        return cls(users, items, pointers, candidates, negatives, batch_size, seed)

    @property
    def steps(self) -> int:
        """Batches of an epoch; the last may be smaller."""
        return -(-len(self.items) // self.batch_size)

    def order(self, epoch: int) -> Ints:
        """Return in which order an epoch takes the plays."""
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.items))

    def batch(self, epoch: int, step: int, order: Ints) -> tuple[Ints, Ints]:
        """Return a batch: users (plays,), and items (plays, 1 + negatives), the first of which was played."""
        taken = order[step * self.batch_size : (step + 1) * self.batch_size]
        drawn = np.random.default_rng([self.seed, epoch, step])
        shape = (len(taken), self.negatives, _TRIES)
        at = drawn.integers(0, len(self.candidates), shape, dtype=np.int32)
        items = np.empty((len(taken), 1 + self.negatives), np.int64)
        users = self.users[taken]
        items[:, 0] = self.items[taken]
        _first_unplayed(users, self.pointers, self.items, self.candidates, at, items)
        return users, items


@compiled
def _first_unplayed(
    users: Ints,
    pointers: Ints,
    played: Ints,
    candidates: Ints,
    drawn: npt.NDArray[np.int32],
    items: Ints,
) -> None:
    """Write the first of what was drawn that the user has not played; the last where all were.

    Args:
        users: (plays,).
        pointers: Of users into `played`.
        played: Items in order, user after user.
        candidates: What is drawn from.
        drawn: Places among the candidates (plays, negatives, tries).
        items: Is changed from its second column on (plays, 1 + negatives).
    """
    for row in range(len(users)):
        start, stop = pointers[users[row]], pointers[users[row] + 1]
        own = played[start:stop]
        for negative in range(drawn.shape[1]):
            item = candidates[drawn[row, negative, 0]]
            for attempt in range(drawn.shape[2]):
                item = candidates[drawn[row, negative, attempt]]
                at = np.searchsorted(own, item)
                if at == len(own) or own[at] != item:
                    break
            items[row, 1 + negative] = item
