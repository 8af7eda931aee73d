"""The demo, of which it is known what each tag means: tags that are near are of one family."""

import numpy as np
import pandas as pd

from taglab.batches import SplitSettings
from taglab.embeddings import neighbours
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointSpaceSettings, fit_space, joint_material
from taglab.sources import open_folksonomy
from taglab.sources.demo import demo_truth
from taglab.vectors import Vectors
from taglab.verbs.joint_space_words import space_vectors

ASKED, NEAR = 10, 5
_HEARD = (
    *("tempo_bpm", "swing", "brightness", "distortion", "reverb", "energy", "valence", "bandwidth_hz"),
    *("noise_db", "compression"),
)


def heard(data: Folksonomy) -> Vectors:
    """Return what a track's recipe says of its sound, in place of sound: not what style it is of."""
    tracks = data.tracks
    numbers = tracks[list(_HEARD)].astype(float)
    numbers = (numbers - numbers.mean()) / numbers.std()
    named = pd.get_dummies(tracks[["rhythm", "mode", "harmony", "timbre", "voice", "delivery"]].astype(str))
    instruments = tracks["instruments"].astype(str).str.get_dummies(sep=" ")
    table = np.hstack([numbers.to_numpy(), named.to_numpy(float), instruments.to_numpy(float)])
    return Vectors.of("tracks", tracks["track"].tolist(), table, "heard", "euclidean")


def test_neighbours_of_ten_genres_are_of_their_family() -> None:
    """Of the five nearest genres, by dot product, to each of the ten that are used most."""
    data = open_folksonomy("demo")
    settings = JointSpaceSettings(
        dim=16, tasks=("tags",), steps=20_000, validate_every=20_000, learning_rate=0.02
    )
    space = fit_space(joint_material(data, heard(data), SplitSettings(), 5), settings).space
    truth = demo_truth(data).set_index("tag")
    genres = [tag for tag in space.tags if truth.loc[tag, "group"] == "genres" and truth.loc[tag, "family"]]
    family = truth.loc[genres, "family"]
    vectors = space_vectors(space, "tags").select(genres)
    shares, chances = [], []
    for tag in genres[:ASKED]:
        near = neighbours(vectors, tag, NEAR)["tag"]
        shares.append((family[near] == family[tag]).mean())
        chances.append((family.drop(tag) == family[tag]).mean())
    assert np.mean(shares) > 3 * np.mean(chances)  # 0.58 to 0.68 against 0.10
    assert np.sum(np.array(shares) > chances) >= 7
