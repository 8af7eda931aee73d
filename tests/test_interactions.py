"""`Interactions`: who played what, kept whole; what is left out is counted, round by round to the end."""

import json
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting
from taglab.interactions import KINDS, Interactions

ROWS = pd.DataFrame(
    {"user": ["u", "v", "u", "u", "w"], "track": ["a", "a", "b", "a", "c"], "plays": [1, 2, 3, 4, 0.5]}
)


def test_counts_of_a_pair_are_added_up() -> None:
    plays = Interactions.from_frame(ROWS, "mine", value="plays")
    assert plays.users["user"].tolist() == ["u", "v", "w"]
    assert plays.tracks == ("a", "b", "c")
    assert plays.matrix.toarray().tolist() == [[5, 3, 0], [2, 0, 0], [0, 0, 0.5]]
    assert repr(plays) == "<Interactions mine: 3 users, 3 tracks, 4 counts>"
    assert plays.density == pytest.approx(4 / 9)
    assert (plays.per_user().tolist(), plays.per_track().tolist()) == ([2, 1, 1], [2, 1, 1])
    assert plays.facts() == {
        "users": 3,
        "played_tracks": 3,
        "interactions": 4,
        "density": pytest.approx(4 / 9),
    }


def test_of_ratings_the_last_counts_and_a_rating_of_nought_is_one() -> None:
    rows = ROWS.assign(plays=[5.0, 0.0, -1.0, 2.0, 3.0])
    ratings = Interactions.from_frame(rows, value="plays", kind="ratings")
    assert ratings.matrix.toarray().tolist() == [[2, -1, 0], [0, 0, 0], [0, 0, 3]]
    assert ratings.matrix.nnz == 4
    assert ratings.dropped == (Dropped("the same user rated the same track again; the last counts", 1),)


def test_rows_that_lack_something_are_left_out_and_counted() -> None:
    rows = pd.DataFrame({"user": ["u", None, "v"], "track": ["a", "b", None]})
    plays = Interactions.from_frame(rows)
    assert (plays.n_users, plays.tracks) == (1, ("a",))
    assert plays.dropped == (Dropped("no user or track", 2),)
    with pytest.raises(InvalidSetting, match="column 'plays' must be one of the table's, which are 'user'"):
        Interactions.from_frame(rows, value="plays")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "likes"}, "kind='likes' must be one of: counts, ratings"),
        ({"tracks": ("a",)}, "but users are 2 and tracks 1"),
        ({"tracks": ("a", "a")}, "stands twice"),
        ({"users": pd.DataFrame({"user": ["u", "u"]})}, "stands twice"),
        ({"users": pd.DataFrame({"name": ["u", "v"]})}, "need a column 'user'"),
        ({"matrix": sparse.csr_array(np.eye(2))}, "must be float32"),
        ({"matrix": sparse.csr_array(-np.eye(2, dtype=np.float32))}, "above 0, and finite"),
        ({"matrix": sparse.csr_array(np.diag(np.float32([np.inf, 1])))}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], sentence: str) -> None:
    matrix = sparse.csr_array(np.eye(2, dtype=np.float32))
    parts = {"users": pd.DataFrame({"user": ["u", "v"]}), "tracks": ("a", "b"), "matrix": matrix}
    with pytest.raises(ValueError, match=sentence):
        Interactions("x", **parts | change)  # type: ignore[arg-type]


def test_activity_by_hand_takes_three_rounds() -> None:
    # w has one track; without w, c has one user; without c, v has one track; u and x remain.
    pairs = [("u", "a"), ("u", "b"), ("x", "a"), ("x", "b"), ("v", "b"), ("v", "c"), ("w", "c")]
    plays = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "track"]))
    kept = plays.select_active(min_tracks=2, min_users=2)
    assert kept.users["user"].tolist() == ["u", "x"]
    assert kept.tracks == ("a", "b")
    assert kept.dropped == (
        Dropped("user of fewer than 2 tracks", 2, "users"),
        Dropped("track of fewer than 2 users", 1, "tracks"),
        Dropped("of those users or tracks", 3, "counts"),
    )
    steps = plays.activity_steps(min_tracks=2, min_users=2)
    assert steps.drop(columns="density").to_numpy().tolist() == [
        ["all", 4, 3, 7],
        ["users: ≥ 2 tracks", 3, 3, 6],
        ["tracks: ≥ 2 users", 3, 2, 5],
        ["users: ≥ 2 tracks", 2, 2, 4],
    ]
    assert steps["density"].tolist() == pytest.approx([7 / 12, 6 / 9, 5 / 6, 1])
    assert plays.activity().to_numpy().tolist() == [[1, 4, 3], [2, 3, 3], [3, 0, 1]]
    nobody = plays.select_active(min_tracks=4)
    assert (nobody.n_users, nobody.n_tracks) == (0, 0)
    assert np.isnan(nobody.density)
    with pytest.raises(InvalidSetting, match="must be at least 1"):
        plays.select_active(min_tracks=0)


