"""The reader of any table."""

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.sources.table import TableSettings, read
from tests.sources.test_lastfm import weights
from tests.sources.tiny import HOSTILE_TAGS

PAIRS = {("A", "rock"): 1.0, ("A", "pop"): 1.0, ("B", "rock"): 1.0}


def read_text(folder: Path, content: str | bytes, name: str = "t.csv", **options: object) -> Folksonomy:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, "x", TableSettings(**options))


@pytest.mark.parametrize(
    "content",
    [
        "track,tag\nA,rock\nA,pop\nB,rock\n",
        "track_id\ttag\nA\trock\nA\tpop\nB\trock\n",
        "Song ID;Label\nA;rock\nA;pop\nB;rock\n",
        "tag,other,track\nrock,1,A\npop,2,A\nrock,3,B\n",
        "track_id\ttags\nA\trock|pop\nB\trock\n",
        "id,genres\nA,rock;pop\nB,rock\n",
        'id,genres\nA,"rock, pop"\nB,rock\n',
        '"track"\t"tag"\n"A"\t"rock"\n"A"\t"pop"\n"B"\t"rock"\n',
        "track,tag\r\nA,rock\r\n\r\nA,pop\r\nB,rock",
        "\n  \ntrack,tag\nA,rock\nA,pop\nB,rock\n",
    ],
)
def test_columns_and_delimiters_are_detected(tmp_path: Path, content: str) -> None:
    assert weights(read_text(tmp_path, content)) == PAIRS


TEXT = "track,tag\nA,rock\nA,pop\nB,rock\n"


