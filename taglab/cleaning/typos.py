"""Slips of the pen are merged into what was meant."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

import pydantic

from taglab.cleaning.lexicon import WORD_LISTS, word_list
from taglab.cleaning.plan import MERGE, Decision
from taglab.cleaning.spelling import words
from taglab.cleaning.step import Decisions, Step
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, counted
from taglab.tag_vectors import TagVectors

_REPORT_EVERY = 5_000
_MOST_EDITS = 2
_SHORTEST = 3
_NEGATIONS = frozenset(["un", "non", "in", "im", "ir", "dis", "anti", "a", "no"])
_REPEATED = re.compile(r"(.)\1+")
_LONG = 6
_LONGEST = 60  # letters; what is longer is no word that somebody meant
_ALIKE = tuple(map(frozenset, ("aeiouy", "ckq", "sz", "bp", "dt", "vw", "mn", "gj")))
_NAMED = tuple(name for name in WORD_LISTS if name not in ("ordinary", "junk"))


class Typos(Step):
    """Merge tags into what they are a slip of, by Jaro-Winkler similarity and what kind of slip it is.

    Compared with the words of the category lists and with the most used tags. A pair above the threshold
    merges only if it has as many words on both sides, of which one differs, by a letter or two and in a
    way in which hands and ears err: a letter doubled or not, two swapped, one left out or put in, or replaced
    inside a word by one that sounds alike. Other differences change what is meant, and stay: an ending
    (plural, adjective, "-core"), a beginning ("un-"), a digit, two words that both exist ("country",
    "county"). Of several it could be, the most similar is taken.

    Attributes:
        rejected: Tags that stay as they are.
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
    known: tuple[str, ...] = ()

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
        targets = _Targets(dict.fromkeys((*forms[: self.most_used], *sorted(lexicon))), vocabulary)
        best: dict[str, tuple[float, str, str]] = {}
        for number, form in enumerate(used):
            if number % _REPORT_EVERY == 0:
                comparing(number / len(used), "comparing tags with known words")
            if form not in lexicon and (found := self._meant(form, targets, used, vocabulary)):
                best[form] = found
        return {
            tag: _decision(tag, written.get(best[form][1], best[form][1]), best[form], used)
            for tag, form in zip(tags, forms, strict=True)
            if form in best
        }, {}

    def _meant(
        self, form: str, targets: _Targets, used: Mapping[str, int], vocabulary: frozenset[str]
    ) -> tuple[float, str, str] | None:
        """Return similarity, target and slip of the most similar target; None where nothing fits."""
        from rapidfuzz.distance import JaroWinkler

        found = []
        for target in targets.near(form):
            if used.get(target, math.inf) * self.max_share < used[form]:
                continue
            score = JaroWinkler.similarity(form, target, score_cutoff=self.threshold)
            if score and (slip := slip_between(form, target, vocabulary)):
                found.append((score, target, slip))
        return max(found, default=None)

    def describe(self) -> str:
        return f"merge slips that are {self.threshold:g} similar to a known word"


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


@cache
def known_words(lexicon: frozenset[str]) -> frozenset[str]:
    """Return every word that is known to be one."""
    ordinary = (*word_list("ordinary"), *word_list("junk"))
    return frozenset(word for phrase in (*lexicon, *ordinary) for word in words(phrase))


def _decision(tag: str, target: str, found: tuple[float, str, str], used: dict[str, int]) -> Decision:
    score, form, slip = found
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
        vocabulary: Words that exist, and so are no slips.
    """

    def __init__(self, targets: Iterable[str], vocabulary: frozenset[str]) -> None:
        self._vocabulary = vocabulary
        self._by_frame: dict[str, dict[str, list[str]]] = {}
        for target in targets:
            for frame, word in _frames(target):
                if len(word) > _LONGEST:
                    continue
                by_trace = self._by_frame.setdefault(frame, {})
                for trace in _traces(word):
                    by_trace.setdefault(trace, []).append(target)

    def near(self, form: str) -> list[str]:
        """Return targets of which a form may be a slip, in no order; most others are left out."""
        found: dict[str, None] = {}
        for frame, word in _frames(form):
            if word in self._vocabulary or not _SHORTEST <= len(word) <= _LONGEST:
                continue
            if by_trace := self._by_frame.get(frame):
                for trace in _traces(word):
                    found.update(dict.fromkeys(by_trace.get(trace, ())))
        return [target for target in found if target != form and abs(len(target) - len(form)) <= _MOST_EDITS]


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


def slip_between(written: str, meant: str, vocabulary: frozenset[str]) -> str:
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
    if one in vocabulary or lengths[0] < _SHORTEST or lengths[1] > _LONGEST or not (one + other).isalpha():
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
        return "a letter doubled"
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
    alike = len(ours) == len(theirs) == 1 and any({ours, theirs} <= sound for sound in _ALIKE)
    return "a letter replaced by one that sounds alike" if alike or _plain(one) == _plain(other) else ""


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