def test_of_many_rounds_the_last_alone_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    # A chain: each user shares a track with the next, and both ends go in every round.
    pairs = [(user, track) for user in range(20) for track in (user, user + 1)]
    plays = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "track"]))
    matrices: list[weakref.ref] = []
    held: list[int] = []
    parts = Interactions._active_parts

    def counted(self: Interactions, *least: int) -> Iterator[tuple]:
        for step, users, tracks, matrix in parts(self, *least):
            matrices.append(weakref.ref(matrix))
            yield step, users, tracks, matrix
            held.append(sum(matrix() is not None for matrix in matrices))

    monkeypatch.setattr(Interactions, "_active_parts", counted)
    assert plays.select_active(2, 2).matrix.nnz == 0
    assert len(matrices) > 10
    assert max(held) <= 2


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=40),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_what_is_kept_is_the_largest_part_that_is_active(
    pairs: list[tuple[int, int]], min_tracks: int, min_users: int
) -> None:
    frame = pd.DataFrame(pairs, columns=["user", "track"], dtype="int64").astype("str")
    kept = Interactions.from_frame(frame).select_active(min_tracks, min_users)
    assert (kept.per_user() >= min_tracks).all()
    assert (kept.per_track() >= min_users).all()
    alive = set(map(tuple, frame.to_numpy().tolist()))
    while True:  # one pair at a time, in another order than ours: the core is the same
        of_user = {user: len({track for one, track in alive if one == user}) for user, _ in alive}
        of_track = {track: len({user for user, one in alive if one == track}) for _, track in alive}
        weak = {(u, t) for u, t in alive if of_user[u] < min_tracks or of_track[t] < min_users}
        if not weak:
            break
        alive.remove(min(weak))
    rows, columns = kept.matrix.nonzero()
    users = kept.users["user"].tolist()
    assert {(users[u], kept.tracks[t]) for u, t in zip(rows, columns, strict=True)} == alive


def test_tracks_in_the_order_of_a_data_set() -> None:
    plays = Interactions.from_frame(ROWS, value="plays").select_tracks(["c", "z", "a"])
    assert plays.tracks == ("c", "z", "a")
    assert plays.matrix.toarray().tolist() == [[0, 0, 5], [0, 0, 2], [0.5, 0, 0]]
    assert plays.dropped == (Dropped("played, but not among the tracks asked for", 1, "tracks", ("b",)),)
    assert plays.select_tracks([]).matrix.shape == (3, 0)


