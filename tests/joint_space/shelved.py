"""A joint space on the shelf, placed by hand, with the data, features and sound it is of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from taglab import cache
from taglab.audio.library import add_audio, find_files, open_audio
from taglab.encoders import MfccStatistics, encode_tracks
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointSpace, save_joint_space
from taglab.vectors import Vectors, save_features

HOSTILE = '"><img/src=x/onerror=alert(1)> - blues'
RATE_HZ = 16_000
GROUPS = {"jazz": ["jazz", "swing", HOSTILE], "metal": ["metal", "doom", "-dash metal"]}
TAGS = [tag for tags in GROUPS.values() for tag in tags]
ARTISTS = {"jazz": ["Ann Ace", "Bea + Bo"], "metal": ["Cy", "Dee"]}
TRACKS_AN_ARTIST = 5


def shelve_data(name: str = "mine") -> Folksonomy:
    """Keep twenty tracks of four artists: jazz and metal, the last of each without others."""
    rows = [
        (f"{group} {number}", artist, f"Song {number} of {artist}", group)
        for group, artists in ARTISTS.items()
        for number, artist in enumerate(np.repeat(artists, TRACKS_AN_ARTIST))
    ]
    tracks = pd.DataFrame(rows, columns=["track", "artist", "title", "group"])
    has = np.array([[tag in GROUPS[group] for tag in TAGS] for group in tracks["group"]])
    last = tracks["track"].str.endswith(" 9").to_numpy()
    has[last] &= np.array(TAGS) == "jazz"
    data = Folksonomy.from_codes(name, tracks.drop(columns="group"), TAGS, *np.nonzero(has))
    data.save(cache.Shelf(cache.FOLKSONOMIES).path(name))
    return data


def shelve_space(
    name: str = "space", data_name: str = "mine", seed: int = 0, tilt: float = 0.0, held_out: float = 0.4
) -> JointSpace:
    """Keep a space of `shelve_data`'s, in which jazz lies along the first axis and metal along the second.

    Args:
        name: Of the space; its features are called alike.
        data_name: Of the data set.
        seed: Of what tells tracks of one group apart.
        tilt: How far tags lie from their group's tracks; 1 puts jazz where metal is.
        held_out: Share of the tracks in the test part.
    """
    data = shelve_data(data_name)
    noise = np.random.default_rng(seed)
    of_track = np.array([0 if track.startswith("jazz") else 1 for track in data.tracks["track"]])
    axes = np.eye(4, dtype=np.float32)[:2]
    features = (axes[of_track] + 0.2 * noise.random((len(of_track), 4))).astype(np.float32)
    vectors = Vectors.of("tracks", data.tracks["track"].tolist(), features, name, "euclidean")
    save_features(vectors, name)
    tags = tuple(data.tags["tag"])
    of_tag = np.array([0 if tag in GROUPS["jazz"] else 1 for tag in tags])
    artists = (*ARTISTS["jazz"], *ARTISTS["metal"])
    turned = (1 - tilt) * axes + tilt * axes[::-1]
    space = JointSpace(
        name, artists, tags,
        (axes[[0, 0, 1, 1]] + 0.05 * noise.random((4, 4))).astype(np.float32),
        (turned[of_tag] + 0.05 * noise.random((len(tags), 4))).astype(np.float32),
        np.eye(4, dtype=np.float32),
        "none",
        {
            "data": {"name": data_name, "fingerprint": data.fingerprint},
            "features": {"name": name, "fingerprint": vectors.fingerprint},
            "split": {"train": 0.9 - held_out, "validation": 0.1, "test": held_out},
            "min_count": 1,
            "settings": {"tasks": ["artists", "tags", "similar-tracks"]},
            "steps": 1_000,
        },
    )  # fmt: skip
    save_joint_space(space, replace=True)
    return space


def shelve_heard_space(name: str = "heard", data_name: str = "mine") -> JointSpace:
    """Keep a space of features that were made of the sound of `shelve_sound`, so that clips can be placed."""
    data = shelve_data(data_name)
    vectors = encode_tracks(MfccStatistics(), open_audio(data_name), name=name)
    save_features(vectors, name)
    random = np.random.default_rng(0)
    tags = tuple(data.tags["tag"])
    space = JointSpace(
        name, (), tags,
        np.empty((0, 4), np.float32),
        random.standard_normal((len(tags), 4)).astype(np.float32),
        random.standard_normal((vectors.dim, 4)).astype(np.float32),
        "none",
        {
            "data": {"name": data_name, "fingerprint": data.fingerprint},
            "features": {"name": name, "fingerprint": vectors.fingerprint},
        },
    )  # fmt: skip
    save_joint_space(space, replace=True)
    return space


def shelve_sound(folder: Path, name: str = "mine", seconds: float = 3.5) -> None:
    """Keep a tone for every track of `shelve_data`, but for the last."""
    folder.mkdir()
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tracks = shelve_data(name).tracks["track"].tolist()
    for number, track in enumerate(tracks[:-1]):
        tone = 0.3 * np.sin(2 * np.pi * (200 + 20 * number) * times)
        soundfile.write(folder / f"{track}.wav", tone, RATE_HZ)
    add_audio(find_files(folder), name)
