"""The GTZAN reader."""

from pathlib import Path

import pytest

from taglab.audio.files import find_files
from taglab.errors import DataError
from taglab.sources.gtzan import GtzanSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import write_gtzan


def test_folders_and_names_tell_genres_and_lists_parts(tmp_path: Path) -> None:
    folder = write_gtzan(tmp_path)
    data = read(folder, "x", GtzanSettings())
    assert data.tracks.fillna("").to_numpy().tolist() == [
        ["blues.00000", "blues/blues.00000.wav", "blues", "train"],
        ["blues.00001", "blues/blues.00001.wav", "blues", "validation"],
        ["disco.00038", "disco/disco.00038.au", "disco", "train"],
        ["disco.00039", "disco/disco.00039.au", "disco", ""],
    ]
    assert data.counts().to_dict() == {"blues": 2, "disco": 2}
    assert {note.reason: note.examples for note in data.dropped} == {
        "not named as GTZAN's are: genre/genre.00000": ("disco/mixtape.au",),
        "in lists of two parts; the first counts": ("disco.00038",),
        "no sound by its suffix (.mf)": (),
    }
    assert data.reading == (
        "The split is that of train_filtered.txt, valid_filtered.txt; it has 3 excerpts.",
    )
    assert set(data.tracks["track"]) < set(find_files(folder, data).table["track"])


def test_what_no_list_names_can_be_left_out(tmp_path: Path) -> None:
    data = read(write_gtzan(tmp_path), "x", GtzanSettings(only_listed=True))
    assert data.tracks["track"].tolist() == ["blues.00000", "blues.00001", "disco.00038"]
    assert "in no list of a part" in [note.reason for note in data.dropped]


def test_a_list_may_leave_suffixes_out_and_other_lines_are_counted(tmp_path: Path) -> None:
    folder = write_gtzan(tmp_path)
    (folder / "test_filtered.txt").write_text("disco/disco.00039\nread me first\n")
    data = read(folder, "x", GtzanSettings())
    assert data.tracks.set_index("track").loc["disco.00039", "split"] == "test"
    reasons = {note.reason: note.examples for note in data.dropped}
    assert reasons["name no excerpt (genre.00000)"] == ("test_filtered.txt: read me first",)


def test_folders_of_something_else_are_told(tmp_path: Path) -> None:
    (tmp_path / "blues").mkdir()
    (tmp_path / "blues" / "song.wav").touch()
    with pytest.raises(DataError, match=r"holds no tag of any track .1 files: not named as GTZAN's are"):
        read(tmp_path, "x", GtzanSettings())


@pytest.mark.realdata
def test_published_excerpts_have_their_genres(tmp_path: Path) -> None:
    lines = published("kim-2021-splits", "GTZAN_filtered_dataset.info").read_text().splitlines()
    listed = {cells[1].lstrip("/"): (cells[2], cells[3]) for cells in (line.split("\t") for line in lines)}
    for path in listed:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    for part in ("train", "valid", "test"):
        of_part = [path for path, (own, _) in listed.items() if own == part]
        (tmp_path / f"genres/{part}_filtered.txt").write_text("\n".join(of_part))
    data = read(tmp_path, "gtzan", GtzanSettings(only_listed=True))
    assert (data.n_tracks, data.n_tags, data.dropped) == (1_000, 10, ())
    parts = data.tracks["split"].replace("validation", "valid")
    assert list(zip(parts, data.tracks["genre"], strict=True)) == [
        listed[f"genres/{path}"] for path in data.tracks["path"]
    ]
