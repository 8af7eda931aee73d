"""`Rankings`: in which order a model puts items for queries, beside what is relevant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from taglab.cache import content_key
from taglab.outcomes.splits import UNKNOWN, refuse_repeats

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rankings:
    """Items in order for queries, and which are relevant to each.

    A query may be a track whose tags are ranked, a tag whose tracks are, a user, or a song.

    Attributes:
        queries: Ids of the queries, each once.
        items: Ids of what is ranked, each once.
        scores: Array (queries, items), float32, higher is earlier; of any scale, for a place is all that
            counts. -inf puts items behind all others, tied: those that a list of the first few does not name,
            or that are no candidates of a query.
        relevant: Array (queries, items), bool.
        query: What one query is ("track", "label", "user", …).
        item: What one item is.
        split: Fingerprint of the split the model was trained on, or `UNKNOWN`.

    Raises:
        ValueError: If shapes or types disagree, a name stands twice, or a score is NaN or +inf.
    """

    queries: tuple[str, ...]
    items: tuple[str, ...]
    scores: FloatArray
    relevant: BoolArray
    query: str
    item: str
    split: str = UNKNOWN

    def __post_init__(self) -> None:
        shape = (len(self.queries), len(self.items))
        if self.scores.shape != shape or self.relevant.shape != shape:
            raise ValueError(
                f"scores {self.scores.shape} and relevant {self.relevant.shape} must both be "
                f"(queries, items) = {shape}"
            )
        if self.scores.dtype != np.float32 or self.relevant.dtype != np.bool_:
            raise ValueError(
                f"scores must be float32 and relevant bool, not {self.scores.dtype} and {self.relevant.dtype}"
            )
        refuse_repeats(self.query, self.queries)
        refuse_repeats(self.item, self.items)
        if self.scores.size and not self.scores.max() < np.inf:  # of NaN, too, which a maximum passes on
            raise ValueError("scores hold NaN or +inf; items that are not ranked have -inf")

    @classmethod
    def of_order(
        cls,
        queries: Sequence[str],
        items: Sequence[str],
        order: npt.ArrayLike,
        relevant: BoolArray,
        query: str,
        item: str,
        split: str = UNKNOWN,
    ) -> Rankings:
        """Make rankings of lists, which may name the first few items only.

        Args:
            queries: Ids of the queries.
            items: Ids of what is ranked.
            order: Array (queries, places): positions in `items`, first to last; below 0 where a list is
                shorter.
            relevant: Array (queries, items), bool.
            query: What one query is.
            item: What one item is.
            split: As the class has it.

        Raises:
            ValueError: As the class, or if a position is out of range or stands twice in a list.
        """
        places = np.asarray(order, np.int64)
        if places.ndim != 2 or len(places) != len(queries) or (places.size and places.max() >= len(items)):
            raise ValueError(
                f"order {places.shape} must be (queries, places) with {len(queries)} rows of positions below "
                f"{len(items)}"
            )
        scores = np.full((len(queries), len(items)), -np.inf, np.float32)
        rows, at = np.nonzero(places >= 0)
        scores[rows, places[rows, at]] = -at.astype(np.float32)
        if np.isfinite(scores).sum() < len(rows):
            raise ValueError("an item stands twice in a list")
        return cls(tuple(queries), tuple(items), scores, relevant, query, item, split)

    def __repr__(self) -> str:
        return f"<Rankings: {len(self.items)} × {self.item} for {len(self.queries)} × {self.query}>"

    @property
    def without_relevant(self) -> int:
        """Queries to which no item is relevant: no figure can be told of them."""
        return int((~self.relevant.any(axis=1)).sum())

    @cached_property
    def fingerprint(self) -> str:
        """Content key of everything in it."""
        return content_key(
            [self.query, self.item, self.split],
            list(self.queries),
            list(self.items),
            self.scores,
            self.relevant,
        )
