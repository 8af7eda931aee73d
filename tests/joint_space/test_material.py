"""What a joint space learns from: who has features, what is right for whom, what is left out."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from taglab.batches import Split
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space import prepare_joint
from taglab.joint_space.material import scaled, training_pairs, unasked
from tests.joint_space.planted import planted

ROWS = [
    ("t1", "Ann", "rock"), ("t1", "Ann", "loud"), ("t2", "Ann", "rock"), ("t3", "Bob", "jazz"),
    ("t4", "Bob", "jazz"), ("t5", "", "rock"), ("t6", "Cid", "rare"),
]  # fmt: skip


def folksonomy() -> Folksonomy:
    return Folksonomy.from_frame(pd.DataFrame(ROWS, columns=["track", "artist", "tag"]), name="six")


def split(data: Folksonomy, validation: str = "t4 t6") -> Split:
    tracks = tuple(data.tracks["track"])
    return Split(
        tracks, np.array(["validation" if track in validation.split() else "train" for track in tracks])
    )


def test_tracks_without_features_are_left_out_and_counted() -> None:
    data = folksonomy()
    material = prepare_joint(data, ["t6", "t4", "t3", "t2", "t1"], np.arange(10.0).reshape(5, 2), split(data))
    order = [track for track in data.tracks["track"] if track != "t5"]
    assert list(material.tracks) == order
    by_track = dict(zip(material.tracks, material.features.toarray().tolist(), strict=True))
    assert by_track["t6"] == [0, 1]
    assert by_track["t1"] == [8, 9]
    assert material.left_out.values.tolist() == [["no features", 1, "t5"]]


def test_artists_and_tags_are_those_of_the_training_part() -> None:
    data = folksonomy()
    material = prepare_joint(data, ["t1", "t2", "t3", "t4", "t5", "t6"], np.eye(6), split(data), min_count=2)
    assert material.artists == ("Ann", "Bob")  # Cid is heard in validation alone; t5 has none
    assert material.tags == ("rock",)  # "jazz" is on one training track
    assert material.artists_of.sum() == 4
    with pytest.raises(InvalidSetting, match="no track of 'six' has features"):
        prepare_joint(data, ["x"], np.eye(1), split(data))
    with pytest.raises(InvalidSetting, match="the validation part has no track"):
        prepare_joint(data, ["t1", "t2"], np.eye(2), split(data))


def test_similar_tracks_share_an_artist_and_are_not_the_same() -> None:
    material = planted()
    both = material.artists_of.tolil()
    both[0, 1] = 1  # the first track is performed by two artists
    duet = dataclasses.replace(material, artists_of=sparse.csr_array(both))
    similar = duet.right("similar-tracks", "train").toarray()
    assert (np.diag(similar) == 0).all()
    assert similar[0].sum() == 5 + 6  # the others of the one, and all six of the other
    assert similar[1].sum() == 5
    assert (similar == similar.T).all()


def test_pairs_name_every_right_output_in_order() -> None:
    material = planted()
    pairs = training_pairs(material, ("tags", "tracks-of-artist"))
    assert pairs.n_outputs.tolist() == [8, 72]
    assert np.diff(pairs.asked_starts).tolist() == [72, 12]
    of_artist = pairs.row_starts[1] + 3  # the fourth artist: the fourth six training tracks
    right = pairs.right[pairs.starts[of_artist] : pairs.starts[of_artist + 1]]
    assert right.tolist() == list(range(18, 24))
    first = pairs.row_starts[0]
    assert pairs.right[pairs.starts[first] : pairs.starts[first + 1]].tolist() == [0, 1]


def test_features_are_scaled_by_track() -> None:
    table = sparse.csr_array(np.array([[3.0, 4, 0], [0, 0, 0], [0, 16, 9]], np.float32))
    expected = [[0.6, 0.8, 0], [0, 0, 0], [0, 16 / 337**0.5, 9 / 337**0.5]]
    np.testing.assert_allclose(scaled(table, "length").toarray(), expected, rtol=1e-6)
    np.testing.assert_allclose(scaled(table, "root").toarray()[2], [0, 0.8, 0.6], rtol=1e-6)
    assert scaled(table, "none") is table


def test_features_that_are_no_numbers_are_refused_by_the_track() -> None:
    features = planted().features.copy()
    features.data[-1] = np.nan
    with pytest.raises(InvalidSetting, match="track 'track 119' hold NaN"):
        dataclasses.replace(planted(), features=features)


def test_what_nothing_is_right_for_is_told() -> None:
    material = planted()
    assert unasked(material, ["artists", "tags"], "train") == ()
    tags = material.tags_of.toarray()
    tags[material.parts["train"][:2]] = 0
    without = dataclasses.replace(material, tags_of=sparse.csr_array(tags))
    assert unasked(without, ["artists", "tags"], "train") == (
        "2 of 72 train tracks have no tag that is learned",
    )
    alone = material.artists_of.toarray()
    alone[np.arange(1, 10)] = 0  # of the first artist's ten tracks one is left
    single = dataclasses.replace(material, artists_of=sparse.csr_array(alone))
    assert unasked(single, ["similar-tracks", "tracks-of-artist"], "test") == (
        "2 of 24 test tracks are the only ones of their artist there",
        "1 of 12 artists have no test track",
    )
