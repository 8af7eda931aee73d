"""Word vectors trained on a folksonomy's own tag lists: skip-gram with negative sampling, by gensim."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.embeddings.phrases import parts
from taglab.embeddings.words import WordVectors
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, counted, silent


class SkipGramSettings(BaseModel):
    """How word vectors are trained on tag lists.

    Attributes:
        dim: Number of components.
        window: How many words on either side of a word count as its company. Tags of a track have no order,
            so they are shuffled at every pass: of a long list each word meets others every time.
        epochs: Passes over all tag lists; 0 takes as many as make `pairs`, at most 500, and
            at least 3, but one where a pass makes tens of millions.
        pairs: How many pairs of words to train on, about, where `epochs` is 0. On the demo a third recovers
            less of its truth, and five times as many no more.
        negative: Words drawn as counterexamples per pair.
        sample: Share of all words above which a word is passed over now and then; 0 never does. Useful for
            running text; of a small vocabulary every word is above the usual 0.001.
        ns_exponent: Power of a word's frequency with which counterexamples are drawn.
        alpha: Learning rate at the start; it falls to a hundredth of that in a straight line.
        min_count: Words met on fewer tracks get no vector.
        unit: "words": a tag's words, of which vectors of tags are composed; "tags": every tag is one word.
        lowercase: Whether "Rock" and "rock" are one word; looking up finds either way.
        seed: Of the first vectors, of the shuffling and of the counterexamples.

    Source:
        Mikolov et al. 2013, Distributed representations of words and phrases and their compositionality;
        as used on tags: Ros Perez 2021, section 8.2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(64, ge=2, le=1000)
    window: int = Field(10, ge=1, le=1000)
    epochs: int = Field(0, ge=0, le=10_000)
    pairs: int = Field(3_000_000, ge=1)
    negative: int = Field(5, ge=1, le=100)
    sample: float = Field(0.0, ge=0, le=1)
    ns_exponent: float = Field(0.75, ge=-2, le=2)
    alpha: float = Field(0.025, gt=0, le=1)
    min_count: int = Field(1, ge=1)
    unit: Literal["words", "tags"] = "words"
    lowercase: bool = False
    seed: int = Field(0, ge=0, lt=2**32)


_SOME_EPOCHS, _MOST_EPOCHS = 3, 500
_MANY_PAIRS = 50_000_000  # a pass over the whole of Last.fm makes four times as many and takes minutes
_WORDS_PER_CALL = 50_000
_LAST_RATE = 0.01
_TAGS_BETWEEN_REPORTS, _LISTS_BETWEEN_REPORTS = 5_000, 5_000
_COLLECTED = 0.06  # share of the time that goes by before the first pass begins
# Of one core: 0.8 microseconds a pair of the demo, whose vectors fit in a cache, twice as many of a large
# vocabulary, whose do not; at the usual dimension and counterexamples.
_SECONDS_A_PAIR, _SECONDS_A_WORD, _USUAL_WORK = 2e-6, 5e-6, 5 * 64


class _WordLists:
    """The words of some tracks as lists, shuffled anew at each pass.

    Args:
        words: Distinct words.
        starts: Where each track's words begin in `columns`, and where the last's end (tracks + 1,).
        columns: The tracks' words one after another, as positions in `words`.
        seed: Of the shuffling.
    """

    def __init__(
        self,
        words: npt.NDArray[np.object_],
        starts: npt.NDArray[np.int64],
        columns: npt.NDArray[np.int64],
        seed: int,
    ) -> None:
        self._words = words
        self._starts = starts - starts[0]
        self._columns = columns[starts[0] : starts[-1]]
        self._random = np.random.default_rng((seed, int(starts[0])))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def telling(self, progress: Progress) -> Iterator[list[str]]:
        """Go through the lists once, telling how far that is."""
        for number, words in enumerate(self):
            if number % _LISTS_BETWEEN_REPORTS == 0:
                progress(number / len(self), counted("counting words of tracks", number, len(self)))
            yield words

    def __iter__(self) -> Iterator[list[str]]:
        track = np.repeat(np.arange(len(self)), np.diff(self._starts))
        order = np.lexsort((self._random.random(len(track)), track))
        words = self._words[self._columns[order]].tolist()
        for start, stop in pairwise(self._starts.tolist()):
            yield words[start:stop]


def _words_of(tag: str, settings: SkipGramSettings) -> list[str]:
    text = tag.lower() if settings.lowercase else tag
    if settings.unit == "tags":
        return [text.strip()] if text.strip() else []
    return parts(text) or text.split()


