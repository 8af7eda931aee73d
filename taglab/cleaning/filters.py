"""What is too rare, or not wanted, is dropped."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pydantic

from taglab.cleaning.plan import DROP, KEEP, Decision
from taglab.cleaning.step import Decisions, Step
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.vectors import TagVectors

_MEANINGLESS = (
    "Favorites", "awesome", "seen live", "cool", "Favorite", "Favourites", "sexy", "catchy", "favourite",
    "Soundtrack", "favorite songs", "amazing", "heard on Pandora", "good", "epic", "Favourite Songs",
)  # fmt: skip
_NATIONALITIES = ("british", "american", "USA", "UK")

PRESETS = {
    "thesis": _MEANINGLESS + _NATIONALITIES,
    "meaningless": _MEANINGLESS,
    "nationalities": _NATIONALITIES,
}
"""Lists of tags to drop: the 20 that model 2 leaves out, and the two groups they are made of.

Source: Ros Perez 2021, tables 11 and 32.
"""

Preset = Literal["thesis", "meaningless", "nationalities"]


class Filters(Step):
    """Drop tags that are too rare, on a list, or of a category.

    Attributes:
        min_count: Least number of tracks, inclusive.
        min_artists: Least number of distinct artists, inclusive; 0 asks nothing.
        drop: Tags to drop.
        presets: Lists to drop: thesis (the 20 tags of model 2), meaningless, nationalities.
        drop_categories: Categories to drop, as the step categories put them; "uncategorised" is one.
        keep: Tags that this step never drops.
        only: If any, every other tag is dropped but those of `keep`.
        match_case: Whether the lists tell "UK" from "uk".
    """

    kind: Literal["filters"] = "filters"
    min_count: int = pydantic.Field(1, ge=1)
    min_artists: int = pydantic.Field(0, ge=0)
    drop: tuple[str, ...] = pydantic.Field((), title="Tags to drop")
    presets: tuple[Preset, ...] = ()
    drop_categories: tuple[str, ...] = pydantic.Field((), title="Categories to drop")
    keep: tuple[str, ...] = pydantic.Field((), title="Tags never to drop")
    only: tuple[str, ...] = pydantic.Field((), title="Only these tags")
    match_case: bool = False

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        self._require_columns(folksonomy)
        listed = self._folded((*self.drop, *(tag for name in self.presets for tag in PRESETS[name])))
        kept, only = self._folded(self.keep), self._folded(self.only)
        table = folksonomy.tags
        artists = table["artists"].fillna(0).to_numpy(np.int64)
        groups = table["category"].fillna("") if self.drop_categories else [""] * len(table)
        decisions = {}
        for tag, count, by, group in zip(table["tag"], table["count"], artists, groups, strict=True):
            form = tag if self.match_case else tag.casefold()
            reasons = [
                phrase
                for phrase, holds in (
                    (f"count {count} is below {self.min_count}", count < self.min_count),
                    (f"{by} artists are fewer than {self.min_artists}", by < self.min_artists),
                    ("on a list of tags to drop", form in listed),
                    (f"of the category {group}", bool(group) and group in self.drop_categories),
                    ("not on the list of tags to keep only", bool(only) and form not in only),
                )
                if holds
            ]
            if reasons:
                why = ", ".join(reasons)
                protected = form in kept
                decisions[tag] = (
                    Decision(KEEP, f"on the list of tags to keep, though {why}")
                    if protected
                    else Decision(DROP, why)
                )
        return decisions, {}

    def _folded(self, tags: tuple[str, ...]) -> frozenset[str]:
        return frozenset(tags if self.match_case else (tag.casefold() for tag in tags))

    def _require_columns(self, folksonomy: Folksonomy) -> None:
        if self.min_artists > 0 and not folksonomy.knows_artists:
            raise InvalidSetting(
                f"min_artists={self.min_artists} needs artists, and {folksonomy.name} names none"
            )
        if self.drop_categories and "category" not in folksonomy.tags.columns:
            raise InvalidSetting(
                f"drop_categories={self.drop_categories!r} needs categories; put the step categories before"
            )

    def describe(self) -> str:
        return "drop what is rare or not wanted"
