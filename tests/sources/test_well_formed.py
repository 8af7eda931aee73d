"""Tables that are well-formed and could mean something else: what is taken for what, and that it is told."""

import csv
import gzip
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab.dropped import Dropped
from taglab.encodings import Encoding, encoding_of
from taglab.errors import DataError, InvalidSetting
from taglab.sources.magnatagatune import MagnatagatuneSettings
from taglab.sources.magnatagatune import read as read_magnatagatune
from taglab.sources.reading import QUOTED
from taglab.sources.table import TableSettings, read
from taglab.sources.tag_cells import listed_tags
from tests.sources.test_lastfm import weights
from tests.sources.test_table import read_text, zipped


def reasons(notes: tuple[Dropped, ...]) -> dict[str, int]:
    return {note.reason: note.count for note in notes}


@pytest.mark.parametrize(
    "cells",
    [
        ["['trip hop', 'dub']", "['dub']", "[]"],
        ['["trip hop", "dub"]', '["dub"]', "[]"],
        ["['trip hop' 'dub']", "['dub']", "[]"],
        ["['trip hop'\n 'dub']", "['dub']", "[]"],
        ["{'trip hop', 'dub'}", "{'dub'}", "set()"],
        ["('trip hop', 'dub')", "('dub',)", "()"],
        [
            "array(['trip hop', 'dub'], dtype=object)",
            "array(['dub'], dtype=object)",
            "array([], dtype=object)",
        ],
        ["frozenset({'trip hop', 'dub'})", "frozenset({'dub'})", "frozenset()"],
    ],
    ids=["python", "json", "numpy", "numpy in lines", "set", "tuple", "array", "frozenset"],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_lists_written_as_text_are_lists_of_tags(tmp_path: Path, cells: list[str], ending: str) -> None:
    table = pd.DataFrame({"track": ["A", "B", "C"], "genre": cells})
    path = tmp_path / f"t.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    found = read(path, "x", TableSettings())
    assert weights(found) == {("A", "trip hop"): 1, ("A", "dub"): 1, ("B", "dub"): 1}
    assert reasons(found.dropped) == {"no tag": 1}
    assert "tag is column 'genre' (lists written as text)" in found.reading[0]


def test_items_of_lists_keep_quotes_and_escapes() -> None:
    cell = """["rock 'n' roll", 'it\\'s', "\\u00e9t\\u00e9", "\\ud83c\\udfb8", nan, None, 7]"""
    items = listed_tags(cell)
    assert items == [f"{QUOTED}{text}" for text in ("rock 'n' roll", "it's", "été", "🎸")] + [
        "nan",
        "None",
        "7",
    ]
    escapes = r"""['\'t', 'a\\b', '\u00e9\x41\101', '\N{GREEK SMALL LETTER ALPHA}', '\q', '\N{NO SUCH}']"""
    assert listed_tags(escapes) == [
        f"{QUOTED}{text}" for text in ("'t", "a\\b", "éAA", "α", r"\q", r"\N{NO SUCH}")
    ]
    assert listed_tags("(weird) rock") is None
    assert listed_tags("[unknown]") is None
    assert listed_tags("[['a']]") is None
    assert listed_tags("[" * 100_000) is None


@pytest.mark.parametrize("tags", [["live [2003]", "rock"], ["[spoken]", "(weird)"], ["{curly}", "a, b"]])
def test_brackets_alone_make_no_list(tmp_path: Path, tags: list[str]) -> None:
    pd.DataFrame({"track": ["A", "B"], "tag": tags}).to_csv(tmp_path / "t.csv", index=False)
    assert set(read(tmp_path / "t.csv", "x", TableSettings()).tags["tag"]) == set(tags)


def test_a_delimiter_that_is_given_is_heeded_whatever_it_looks_like(tmp_path: Path) -> None:
    found = read_text(tmp_path, "track\ttag\nA\t['a', 'b']\n", tag_delimiter="")
    assert found.tags["tag"].tolist() == ["['a', 'b']"]


@pytest.mark.parametrize(
    "cells",
    [
        ["[0.0, 1.0, 0.5]", "[1.0, 0.0, 0.25]"],
        ["[0. 1. 0.5]", "[1. 0. 0.25]"],
        ["[0, 1, 0, 0]", "[1, 0, 0, 1]"],
        ["0.25 0.5 1.0", "1.0 0.0 0.5"],
        ["0.25;0.5;1.0", "1.0;0.0;0.5"],
    ],
)
def test_a_column_of_vectors_is_refused(tmp_path: Path, cells: list[str]) -> None:
    pd.DataFrame({"track": ["A", "B"], "tags": cells}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=r"column 'tags' holds vectors of [34] numbers .*no tags"):
        read(tmp_path / "t.csv", "x", TableSettings())


def test_lists_of_ids_are_no_vectors(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'track,genres\nA,"[21, 7]"\nB,[21]\nC,"[4, 7, 21]"\n')
    assert found.counts().to_dict() == {"21": 3, "7": 2, "4": 1}


def test_records_are_refused(tmp_path: Path) -> None:
    cell = json.dumps([{"id": 1, "name": "rock"}])
    pd.DataFrame({"track": ["A"], "genres": [cell]}).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match="column 'genres' holds records"):
        read(tmp_path / "t.csv", "x", TableSettings())


