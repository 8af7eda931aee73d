"""musiXmatch's bags of words, as they are published."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from taglab import sources
from taglab.errors import DataError
from taglab.sources.musixmatch import MusixmatchSettings
from tests.sources.tiny import MUSIXMATCH, write_musixmatch


def written(folder: Path, text: str, name: str = "mxm_dataset_train.txt") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_songs_their_words_and_how_often_they_come(tmp_path: Path) -> None:
    read = sources.read("musixmatch", write_musixmatch(tmp_path), "lyrics")
    assert read.tracks.to_dict("list") == {
        "track": ["TRAAAAV128F421A322", "TRAAABD128F429CF47", "TRAAAEF128F4273421"],
        "mxm": ["4623710", "6477168", "3759847"],
    }
    assert list(read.tags["tag"]) == ["the", "i", "null"]
    assert read.matrix.toarray().tolist() == [[6, 4, 2], [10, 0, 0], [5, 4, 0]]
    assert {(note.reason, note.count, note.what) for note in read.dropped} == {
        ("number of no word", 2, "assignments"),
        ("no pair of a word's number and how often it comes", 2, "assignments"),
        ("a count outside 1 to 1,000,000", 1, "assignments"),
        ("a track seen before; the first is kept", 1, "rows"),
        ("no track, or nothing but a track", 1, "rows"),
        ("no track has it", 1, "tags"),
    }
    few = sources.read(
        "musixmatch", tmp_path / "mxm_dataset_train.txt", "few", MusixmatchSettings(min_count=5)
    )
    assert few.counts().to_dict() == {"the": 3}


def test_both_files_make_the_published_split(tmp_path: Path) -> None:
    written(tmp_path, "%a,b\nT1,1,1:2\n")
    (tmp_path / "mxm_dataset_test.txt.gz").write_bytes(gzip.compress(b"# x\n%a,b\nT2,2,2:1\n"))
    read = sources.read("musixmatch", tmp_path, "both")
    assert dict(zip(read.tracks["track"], read.tracks["split"], strict=True)) == {"T1": "train", "T2": "test"}
    written(tmp_path, "%a,c\nT3,3,2:1\n", "mxm_dataset_test.txt")
    (tmp_path / "mxm_dataset_test.txt.gz").unlink()
    with pytest.raises(
        DataError, match=r"mxm_dataset_train.txt, line 1: has other words than the file before"
    ):
        sources.read("musixmatch", tmp_path, "both")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("T1,1,1:2\n%a\n", "line 1: has a song before the line that begins with %"),
        ("# nothing\n", "has no line that begins with %"),
        ("%a,b,a\nT1,1,1:2\n", "line 1: lists the word 'a' twice"),
        ("%a,,b\nT1,1,1:2\n", "line 1: lists the word '' twice, or an empty one"),
        ("%a,b\nT1,1,7:2\n", r"holds no tag of any track \(1 assignments: number of no word\)"),
    ],
)
def test_what_is_no_such_file_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        sources.read("musixmatch", written(tmp_path, text), "x")


def test_the_example_is_as_published() -> None:
    assert MUSIXMATCH.startswith("# ")
    assert "\n%the,i," in MUSIXMATCH
