"""Whether an explanation is true: it is held against the scores, and what they become without tags."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from taglab.errors import InvalidSetting
from taglab.metrics.fidelity import tau_ap_a
from taglab.recommend.explain.explained import Bools, Explained, Floats, first_places
from taglab.recommend.explain.explanation import Explainer, Explanation, Reading
from taglab.reprs import one_line


def fidelity(explanation: Explanation, reading: Reading = "user", omega: int | None = None) -> float:
    """Return how the explanation ranks the items, against how what is explained does: tau_AP,a.

    Items of equal score rank in the order in which they are given.

    Args:
        explanation: Of two items or more.
        reading: One θ for all items, or one for each; see `READINGS`.
        omega: How many tags count; all where None.

    Raises:
        InvalidSetting: If there are too few items, or omega is not as it must be.
    """
    approximated = explanation.approximated(reading, omega)
    return tau_ap_a(explanation.explained.scores, approximated, ties="order")


@dataclass(frozen=True, eq=False)
class Switching:
    """Scores while tags are switched off or on, one after the other, and what the explanation foretold.

    Attributes:
        actual: Scores (items, steps + 1), from those before the first step; NaN once an item's tags are at an
            end.
        foretold: The same by the explanation: the score before the first step, and θ of what was switched.
    """

    actual: Floats
    foretold: Floats

    __repr__ = one_line

    @property
    def area(self) -> Floats:
        """Mean score from the first step on, less that before it (items,); NaN for an item without tags."""
        return _mean_of_known(self.actual[:, 1:] - self.actual[:, :1])

    @property
    def error(self) -> Floats:
        """Mean distance of what was foretold from what came (items,); NaN for an item without tags."""
        return _mean_of_known(np.abs(self.foretold - self.actual)[:, 1:])


def deletion(explanation: Explanation) -> Switching:
    """Switch an item's tags off, those that speak most for it first: the score should fall at once.

    Source: Petsiuk, Das, Saenko, "RISE", BMVC 2018.
    """
    return _switched(explanation, off=True)


def insertion(explanation: Explanation) -> Switching:
    """Switch an item's tags on, from none, those that speak most for it first: the score should rise at once.

    Source: as `deletion`.
    """
    return _switched(explanation, off=False)


def _switched(explanation: Explanation, off: bool) -> Switching:
    explained = explanation.explained
    n, width = explained.own.shape
    theta = np.zeros((n, width))
    theta[explained.own.there] = explanation.item().data
    actual, foretold = np.full((2, n, width + 1), np.nan)
    for rows, part in explained.parts():
        own = part.own
        of_part = theta[rows, : own.shape[1]]
        order = np.argsort(np.where(own.there, -of_part, np.inf), axis=1, kind="stable")
        come = partial(first_places, order.argsort(axis=1))
        stays = (lambda items, steps, come=come: ~come(items, steps)) if off else come
        scores = part.scores_without(own.shape[1] + 1, stays)
        moved = np.take_along_axis(of_part, order, axis=1).cumsum(axis=1)
        expected = scores[:, :1] + np.pad(-moved if off else moved, ((0, 0), (1, 0)))
        known = np.arange(own.shape[1] + 1) <= own.counts[:, None]
        actual[rows, : own.shape[1] + 1] = np.where(known, scores, np.nan)
        foretold[rows, : own.shape[1] + 1] = np.where(known, expected, np.nan)
    bare = explained.own.counts == 0
    actual[bare, 0] = foretold[bare, 0] = explained.scores[bare]
    return Switching(actual, foretold)


def stability(
    explainer: Explainer, explained: Explained, omega: int, seeds: Sequence[int] = (0, 1, 2, 3, 4)
) -> float:
    """Return how far the tags that count most are the same by other seeds.

    Args:
        explainer: What explains.
        explained: What is explained.
        omega: How many tags of an item.
        seeds: Two or more.

    Returns:
        Tags in common over tags in either, mean over pairs of seeds and items with more than omega tags; NaN
        where no item has.

    Raises:
        InvalidSetting: If there are fewer than two seeds, or as the explainer raises.
    """
    if len(seeds) < 2:
        raise InvalidSetting(f"seeds={tuple(seeds)} must be two or more, to be compared")
    many = np.flatnonzero(explained.own.counts > omega)
    kept = [_named(explainer.explain(explained, seed), omega)[many] for seed in seeds]
    shares = [
        (one & other).sum(axis=1) / np.maximum((one | other).sum(axis=1), 1)
        for one, other in itertools.combinations(kept, 2)
    ]
    return float(np.mean(shares)) if len(many) else float("nan")


def _named(explanation: Explanation, omega: int) -> Bools:
    """Return which of an item's tags have a weight (items, width)."""
    own = explanation.explained.own
    named = np.zeros(own.shape, bool)
    named[own.there] = explanation.item(omega).data != 0
    return named


def _mean_of_known(values: Floats) -> Floats:
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    means = np.full(len(values), np.nan)
    np.divide(np.where(known, values, 0).sum(axis=1), counts, out=means, where=counts > 0)
    return means
