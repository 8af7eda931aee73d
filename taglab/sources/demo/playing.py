"""Who plays what of the demo: listeners with a taste over artists and sound.

A listener has a favourite style, likes some artists more than others whatever they play, and likes a certain
energy and valence. How often a track is played is drawn at a rate that is the product of those and of how
popular the track is; some tracks are played by nobody. These are other people than those who tag.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

__all__ = ["play"]

Matrix = npt.NDArray[np.float64]

# How much more a track of the favourite style, of its branch, of its family is played than others, in logs.
_STYLE, _BRANCH, _FAMILY = 3.4, 2.5, 1.8
_ARTISTS = 0.7  # deviation of what a listener makes of an artist
_SPREAD = 0.3  # of the energy and valence that a listener likes
_POPULARITY = 1.2
_MEAN_PLAYS = 50.0


def play(
    rng: np.random.Generator, tracks: pd.DataFrame, n_listeners: int
) -> tuple[pd.DataFrame, sparse.csr_array]:
    """Draw who plays what.

    Args:
        rng: Source of chance.
        tracks: As `recipes.make_tracks` gives.
        n_listeners: How many people.

    Returns:
        One row a listener: `user`, and of their taste `style`, `energy` and `valence`; and how often each has
        played each track, (listeners, tracks), every listener at least one.
    """
    favourite = rng.integers(0, len(tracks), n_listeners)
    listeners = pd.DataFrame(
        {
            "user": [f"listener-{number:04d}" for number in range(1, n_listeners + 1)],
            "style": tracks["style"].to_numpy()[favourite],
            "energy": rng.uniform(0.1, 0.9, n_listeners).round(3),
            "valence": rng.uniform(0.1, 0.9, n_listeners).round(3),
        }
    )
    rates = _liking(rng, tracks, listeners, favourite) * rng.lognormal(0, _POPULARITY, len(tracks))
    appetites = _MEAN_PLAYS * rng.lognormal(0, 0.6, n_listeners)
    rates *= (appetites / rates.sum(axis=1))[:, None]
    played = rng.poisson(rates)
    idle = np.flatnonzero(played.sum(axis=1) == 0)
    played[idle, rates[idle].argmax(axis=1)] = 1
    return listeners, sparse.csr_array(played)


def _liking(
    rng: np.random.Generator, tracks: pd.DataFrame, listeners: pd.DataFrame, favourite: npt.NDArray[np.int64]
) -> Matrix:
    """Return how much each listener likes each track, (listeners, tracks)."""
    alike = np.zeros((len(listeners), len(tracks)))
    for column, gain in (("family", _FAMILY), ("branch", _BRANCH), ("style", _STYLE)):
        codes = pd.factorize(tracks[column])[0]
        alike = np.maximum(alike, gain * (codes[favourite][:, None] == codes))
    artists, names = pd.factorize(tracks["artist"])
    alike += _ARTISTS * rng.normal(size=(len(listeners), len(names)))[:, artists]
    for column in ("energy", "valence"):
        apart = listeners[column].to_numpy()[:, None] - tracks[column].to_numpy()
        alike -= apart**2 / (2 * _SPREAD**2)
    return np.asarray(np.exp(alike))
