"""The word lists that come with the package, and finding their entries in tags by whole words.

`lists/` holds a file a list: entries between commas, lines beginning with # apart; `fused.txt` a line a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from taglab.cleaning.spelling import words

__all__ = ["WORD_LISTS", "PhraseFinder", "fused", "word_list"]

_FOLDER = Path(__file__).with_name("lists")
WORD_LISTS = (
    "emotions", "praise", "descriptives", "instruments", "voices", "eras", "junk", "nationalities", "genres",
    "ordinary",
)  # fmt: skip
"""`ordinary` are words that are no slip of a word of music, for the repair of typos only."""


def _lines(name: str) -> list[str]:
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def word_list(name: str) -> tuple[str, ...]:
    """Return the entries of a list, each once, in its order; `name` is one of `WORD_LISTS`."""
    entries = (entry.strip() for line in _lines(name) for entry in line.split(","))
    return tuple(dict.fromkeys(entry for entry in entries if entry))


@cache
def fused() -> dict[str, tuple[str, ...]]:
    """Return words written in one that hold the names of several things → the words they hold."""
    pairs = (line.split(": ") for line in _lines("fused"))
    return {word: tuple(apart.split()) for word, apart in pairs}


class PhraseFinder:
    """Finds phrases in tags by whole words.

    Args:
        phrases: Phrase → what it stands for; several phrases may stand for one thing. Phrases are taken in
            normal form, and one of two words is found written in one as well.
    """

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], str]] = {}
        joined = []
        for phrase, meaning in phrases:
            parts = words(phrase)
            if parts:
                self._by_first.setdefault(parts[0], {}).setdefault(parts, meaning)
            if len(parts) == 2:
                joined.append(("".join(parts), meaning))
        for word, meaning in joined:
            self._by_first.setdefault(word, {}).setdefault((word,), meaning)
        self._longest = {first: max(len(parts) for parts in known) for first, known in self._by_first.items()}

    def find(self, parts: Sequence[str]) -> list[tuple[int, int, str]]:
        """Return what is found as (first word, one past its last word, meaning), in the order of the words.

        Where phrases overlap, the one that begins first and is longest is taken, the others are not found:
        "alternative rock" is not "rock".
        """
        found, at = [], 0
        while at < len(parts):
            known = self._by_first.get(parts[at])
            length = self._match(parts, at, known) if known else 0
            if known and length:
                found.append((at, at + length, known[tuple(parts[at : at + length])]))
            at += length or 1
        return found

    def _match(self, parts: Sequence[str], at: int, known: dict[tuple[str, ...], str]) -> int:
        for length in range(min(self._longest[parts[at]], len(parts) - at), 0, -1):
            if tuple(parts[at : at + length]) in known:
                return length
        return 0