def _words_by_track(
    folksonomy: Folksonomy, settings: SkipGramSettings, progress: Progress
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return distinct words, and those of each track as `_WordLists` takes them, with repetitions."""
    numbers: dict[str, int] = {}
    of_tag: list[list[int]] = []
    for row, tag in enumerate(folksonomy.tags["tag"]):
        if row % _TAGS_BETWEEN_REPORTS == 0:
            done = row / folksonomy.n_tags
            progress(done, counted("collecting words of tags", row, folksonomy.n_tags))
        of_tag.append([numbers.setdefault(word, len(numbers)) for word in _words_of(tag, settings)])
    words = np.empty(len(numbers), object)
    words[:] = list(numbers)
    tag_lengths = np.array([len(columns) for columns in of_tag], np.int64)
    tag_starts = np.append(0, np.cumsum(tag_lengths))
    flat = np.fromiter(chain.from_iterable(of_tag), np.int64, tag_starts[-1])
    tags = folksonomy.matrix.indices
    lengths = tag_lengths[tags]
    ends = np.cumsum(lengths)
    # Each assignment's words: positions 0, 1, … within it, moved to where its tag's words begin.
    within = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)
    columns = flat[np.repeat(tag_starts[tags], lengths) + within]
    return words, np.append(0, ends)[folksonomy.matrix.indptr], columns


def _fixed_hash(text: str) -> int:
    # Python's own hash differs from process to process.
    return zlib.crc32(text.encode("utf-8"))


def train_skipgram(
    folksonomy: Folksonomy,
    settings: SkipGramSettings | None = None,
    name: str = "own",
    progress: Progress = silent,
) -> WordVectors:
    """Train word vectors on the tag lists of a folksonomy.

    One worker and a fixed hash: the same folksonomy, settings and gensim give the same vectors in any process
    of one machine.

    Args:
        folksonomy: The words of each track's tags make one list.
        settings: How to train; the defaults where None.
        name: What to call the vectors.
        progress: Told how far it is; what it raises stops the training.

    Raises:
        InvalidSetting: If no word is met often enough.
    """
    from gensim.models import Word2Vec

    settings = settings or SkipGramSettings()
    words, starts, columns = _words_by_track(folksonomy, settings, between(progress, 0.0, _COLLECTED / 3))
    model = Word2Vec(
        vector_size=settings.dim,
        window=settings.window,
        min_count=settings.min_count,
        sample=settings.sample,
        negative=settings.negative,
        ns_exponent=settings.ns_exponent,
        seed=settings.seed,
        sg=1,
        workers=1,
        hashfxn=_fixed_hash,
        shrink_windows=False,
    )
    lists = _WordLists(words, starts, columns, settings.seed)
    model.build_vocab(lists.telling(between(progress, _COLLECTED / 3, _COLLECTED)))
    if not len(model.wv):
        raise InvalidSetting(
            f"min_count={settings.min_count} leaves none of the {len(words)} words of {folksonomy.name} "
            "to train on"
        )
    _train(model, words, starts, columns, settings, between(progress, _COLLECTED, 1.0))
    return WordVectors(
        name,
        tuple(model.wv.index_to_key),
        np.array(model.wv.vectors, np.float32),
        f"skip-gram on {folksonomy.name}",
    )


def training_seconds(folksonomy: Folksonomy, settings: SkipGramSettings | None = None) -> float:
    """Estimate how long `train_skipgram` takes, in seconds: by the pairs of words it goes through.

    Args:
        folksonomy: What is trained on.
        settings: How; the defaults where None.
    """
    settings = settings or SkipGramSettings()
    of_tag = np.array([len(_words_of(tag, settings)) for tag in folksonomy.tags["tag"]], np.int64)
    presence = (folksonomy.matrix != 0).astype(np.int64)
    lengths = presence @ of_tag
    epochs = settings.epochs or _enough_epochs(lengths, settings)
    work = settings.negative * settings.dim / _USUAL_WORK
    pairs = epochs * _pairs(lengths, settings)
    return float(pairs * _SECONDS_A_PAIR * work + lengths.sum() * _SECONDS_A_WORD)


def _train(
    model: Any,
    words: npt.NDArray[np.object_],
    starts: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    settings: SkipGramSettings,
    progress: Progress,
) -> None:
    """Pass over all lists as often as asked, the learning rate falling in a straight line throughout."""
    epochs = settings.epochs or _enough_epochs(np.diff(starts), settings)
    n_tracks, n_words = len(starts) - 1, len(columns)
    # gensim cannot be stopped within a call, and starting one has its price.
    at_once = max(1, _WORDS_PER_CALL // n_words)
    cuts = np.searchsorted(starts, np.arange(_WORDS_PER_CALL, n_words, _WORDS_PER_CALL))
    bounds = np.unique([0, *cuts.tolist(), n_tracks]).tolist()
    pieces = [
        _WordLists(words, starts[first : last + 1], columns, settings.seed)
        for first, last in pairwise(bounds)
    ]
    done = 0.0
    for epoch in range(0, epochs, at_once):
        n_epochs = min(at_once, epochs - epoch)
        for piece in pieces:
            progress(done, f"training word vectors, pass {epoch + 1} of {epochs}")
            end = done + len(piece) * n_epochs / (n_tracks * epochs)
            model.train(
                piece,
                total_examples=len(piece),
                epochs=n_epochs,
                start_alpha=settings.alpha * (1 - (1 - _LAST_RATE) * done),
                end_alpha=settings.alpha * (1 - (1 - _LAST_RATE) * end),
            )
            done = end


def _pairs(lengths: npt.NDArray[np.int64], settings: SkipGramSettings) -> int:
    """Return how many pairs of words a pass goes through."""
    return int((lengths * np.minimum(np.maximum(lengths - 1, 0), 2 * settings.window)).sum())


def _enough_epochs(lengths: npt.NDArray[np.int64], settings: SkipGramSettings) -> int:
    pairs = _pairs(lengths, settings)
    wanted = max(settings.pairs, min(_SOME_EPOCHS * pairs, _MANY_PAIRS))
    return min(max(wanted // max(pairs, 1), 1), _MOST_EPOCHS)
