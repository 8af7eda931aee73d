"""Matrices with names beside them."""

import json
from pathlib import Path

import numpy as np
import pytest

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.sources.matrix import MatrixSettings, read
from tests.sources.test_lastfm import weights

VALUES = np.array([[0.5, 0.0, 1.0], [0.0, 0.25, 0.0]])
EXPECTED = {("A", "dub"): 0.5, ("A", "null"): 1.0, ("B", "soul"): 0.25}


def read_with(folder: Path, array: np.ndarray = VALUES, **options: object) -> Folksonomy:
    np.save(folder / "y.npy", array)
    return read(folder / "y.npy", "x", MatrixSettings(**options))


@pytest.mark.parametrize("name", ["y_tags", "tags", "labels", "label_names", "y"])
@pytest.mark.parametrize("ending", [".txt", ".json", ".npy"])
def test_names_lie_beside(tmp_path: Path, name: str, ending: str) -> None:
    tags = ["dub", "soul", "null"]
    if (name, ending) == ("y", ".npy"):
        name = "classes"
    if ending == ".npy":
        np.save(tmp_path / f"{name}.npy", np.array(tags))
    else:
        (tmp_path / f"{name}{ending}").write_text("\n".join(tags) if ending == ".txt" else json.dumps(tags))
    (tmp_path / "tracks.txt").write_text("A\nB\n")
    assert weights(read_with(tmp_path)) == EXPECTED
    assert weights(read(tmp_path, "x", MatrixSettings())) == EXPECTED


def test_tracks_without_names_are_numbered_and_told(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("dub\nsoul\nnull\n")
    found = read_with(tmp_path, min_weight=0.5)
    assert weights(found) == {("1", "dub"): 0.5, ("1", "null"): 1.0}
    assert "numbered by row, from 1" in found.reading[0]
    assert {note.reason: note.count for note in found.dropped} == {"no tag": 1, "no track has it": 1}


def test_all_in_one_npz(tmp_path: Path) -> None:
    tags, tracks = np.array([b"dub", b"soul", b"null"]), np.array(["A", "B"])
    np.savez_compressed(tmp_path / "all.npz", Y=VALUES, tags=tags, tracks=tracks)
    assert weights(read(tmp_path / "all.npz", "x", MatrixSettings())) == EXPECTED


def test_a_matrix_of_tags_by_tracks(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("dub\nsoul\nnull\n")
    (tmp_path / "tracks.txt").write_text("A\nB\n")
    with pytest.raises(DataError, match=r"3 names, not one a column.*--transposed"):
        read_with(tmp_path, VALUES.T)
    assert weights(read_with(tmp_path, VALUES.T, transposed=True)) == EXPECTED


def test_what_is_no_number_of_0_or_more_is_counted(tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("dub\nsoul\n")
    found = read_with(tmp_path, np.array([[1, np.nan], [-1, 2]]))
    assert weights(found) == {("1", "dub"): 1, ("2", "soul"): 2}
    assert [(note.reason, note.count) for note in found.dropped] == [("not a number of 0 or more", 2)]


def test_what_cannot_be_used_is_told_and_nothing_is_unpickled(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"names of its tags are not beside it.*y_tags\.txt"):
        read_with(tmp_path)
    (tmp_path / "tags.txt").write_text("dub\nsoul\nnull\n")
    with pytest.raises(DataError, match=r"should be numbers of shape"):
        read_with(tmp_path, np.zeros(3))
    np.save(tmp_path / "y.npy", np.array([["a", {}]], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"is no \.npy of plain numbers"):
        read(tmp_path / "y.npy", "x", MatrixSettings())
    np.savez(tmp_path / "z.npz", tags=np.array(["a"], object), Y=np.ones((1, 1)))
    with pytest.raises(DataError, match="needs a pickle; refused"):
        read(tmp_path / "z.npz", "x", MatrixSettings())


@pytest.mark.parametrize(
    ("tags", "message"), [("dub\n\nnull\n", "name 2 is blank"), ("a\nb\na \n", "'a' is there before")]
)
def test_names_are_each_there_once(tmp_path: Path, tags: str, message: str) -> None:
    (tmp_path / "tags.txt").write_text(tags)
    with pytest.raises(DataError, match=message):
        read_with(tmp_path)
