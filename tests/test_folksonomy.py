"""`Folksonomy`: counts, selection, co-tags, saving."""

import errno
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting, NotFound, StorageError
from taglab.folksonomy import Folksonomy, mend, users_who_agree

TRACKS = pd.DataFrame(
    {
        "track": ["t1", "t2", "t3", "t4"],
        "artist": ["X", "X", "Y", None],
        "split": ["train", "train", "test", None],
    }
)
# t1: rock pop; t2: rock; t3: rock jazz; t4: none
CODES = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 0, 0, 2])


@pytest.fixture
def small() -> Folksonomy:
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    return Folksonomy.from_codes("small", TRACKS, ["rock", "pop", "jazz"], *CODES, weights)


def weights_of(folksonomy: Folksonomy) -> dict[tuple[str, str], float]:
    pairs = folksonomy.matrix.tocoo()
    tracks, tags = folksonomy.tracks["track"].tolist(), folksonomy.tags["tag"].tolist()
    return {
        (tracks[row], tags[column]): float(weight)
        for row, column, weight in zip(*pairs.coords, pairs.data, strict=True)
    }


def test_tags_stand_most_used_first_with_counts_and_artists(small: Folksonomy) -> None:
    assert small.tags.to_dict("list") == {
        "tag": ["rock", "jazz", "pop"],
        "count": [3, 1, 1],
        "artists": [2, 1, 1],
    }
    assert (small.n_tracks, small.n_tags, small.n_assignments) == (4, 3, 5)
    assert repr(small) == "<Folksonomy small: 4 tracks, 3 tags, 5 assignments>"
    assert small.counts().to_dict() == {"rock": 3, "jazz": 1, "pop": 1}


def test_unused_tags_are_left_out_and_told() -> None:
    made = Folksonomy.from_codes("x", TRACKS, ["a", "unused", "b"], np.array([0, 1]), np.array([0, 2]))
    assert made.tags["tag"].tolist() == ["a", "b"]
    assert made.dropped == (Dropped("no track has it", 1, "tags", ("unused",)),)


def test_the_larger_weight_of_a_repeated_pair_is_kept_and_the_rest_counted() -> None:
    weights = np.array([2.0, 5.0, 3.0])
    made = Folksonomy.from_codes("x", TRACKS, ["a"], np.array([1, 1, 1]), np.array([0, 0, 0]), weights)
    assert weights_of(made) == {("t2", "a"): 5.0}
    assert made.dropped == (Dropped("the same tag on the same track again", 2, "assignments"),)


def test_columns_of_a_tags_table_are_kept() -> None:
    tags = pd.DataFrame({"tag": ["a", "b"], "category": ["genre", "mood"]}, index=[7, 3])
    made = Folksonomy.from_codes("x", TRACKS, tags, np.array([0, 1, 2]), np.array([1, 1, 0]))
    assert made.tags["category"].tolist() == ["mood", "genre"]
    assert tags.index.tolist() == [7, 3]


def test_without_artists_their_number_is_unknown() -> None:
    made = Folksonomy.from_codes("x", TRACKS[["track"]], ["a"], np.array([0]), np.array([0]))
    assert made.tags["artists"].isna().all()
    assert not made.knows_artists


def test_no_tracks_and_no_tags(tmp_path: Path) -> None:
    none = np.array([], int)
    for tracks in (TRACKS, TRACKS.iloc[:0]):
        made = Folksonomy.from_codes("x", tracks, [], none, none)
        assert (made.n_tracks, made.n_tags) == (len(tracks), 0)
        made.save(tmp_path / "none")
        assert Folksonomy.open(tmp_path / "none").fingerprint == made.fingerprint


