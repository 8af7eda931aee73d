"""What the demo's listeners write: concepts, when each applies, and the spellings people give them.

`concepts.txt` has sections `[group/family]` and in them one line a concept, three fields between bars:

    concept | when it applies | spellings

"When" is read by `taglab.sources.demo.hearing`: conditions joined by "&". A line of two fields is a style of
`styles.csv`, which applies where a track has that style. Spellings stand one after the other, the plain one
first, and begin with what they are:

    =synonym   ~variant in case, hyphen or space   !typo   @de another language, by its code

`compounds.txt` joins two known concepts ("80s rock | rock & 80s"), or a known one and a word of no language,
made up as listeners make up words ("vlonke jazz | jazz"). `table_31.csv` is the thesis's list of the 100 most
used Last.fm tags, all of which are in the vocabulary, in the thesis's groups; the other tags are the kind
people write, chosen by hand. Names of artists and users that exist are left out.

Source: Ros Perez 2021, tables 14, 31 and 32.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from taglab.sources.demo.styles import styles

__all__ = ["FALSE_FRIENDS", "Concept", "Spelling", "concepts", "spellings", "table_31"]

FALSE_FRIENDS = (
    ("country", "county"),
    ("electronic", "electronica"),
    ("classic", "Classical"),
    ("funk", "funky"),
    ("instrumental", "instrument"),
    ("top 50", "top 500"),
    ("austria", "australia"),
    ("metal", "metalcore"),
    ("female vocalists", "male vocalists"),
    ("hard rock", "hardcore"),
)
"""Pairs of the demo's tags that look alike and mean different things: a repair of typos keeps them apart."""

_KINDS = {"=": "synonym", "~": "variant", "!": "typo", "@": "language"}
_BACKGROUND = frozenset({"nation", "cover"})


@dataclass(frozen=True)
class Concept:
    """One meaning.

    Attributes:
        name: What it is called; unique.
        group: One of the thesis's eight groups.
        family: What it belongs to inside the group.
        when: Condition under which it applies to a track.
        branch: Styles it belongs with; empty for what is no style.
    """

    name: str
    group: str
    family: str
    when: str
    branch: str = ""

    @property
    def basis(self) -> str:
        """What its use depends on: "sound", "background" (known, not heard), or "listener"."""
        first = self.when.split()[0]
        if first == "listener":
            return "listener"
        return "background" if first in _BACKGROUND else "sound"


@dataclass(frozen=True)
class Spelling:
    """One way to write a concept.

    Attributes:
        tag: The text.
        concept: Name of the concept.
        kind: base, synonym, variant, typo, language, compound, unknown or junk (see `demo_truth`).
        language: Code of the language; empty for English.
        also: Second concept of a compound; empty otherwise.
    """

    tag: str
    concept: str
    kind: str
    language: str = ""
    also: str = ""


def _read_lines(name: str) -> list[str]:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()


def _concept_lines() -> list[tuple[str, str, list[str]]]:
    """Return (group, family, fields) of every line of `concepts.txt`."""
    lines, group, family = [], "", ""
    for line in _read_lines("concepts.txt"):
        if line.startswith("["):
            group, family = line.strip("[]").split("/")
        else:
            lines.append((group, family, line.split(" | ")))
    return lines


@cache
def table_31() -> dict[str, int]:
    """Return how many of the thesis's tracks have each of the 100 most used tags, most used first."""
    return {row["tag"]: int(row["count"]) for row in csv.DictReader(_read_lines("table_31.csv"))}


@cache
def concepts() -> dict[str, Concept]:
    """Return the concepts by name."""
    branches = {style.name: style.branch for style in styles()}
    return {
        fields[0]: Concept(
            name=fields[0],
            group=group,
            family=family,
            when=fields[1] if len(fields) == 3 else f"style {fields[0]}",
            branch=branches.get(fields[0], ""),
        )
        for group, family, fields in _concept_lines()
    }


@cache
def spellings() -> tuple[Spelling, ...]:
    """Return every tag that the listeners may know."""
    known = concepts()
    written = [
        _spelling(text, fields[0], "junk" if known[fields[0]].basis == "listener" else "base")
        for _, _, fields in _concept_lines()
        for text in fields[-1].split(", ")
    ]
    for line in _read_lines("compounds.txt"):
        tag, means = line.split(" | ")
        concept, _, also = means.partition(" & ")
        written.append(Spelling(tag, concept, "compound" if also else "unknown", also=also))
    return tuple(written)


def _spelling(text: str, concept: str, plain: str) -> Spelling:
    kind = _KINDS.get(text[0], plain)
    if kind == plain:
        return Spelling(text, concept, kind)
    if kind == "language":
        language, tag = text[1:].split(" ", 1)
        return Spelling(tag, concept, kind, language)
    return Spelling(text[1:], concept, kind)
