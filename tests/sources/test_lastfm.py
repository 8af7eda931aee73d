"""The Last.fm reader."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from taglab.dropped import Dropped
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.sources.lastfm import LastfmSettings, read
from tests.sources.tiny import HOSTILE_TAGS, write_lastfm


def weights(folksonomy: Folksonomy) -> dict[tuple[str, str], float]:
    pairs = folksonomy.matrix.tocoo()
    return {
        (folksonomy.tracks["track"][row], folksonomy.tags["tag"][column]): float(weight)
        for row, column, weight in zip(*pairs.coords, pairs.data, strict=True)
    }


def test_pairs_are_joined_by_rowid(tmp_path: Path) -> None:
    found = read(write_lastfm(tmp_path / "lastfm_tags.db"), "x", LastfmSettings())
    assert weights(found) == {("TRA", "rock"): 100, ("TRA", "pop"): 40, ("TRB", "rock"): 7}
    assert found.tags["tag"].tolist() == ["rock", "pop"]
    assert found.tracks["track"].tolist() == ["TRA", "TRB", "TRC"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    pairs = [(1, 1, 100), (1, 1, 30), (9, 1, 5), (None, 1, 5), (1, 9, 5), (1, 4, 5), (2, 2, -1), (2, 2, 101)]
    pairs += [(2, 2, None), (2, 2, 9), (2, 3, 0)]
    path = write_lastfm(tmp_path / "l.db", tags=("rock", "pop", "jazz", "  ", "unused"), pairs=pairs)
    found = read(path, "x", LastfmSettings(min_weight=10))
    told = {(note.reason, note.what): note.count for note in found.dropped}
    assert told == {
        ("points at no track", "rows"): 2,
        ("points at no tag", "rows"): 1,
        ("the tag is blank", "rows"): 1,
        ("the weight is not a number from 0 to 100", "rows"): 3,
        ("weight below 10", "rows"): 2,
        ("the same tag on the same track again", "assignments"): 1,
        ("no track has it", "tags"): 4,
    }
    assert weights(found) == {("TRA", "rock"): 100}


def test_weight_threshold_is_inclusive(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", pairs=[(1, 1, 40), (2, 1, 39.5), (2, 2, 100)])
    assert weights(read(path, "x", LastfmSettings(min_weight=40))) == {
        ("TRA", "rock"): 40,
        ("TRB", "pop"): 100,
    }


def test_weight_zero_counts_as_in_the_published_numbers(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", pairs=[(1, 1, 0), (2, 1, 100)])
    found = read(path, "x", LastfmSettings())
    assert found.counts()["rock"] == 2
    assert weights(found)["TRA", "rock"] == 0.5
    assert Dropped("weight 0, kept as 0.5", 1, "assignments") in found.dropped


def test_rowids_may_have_holes(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", pairs=[(1, 1, 10), (1, 2, 20), (2, 3, 30)], holes=[2])
    assert weights(read(path, "x", LastfmSettings())) == {("TRA", "rock"): 10, ("TRB", "jazz"): 30}


def test_bytes_that_are_no_utf8_are_mended_and_counted(tmp_path: Path) -> None:
    tags = (b"caf\xe9", b"caf\xe8", "café", "rock")
    path = write_lastfm(tmp_path / "l.db", tags=tags, pairs=[(1, 1, 9), (1, 2, 8), (1, 3, 7), (2, 4, 6)])
    found = read(path, "x", LastfmSettings())
    assert weights(found) == {("TRA", "caf\ufffd"): 9, ("TRA", "café"): 7, ("TRB", "rock"): 6}
    mended, merged = (note for note in found.dropped if "Unicode" in note.reason)
    assert (mended.count, mended.what) == (2, "tags")
    assert (merged.reason, merged.count) == ("not valid Unicode, and no longer told from another", 1)


def test_a_track_listed_twice_is_one_track(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", tracks=("TRA", "TRA"), pairs=[(1, 1, 9), (2, 2, 8)])
    assert weights(read(path, "x", LastfmSettings())) == {("TRA", "rock"): 9, ("TRA", "pop"): 8}


def test_hostile_tags_come_through_and_survive_saving(tmp_path: Path) -> None:
    pairs = [(1, number + 1, 50) for number in range(len(HOSTILE_TAGS))]
    path = write_lastfm(tmp_path / "l.db", tags=HOSTILE_TAGS, pairs=pairs)
    found = read(path, "x", LastfmSettings())
    found.save(tmp_path / "saved")
    again = Folksonomy.open(tmp_path / "saved")
    assert set(again.tags["tag"]) == {tag.strip() for tag in HOSTILE_TAGS}
    assert again.fingerprint == found.fingerprint


def test_numbers_stored_as_tags_and_weights_stored_as_text(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", tags=(1980, 90.5), pairs=[("1", "1", "55"), (2, 2, "11.5")])
    assert weights(read(path, "x", LastfmSettings())) == {("TRA", "1980"): 55, ("TRB", "90.5"): 11.5}


def test_artists_and_titles_come_from_the_metadata_beside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "track_metadata.db") as database:
        database.execute(
            "CREATE TABLE songs (track_id, title, song_id, release, artist_id, artist_mbid, artist_name)"
        )
        songs = [
            ("TRA", "One", "S1", "First", "AR1", "", "Somebody"),
            ("TRB", b"Caf\xe9", "S2", None, "AR1", "", "Somebody feat. Else"),
            ("TRZ", "Elsewhere", "S3", "", "AR9", "", "Nobody"),
        ]
        database.executemany("INSERT INTO songs VALUES (?, ?, ?, ?, ?, ?, ?)", songs)
    database.close()
    write_lastfm(tmp_path / "lastfm_tags.db")
    found = read(tmp_path, "x", LastfmSettings())
    assert found.tracks.loc[0].to_dict() == {
        "track": "TRA",
        "artist": "AR1",
        "artist_name": "Somebody",
        "album": "First",
        "title": "One",
    }
    assert found.tracks["title"][1] == "Caf\ufffd"
    assert found.tags.set_index("tag")["artists"]["rock"] == 1
    (note,) = (note for note in found.dropped if "track_metadata" in note.reason)
    assert note.count == 1


def test_years_come_from_the_metadata_where_it_has_them_0_as_published(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "track_metadata.db") as database:
        database.execute("CREATE TABLE songs (track_id, title, release, artist_id, artist_name, year int)")
        songs = [("TRA", "One", "First", "AR1", "A", 1998), ("TRB", "Two", "First", "AR1", "A", 0)]
        database.executemany("INSERT INTO songs VALUES (?, ?, ?, ?, ?, ?)", songs)
    database.close()
    write_lastfm(tmp_path / "lastfm_tags.db")
    years = read(tmp_path, "x", LastfmSettings()).tracks["year"]
    assert years.fillna(-1).tolist() == [1998, 0, -1]


def test_the_file_is_opened_read_only_and_left_as_it_was(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "with space, # and ?.db")
    before = path.read_bytes()
    read(path, "x", LastfmSettings())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == [path.name]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_file_is_told(tmp_path: Path, share: float) -> None:
    rng = np.random.default_rng(0)
    pairs = [tuple(map(int, row)) for row in rng.integers(1, 400, (5000, 3)) % [400, 400, 100] + [1, 1, 1]]
    path = write_lastfm(
        tmp_path / "l.db",
        tracks=[f"T{i}" for i in range(400)],
        tags=[f"g{i}" for i in range(400)],
        pairs=pairs,
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match="damaged or cut short"):
        read(path, "x", LastfmSettings())


def test_another_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lastfm_tags.db"
    path.write_text("track,tag\n")
    with pytest.raises(DataError, match="not an SQLite database"):
        read(path, "x", LastfmSettings())


def test_a_database_without_the_tables_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE tids (tid TEXT)")
    database.close()
    with pytest.raises(DataError, match="no such table: tags"):
        read(tmp_path / "other.db", "x", LastfmSettings())


def test_a_threshold_that_leaves_nothing_says_so(tmp_path: Path) -> None:
    path = write_lastfm(tmp_path / "l.db", pairs=[(1, 1, 40)])
    with pytest.raises(DataError, match=r"no tag of any track.*1 rows: weight below 50"):
        read(path, "x", LastfmSettings(min_weight=50))
