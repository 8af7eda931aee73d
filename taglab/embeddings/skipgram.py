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
from taglab.progress import Progress, silent


class SkipGramSettings(BaseModel):
    """How word vectors are trained on tag lists.

    Attributes:
        dim: Number of components.
        window: How many words on either side of a word count as its company. Tags of a track have no order,
            so all of them should: only very long lists go beyond the default.
        epochs: Passes over all tag lists; 0 takes as many as make `words_seen` words, from 5 to 1,000.
        words_seen: How many words to train on in all where `epochs` is 0. On the demo 100,000 already recover
            its concepts as well as a million (ARI within 0.01).
        negative: Words drawn as counterexamples per pair.
        sample: Share of all words above which a word is passed over now and then; 0 never does.
        ns_exponent: Power of a word's frequency with which counterexamples are drawn.
        alpha: Learning rate at the start; it falls to a hundredth of that in a straight line.
        min_count: Words met less often get no vector.
        unit: "words": a tag's words, of which vectors of tags are composed; "tags": every tag is one word.
        lowercase: Whether "Rock" and "rock" are one word; looking up finds either way.
        seed: Of the first vectors, of the passing over and of the counterexamples.

    Source:
        Mikolov et al. 2013, Distributed representations of words and phrases and their compositionality;
        as used on tags: Ros Perez 2021, section 8.2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(64, ge=2, le=1000)
    window: int = Field(50, ge=1, le=1000)
    epochs: int = Field(0, ge=0, le=10_000)
    words_seen: int = Field(300_000, ge=1)
    negative: int = Field(10, ge=1, le=100)
    sample: float = Field(1e-3, ge=0, le=1)
    ns_exponent: float = Field(0.75, ge=-2, le=2)
    alpha: float = Field(0.05, gt=0, le=1)
    min_count: int = Field(1, ge=1)
    unit: Literal["words", "tags"] = "words"
    lowercase: bool = False
    seed: int = Field(0, ge=0, lt=2**32)


_FEWEST_EPOCHS = 5
_MOST_EPOCHS = 1000  # of a handful of tag lists, thousands of passes take minutes and teach nothing more
_WORDS_PER_CALL = 100_000
_LAST_RATE = 0.01


class _TagLists:
    """The tag lists of some tracks as lists of words, made anew at each pass."""

    def __init__(self, folksonomy: Folksonomy, words_of: list[list[str]], start: int, stop: int) -> None:
        self._matrix = folksonomy.matrix
        self._words_of = words_of
        self._tracks = range(start, stop)

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[list[str]]:
        starts = self._matrix.indptr
        for track in self._tracks:
            tags = self._matrix.indices[starts[track] : starts[track + 1]].tolist()
            yield list(chain.from_iterable(self._words_of[tag] for tag in tags))


def _words_of(tag: str, settings: SkipGramSettings) -> list[str]:
    text = tag.lower() if settings.lowercase else tag
    if settings.unit == "tags":
        return [text.strip()] if text.strip() else []
    return parts(text) or text.split()


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
        folksonomy: Each track's tags, most used first, make one list of words.
        settings: How to train; the defaults where None.
        name: What to call the vectors.
        progress: Told how far it is; what it raises stops the training.

    Raises:
        InvalidSetting: If no word is met often enough.
    """
    from gensim.models import Word2Vec

    settings = settings or SkipGramSettings()
    words_of = [_words_of(tag, settings) for tag in folksonomy.tags["tag"]]
    lengths = np.asarray([len(words) for words in words_of], np.int64)
    # Words before each track, counted over all tracks; one number more than there are tracks.
    before = np.append(0, np.cumsum(lengths[folksonomy.matrix.indices]))[folksonomy.matrix.indptr]
    n_words = int(before[-1])
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
    model.build_vocab(_TagLists(folksonomy, words_of, 0, folksonomy.n_tracks))
    if not len(model.wv):
        raise InvalidSetting(
            f"min_count={settings.min_count} leaves no word to train on; {folksonomy.name} has {n_words}, "
            "repetitions included"
        )
    _train(
        model,
        [_TagLists(folksonomy, words_of, *piece) for piece in _pieces(before)],
        n_words,
        settings,
        progress,
    )
    return WordVectors(
        name,
        tuple(model.wv.index_to_key),
        np.array(model.wv.vectors, np.float32),
        f"skip-gram on {folksonomy.name}",
    )


def _pieces(before: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return runs of tracks of some hundred thousand words each: gensim cannot be stopped within one."""
    cuts = np.searchsorted(before, np.arange(_WORDS_PER_CALL, before[-1], _WORDS_PER_CALL))
    bounds = np.unique([0, *cuts.tolist(), len(before) - 1]).tolist()
    return list(pairwise(bounds))


def _train(
    model: Any, pieces: list[_TagLists], n_words: int, settings: SkipGramSettings, progress: Progress
) -> None:
    """Pass over the pieces as often as asked, the learning rate falling in a straight line throughout."""
    wanted = min(max(_FEWEST_EPOCHS, -(-settings.words_seen // n_words)), _MOST_EPOCHS)
    epochs = settings.epochs or wanted
    at_once = max(1, _WORDS_PER_CALL // n_words)
    n_tracks = sum(len(piece) for piece in pieces)
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