def test_marks_of_missing_values_are_no_tags_and_are_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, "track,tag\nA,soul\nB,NA\nC,<NA>\nD,NA\nE,Null\nF, nan \nG,\n")
    assert found.counts().to_dict() == {"Null": 1, "soul": 1}
    assert reasons(found.dropped) == {
        "no tag (NA stands for a missing value)": 2,
        "no tag (<NA> stands for a missing value)": 1,
        "no tag (nan stands for a missing value)": 1,
        "no tag": 1,
    }
    assert found.tracks["track"].tolist() == list("ABCDEFG")


def test_a_mark_in_quotes_is_text(tmp_path: Path) -> None:
    content = (
        'track,tag,artist\n"null","NA","None"\nB,NA,"Null"\nC,"a ""NA"", b",None\nD,"NA"\r\n"E","x\n"NA",y'
    )
    found = read_text(tmp_path, content.rsplit('"E"', 1)[0])
    assert weights(found) == {("null", "NA"): 1, ("C", 'a "NA", b'): 1}
    assert found.tracks["artist"].tolist()[:2] == ["None", "Null"]
    assert pd.isna(found.tracks["artist"].tolist()[2])
    assert reasons(found.dropped)["artist: None stands for a missing value"] == 1


def test_marks_can_be_switched_off_or_be_others(tmp_path: Path) -> None:
    content = "track,tag\nA,NA\nB,-\nC,soul\n"
    assert set(read_text(tmp_path, content, missing=()).tags["tag"]) == {"NA", "-", "soul"}
    assert set(read_text(tmp_path, content, missing=("-",)).tags["tag"]) == {"NA", "soul"}


def test_marks_as_tracks_and_within_lists(tmp_path: Path) -> None:
    found = read_text(tmp_path, "track,tags\nnan,soul\nA,soul|NA|dub\n")
    assert weights(found) == {("A", "soul"): 1, ("A", "dub"): 1}
    assert reasons(found.dropped) == {
        "no track (nan stands for a missing value)": 1,
        "NA stands for a missing value": 1,
    }


def test_blanks_at_the_edges_make_no_other_tags_tracks_or_artists(tmp_path: Path) -> None:
    found = read_text(tmp_path, "track , tag , artist\nA, soul,X \n A,soul\u00a0, X\nA , dub,X\n")
    assert weights(found) == {("A", "soul"): 1, ("A", "dub"): 1}
    assert found.tracks["artist"].tolist() == ["X"]
    assert {(note.reason, note.what): note.count for note in found.dropped} == {
        ("blanks at its edges; they were left off", "tags"): 3,
        ("blanks at its edges; they were left off", "tracks"): 2,
        ("the same tag on the same track again", "assignments"): 1,
    }


def test_ids_that_became_floats_are_whole_numbers_again(tmp_path: Path) -> None:
    table = pd.DataFrame({"track": [7, 12, None], "tag": [3, 4, 4], "artist": [1, None, 2]})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    for ending in ("csv", "parquet"):
        found = read(tmp_path / f"t.{ending}", "x", TableSettings())
        assert weights(found) == {("7", "3"): 1, ("12", "4"): 1}
        assert found.tracks["artist"].tolist()[0] == "1"
        assert any("'7.0' is '7'" in sentence for sentence in found.reading)


