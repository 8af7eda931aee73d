"""What is left to train on, and what is told of the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taglab.audio.windows import WindowSettings
from taglab.batches import SplitSettings, prepare, split_tracks
from taglab.errors import InvalidSetting
from tests.batches.examples import folksonomy_of, space_of, store_of

N = 40


@pytest.fixture
def data():
    """40 tracks, 30 of them "rock", every third "jazz"; the last ten in no class."""
    tags = [
        ["rock", "seen live"] + ["jazz"] * (row % 3 == 0) if row < 30 else ["seen live"] for row in range(N)
    ]
    return folksonomy_of(tags)


def test_everything_is_where_it_belongs(data, tmp_path: Path) -> None:
    store = store_of({number: 100 + number for number in reversed(range(N))}, tmp_path)
    split = split_tracks(data)
    material = prepare(data, space_of("jazz", "rock"), store, split)
    assert material.classes == ("jazz", "rock")
    assert material.tracks == tuple(f"t{row}" for row in range(30))
    assert store.tracks["track"].iloc[material.rows].tolist() == list(material.tracks)
    np.testing.assert_array_equal(material.targets[:, 0], np.arange(30) % 3 == 0)
    assert material.targets[:, 1].all()
    assert material.parts.tolist() == split.parts[:30].tolist()
    assert material.left_out.to_dict("records") == [
        {"reason": "in no class", "tracks": 10, "examples": "t30, t31, t32, t33, t34"}
    ]
    assert sum(material.sizes.values()) == 30
    assert material.positives("train").tolist() == material.targets[material.of("train")].sum(0).tolist()


def test_unlabelled_tracks_may_stay(data, tmp_path: Path) -> None:
    store = store_of(dict.fromkeys(range(N), 100), tmp_path)
    material = prepare(data, space_of("rock"), store, split_tracks(data), drop_unlabelled=False)
    assert len(material.tracks) == N
    assert material.left_out.empty
    assert material.targets.sum() == 30


def test_each_track_is_left_out_for_one_reason(data, tmp_path: Path) -> None:
    lengths: dict[int, int | None] = dict.fromkeys(range(2, N), 200)
    lengths |= {2: None, 3: 50, 35: None, 36: 50, 99: 200}  # t0 and t1 have no file, t99 no tags
    store = store_of(lengths, tmp_path)
    material = prepare(data, space_of("rock"), store, split_tracks(data), WindowSettings(duration_s=0.1))
    told = {row.reason: (row.tracks, row.examples) for row in material.left_out.itertuples()}
    assert told == {
        "in no class": (10, "t30, t31, t32, t33, t34"),
        "no audio": (2, "t0, t1"),
        "audio that could not be used": (1, "t2"),
        "shorter than the window of 0.1 s": (1, "t3"),
    }
    assert len(material.tracks) + sum(count for count, _ in told.values()) == N


def test_the_window_follows_the_tracks_in_use(data, tmp_path: Path) -> None:
    # t35 is in no class and t99 no track of the data: neither makes the window short.
    store = store_of({**{number: 150 + number for number in range(N)}, 35: 20, 99: 20}, tmp_path)
    assert prepare(data, space_of("rock"), store, split_tracks(data)).windows.length == 150


def test_short_tracks_may_be_padded(data, tmp_path: Path) -> None:
    store = store_of({**dict.fromkeys(range(N), 200), 3: 50}, tmp_path)
    window = WindowSettings(duration_s=0.2, short_tracks="pad")
    material = prepare(data, space_of("rock"), store, split_tracks(data), window)
    assert len(material.tracks) == 30
    assert store.tracks["track"].iloc[material.windows.padded].tolist() == ["t3"]
    assert material.padded == 1


def test_padded_tracks_are_counted_among_those_in_use(data, tmp_path: Path) -> None:
    # t35 is in no class: it is short, and nobody hears it.
    store = store_of({**dict.fromkeys(range(N), 200), 3: 50, 4: 50, 35: 50}, tmp_path)
    window = WindowSettings(duration_s=0.2, short_tracks="pad")
    assert prepare(data, space_of("rock"), store, split_tracks(data), window).padded == 2


def test_classes_without_positives_are_told(data, tmp_path: Path) -> None:
    store = store_of(dict.fromkeys(range(N), 100), tmp_path)
    published = data.tracks.assign(split=["test"] * 3 + ["validation"] * 3 + ["train"] * 34)
    tags = [["rock"] + ["jazz"] * (row in (3, 20)) for row in range(N)]
    split_data = folksonomy_of(tags, split=published["split"].tolist())
    split = split_tracks(split_data, SplitSettings(published=True))
    material = prepare(split_data, space_of("rock", "jazz", "unknown"), store, split)
    assert material.without_positives().to_dict("records") == [
        {"class": "jazz", "train": 1, "validation": 1, "test": 0},
        {"class": "unknown", "train": 0, "validation": 0, "test": 0},
    ]


def test_one_class_will_do(data, tmp_path: Path) -> None:
    store = store_of(dict.fromkeys(range(N), 100), tmp_path)
    assert prepare(data, space_of("rock"), store, split_tracks(data)).targets.shape == (30, 1)


def test_what_leaves_nothing_is_refused(data, tmp_path: Path) -> None:
    store = store_of(dict.fromkeys(range(N), 100), tmp_path / "all")
    split = split_tracks(data)
    with pytest.raises(InvalidSetting, match="none of the 1 classes of 'space' has a tag of 'small'"):
        prepare(data, space_of("polka"), store, split)
    other = store_of(dict.fromkeys(range(90, 95), 100), tmp_path / "other")
    with pytest.raises(InvalidSetting, match=r"has sound in the audio 'other' \(5 tracks, such as t90"):
        prepare(data, space_of("rock"), other, split)
    with pytest.raises(InvalidSetting, match="split must be of the 40 tracks"):
        prepare(data, space_of("rock"), store, split_tracks(data.select_tracks(["t1", "t2", "t3"])))


def test_an_empty_part_is_refused_with_what_emptied_it(data, tmp_path: Path) -> None:
    split = split_tracks(data)
    heard = [number for number in range(N) if split.parts[number] != "validation"]
    store = store_of(dict.fromkeys(heard, 100), tmp_path)
    with pytest.raises(InvalidSetting, match=r"no track is left in validation, of 4 that .* no audio"):
        prepare(data, space_of("rock"), store, split)


def test_copies_in_several_parts_are_listed(data, tmp_path: Path) -> None:
    lengths = dict.fromkeys(range(N), 200)
    store = store_of(lengths, tmp_path)
    contents = store.tracks["content"].where(~store.tracks["track"].isin(["t0", "t1", "t2"]), "same")
    store = replace(store, tracks=store.tracks.assign(content=contents))
    assert store.copies == (("t0", "t1", "t2"),)
    together = prepare(data, space_of("rock"), store, split_tracks(data, copies=store.copies))
    assert together.torn_copies() == ()
    parts = {"split": ["test", "train", "train", *["validation"] * (N - 3)]}
    split_data = folksonomy_of([["rock"]] * N, **parts)
    apart = prepare(
        split_data, space_of("rock"), store, split_tracks(split_data, SplitSettings(published=True))
    )
    assert apart.torn_copies() == (("t0", "t1", "t2"),)
