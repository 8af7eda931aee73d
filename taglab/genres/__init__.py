"""Genres and what they divide into: classes that share their tracks, and subgenres by co-occurrence."""

from taglab.genres.merging import merge_correlated
from taglab.genres.subgenres import (
    SUBGENRES,
    Subgenres,
    SubgenreSettings,
    divide,
    subgenre_space,
)

__all__ = [
    "SUBGENRES",
    "SubgenreSettings",
    "Subgenres",
    "divide",
    "merge_correlated",
    "subgenre_space",
]
