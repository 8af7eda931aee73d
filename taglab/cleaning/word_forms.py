"""Forms of one word become one tag: number, British and American spelling, how a decade is written."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

import pydantic

from taglab.cleaning.lexicon import english_words, no_plurals, other_spellings, word_list
from taglab.cleaning.names import artist_names
from taglab.cleaning.plan import MERGE, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.vectors import TagVectors

_REPORT_EVERY = 5_000
_MOST_WORDS = 200_000
_SHORTEST_PLURAL = 4
_NO_ENDINGS = ("ss", "us", "is")
_DECADE = re.compile(r"(?:19)?([2-9]0)(?:s|ies|ties|er|ers|erjahre)")
_DECADE_OF_2000 = re.compile(r"(?:20)?([01]0)(?:s|ies|er|ers)")
_DECADES = {
    "twenties": "20s", "thirties": "30s", "forties": "40s", "fifties": "50s", "sixties": "60s",
    "seventies": "70s", "eighties": "80s", "nineties": "90s", "noughties": "2000s",
}  # fmt: skip
_IRREGULAR = {"men": "man", "women": "woman", "children": "child", "wives": "wife", "wolves": "wolf"}
_LISTED = (
    "emotions", "praise", "descriptives", "instruments", "voices", "eras", "junk", "nationalities", "genres",
)  # fmt: skip


class WordForms(Step):
    """Join tags of the same words in other forms: "male vocalist" and "male vocalists"; the most used stays.

    A word is a plural where what it is the plural of is an English word or one of the lists, and it is none
    of those in `lists/no_plurals.txt` ("blues", "rocks"). A tag of one word is joined by number only where
    one of its forms is on a list of words of music: "killers" may be a band. British and other spellings are
    those in `lists/spellings.txt`; decades are of the twenties on ("1970's", "70ies", "seventies", "70s"),
    "00s" and "10s" are of this century. Who is named so in the column of artists stays.

    Attributes:
        number: Whether singular and plural are joined.
        spellings: Whether British and American spelling are.
        decades: Whether ways to write a decade are.
    """

    kind: Literal["word-forms"] = "word-forms"
    number: bool = pydantic.Field(True)
    spellings: bool = pydantic.Field(True)
    decades: bool = pydantic.Field(True)

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        names = artist_names(folksonomy).whole
        survivors: dict[str, tuple[str, tuple[str, ...]]] = {}
        decisions = {}
        tags = folksonomy.tags["tag"].tolist()
        for row, tag in enumerate(tags):
            if row % _REPORT_EVERY == 0:
                progress(row / len(tags), "comparing forms of words")
            parts = words(tag)
            if " ".join(parts) in names:
                continue
            survivor, form = survivors.setdefault(self.key(parts), (tag, parts))
            if parts != form:
                decisions[tag] = Decision(MERGE, f"another form of {survivor!r}", (survivor,))
        return decisions, {}

    def key(self, parts: tuple[str, ...]) -> str:
        """Return what tags of the same words in other forms share.

        Args:
            parts: The words of a tag in normal form.
        """
        spelt = [self._spelt(part) for part in parts]
        if not self.number:
            return " ".join(spelt)
        if len(spelt) == 1 and not {spelt[0], singular(spelt[0])} & _listed():
            return spelt[0]
        return " ".join(map(singular, spelt))

    def _spelt(self, word: str) -> str:
        if self.decades and (decade := _decade(word)):
            return decade
        return american(word) if self.spellings else word

    def describe(self) -> str:
        return "join singular and plural, British and American spelling, ways to write a decade"


def _decade(word: str) -> str:
    """Return a decade as most write it; empty where a word is none."""
    if matched := _DECADE.fullmatch(word):
        return f"{matched[1]}s"
    if matched := _DECADE_OF_2000.fullmatch(word):
        return f"20{matched[1]}s"
    return _DECADES.get(word, "")


@lru_cache(maxsize=_MOST_WORDS)
def american(word: str) -> str:
    """Return a word as it is spelt in American English.

    >>> american("favourites"), american("grey"), american("rock")
    ('favorites', 'gray', 'rock')
    """
    whole, stems = other_spellings()
    if word in whole:
        return whole[word]
    stem = next((word[:end] for end in range(len(word), 3, -1) if word[:end] in stems), "")
    return stems[stem] + word[len(stem) :] if stem else word


@lru_cache(maxsize=_MOST_WORDS)
def singular(word: str) -> str:
    """Return what a word is the plural of; itself where it is none.

    >>> singular("vocalists"), singular("women"), singular("blues")
    ('vocalist', 'woman', 'blues')
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or not word.isalpha() or word in no_plurals():
        return word
    if word.endswith(_NO_ENDINGS):
        return word
    # The rules of the library are asked where there is a choice: there are many words, and it takes its time.
    one = _inflections().singular_noun(word) if word.endswith("es") else word[:-1]
    is_word = one and (one in english_words() or one in _listed())
    return _IRREGULAR.get(str(one), str(one)) if is_word else word


@cache
def _inflections():  # type: ignore[no-untyped-def]
    try:
        import inflect
    except SystemError:  # before Python 3.11.8 threads that parse code at one time disturb each other
        import inflect

    return inflect.engine()


@cache
def _listed() -> frozenset[str]:
    """Return the entries of the lists of words of music that are one word."""
    entries = (words(entry) for name in _LISTED for entry in word_list(name))
    return frozenset(parts[0] for parts in entries if len(parts) == 1)
