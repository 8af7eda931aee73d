"""Which file is which track's: folders, archives (hostile ones too), tables."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from taglab import cache
from taglab.archives import Limits
from taglab.audio.files import audio_files, find_files, read_file_table
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")
    return folder


def placed(**paths: str) -> Folksonomy:
    """A folksonomy that knows where the file of each track lies."""
    tracks = pd.DataFrame({"track": list(paths), "path": list(paths.values())})
    return Folksonomy.from_codes("placed", tracks, ["rock"], np.array([0]), np.array([0]))


def test_tracks_are_called_as_their_files(tmp_path: Path) -> None:
    touch(tmp_path, "b/two.FLAC", "one.mp3", "notes.txt", ".hidden/three.mp3", "._one.mp3", "c/one.two.ogg")
    files = find_files(tmp_path).table
    assert dict(zip(files["track"], files["path"], strict=True)) == {
        "two": str(tmp_path / "b/two.FLAC"),
        "one.two": str(tmp_path / "c/one.two.ogg"),
        "one": str(tmp_path / "one.mp3"),
    }


def test_where_names_repeat_tracks_are_called_by_their_place(tmp_path: Path) -> None:
    touch(tmp_path, "a/01.mp3", "b/01.mp3", "c/02.mp3", "c/02.wav", "c/03.mp3")
    assert find_files(tmp_path).table["track"].tolist() == ["a/01", "b/01", "c/02.mp3", "c/02.wav", "03"]


def test_a_path_of_the_data_says_whose_file_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "14/214.low.mp3", "15/215.mp3", "16/999.mp3")
    data = placed(track_0000214="14/214.mp3", track_0000215="15/215.mp3", track_0000300="17/300.mp3")
    assert find_files(tmp_path, data).table["track"].tolist() == ["track_0000214", "track_0000215", "999"]
    # The same below one of the folders, as when only part of the audio was downloaded.
    assert find_files(tmp_path / "14", data).table["track"].tolist() == ["track_0000214"]


def test_two_files_of_one_track_are_both_kept_under_their_own_names(tmp_path: Path) -> None:
    touch(tmp_path, "14/214.low.mp3", "14/214.mp3")
    assert find_files(tmp_path, placed(t="14/214.mp3")).table["track"].tolist() == ["214.low", "214"]


@pytest.mark.parametrize("make", [lambda path: None, lambda path: touch(path, "notes.txt")])
def test_a_folder_without_sound_is_refused(tmp_path: Path, make) -> None:
    make(tmp_path / "music")
    with pytest.raises(
        DataError, match=r"there is no such file|holds no audio file \(\.aac.*; what it holds: 1 \.txt"
    ):
        find_files(tmp_path / "music")


def zip_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_unpacked_and_removed(tmp_path: Path) -> None:
    names = {"Lied eins.mp3": b"1", "a/01.ogg": b"2", "b/01.ogg": b"3", "x.txt": b"", "__MACOSX/._x.mp3": b""}
    with audio_files(zip_of(tmp_path / "m.zip", **names)) as files:
        found = dict(
            zip(files.table["track"], [Path(path).read_bytes() for path in files.table["path"]], strict=True)
        )
    assert found == {"Lied eins": b"1", "a/01": b"2", "b/01": b"3"}
    assert not any(Path(path).exists() for path in files.table["path"])
    assert not list((cache.home() / "uploads").iterdir())


def test_an_archive_cannot_write_outside(tmp_path: Path) -> None:
    names = {"../../evil.mp3": b"1", "/etc/evil.mp3": b"2", "..\\..\\evil.mp3": b"3"}
    for name, content in names.items():
        packed = zip_of(tmp_path / "m.zip", **{name: content, "fine.mp3": b"4"})
        with pytest.raises(DataError, match="leads outside"), audio_files(packed):
            pass
    assert not (tmp_path.parent / "evil.mp3").exists()


def test_damaged_and_lying_archives_are_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = zip_of(tmp_path / "m.zip", **{"a.mp3": bytes(100_000)})
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-40])
    flipped = bytearray(whole.read_bytes())
    flipped[45] ^= 0xFF
    broken = tmp_path / "broken.zip"
    broken.write_bytes(flipped)
    monkeypatch.setattr("taglab.audio.files._LIMITS", Limits(largest_bytes=50_000))
    for path, said in (
        (cut, "is not a zip, was cut off"),
        (whole, "more than"),
        (zip_of(tmp_path / "none.zip", **{"a.txt": b"x"}), "holds no audio file"),
    ):
        with pytest.raises(DataError, match=said), audio_files(path):
            pass
    monkeypatch.setattr("taglab.audio.files._LIMITS", Limits())
    with pytest.raises(DataError, match=r"'a\.mp3', which is cut off or damaged"), audio_files(broken):
        pass
    assert not list((cache.home() / "uploads").iterdir())


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_table_says_whose_file_it_is(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"path": ["a.wav", "/far/b.wav"], "track": ["001", "NA"], "other": [1, 2]})
    path = tmp_path / f"files{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, sep="\t" if suffix == ".tsv" else ",", index=False)
    with audio_files(path) as files:
        assert files.table.to_dict("list") == {
            "track": ["001", "NA"],
            "path": [str(tmp_path / "a.wav"), "/far/b.wav"],
        }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no table"),
        (b"track,file\na,b\n", "must have columns track and path; has track, file"),
        (b"track,path\na,b\n,c\n", "line 3: has no track or no path"),
        (b"\xff\xfe\x00", "is no table"),
        (b'track,path\n"a,b\n', "is no table"),
    ],
)
def test_a_table_that_does_not_say_it_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "files.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_file_table(path)


def test_a_table_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_file_table(tmp_path / "none.csv")


def test_what_is_unpacked_can_be_heard(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(100, np.float32), 16_000)
    packed = zip_of(tmp_path / "m.zip", **{"a.flac": (tmp_path / "a.flac").read_bytes()})
    with audio_files(packed) as files:
        assert soundfile.info(files.table["path"].iloc[0]).frames == 100


def test_a_path_that_several_tracks_could_have_names_none(tmp_path: Path) -> None:
    touch(tmp_path, "disco/disco.00000.au")
    data = placed(**{"disco.00000": "disco/disco.00000.au", "disco.00001": "disco/disco.00001.au"})
    assert find_files(tmp_path, data).table["track"].tolist() == ["disco.00000"]
