"""The MagnaTagATune reader."""

from pathlib import Path

import pytest

from taglab.errors import DataError
from taglab.sources.magnatagatune import MagnatagatuneSettings, read
from tests.sources.tiny import write_magnatagatune

SETTINGS = MagnatagatuneSettings()


def test_ones_become_tags_and_clip_info_tells_artists(tmp_path: Path) -> None:
    found = read(write_magnatagatune(tmp_path), "x", SETTINGS)
    assert found.counts().to_dict() == {"no voice": 2, "guitar": 1}
    assert found.tracks["track"].tolist() == ["2", "6", "10"]
    assert found.tracks["artist"].tolist()[:2] == ["American Bach Soloists"] * 2
    assert found.tracks["title"][0] == "BWV54 - I Aria"
    assert found.tracks["path"][0] == "f/a-30-59.mp3"
    assert found.tags["artists"].tolist() == [1, 1]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    found = read(write_magnatagatune(tmp_path), "x", SETTINGS)
    told = {note.reason: (note.count, note.what, note.examples) for note in found.dropped}
    assert told["neither 0 nor 1"] == (1, "assignments", ("line 4: opera='?'",))
    assert told["not as many columns as the header"] == (1, "rows", ("line 5",))
    assert told["no track has it"] == (1, "tags", ("opera",))
    assert told["not in clip_info_final.csv: artist and title unknown"][0] == 1


def test_a_folder_will_do_and_clip_info_is_optional(tmp_path: Path) -> None:
    write_magnatagatune(tmp_path, info=False)
    found = read(tmp_path, "x", SETTINGS)
    assert found.n_tracks == 3
    assert not found.knows_artists


def test_missing_columns_are_told(tmp_path: Path) -> None:
    path = tmp_path / "annotations_final.csv"
    path.write_text("clip\trock\n1\t1\n")
    with pytest.raises(DataError, match=r"line 1: must have .* clip_id"):
        read(path, "x", SETTINGS)


def test_clip_info_without_artists_is_told(tmp_path: Path) -> None:
    path = write_magnatagatune(tmp_path)
    (tmp_path / "clip_info_final.csv").write_text("clip_id\ttitle\n1\tx\n")
    with pytest.raises(DataError, match=r"clip_info_final.csv, line 1: lacks the column 'artist'"):
        read(path, "x", SETTINGS)


def test_an_unclosed_quote_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "annotations_final.csv"
    path.write_text('"clip_id"\t"rock"\t"mp3_path"\n"1"\t"1"\t"a.mp3\n"2"\t"1"\t"b.mp3"\n')
    with pytest.raises(DataError, match="line 2: is not well-formed"):
        read(path, "x", SETTINGS)


@pytest.mark.parametrize("asked", [None, "cp1252"])
def test_files_in_another_encoding_are_read_and_a_guess_is_told(tmp_path: Path, asked: str | None) -> None:
    path = write_magnatagatune(tmp_path)
    info = tmp_path / "clip_info_final.csv"
    info.write_bytes(info.read_text(encoding="utf-8").replace("American", "Américain").encode("cp1252"))
    found = read(path, "x", MagnatagatuneSettings(encoding=asked))
    assert found.tracks["artist"][0] == "Américain Bach Soloists"
    assert [note.partition(":")[0] for note in found.reading] == (
        ["clip_info_final.csv"] if asked is None else []
    )
