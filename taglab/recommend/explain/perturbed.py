"""Perturbed tags: some of an item's tags left out, and how near what is left is to all."""

from __future__ import annotations

import numpy as np

from taglab.recommend.explain.explained import Bools, Floats, OwnTags


def left_out_at_random(own: OwnTags, perturbations: int, seed: int | tuple[int, ...]) -> Bools:
    """Return which tags stay (items, perturbations, most tags of an item).

    All tags stay in the first. In the others none to all of an item's tags are left out, every number as
    likely as any other, and every set of so many. (The package lime never leaves out none: of two tags it
    then sees hardly ever both, and cannot tell their weights from the constant.)

    Args:
        own: The items' tags.
        perturbations: How many of every item, 2 or more.
        seed: Of what is drawn.
    """
    drawn = np.random.default_rng(seed)
    n, width = own.shape
    counts = own.counts
    gone = drawn.integers(0, counts[:, None] + 1, (n, perturbations))
    gone[:, 0] = 0
    keys = drawn.random((n, perturbations, width), np.float32)
    keys[~np.broadcast_to(own.there[:, None, :], keys.shape)] = 2
    never = np.full((n, perturbations, 1), np.inf, np.float32)
    ascending = np.concatenate([np.sort(keys, axis=2), never], axis=2)
    least = np.take_along_axis(ascending, gone[:, :, None], axis=2)
    kept: Bools = (keys >= least) & own.there[:, None, :]
    return kept


def nearness(masks: Bools, own: OwnTags, kernel_width: float) -> Floats:
    """Return the weights of perturbed tags (items, perturbations), 1 where none is left out.

    exp(-d² / 2 w²), with d the cosine distance of the 0/1 vector of what stays from that of all: 1 less the
    root of the share that stays.

    Args:
        masks: Which tags stay (items, perturbations, most tags of an item).
        own: The items' tags.
        kernel_width: w; the package lime has 25 for 100 d in texts, which is 0.25: no tag at all then counts
            3e-4, and nothing is learned of items that have one.
    """
    share = masks.sum(axis=2) / np.maximum(own.counts, 1)[:, None]
    distance = 1 - np.sqrt(share)
    weights: Floats = np.exp(-(distance**2) / (2 * kernel_width**2))
    return weights
