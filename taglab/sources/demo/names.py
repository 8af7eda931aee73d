"""Invented names of artists and songs, pronounceable and nobody's."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

__all__ = ["artist_names", "song_titles"]


@cache
def _parts() -> dict[str, list[str]]:
    lines = Path(__file__).with_name("names.txt").read_text(encoding="utf-8").splitlines()
    return {kind: words.split() for kind, words in (line.split(": ") for line in lines)}


def _one(rng: np.random.Generator, kind: str) -> str:
    return str(rng.choice(_parts()[kind]))


def _surname(rng: np.random.Generator) -> str:
    return _one(rng, "starts") + _one(rng, "middles" if rng.random() < 0.5 else "ends")


def _artist(rng: np.random.Generator) -> str:
    form = rng.random()
    if form < 0.2:  # three syllables: shorter words are soon somebody's name
        return _one(rng, "starts") + _one(rng, "middles") + _one(rng, "ends")
    if form < 0.6:
        return f"{_one(rng, 'first names')} {_surname(rng)}"
    if form < 0.9:
        return f"The {_surname(rng)} {_one(rng, 'nouns')}"
    return f"{_surname(rng)} & the {_one(rng, 'nouns')}"


def artist_names(rng: np.random.Generator, n: int) -> list[str]:
    """Return `n` distinct names."""
    names: dict[str, None] = {}
    while len(names) < n:
        names[_artist(rng)] = None
    return list(names)


def song_titles(rng: np.random.Generator, n: int) -> list[str]:
    """Return `n` titles, some of them alike."""
    first = rng.choice(_parts()["song first"], n)
    second = rng.choice(_parts()["song second"], n)
    return [f"{one} {other}" for one, other in zip(first, second, strict=True)]
