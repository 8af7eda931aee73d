"""A small data set with columns that features tell and one they do not, plays, and features."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from taglab import cache
from taglab.audio.library import add_audio, find_files
from taglab.encoders import MfccStatistics
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.studies.transfer import Splits
from taglab.vectors import Vectors, save_features

N_TRACKS, N_USERS = 120, 80
HOSTILE = '<img src=x onerror="alert(1)">'
GENRES = ("rock", "jazz", HOSTILE)
THREE = Splits(splits=3)


def genres() -> np.ndarray:
    """Number of the genre of each track."""
    return np.arange(N_TRACKS) % 3


def small_data(name: str = "small") -> Folksonomy:
    """Tracks with a genre, a tempo that goes with it, a number that goes with nothing, and gaps in both."""
    drawn = np.random.default_rng(0)
    genre = np.array(GENRES, object)[genres()]
    tracks = pd.DataFrame(
        {
            "track": [f"t{row:03d}" for row in range(N_TRACKS)],
            "artist": [f"artist {row // 3}" for row in range(N_TRACKS)],
            "title": [f"Song {row}" for row in range(N_TRACKS)],
            "genre": pd.array([None, *genre[1:]], dtype="str"),
            "tempo": 80.0 + 40 * genres() + drawn.normal(0, 3, N_TRACKS),
            "chance": drawn.normal(size=N_TRACKS),
        }
    )
    return Folksonomy.from_codes(name, tracks, ["tag", "other"], np.arange(N_TRACKS), genres() % 2)


def small_plays(name: str = "small") -> Interactions:
    """Users of one taste each, who play tracks of that genre."""
    drawn = np.random.default_rng(1)
    likes = (np.arange(N_USERS) % 3)[:, None] == genres()[None]
    users, tracks = np.nonzero(drawn.random(likes.shape) < np.where(likes, 0.5, 0.03))
    ids = [f"t{row:03d}" for row in range(N_TRACKS)]
    return Interactions.from_codes(name, [f"u{row}" for row in range(N_USERS)], ids, users, tracks)


def telling(name: str = "telling", tracks: int = N_TRACKS) -> Vectors:
    """Features that tell the genre, and so tempo and taste."""
    noise = np.random.default_rng(2).normal(0, 0.3, (N_TRACKS, 3))
    ids = [f"t{row:03d}" for row in range(tracks)]
    return Vectors.of("tracks", ids, (np.eye(3)[genres()] + noise)[:tracks], name, "euclidean")


def junk(name: str = "junk") -> Vectors:
    """Features that tell nothing."""
    ids = [f"t{row:03d}" for row in range(N_TRACKS)]
    return Vectors.of("tracks", ids, np.random.default_rng(3).normal(size=(N_TRACKS, 5)), name, "euclidean")


def shelve(name: str = "mine") -> Folksonomy:
    """Keep the data set with its plays, and features that tell, that do not, and that are a baseline."""
    data = small_data(name)
    folder = cache.Shelf(cache.FOLKSONOMIES).path(name)
    data.save(folder)
    small_plays(name).write(folder / "interactions")
    for one in (telling(), junk()):
        save_features(one, one.name)
    origin = {"encoder": MfccStatistics().model_dump(mode="json"), "split": ""}
    save_features(replace(telling("timbre"), vectors=junk().vectors[:, :2].copy(), origin=origin), "timbre")
    return data


def shelve_tones(folder: Path, name: str = "mine", n: int = 12) -> None:
    """Keep a tone for each of the first tracks."""
    folder.mkdir()
    times = np.arange(4 * 16_000) / 16_000
    for row in range(n):
        tone = 0.3 * np.sin(2 * np.pi * (200 + 20 * row) * times)
        soundfile.write(folder / f"t{row:03d}.wav", tone, 16_000)
    add_audio(find_files(folder), name)
