"""Vectors of tracks, for the tests of everything that works on any vectors."""

import numpy as np

from taglab.vectors import Vectors


def random_tracks(measure: str, n: int = 60, dim: int = 5, seed: int = 0, scale: float = 1.0) -> Vectors:
    """Vectors of many directions and lengths, by the name of a measure."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, dim)) * random.uniform(0.2, 5, size=(n, 1)) * scale
    ids = tuple(f"track {row}" for row in range(n))
    return Vectors("tracks", ids, rows.astype(np.float32), name="made up", measure=measure)
