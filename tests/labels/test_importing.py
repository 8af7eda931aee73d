"""Files that other programs wrote, good and bad."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import DataError, InvalidSetting
from taglab.labels import (
    from_classes,
    list_text,
    parse_clusters,
    parse_genres_txt,
    parse_tag_list,
    read_cluster_json,
    read_genres_txt,
    read_tag_list,
    select_genres,
)

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/lastfm-vocabulary"


def test_tag_list() -> None:
    data = "\ufeffrock\r\n\r\nRock \r\n<3\nrock\n\u0e44\u0e17\u0e22".encode()
    assert parse_tag_list(data, "list") == ("rock", "Rock", "<3", "\u0e44\u0e17\u0e22")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no tag"),
        (b" \n\n", "holds no tag"),
        (b"PK\x03\x04\x00\x00", "not text"),
        (
            "música\n\u0e44\u0e17\u0e22\n".encode() + b"m\xe9tal\n",
            "line 3: holds bytes that are no text in utf-8",
        ),
    ],
)
def test_bad_tag_lists(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_tag_list(data, "list.txt")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "missing.txt", "there is no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(DataError, match=words):
            read_tag_list(path)


@pytest.mark.parametrize(
    "value",
    [
        {"0": ["a", "b"], "1": ["c"]},
        {"a": 0, "b": 0, "c": 1},
        {"a": "0", "b": "0", "c": "1"},
        {"c": 1, "a": 0, "b": 0},
        [["a", "b"], ["c"]],
        {"1": ["c"], "0": ["a", "b", "a"]},
    ],
)
def test_clusters_are_read_whichever_way_round(value: object) -> None:
    read = parse_clusters(json.dumps(value).encode(), "file")
    assert read == {"0": ("a", "b"), "1": ("c",)}
    assert list(read) == ["0", "1"]


def test_named_clusters_keep_the_order_of_the_file() -> None:
    assert list(parse_clusters(b'{"z": ["a"], "10": ["b"], "9": ["c"]}', "file")) == ["z", "10", "9"]
    assert list(parse_clusters(b'{"10": ["a"], "09": ["c"], "9": ["b"]}', "file")) == ["09", "9", "10"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "line 1: is not JSON"),
        (b'{"0": ["a"],\n 1}', "line 2: is not JSON"),
        (b"3", "must hold"),
        (b"{}", "not be empty"),
        (b"[]", "not be empty"),
        (b'{"0": []}', "no tag in any"),
        (b'{"0": ["a"], "b": 1, "c": 2}', "mixes.*'0'"),
        (b'{"0": ["a"], "1": ["c"], "b": 1}', "mixes.*'b'"),
        (b'{"0": ["a", 7]}', "'0' holds 7"),
        (b'{"a": 1.5}', "'a' points at 1.5"),
        (b'{"a": true}', "points at True"),
        (b'{"a": {"b": 1}}', "neither"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b"[" * 100_000, "nested too deeply|not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b'["a", "b"]', "must hold"),
    ],
)
def test_bad_clusters(data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_clusters(data, "clusters.json")


@given(st.binary(max_size=60) | st.text(alphabet='[]{},:"a01 \n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for parse in (parse_tag_list, parse_clusters, parse_genres_txt):
        with contextlib.suppress(DataError):
            assert parse(data, "upload")


def test_genres_txt(tmp_path: Path) -> None:
    path = tmp_path / "genres.txt"
    path.write_text("[34,37, 6,]\n[[6, 37], (14, 34)]\n\n")
    genres = read_genres_txt(path)
    assert genres.clusters == (34, 37, 6)
    assert genres.merges == ((6, 37), (14, 34))
    assert parse_genres_txt(b"[1]", "g").merges == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "two lines"),
        ("[1]\n[]\n[]", "two lines"),
        ("__import__('os')\n[]", "line 1: must be a list"),
        ("[1, 2\n[]", "line 1"),
        ("[-1]\n[]", "line 1"),
        ("[[1]]\n[]", "line 1: must hold whole numbers"),
        ("3\n[]", "line 1"),
        ("[]\n[]", "names no cluster"),
        ("[1]\n[[1, 2, 3]]", "line 2: must hold pairs"),
        ("[1]\n[1, 2]", "line 2: must hold whole numbers"),
        ("[1]\n" + "[" * 100_000 + "]" * 100_000, "line 2"),
        ("[" + "9" * 10_000 + "]\n[]", "line 1"),
        ("[1]\n[[1, 007]]", "line 2"),
    ],
)
def test_bad_genres_txt(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_genres_txt(text.encode(), "genres.txt")


def test_genres_are_kept_and_merged_by_position() -> None:
    clusters = {"3": ("a",), "5": ("b", "x"), "8": ("c",), "9": ("d", "x")}
    assert select_genres(clusters, parse_genres_txt(b"[3, 1, 0]\n[[3, 1], [2, 0]]", "g")) == {
        "3": ("a",),
        "9": ("d", "x", "b"),
    }
    chained = parse_genres_txt(b"[0, 1, 2, 3]\n[[0, 1], [1, 2], [2, 0]]", "g")
    assert select_genres(clusters, chained) == {"3": ("a", "b", "x", "c"), "9": ("d", "x")}


def test_a_genre_list_for_another_clustering_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="names cluster 7, but there are 1"):
        select_genres({"0": ("a",)}, parse_genres_txt(b"[7]", "g"))


@pytest.mark.realdata
def test_published_clusterings() -> None:
    """The thesis's genre list turns its 39 comparison classes into the 11 it published."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data/lastfm-vocabulary is not there")
    for path in sorted((SHARED / "clusters").glob("*.json")):
        clusters = read_cluster_json(path)
        space = from_classes(clusters)
        assert len(space) == len(clusters)
        assert len(space.tags) == sum(map(len, clusters.values()))
    genres = parse_genres_txt(b"[34,37,24,6,25,13,27,22,23,3,38,1]\n[[6, 37], [14, 24], [18, 24]]", "genres")
    ours = select_genres(read_cluster_json(SHARED / "clusters/comparison-k500.json"), genres)
    published = read_cluster_json(SHARED / "clusters/comparison-genres-k500.json")
    assert sorted(map(sorted, ours.values())) == sorted(map(sorted, published.values()))
    assert len(read_tag_list(SHARED / "tags-removed.txt")) == 128


