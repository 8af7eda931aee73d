"""Partial dependence: what a tag does to the scores of what a user played already."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.recommend.explain.explained import Bools, Explained, Floats, Ints
from taglab.recommend.explain.explanation import Explainer, Explanation

# Rows, and their tags, that are scored together.
_BLOCK_ROWS, _BLOCK_TAGS = 1 << 15, 1 << 22


class PartialDependence(Explainer):
    """The mean score of a user's items with the tag, less the mean without it: the same θ for every item.

    θ = mean f(i, t' ∪ t) - mean f(i, t' without t), over items i of the history with their tags t'.

    Attributes:
        literal: θ = mean f(i, t' ∪ t) alone, as Kim 2021, eq. 5.17, prints it. All θ then share an offset,
            the mean score, so that items of more tags come first.
        items: How many items of the history at most; which, is drawn.

    Source: Kim 2021, eq. 5.16 and 5.17; Friedman, Annals of Statistics 29 (2001).
    """

    about: ClassVar[str] = "mean score of the user's items with the tag, less that without"
    title: ClassVar[str] = "Partial dependence"
    averages_history: ClassVar[bool] = True

    explainer: Literal["partial-dependence"] = "partial-dependence"
    literal: bool = False
    items: int = Field(50, ge=1, le=1_000_000)

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return θ of the tags that the items have; the same for all of them."""
        if explained.history is None or explained.history_tags is None or not len(explained.history):
            raise InvalidSetting(
                "partial dependence averages over what a user played, and this one played nothing; choose "
                "another user, or an explainer such as lime"
            )
        drawn = np.random.default_rng(seed)
        n = len(explained.history)
        rows = np.sort(drawn.choice(n, min(self.items, n), replace=False))
        of_user = np.zeros(explained.n_tags)
        asked = np.unique(explained.tags.indices).astype(np.int64)
        history, tags = explained.history[rows], sparse.csr_array(explained.history_tags[rows])
        of_user[asked] = self._theta(explained, history, tags, asked)
        own = explained.own
        return Explanation(explained, explained.of_own_tags(of_user[own.columns]), of_user)

    def _theta(self, explained: Explained, items: Ints, tags: sparse.csr_array, asked: Ints) -> Floats:
        """Return θ of some tags (asked,)."""
        as_is = np.asarray(explained.score(items, tags), np.float64)
        values = _values_of(explained.tags, tags)
        theta = np.empty(len(asked))
        together = max(min(_BLOCK_ROWS // len(items), _BLOCK_TAGS // max(tags.nnz, 1)), 1)
        for start in range(0, len(asked), together):
            part = asked[start : start + together]
            has = np.asarray(tags[:, part].toarray()) != 0  # (items, part)
            changed = _changed(explained, items, tags, part, has, values)
            on = np.where(has, as_is[:, None], changed)
            off = 0 if self.literal else np.where(has, changed, as_is[:, None]).mean(axis=0)
            theta[start : start + together] = on.mean(axis=0) - off
        return theta


def _changed(
    explained: Explained, items: Ints, tags: sparse.csr_array, part: Ints, has: Bools, values: Floats
) -> Floats:
    """Return scores of items with each of some tags switched from what it is (items, part)."""
    there = tags.tocoo()
    n, m = len(items), len(part)
    row = (there.coords[0][:, None] * m + np.arange(m)).ravel()
    column = np.repeat(there.coords[1], m)
    kept = column != np.tile(part, tags.nnz)
    on_item, on_tag = np.nonzero(~has)
    rows = sparse.csr_array(
        (
            np.concatenate([np.repeat(there.data, m)[kept], values[part[on_tag]]]),
            (np.concatenate([row[kept], on_item * m + on_tag]), np.concatenate([column[kept], part[on_tag]])),
        ),
        shape=(n * m, explained.n_tags),
    )
    scores = explained.score(np.repeat(items, m), rows)
    return np.asarray(scores, np.float64).reshape(n, m)


def _values_of(*tables: sparse.csr_array) -> Floats:
    """Return what a tag is where an item has it, in the mean (tags,): 1 where tags are there or not."""
    columns = np.concatenate([table.indices for table in tables])
    data = np.concatenate([table.data for table in tables]).astype(np.float64)
    counts = np.bincount(columns, minlength=tables[0].shape[1])
    return np.bincount(columns, data, tables[0].shape[1]) / np.maximum(counts, 1)