def test_one_id_that_is_no_whole_float_leaves_all_as_they_are(tmp_path: Path) -> None:
    found = read_text(tmp_path, "track,tag\n1.0,soul\n2.5,dub\n")
    assert found.tracks["track"].tolist() == ["1.0", "2.5"]


def test_columns_that_were_taken_and_left_are_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, ",track_id,label,plays,genre\n0,A,soul,3,x\n")
    assert found.reading == (
        "Track is column 'track_id'; tag is column 'label'; left out: one without a name, 'plays', 'genre'.",
    )
    found.save(tmp_path / "saved")
    assert type(found).open(tmp_path / "saved").reading == found.reading


def test_several_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="several columns called 'tag'"):
        read_text(tmp_path, "track,tag,tag\nA,soul,dub\n")
    with pytest.raises(InvalidSetting, match="must name one column"):
        read_text(tmp_path, "track,tag,tag\nA,soul,dub\n", tag="tag")


def test_names_of_rows_that_r_writes_without_a_heading(tmp_path: Path) -> None:
    found = read_text(tmp_path, '"track" "tag"\n"1" "A" "soul"\n"2" "B" "dub"\n', delimiter=" ")
    assert weights(found) == {("A", "soul"): 1, ("B", "dub"): 1}
    found = read_text(tmp_path, "track,tag\nA,soul,\nB,dub,\n")
    assert weights(found) == {("A", "soul"): 1, ("B", "dub"): 1}


def test_an_index_in_magnatagatunes_annotations_is_no_tag(tmp_path: Path) -> None:
    path = tmp_path / "annotations_final.csv"
    pd.DataFrame({"clip_id": [3, 9], "flute": [1, 0], "loud": [1, 1], "mp3_path": ["a", "b"]}).to_csv(
        path, sep="\t"
    )
    for again in ("", "Unnamed: 0"):
        found = read_magnatagatune(path, "x", MagnatagatuneSettings())
        assert weights(found) == {("3", "flute"): 1, ("3", "loud"): 1, ("9", "loud"): 1}
        assert found.reading == ("Column 1 has no name and was left.",)
        path.write_text(path.read_text().replace("\tclip_id", f"{again or 'Unnamed: 0'}\tclip_id"))


