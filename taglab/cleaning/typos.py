"""Slips of the pen are merged into what was meant."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import pydantic

from taglab.cleaning.lexicon import (
    RARE,
    WORD_LISTS,
    english_words,
    short_foreign_words,
    single_words,
    word_list,
)
from taglab.cleaning.names import artist_names
from taglab.cleaning.plan import MERGE, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, counted
from taglab.vectors import TagVectors

_REPORT_EVERY = 5_000
_MOST_EDITS = 2
_SHORTEST = 3
_NEGATIONS = frozenset(["un", "non", "in", "im", "ir", "dis", "anti", "a", "no"])
_REPEATED = re.compile(r"(.)\1+")
_LONG = 6
_LONGEST = 60  # letters; what is longer is no word that somebody meant
_ALIKE = tuple(map(frozenset, ("aeiouy", "ckq", "sz", "bp", "dt", "vw", "mn", "gj")))
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NAMED = tuple(name for name in WORD_LISTS if name not in ("ordinary", "junk"))


class Typos(Step):
    """Merge tags into what they are a slip of, by Jaro-Winkler similarity and what kind of slip it is.

    Compared with the words of the category lists and with the most used tags. A pair above the threshold
    merges only if it has as many words on both sides, of which one differs, by a letter or two and in a
    way in which hands and ears err: a letter doubled or not, two swapped, one left out or put in, or replaced
    inside a word by one that sounds alike or lies beside it on the keyboard. Other differences change what is
    meant, and stay: an ending (plural, adjective, "-core"), a beginning ("un-"), a digit. A word that exists
    is no slip ("country", "county"): those of English, short ones of Spanish, French and Italian, and names
    of artists where the data name any. Of several it could be, the most similar is taken, of these the most
    used.

    Attributes:
        threshold: Least Jaro-Winkler similarity.
        most_used: How many of the most used tags to compare with, besides the word lists.
        max_share: A slip is rarer than what was meant: most its count may be of the other's. Of two tags of
            like use each is likely a word; a wider share finds more slips and mistakes more such words. What
            is in a word list and was never used well-spelt has no count, and may be taken all the same.
        known: Words to leave alone and to compare with, beside the lists.

    Source: readme on audio classification with word embeddings, which merges all from 0.9 on.
    """

    kind: Literal["typos"] = "typos"
    threshold: float = pydantic.Field(0.9, ge=0.7, le=1.0)
    most_used: int = pydantic.Field(2_000, ge=0, le=100_000)
    max_share: float = pydantic.Field(0.33, gt=0, le=1.0)
    known: tuple[str, ...] = pydantic.Field((), title="Words to leave alone")

    def decide(self, folksonomy: Folksonomy, vectors: TagVectors | None, progress: Progress) -> Decisions:
        tags = folksonomy.tags["tag"].tolist()
        counts = folksonomy.tags["count"].tolist()
        forms = _forms(tags, between(progress, 0, 0.3))
        comparing = between(progress, 0.3, 1)
        lexicon = known_phrases(self.known)
        written: dict[str, str] = {}
        used: dict[str, int] = {}
        for tag, form, count in zip(tags, forms, counts, strict=True):
            written.setdefault(form, tag)
            used.setdefault(form, count)
        vocabulary = known_words(lexicon)
        targets = (_Targets(dict.fromkeys(forms[: self.most_used])), _targets_of(lexicon))
        names = artist_names(folksonomy)
        left_alone = lexicon | names.whole | names.single
        best: dict[str, tuple[float, str, str]] = {}
        for number, form in enumerate(used):
            if number % _REPORT_EVERY == 0:
                comparing(number / len(used), "comparing tags with known words")
            if form not in left_alone and (meant := self._meant(form, targets, used, vocabulary)):
                best[form] = meant
        return {
            tag: _decision(tag, written.get(best[form][1], best[form][1]), best[form], used)
            for tag, form in zip(tags, forms, strict=True)
            if form in best
        }, {}

    def _meant(
        self, form: str, targets: Sequence[_Targets], used: Mapping[str, int], vocabulary: Vocabulary
    ) -> tuple[float, str, str] | None:
        """Return similarity, target and slip of the most similar target; None where nothing fits."""
        fitting = [
            (score, target, slip)
            for target in dict.fromkeys(near for some in targets for near in some.near(form, vocabulary))
            if used.get(target, math.inf) * self.max_share >= used[form]
            and (score := similarity(form, target)) >= self.threshold
            and (slip := slip_between(form, target, vocabulary))
        ]
        return max(fitting, key=lambda one: preference(one[0], one[1], used), default=None)

    def describe(self) -> str:
        return f"merge slips that are {self.threshold:g} similar to a known word"


def preference(score: float, target: str, used: Mapping[str, int]) -> tuple[float, int, list[int]]:
    """Return what the best target has most of: similarity, then use, then an early place in the alphabet."""
    return score, used.get(target, 0), [-ord(letter) for letter in target]


def similarity(one: str, other: str) -> float:
    """Return the Jaro-Winkler similarity, letters compared at their place where one differs, in [0, 1].

    Else a letter that occurs twice ("famale") would be taken for one that moved, which counts for more.

    >>> round(similarity("famale", "female"), 3), round(similarity("jaz", "jazz"), 3)
    (0.9, 0.942)
    """
    from rapidfuzz.distance import JaroWinkler

    score = round(JaroWinkler.similarity(one, other), 12)
    if len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        alike = 1 - 2 / (3 * len(one))
        in_place = alike + 0.1 * min(4, _common_prefix(one, other)) * (1 - alike)
        score = max(score, round(in_place, 12))
    return score


def _forms(tags: Sequence[str], progress: Progress) -> list[str]:
    """Return each tag in normal form."""
    forms = []
    for number, tag in enumerate(tags):
        if number % _REPORT_EVERY == 0:
            progress(number / len(tags), counted("reading tags", number, len(tags)))
        forms.append(" ".join(words(tag)))
    return forms


@cache
def known_phrases(known: tuple[str, ...]) -> frozenset[str]:
    """Return the phrases of the lists, in normal form."""
    phrases = (phrase for name in _NAMED for phrase in word_list(name))
    return frozenset(" ".join(words(phrase)) for phrase in (*phrases, *known))


@dataclass(frozen=True)
class Vocabulary:
    """Words that exist, and so are no slips.

    Attributes:
        alone: Such words where they are the whole tag.
        within: Such words among others, which agree with those of another tag: usual ones only.
        foreign: Words of other languages; they may be slips of the name of a style all the same ("suol").
    """

    alone: frozenset[str]
    within: frozenset[str]
    foreign: frozenset[str]

    def has(self, word: str, n_words: int) -> bool:
        """Return whether a word of a tag of so many words is known to be one."""
        return word in (self.alone if n_words == 1 else self.within)

    def forbids(self, word: str, other: str) -> bool:
        """Return whether a word of another language is taken for what it is, and not for a slip."""
        return word in self.foreign and other not in single_words("genres")


@cache
def known_words(lexicon: frozenset[str]) -> Vocabulary:
    """Return every word that is known to be one, of whatever it is."""
    ordinary = (*word_list("ordinary"), *word_list("junk"))
    listed = frozenset(word for phrase in (*lexicon, *ordinary) for word in words(phrase))
    return Vocabulary(
        listed | english_words(), listed | english_words(RARE), short_foreign_words() - english_words()
    )


def _decision(tag: str, target: str, nearest: tuple[float, str, str], used: dict[str, int]) -> Decision:
    score, form, slip = nearest
    own = used[" ".join(words(tag))]
    commonness = own / (own + used.get(form, own))
    risk = min(1.0, 5 * (1 - score) + commonness * (1 if slip != "a letter doubled" else 0.5))
    return Decision(MERGE, f"{slip}: {target!r}", (target,), score=score, risk=risk)


class _Targets:
    """Finds which targets a tag could be a slip of, without comparing it with all of them.

    A slip is in one word, and leaves a trace that both words share: the word with a letter less, without its
    repetitions, without its accents. Targets are looked up by their other words and by such traces, so that
    half a million tags take seconds, and exactly those pairs come out that comparing all would give.

    Args:
        targets: In normal form.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        self._by_frame: dict[str, dict[str, list[str]]] = {}
        for target in targets:
            for frame, word in _frames(target):
                if len(word) > _LONGEST:
                    continue
                by_trace = self._by_frame.setdefault(frame, {})
                for trace in _traces(word):
                    by_trace.setdefault(trace, []).append(target)

    def near(self, form: str, vocabulary: Vocabulary) -> list[str]:
        """Return targets of which a form may be a slip, in no order; most others are left out.

        Args:
            form: In normal form.
            vocabulary: Words that exist, and so are no slips.
        """
        candidates: dict[str, None] = {}
        for frame, word in _frames(form):
            if vocabulary.has(word, 1 + bool(frame)) or not _SHORTEST <= len(word) <= _LONGEST:
                continue
            if by_trace := self._by_frame.get(frame):
                for trace in _traces(word):
                    candidates.update(dict.fromkeys(by_trace.get(trace, ())))
        return [
            target for target in candidates if target != form and abs(len(target) - len(form)) <= _MOST_EDITS
        ]