@pytest.mark.parametrize(
    ("rows", "columns", "weights", "message"),
    [
        ([0], [0, 1], None, "1 track codes, 2 tag codes"),
        ([4], [0], None, r"track codes must lie in \[0, 4\)"),
        ([0], [2], None, r"tag codes must lie in \[0, 2\)"),
        ([-1], [0], None, "track codes"),
        ([0], [0], [0.0], "above 0"),
        ([0], [0], [np.nan], "above 0"),
        ([0], [0], [np.inf], "finite"),
    ],
)
def test_wrong_assignments_are_refused(
    rows: list[int], columns: list[int], weights: list[float] | None, message: str
) -> None:
    values = None if weights is None else np.array(weights)
    with pytest.raises(ValueError, match=message):
        Folksonomy.from_codes("x", TRACKS, ["a", "b"], np.array(rows), np.array(columns), values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tracks": TRACKS.iloc[:2]}, "matrix is"),
        ({"tracks": TRACKS.assign(track="t1")}, "stands twice"),
        ({"tracks": TRACKS.rename(columns={"track": "id"})}, "need a column 'track'"),
        ({"tags": pd.DataFrame({"tag": ["a", "b", "c"], "count": 1, "artists": 1})}, "disagrees"),
        ({"matrix": sparse.csr_array(np.array([[1, -1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0]]))}, "above 0"),
    ],
)
def test_parts_that_disagree_are_refused(small: Folksonomy, change: dict[str, Any], message: str) -> None:
    parts = {"name": "x", "tracks": small.tracks, "tags": small.tags, "matrix": small.matrix}
    with pytest.raises(ValueError, match=message):
        Folksonomy(**(parts | change))


def test_rising_counts_are_refused() -> None:
    tags = pd.DataFrame({"tag": ["a", "b"], "count": [1, 2], "artists": [1, 1]})
    matrix = sparse.csr_array(np.array([[1, 1], [0, 1]], np.float32))
    with pytest.raises(ValueError, match="most used first"):
        Folksonomy("x", pd.DataFrame({"track": ["a", "b"]}), tags, matrix)


def test_text_that_is_no_unicode_is_mended_and_then_joined(tmp_path: Path) -> None:
    tracks = pd.DataFrame({"track": ["t\udcff", 2], "title": ["\ud800", None]}, dtype=object)
    made = Folksonomy.from_codes(
        "x", tracks, ["a\udc80", "a\udc81", "b"], np.array([0, 0, 1]), np.array([0, 1, 2])
    )
    assert weights_of(made) == {("t\ufffd", "a\ufffd"): 1, ("2", "b"): 1}
    assert {note.reason: note.count for note in made.dropped} == {
        "the same text as another tag; joined": 1,
        "the same tag on the same track again": 1,
    }
    made.save(tmp_path / "x")
    assert Folksonomy.open(tmp_path / "x").fingerprint == made.fingerprint


@pytest.mark.parametrize("text", ["plain", "音楽 🎸", "nul\x00", "", "\ufffd"])
def test_valid_text_is_not_mended(text: str) -> None:
    assert mend(text) == text


def test_selection_by_each_condition(small: Folksonomy) -> None:
    def tags(**conditions: Any) -> list[str]:
        return small.select_tags(**conditions).tags["tag"].tolist()

    assert tags() == ["rock", "jazz", "pop"]
    assert tags(min_count=3) == ["rock"]
    assert tags(min_artists=2) == ["rock"]
    assert tags(top=2) == ["rock", "jazz"]
    assert tags(names=["pop", "rock"]) == ["rock", "pop"]
    assert tags(without=["rock", "not there"]) == ["jazz", "pop"]
    assert tags(without=["rock"], top=1) == ["jazz"]
    assert tags(min_count=9) == []
    assert tags(names=[]) == []


def test_selecting_tags_keeps_tracks_and_tells_what_went(small: Folksonomy) -> None:
    chosen = small.select_tags(top=1)
    assert chosen.n_tracks == 4
    assert chosen.dropped == (Dropped("left out by selection", 2, "tags"),)
    assert small.select_tags().dropped == ()


def test_selection_by_track_counts_anew(small: Folksonomy) -> None:
    chosen = small.select_tracks(["t3", "t4"])
    assert chosen.tags.to_dict("list") == {"tag": ["jazz", "rock"], "count": [1, 1], "artists": [1, 1]}
    assert chosen.fingerprint == small.select_tracks(np.array([False, False, True, True])).fingerprint
    assert {note.what: note.count for note in chosen.dropped} == {"tracks": 2, "tags": 1}


def test_artists_cannot_be_asked_where_unknown() -> None:
    made = Folksonomy.from_codes("x", TRACKS[["track"]], ["a"], np.array([0]), np.array([0]))
    with pytest.raises(InvalidSetting, match="min_artists=2 needs artists"):
        made.select_tags(min_artists=2)


def test_an_unknown_tag_is_told_with_what_may_be_meant(small: Folksonomy) -> None:
    with pytest.raises(NotFound, match=r"no tag 'Rock' in small; did you mean 'rock'\?"):
        small.tag_row("Rock")
    with pytest.raises(NotFound):
        small.select_tags(names=["techno"])


