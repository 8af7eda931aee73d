"""How different the lists are that many users are given: coverage, and diversity by entropy.

Source: Kim 2021, eq. 5.13 and 5.14. The greatest entropy that (5.14) divides by, log(p · users), is reached
only where there are so many items; the other ceiling, log(min(items, p · users)), always can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting


@dataclass(frozen=True)
class Diversity:
    """How different lists are.

    Attributes:
        entropy: Of the items in them, eDiv, natural logarithm.
        by_places: nDiv as printed: over the logarithm of the places there are; 1 where all have other items.
        by_items: Over the greatest entropy that so many places and items can have.
        coverage: Share of all items that are in any list.
    """

    entropy: float
    by_places: float
    by_items: float
    coverage: float


def diversity(lists: npt.ArrayLike, n_items: int) -> Diversity:
    """Return how different the lists of many users are.

    Args:
        lists: Rows of items (users, places); below 0 where a list is shorter.
        n_items: Items there are to choose from.

    Raises:
        InvalidSetting: If a row of an item is out of range, or nobody has a list.

    Examples:
        Two users, of whom each has two items of four, one in common: shares 1/2, 1/4, 1/4.

        >>> print(f"{diversity([[0, 1], [0, 2]], 4).entropy:.4f}")
        1.0397
    """
    places = np.asarray(lists, np.int64)
    named = places[places >= 0]
    if places.ndim != 2 or not named.size or named.max() >= n_items:
        raise InvalidSetting(f"lists {places.shape} must be (users, places) of rows of {n_items:,} items")
    counts = np.bincount(named, minlength=n_items)
    shares = counts[counts > 0] / named.size
    entropy = float(-(shares * np.log(shares)).sum())
    ceilings = (np.log(named.size), np.log(min(n_items, named.size)))
    # One place has no entropy, and needs none: its lists are as different as can be.
    by_places, by_items = (entropy / ceiling if ceiling > 0 else 1.0 for ceiling in ceilings)
    return Diversity(entropy, float(by_places), float(by_items), float((counts > 0).mean()))