LINES = "track,tag\nA,músiça\nB,música\nC,música\n"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_text_that_is_not_utf8_is_told_apart_and_told(tmp_path: Path, encoding: str) -> None:
    found = read_text(tmp_path, LINES.encode(encoding))
    assert found.counts().to_dict() == {"música": 2, "músiça": 1}
    assert "read as cp1252" in found.reading[-1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_unicode_needs_no_guess(tmp_path: Path, encoding: str, pack: type[bytes]) -> None:
    found = read_text(tmp_path, pack(LINES.encode(encoding)))
    assert found.counts().to_dict() == {"música": 2, "músiça": 1}
    assert len(found.reading) == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    assert read_text(tmp_path, LINES.encode(encoding)).counts().to_dict() == {"música": 2, "músiça": 1}


@pytest.mark.parametrize(
    ("encoding", "tag"),
    [("cp1251", "русский рок"), ("cp932", "日本語の音楽"), ("cp1250", "muzyka żółć łódź")],
)
def test_other_scripts_are_recognised_and_can_be_named(tmp_path: Path, encoding: str, tag: str) -> None:
    content = f"track,tag\nA,{tag}\nB,soul\n".encode(encoding)
    assert set(read_text(tmp_path, content).tags["tag"]) == {tag, "soul"}
    assert set(read_text(tmp_path, content, encoding=encoding).tags["tag"]) == {tag, "soul"}
    with pytest.raises(InvalidSetting, match="encoding='klingon' must name one that Python knows"):
        read_text(tmp_path, content, encoding="klingon")


def test_a_few_broken_bytes_among_utf8_are_mended_and_what_they_merge_is_told(tmp_path: Path) -> None:
    content = LINES.encode() + b"D,caf\xe9\nE,caf\xe8\n"
    found = read_text(tmp_path, content)
    assert found.counts().to_dict() == {"caf\ufffd": 2, "música": 2, "músiça": 1}
    assert reasons(found.dropped)["not valid Unicode, and no longer told from another"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x93NUMPY\x01\x00", r"is binary \(a NumPy array \(.npy\)\)"),
        (b"\x89HDF\r\n\x1a\n", r"is binary \(an HDF5 file\)"),
        (b"SQLite format 3\x00", r"is binary \(an SQLite database\)"),
        (b"\x80\x04\x95", r"is binary \(a pickle\)"),
        (bytes(range(1, 200)), "is binary, not text"),
        (zipped(**{"xl/workbook.xml": "", "[Content_Types].xml": ""}), "is an Excel workbook"),
    ],
)
def test_what_is_binary_is_called_so(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_text(tmp_path, content)


def test_users_who_agree_are_counted_and_repetitions_of_one_are_not(tmp_path: Path) -> None:
    content = "userID\titem\ttag\nu\tA\tsoul\nu\tA\tsoul\nv\tA\tsoul\nv\tA\tdub\n\tB\tdub\n"
    found = read_text(tmp_path, content)
    assert weights(found) == {("A", "soul"): 2, ("A", "dub"): 1, ("B", "dub"): 1}
    assert reasons(found.dropped) == {
        "no user; such rows count as one user": 1,
        "the same tag on the same track by the same user again": 1,
    }
    assert weights(read_text(tmp_path, content, min_weight=2)) == {("A", "soul"): 2}
    assert weights(read_text(tmp_path, content, user="")) == {
        ("A", "soul"): 1, ("A", "dub"): 1, ("B", "dub"): 1,
    }  # fmt: skip


def test_weights_that_are_given_are_not_counted_over(tmp_path: Path) -> None:
    content = "user,track,tag,weight\nu,A,soul,3\nv,A,soul,8\n"
    found = read_text(tmp_path, content)
    assert weights(found) == {("A", "soul"): 8}
    assert "left out: 'user'" in found.reading[0]
    with pytest.raises(InvalidSetting, match="set one of them"):
        read_text(tmp_path, content, user="user")


def test_counts_of_users_at_the_size_and_shape_of_hetrecs_tagged_artists(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "userID": rng.integers(0, 1892, 186_479),
            "artistID": rng.zipf(1.4, 186_479) % 12_523,
            "tagID": rng.zipf(1.3, 186_479) % 9_749,
            "year": 2009,
        }
    )
    rows.to_csv(tmp_path / "user_taggedartists.dat", sep="\t", index=False)
    found = read(tmp_path / "user_taggedartists.dat", "x", TableSettings(track="artistID"))
    theirs = rows.groupby(["artistID", "tagID"])["userID"].nunique()
    assert weights(found) == {(str(item), str(tag)): n for (item, tag), n in theirs.items()}
    assert found.matrix.sum() == len(rows.drop(columns="year").drop_duplicates())


def test_a_column_a_tag(tmp_path: Path) -> None:
    content = "clip_id,artist,sad,glad,mad,note\nA,X,1,0,0,x\nB,Y,0,1,,y\nC,Y,0,0,0,z\n"
    found = read_text(tmp_path, content)
    assert weights(found) == {("A", "sad"): 1, ("B", "glad"): 1}
    assert found.tracks["artist"].tolist() == ["X", "Y", "Y"]
    assert reasons(found.dropped) == {"no tag": 1, "no track has it": 1}
    assert "3 columns are a tag each ('sad', 'glad', 'mad'); left out: 'note'" in found.reading[0]


def test_columns_of_tags_can_be_named_and_hold_weights(tmp_path: Path) -> None:
    content = "track,sad,glad,bpm\nA,0.25,0,120\nB,x,3,90\n"
    with pytest.raises(DataError, match="has no column for the tag"):
        read_text(tmp_path, content)
    found = read_text(tmp_path, content, tag_columns=("sad", "glad"))
    assert weights(found) == {("A", "sad"): 0.25, ("B", "glad"): 3}
    assert reasons(found.dropped) == {"not a number of 0 or more": 1}
    assert len(read_text(tmp_path, content, tag_columns=("*",)).tags) == 3


