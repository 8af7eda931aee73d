"""Plays beside tags: read, told, kept with the data set, and those of unknown tracks not lost."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taglab import sources
from taglab.cli import main
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.sources.plays import PlaysFormat, read_plays
from taglab.sources.table import TableSettings

TAGS = pd.DataFrame({"track": ["a", "b", "c"], "tag": ["rock", "jazz", "rock"]})
DATA = Folksonomy.from_frame(TAGS, "mine")


def written(folder: Path, text: str, name: str = "plays.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def triples(path: Path, form: PlaysFormat | None = None) -> dict[tuple[str, str], float]:
    plays = read_plays(path, DATA, form)
    rows = plays.matrix.tocoo()
    users = plays.users["user"].tolist()
    return {
        (users[u], plays.tracks[t]): value for u, t, value in zip(rows.row, rows.col, rows.data, strict=True)
    }


EXPECTED = {("u1", "a"): 3, ("u1", "b"): 1, ("u2", "a"): 2}


@pytest.mark.parametrize(
    "text",
    [
        "user,track,count\nu1,a,1\nu1,b,1\nu2,a,2\nu1,a,2\n",
        "User ID;Play count;Song-ID\nu1;3;a\nu1;1;b\nu2;2;a\n",
        "listener\titem\nu1\ta\nu1\ta\nu1\ta\nu1\tb\nu2\ta\nu2\ta\n",
    ],
)
def test_columns_are_told_by_their_usual_names(tmp_path: Path, text: str) -> None:
    assert triples(written(tmp_path, text)) == EXPECTED


def test_triplets_without_a_header_and_packed(tmp_path: Path) -> None:
    (tmp_path / "triplets.txt.gz").write_bytes(gzip.compress(b"u1\ta\t3\nu1\tb\t1\nu2\ta\t2\n"))
    assert triples(tmp_path / "triplets.txt.gz", PlaysFormat(header=False)) == EXPECTED


def test_parquet(tmp_path: Path) -> None:
    rows = [(user, track, count) for (user, track), count in EXPECTED.items()]
    pd.DataFrame(rows, columns=["user", "track", "plays"]).to_parquet(tmp_path / "p.parquet")
    assert triples(tmp_path / "p.parquet") == EXPECTED


def test_ratings_are_ratings(tmp_path: Path) -> None:
    plays = read_plays(written(tmp_path, "user,track,rating\nu,a,-1\nu,b,0\nv,a,5\n"), DATA)
    assert plays.kind == "ratings"
    assert plays.matrix.data.tolist() == [-1, 0, 5]
    both = written(tmp_path, "user,track,rating,plays\nu,a,1,1\n")
    with pytest.raises(InvalidSetting, match="column of counts, 'plays', and one of ratings, 'rating'"):
        read_plays(both, DATA)


def test_what_is_no_play_is_counted_with_its_cells(tmp_path: Path) -> None:
    text = "user,track,count\nu,a,1\n,a,1\nu,,1\nu,NA,2\nu,b,0\nu,b,-3\nu,b,many\nu,b\n"
    plays = read_plays(written(tmp_path, text), DATA)
    assert {(note.reason, note.what): note.count for note in plays.dropped} == {
        ("no user or no track", "plays"): 3,
        ("the count is not a number above 0", "plays"): 3,
        ("not as many columns as the header", "plays"): 1,
    }
    assert [note.examples for note in plays.dropped] == [
        ("u,b",),
        (", a", "u, ", "u, "),
        ("u, b, 0", "u, b, -3", "u, b, many"),
    ]


def test_ids_written_as_floats_are_the_whole_numbers_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, "user,track\n1.0,7.0\n2.0,7.0\n")
    assert triples(path) == {("1", "7"): 1, ("2", "7"): 1}
    reading = read_plays(path, DATA).reading
    for what, point, whole in (("user", "1.0", "1"), ("track", "7.0", "7")):
        assert any(
            f"every {what} is a whole number" in one and f"{point!r} is {whole!r}" in one for one in reading
        )


def test_events_that_come_again_are_told(tmp_path: Path) -> None:
    plays = read_plays(written(tmp_path, "user,track\nu,a\nu,a\nu,b\n"), DATA)
    assert plays.matrix.toarray().tolist() == [[2, 1]]
    assert plays.reading[-1] == (
        "Plays: 3 rows are of 2 pairs of user and track; those of a pair are added up."
    )


def test_plays_of_unknown_tracks_are_named_and_kept(tmp_path: Path) -> None:
    plays = read_plays(written(tmp_path, "user,track\nu,a\nu,x\nv,y\n"), DATA)
    assert plays.tracks == ("a", "x", "y")
    assert plays.reading == (
        "Plays: user is column 'user'; track is column 'track'; every row is one play.",
        "Plays: 2 of 3 tracks played are not in mine ('x', 'y'); they are kept, and have no tags.",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("who,track\nu,a\n", "no column of users; its columns are 'who', 'track'"),
        ("user,sound\nu,a\n", "no column of tracks"),
        ("user,track,count\nu,a,none\n", "no usable row of user, track and count"),
        ("", "is empty"),
    ],
)
def test_what_holds_no_plays_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_plays(written(tmp_path, text), DATA)


def test_plays_are_kept_with_their_data_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    TAGS.to_csv(tmp_path / "tags.csv", index=False)
    plays = written(tmp_path, "user,track\nu,a\nv,a\nv,x\n")
    assert (
        main(["data", "add", "table", str(tmp_path / "tags.csv"), "--name", "mine", "--plays", str(plays)])
        == 0
    )
    output = capsys.readouterr().out
    assert "3" in output
    opened = sources.open_interactions("mine")
    assert (opened.n_users, opened.tracks) == (2, ("a", "x"))
    assert main(["data", "show", "mine", "--json"]) == 0
    shown = capsys.readouterr().out
    for part in (
        '"users": 2',
        '"played_tracks": 2',
        '"interactions": 3',
        '"density": 0.75',
        "are not in mine",
    ):
        assert part in shown
    # Added again without plays, the data set has none.
    sources.add("table", tmp_path / "tags.csv", "mine", TableSettings())
    with pytest.raises(NotFound, match="data set 'mine' has no plays; those of a table are added with it"):
        sources.open_interactions("mine")
    assert sources.plays_of("mine") is None


def test_a_folder_is_read_without_its_plays(tmp_path: Path) -> None:
    TAGS.to_csv(tmp_path / "tags.csv", index=False)
    plays = written(tmp_path, "user,track\nu,a\n")
    sources.add("table", tmp_path, "folder", TableSettings(plays=plays))
    assert sources.open_folksonomy("folder").n_assignments == 3
    assert sources.open_interactions("folder").n_users == 1


def test_plays_that_cannot_be_read_leave_everything_as_it_was(tmp_path: Path) -> None:
    TAGS.to_csv(tmp_path / "tags.csv", index=False)
    with pytest.raises(DataError, match="no such file"):
        sources.add("table", tmp_path / "tags.csv", "new", TableSettings(plays=tmp_path / "nowhere.csv"))
    assert "new" not in sources.folksonomy_names()


def test_a_source_says_what_it_reads() -> None:
    assert sources.SOURCES["table"].reads == ("folksonomy", "interactions")
    assert sources.SOURCES["lastfm"].reads == ("folksonomy", "interactions")
    assert sources.SOURCES["jamendo"].reads == ("folksonomy",)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("timestamp", ["1325376000", "1325376001", "1325376002"]),
        ("Played at", ["1325376000000", "1325376001000", "1325376002000"]),
        ("date", ["2012-01-01", "2012-01-01 00:00:01", "2012-01-01T00:00:02Z"]),
        ("time", ["2012-01-01T00:00:00Z", "2012-01-01T01:00:01+01:00", "2012-01-01T00:00:02.000Z"]),
    ],
)
def test_times_are_read_as_they_are_written(tmp_path: Path, column: str, cells: list[str]) -> None:
    rows = "".join(f"u,{track},{cell}\n" for track, cell in zip("abb", cells, strict=True))
    plays = read_plays(written(tmp_path, f"user,track,{column}\n{rows}"), DATA)
    assert plays.matrix.toarray().tolist() == [[1, 2]]
    assert plays.times is not None
    assert plays.times.tolist() == [1325376000, 1325376002]
    assert f"the time is column {column!r}" in plays.reading[0]
    assert not plays.dropped


def test_a_time_that_cannot_be_read_is_counted_and_its_play_stays(tmp_path: Path) -> None:
    plays = read_plays(
        written(tmp_path, "user,track,time\nu,a,soon\nu,b,2012-01-01\nu,c,\nv,a,1e300\n"), DATA
    )
    assert plays.matrix.nnz == 4
    assert plays.times is not None
    assert [time for time in plays.times.tolist() if time == time] == [1325376000]
    assert [(note.reason.partition(" (")[0], note.count) for note in plays.dropped] == [
        ("the time cannot be read", 3)
    ]


def test_a_column_of_which_no_time_can_be_read_is_not_said_to_be_the_time(tmp_path: Path) -> None:
    plays = read_plays(written(tmp_path, "user,track,date\nu,a,13/03/2020\nv,a,14/03/2020\n"), DATA)
    assert plays.times is None
    assert not any("the time is column" in sentence for sentence in plays.reading)
    assert [(note.count, "2012-01-31" in note.reason) for note in plays.dropped] == [(2, True)]


def when(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("cells", "form", "times"),
    [
        (["20120131", "20120229", "20120230"], "YYYYMMDD", [when(2012, 1, 31), when(2012, 2, 29), np.nan]),
        (["2012", "1999", ""], "years", [when(2012, 1, 1), when(1999, 1, 1), np.nan]),
        (["201203", "201313", "201201"], "YYYYMM", [when(2012, 3, 1), np.nan, when(2012, 1, 1)]),
        (["201203041530", "0", "201203041531"], "YYYYMMDDhhmm", [
            when(2012, 3, 4, 15, 30), np.nan, when(2012, 3, 4, 15, 31),
        ]),
        (["20120304153059", "soon", "2012-03-04"], "YYYYMMDDhhmmss", [
            when(2012, 3, 4, 15, 30, 59), np.nan, when(2012, 3, 4),
        ]),
        # Seconds since some beginning pass through 2012 and 20120131, and are no dates.
        (["2011", "2500", "90000"], "", [2011, 2500, 90000]),
        (["20120131", "30000000", "1325376000"], "", [20120131, 30000000, 1325376000]),
        (["1325376000", "soon", "2012-01-01"], "", [1325376000, np.nan, 1325376000]),
    ],
)  # fmt: skip
def test_dates_and_years_in_figures_are_no_seconds(
    tmp_path: Path, cells: list[str], form: str, times: list[float]
) -> None:
    rows = "".join(f"u,{track},{cell}\n" for track, cell in zip("abc", cells, strict=True))
    plays = read_plays(written(tmp_path, f"user,track,date\n{rows}"), DATA)
    assert plays.times is not None
    np.testing.assert_array_equal(plays.times, times)
    assert sum(note.count for note in plays.dropped if note.what == "times") == np.isnan(times).sum()
    sentence = f"Plays: times are numbers of the form {form}, and were read in UTC."
    assert (sentence in plays.reading) == bool(form)
    if all(cell.isdigit() for cell in cells):
        frame = pd.DataFrame({"user": "u", "track": list("abc"), "date": list(map(int, cells))})
        frame.to_parquet(tmp_path / "p.parquet")
        np.testing.assert_array_equal(read_plays(tmp_path / "p.parquet", DATA).times, times)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [pa.time64("us"), pa.time32("ms"), pa.duration("s"), pa.bool_()])
def test_what_does_not_tell_when_is_left_out_and_told(tmp_path: Path, kind: pa.DataType) -> None:
    cells = pa.array([0, 1, None], pa.int64() if kind.bit_width == 64 else pa.int32()).cast(kind)
    table = pa.table({"user": ["u", "v", "w"], "track": ["a", "a", "b"], "time": cells})
    pq.write_table(table, tmp_path / "p.parquet")
    plays = read_plays(tmp_path / "p.parquet", DATA)
    assert plays.matrix.toarray().tolist() == [[1, 0], [1, 0], [0, 1]]
    assert plays.times is None
    assert [(note.reason, note.count) for note in plays.dropped] == [
        (f"{kind} does not tell when; the play counts without", 3)
    ]
    assert "time" not in plays.reading[0]


def test_counts_that_are_no_numbers_are_told_and_texts_of_all_kinds_are_read(tmp_path: Path) -> None:
    for users in (pa.large_binary(), pa.binary(1), pa.string_view(), pa.large_string()):
        table = pa.table({"user": pa.array(["u"], pa.string()).cast(users), "track": ["a"], "date": ["2012"]})
        pq.write_table(table, tmp_path / "p.parquet")
        plays = read_plays(tmp_path / "p.parquet", DATA)
        assert (plays.users["user"].tolist(), plays.times.tolist()) == (["u"], [when(2012, 1, 1)])  # type: ignore[union-attr]
    table = pa.table({"user": ["u"], "track": ["a"], "count": pa.array([1], pa.time64("us"))})
    pq.write_table(table, tmp_path / "p.parquet")
    with pytest.raises(DataError, match="no usable row of user, track and count"):
        read_plays(tmp_path / "p.parquet", DATA)


def test_times_of_parquet(tmp_path: Path) -> None:
    times = pd.to_datetime(["2012-01-01 00:00:05", None])
    pd.DataFrame({"user": [1, 2], "track": ["a", "a"], "time": times}).to_parquet(tmp_path / "p.parquet")
    plays = read_plays(tmp_path / "p.parquet", DATA)
    assert plays.times is not None
    assert str(plays.times.tolist()) == "[1325376005.0, nan]"
    assert plays.users["user"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        (["7", "007", "7 ", "12"], ["7", "007", "12"]),
        (["1", "2", "-3"], ["1", "2", "-3"]),
        (["0x10", "16"], ["0x10", "16"]),
        (["9" * 25, "1"], ["9" * 25, "1"]),
        (["\u00e9", "e"], ["\u00e9", "e"]),
    ],
)
def test_ids_stay_as_they_are_written(tmp_path: Path, ids: list[str], kept: list[str]) -> None:
    rows = "".join(f"{one},a\n" for one in ids)
    assert read_plays(written(tmp_path, "user,track\n" + rows), DATA).users["user"].tolist() == kept


def test_texts_of_other_encodings_and_in_quotes(tmp_path: Path) -> None:
    text = 'user,track\n"Müller, A","NA"\n"Müller, A",NA\n"x""y",""\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        (tmp_path / "p.csv").write_bytes(text.encode(encoding))
        plays = read_plays(tmp_path / "p.csv", DATA, PlaysFormat(encoding=encoding))
        assert (plays.users["user"].tolist(), plays.tracks) == (["Müller, A"], ("NA",))
        assert [note.count for note in plays.dropped] == [2]


def test_bytes_that_are_no_text_are_mended_and_told(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes("user,track\nü1,a\nü2,a\n".encode() + b"\xffu,a\n")
    plays = read_plays(tmp_path / "p.csv", DATA)
    assert plays.users["user"].tolist() == ["ü1", "ü2", "\ufffdu"]
    assert [(note.reason, note.what) for note in plays.dropped] == [
        ("not valid Unicode; the bad parts became U+FFFD", "users")
    ]


def test_quotes_that_are_not_closed_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="quotes are not closed"):
        read_plays(written(tmp_path, 'user,track\nu,a\n"u,b\nv,c\n'), DATA)


def test_a_row_that_comes_in_a_later_block_is_the_same_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taglab.sources.events._ROWS_AT_ONCE", 1)
    monkeypatch.setattr("taglab.sources.table_columns._BLOCK_BYTES", 24)
    text = "user,track,count\n" + "u1,a,1\n7,b,1\nu2,a,1\n7,a,2\n" * 3
    assert triples(written(tmp_path, text)) == {
        ("u1", "a"): 3, ("7", "b"): 3, ("u2", "a"): 3, ("7", "a"): 6,
    }  # fmt: skip


def test_arff(tmp_path: Path) -> None:
    text = "@relation p\n@attribute user string\n@attribute track string\n@attribute plays numeric\n@data\n"
    rows = "u1,a,1\nu1,b,1\nu2,a,2\nu1,a,2\nu1\n?,a,1\n"
    assert triples(written(tmp_path, text + rows, "p.arff")) == EXPECTED