@lru_cache(maxsize=8)
def _targets_of(lexicon: frozenset[str]) -> _Targets:
    return _Targets(lexicon)


def _frames(form: str) -> Iterator[tuple[str, str]]:
    """Yield each word of a form, with what stands around it."""
    if " " not in form:
        yield "", form
        return
    parts = form.split(" ")
    for at, word in enumerate(parts):
        yield " ".join((*parts[:at], "\0", *parts[at + 1 :])), word


def _traces(word: str) -> set[str]:
    """Return what a word leaves in every slip of it."""
    shorter = {word[:at] + word[at + 1 :] for at in range(len(word))}
    return shorter | {word, _REPEATED.sub(r"\1", word), _plain(word)}


def slip_between(written: str, meant: str, vocabulary: Vocabulary) -> str:
    """Return how one could be a slip of the other, as a phrase; empty where it could not.

    Args:
        written: What was written, in normal form.
        meant: What may have been meant, in normal form.
        vocabulary: Words that exist, and so are no slips.
    """
    ours, theirs = written.split(), meant.split()
    if len(ours) != len(theirs):
        return ""
    differing = [(one, other) for one, other in zip(ours, theirs, strict=True) if one != other]
    if len(differing) != 1:
        return ""
    one, other = differing[0]
    lengths = sorted((len(one), len(other)))
    if (
        vocabulary.has(one, len(ours))
        or vocabulary.forbids(one, other)
        or lengths[0] < _SHORTEST
        or lengths[1] > _LONGEST
        or not (one + other).isalpha()
    ):
        return ""
    return _slip_of_word(one, other, shortest=_SHORTEST + (len(ours) == 1))