def test_co_tags_worked_by_hand(small: Folksonomy) -> None:
    together = small.co_tags("rock").set_index("tag")
    assert together.loc["jazz"].to_dict() == {
        "together": 1,
        "share": pytest.approx(1 / 3),
        "lift": pytest.approx(4 / 3),
    }
    assert small.co_tags("pop")["tag"].tolist() == ["rock"]


def test_fingerprint_sees_tracks_tags_and_weights_but_not_the_name(small: Folksonomy) -> None:
    def made(**change: Any) -> Folksonomy:
        parts = {
            "name": "x",
            "tracks": TRACKS,
            "tags": ["rock", "pop", "jazz"],
            "weights": np.arange(1.0, 6.0),
        }
        parts |= change
        return Folksonomy.from_codes(
            parts["name"], parts["tracks"], parts["tags"], *CODES, weights=parts["weights"]
        )

    assert made().fingerprint == small.fingerprint
    assert made(weights=None).fingerprint != small.fingerprint
    assert made(tags=["rock", "pop", "Jazz"]).fingerprint != small.fingerprint
    assert made(tracks=TRACKS.assign(track=list("abcd"))).fingerprint != small.fingerprint


def test_fingerprint_sees_every_column_and_that_of_assignments_none(
    small: Folksonomy, tmp_path: Path
) -> None:
    def with_columns(tracks: Mapping[str, Any], tags: Mapping[str, Any]) -> Folksonomy:
        return replace(small, tracks=small.tracks.assign(**tracks), tags=small.tags.assign(**tags))

    years, n_tags = pd.array([1980, None, 1982, 1983], "Int64"), small.n_tags
    changed = [
        small,
        with_columns({}, {"category": ["genre"] * n_tags}),
        with_columns({}, {"category": ["genre"] * (n_tags - 1) + ["mood"]}),
        with_columns({}, {"category": ["genre"] * (n_tags - 1) + [None]}),
        with_columns({}, {"category": ["genre"] * (n_tags - 1) + [""]}),
        with_columns({}, {"kind": ["genre"] * n_tags}),
        with_columns({"title": ["ab", "c", "", "d"]}, {}),
        with_columns({"title": ["a", "bc", "", "d"]}, {}),
        with_columns({"year": [1980, 1981, 1982, 1983]}, {}),
        with_columns({"year": years}, {}),
        with_columns({"heard": [0.5, np.nan, 1.5, 2.5]}, {}),
        with_columns({"live": [True, False, True, True]}, {}),
    ]
    assert len({one.fingerprint for one in changed}) == len(changed)
    assert {one.assignments_fingerprint for one in changed} == {small.assignments_fingerprint}
    for number, one in enumerate(changed):
        one.save(tmp_path / str(number))
        assert Folksonomy.open(tmp_path / str(number)).fingerprint == one.fingerprint


def test_fingerprint_is_not_of_how_a_table_is_laid_out(small: Folksonomy) -> None:
    tracks = small.tracks.assign(title=list("abcd"), year=[1, 2, 3, 4])
    one = replace(small, tracks=tracks)
    for other in (
        tracks[tracks.columns[::-1]],
        tracks.set_axis(list("wxyz")),
        tracks.astype({"year": "Int64"}),
        tracks.astype({"year": "int32"}),
        tracks.astype({"title": object}),
        tracks.astype({"title": "category"}),
    ):
        assert replace(small, tracks=other).fingerprint == one.fingerprint


def test_saving_is_read_back_whole(small: Folksonomy, tmp_path: Path) -> None:
    chosen = small.select_tags(min_count=1, without=["pop"])
    chosen.save(tmp_path / "deep" / "x")
    again = Folksonomy.open(tmp_path / "deep" / "x")
    assert again.fingerprint == chosen.fingerprint
    assert again.name == "small"
    assert again.dropped == chosen.dropped
    pd.testing.assert_frame_equal(again.tracks, chosen.tracks)
    pd.testing.assert_frame_equal(again.tags, chosen.tags)


