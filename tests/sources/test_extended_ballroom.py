"""The Extended Ballroom reader."""

from collections import Counter
from pathlib import Path

import pytest

from taglab.errors import DataError
from taglab.sources.extended_ballroom import ExtendedBallroomSettings, read
from tests.sources.test_realdata import published
from tests.sources.tiny import EXTENDED_BALLROOM, write_extended_ballroom

SETTINGS = ExtendedBallroomSettings()


def test_songs_have_dance_tempo_and_recording(tmp_path: Path) -> None:
    data = read(write_extended_ballroom(tmp_path), "x", SETTINGS)
    assert data.counts().to_dict() == {"Chacha": 2, "Wcswing": 2}
    assert data.tracks.columns.tolist() == [
        "track", "path", "dance", "artist", "title", "album", "tempo_bpm", "recording",
    ]  # fmt: skip
    assert data.tracks["path"].tolist()[:2] == ["Chacha/100701.mp3", "Chacha/100702.mp3"]
    assert data.tracks["tempo_bpm"].tolist()[:2] == [124, 125.5]
    assert data.tracks["tempo_bpm"].isna().tolist() == [False, False, True, True]
    assert data.tracks["artist"][0] == "A & B"
    assert data.tracks["recording"].tolist() == ["100701", "100701", "100701", "100801"]
    assert [(note.reason, note.count, note.examples) for note in data.dropped] == [
        ("without a number (id)", 1, ("Chacha: none",)),
        ("tempo_bpm is not a number", 1, ()),
    ]


def test_repetitions_can_be_left_out(tmp_path: Path) -> None:
    data = read(write_extended_ballroom(tmp_path), "x", ExtendedBallroomSettings(repetitions=False))
    assert data.tracks["track"].tolist() == ["100701", "100801"]
    assert ("repeats a song seen before", 2) in [(note.reason, note.count) for note in data.dropped]


@pytest.mark.parametrize("dances", [("Chacha", "Waltz"), ("Chacha",)])
def test_a_number_that_comes_again_is_told_apart(dances: tuple[str, ...], tmp_path: Path) -> None:
    songs = "".join(f'<{dance}><song id="7" bpm="1"/></{dance}>' for dance in (*dances, dances[0]))
    (tmp_path / "x.xml").write_text(f"<all>{songs}</all>")
    data = read(tmp_path, "x", SETTINGS)
    assert data.tracks["track"].tolist() == (["7"] if len(dances) == 1 else ["Chacha/7", "Waltz/7"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (EXTENDED_BALLROOM[:-60].encode(), r"is no XML .*was the download cut short\?"),
        (b'<!DOCTYPE a [<!ENTITY b "bb">]><a><c><song id="1"/></c></a>', "declares entities"),
        ('<!DOCTYPE a [<!ENTITY b "b">]><a/>'.encode("utf-16"), "declares entities"),
        (b"<html><body>not found</body></html>", "holds no tag of any track"),
    ],
)
def test_what_is_none_of_its_files_is_a_sentence(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read(tmp_path / "x.xml", "x", SETTINGS)


@pytest.mark.realdata
def test_published_songs_have_their_dances(tmp_path: Path) -> None:
    lines = published("kim-2021-splits", "eBallroom_filtered_dataset.info").read_text().splitlines()
    listed = [line.split("\t")[1] for line in lines]
    songs = "".join(
        f'<{path.parent.name}><song id="{path.stem}" bpm="120"/></{path.parent.name}>'
        for path in map(Path, listed)
    )
    (tmp_path / "x.xml").write_text(f"<all>{songs}</all>")
    data = read(tmp_path, "ballroom", SETTINGS)
    assert (data.n_tracks, data.n_tags, data.dropped) == (3_390, 13, ())
    assert [f"data/{path}" for path in data.tracks["path"]] == listed
    assert Counter(data.tracks["dance"]) == Counter(Path(path).parent.name for path in listed)
