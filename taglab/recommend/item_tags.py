"""`ItemTags`: which tags the items of a recommender have, in the order of its items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.cache import content_key
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy

RULES = {
    "own": "an item has the tags that were given to itself",
    "artist": "an item has every tag that any item of its artist was given",
    "own-else-artist": "an item has its own tags, or where it has none those of its artist's items",
}
"""Rule by which items come by their tags → what it says."""


@dataclass(frozen=True, eq=False)
class ItemTags:
    """Items and their tags, each there or not (N-hot).

    Attributes:
        items: Ids, each once.
        tags: Names, each once.
        matrix: Ones (items, tags), float32, CSR with sorted indices; a row may be empty.
        rule: How items came by their tags, a sentence.

    Raises:
        ValueError: If shapes disagree, a name stands twice, or a value is not 1.
    """

    items: tuple[str, ...]
    tags: tuple[str, ...]
    matrix: sparse.csr_array
    rule: str = RULES["own"]

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.items), len(self.tags)):
            raise ValueError(
                f"matrix is {self.matrix.shape}, but items are {len(self.items)} and tags {len(self.tags)}"
            )
        if self.matrix.dtype != np.float32 or (self.matrix.nnz and not (self.matrix.data == 1).all()):
            raise ValueError("matrix must hold ones, float32: a tag is there or not")
        if len(set(self.items)) < len(self.items) or len(set(self.tags)) < len(self.tags):
            raise ValueError("an item or a tag stands twice")

    def __repr__(self) -> str:
        bare = f", {self.n_bare} items without" if self.n_bare else ""
        return f"<ItemTags: {self.n_items} items, {self.n_tags} tags, {self.matrix.nnz} pairs{bare}>"

    @classmethod
    def from_matrix(
        cls, items: Sequence[str], tags: Sequence[str], matrix: sparse.sparray, rule: str = RULES["own"]
    ) -> ItemTags:
        """Make item tags of any matrix (items, tags): a tag is there where the value is not 0."""
        there = sparse.csr_array(matrix, dtype=np.float32, copy=True)
        there.sum_duplicates()
        there.eliminate_zeros()
        there.data[:] = 1
        there.sort_indices()
        return cls(tuple(items), tuple(tags), there, rule)

    @classmethod
    def of(cls, folksonomy: Folksonomy, items: Sequence[str], rule: str = "own") -> ItemTags:
        """Return the tags that a folksonomy knows of items.

        Args:
            folksonomy: Whose tracks are items, and whose every tag is taken, also one that none of them has.
            items: Ids; those that are no track of the folksonomy have no tags.
            rule: A key of `RULES`.

        Raises:
            InvalidSetting: If the rule is unknown, or asks for artists that are not known.
        """
        if rule not in RULES:
            raise InvalidSetting(f"rule={rule!r} must be one of: {', '.join(RULES)}")
        row_of = {track: row for row, track in enumerate(folksonomy.tracks["track"])}
        rows = np.array([row_of.get(item, -1) for item in items], np.int64)
        matrix = _rows_or_none(folksonomy.matrix, rows)
        names = tuple(folksonomy.tags["tag"])
        own = cls.from_matrix(items, names, matrix, RULES[rule])
        if rule == "own":
            return own
        if not folksonomy.knows_artists:
            raise InvalidSetting(f"rule={rule!r} needs artists, and {folksonomy.name} names none; use 'own'")
        codes, artists = pd.factorize(folksonomy.tracks["artist"])
        owners = np.where(rows < 0, -1, codes[np.maximum(rows, 0)]).astype(np.int64)
        known = np.flatnonzero(codes >= 0)
        of_artist = sparse.csr_array(
            (np.ones(len(known), np.float32), (codes[known], known)), shape=(len(artists), len(codes))
        )
        inherited = _rows_or_none(sparse.csr_array(of_artist @ folksonomy.matrix), owners)
        if rule == "own-else-artist":
            bare = (np.diff(own.matrix.indptr) == 0).astype(np.float32)
            inherited = sparse.csr_array(own.matrix + sparse.diags_array(bare) @ inherited)
        else:
            inherited = sparse.csr_array(own.matrix + inherited)
        return cls.from_matrix(items, names, inherited, RULES[rule])

    @classmethod
    def inherited(
        cls, items: Sequence[str], holders: ItemTags, item_codes: npt.ArrayLike, holder_codes: npt.ArrayLike
    ) -> ItemTags:
        """Return items with every tag of whatever holds them: artists, albums, playlists.

        Args:
            items: Ids.
            holders: Tags of the artists or playlists.
            item_codes: Position in `items`, one a pair; an item may be in several playlists.
            holder_codes: Position in `holders.items`, one a pair.
        """
        rows, columns = np.asarray(item_codes, np.int64), np.asarray(holder_codes, np.int64)
        held = sparse.csr_array(
            (np.ones(len(rows), np.float32), (rows, columns)), shape=(len(items), holders.n_items)
        )
        rule = "an item has every tag of any artist or playlist that holds it"
        return cls.from_matrix(items, holders.tags, held @ holders.matrix, rule)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def n_tags(self) -> int:
        return len(self.tags)

    @cached_property
    def n_bare(self) -> int:
        """Items without any tag."""
        return int((np.diff(self.matrix.indptr) == 0).sum())

    @cached_property
    def fingerprint(self) -> str:
        """Content key of items, tags and who has which; the rule is not part of it."""
        return content_key(
            list(self.items),
            list(self.tags),
            self.matrix.indptr.astype(np.int64),
            self.matrix.indices.astype(np.int64),
        )

    def of_item(self, item: int) -> tuple[str, ...]:
        """Return the tags of the item in this row."""
        start, stop = self.matrix.indptr[item : item + 2]
        return tuple(self.tags[tag] for tag in self.matrix.indices[start:stop])

    def items_per_tag(self) -> npt.NDArray[np.int64]:
        """Return how many items have each tag, (tags,)."""
        return np.bincount(self.matrix.indices, minlength=self.n_tags).astype(np.int64)

    def select_tags(self, keep: npt.NDArray[np.bool_]) -> ItemTags:
        """Keep tags by a mask (tags,); all items stay."""
        columns = np.flatnonzero(keep)
        names = tuple(self.tags[column] for column in columns)
        return replace(self, tags=names, matrix=sparse.csr_array(self.matrix[:, columns]))


def _rows_or_none(matrix: sparse.csr_array, rows: npt.NDArray[np.int64]) -> sparse.csr_array:
    """Return these rows of a matrix, an empty one where the row is below 0."""
    there = np.flatnonzero(rows >= 0)
    pick = sparse.csr_array(
        (np.ones(len(there), np.float32), (there, rows[there])), shape=(len(rows), matrix.shape[0])
    )
    return sparse.csr_array(pick @ matrix)
