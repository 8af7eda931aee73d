"""Explanations without a model of their own: chance, what one tag changes, and derivatives by tags."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.recommend.explain.explained import Bools, Explained, Floats, Ints
from taglab.recommend.explain.explanation import Explainer, Explanation

# Derivatives by all tags that are held at a time.
_BLOCK_DERIVATIVES = 1 << 23


class RandomWeights(Explainer):
    """Weights drawn from the normal distribution: what knows nothing.

    Source: Kim 2021, eq. 5.15.
    """

    about: ClassVar[str] = "draws weights from the normal distribution"
    title: ClassVar[str] = "Random"

    explainer: Literal["random"] = "random"

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return weights that are drawn: of the items apart from those of the user."""
        drawn = np.random.default_rng(seed)
        of_items = explained.of_own_tags(drawn.standard_normal(explained.own.shape))
        return Explanation(explained, of_items, drawn.standard_normal(explained.n_tags))


class LeaveOneOut(Explainer):
    """What the score loses with a tag: f(t) - f(t without the tag), which is what switching it off shows."""

    about: ClassVar[str] = "what the score loses when one tag is left out"
    title: ClassVar[str] = "Leave one out"

    explainer: Literal["leave-one-out"] = "leave-one-out"

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return what every tag of an item changes; nothing is drawn."""
        lost = np.zeros(explained.own.shape)
        for rows, part in explained.parts():
            width = part.own.shape[1]
            places = np.arange(width)

            def all_but_one(
                items: slice, steps: slice, part: Explained = part, places: Ints = places
            ) -> Bools:
                stays = places[steps, None] != places
                return np.broadcast_to(stays, (len(part.items[items]), *stays.shape))

            without = part.scores_without(width, all_but_one)
            lost[rows, :width] = explained.scores[rows, None] - without
        return Explanation(explained, explained.of_own_tags(lost))


class Saliency(Explainer):
    """The derivative of the score by the tag, at the tags that the item has.

    Source: Kim 2021, eq. 5.18. Tags are 0 or 1: what the derivative says of the way from one to the other
    holds as far as the score is linear in the tag.
    """

    about: ClassVar[str] = "the score's derivative by the tag"
    title: ClassVar[str] = "Saliency"
    differentiates: ClassVar[bool] = True

    explainer: Literal["saliency"] = "saliency"

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return derivatives, times what the tag of the item is; nothing is drawn."""
        slopes = _own_slopes(explained, explained.tags)
        return Explanation(explained, explained.of_own_tags(slopes))


class IntegratedGradients(Explainer):
    """The derivative by the tag, averaged on the way from no tag to all the item has.

    The weights of an item's tags add up to f(t) - f(no tag), as far as the steps are fine enough and the
    score is continuous. A cosine or a mean over tags is not where the last tag goes: it is the same all the
    way, jumps at the end, and the weights add up to 0.

    Attributes:
        steps: Points on the way, each in the middle of its part.

    Source: Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017. Computed here, not
    by captum, since recommenders that are no PyTorch modules have derivatives, too.
    """

    about: ClassVar[str] = "the derivative by the tag, on the way from no tag to all"
    title: ClassVar[str] = "Integrated gradients"
    differentiates: ClassVar[bool] = True

    explainer: Literal["integrated-gradients"] = "integrated-gradients"
    steps: int = Field(20, ge=1, le=10_000)

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return mean derivatives, times what the tag of the item is; nothing is drawn."""
        shares = (np.arange(self.steps) + 0.5) / self.steps
        slopes = np.zeros(explained.own.shape)
        for share in shares:
            slopes += _own_slopes(explained, sparse.csr_array(explained.tags * share))
        return Explanation(explained, explained.of_own_tags(slopes / self.steps))


def _own_slopes(explained: Explained, at: sparse.csr_array) -> Floats:
    """Return derivatives by the items' own tags, where tags are `at`, times what the tags are (as `own`)."""
    own = explained.own
    slopes = np.empty(own.shape)
    together = max(_BLOCK_DERIVATIVES // explained.n_tags, 1)
    for start in range(0, len(explained.items), together):
        part = slice(start, start + together)
        by_every_tag = None
        if explained.gradient is not None:
            by_every_tag = explained.gradient(explained.items[part], sparse.csr_array(at[part]))
        if by_every_tag is None:
            raise InvalidSetting(
                "what is explained has no derivatives by tags; take an explainer that only asks for scores, "
                "such as lime or shapley"
            )
        slopes[part] = np.take_along_axis(by_every_tag, own.columns[part], axis=1)
    return slopes * own.values