def test_fingerprint_is_of_all_but_the_name() -> None:
    one = Interactions.from_frame(ROWS, "one", value="plays")
    assert one.fingerprint == Interactions.from_frame(ROWS, "other", value="plays").fingerprint
    others = [
        Interactions.from_frame(ROWS),
        Interactions.from_frame(ROWS.assign(user=["u", "v", "u", "u", "z"]), value="plays"),
        Interactions.from_frame(ROWS.assign(track=["a", "a", "b", "a", "z"]), value="plays"),
        Interactions(one.name, one.users, one.tracks, one.matrix, "ratings"),
        Interactions(one.name, one.users.assign(age=[1, 2, 3]), one.tracks, one.matrix),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_again(kind: str, tmp_path: Path) -> None:
    plays = Interactions.from_frame(ROWS, "mine", value="plays", kind=kind).select_active(2)
    plays.write(tmp_path / "plays")
    opened = Interactions.open(tmp_path / "plays")
    assert opened.fingerprint == plays.fingerprint
    assert (opened.name, opened.kind, opened.dropped) == ("mine", kind, plays.dropped)
    manifest = json.loads((tmp_path / "plays" / "manifest.json").read_text())
    assert manifest["users"] == plays.n_users
    (tmp_path / "plays" / "tracks.json").write_text('["a"]')
    with pytest.raises(DataError, match=r"tracks.json: is damaged.*add the data again"):
        Interactions.open(tmp_path / "plays")
    with pytest.raises(DataError):
        Interactions.open(tmp_path / "nowhere")


def test_tracks_are_looked_up_once_whatever_their_number() -> None:
    class Counting(str):
        hashed = 0

        def __hash__(self) -> int:
            Counting.hashed += 1
            return super().__hash__()

    tracks = [f"t{number}" for number in range(200)]
    plays = Interactions.from_codes("mine", ["u"], tracks, np.zeros(200, int), np.arange(200))
    wanted = [Counting(track) for track in tracks[:50]]
    assert plays.select_tracks(wanted).per_track().tolist() == [1] * 50
    assert Counting.hashed < 10 * len(tracks)


def test_times_go_with_their_values() -> None:
    frame = pd.DataFrame({"user": ["u", "v", "u", "u", "v", "w"], "track": ["a", "a", "b", "a", "c", "b"]})
    users, tracks = pd.factorize(frame["user"]), pd.factorize(frame["track"])
    plays = Interactions.from_codes(
        "mine", list(users[1]), list(tracks[1]), users[0], tracks[0], times=[5, 1, 2, 3, np.nan, 9]
    )
    assert plays.matrix.data.tolist() == [2, 1, 1, 1, 1]
    assert plays.times is not None
    np.testing.assert_array_equal(plays.times, [5, 2, 1, np.nan, 9])  # of u's two plays of a the last
    active = plays.select_active(min_tracks=2)
    assert active.users["user"].tolist() == ["u", "v"]
    np.testing.assert_array_equal(active.times, [5, 2, 1, np.nan])  # type: ignore[arg-type]
    turned = plays.select_tracks(["b", "z", "a"])
    rows = turned.matrix.tocoo()
    assert turned.times is not None
    assert {(u, t): time for u, t, time in zip(rows.row, rows.col, turned.times, strict=True)} == {
        (0, 2): 5, (0, 0): 2, (1, 2): 1, (2, 0): 9,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"times are \(1,\), and values \(5,\)"):
        Interactions("x", plays.users, plays.tracks, plays.matrix, times=np.zeros(1))


def test_times_are_written_and_part_of_the_fingerprint(tmp_path: Path) -> None:
    plays = Interactions.from_codes("mine", ["u"], ["a", "b"], [0, 0], [0, 1], times=[3, np.nan])
    plays.write(tmp_path / "plays")
    opened = Interactions.open(tmp_path / "plays")
    assert opened.times is not None
    np.testing.assert_array_equal(opened.times, [3, np.nan])
    timeless = Interactions.from_codes("mine", ["u"], ["a", "b"], [0, 0], [0, 1])
    assert opened.fingerprint == plays.fingerprint != timeless.fingerprint
    (tmp_path / "plays" / "times.npz").unlink()
    with pytest.raises(DataError):
        Interactions.open(tmp_path / "plays")


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(1, 9)), max_size=60),
    st.sampled_from([1, 3, 1 << 21]),
)
def test_pairs_are_merged_as_pandas_groups_them(rows: list[tuple[int, int, int]], at_once: int) -> None:
    frame = pd.DataFrame(rows, columns=["user", "track", "value"], dtype="int64")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("taglab.interactions._ROWS_AT_ONCE", at_once)
        names = [f"n{at}" for at in range(8)]
        columns = (frame["user"], frame["track"], frame["value"])
        counts = Interactions.from_codes("x", names, names, *columns, times=frame["value"])
        ratings = Interactions.from_codes("x", names, names, *columns, "ratings", times=frame["value"])
    grouped = frame.groupby(["user", "track"])["value"].agg(["sum", "last", "max"])
    assert counts.matrix.data.tolist() == grouped["sum"].tolist()
    assert ratings.matrix.data.tolist() == grouped["last"].tolist()
    assert counts.times is not None
    assert ratings.times is not None
    assert counts.times.tolist() == grouped["max"].tolist()
    assert ratings.times.tolist() == grouped["last"].tolist()
    assert list(zip(*counts.matrix.nonzero(), strict=True)) == grouped.index.tolist()
