"""Tracks of artists in groups: features that say the group, tags that go with it."""

import numpy as np
import pandas as pd
from scipy import sparse

from taglab.joint_space import JointMaterial

GROUPS = 4
ARTISTS_A_GROUP = 3
TRACKS_AN_ARTIST = 10
TAGS_A_GROUP = 2


def planted(seed: int = 0, noise: float = 0.3) -> JointMaterial:
    """Return 120 tracks of 12 artists in 4 groups of 2 tags; of an artist's ten, six are learned from.

    Artists of one group are alike; two of each are learned from.
    """
    random = np.random.default_rng(seed)
    n_artists = GROUPS * ARTISTS_A_GROUP
    artist = np.repeat(np.arange(n_artists), TRACKS_AN_ARTIST)
    group = artist // ARTISTS_A_GROUP
    n = len(artist)
    one_hot = np.concatenate([np.eye(GROUPS)[group], np.eye(n_artists)[artist]], axis=1)
    features = np.abs(one_hot + noise * random.standard_normal(one_hot.shape))
    tags = np.zeros((n, GROUPS * TAGS_A_GROUP))
    for of_group in range(TAGS_A_GROUP):
        tags[np.arange(n), group * TAGS_A_GROUP + of_group] = 1
    place = np.arange(n) % TRACKS_AN_ARTIST
    of_artist = np.arange(n_artists) // ARTISTS_A_GROUP
    alike = (of_artist[:, None] == of_artist) & ~np.eye(n_artists, dtype=bool)
    parts = {
        "train": np.flatnonzero(place < 6),
        "validation": np.flatnonzero((place >= 6) & (place < 8)),
        "test": np.flatnonzero(place >= 8),
    }
    return JointMaterial(
        tracks=tuple(f"track {row}" for row in range(n)),
        artists=tuple(f"artist {row:02}" for row in range(n_artists)),
        tags=tuple(f"tag {row}" for row in range(tags.shape[1])),
        features=sparse.csr_array(features.astype(np.float32)),
        artists_of=sparse.csr_array(np.eye(n_artists, dtype=np.float32)[artist]),
        tags_of=sparse.csr_array(tags.astype(np.float32)),
        parts=parts,
        left_out=pd.DataFrame(columns=["reason", "tracks", "examples"]),
        similar=sparse.csr_array(alike.astype(np.float32)),
        artist_parts={
            "train": np.array([0, 1, 3, 4, 6, 7, 9, 10]),
            "validation": np.array([2, 5]),
            "test": np.array([8, 11]),
        },
    )
