"""The MUSDB18 reader."""

from pathlib import Path

import pytest

from taglab import sources
from taglab.errors import DataError
from taglab.sources.musdb import MusdbSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import write_musdb

SETTINGS = MusdbSettings()


def test_songs_are_folders_or_files_of_five_sounds(tmp_path: Path) -> None:
    data = read(write_musdb(tmp_path), "x", SETTINGS)
    columns = ["track", "artist", "title", "split", "path"]
    assert sorted(data.tracks[columns].to_numpy().tolist()) == [
        ["A - One", "A", "One", "train", "train/A - One/mixture.wav"],
        ["B - PR", "B", "PR", "test", "test/B - PR.stem.mp4"],
        [
            "M.E.R.C. Music - Two - Three", "M.E.R.C. Music", "Two - Three", "train",
            "train/M.E.R.C. Music - Two - Three/mixture.wav",
        ],
    ]  # fmt: skip
    assert sorted(data.tags["tag"]) == ["A", "B", "M.E.R.C. Music"]
    reasons = {note.reason: (note.count, note.examples) for note in data.dropped}
    assert reasons["not named as MUSDB18's are: ARTIST - TITLE"] == (1, ("test/solo.stem.mp4",))
    assert reasons["no sound by its suffix (.md)"] == (1, ())


def test_one_of_its_folders_alone_keeps_its_part(tmp_path: Path) -> None:
    data = read(write_musdb(tmp_path) / "train", "x", SETTINGS)
    assert data.tracks["split"].tolist() == ["train", "train"]


def test_lists_beside_the_folders_tell_the_split(tmp_path: Path) -> None:
    folder = write_musdb(tmp_path)
    (folder / "musdb18_valid_0.txt").write_text("valid/M.E.R.C. Music - Two - Three_mixture.npy\n")
    data = read(folder, "x", SETTINGS)
    split = dict(zip(data.tracks["title"], data.tracks["split"], strict=True))
    assert split == {"One": "train", "Two - Three": "validation", "PR": "test"}


def test_a_folder_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "a.wav").touch()
    with pytest.raises(DataError, match=r"holds no tag of any track .1 files: not named as MUSDB18's"):
        sources.read("musdb", tmp_path, "x")


@pytest.mark.realdata
def test_the_split_of_the_paper_is_90_10_and_50_songs(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        lines = published("kim-2019-splits", f"musdb18_{part}_0.txt").read_text().splitlines()
        (tmp_path / f"musdb18_{part}_0.txt").write_text("\n".join(lines))
        for line in filter(None, lines):
            song = line.partition("/")[2].removesuffix("_mixture.npy")
            folder = tmp_path / ("test" if part == "test" else "train") / song
            folder.mkdir(parents=True)
            (folder / "mixture.wav").touch()
    data = read(tmp_path, "musdb", SETTINGS)
    assert data.tracks["split"].value_counts().to_dict() == {"train": 90, "test": 50, "validation": 10}
    assert data.n_tracks == 150
