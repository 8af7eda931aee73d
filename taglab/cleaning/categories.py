"""What kind of thing each tag says, by rules and word lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import pydantic

from taglab.cleaning.lexicon import WORD_LISTS, PhraseFinder, taken_apart, word_list
from taglab.cleaning.plan import CATEGORY, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, counted, silent
from taglab.vectors import TagVectors

UNCATEGORISED = "uncategorised"
_REPORT_EVERY = 5_000
_MOST_REMEMBERED = 600_000
_DATE = re.compile(r"(?:1[0-9]|20)[0-9]{2}s?|(?:[0-9]0|00)(?:s|ies|er|ers|erjahre)|(?:early|mid|late)[0-9]0s")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,/][0-9]+)*(?:st|nd|rd|th|%|x)?")
_COUNTING = frozenset(
    [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "hundred", "thousand",
        "star", "stars", "top", "number", "of",
    ]
)  # fmt: skip
_SAME_LETTER = re.compile(r"(\w)\1{3,}")

Scheme = Literal["readme", "thesis"]
SCHEMES: dict[str, dict[str, tuple[str, ...]]] = {
    "readme": {
        "genre": ("genres",),
        "emotion": ("emotions",),
        "descriptive": ("descriptives", "praise", "nationalities", "instruments", "voices"),
        "number": ("eras", "#dates", "#numbers"),
        "junk": ("junk", "#repeated letters"),
    },
    "thesis": {
        "Genres": ("genres",),
        "Instruments": ("instruments",),
        "Voices": ("voices",),
        "Dates": ("eras", "#dates"),
        "Nationalities": ("nationalities",),
        "Emotions": ("emotions",),
        "Meaningless": ("praise", "junk", "#numbers", "#repeated letters"),
        "Miscellaneous": ("descriptives",),
    },
}
"""Scheme → category → what puts a tag there: word lists, and rules (marked #). In the order of precedence.

The source puts 7 of its 50 tags of stage I elsewhere than these lists do: "good", "great" (descriptive here,
emotions there), "beautiful", "chill", "party" (the other way round), "alternative" (a genre here, an emotion
there) and "oldies" (a number here, a genre there).

Sources: the five of the readme on audio classification with word embeddings; Ros Perez 2021, table 32.
"""

JUNK = frozenset(["junk", "Meaningless"])
"""The category of each scheme that holds what says nothing of the music."""


class Categories(Step):
    """Put each tag into a category by the words it holds; what holds none is "uncategorised", not junk.

    A tag may match several: "80s british rock" a genre, a nationality and a date. The category with
    precedence is its own, and the reason names the others. Where one word stands in several lists ("soul
    sister": a genre), the same order decides. The category is written in the column `category` of the tags.

    Attributes:
        scheme: readme (genre, emotion, descriptive, number, junk) or thesis (the eight groups).
        precedence: Categories in another order of precedence; those not named come after.
        added: List → words or phrases to add to it.
        removed: Words or phrases to take out of every list.
        assigned: Tag → category, by hand; any name will do.
    """

    kind: Literal["categories"] = "categories"
    scheme: Scheme = "readme"
    precedence: tuple[str, ...] = pydantic.Field((), title="Order of precedence")
    added: Mapping[str, tuple[str, ...]] = pydantic.Field(
        default_factory=dict, title="Words to add: list = word, word"
    )
    removed: tuple[str, ...] = pydantic.Field((), title="Words to take out of the lists")
    assigned: Mapping[str, str] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _names_are_known(self) -> Categories:
        for what, given, known in (
            ("precedence", self.precedence, SCHEMES[self.scheme]),
            ("added", self.added, WORD_LISTS),
        ):
            if strange := [name for name in given if name not in known]:
                raise InvalidSetting(f"{what}={strange[0]!r} must be one of {', '.join(known)}")
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """The categories in their order of precedence."""
        return tuple(dict.fromkeys((*self.precedence, *SCHEMES[self.scheme])))

    def assign(self, tag: str, category: str) -> Categories:
        """Return the step with a tag put into a category by hand."""
        return self.model_copy(update={"assigned": {**self.assigned, tag: category}})

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        tags = folksonomy.tags["tag"].tolist()
        categorise = self._rules()
        decisions = {}
        for row, tag in enumerate(tags):
            if row % _REPORT_EVERY == 0:
                progress(row / len(tags), counted("putting tags into categories", row, len(tags)))
            if tag in self.assigned:
                decisions[tag] = Decision(CATEGORY, "put there by hand", category=self.assigned[tag])
            else:
                decisions[tag] = categorise(tag)
        return decisions, {}

    def categories(self, tags: Sequence[str], progress: Progress = silent) -> dict[str, str]:
        """Return the category of each tag; what no rule or hand put into one is "uncategorised"."""
        categorise = self._rules()
        categories = {}
        for row, tag in enumerate(tags):
            if row % _REPORT_EVERY == 0:
                progress(row / len(tags), counted("putting tags into categories", row, len(tags)))
            categories[tag] = self.assigned.get(tag) or categorise(tag).category or UNCATEGORISED
        return categories

    def _rules(self) -> _Categoriser:
        return _categoriser(self.scheme, self.order, tuple(self.added.items()), self.removed)

    def describe(self) -> str:
        return f"put tags into the categories {', '.join(self.order)}"


@lru_cache(maxsize=2)
def _categoriser(
    scheme: str,
    order: tuple[str, ...],
    added: tuple[tuple[str, tuple[str, ...]], ...],
    removed: tuple[str, ...],
) -> _Categoriser:
    return _Categoriser(scheme, order, dict(added), removed)


class _Categoriser:
    """Decides on a tag by the tag alone, and but once: further rounds and previews ask for most again."""

    def __init__(
        self,
        scheme: str,
        order: Sequence[str],
        added: Mapping[str, tuple[str, ...]],
        removed: Sequence[str],
    ) -> None:
        self._decided: dict[str, Decision] = {}
        self._alike: dict[Decision, Decision] = {}  # most are the same as others', and take memory once
        sources = SCHEMES[scheme]
        out = {words(phrase) for phrase in removed}
        self._order = order
        self._rule_of = {
            source: category for category in order for source in sources[category] if source.startswith("#")
        }
        self._finder = PhraseFinder(
            (phrase, category)
            for category in order
            for source in sources[category]
            if not source.startswith("#")
            for phrase in (*added.get(source, ()), *word_list(source))
            if words(phrase) not in out
        )

    def __call__(self, tag: str) -> Decision:
        decision = self._decided.get(tag)
        if decision is None:
            if len(self._decided) >= _MOST_REMEMBERED:
                self._decided.clear()
                self._alike.clear()
            decision = self._decide(tag)
            decision = self._decided[tag] = self._alike.setdefault(decision, decision)
        return decision

    def _decide(self, tag: str) -> Decision:
        parts = words(tag)
        whole = self._finder.find(parts)
        apart = [piece for part in parts for piece in taken_apart(part)]
        spans = whole or self._finder.find(apart)
        shown = parts if whole else apart
        matches: dict[str, str] = {}
        for start, stop, category in spans:
            matches.setdefault(category, " ".join(shown[start:stop]))
        for category, piece in self._by_rules(parts):
            matches.setdefault(category, piece)
        # What is the whole tag decides: "5 stars" is a number, "love at first listen" no emotion.
        if len(spans) == 1 and spans[0][:2] == (0, len(shown)):
            matches = {spans[0][2]: tag}
        elif (number := self._rule_of.get("#numbers", "")) in matches and _is_number(parts):
            matches = {number: tag}
        matched = [category for category in self._order if category in matches]
        if not matched:
            return Decision(CATEGORY, "no word of it is on a list", category=UNCATEGORISED)
        also = ", ".join(f"{category} ({matches[category]!r})" for category in matched[1:])
        reason = f"{matches[matched[0]]!r}" + (f"; also {also}" if also else "")
        return Decision(CATEGORY, reason, category=matched[0])

    def _by_rules(self, parts: Sequence[str]) -> list[tuple[str, str]]:
        pieces = []
        for part in parts:
            if _DATE.fullmatch(part):
                pieces.append((self._rule_of["#dates"], part))
            elif _SAME_LETTER.search(part):
                pieces.append((self._rule_of["#repeated letters"], part))
        if _is_number(parts):
            pieces.append((self._rule_of["#numbers"], " ".join(parts)))
        return pieces


def _is_number(parts: Sequence[str]) -> bool:
    """Return whether words are a number that is no date, with nothing else than words of counting."""
    numbers = [bool(_NUMBER.fullmatch(part)) and not _DATE.fullmatch(part) for part in parts]
    return any(numbers) and all(
        is_number or part in _COUNTING for is_number, part in zip(numbers, parts, strict=True)
    )
