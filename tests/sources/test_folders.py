"""Sound in folders by class."""

import zipfile
from pathlib import Path

import pytest

from taglab.errors import DataError
from taglab.sources.folders import FoldersSettings, read
from tests.sources.test_lastfm import weights
from tests.sources.tiny import write_folders

EXPECTED = {("rock/a", "rock"): 1.0, ("b", "rock"): 1.0, ("pop/a", "pop"): 1.0}


def test_a_track_has_the_tag_of_its_folder(tmp_path: Path) -> None:
    found = read(write_folders(tmp_path), "x", FoldersSettings())
    assert weights(found) == EXPECTED
    assert found.tracks["path"].tolist() == ["pop/a.wav", "rock/a.wav", "rock/b.mp3"]
    assert [(note.reason, note.count, note.examples) for note in found.dropped] == [
        ("no sound by its suffix (.txt)", 1, ()),
        ("not in the folder of a class", 1, ("c.wav",)),
    ]
    assert found.reading == ("Each of 2 folders is a tag, and the sound in it the tracks that have it.",)


def test_a_zip_of_it_and_a_folder_around_it_are_the_same(tmp_path: Path) -> None:
    folder = write_folders(tmp_path)
    (folder / "c.wav").unlink()
    (tmp_path / "Data").mkdir()
    folder.rename(tmp_path / "Data" / "genres")
    with zipfile.ZipFile(tmp_path / "gtzan.zip", "w") as archive:
        for file in sorted((tmp_path / "Data").rglob("*.*")):
            archive.write(file, file.relative_to(tmp_path))
    assert weights(read(tmp_path / "Data", "x", FoldersSettings())) == EXPECTED
    assert weights(read(tmp_path / "gtzan.zip", "x", FoldersSettings())) == EXPECTED


def test_one_class_alone_is_still_a_class(tmp_path: Path) -> None:
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "a.flac").touch()
    assert weights(read(tmp_path, "x", FoldersSettings())) == {("a", "rock"): 1}


def test_tracks_are_found_again_by_their_sound(tmp_path: Path) -> None:
    from taglab.audio.files import find_files

    folder = write_folders(tmp_path)
    data = read(folder, "x", FoldersSettings())
    assert set(data.tracks["track"]) <= set(find_files(folder, data).table["track"])


def test_no_sound_in_folders_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(DataError, match=r"holds no tag of any track .1 files: not in the folder of a class"):
        read(tmp_path, "x", FoldersSettings())
    with pytest.raises(DataError, match="there is no such file"):
        read(tmp_path / "nowhere", "x", FoldersSettings())
