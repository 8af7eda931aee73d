"""Stage II: tags that hold the name of a target are collapsed into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pydantic

from taglab.cleaning.lexicon import NEGATIONS, PhraseFinder, taken_apart
from taglab.cleaning.plan import KEEP, MERGE, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, counted
from taglab.vectors import TagVectors

STAGE_1: dict[str, tuple[str, ...]] = {
    "genre": (
        "rock", "pop", "indie", "electronic", "dance", "alternative rock", "jazz", "singer-songwriter",
        "metal", "chillout", "classic rock", "soul", "indie rock", "electronica", "folk", "instrumental",
        "punk", "oldies",
    ),
    "emotion": (
        "mellow", "sexy", "loved", "sad", "happy", "good", "romantic", "melancholic", "great", "dark",
        "dreamy", "hot", "energetic", "calm", "funny", "haunting", "intense", "alternative",
    ),
    "descriptive": (
        "beautiful", "awesome", "british", "chill", "american", "cool", "favorite", "acoustic", "party",
    ),
    "numeric": ("2000s", "80s", "90s", "60s", "70s"),
}  # fmt: skip
"""The 50 tags chosen for stage I, by category, as the source has them ("alternative" among the emotions).

Source: readme on audio classification with word embeddings, "Tag filtering".
"""

STAGE_1_TAGS = tuple(tag for tags in STAGE_1.values() for tag in tags)


def _decade(digits: str, *others: str) -> tuple[str, ...]:
    """Return how the years of a decade are written, by its two digits."""
    endings = ("s", "ies", "ties", "er", "ers")
    written = [f"{digits}{ending}" for ending in endings[1:]] + [f"{digits} {ending}" for ending in endings]
    return (*others, *written)


SYNONYMS: dict[str, tuple[str, ...]] = {
    "hip hop": ("hiphop", "hip-hop"),
    "singer-songwriter": ("singer songwriters", "singer and songwriter"),
    "chillout": ("chill out", "chilled out", "chilling out", "chill me out", "chillouts"),
    "electronic": ("electronic music",),
    "favorite": (
        "favourite", "favorites", "favourites", "fav", "favs", "fave", "faves", "favorited", "favoritos",
        "favoritas", "favorito", "favorita", "favoriten", "favoriter", "favoris",
    ),
    "melancholic": (
        "melancholy", "melancholia", "melancholie", "melancholisch", "melancholique", "melancolia",
        "melancolía", "melancolico", "melancólico", "melancolica", "melancólica", "melancolie",
    ),
    "sad": ("sadness", "sadder", "saddest"),
    "happy": ("happiness", "happier", "happiest", "happily"),
    "dark": ("darkness", "darker", "darkest", "darkly", "darkened"),
    "calm": ("calming", "calmness", "calmer", "calma", "calme", "calmo"),
    "cool": ("coolness", "coolest", "cooler"),
    "good": ("goodie", "goodies"),
    "great": ("greatness", "greats", "greatest"),
    "hot": ("hotness", "hottest"),
    "haunting": ("hauntingly",),
    "intense": ("intensely", "intensity"),
    "sexy": ("sexiness", "sexier", "sexiest"),
    "funny": ("funnier", "funniest"),
    "mellow": ("mellowness",),
    "beautiful": ("beautifully",),
    "jazz": ("jazzy",),
    "pop": ("poppy", "poppish"),
    "rock": ("rockish",),
    "punk": ("punky", "punkish"),
    "folk": ("folky", "folksy", "folkish", "folkie"),
    "soul": ("soulful", "soulfully"),
    "metal": ("metallic", "metals", "metall"),
    "dance": ("danceable", "dancey", "dancefloor", "dancing", "dancers"),
    "romantic": (
        "romance", "romances", "romantisch", "romantique", "romantico", "romántico", "romantica", "romántica",
        "romanticas", "románticas", "romantical", "romantics", "romantiques",
    ),
    "chill": ("chilled", "chilling", "chillin", "chillen"),
    "british": ("uk", "britain", "great britain", "united kingdom"),
    "american": ("usa", "america", "united states", "americans"),
    "60s": _decade("60", "sixties", "1960s", "1960er"),
    "70s": _decade("70", "seventies", "1970s", "1970er"),
    "80s": _decade("80", "eighties", "1980s", "1980er"),
    "90s": _decade("90", "nineties", "1990s", "1990er"),
    "2000s": _decade("00", "00s", "noughties", "2000er", "2000 s"),
    "acoustic": ("acoustics", "acoustically", "acoustical", "akustik", "acustico", "acústico"),
    "instrumental": ("instrumentals", "instrumentale", "instrumentales"),
    "oldies": ("oldie",),
    "party": ("parties",),
}  # fmt: skip
"""Other words for a target, all of them whole words or phrases."""

OTHERWISE = (
    "south american", "latin american", "central american", "south america", "latin america",
    "central america", "good night", "good morning", "good bye", "hot dog", "hot dogs", "greatest hits",
)  # fmt: skip
"""Phrases that hold the name of a target and mean something else."""

_NOTHING = ""
_REPORT_EVERY = 20_000


class CollapseWords(Step):
    """Collapse tags into the targets whose name, or a synonym of it, they hold as whole words.

    "British rock metal" goes to rock and to metal; "hiphop" to "hip hop"; "80s metal" to metal where 80s is
    no target. Of names that overlap the longest counts: "alternative rock band" goes to alternative rock
    and not to rock. A name after a "not", "no", "non", "hate" does not count, nor one that is part of
    another thing ("south american"). Words written in one are taken apart where both halves are words of
    music ("gothmetal" goes to metal); "metallica" is not metal. A target is written as
    the folksonomy's most used spelling of it, whatever its case. What a tag becomes depends on nothing but
    its own words and that, so that the order of the tags is of no matter.

    Attributes:
        targets: Tags to collapse into; by default the 50 of stage I.
        synonyms: Target → other words for it.
        several: Whether a tag goes to every target it holds, or only to the last one named, which in
            English is what the others describe.

    Source: readme on audio classification with word embeddings, "Stage II".
    """

    kind: Literal["collapse-words"] = "collapse-words"
    targets: tuple[str, ...] = pydantic.Field(STAGE_1_TAGS, min_length=1)
    synonyms: Mapping[str, tuple[str, ...]] = pydantic.Field(
        default_factory=lambda: SYNONYMS, title="Synonyms: target = word, word"
    )
    several: bool = True

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        tags = folksonomy.tags["tag"].tolist()
        written = spelt_as(self.targets, tags)
        named = [
            (phrase, written[target])
            for target in self.targets
            for phrase in (target, *self.synonyms.get(target, ()))
        ]
        finder = PhraseFinder((*named, *((phrase, _NOTHING) for phrase in OTHERWISE)))
        fixed = set(written.values())
        decisions = {}
        for row, tag in enumerate(tags):
            if row % _REPORT_EVERY == 0:
                progress(row / len(tags), counted("looking for targets in tags", row, len(tags)))
            if tag not in fixed and (decision := self._collapse(finder, tag)):
                decisions[tag] = decision
        return decisions, {}

    def _collapse(self, finder: PhraseFinder, tag: str) -> Decision | None:
        # A word that is the whole of a synonym is not taken apart.
        parts = [
            piece
            for part in words(tag)
            for piece in (taken_apart(part) if not finder.find([part]) else (part,))
        ]
        spans = [span for span in finder.find(parts) if span[2] != _NOTHING]
        held = [span for span in spans if not (span[0] and parts[span[0] - 1] in NEGATIONS)]
        if not held:
            denied = ", ".join(dict.fromkeys(target for *_, target in spans))
            return Decision(KEEP, f"says that it is not {denied}") if denied else None
        chosen = held if self.several else held[-1:]
        named = dict.fromkeys(target for *_, target in chosen)
        phrases = dict.fromkeys(" ".join(parts[start:stop]) for start, stop, _ in chosen)
        return Decision(MERGE, f"holds {', '.join(map(repr, phrases))}", tuple(named))

    def describe(self) -> str:
        return f"collapse tags that hold the names of {len(self.targets)} targets"


def spelt_as(targets: Sequence[str], tags: Sequence[str]) -> dict[str, str]:
    """Return each target → the tag it is: itself where that is there, else the first that reads the same.

    Case, hyphens and the like are left aside; a target that no tag reads as stands for itself.

    Args:
        targets: As chosen.
        tags: Of the folksonomy, most used first.
    """
    known = set(tags)
    by_form: dict[tuple[str, ...], str] = {}
    wanted = {words(target) for target in targets}
    for tag in tags:
        if (form := words(tag)) in wanted:
            by_form.setdefault(form, tag)
    return {target: target if target in known else by_form.get(words(target), target) for target in targets}
