"""The word lists that come with the package, and finding their entries in tags by whole words.

`lists/` holds a file a list: entries between commas, lines beginning with # apart; `fused.txt` and
`spellings.txt` a line a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from taglab.cleaning.spelling import words

__all__ = [
    "NEGATIONS",
    "RARE",
    "WORD_LISTS",
    "PhraseFinder",
    "english_words",
    "fused",
    "no_plurals",
    "other_spellings",
    "short_foreign_words",
    "single_words",
    "taken_apart",
    "word_list",
]

_SHORT = 5  # letters
RARE = 100
"""How often a word must stand in the texts that the dictionaries were counted in, to be a usual one."""

_FOLDER = Path(__file__).with_name("lists")
WORD_LISTS = (
    "emotions", "praise", "descriptives", "instruments", "voices", "eras", "junk", "nationalities", "genres",
    "ordinary",
)  # fmt: skip
"""`ordinary` are words that are no slip of a word of music, for the repair of typos only."""

NEGATIONS = frozenset(
    ["not", "no", "non", "never", "isnt", "aint", "without", "anti", "nicht", "kein", "pas", "hate", "nor"]
)
"""Words after which a name is not what a tag says."""


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


@cache
def no_plurals() -> frozenset[str]:
    """Return words that end as plurals do and are none, or of another thing."""
    return frozenset(word.strip() for line in _lines("no_plurals") for word in line.split(","))


@cache
def other_spellings() -> tuple[dict[str, str], dict[str, str]]:
    """Return words → how they are spelt in American English, and so of beginnings of words."""
    pairs = [line.split(": ") for line in _lines("spellings")]
    whole = {written: meant for written, meant in pairs if not written.endswith("*")}
    return whole, {written[:-1]: meant for written, meant in pairs if written.endswith("*")}


@cache
def english_words(least: int = 0) -> frozenset[str]:
    """Return the words of English, forms and names among them (the 160,000 of pyspellchecker).

    Args:
        least: How often they must stand in its texts; rare ones, below some hundred, are seldom meant.
    """
    return _dictionary("en", least)


@cache
def short_foreign_words() -> frozenset[str]:
    """Return the short words of Spanish, French and Italian, rare ones left out.

    A long one that is a letter apart from an English word is mostly the same word ("alcool"); of the short
    ones ("arte", "bleu") next to none is.
    """
    known = (_dictionary(language, RARE) for language in ("es", "fr", "it"))
    return frozenset(word for dictionary in known for word in dictionary if len(word) <= _SHORT)


def _dictionary(language: str, least: int) -> frozenset[str]:
    from spellchecker import SpellChecker

    counts = SpellChecker(language=language).word_frequency
    return frozenset(word for word, count in counts.items() if count >= least)


# Lists of single words that stand written in one with others.
_MUSIC = ("emotions", "descriptives", "instruments", "voices", "eras", "nationalities", "genres")
# Of Last.fm's tags that end so, next to all are names of styles; of those that end in "soul" or "dance" not.
_ENDINGS = ("rock", "metal", "punk", "jazz", "folk", "pop", "indie")
_SHORTEST_HALF = 3
_MOST_WORDS = 100_000


@cache
def single_words(*names: str) -> frozenset[str]:
    """Return the entries of lists that are one word, in normal form."""
    entries = (words(entry) for name in names for entry in word_list(name))
    return frozenset(parts[0] for parts in entries if len(parts) == 1 and len(parts[0]) >= _SHORTEST_HALF)


@cache
def _listed() -> frozenset[str]:
    """Return every word of every list, also of entries of several."""
    return frozenset(word for name in WORD_LISTS for entry in word_list(name) for word in words(entry))


@lru_cache(maxsize=_MOST_WORDS)
def taken_apart(word: str) -> tuple[str, ...]:
    """Return the words that one written in one holds ("gothmetal": goth, metal); itself where it holds none.

    Those in `fused.txt` are taken apart as it says. A word on no list is taken apart where both its halves
    are words of music, one of them a genre, or both emotions, or where it ends in one of a few genres
    ("deutschpunk", "geekrock"); "photo" and "goodnight" hold nothing.

    Args:
        word: In normal form.
    """
    if word in fused():
        return fused()[word]
    if len(word) < 2 * _SHORTEST_HALF or word in _listed():
        return (word,)
    cuts = range(_SHORTEST_HALF, len(word) - _SHORTEST_HALF + 1)
    halves = [(word[:at], word[at:]) for at in cuts if _go_together(word[:at], word[at:])]
    if halves:
        return max(halves, key=lambda pair: min(map(len, pair)))
    ending = next((suffix for suffix in _ENDINGS if word.endswith(suffix)), word)
    stem = word.removesuffix(ending)
    return (stem, ending) if len(stem) >= _SHORTEST_HALF else (word,)


def _go_together(one: str, other: str) -> bool:
    known, genres, emotions = single_words(*_MUSIC), single_words("genres"), single_words("emotions")
    pair = {one, other}
    return pair <= known and (bool(pair & genres) or pair <= emotions)


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
        phrases, at = [], 0
        while at < len(parts):
            known = self._by_first.get(parts[at])
            length = self._match(parts, at, known) if known else 0
            if known and length:
                phrases.append((at, at + length, known[tuple(parts[at : at + length])]))
            at += length or 1
        return phrases

    def _match(self, parts: Sequence[str], at: int, known: dict[tuple[str, ...], str]) -> int:
        for length in range(min(self._longest[parts[at]], len(parts) - at), 0, -1):
            if tuple(parts[at : at + length]) in known:
                return length
        return 0
