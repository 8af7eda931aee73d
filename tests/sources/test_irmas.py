"""The IRMAS reader."""

import re
import zipfile
from pathlib import Path

import pytest

from taglab import sources
from taglab.audio.files import find_files
from taglab.errors import DataError
from taglab.sources.irmas import IrmasSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import write_irmas

SETTINGS = IrmasSettings()


def test_names_and_texts_tell_instruments(tmp_path: Path) -> None:
    data = read(write_irmas(tmp_path), "x", SETTINGS)
    assert data.counts().to_dict() == {"piano": 3, "cello": 2, "voice": 1}
    assert dict(zip(data.tags["tag"], data.tags["code"], strict=True)) == {
        "piano": "pia",
        "cello": "cel",
        "voice": "voi",
    }
    tracks = data.tracks.set_index("track")
    assert tracks["split"].value_counts().to_dict() == {"train": 4, "test": 1}
    assert tracks.loc["008__[cel][nod][cla]0058__1"].tolist() == [
        "cel/008__[cel][nod][cla]0058__1.wav",
        "cello",
        "classical",
        "no drums",
        "0058",
        "train",
    ]
    excerpts = ["[pia][pop_roc]1287__2", "[pia][pop_roc]1287__3"]
    assert tracks.loc[excerpts, "recording"].tolist() == ["1287", "1287"]
    assert tracks.loc["Abschied-10", ["instrument", "genre", "recording"]].isna().all()


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    data = read(write_irmas(tmp_path), "x", SETTINGS)
    reasons = {note.reason: (note.count, note.examples) for note in data.dropped}
    assert reasons["no sound by its suffix (.pdf)"] == (1, ())
    assert reasons["no code of an instrument"] == (1, ("Abschied-10: kaz",))
    assert reasons["its text lists no instrument"] == (1, ("Part1/Abschied-12.wav",))
    named = "not named as training excerpts are, and without a text that lists its instruments"
    assert reasons[named] == (1, ("pia/solo.wav",))


def test_a_zip_of_it_is_the_same(tmp_path: Path) -> None:
    folder = write_irmas(tmp_path)
    with zipfile.ZipFile(tmp_path / "irmas.zip", "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(tmp_path))
    packed, lying = read(tmp_path / "irmas.zip", "x", SETTINGS), read(folder, "x", SETTINGS)
    assert packed.fingerprint == lying.fingerprint
    assert set(find_files(folder, lying).table["track"]) >= set(lying.tracks["track"])


def test_a_folder_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "rock").mkdir()
    (tmp_path / "rock" / "a.wav").touch()
    with pytest.raises(DataError, match=r"holds no tag of any track .1 files: not named as training"):
        sources.read("irmas", tmp_path, "x")


@pytest.mark.realdata
def test_published_training_excerpts_are_told_by_their_names(tmp_path: Path) -> None:
    lines = published("kim-2021-splits", "IRMAS_filtered_dataset.info").read_text().splitlines()
    listed = {cells[1]: cells[3] for cells in (line.split("\t") for line in lines)}
    for path in listed:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    data = read(tmp_path, "irmas", SETTINGS)
    assert (data.n_tracks, data.n_tags, data.dropped) == (6_705, 11, ())
    codes = dict(zip(data.tags["tag"], data.tags["code"], strict=True))
    tracks = data.tracks.set_index("path")
    assert tracks["instrument"].map(codes).to_dict() == listed
    assert tracks["recording"].nunique() == 2_261
    assert tracks["drums"].value_counts().to_dict() == {"no drums": 990, "drums": 892}
    assert re.match(r"\d{4}", tracks["recording"].iloc[0])


def test_texts_in_capitals_are_texts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "irmas.zip", "w") as archive:
        archive.writestr("Part1/Song-1.wav", b"")
        archive.writestr("Part1/Song-1.TXT", "pia\n")
    assert read(tmp_path / "irmas.zip", "x", SETTINGS).counts().to_dict() == {"piano": 1}


def test_a_text_longer_than_any_list_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "irmas.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Part1/Song-1.wav", b"")
        archive.writestr("Part1/Song-1.txt", b"\n" * (2 << 20))
    with pytest.raises(DataError, match="is larger than the 1 MiB it may be"):
        read(tmp_path / "irmas.zip", "x", SETTINGS)
