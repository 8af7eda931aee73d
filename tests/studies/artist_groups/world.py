"""Sixty tracks of a second whose genre can be heard, by fifteen artists, with subgenres and features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from taglab.cache import FOLKSONOMIES, Shelf
from taglab.folksonomy import Folksonomy
from taglab.nets.kim_3_2 import KimArtistGroupsSettings
from taglab.studies.artist_groups import TRAINING, ArtistGroupStudy
from taglab.vectors import Vectors, save_features
from tests.training.examples import N_TRACKS, RATE_HZ, TAGS, make_world, tags_of

MELS = {"sample_rate_hz": RATE_HZ, "n_mels": 32, "n_fft": 512, "hop": 256, "mel_scale": "slaney"}
NETWORK = KimArtistGroupsSettings(width=1 / 16, mels=MELS)  # type: ignore[arg-type]
TRAIN = TRAINING.model_copy(
    update={"epochs": 1, "batch_size": 16, "window_s": 0.3, "accelerator": "cpu", "metric_interval_steps": 1}
)
STUDY = ArtistGroupStudy(
    combinations=("g", "gs", "gmdes"), wide=(2,), groups=2, entries=8, song_entries=4, song_features="songs"
)


def genre_of(row: int) -> str:
    """Return the genre of a track: what is low, and what is not."""
    return "low" if "low" in tags_of(row) else "other"


def make_groups_world(home: Path) -> None:
    """Put data, sound and features of songs into the cache folder, which TAGLAB_HOME must name."""
    make_world(home)
    pairs = [(row, TAGS.index(tag)) for row in range(N_TRACKS) for tag in tags_of(row)]
    rows, codes = np.array(pairs, dtype=np.int64).T
    table = pd.DataFrame(
        {
            "track": [f"t{row}" for row in range(N_TRACKS)],
            "artist": [f"artist {row % 15}" for row in range(N_TRACKS)],
            "genre": [genre_of(row) for row in range(N_TRACKS)],
        }
    )
    Folksonomy.from_codes("small", table, list(TAGS), rows, codes).save(Shelf(FOLKSONOMIES).path("small"))
    drawn = np.random.default_rng(0).normal(size=(N_TRACKS, 6))
    save_features(Vectors.of("tracks", list(table["track"]), drawn, "songs", "euclidean"), "songs")


def asked(**more: Any) -> dict[str, Any]:
    """Return what the verb is asked."""
    return {"data": "small", "settings": STUDY, "network": NETWORK, "train": TRAIN, **more}
