"""A data set of planted groups and its features, put into the cache folder, and runs on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from taglab.batches import SplitSettings
from taglab.cache import FOLKSONOMIES, Shelf
from taglab.folksonomy import Folksonomy
from taglab.joint_space import JointSpaceRun, JointSpaceSettings
from taglab.vectors import Vectors, save_features
from tests.joint_space.planted import planted

QUICK = JointSpaceSettings(
    dim=8, learning_rate=0.02, limit=3, steps=12_000, validate_every=2_000, patience=6, seed=1
)


def make_world(features: str = "codes", seed: int = 0) -> None:
    """Put the planted tracks into the cache folder as data "planted", and their features."""
    material = planted(seed)
    tracks = pd.DataFrame(
        {
            "track": list(material.tracks),
            "artist": [material.artists[at] for at in material.artists_of.indices],
        }
    )
    rows, codes = material.tags_of.nonzero()
    data = Folksonomy.from_codes("planted", tracks, list(material.tags), np.asarray(rows), np.asarray(codes))
    data.save(Shelf(FOLKSONOMIES).path("planted"))
    vectors = Vectors.of("tracks", material.tracks, material.features.toarray(), features, "cosine")
    save_features(vectors, features)


def config_of(**space: object) -> JointSpaceRun:
    return JointSpaceRun(
        data="planted",
        features="codes",
        split=SplitSettings(train=0.6, validation=0.2, test=0.2),
        space=QUICK.model_copy(update=space),
    )