def zipped(**members: str) -> bytes:
    """Pack files, of one date: tests are named for their bytes, and every process must name them alike."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode(), mtime=0),
        gzip.compress(TEXT.encode("utf-8-sig"), mtime=0),
        zipped(**{"inner.csv": TEXT}),
    ],
)
def test_encodings_and_archives_are_recognised_by_content(tmp_path: Path, content: bytes) -> None:
    assert weights(read_text(tmp_path, content, "named.anything")) == PAIRS


def test_columns_can_be_named(tmp_path: Path) -> None:
    content = "track,tag,word,song\n1,x,rock,A\n2,y,pop,A\n3,z,rock,B\n"
    assert weights(read_text(tmp_path, content, track="song", tag="word")) == PAIRS


def test_no_header(tmp_path: Path) -> None:
    found = read_text(tmp_path, "A\trock\t2\nA\tpop\t3\n", header=False)
    assert weights(found) == {("A", "rock"): 2, ("A", "pop"): 3}
    found = read_text(tmp_path, "rock,A\npop,A\nrock,B\n", header=False, track="2", tag="1")
    assert weights(found) == PAIRS


def test_weights_thresholds_and_what_is_told_of_tracks(tmp_path: Path) -> None:
    content = (
        "track,tag,count,artist,title,split\n"
        "A,rock,3,X,One,train\nA,pop,1,X,,train\nB,rock,nan,Y,Two,\nB,jazz,-1,Y,Two,\nB,rock,1e99,Y,Two,\n"
        "B,soul,9,Z,Two,\n,rock,1,,,\nC,,5,X,,\nC,rock\n"
    )
    found = read_text(tmp_path, content, min_weight=2)
    assert weights(found) == {("A", "rock"): 3, ("B", "soul"): 9}
    assert found.tracks["artist"].tolist() == ["X", "Y", "X"]
    assert found.tracks["title"].tolist()[:2] == ["One", "Two"]
    assert {(note.reason, note.what): note.count for note in found.dropped} == {
        ("weight below 2", "rows"): 1,
        ("the weight is not a number above 0", "rows"): 3,
        ("another artist for a track seen before; the first is kept", "rows"): 1,
        ("no track", "rows"): 1,
        ("no tag", "rows"): 1,
        ("not as many columns as the header", "rows"): 1,
    }


def test_lines_of_what_is_left_out_are_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'track,tag\nA,"ro\nck"\nA\nB,rock\n')
    (note,) = found.dropped
    assert note.examples == ("t.csv, line 4",)


def test_a_weight_column_can_be_declined(tmp_path: Path) -> None:
    assert weights(read_text(tmp_path, "track,tag,n\nA,rock,0\n", weight="")) == {("A", "rock"): 1}


def test_a_tag_delimiter_can_be_given_or_declined(tmp_path: Path) -> None:
    content = "track\ttags\nA\trock/pop\nB\trock\n"
    assert weights(read_text(tmp_path, content, tag_delimiter="/")) == PAIRS
    assert ("A", "rock/pop") in weights(read_text(tmp_path, content, tag_delimiter=""))
    assert ("A", "rock|pop") in weights(read_text(tmp_path, "track,tag\nA,rock|pop\n"))


def test_quotes_in_tab_separated_tags_are_taken_as_written(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'track\ttag\nA\t"Weird Al\nB\t12"\nC\t"best" ever\n')
    assert set(found.tags["tag"]) == {'"Weird Al', '12"', '"best" ever'}


def test_hostile_tags_come_through_csv(tmp_path: Path) -> None:
    tags = [*HOSTILE_TAGS, "line\nbreak", "return\r\nline", "tab\ttab"]
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track", "tag"])
        writer.writerows([f"T{number % 3}", tag] for number, tag in enumerate(tags))
    found = read(tmp_path / "t.csv", "x", TableSettings(missing=()))
    found.save(tmp_path / "saved")
    assert set(Folksonomy.open(tmp_path / "saved").tags["tag"]) == {tag.strip() for tag in tags}


def test_bytes_that_are_no_utf8_are_mended_and_counted(tmp_path: Path) -> None:
    content = b"track,tag,artist\nA,caf\xe9,\xfc\nB,caf\xe9,X\nB\xff,rock,X\n"
    found = read_text(tmp_path, content, encoding="utf-8")
    assert found.counts().to_dict() == {"caf\ufffd": 2, "rock": 1}
    assert found.tracks["artist"].tolist() == ["\ufffd", "X", "X"]
    assert {note.what: note.count for note in found.dropped} == {"cells": 1, "tags": 1, "tracks": 1}
    found.save(tmp_path / "saved")


def test_parquet_rows(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"tag": pd.Categorical(["rock", "pop", "rock"]), "track": [1, 1, 2], "weight": [1.5, 2.0, None]}
    )
    table.to_parquet(tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", "x", TableSettings())
    assert weights(found) == {("1", "rock"): 1.5, ("1", "pop"): 2}


def test_parquet_lists_of_tags(tmp_path: Path) -> None:
    tags = [["rock", "a|b", None], [], None, ["rock"]]
    pq.write_table(pa.table({"track": ["A", "B", "C", "D"], "tags": tags}), tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", "x", TableSettings())
    assert weights(found) == {("A", "rock"): 1, ("A", "a|b"): 1, ("D", "rock"): 1}
    assert found.dropped[0].reason == "no tag"
    assert found.dropped[0].count == 2


def test_parquet_text_that_is_no_utf8(tmp_path: Path) -> None:
    bad = pa.array([b"caf\xe9", b"rock"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"track": ["A", "A"], "tag": bad}), tmp_path / "t.parquet")
    assert set(read(tmp_path / "t.parquet", "x", TableSettings()).tags["tag"]) == {"caf\ufffd", "rock"}


def test_parquet_columns_not_in_use_are_not_looked_at(tmp_path: Path) -> None:
    table = {
        "audio": [b"\x00\xff"] * 2,
        "song": ["A", "B"],
        "a.b": [1.0, 2.0],
        "genres": ["rock;pop", "rock"],
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    assert weights(read(tmp_path / "t.parquet", "x", TableSettings())) == PAIRS


def test_a_parquet_weight_that_is_missing_is_left_out_and_told(tmp_path: Path) -> None:
    table = {"track": ["A", "B", "C"], "tag": ["rock"] * 3, "weight": [2.0, None, 3.0]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", "x", TableSettings())
    assert weights(found) == {("A", "rock"): 2.0, ("C", "rock"): 3.0}
    (note,) = found.dropped
    assert (note.reason, note.count) == ("the weight is not a number above 0", 1)


def test_parquet_lists_of_fixed_length(tmp_path: Path) -> None:
    tags = pa.array([["rock", "pop"], ["pop", None], None], pa.list_(pa.string(), 2))
    pq.write_table(pa.table({"track": ["A", "B", "C"], "tags": tags}), tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", "x", TableSettings())
    assert set(weights(found)) == {("A", "rock"), ("A", "pop"), ("B", "pop")}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("track", [["A"], ["B"]]),
        ("artist", [["A"], ["B"]]),
        ("weight", [[1.0], [2.0]]),
        ("tag", [{"a": "rock"}, {"a": "pop"}]),
        ("tag", [[["rock"]], [["pop"]]]),
    ],
)
def test_a_parquet_column_of_no_single_values_is_told(tmp_path: Path, column: str, values: object) -> None:
    table = {"track": ["A", "B"], "tag": ["rock", "pop"], column: values}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=f"column '{column}' holds .*, no single values"):
        read(tmp_path / "t.parquet", "x", TableSettings())


def test_two_parquet_columns_of_one_name_are_told(tmp_path: Path) -> None:
    columns = [pa.array(["A"]), pa.array(["rock"]), pa.array(["pop"])]
    pq.write_table(pa.Table.from_arrays(columns, names=["track", "tag", "tag"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="several columns called 'tag'"):
        read(tmp_path / "t.parquet", "x", TableSettings())


def test_nothing_but_an_empty_quoted_field_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing but blank rows"):
        read_text(tmp_path, '""\n')


def test_truncated_parquet_is_told(tmp_path: Path) -> None:
    pd.DataFrame({"track": ["A"] * 999, "tag": ["rock"] * 999}).to_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    with pytest.raises(DataError, match="damaged Parquet"):
        read_text(tmp_path, content[: len(content) // 2], "t.parquet")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("track,artist\nA,X\n", "line 1: has no column for the tag; its columns are 'track', 'artist'"),
        ("tag,artist\nrock,X\n", "line 1: has no column for the track"),
        ("user,track,count\na,A,3\n", r"given beside that of tags \(--plays\)"),
        ("A\trock\nA\tpop\n", "with the option track .--track., or set header to no .--no-header."),
        ("track,tag\n", "holds no tag of any track"),
        ("track,tag\nA,\n", "1 rows: no tag"),
        ("\n \n\n", "nothing but blank lines"),
        ('track,tag\nA,rock\nB,"po"p\n', "line 3: is not well-formed"),
        ('track,tag\nA,rock\nB,"pop\nC,rock\n', "line 3: is not well-formed.*--no-quotes"),
        ("track,tag\nA," + "x" * 140_000, "line 2: has a field of more than 131,072 characters, longer than"),
        ('track,tag\nA,"rock\n' + "B,pop\n" * 30_000, "line 2: is not well-formed.*--no-quotes"),
        (gzip.compress(TEXT.encode() * 99, mtime=0)[:-20], "cut off or damaged"),
        (b"\x1f\x8b" + b"x" * 50, "cut off or damaged"),
        (b"PK\x03\x04" + b"x" * 50, "is not a zip, was cut off"),
        (zipped(a=TEXT, b=TEXT), "holds 2 files"),
        (zipped(**{"../../outside.csv": TEXT}), "which leads outside"),
        (zipped(**{"/etc/outside.csv": TEXT}), "which leads outside"),
        (zipped(**{"..\\outside.csv": TEXT}), "which leads outside"),
        (zipped(**{"C:/outside.csv": TEXT}), "which leads outside"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_text(tmp_path, content)


def test_files_of_a_folder_are_joined_and_their_names_tell_the_split(tmp_path: Path) -> None:
    (tmp_path / "my_train.csv").write_text("track,tag\nA,rock\nA,pop\n")
    (tmp_path / "valid.tsv.gz").write_bytes(gzip.compress(b"id\ttags\nB\trock\n", mtime=0))
    (tmp_path / "notes.md").write_text("not a table")
    found = read(tmp_path, "x", TableSettings())
    assert weights(found) == PAIRS
    assert found.tracks["split"].tolist() == ["train", "validation"]


def test_a_device_is_told() -> None:
    with pytest.raises(DataError, match="is neither a file nor a folder"):
        read(Path("/dev/null"), "x", TableSettings())


def test_a_folder_without_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder without a file named like"):
        read(tmp_path, "x", TableSettings())


@pytest.mark.parametrize("option", [{"tag": "label"}, {"track": "tag2"}, {"weight": "TAG"}])
def test_a_named_column_must_be_there(tmp_path: Path, option: dict[str, str]) -> None:
    with pytest.raises(InvalidSetting, match=r"its columns are 'track', 'tag'"):
        read_text(tmp_path, TEXT, **option)


# A short file of which every tenth byte is a control character is taken for binary.
CONTROLS = "".join(map(chr, set(range(1, 32)) - set(b"\t\n\r\f\x1b")))
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=CONTROLS), min_size=1, max_size=8)
tags_of_rows = words.filter(lambda text: bool(text.strip()) and not text.startswith("\ufeff"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(tags_of_rows, tags_of_rows), min_size=1, max_size=12))
def test_whatever_the_csv_module_writes_is_read_as_it_was(
    tmp_path: Path, rows: list[tuple[str, str]]
) -> None:
    with (tmp_path / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("track", "tag"), *rows])
    trimmed = {(track.strip(), tag.strip()) for track, tag in rows}
    assert weights(read(tmp_path / "t.csv", "x", TableSettings())) == dict.fromkeys(trimmed, 1.0)
