"""LFM-1b from the files that its authors publish, at the size of a hand."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import sparse

from taglab import sources
from taglab.errors import DataError
from taglab.recommend import HoldingOut, RecommenderMaterial
from taglab.recommend.holding_out import hold_out
from taglab.recommend.library import material_of
from taglab.sources.lfm1b import Lfm1bSettings, read_matrix
from tests.sources.tiny import write_files, write_lfm1b

COUNTS = np.array([[2, 1, 0, 0], [0, 0, 4, 3]])


def write_matrix(folder: Path, counts: np.ndarray = COUNTS, users: tuple[int, ...] = (7, 8)) -> Path:
    """Write LFM-1b_LEs.mat as MATLAB 7.3 does: ids as columns of doubles, the matrix column by column."""
    columns = sparse.csc_array(counts)
    with h5py.File(folder / "LFM-1b_LEs.mat", "w", userblock_size=512) as file:
        file["idx_users"] = np.array(users, float)[:, None]
        file["idx_artists"] = np.array([11, 12, 13, 14], float)[:, None]
        group = file.create_group("LEs")
        group.attrs["MATLAB_sparse"] = np.uint64(counts.shape[0])
        group["data"] = columns.data.astype(float)
        group["ir"] = columns.indices.astype(np.uint64)
        group["jc"] = columns.indptr.astype(np.uint64)
    return folder


def test_artists_have_genres_by_name_and_events_have_times(tmp_path: Path) -> None:
    data = sources.add("lfm-1b", write_lfm1b(tmp_path), "lfm")
    assert data.tracks["track"].tolist() == ["11", "12", "13"]
    assert data.tracks["artist"].tolist() == ['One "A"', "Two", "Two"]
    rock, jazz = (data.matrix[:, [data.tag_row(tag)]].toarray().ravel() for tag in ("rock", "jazz"))
    assert (rock.tolist(), jazz.tolist()) == ([1, 0, 0], [1, 1, 1])
    assert [(note.reason, note.what, note.examples) for note in data.dropped] == [
        ("the artist has no tag", "artists", ("Bare",))
    ]
    plays = sources.open_interactions("lfm")
    texts = plays.users.drop(columns="age").fillna("-")
    assert texts.to_numpy().tolist() == [["7", "AT", "m"], ["8", "-", "n"]]
    assert plays.users["age"].fillna(0).tolist() == [31, 0]
    assert plays.tracks == ("11", "12", "14")
    assert plays.matrix.toarray().tolist() == [[2, 1, 0], [0, 0, 1]]
    assert plays.times is not None
    assert plays.times.tolist() == [1325376060, 1325376120, 1325376180]
    held = hold_out(plays, HoldingOut(by="temporal-user", share=0.5))
    assert held.test.toarray().tolist() == [[False, True, False], [False, False, False]]


def test_tracks_have_the_tags_of_their_artist(tmp_path: Path) -> None:
    data = sources.add("lfm-1b", write_lfm1b(tmp_path), "lfm", Lfm1bSettings(items="track"))
    assert data.tracks["title"].tolist() == ["Song", "Other"]
    assert "tracks have those of their artist" in data.reading[0]
    assert sources.open_interactions("lfm").tracks == ("31", "32", "33")
    plays, tags = material_of(RecommenderMaterial(data="lfm"))
    assert [sorted(tags.of_item(at)) for at in range(plays.n_tracks)] == [["jazz", "rock"], ["jazz"], []]


def test_other_genres_and_a_table_of_tags(tmp_path: Path) -> None:
    folder = write_lfm1b(tmp_path)
    freebase = sources.read("lfm-1b", folder, "lfm", Lfm1bSettings(genres="freebase"))
    assert (freebase.tracks["title"].tolist(), freebase.tags["tag"].tolist()) == (["Bare"], ["folk"])
    write_files(tmp_path, {"tags.csv": "artist_id,artist,tag\n14,,calm\n,Two,loud\n,Two,loud\n,Two,\n"})
    mine = sources.read("lfm-1b", folder, "lfm", Lfm1bSettings(tags=tmp_path / "tags.csv"))
    assert mine.tracks["track"].tolist() == ["12", "13", "14"]
    assert dict(zip(mine.tags["tag"], mine.tags["count"], strict=True)) == {"loud": 2, "calm": 1}
    write_files(tmp_path, {"tags.csv": "who,what\n14,calm\n"})
    with pytest.raises(
        DataError, match="no columns tag and artist \\(or artist_id\\); its columns are 'who', 'what'"
    ):
        sources.read("lfm-1b", folder, "lfm", Lfm1bSettings(tags=tmp_path / "tags.csv"))


def test_an_artist_called_as_the_id_of_another_is_not_that_one(tmp_path: Path) -> None:
    folder = write_lfm1b(tmp_path)
    write_files(folder, {"LFM-1b_artists.txt": "11\t12\n12\tTwo\n13\tOther\n"})
    write_files(folder / "LFM-1b_UGP", {"LFM-1b_artist_genres_allmusic.txt": "12\t1\nTwo\t2\n\t0\n"})
    genres = sources.read("lfm-1b", folder, "lfm")
    assert genres.tracks["track"].tolist() == ["11", "12"]
    assert genres.tags["tag"].tolist() == ["jazz", "rock"]
    assert genres.matrix.toarray().sum() == 2
    expected = {
        "artist,tag\n12,by name\n": [("11", "by name")],
        "tag,artist_id\nby id,12\n": [("12", "by id")],
        "Artist ID;Artist name;tag\n12;Other;by id\n;12;by name\n": [("11", "by name"), ("12", "by id")],
    }
    for text, tagged in expected.items():
        write_files(tmp_path, {"tags.csv": text})
        data = sources.read("lfm-1b", folder, "lfm", Lfm1bSettings(tags=tmp_path / "tags.csv"))
        rows = data.matrix.tocoo()
        assert (
            sorted(
                (data.tracks["track"][row], data.tags["tag"][column])
                for row, column in zip(rows.row, rows.col, strict=True)
            )
            == tagged
        )


def test_the_matrix_is_that_of_matlab(tmp_path: Path) -> None:
    sources.add("lfm-1b", write_matrix(write_lfm1b(tmp_path)), "lfm")
    plays = sources.open_interactions("lfm")
    assert plays.users["user"].tolist() == ["7", "8"]
    assert plays.tracks == ("11", "12", "13", "14")
    np.testing.assert_array_equal(plays.matrix.toarray(), COUNTS)
    assert plays.times is None
    sources.add("lfm-1b", tmp_path, "lfm", Lfm1bSettings(plays="events"))
    assert sources.open_interactions("lfm").times is not None


def test_files_that_are_none_of_these_are_told(tmp_path: Path) -> None:
    folder = write_lfm1b(tmp_path)
    with pytest.raises(DataError, match=r"counts of artists in LFM-1b_LEs\.mat, not of tracks"):
        sources.add("lfm-1b", folder, "lfm", Lfm1bSettings(items="track", plays="matrix"))
    write_matrix(folder, COUNTS, (7,))
    with pytest.raises(DataError, match="1 users and 4 artists, and a matrix that is not of so many"):
        sources.add("lfm-1b", folder, "lfm")
    (folder / "LFM-1b_LEs.mat").write_bytes(b"no HDF5")
    with pytest.raises(DataError, match="no sparse matrix of users by artists in HDF5"):
        sources.add("lfm-1b", folder, "lfm")
    with h5py.File(folder / "LFM-1b_LEs.mat", "w") as file:
        file["idx_users"] = "text"
    with pytest.raises(DataError, match="where numbers are meant"):
        sources.add("lfm-1b", folder, "lfm")
    (folder / "LFM-1b_UGP" / "LFM-1b_artist_genres_allmusic.txt").write_text("Two\t7\n")
    with pytest.raises(DataError, match=r"line 1: has '7' where a line of genres_allmusic.txt is meant"):
        sources.read("lfm-1b", folder, "lfm")
    (folder / "LFM-1b_UGP" / "genres_allmusic.txt").unlink()
    with pytest.raises(DataError, match=r"unpack LFM-1b_UGP.zip there"):
        sources.read("lfm-1b", folder, "lfm")


@pytest.mark.parametrize(
    ("place", "numbers", "sentence"),
    [
        ("LEs/ir", [0, -1, 0, 1, 1], "has -1 among its rows"),
        ("LEs/ir", [0.0, 0.5, 0, 1, 1], "has 0.5 among its rows"),
        ("LEs/ir", [0, 0, 1, 9], "2 users and 4 artists, and a matrix that is not of so many"),
        ("LEs/jc", [1, 1, 2, 3, 4], "a matrix that is not of so many"),
        ("LEs/jc", [0, 3, 2, 3, 4], "a matrix that is not of so many"),
        ("LEs/jc", np.array([], int), "a matrix that is not of so many"),
        ("LEs/data", [0, -1, np.nan, np.inf], "holds no count above 0"),
        ("idx_users", [7, 7], "has one of its 2 users twice"),
        ("idx_users", [7, np.nan], "has nan among its users"),
        ("idx_artists", [11, 12, 13, 11.0], "has one of its 4 artists twice"),
        ("idx_artists", [11, 12, 13, 1e300], r"has 1e\+300 among its artists"),
    ],
)
def test_a_matrix_that_is_none_is_refused_in_a_sentence(
    tmp_path: Path, place: str, numbers: list[float], sentence: str
) -> None:
    file = write_matrix(tmp_path) / "LFM-1b_LEs.mat"
    with h5py.File(file, "r+") as matlab:
        del matlab[place]
        matlab[place] = numbers
    with pytest.raises(DataError, match=sentence):
        read_matrix(file, "lfm")