def disk_full(*args: Any, **kwargs: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "target",
    [
        "pandas.DataFrame.to_parquet",
        "scipy.sparse.save_npz",
        "pathlib.Path.write_text",
        "os.fsync",
        "taglab.cache.writing._exchange",
    ],
)
def test_a_full_disk_leaves_the_earlier_one(
    small: Folksonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    small.save(tmp_path / "x")
    with monkeypatch.context() as patch:
        patch.setattr(target, disk_full)
        with pytest.raises(StorageError, match=r"cannot save x .*nothing was changed. Free some space"):
            small.select_tags(top=1).save(tmp_path / "x")
    assert Folksonomy.open(tmp_path / "x").fingerprint == small.fingerprint
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["x"]


@pytest.mark.parametrize("file", ["manifest.json", "tracks.parquet", "tags.parquet", "matrix.npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
def test_a_damaged_folder_is_told(small: Folksonomy, tmp_path: Path, file: str, damage: str) -> None:
    small.save(tmp_path / "x")
    path = tmp_path / "x" / file
    content = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    with pytest.raises(DataError, match="add the data again"):
        Folksonomy.open(tmp_path / "x")


def test_a_newer_format_is_told(small: Folksonomy, tmp_path: Path) -> None:
    small.save(tmp_path / "x")
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    (tmp_path / "x" / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    (tmp_path / "x" / "checksums.json").unlink()
    with pytest.raises(DataError, match="newer taglab"):
        Folksonomy.open(tmp_path / "x")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read \(No such file or directory\); add the data again"):
        Folksonomy.open(tmp_path / "nowhere")


ROWS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7), st.integers(1, 100).map(float)), max_size=60)
ARTISTS = st.lists(st.sampled_from(["X", "Y", "Z", None]), min_size=10, max_size=10)
TAGS = ["a", "A", "b", "hip hop", "Hip-Hop", "é", "zz", "0"]


def build(rows: list[tuple[int, int, float]], artists: list[str | None] | None = None) -> Folksonomy:
    tracks = pd.DataFrame({"track": [f"t{number}" for number in range(10)]})
    if artists is not None:
        tracks["artist"] = pd.array(artists, dtype="str")
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return Folksonomy.from_codes(
        "x", tracks, TAGS, np.array(columns[0], int), np.array(columns[1], int), np.array(columns[2], float)
    )


@given(ROWS)
def test_counts_equal_the_matrix(rows: list[tuple[int, int, float]]) -> None:
    made = build(rows)
    assert made.tags["count"].tolist() == (made.matrix.toarray() > 0).sum(axis=0).tolist()
    assert made.n_assignments == len({(track, tag) for track, tag, _ in rows})
    keys = list(zip((-made.tags["count"]).tolist(), made.tags["tag"].tolist(), strict=True))
    assert keys == sorted(keys)


@given(ROWS)
def test_the_larger_weight_is_kept(rows: list[tuple[int, int, float]]) -> None:
    expected: dict[tuple[str, str], float] = {}
    for track, tag, weight in rows:
        key = (f"t{track}", TAGS[tag])
        expected[key] = max(weight, expected.get(key, 0.0))
    assert weights_of(build(rows)) == expected


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, int, float]], random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    assert build(shuffled).fingerprint == build(rows).fingerprint


@given(ROWS, st.integers(0, 5), st.integers(0, 8), st.sets(st.sampled_from(TAGS)))
def test_selecting_tags_never_changes_weights(
    rows: list[tuple[int, int, float]], min_count: int, top: int, without: set[str]
) -> None:
    made = build(rows)
    chosen = made.select_tags(min_count=min_count, top=top, without=without)
    kept = set(chosen.tags["tag"])
    assert kept == set([t for t, n in made.counts().items() if n >= min_count and t not in without][:top])
    assert weights_of(chosen) == {pair: w for pair, w in weights_of(made).items() if pair[1] in kept}


@given(ROWS, st.sets(st.integers(0, 9)))
def test_selecting_tracks_never_changes_weights(rows: list[tuple[int, int, float]], chosen: set[int]) -> None:
    made = build(rows)
    names = {f"t{number}" for number in chosen}
    kept = made.select_tracks(names)
    assert set(kept.tracks["track"]) == names
    assert weights_of(kept) == {pair: w for pair, w in weights_of(made).items() if pair[0] in names}


@given(ROWS, ARTISTS)
def test_distinct_artists_equal_a_groupby(
    rows: list[tuple[int, int, float]], artists: list[str | None]
) -> None:
    made = build(rows, artists)
    table = pd.DataFrame([(artists[track], TAGS[tag]) for track, tag, _ in rows], columns=["artist", "tag"])
    expected = table.groupby("tag")["artist"].nunique()
    found = made.tags.set_index("tag")["artists"]
    if made.knows_artists:
        assert found.to_dict() == expected.to_dict()
    else:
        assert found.isna().all()


