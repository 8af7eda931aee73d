"""Where networks of users, items and tags begin: at a factorisation, of which tags explain a part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.factorisation import FactorisationSettings, factorise
from taglab.recommend.recommender import Floats32
from taglab.recommend.weighing import weighed

_STEPS = 30  # of conjugate gradients: the explained part then changes by less than a thousandth
_L2_TAGS = 5.0
_WRMF = {"alpha": 20.0, "l2_users": 10.0, "l2_tracks": 10.0}


class Started(NamedTuple):
    """Vectors to begin with.

    Attributes:
        users: (users, h).
        items: What tags leave unexplained (items, h); zeros of items that nobody played.
        tags: (tags, h).
    """

    users: Floats32
    items: Floats32
    tags: Floats32


def started(
    plays: Interactions, inputs: sparse.csr_array, h: int, seed: int, progress: Progress = silent
) -> Started:
    """Factorise plays, and explain the items' vectors by their tags as far as ridge regression does.

    Source: Kim 2021, section 5.3.1, which begins users and tags at WRMF and leaves open how tags come by
    theirs.

    Args:
        plays: Counts.
        inputs: Tags of items as the network adds them up (items, tags): ones, or shares.
        h: Numbers of a vector.
        seed: Of the factorisation's first vectors.
        progress: Told as it is factorised.
    """
    settings = FactorisationSettings(factors=h, sweeps=10, **_WRMF)
    model = factorise(weighed(plays, "log"), None, settings, seed, progress)
    played = plays.per_track() > 0
    rows = sparse.csr_array(inputs[np.flatnonzero(played)], dtype=np.float64)
    tags = ridge(rows, model.tracks[played].astype(np.float64), _L2_TAGS).astype(np.float32)
    items = np.where(played[:, None], model.tracks - np.asarray(inputs @ tags), 0).astype(np.float32)
    return Started(model.users, items, tags)


def ridge(rows: sparse.csr_array, wanted: np.ndarray, l2: float) -> np.ndarray:
    """Return W that minimises |X W − Y|² + λ|W|², by conjugate gradients on every column at once.

    Args:
        rows: X, (rows, features), sparse.
        wanted: Y, (rows, columns).
        l2: λ, above 0.
    """
    weights = np.zeros((rows.shape[1], wanted.shape[1]))
    residual = np.asarray(rows.T @ wanted)
    direction, size = residual.copy(), (residual**2).sum(axis=0)
    first = size.copy()
    for _ in range(_STEPS):
        product = rows.T @ (rows @ direction) + l2 * direction
        along = (direction * product).sum(axis=0)
        length = np.divide(size, along, out=np.zeros_like(size), where=along > 0)
        weights += length * direction
        residual -= length * product
        before, size = size, (residual**2).sum(axis=0)
        if (size <= 1e-10 * first).all():
            break
        direction = residual + np.divide(size, before, out=np.zeros_like(size), where=before > 0) * direction
    return weights
