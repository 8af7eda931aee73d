"""The MTG-Jamendo reader."""

import gzip
from pathlib import Path

import pytest

from taglab.errors import DataError, InvalidSetting
from taglab.sources.jamendo import JamendoSettings, read
from tests.sources.tiny import HOSTILE_TAGS, JAMENDO_HEADER, jamendo_row, write_jamendo

SETTINGS = JamendoSettings()


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((JAMENDO_HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def test_files_of_a_folder_are_joined_by_track(tmp_path: Path) -> None:
    found = read(write_jamendo(tmp_path), "x", SETTINGS)
    assert found.counts().to_dict() == {
        "rock": 2,
        "ambient (genre)": 1,
        "ambient (mood/theme)": 1,
        "happy": 1,
        "jazz": 1,
    }
    tracks = found.tracks.set_index("track")
    assert tracks["split"].to_dict() == {
        "track_0000001": "train",
        "track_0000002": "train",
        "track_0000003": "test",
    }
    assert tracks["duration_s"]["track_0000001"] == 124.6
    assert tracks["artist"]["track_0000003"] == "artist_000002"


def test_category_is_a_column_and_its_prefix_gone(tmp_path: Path) -> None:
    found = read(write_jamendo(tmp_path), "x", SETTINGS)
    categories = found.tags.set_index("tag")["category"].to_dict()
    assert categories["rock"] == "genre"
    assert categories["happy"] == "mood/theme"
    assert categories["ambient (mood/theme)"] == "mood/theme"


def test_shared_names_and_short_rows_are_counted(tmp_path: Path) -> None:
    found = read(write_jamendo(tmp_path), "x", SETTINGS)
    told = {note.reason: (note.count, note.what) for note in found.dropped}
    assert told == {
        "fewer columns than the header": (1, "rows"),
        "named as in another category; the category was added in brackets": (2, "tags"),
    }


def test_categories_can_be_chosen(tmp_path: Path) -> None:
    found = read(write_jamendo(tmp_path), "x", JamendoSettings(categories=("genre",)))
    assert set(found.tags["tag"]) == {"rock", "ambient", "jazz"}


def test_one_file_without_a_split(tmp_path: Path) -> None:
    found = read(write(tmp_path / "autotagging.tsv", jamendo_row(1, "genre---rock", "odd")), "x", SETTINGS)
    assert "split" not in found.tracks
    assert found.tags["category"].isna().sum() == 1


def test_the_same_assignment_in_two_files_is_one(tmp_path: Path) -> None:
    write(tmp_path / "autotagging_genre-train.tsv", jamendo_row(1, "genre---rock"))
    write(tmp_path / "autotagging_top50tags-train.tsv", jamendo_row(1, "genre---rock"))
    found = read(tmp_path, "x", SETTINGS)
    assert found.n_assignments == 1
    assert found.dropped[0].reason == "the same tag on the same track again"


def test_a_track_in_two_splits_is_told(tmp_path: Path) -> None:
    write(tmp_path / "autotagging_genre-test.tsv", jamendo_row(1, "genre---rock"))
    write(tmp_path / "autotagging_genre-train.tsv", jamendo_row(1, "genre---pop"))
    found = read(tmp_path, "x", SETTINGS)
    assert found.tracks["split"].tolist() == ["test"]
    assert found.dropped[0].reason == "another split for a track seen before; the first is kept"


def test_only_autotagging_files_of_a_folder_are_read(tmp_path: Path) -> None:
    write(tmp_path / "autotagging.tsv", jamendo_row(1, "genre---rock"))
    write(tmp_path / "raw.tsv", jamendo_row(2, "genre---rok"))
    assert read(tmp_path, "x", SETTINGS).n_tracks == 1


def test_gzip_is_read(tmp_path: Path) -> None:
    text = f"{JAMENDO_HEADER}\n{jamendo_row(1, 'genre---rock')}\n"
    (tmp_path / "autotagging_genre-validation.tsv.gz").write_bytes(gzip.compress(text.encode()))
    assert read(tmp_path, "x", SETTINGS).tracks["split"].tolist() == ["validation"]


def test_hostile_tags_come_through(tmp_path: Path) -> None:
    tags = [tag for tag in HOSTILE_TAGS if "\t" not in tag and tag != "\ufeffbyte order mark"]
    path = write(tmp_path / "a.tsv", jamendo_row(1, *(f"genre---{tag}" for tag in tags)))
    assert set(read(path, "x", SETTINGS).tags["tag"]) == {tag.strip() for tag in tags}


def test_a_missing_column_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tTAGS\nx\ty\tz\tp\tt\n")
    with pytest.raises(DataError, match="line 1: lacks the column DURATION"):
        read(tmp_path / "a.tsv", "x", SETTINGS)


def test_a_folder_one_level_too_high_is_told(tmp_path: Path) -> None:
    (tmp_path / "split-0").mkdir()
    with pytest.raises(DataError, match="it holds the folders split-0"):
        read(tmp_path, "x", SETTINGS)


def test_a_header_alone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no tag of any track"):
        read(write(tmp_path / "a.tsv"), "x", SETTINGS)


@pytest.mark.parametrize("asked", [None, "cp1252"])
def test_files_in_another_encoding_are_read_and_a_guess_is_told(tmp_path: Path, asked: str | None) -> None:
    rows = [jamendo_row(1, "genre---chanson française"), jamendo_row(2, "genre---música")]
    path = tmp_path / "autotagging.tsv"
    path.write_bytes("\n".join((JAMENDO_HEADER, *rows)).encode("cp1252"))
    found = read(path, "x", JamendoSettings(encoding=asked))
    assert set(found.tags["tag"]) == {"chanson française", "música"}
    guess = "autotagging.tsv: The text is not UTF-8; it was read as cp1252, which is likely but not certain."
    assert list(found.reading) == ([guess] if asked is None else [])
    with pytest.raises(InvalidSetting, match="encoding='klingon'"):
        read(path, "x", JamendoSettings(encoding="klingon"))