def test_blanks_at_the_edges_make_no_other_tags() -> None:
    clusters = json.dumps({"0": [" dub", "dub ", "soul"]}).encode()
    assert parse_clusters(clusters, "c.json") == {"0": ("dub", "soul")}
    assert parse_clusters(json.dumps({" dub ": 0, "soul": " a "}).encode(), "c.json") == {
        "0": ("dub",), "a": ("soul",),
    }  # fmt: skip


def test_utf16_is_read_and_what_is_binary_is_called_so() -> None:
    assert parse_tag_list("été\ndub\n".encode("utf-16"), "tags.txt") == ("été", "dub")
    with pytest.raises(DataError, match=r"is binary .a NumPy array"):
        parse_tag_list(b"\x93NUMPY\x01\x00", "tags.txt")


@pytest.mark.parametrize(
    ("encoding", "tags"),
    [("cp1252", ("música", "canção", "été")), ("cp1251", ("русский рок", "шансон", "народная музыка"))],
)
def test_lists_in_other_encodings_are_read_and_told(encoding: str, tags: tuple[str, ...]) -> None:
    data = "\n".join(tags).encode(encoding)
    assert parse_tag_list(data, "tags.txt") == tags
    assert list_text(data, "tags.txt")[1] == [
        f"tags.txt: The text is not UTF-8; it was read as {encoding}, which is likely but not certain."
    ]
    clusters = json.dumps({"0": tags}, ensure_ascii=False).encode(encoding)
    assert parse_clusters(clusters, "c.json") == {"0": tags}
    assert list_text("\n".join(tags).encode(), "tags.txt")[1] == []
