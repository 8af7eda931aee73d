"""From words to tags: which words of a tag are known, and the vector of the whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from scipy import sparse

from taglab.embeddings.words import WordVectors
from taglab.progress import Progress, between, counted, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

Form = Literal["exact", "lower", "title", "upper"]
FORMS: dict[str, Callable[[str], str]] = {
    "exact": str,
    "lower": str.lower,
    "title": str.title,
    "upper": str.upper,
}

# Every ASCII punctuation mark, the dashes, quotes, dots and bullets of other alphabets, and white space.
# Letters with combining marks stay whole, so that words of any script do.
_SEPARATORS = re.compile(r"[\s!-/:-@\[-`{-~‐-―‘-‟•…·、。「」・|]+")
_TAGS_PER_BLOCK = 16_384
_TAGS_BETWEEN_REPORTS = 20_000
# Unit vectors of float32 that cancel leave about 1e-7 a word.
_CANCELLED = 1e-5


class Lookup(BaseModel):
    """How the words of a tag are looked up; the order is that of the fields.

    Attributes:
        whole_tag: A tag that the vocabulary holds itself is taken whole, as it is or with `_` for its spaces
            (vectors of phrases or of tags are written so). Otherwise, and by itself, a tag is split at white
            space.
        forms: Spellings to try for each, first found wins: "exact" as people wrote it, "lower" case, "title"
            case, "upper" case. The thesis (section 7.2.1) knows "exact" only.
        split_punctuation: A word that is not found is split at its punctuation and its parts looked up:
            "jazz-funk" becomes "jazz" and "funk" where there is no vector of "jazz-funk". Punctuation that
            stands alone ("drum & bass") and has no vector is no word.
        fully_known: Only tags all of whose words have a vector; the others are left without one. Otherwise an
            unknown word adds nothing, and "female vocalists" may have the very vector of "female".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole_tag: bool = True
    forms: tuple[Form, ...] = ("exact", "lower", "title", "upper")
    split_punctuation: bool = True
    fully_known: bool = False

    def record(self) -> dict[str, Any]:
        """Return it as label spaces keep it, under `lookup`; nothing where it is the usual one."""
        changed = self.model_dump(mode="json", exclude_defaults=True)
        return {"lookup": changed} if changed else {}


@dataclass(frozen=True, eq=False)
class FoundWords:
    """What looking up the words of tags gave.

    Attributes:
        rows: Per tag, the rows of its known words; a word that stands twice counts twice.
        words: Per tag, its words as they were looked for, the unknown included.
        unknown: Per tag, its words without a vector.
    """

    rows: list[tuple[int, ...]]
    words: list[tuple[str, ...]]
    unknown: list[tuple[str, ...]]

    __repr__ = one_line


def parts(word: str) -> list[str]:
    """Return what is left of a word when it is split at punctuation; nothing where it is punctuation only."""
    return [part for part in _SEPARATORS.split(word) if part]


def find_words(
    words: WordVectors, tags: Sequence[str], lookup: Lookup | None = None, progress: Progress = silent
) -> FoundWords:
    """Look up the words of every tag.

    Args:
        words: Where to look. A word whose vector is all zeros counts as unknown.
        tags: As people wrote them.
        lookup: How to look; the default where None.
        progress: Told how far it is.
    """
    finder = _Finder(words, lookup or Lookup())
    found = FoundWords([], [], [])
    for number, tag in enumerate(tags):
        if number % _TAGS_BETWEEN_REPORTS == 0:
            progress(number / len(tags), counted("looking up the words of tags", number, len(tags)))
        rows, texts, unknown = finder.tag(tag)
        found.rows.append(rows)
        found.words.append(texts)
        found.unknown.append(unknown)
    return found


_Words = tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]
_NOTHING: _Words = ((), (), ())


