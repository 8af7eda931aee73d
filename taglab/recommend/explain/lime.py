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

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from taglab.errors import InvalidSetting
from taglab.recommend.explain.explained import Bools, Explained, Floats, Ints, OwnTags
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
        """Return the linear model of every item, fitted anew where fewer of its tags may have a weight.

        Raises:
            InvalidSetting: If an item has so many tags that their products do not fit into memory.
        """
        require_memory(explained.own)
        fits = _Fits(self, explained, seed)
        of_all = explained.of_own_tags(fits.weights(None))
        return Explanation(
            explained, of_all, of_fewer=lambda omega: explained.of_own_tags(fits.weights(omega))
        )

    def perturbed(self, explained: Explained, seed: int) -> Iterator[Perturbed]:
        """Return what the items are perturbed to, part by part."""
        for number, (rows, part) in enumerate(explained.parts(self.perturbations)):
            masks = left_out_at_random(part.own, self.perturbations, (seed, number))
            yield Perturbed(rows, part, masks, nearness(masks, part.own, self.kernel_width))

    def chosen_by(self, squares: LeastSquares, own: OwnTags) -> Callable[[int], Bools]:
        """Return what chooses so many tags of every item (items, width)."""
        if self.selection == "lasso-path":
            return chosen_on_path(*lasso_knots(squares.grams, squares.correlations, own.counts))
        magnitudes = np.abs(squares.ridge(_SELECTION_RIDGE, own.there))
        return lambda omega: greatest(np.where(own.there, magnitudes, -1), omega).astype(bool) & own.there


@dataclass(frozen=True, eq=False)
class Perturbed:
    """A part of the items with some of their tags left out.

    Attributes:
        rows: Places of the items among all (part,).
        explained: What is explained of them.
        masks: Which tags stay (part, perturbations, width).
        weights: How near what stays is to all (part, perturbations).
    """

    rows: Ints
    explained: Explained
    masks: Bools
    weights: Floats

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class _Fitted:
    """The least squares of a part of the items.

    Attributes:
        rows: Places of the items among all (part,).
        own: Their tags.
        squares: Their least squares.
        settings: What chooses among their tags.
    """

    rows: Ints
    own: OwnTags
    squares: LeastSquares
    settings: Lime

    __repr__ = one_line

    @cached_property
    def _choose(self) -> Callable[[int], Bools]:
        return self.settings.chosen_by(self.squares, self.own)

    def weights(self, omega: int | None) -> Floats:
        """Return weights of the tags (part, width), of so many of them at most."""
        chosen = self.own.there if omega is None else self._choose(omega)
        return self.squares.ridge(self.settings.ridge, chosen)


class _Fits:
    """Least squares of all items, part by part: kept as far as memory is for it, else computed again.

    Args:
        settings: How perturbations are drawn and weighed.
        explained: What is explained.
        seed: Of what is drawn.
    """

    def __init__(self, settings: Lime, explained: Explained, seed: int) -> None:
        self._settings, self._explained, self._seed = settings, explained, seed
        self._kept: list[_Fitted] = []
        squares = np.square(explained.own.counts.astype(np.float64)).sum()
        self._keep = 4 * squares <= _MOST_PRODUCTS  # in a part, items have up to twice their own tags

    def weights(self, omega: int | None) -> Floats:
        """Return weights of the tags (items, most tags of an item), of so many of them at most."""
        values = np.zeros(self._explained.own.shape)
        kept = []
        for fitted in self._kept or self._fit():
            values[fitted.rows, : fitted.own.shape[1]] = fitted.weights(omega)
            if self._keep:
                kept.append(fitted)
        self._kept = kept
        return values

    def _fit(self) -> Iterator[_Fitted]:
        for drawn in self._settings.perturbed(self._explained, self._seed):
            scores = drawn.explained.masked_scores(drawn.masks)
            squares = least_squares_of(drawn.masks, drawn.weights, scores)
            yield _Fitted(drawn.rows, drawn.explained.own, squares, self._settings)


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
        most = max(int(chosen.sum(axis=1).max(initial=0)), 1)
        places = np.argsort(~chosen, axis=1, kind="stable")[:, :most]
        kept = np.take_along_axis(chosen, places, axis=1).astype(np.float64)
        items = np.arange(len(places))[:, None, None]
        grams = (
            self.grams[items, places[:, :, None], places[:, None, :]] * kept[:, :, None] * kept[:, None, :]
        )
        grams[:, np.arange(most), np.arange(most)] += added
        right = np.take_along_axis(self.correlations, places, axis=1) * kept
        weights: Floats = np.zeros(self.correlations.shape)
        np.put_along_axis(weights, places, np.linalg.solve(grams, right[:, :, None])[:, :, 0], axis=1)
        return weights


def require_memory(own: OwnTags) -> None:
    """Raise InvalidSetting if products of the tags of one item do not fit into memory."""
    width = own.shape[1]
    if width * width > _MOST_PRODUCTS:
        raise InvalidSetting(
            f"LIME of an item with {width:,} tags needs {8 * width * width / 1e9:.1f} GB for their products; "
            "leave out rare tags, or take an explainer such as saliency"
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
        differences = scores[item] - scores[item, 0]  # all 0, not rounded, where no tag matters
        correlations[item] = weighted.T @ (differences - shares[item] @ differences)
    return LeastSquares(grams, correlations)
