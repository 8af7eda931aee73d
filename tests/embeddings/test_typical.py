"""The tracks that a tag is best heard in."""

import numpy as np
import pandas as pd
import pytest

from taglab.embeddings.typical import typical_tracks
from taglab.errors import NotFound
from taglab.folksonomy import Folksonomy
from taglab.vectors import TagVectors


def test_a_track_of_nothing_else_is_the_most_typical() -> None:
    rows = pd.DataFrame(
        {
            "track": ["mixed", "pure", "other", "heavy", "unmeant"],
            "tag": [["rock", "jazz"], ["rock"], ["jazz"], ["rock", "jazz"], ["rock", "odd"]],
        }
    ).explode("tag")
    rows["weight"] = [1, 1, 1, 1, 3, 1, 1, 1]
    data = Folksonomy.from_frame(rows, weight="weight")
    vectors = TagVectors.from_any(["rock", "jazz"], np.eye(2, dtype=np.float32))
    tracks, cosines = typical_tracks(data, vectors, "rock")
    assert data.tracks["track"].iloc[tracks].tolist() == ["pure", "unmeant", "heavy", "mixed"]
    assert cosines == pytest.approx([1, 1, 3 / np.sqrt(10), 1 / np.sqrt(2)])
    with pytest.raises(NotFound):
        typical_tracks(data, vectors, "folk")
