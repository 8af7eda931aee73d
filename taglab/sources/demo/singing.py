"""What the demo's songs are about: bags of words that follow mood and style.

`words.txt` has sections and in them words, stemmed as musiXmatch's are, the most used first: those of all
songs (`[common]`), of a mood and of a family of styles. Instrumental tracks have no words, and of some songs
nobody has written them down. A song's words are drawn: most of them common, the others from its mood, of
moods in proportion to how near they are, a few from its family, and some from anywhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

__all__ = ["MOODS", "Word", "sing", "words"]

MOODS = {"happy": (0.8, 0.75), "angry": (0.25, 0.85), "sad": (0.2, 0.3), "tender": (0.65, 0.25)}
"""Mood → its valence and energy."""

_WRITTEN_DOWN = 0.85
_COMMON, _MOOD, _STYLE, _ANY = 0.56, 0.2, 0.09, 0.15
_SPREAD = 0.25  # of a mood over valence and energy
_MEAN_LENGTH = 140

Word = tuple[str, str, str]


@cache
def words() -> tuple[Word, ...]:
    """Return every word with what it goes with, "common", "mood" or "style", and which of them."""
    rows: list[Word] = []
    for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            basis, _, of = line.strip("[]").partition("/")
        else:
            rows += [(word, basis, of) for word in line.split(", ")]
    return tuple(rows)


def sing(rng: np.random.Generator, tracks: pd.DataFrame) -> sparse.csr_array:
    """Write the words of songs.

    Args:
        rng: Source of chance.
        tracks: As `recipes.make_tracks` gives.

    Returns:
        How often each word is in each track, (tracks, words), in the order of `words`.
    """
    chances = _chances(tracks)
    lengths = np.maximum(rng.poisson(_MEAN_LENGTH * rng.lognormal(0, 0.35, len(tracks))), 10)
    written = (tracks["voice"] != "none").to_numpy() & (rng.random(len(tracks)) < _WRITTEN_DOWN)
    counts = [
        rng.multinomial(length if has_words else 0, row)
        for length, has_words, row in zip(lengths, written, chances, strict=True)
    ]
    return sparse.csr_array(np.array(counts))


def _chances(tracks: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return how likely each word is in each track, (tracks, words); 1 in all."""
    chances = np.tile(_ANY * _falling(np.ones(len(words()), bool)), (len(tracks), 1))
    chances += _COMMON * _falling(_of("common", ""))
    nearness = _nearness(tracks)
    for at, mood in enumerate(MOODS):
        chances += _MOOD * nearness[:, at : at + 1] * _falling(_of("mood", mood))
    for family in tracks["family"].unique():
        chances[tracks["family"] == family] += _STYLE * _falling(_of("style", family))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _of(basis: str, of: str) -> npt.NDArray[np.bool_]:
    return np.array([word[1:] == (basis, of) for word in words()])


def _falling(chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return how likely each of the chosen words is, the first most: as Zipf has it, more evenly."""
    weights = np.zeros(len(chosen))
    weights[chosen] = np.arange(1, chosen.sum() + 1) ** -0.7
    return np.asarray(weights / weights.sum())


def _nearness(tracks: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return how much of each mood a track is, (tracks, moods); 1 in all."""
    points = tracks[["valence", "energy"]].to_numpy()
    squared = ((points[:, None] - np.array(list(MOODS.values()))) ** 2).sum(axis=2)
    near = np.exp(-squared / (2 * _SPREAD**2)) + 1e-6
    return np.asarray(near / near.sum(axis=1, keepdims=True))
