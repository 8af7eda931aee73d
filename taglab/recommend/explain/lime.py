"""LIME: a sparse linear model of the score, near the tags that an item has; all items at once.

Tags of an item are left out at random, the score is asked for what stays, and weights of the tags are fitted
to it by ridge regression in which what is nearer counts more. Which tags have a weight, where only so many
may, is decided before: by the Lasso's path, or by the greatest weights.

The target is the score under the tags that stay, f(u, i, t'). Kim 2021, eq. 5.20, prints f(u, i, t), which
is the same for all of them.

Source: Ribeiro, Singh, Guestrin, "Why should I trust you?", KDD 2016; selection and ridge are those of the
package lime 0.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.recommend.explain.explained import Bools, Explained, Floats, OwnTags
from taglab.recommend.explain.explanation import Explainer, Explanation, greatest
from taglab.recommend.explain.lasso_path import chosen_on_path, lasso_knots
from taglab.recommend.explain.perturbed import left_out_at_random, nearness
from taglab.reprs import one_line

_MOST_PRODUCTS = 1 << 27  # 1 GB
_SELECTION_RIDGE = 0.01


class Lime(Explainer):
    """A sparse linear model of the score, near the tags that the item has.

    Attributes:
        perturbations: How often some of an item's tags are left out; all stay in the first.
        kernel_width: What is left counts exp(-d² / 2 w²), where d is its cosine distance from all tags.
        ridge: What is added to the squares of the weights.
        selection: How tags are chosen where only so many may have a weight: by the Lasso's path, or those of
            the greatest weights of all.
    """

    about: ClassVar[str] = "a sparse linear model of the score, fitted to tags left out at random"
    title: ClassVar[str] = "LIME"

    explainer: Literal["lime"] = "lime"
    perturbations: int = Field(200, ge=2, le=100_000)
    kernel_width: float = Field(0.5, gt=0, allow_inf_nan=False)
    ridge: float = Field(1.0, gt=0, allow_inf_nan=False)
    selection: Literal["lasso-path", "greatest-weights"] = "lasso-path"

    def explain(self, explained: Explained, seed: int = 0) -> Explanation:
        """Return the linear model of every item, fitted anew where fewer of its tags may have a weight."""
        own = explained.own
        require_memory(own)
        masks = left_out_at_random(own, self.perturbations, seed)
        weights = nearness(masks, own, self.kernel_width)
        squares = least_squares_of(masks, weights, explained.masked_scores(masks))
        of_all = squares.ridge(self.ridge, own.there)
        chosen = self._chosen_by(squares, own)

        def of_fewer(omega: int) -> sparse.csr_array:
            return explained.of_own_tags(squares.ridge(self.ridge, chosen(omega)))

        return Explanation(explained, explained.of_own_tags(of_all), of_fewer=of_fewer)

    def _chosen_by(self, squares: LeastSquares, own: OwnTags) -> Callable[[int], Bools]:
        """Return what chooses so many tags of every item (items, width)."""
        if self.selection == "lasso-path":
            return chosen_on_path(*lasso_knots(squares.grams, squares.correlations, own.counts))
        magnitudes = np.abs(squares.ridge(_SELECTION_RIDGE, own.there))
        return lambda omega: greatest(np.where(own.there, magnitudes, -1), omega).astype(bool) & own.there


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Weighted least squares of scores by tags that stay, an item each, centred.

    Attributes:
        grams: Products of the tags (items, width, width).
        correlations: Products of tags and scores (items, width).
    """

    grams: Floats
    correlations: Floats

    __repr__ = one_line

    def ridge(self, added: float, chosen: Bools) -> Floats:
        """Return weights of the tags that are chosen (items, width), 0 of others."""
        kept = chosen.astype(np.float64)
        grams = self.grams * kept[:, :, None] * kept[:, None, :]
        places = np.arange(grams.shape[1])
        grams[:, places, places] += added
        solved = np.linalg.solve(grams, (self.correlations * kept)[:, :, None])[:, :, 0]
        return np.asarray(solved, np.float64)


def require_memory(own: OwnTags) -> None:
    """Raise InvalidSetting if products of so many tags do not fit into memory."""
    n, width = own.shape
    if n * width * width > _MOST_PRODUCTS:
        raise InvalidSetting(
            f"LIME of {n:,} items with up to {width:,} tags needs {n * width * width / 2**27:.1f} GB; "
            "explain fewer items at a time, or leave out rare tags"
        )


def least_squares_of(masks: Bools, weights: Floats, scores: Floats) -> LeastSquares:
    """Return the least squares of scores by the tags that stay.

    Args:
        masks: Which tags stay (items, perturbations, width).
        weights: Of the perturbations (items, perturbations), above 0.
        scores: Of the perturbations (items, perturbations).
    """
    n, _, width = masks.shape
    grams: Floats = np.empty((n, width, width))
    correlations: Floats = np.empty((n, width))
    shares = weights / weights.sum(axis=1, keepdims=True)
    for item in range(n):
        tags = masks[item].astype(np.float64)
        tags -= shares[item] @ tags
        weighted = tags * weights[item][:, None]
        grams[item] = weighted.T @ tags
        correlations[item] = weighted.T @ (scores[item] - shares[item] @ scores[item])
    return LeastSquares(grams, correlations)
