"""Names of artists, which are no slips and no forms of other words."""

from __future__ import annotations

from dataclasses import dataclass

from taglab.cleaning.spelling import words
from taglab.folksonomy import Folksonomy

_SHORTEST = 3


@dataclass(frozen=True)
class Names:
    """Names in normal form.

    Attributes:
        whole: As they are, words with a blank between.
        single: Words of them, of three letters or more.
    """

    whole: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()


def artist_names(folksonomy: Folksonomy) -> Names:
    """Return the names in the column of artists; none where there is no such column."""
    if not folksonomy.knows_artists:
        return Names()
    spelt = [words(name) for name in folksonomy.tracks["artist"].dropna().unique()]
    return Names(
        frozenset(" ".join(parts) for parts in spelt if parts),
        frozenset(part for parts in spelt for part in parts if len(part) >= _SHORTEST),
    )
