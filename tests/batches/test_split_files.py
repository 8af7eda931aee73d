"""Splits from files: matched with tracks, completed with validation tracks, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.batches import read_split
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy

TRACKS = [f"clip {number}" for number in range(40)]


@pytest.fixture
def data() -> Folksonomy:
    frame = pd.DataFrame({"track": TRACKS, "tag": ["rock", "jazz"] * 20})
    return Folksonomy.from_frame(frame, name="clips")


def written(folder: Path, rows: dict[str, str], name: str = "split.csv", header: str = "track,part") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *(f"{track},{part}" for track, part in rows.items())]) + "\n")
    return path


def test_tracks_have_the_parts_of_the_file(data: Folksonomy, tmp_path: Path) -> None:
    rows = {track: ("Train", "valid", "TEST ")[place % 3] for place, track in enumerate(TRACKS[:30])}
    read = read_split(written(tmp_path, {**rows, "elsewhere": "train"}), data)
    assert read.absent == ("elsewhere",)
    assert set(read.split.tracks) == set(TRACKS[:30])
    assert read.data.n_tracks == 30
    part_of = dict(zip(read.split.tracks, read.split.parts.tolist(), strict=True))
    assert [part_of[track] for track in TRACKS[:4]] == ["train", "validation", "test", "train"]


def test_without_validation_tracks_some_are_drawn_of_those_to_learn_from(
    data: Folksonomy, tmp_path: Path
) -> None:
    path = written(tmp_path, {track: "test" if place < 10 else "train" for place, track in enumerate(TRACKS)})
    read = read_split(path, data, validation=0.2, seed=1)
    assert read.split.sizes == {"train": 24, "validation": 6, "test": 10}
    np.testing.assert_array_equal(read.split.parts, read_split(path, data, 0.2, seed=1).split.parts)
    assert read.split.fingerprint != read_split(path, data, 0.2, seed=2).split.fingerprint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("track,side\nclip 1,train\n", "lacks the column 'part'"),
        ("track,part\nclip 1,train\nclip 1,test\n", "'clip 1' twice"),
        ("track,part\nclip 1,learn\n", "the part 'learn', which is none of train"),
        ("track,part\nclip 1,train\nclip 2,train\n", "leaves the validation part without"),
        ("", "is not a table"),
    ],
)
def test_other_files_are_refused(data: Folksonomy, tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "split.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason):
        read_split(path, data)
    with pytest.raises(DataError, match="is not a table"):
        read_split(tmp_path / "none.csv", data)
