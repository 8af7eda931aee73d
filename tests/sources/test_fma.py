"""The FMA reader."""

from pathlib import Path

import pytest

from taglab.errors import DataError
from taglab.sources.fma import FmaSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import write_fma


def test_tracks_of_a_subset_and_smaller_ones_are_read(tmp_path: Path) -> None:
    data = read(write_fma(tmp_path), "x", FmaSettings())
    assert data.tracks.fillna("").to_numpy().tolist() == [
        ["000002", "000/000002.mp3", "Hip-Hop", "train", "AWOL", 'Food, "hot"\nand cold', "AWOL"],
        ["000148", "000/000148.mp3", "", "validation", "Contradiction", "Castle", "Blank"],
        ["000181", "000/000181.mp3", "Rock", "test", "Abominog", "Wire Up", "Hit"],
    ]
    assert data.counts().to_dict() == {"Hip-Hop": 1, "Rock": 1}
    assert {note.reason: note.examples for note in data.dropped} == {
        "not of the subset medium": ("182",),
        "not as many columns as the header": ("line 9",),
        "without a genre": ("000148",),
    }
    small = read(tmp_path / "tracks.csv", "x", FmaSettings(subset="small"))
    assert small.tracks["track"].tolist() == ["000002"]
    assert read(tmp_path, "x", FmaSettings(subset="full")).n_tracks == 4


@pytest.mark.parametrize(
    ("genres", "counts"),
    [
        ("given", {"Avant-Garde": 1, "Experimental": 1, "Hip-Hop": 1, "Loud-Rock": 1}),
        ("all", {"Avant-Garde": 1, "Experimental": 1, "Hip-Hop": 1, "Loud-Rock": 1, "Rock": 1}),
    ],
)
def test_genres_given_by_number_are_named(genres: str, counts: dict[str, int], tmp_path: Path) -> None:
    data = read(write_fma(tmp_path), "x", FmaSettings.model_validate({"genres": genres}))
    assert dict(sorted(data.counts().to_dict().items())) == counts
    unknown = [note.examples for note in data.dropped if note.reason == "a number of no genre in genres.csv"]
    assert unknown == ([("000148",)] if genres == "all" else [])


def test_other_tables_and_a_missing_one_are_told(tmp_path: Path) -> None:
    (tmp_path / "tracks.csv").write_text("track,genre\n2,Rock\n")
    with pytest.raises(DataError, match="two rows of names over its columns; it lacks set/split"):
        read(tmp_path, "x", FmaSettings())
    write_fma(tmp_path)
    (tmp_path / "genres.csv").unlink()
    with pytest.raises(DataError, match=r"genres.csv.*names the genres that tracks give by number"):
        read(tmp_path, "x", FmaSettings(genres="all"))


@pytest.mark.realdata
def test_published_tracks_have_their_genres_and_parts(tmp_path: Path) -> None:
    lines = published("kim-2021-splits", "FMA_filtered_dataset.info").read_text().splitlines()
    parts = {"train": "training", "valid": "validation", "test": "test"}
    rows = [
        (int(Path(path).stem), "", "", parts[part], "medium", genre, "[]", "[]", "")
        for _, path, part, genre in (line.split("\t") for line in lines)
    ]
    data = read(write_fma(tmp_path, rows), "fma", FmaSettings())
    assert (data.n_tracks, data.n_tags, data.dropped) == (25_000, 16, ())
    assert data.tracks["split"].value_counts().to_dict() == {
        "train": 19_922,
        "test": 2_573,
        "validation": 2_505,
    }
    assert [f"fma_medium_22k/{path}" for path in data.tracks["path"]] == [
        line.split("\t")[1] for line in lines
    ]