def test_tracks_of_columns_of_tags_may_stand_without_a_heading_or_not_at_all(tmp_path: Path) -> None:
    assert weights(read_text(tmp_path, ",sad,glad\nA,1,0\nB,0,1\n")) == {("A", "sad"): 1, ("B", "glad"): 1}
    found = read_text(tmp_path, "sad,glad\n1,0\n0,1\n")
    assert weights(found) == {("1", "sad"): 1, ("2", "glad"): 1}
    assert found.reading[0].startswith("Tracks are numbered by row, from 1")


def test_listeners_who_tick_columns_are_counted(tmp_path: Path) -> None:
    content = "listener,track,sad,glad\n1,A,1,1\n2,A,1,0\n2,A,1,0\n3,B,0,1\n"
    assert weights(read_text(tmp_path, content)) == {("A", "sad"): 2, ("A", "glad"): 1, ("B", "glad"): 1}


def test_one_hot_parquet(tmp_path: Path) -> None:
    table = pd.DataFrame({"track": ["A", "B"], "sad": [True, False], "glad": [1, 0], "mad": [1.0, None]})
    table.to_parquet(tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", "x", TableSettings())
    assert weights(found) == dict.fromkeys([("A", "sad"), ("A", "glad"), ("A", "mad")], 1.0)


def test_ids_of_tags_are_joined_with_their_names(tmp_path: Path) -> None:
    names = tmp_path / "names.dat"
    names.write_bytes("tagID\ttagValue\n1\tété\n2\tsoul\n3\tsoul\n".encode("latin-1"))
    content = "userID\tartistID\ttagID\n5\t51\t1\n5\t52\t2\n6\t52\t3\n6\t52\t9\n"
    found = read_text(tmp_path, content, track="artistID", tags_table=names)
    assert weights(found) == {("51", "été"): 1, ("52", "soul"): 1, ("52", "9"): 1}
    assert reasons(found.dropped)["not in the table of tags; the id stands as the tag"] == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [("a,b\n1,x\n", "must have a column of ids"), ("id,name\n1,x\n1,y\n", "gives the id '1' two names")],
)
def test_a_table_of_names_that_cannot_be_used_is_told(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "names.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        read_text(tmp_path, "track,tag\nA,1\n", tags_table=tmp_path / "names.csv")


ARFF = """% a comment
@RELATION 'my songs'
@ATTRIBUTE track string
@attribute 'hip hop' {0,1}
@attribute "it's" {0,1}
@attribute tempo numeric
@DATA
'A, first',1,0,99.5

% another
"B",0,1,?
"""


def test_arff_against_scipy(tmp_path: Path) -> None:
    from scipy.io import arff

    found = read_text(tmp_path, ARFF, "songs.arff")
    assert weights(found) == {("A, first", "hip hop"): 1, ("B", "it's"): 1}
    rng = np.random.default_rng(2)
    names = [f"l{number}" for number in range(9)]
    rows = rng.integers(0, 2, (40, 9))
    lines = ["@relation r", *(f"@attribute {name} {{0,1}}" for name in names), "@data"]
    (tmp_path / "n.arff").write_text("\n".join([*lines, *(",".join(map(str, row)) for row in rows)]) + "\n")
    limit = csv.field_size_limit()
    theirs, _ = arff.loadarff(tmp_path / "n.arff")
    csv.field_size_limit(limit)  # which SciPy lifts for the whole process
    expected = Counter(name for row in theirs for name in names if row[name] == b"1")
    assert read(tmp_path / "n.arff", "x", TableSettings()).counts().to_dict() == dict(expected)


def test_an_attribute_without_a_type_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no name or no type"):
        read_text(tmp_path, ARFF.replace("tempo numeric", "tempo"), "songs.arff")


# Of a square of their length these would take hours.
LONG = 300_000


def test_long_blanks_and_open_quotes_in_arff_are_read_in_one_go(tmp_path: Path) -> None:
    long = " " * LONG
    content = ARFF.replace("'A, first',1,0,99.5", f"A{long}B,1,0,99.5").replace(
        '"B",0,1,?', f"{{0 C{long}D, 1 1, 2 0}}"
    )
    found = read_text(tmp_path, content.replace("'my songs'", "'my songs" + ":" * 30_000 + "'"), "songs.arff")
    assert found.counts().to_dict() == {"hip hop": 2}
    assert found.tracks["track"].str.len().tolist() == [LONG + 2, LONG + 2]
    with pytest.raises(DataError, match=r"has a value at 1+ of 4 attributes"):
        read_text(tmp_path, ARFF.replace('"B",0,1,?', f"{{{'1' * LONG} 1}}"), "songs.arff")


@pytest.mark.parametrize(
    "cell", ["array(" + ",dtype=" * LONG + ")", "['" + "\\'" * LONG + "]", "[" + "' " * LONG + "a]"]
)
def test_long_cells_that_are_no_lists_are_told_in_one_go(cell: str) -> None:
    assert listed_tags(cell) is None


def test_wide_rows_in_other_encodings_are_told_apart_in_one_go(tmp_path: Path) -> None:
    wide = ",".join(["0"] * LONG)
    names = ",".join(f"t{number}" for number in range(LONG - 1))
    content = f"track,café,{names}\nA,1,{wide[:-2]}\nB,1,{wide[:-2]}\n"
    assert encoding_of(io.BytesIO(content.encode("cp1252"))) == Encoding("cp1252", guessed=True)


def test_sparse_arff(tmp_path: Path) -> None:
    content = ARFF.split("@DATA")[0] + "@DATA\n{0 'A',2 1,3 7}\n{0 B, 1 1}\n"
    assert weights(read_text(tmp_path, content, "s.arff")) == {("A", "it's"): 1, ("B", "hip hop"): 1}


MEKA = """@relation 'mood of songs: -C {labels} -S 1'
@attribute {first}
@attribute {second}
@attribute tempo numeric
@attribute {third}
@attribute {fourth}
@data
1,0,0,0,1
0,1,3,1,1
"""
LABEL_NAMES = ["id {0,1}", "'slow burn' {0,1}"]
FEATURES = ["loud numeric", "minor {0,1}"]


@pytest.mark.parametrize("labels", [2, -2])
def test_labels_of_meka_are_those_that_its_relation_counts(tmp_path: Path, labels: int) -> None:
    """The first where the number is positive, the last where it is negative; also one called as ids are."""
    first, second, third, fourth = [*LABEL_NAMES, *FEATURES] if labels > 0 else [*FEATURES, *LABEL_NAMES]
    content = MEKA.format(labels=labels, first=first, second=second, third=third, fourth=fourth)
    found = read_text(tmp_path, content, "moods.arff")
    expected = {("1", "id"): 1, ("2", "slow burn"): 1}
    if labels < 0:
        expected = {("1", "slow burn"): 1, ("2", "id"): 1, ("2", "slow burn"): 1}
    assert weights(found) == expected
    which = "first" if labels > 0 else "last"
    assert f"The {which} 2 attributes are the labels, as -C in the relation's name says." in found.reading
    asked = read_text(tmp_path, content, "moods.arff", tag_columns=("minor",))
    assert set(asked.tags["tag"]) == {"minor"}


def test_more_labels_than_attributes_are_refused(tmp_path: Path) -> None:
    content = MEKA.format(labels=-6, first="a {0,1}", second="b {0,1}", third="c {0,1}", fourth="d {0,1}")
    with pytest.raises(DataError, match=r"has 6 labels \(-C\), of 5 attributes"):
        read_text(tmp_path, content, "moods.arff")


def test_another_relation_may_hold_a_c(tmp_path: Path) -> None:
    content = ARFF.replace("'my songs'", "'songs -C 1'")
    assert weights(read_text(tmp_path, content, "s.arff")) == {("A, first", "hip hop"): 1, ("B", "it's"): 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("@relation x\n@attribute a {0,1}\n", "ARFF without an @attribute or without @data"),
        ("@relation x\n@attribute\n@data\n", "no name or no type"),
        (
            "@relation x\n@attribute a {0,1}\n@attribute b {0,1}\n@data\n{5 1}\n",
            "a value at 5 of 2 attributes",
        ),
    ],
)
def test_damaged_arff_is_called_arff(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_text(tmp_path, content, "d.arff")