class _Finder:
    """Looks words up, and remembers those it has met."""

    def __init__(self, words: WordVectors, lookup: Lookup) -> None:
        self._words = words
        # A plain view: taking a row of a memory map costs many times more.
        self._vectors = words.vectors.view(np.ndarray)
        self._lookup = lookup
        self._forms = [FORMS[form] for form in lookup.forms]
        self._met: dict[str, _Words] = {}

    def tag(self, tag: str) -> _Words:
        tokens = tag.split()
        if self._lookup.whole_tag and len(tokens) > 1:
            row = self._row(tag.strip())
            row = self._row("_".join(tokens)) if row is None else row
            if row is not None:
                return (row,), (tag,), ()
        found = [self._token(token) for token in tokens]
        rows, texts, unknown = (tuple(item for one in found for item in one[kind]) for kind in range(3))
        if not texts and tokens:
            return (), (tag,), (tag,)
        return rows, texts, unknown  # type: ignore[return-value]

    def _token(self, token: str) -> _Words:
        met = self._met.get(token)
        if met is None:
            met = self._met[token] = self._look_up(token)
        return met

    def _look_up(self, token: str) -> _Words:
        row = self._row(token)
        if row is not None:
            return (row,), (token,), ()
        if not self._lookup.split_punctuation:
            return (), (token,), (token,)
        inside = parts(token)
        if inside == [token]:
            return (), (token,), (token,)
        found = [(self._row(part), part) for part in inside]
        rows = tuple(row for row, _ in found if row is not None)
        return rows, tuple(inside), tuple(part for row, part in found if row is None)

    def _row(self, text: str) -> int | None:
        for form in self._forms:
            row = self._words.get(form(text))
            if row is not None and self._vectors[row].any():
                return row
        return None


def compose(
    words: WordVectors, tags: Sequence[str], lookup: Lookup | None = None, progress: Progress = silent
) -> TagVectors:
    """Return the vectors of tags: of each, the normalised sum of its words' unit vectors.

    An unknown word adds nothing, and is named among the `unknown`; where only fully known tags are asked for,
    the tag is `missing`. So is one of which no word is known, or whose words cancel out.

    Args:
        words: Vectors of words.
        tags: Each once; the order is kept.
        lookup: How words are looked up; the default where None.
        progress: Told how far it is.

    Source:
        Ros Perez 2021, section 7.2.1.
    """
    found = find_words(words, tags, lookup, between(progress, 0.0, 0.6))
    only = lookup is not None and lookup.fully_known
    return sum_words(words, tags, found, only, between(progress, 0.6, 1.0))


def sum_words(
    words: WordVectors,
    tags: Sequence[str],
    found: FoundWords,
    fully_known: bool = False,
    progress: Progress = silent,
) -> TagVectors:
    """Return the vectors of tags whose words have been looked up (the other half of `compose`)."""
    # Filled from the front: at half a million tags each copy of this takes half a gigabyte.
    vectors = np.empty((len(tags), words.dim), np.float32)
    known = np.zeros(len(tags), bool)
    filled = 0
    for start in range(0, len(tags), _TAGS_PER_BLOCK):
        block = slice(start, start + _TAGS_PER_BLOCK)
        progress(start / len(tags), counted("adding up the words of tags", start, len(tags)))
        sums = _sums_of_words(words, found.rows[block])
        words.release()  # which are as large as what comes of them
        norms = np.linalg.norm(sums, axis=1)
        known[block] = norms > _CANCELLED
        if fully_known:
            known[block] &= np.array([not unknown for unknown in found.unknown[block]])
        taken = np.flatnonzero(known[block])
        vectors[filled : filled + len(taken)] = sums[taken] / norms[taken, None]
        filled += len(taken)
    names = np.empty(len(tags), object)
    names[:] = list(tags)
    unknown = {
        tag: " ".join(lacking)
        for tag, lacking, is_known in zip(tags, found.unknown, known, strict=True)
        if lacking and is_known
    }
    ids, missing = tuple(names[known]), tuple(names[~known])
    return TagVectors(ids, vectors[:filled], missing, words.name, unknown=unknown)


def _sums_of_words(words: WordVectors, rows: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
    """Return the sum of the unit vectors of each tag's words, (tags, dim); zeros where it has none."""
    lengths = [len(of_tag) for of_tag in rows]
    flat = np.fromiter((row for of_tag in rows for row in of_tag), np.int64, sum(lengths))
    used, columns = np.unique(flat, return_inverse=True)
    counts = sparse.csr_array(
        (np.ones(len(flat), np.float32), columns, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)),
        shape=(len(rows), len(used)),
    )
    # In the order of their columns, so that "jazz funk" and "funk jazz" come out equal to the last bit.
    counts.sum_duplicates()
    sums: npt.NDArray[np.float32] = counts @ _unit_rows(words.vectors, used)
    return sums


def _unit_rows(vectors: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return some rows, none of them all zeros, at length 1."""
    taken = np.asarray(vectors[rows])
    # Scaled by the largest component first: the square of a tiny or huge one would under- or overflow.
    taken /= np.maximum(taken.max(axis=1, initial=0.0), -taken.min(axis=1, initial=0.0))[:, None]
    taken /= np.sqrt(np.einsum("ij,ij->i", taken, taken))[:, None]
    return taken
