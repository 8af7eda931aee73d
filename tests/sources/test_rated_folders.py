"""Folders of plays or ratings and tags, as published, and large tables read in bulk."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import sources
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.recommend import as_plays
from taglab.sources.plays import PlaysFormat, read_plays
from tests.sources.tiny import TINY, write_files

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
TAGS = Folksonomy.from_frame(pd.DataFrame({"track": ["10"], "tag": ["rock"]}), "mine")


def test_hetrec_weighs_tags_by_people_and_names_artists(tmp_path: Path) -> None:
    data = sources.add("hetrec", TINY["hetrec"](tmp_path), "mine")
    assert data.tracks["title"].tolist() == ['One "A" band', "Two", "Three"]
    assert data.matrix[[0], data.tag_row("rock")].sum() == 2
    assert (1, "no item or no tag of this number") in [(note.count, note.reason) for note in data.dropped]
    plays = sources.open_interactions("mine")
    assert (plays.n_users, plays.n_tracks, plays.kind) == (2, 2, "counts")
    assert plays.matrix.max() == 13883
    assert any("not a number above 0" in note.reason for note in plays.dropped)


def test_goodbooks_joins_the_two_numbers_of_a_book(tmp_path: Path) -> None:
    data = sources.add("goodbooks", TINY["goodbooks"](tmp_path), "mine")
    assert data.tracks["track"].tolist() == ["1", "2"]
    assert data.tracks["title"].tolist() == ["First", "Second, too"]
    assert data.matrix.toarray().tolist() == [[50.0], [2.0]]
    assert {note.reason for note in data.dropped} >= {"the count is not above 0"}
    ratings = sources.open_interactions("mine")
    assert ratings.kind == "ratings"
    assert ratings.matrix.toarray().tolist() == [[5, 0], [3, 1]]  # of a book rated twice the last counts
    assert as_plays(ratings, 3).matrix.nnz == 2


def test_movielens_keeps_movies_without_tags_and_counts_odd_rows(tmp_path: Path) -> None:
    data = sources.add("movielens", TINY["movielens"](tmp_path), "mine")
    assert data.n_tracks == 2
    assert data.matrix[[1]].nnz == 0
    assert sorted(data.tags["tag"]) == ["Pixar", "funny"]
    ratings = sources.open_interactions("mine")
    assert ratings.matrix.nnz == 3
    assert sorted(note.count for note in ratings.dropped) == [1, 1]


def test_citeulike_counts_from_0_and_refuses_a_file_that_is_cut_short(tmp_path: Path) -> None:
    data = sources.add("citeulike", TINY["citeulike"](tmp_path), "mine")
    assert data.tracks["track"].tolist() == ["0", "1", "2"]
    plays = sources.open_interactions("mine")
    np.testing.assert_array_equal(plays.matrix.toarray(), [[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    assert plays.dropped[0].reason == "no number below 3"
    (tmp_path / "users.dat").write_text("3 0 2\n")
    with pytest.raises(DataError, match="line 1: says '3' and lists 2"):
        sources.add("citeulike", tmp_path, "again")


def test_a_folder_that_lacks_a_file_or_a_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds tags\.dat"):
        sources.read("hetrec", tmp_path, "mine")
    write_files(tmp_path, {"movies.csv": "movieId,title\n1,a\n", "tags.csv": "movieId,label\n1,a\n"})
    with pytest.raises(DataError, match="no column 'tag'"):
        sources.read("movielens", tmp_path, "mine")


def test_ids_written_as_floats_are_whole_and_events_again_are_added_up(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv.gz"
    rows = "count,item,user\n2,10.0,1.0\n3,10.0,1.0\n1,11.0,2.0\n,11.0,2.0\n4,,2.0\n"
    path.write_bytes(gzip.compress(rows.encode()))
    plays = read_plays(path, TAGS)
    assert plays.users["user"].tolist() == ["1", "2"]
    assert plays.tracks == ("10", "11")
    assert plays.matrix.toarray().tolist() == [[5, 0], [0, 1]]
    assert sorted(note.count for note in plays.dropped) == [1, 1]


def test_a_table_without_a_header_or_without_anything(tmp_path: Path) -> None:
    path = write_files(tmp_path, {"t.txt": 'u "one"\ts\t1\nv\ts\t2\n'}) / "t.txt"
    plays = read_plays(path, TAGS, PlaysFormat(header=False))
    assert plays.users["user"].tolist() == ['u "one"', "v"]
    for text, sentence in (
        ("user,item,count\n", "no usable row"),
        ("user,sound\nu,s\n", "no column of tracks"),
        ("", "is empty"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=sentence):
            read_plays(path, TAGS)
    with pytest.raises(DataError, match="no such file"):
        read_plays(tmp_path / "none.csv", TAGS)


@pytest.mark.realdata
def test_published_files_are_read(seen: Callable[[str], None]) -> None:
    folder = DATA / "citeulike-a"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    data = sources.add("citeulike", folder, "cit")
    plays = sources.open_interactions("cit")
    assert (plays.n_users, data.n_tracks) == (5_551, 16_980)
    assert 204_986 <= plays.matrix.nnz <= 204_987
    seen(
        f"citeulike-a: {plays.n_users} users, {data.n_tracks} items, {data.n_tags} tags, {plays.density:.2%}"
    )
