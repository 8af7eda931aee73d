"""Shapley values of an item's tags, by permutations that are drawn."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from taglab.recommend.explain.explained import Explained, Floats, Ints, OwnTags, first_places
from taglab.recommend.explain.explanation import Explainer, Explanation


class Shapley(Explainer):
    """What a tag adds to the score, averaged over the orders in which an item may get its tags.

    A permutation gives what each tag adds to those before it. Every second permutation is the one before it
    backwards, which cancels what two tags do together. Where the score is a sum over tags, any permutation
    gives the values exactly; the weights of an item's tags always add up to f(t) - f(no tag).

    Attributes:
        permutations: How many orders of every item, an even number.

    Source: Štrumbelj, Kononenko, "Explaining prediction models and individual predictions with feature
    contributions", Knowledge and Information Systems 41 (2014); backwards: Mitchell, Cooper, Frank, Holmes,
    Journal of Machine Learning Research 23 (2022).
    """

    about: ClassVar[str] = "what a tag adds to the score, over the orders in which tags may come"
    title: ClassVar[str] = "Shapley"

    explainer: Literal["shapley"] = "shapley"
    permutations: int = Field(20, ge=2, le=100_000, multiple_of=2)

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return what every tag adds in the mean."""
        drawn = np.random.default_rng(seed)
        values = np.zeros(explained.own.shape)
        for rows, part in explained.parts():
            values[rows, : part.own.shape[1]] = self._means(part, drawn)
        return Explanation(explained, explained.of_own_tags(values))

    def _means(self, explained: Explained, drawn: np.random.Generator) -> Floats:
        """Return what every tag adds in the mean (items, width)."""
        own = explained.own
        sums = np.zeros(own.shape)
        for _ in range(self.permutations // 2):
            forwards = _places(own, drawn)
            backwards = np.where(own.there, own.counts[:, None] - 1 - forwards, forwards)
            for place in (forwards, backwards):
                scores = explained.scores_without(own.shape[1] + 1, partial(first_places, place))
                sums += np.take_along_axis(np.diff(scores, axis=1), place, axis=1)
        return sums / self.permutations


def _places(own: OwnTags, drawn: np.random.Generator) -> Ints:
    """Return the place of every tag in a random order of its item's (items, width); those not there last."""
    keys = np.where(own.there, drawn.random(own.shape), 2.0)
    return keys.argsort(axis=1).argsort(axis=1)
