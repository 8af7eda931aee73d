"""Plays as they are published, songs that are tracks, and columns about tracks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import sources
from taglab.errors import DataError
from taglab.factors import make_targets
from taglab.factors.mixtures import TempoMixture, YearMixture
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.sources.beside_tags import columns_about, with_columns
from taglab.sources.lastfm import LastfmSettings
from taglab.sources.plays import PlaysFormat, read_plays
from taglab.sources.table import TableSettings
from tests.sources.tiny import write_lastfm

TRACKS = ["TRAAAAA128F0000001", "TRAAAAA128F0000002", "TRAAAAA128F0000003"]
SONGS = ["SOAAAAA12AB0000001", "SOAAAAA12AB0000002", "SOAAAAA12AB0000003", "SOAAAAA12AB0000004"]
DATA = Folksonomy.from_frame(pd.DataFrame({"track": TRACKS, "tag": ["rock", "pop", "rock"]}), "mine")


def triples(plays: Interactions) -> dict[tuple[str, str], float]:
    rows = plays.matrix.tocoo()
    users = plays.users["user"].tolist()
    return {
        (users[u], plays.tracks[t]): value for u, t, value in zip(rows.row, rows.col, rows.data, strict=True)
    }


def songs_file(folder: Path) -> Path:
    """Two songs are one track, one has a track that is not in the data first, one has none."""
    rows = [
        f"{SONGS[0]}\t{TRACKS[0]}",
        f"{SONGS[1]}\tTRZZZZZ128F0000009\t{TRACKS[1]}",
        f"{SONGS[2]}",
        f"{SONGS[3]}\t{TRACKS[0]}",
    ]
    path = folder / "taste_profile_song_to_tracks.txt"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def triplets(folder: Path) -> Path:
    rows = [
        ("u", SONGS[0], 3),
        ("u", SONGS[1], 1),
        ("v", SONGS[2], 5),
        ("v", SONGS[3], 2),
        ("u", SONGS[3], 1),
    ]
    path = folder / "train_triplets.txt"
    path.write_text("".join(f"{user}\t{song}\t{count}\n" for user, song, count in rows), encoding="utf-8")
    return path


def test_songs_of_the_taste_profile_become_tracks(tmp_path: Path) -> None:
    form = PlaysFormat(layout="taste-profile", songs=songs_file(tmp_path))
    plays = read_plays(triplets(tmp_path), DATA, form)
    assert triples(plays) == {("u", TRACKS[0]): 4, ("u", TRACKS[1]): 1, ("v", TRACKS[0]): 2}
    (note,) = plays.dropped
    assert (note.reason, note.count) == ("the song has no track in taste_profile_song_to_tracks.txt", 1)
    assert "Plays: 3 songs are 2 tracks by taste_profile_song_to_tracks.txt." in plays.reading


def test_mismatched_pairs_beside_are_left_out(tmp_path: Path) -> None:
    pair = f"ERROR: <{SONGS[0]} {TRACKS[0]}> Artist - Title  !=  Other - Title\n"
    (tmp_path / "sid_mismatches.txt").write_text(pair, encoding="utf-8")
    form = PlaysFormat(layout="taste-profile", songs=songs_file(tmp_path))
    plays = read_plays(triplets(tmp_path), DATA, form)
    assert triples(plays) == {("u", TRACKS[1]): 1, ("v", TRACKS[0]): 2, ("u", TRACKS[0]): 1}
    assert ("song and track mismatched, by sid_mismatches.txt", 1) in [
        (note.reason, note.count) for note in plays.dropped
    ]


def test_files_of_another_kind_are_told(tmp_path: Path) -> None:
    (tmp_path / "songs.txt").write_text("SO1\nSO2\n")
    with pytest.raises(DataError, match="has no song with a track behind it"):
        read_plays(
            triplets(tmp_path), DATA, PlaysFormat(layout="taste-profile", songs=tmp_path / "songs.txt")
        )
    (tmp_path / "songs.txt").write_text("SO1\tTR1\n")
    with pytest.raises(DataError, match=r"has no song that songs.txt gives a track"):
        read_plays(
            triplets(tmp_path), DATA, PlaysFormat(layout="taste-profile", songs=tmp_path / "songs.txt")
        )
    with pytest.raises(DataError, match="has 3 columns between tabs, and a file of lastfm-1k has 6"):
        read_plays(triplets(tmp_path), DATA, PlaysFormat(layout="lastfm-1k"))


def test_lastfm_1k_counts_a_row_as_a_play_and_names_tracks_without_an_id(tmp_path: Path) -> None:
    rows = [
        ("user_000001", "2009-05-04T23:08:57Z", "mbid-a", 'Deep "Dish"', "mbid-t", "Second Part"),
        ("user_000001", "2009-05-04T13:54:10Z", "mbid-a", 'Deep "Dish"', "mbid-t", "Second Part"),
        ("user_000001", "2009-05-04T13:52:04Z", "", "Underworld", "", "Boy, Boy, Boy"),
        ("user_000002", "2009-05-04T13:42:52Z", "", "Underworld", "", "Boy, Boy, Boy"),
        ("user_000002", "2009-05-04T13:42:52Z", "", "Underworld", "", ""),
    ]
    path = tmp_path / "userid-timestamp-artid-artname-traid-traname.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    plays = read_plays(path, DATA, PlaysFormat(layout="lastfm-1k"))
    assert triples(plays) == {
        ("user_000001", "mbid-t"): 2,
        ("user_000001", "Underworld / Boy, Boy, Boy"): 1,
        ("user_000002", "Underworld / Boy, Boy, Boy"): 1,
    }
    assert [(note.reason, note.count) for note in plays.dropped] == [("no user or no track", 1)]
    assert any("2 of 2 tracks played are not in mine" in sentence for sentence in plays.reading)


def about(folder: Path, text: str, name: str = "about.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_columns_about_tracks_are_numbers_or_texts_and_strangers_are_told(tmp_path: Path) -> None:
    text = "Track ID,year,bpm,mood\n{1},1990,120.5,happy\n{0},0,NA,sad\n{1},1991,1,x\nTRX,2000,99,\n"
    made = with_columns(DATA, about(tmp_path, text.format(*TRACKS)))
    assert made.tracks["year"].tolist()[:2] == [0.0, 1990.0]
    assert np.isnan(made.tracks["year"][2])
    assert made.tracks["bpm"].fillna(-1).tolist() == [-1, 120.5, -1]
    assert made.tracks["mood"].fillna("-").tolist() == ["sad", "happy", "-"]
    assert made.reading[-1] == (
        "About tracks: 'year', 'bpm', 'mood', from about.csv; it has 2 of 3 tracks, and 1 that are not in "
        "mine ('TRX')."
    )
    assert with_columns(DATA, None) is DATA
    with pytest.raises(DataError, match="has none of the tracks of mine in its column 'track'"):
        with_columns(DATA, about(tmp_path, "track,year\nq,1\n"))
    with pytest.raises(DataError, match="has no column of tracks; its columns are 'a', 'b'"):
        with_columns(DATA, about(tmp_path, "a,b\nq,1\n"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tag\nrock\n", "has no column beside 'tag' to take"),
        ("tag,tag\nrock,pop\n", "has no column beside 'tag' to take"),
        ("tag,year\nq,1\n", "names none of the 2 here in its column 'tag'"),
    ],
)
def test_a_table_without_columns_about_them_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        columns_about(about(tmp_path, text), ["rock", "pop"], "tag")


def test_columns_about_tags_are_in_the_order_of_the_tags(tmp_path: Path) -> None:
    path = about(tmp_path, "year,TAG,mood\n1990,pop,happy\n1991,pop,sad\n2000,q,x\n")
    columns = columns_about(path, ["rock", "pop"], "tag")
    assert list(columns.index) == ["rock", "pop"]
    assert columns["year"].fillna(0).tolist() == [0, 1990]
    assert columns["mood"].fillna("-").tolist() == ["-", "happy"]


def test_a_column_that_comes_again_is_told(tmp_path: Path) -> None:
    text = "track,year,mood,year,track\n{0},1990,sad,2000,q\n"
    data = with_columns(DATA, about(tmp_path, text.format(*TRACKS)))
    assert data.tracks["year"].tolist()[0] == 1990
    assert data.reading[-1].endswith("Columns of one name: 'track', 'year'; the first of each was taken.")


def test_artists_that_come_from_beside_are_counted(tmp_path: Path) -> None:
    text = "track,artist\n{0},A\n{1},A\n{2},B\n"
    made = with_columns(DATA, about(tmp_path, text.format(*TRACKS)))
    assert made.knows_artists
    assert dict(zip(made.tags["tag"], made.tags["artists"], strict=True)) == {"rock": 2, "pop": 1}
    assert (made.matrix != DATA.matrix).nnz == 0


def test_tracks_per_year_as_published(tmp_path: Path) -> None:
    text = "1922<SEP>{1}<SEP>Alberta Hunter<SEP>Don't Pan Me\n1924<SEP>{0}<SEP>Ida Cox<SEP>a\n"
    made = with_columns(DATA, about(tmp_path, text.format(*TRACKS), "tracks_per_year.txt"))
    assert made.tracks["year"].fillna(0).tolist() == [1924, 1922, 0]
    assert make_targets("year", made, YearMixture(k=2)).known.tolist() == [True, True, False]


def test_all_of_it_comes_with_a_table_and_with_last_fm(tmp_path: Path, taglab_home: Path) -> None:
    tags = about(tmp_path, f"track,tag\n{TRACKS[0]},rock\n{TRACKS[1]},pop\n", "tags.csv")
    settings = {
        "plays": triplets(tmp_path),
        "plays_layout": "taste-profile",
        "plays_songs": songs_file(tmp_path),
        "about": about(tmp_path, f"track,bpm\n{TRACKS[0]},100\n{TRACKS[1]},200\n"),
    }
    mine = sources.add("table", tags, "mine", TableSettings(**settings))  # type: ignore[arg-type]
    assert make_targets("bpm", mine, TempoMixture(k=2)).known.all()
    assert sources.open_interactions("mine").tracks == (TRACKS[0], TRACKS[1])
    pairs = ((1, 1, 100), (2, 2, 50))
    database = write_lastfm(tmp_path / "lastfm_tags.db", TRACKS[:2], ("rock", "pop"), pairs)
    other = sources.add("lastfm", database, "other", LastfmSettings(**settings))  # type: ignore[arg-type]
    assert other.tracks["bpm"].tolist() == [100, 200]
    assert triples(sources.open_interactions("other")) == triples(sources.open_interactions("mine"))


def test_a_track_called_as_what_is_missing_is_found_in_quotes(tmp_path: Path) -> None:
    data = Folksonomy.from_frame(pd.DataFrame({"track": ["NA", "b"], "tag": ["rock", "pop"]}), "mine")
    made = with_columns(data, about(tmp_path, 'track,year\n"NA",1990\nb,1991\n'))
    assert made.tracks["year"].tolist() == [1990, 1991]


def test_columns_come_from_parquet_and_lists_are_told(tmp_path: Path) -> None:
    path = tmp_path / "about.parquet"
    table = pd.DataFrame({"track": TRACKS, "year": [1990, 1991, 0]})
    table.to_parquet(path)
    assert with_columns(DATA, path).tracks["year"].tolist() == [1990, 1991, 0]
    table.assign(moods=[["calm"], [], ["sad", "slow"]]).to_parquet(path)
    with pytest.raises(DataError, match=r"column 'moods' holds list<.*>, no single values; leave it out"):
        with_columns(DATA, path)
