"""Small vectors and folksonomies that the tests of this room share."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from taglab.embeddings import WordVectors
from taglab.folksonomy import Folksonomy


def word_vectors(rows: dict[str, Sequence[float]], name: str = "made up") -> WordVectors:
    return WordVectors(name, tuple(rows), np.array(list(rows.values()), np.float32))


def folksonomy(tag_lists: Sequence[Sequence[str]], name: str = "some tracks") -> Folksonomy:
    tags = sorted({tag for tags in tag_lists for tag in tags})
    rows = {tag: row for row, tag in enumerate(tags)}
    pairs = [(track, rows[tag]) for track, own in enumerate(tag_lists) for tag in own]
    codes = np.array(pairs, np.int64).reshape(-1, 2)
    tracks = pd.DataFrame({"track": [f"track {number}" for number in range(len(tag_lists))]})
    return Folksonomy.from_codes(name, tracks, tags, codes[:, 0], codes[:, 1])


def random_words(count: int, dim: int, seed: int = 0) -> WordVectors:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return WordVectors("random", tuple(f"word{number}" for number in range(count)), rows)
