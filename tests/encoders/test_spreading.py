"""Encoding in parts: the same as at once, gone on with, and merged by whoever comes last."""

import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.audio.library import open_audio
from taglab.encoders import (
    MfccCodebook,
    MfccStatistics,
    Sounds,
    begin_encoding,
    encode_share,
    encode_tracks,
    learn,
    merge_encoding,
    spreading,
    standing,
)
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound
from taglab.vectors import feature_names, open_features, open_learned
from tests.training.examples import make_world


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "TRACKS_A_PART", 25)


@pytest.fixture
def sounds(taglab_home: Path) -> Sounds:
    make_world(taglab_home)
    return Sounds(open_audio("small"))


def write_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, len(samples), "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


def test_shares_give_what_encoding_at_once_does(sounds: Sounds) -> None:
    store, encoder = open_audio("small"), MfccCodebook(n_entries=8)
    learned = learn(encoder, store, store.tracks["track"].tolist())
    assert begin_encoding("codes", encoder, sounds, learned, "a split") == spreading.Standing(0, 3)
    assert encode_share("codes", 1, 2) is None  # the second of three parts
    assert standing("codes").done == 1
    assert feature_names() == []
    with pytest.raises(Conflict, match="2 of 3 parts of 'codes' are not done"):
        merge_encoding("codes")
    merged = encode_share("codes", 0, 2)
    at_once = encode_tracks(encoder, store, learned, "a split", "codes")
    assert merged is not None
    assert merged.ids == open_features("codes").ids == at_once.ids
    np.testing.assert_array_equal(merged.vectors, at_once.vectors)
    assert {**merged.origin, "sound": 0} == {**at_once.origin, "sound": 0}
    assert set(open_learned("codes")) == set(learned)
    assert merge_encoding("codes") is None
    assert encode_share("codes", 1, 2) is None  # one that comes late has nothing to do
    with pytest.raises(NotFound, match="no encoding named 'codes' is under way"):
        standing("codes")


def test_merging_holds_a_part_at_a_time(
    sounds: Sounds, taglab_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "TRACKS_A_PART", 6)
    begin_encoding("codes", MfccStatistics(), sounds, {})
    folder = taglab_home / "encoding" / "codes" / "parts"
    wide = 40_000  # numbers a track: some megabytes a part
    parts, size = 10, 25
    for number in range(parts):
        tracks = np.array([f"t{number}-{row}" for row in range(size)])
        features = np.full((size, wide), number + 1, np.float32)
        np.savez(
            folder / f"{number:06}.npz", tracks=tracks, refused=np.array([], "U"), features=features,
            sound=np.array("x"),
        )  # fmt: skip
    tracemalloc.start()
    try:
        merged = merge_encoding("codes")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert merged is not None
    assert (len(merged), merged.dim) == (parts * size, wide)
    np.testing.assert_array_equal(merged.vectors[::size, 0], np.arange(parts) + 1)
    assert most < 5 * features.nbytes  # all of it would be ten parts, and their sum twice that
    assert not (taglab_home / "encoding" / "codes").exists()


def test_what_was_begun_is_gone_on_with_unless_it_is_something_else(sounds: Sounds) -> None:
    begin_encoding("mine", MfccStatistics(), sounds, {})
    encode_share("mine", 0, 3)
    assert begin_encoding("mine", MfccStatistics(), sounds, {}).done == 1
    assert begin_encoding("mine", MfccStatistics(n_mfcc=13), sounds, {}).done == 0


def test_a_damaged_part_is_told_and_done_again(sounds: Sounds, taglab_home: Path) -> None:
    begin_encoding("mine", MfccStatistics(), sounds, {})
    encode_share("mine", 0, 3)
    path = taglab_home / "encoding" / "mine" / "parts" / "000000.npz"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match="delete it and go on with the encoding"):
        encode_share("mine")
    path.unlink()
    merged = encode_share("mine")
    assert merged is not None
    assert len(merged) == 60


def test_files_are_decoded_part_by_part_and_those_of_no_use_are_missing(
    tmp_path: Path, taglab_home: Path
) -> None:
    random = np.random.default_rng(0)
    for number in range(30):
        write_wave(tmp_path / f"s{number}.wav", 3_000 * random.standard_normal(16_000))
    (tmp_path / "s3.wav").write_bytes(b"no sound")
    write_wave(tmp_path / "s4.wav", 3_000 * random.standard_normal(1_500))  # too short for any frame
    table = pd.DataFrame(
        {"track": [f"s{n}" for n in range(30)], "path": [tmp_path / f"s{n}.wav" for n in range(30)]}
    )
    decoding = spreading.StoreSettings(min_duration_s=0.05)
    begin_encoding("files", MfccStatistics(), Sounds(files=table, decoding=decoding), {})
    merged = encode_share("files")
    assert merged is not None
    assert merged.ids == tuple(f"s{n}" for n in range(30) if n not in (3, 4))
    assert merged.missing == ("s3", "s4")
    assert not list((taglab_home / "uploads").glob("*"))  # no sound is kept
    assert not (taglab_home / "encoding" / "files").exists()


def test_what_cannot_be_encoded_is_refused(sounds: Sounds, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="share=2 must be one of 0 to 1"):
        encode_share("x", 2, 2)
    with pytest.raises(InvalidSetting, match="must be 1 to 100 letters"):
        begin_encoding("../x", MfccStatistics(), sounds, {})
    twice = pd.DataFrame({"track": ["a", "a"], "path": ["x", "y"]})
    with pytest.raises(InvalidSetting, match="of none twice"):
        begin_encoding("x", MfccStatistics(), Sounds(files=twice), {})
    (tmp_path / "a.wav").write_bytes(b"no sound")
    useless = pd.DataFrame({"track": ["a"], "path": [tmp_path / "a.wav"]})
    begin_encoding("x", MfccStatistics(), Sounds(files=useless), {})
    with pytest.raises(InvalidSetting, match="no track of 'x' could be encoded; 'a' for instance"):
        encode_share("x")