@given(ROWS)
def test_co_tags_equal_the_product_of_the_matrix(rows: list[tuple[int, int, float]]) -> None:
    made = build(rows)
    present = (made.matrix.toarray() > 0).astype(int)
    together = present.T @ present
    for row, tag in enumerate(made.tags["tag"]):
        found = (
            dict(zip(*made.co_tags(tag)[["tag", "together"]].to_numpy().T, strict=True))
            if made.n_tags
            else {}
        )
        names = made.tags["tag"]
        assert found == {names[j]: n for j, n in enumerate(together[row]) if n and j != row}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ARTISTS, st.lists(st.text(), min_size=8, max_size=8, unique_by=mend))
def test_saving_round_trips(
    tmp_path: Path, rows: list[tuple[int, int, float]], artists: list[str | None], tags: list[str]
) -> None:
    plain = build(rows, artists)
    codes = {tag: number for number, tag in enumerate(TAGS)}
    renamed = [tags[codes[tag]] for tag in plain.tags["tag"]]
    pairs = plain.matrix.tocoo()
    made = Folksonomy.from_codes("x", plain.tracks, renamed, *pairs.coords, pairs.data)
    made.save(tmp_path / "x")
    again = Folksonomy.open(tmp_path / "x")
    shutil.rmtree(tmp_path / "x")
    assert again.fingerprint == made.fingerprint
    assert weights_of(again) == weights_of(made)
    pd.testing.assert_frame_equal(again.tags, made.tags)
    pd.testing.assert_frame_equal(again.tracks, made.tracks)


def test_a_frame_of_rows() -> None:
    frame = pd.DataFrame(
        {
            "track": [2.0, 1.0, None, 2.0, 2.0],
            "tag": [" soul", "dub ", "dub", "soul", None],
            "artist": [None, "Y", "Z", "X", None],
            "weight": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    built = Folksonomy.from_frame(frame, weight="weight")
    assert built.tracks.to_dict("list") == {"track": ["2", "1"], "artist": ["X", "Y"]}
    assert built.tags["tag"].tolist() == ["dub", "soul"]
    assert built.matrix.toarray().tolist() == [[0, 4], [2, 0]]
    assert [(note.reason, note.count) for note in built.dropped] == [
        ("no track", 1), ("no tag", 1), ("the same tag on the same track again", 1),
    ]  # fmt: skip


def test_a_frame_of_lists_and_of_users(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"song": ["A", "B", "A", "A"], "words": [["x", "y"], [], np.array(["x"]), ["x"]], "who": [1, 1, 2, 2]}
    )
    built = Folksonomy.from_frame(frame, "mine", track="song", tag="words", user="who")
    assert built.name == "mine"
    assert built.tracks["track"].tolist() == ["A", "B"]
    assert built.matrix.toarray().tolist() == [[2, 1], [0, 0]]
    built.save(tmp_path / "saved")
    assert Folksonomy.open(tmp_path / "saved").fingerprint == built.fingerprint


def test_a_frame_without_such_a_column_is_told() -> None:
    with pytest.raises(
        InvalidSetting, match=r"column 'tag' must be one of the table's, which are 'track', 'x'"
    ):
        Folksonomy.from_frame(pd.DataFrame({"track": ["A"], "x": ["y"]}))
    frame = pd.DataFrame({"track": ["A"], "tag": ["y"], "n": [1]})
    with pytest.raises(InvalidSetting, match="exclude one another"):
        Folksonomy.from_frame(frame, weight="n", user="n")


@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=0, max_size=40)
)
def test_users_who_agree_as_pandas_counts_them(rows: list[tuple[int, int, int]]) -> None:
    tracks, tags, users = np.array(rows, np.int64).reshape(-1, 3).T
    found = users_who_agree(tracks, tags, users)
    theirs = pd.DataFrame(rows, columns=["t", "g", "u"]).drop_duplicates()
    counts = theirs.groupby(["t", "g"]).size()
    assert dict(zip(zip(found[0], found[1], strict=True), found[2], strict=True)) == counts.to_dict()
    assert found[3] == len(rows) - len(theirs)