def _slip_of_word(one: str, other: str, shortest: int) -> str:
    """Return how a word that does not exist could be a slip of another; empty where it could not.

    Words of up to `shortest` letters have too many neighbours for a slip to be told: fewer inside a phrase,
    whose other words agree.
    """
    if _is_swap(one, other):
        return "two letters swapped" if len(other) >= shortest else ""
    if _REPEATED.sub(r"\1", one) == _REPEATED.sub(r"\1", other):
        return "a letter doubled" if len(one) > _SHORTEST or other in single_words("genres") else ""
    if len(other) >= _LONG and other == one + "e":
        return "a letter left out"
    if one[0] != other[0] or _is_affix(one, other) or len(other) <= shortest:
        return ""
    start = _common_prefix(one, other)
    end = min(_common_prefix(one[::-1], other[::-1]), min(len(one), len(other)) - start)
    ours, theirs = one[start : len(one) - end], other[start : len(other) - end]
    if end == 0 and (ours[-1:], theirs[-1:]) not in (("k", "c"), ("z", "s")):
        return ""
    if (len(ours), len(theirs)) in ((0, 1), (1, 0)):
        long_enough = len(other) >= _LONG or shortest == _SHORTEST
        return ("a letter put in" if ours else "a letter left out") if long_enough else ""
    if len(ours) != 1 or len(theirs) != 1:
        return "a letter replaced by one that sounds alike" if _plain(one) == _plain(other) else ""
    if any({ours, theirs} <= sound for sound in _ALIKE) or _plain(one) == _plain(other):
        return "a letter replaced by one that sounds alike"
    return (
        "a letter replaced by the one beside it"
        if len(other) >= _LONG and _are_neighbours(ours, theirs)
        else ""
    )


def _are_neighbours(one: str, other: str) -> bool:
    """Return whether two letters lie beside one another on a keyboard, in a row or between two."""
    place = {key: (row, column) for row, keys in enumerate(_KEYS) for column, key in enumerate(keys)}
    if one not in place or other not in place:
        return False
    (row, column), (other_row, other_column) = sorted((place[one], place[other]))
    if row == other_row:
        return other_column - column == 1
    return other_row - row == 1 and column - other_column in (0, 1)


def _plain(word: str) -> str:
    """Return a word without accents."""
    if word.isascii():
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


def _is_swap(one: str, other: str) -> bool:
    """Return whether two neighbouring letters are swapped."""
    at = _common_prefix(one, other)
    return (
        len(one) == len(other)
        and one[at : at + 2] == other[at : at + 2][::-1]
        and one[at + 2 :] == other[at + 2 :]
    )


def _is_affix(one: str, other: str) -> bool:
    """Return whether one is the other with a beginning or an ending."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) or (long.endswith(short) and long[: -len(short)] in _NEGATIONS)


def _common_prefix(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
