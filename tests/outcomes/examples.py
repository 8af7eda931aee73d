"""Predictions made up for tests."""

from collections.abc import Sequence

import numpy as np

from taglab.outcomes import Predictions


def made_up(
    tracks: tuple[str, ...] = ("t1", "t2", "t3", "t4"),
    classes: tuple[str, ...] = ("rock", "sad", "80s"),
    truth: Sequence[Sequence[int]] | None = None,
    seed: int = 0,
) -> Predictions:
    """Return random scores, and random truth unless one is given."""
    random = np.random.default_rng(seed)
    shape = (len(tracks), len(classes))
    return Predictions(
        tracks=tracks,
        classes=classes,
        truth=random.random(shape) < 0.5 if truth is None else np.array(truth, dtype=np.bool_),
        scores=random.random(shape, dtype=np.float32),
    )
