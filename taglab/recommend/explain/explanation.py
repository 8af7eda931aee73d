"""`Explanation`: how much each tag counts, for each item and for a user as a whole; and `Explainer`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.recommend.explain.explained import Explained, Floats
from taglab.reprs import one_line

Reading = Literal["user", "item"]
READINGS: dict[Reading, str] = {
    "user": "one weight a tag for all of a user's items: the mean over the items that have the tag",
    "item": "weights of its own for every item",
}
"""How an explanation ranks items → what that is; Kim 2021 leaves open which is meant."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """How much each tag counts, θ: what the score owes to the tag as the item has it.

    Attributes:
        explained: What is explained.
        of_items: θ of every item for its own tags (n, tags).
        of_user: θ of all items together (tags,); None where it is the mean over items that have the tag.
        of_fewer: What makes θ of every item anew with so many tags at most; None where the greatest of all
            are kept.
    """

    explained: Explained
    of_items: sparse.csr_array
    of_user: Floats | None = None
    of_fewer: Callable[[int], sparse.csr_array] | None = None

    __repr__ = one_line

    def item(self, omega: int | None = None) -> sparse.csr_array:
        """Return θ of every item for its own tags (n, tags), the `omega` of greatest magnitude kept.

        Raises:
            InvalidSetting: If omega is below 1 or above the number of tags.
        """
        check_omega(omega, self.explained.n_tags)
        if omega is None:
            return self.of_items
        if self.of_fewer is not None:
            return self.of_fewer(omega)
        values = np.zeros(self.explained.own.shape)
        values[self.explained.own.there] = self.of_items.data
        return self.explained.of_own_tags(values * greatest(np.abs(values), omega))

    def user(self, omega: int | None = None) -> Floats:
        """Return θ of all items together (tags,), the `omega` of greatest magnitude kept; raises as `item`.

        Where θ of items is sparse by itself, the mean is taken of sparse ones.
        """
        check_omega(omega, self.explained.n_tags)
        whole = self.of_user if self.of_user is not None else self._mean(omega)
        return whole if omega is None else whole * greatest(np.abs(whole)[None, :], omega)[0]

    def _mean(self, omega: int | None) -> Floats:
        return mean_by_tag(self.explained, self.item(omega if self.of_fewer is not None else None))

    def approximated(self, reading: Reading, omega: int | None = None) -> Floats:
        """Return what the explanation makes of the items (n,), for one of `READINGS`: θ summed over tags."""
        if reading == "item":
            return np.asarray(self.item(omega).sum(axis=1), np.float64)
        theta, own = self.user(omega), self.explained.own
        return np.asarray(np.where(own.there, theta[own.columns], 0.0).sum(axis=1), np.float64)


class Explainer(BaseModel):
    """A way to tell how much each tag counts; its fields are its settings.

    Attributes:
        about: What it does, a phrase.
        differentiates: Whether it needs derivatives by the tags.
        averages_history: Whether it needs items that the user played.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: ClassVar[str]
    title: ClassVar[str]
    differentiates: ClassVar[bool] = False
    averages_history: ClassVar[bool] = False

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return how much each tag counts.

        Args:
            explained: Items and what is made of them.
            seed: Of all that is drawn.

        Raises:
            InvalidSetting: If something is not there that it needs.
        """
        raise NotImplementedError


def check_omega(omega: int | None, n_tags: int) -> None:
    """Raise InvalidSetting unless so many tags can be kept."""
    if omega is not None and not 1 <= omega <= n_tags:
        raise InvalidSetting(
            f"omega={omega} must lie from 1 to {n_tags:,}, the number of tags; leave it out for all"
        )


def greatest(magnitudes: Floats, omega: int) -> Floats:
    """Return 1 at the `omega` greatest of every row, 0 elsewhere; of equal ones the first (n, tags)."""
    if omega >= magnitudes.shape[1]:
        return np.ones_like(magnitudes)
    kept = np.zeros_like(magnitudes)
    order = np.argsort(-magnitudes, axis=1, kind="stable")[:, :omega]
    np.put_along_axis(kept, order, 1.0, axis=1)
    return kept


def mean_by_tag(explained: Explained, of_items: sparse.csr_array) -> Floats:
    """Return the mean of θ over the items that have a tag (tags,), 0 for a tag that none has."""
    columns = explained.tags.indices
    sums = np.bincount(columns, of_items.data, explained.n_tags)
    counts = np.bincount(columns, minlength=explained.n_tags)
    return sums / np.maximum(counts, 1)
