"""Queries: how they are read, what they add up to, and what lies nearest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting, NotFound
from taglab.joint_space import JointSpace, Term, ask, parse_query
from taglab.vectors import Vectors


def joint() -> JointSpace:
    """Jazz lies along the first axis, sad along the second, rock against jazz; Ann is jazz and sad."""
    tags = np.array([[2, 0], [0, 1], [-1, 0]], np.float32)
    artists = np.array([[3, 3], [-4, 0]], np.float32)
    return JointSpace(
        "two", ("Ann", "Bob"), ("jazz", "sad", "rock"), artists, tags, np.eye(2, dtype=np.float32)
    )


TRACKS = Vectors(
    "tracks", ("t1", "t2", "t3"), np.array([[1, 0], [0.9, -0.9], [0, 5]], np.float32), measure="dot"
)


def names(text: str, what: str, n: int = 15) -> list[str]:
    table = getattr(ask(joint(), parse_query(text), TRACKS, n), what)
    return table.iloc[:, 0].tolist()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("jazz", [Term("jazz")]),
        ("  hip hop + lo-fi ", [Term("hip hop"), Term("lo-fi")]),
        ("jazz − sad", [Term("jazz"), Term("sad", taken_away=True)]),
        ("- sad + jazz", [Term("sad", taken_away=True), Term("jazz")]),
        ("artist: R + B - tag:r+b", [Term("R", "artist"), Term("B"), Term("r+b", "tag", True)]),
    ],
)
def test_queries_are_read(text: str, terms: list[Term]) -> None:
    assert list(parse_query(text)) == terms


@pytest.mark.parametrize("text", ["", "jazz +", "+ + jazz", "jazz - ", "tag:"])
def test_queries_without_a_name_are_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match="must be"):
        parse_query(text)


def test_the_nearest_come_first_and_what_was_asked_is_left_out() -> None:
    assert names("jazz", "tracks") == ["t1", "t2", "t3"]
    assert names("jazz", "tags") == ["sad", "rock"]
    assert names("jazz", "artists") == ["Ann", "Bob"]
    assert names("jazz - sad", "tracks") == ["t2", "t1", "t3"]  # 1.8, 1, −5 along (1, −1)
    assert names("track:t3", "tags", n=1) == ["sad"]  # the others lie at right angles


def test_every_term_counts_alike() -> None:
    """Ann's vector is longer than jazz's by far; of "Ann - jazz" her sad half is left."""
    answer = ask(joint(), parse_query("Ann - jazz"), TRACKS)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(answer.vector, [half - 1, half], rtol=1e-6)
    assert answer.terms == (Term("Ann", "artist"), Term("jazz", "tag", True))
    assert answer.tracks["track"].tolist() == ["t3", "t1", "t2"]
    assert answer.tracks["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(answer.tracks["percentile"], [200 / 3, 100 / 3, 0])


@given(st.integers(0, 2**31), st.integers(1, 12))
def test_ranks_and_shares_are_those_of_sorting_all(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    tags, artists, tracks = (random.standard_normal((size, 3)).astype(np.float32) for size in (5, 4, 20))
    tracks[3] = 0  # without features
    space = JointSpace("random", tuple("ABCD"), tuple("vwxyz"), artists, tags, np.eye(3, dtype=np.float32))
    places = Vectors("tracks", tuple(f"t{row}" for row in range(20)), tracks, measure="dot")
    answer = ask(space, parse_query("v - A + t7"), places, n)
    products = tracks @ answer.vector
    order = [row for row in np.argsort(-products, kind="stable") if row != 7][:n]
    assert answer.tracks["track"].tolist() == [f"t{row}" for row in order]
    np.testing.assert_allclose(
        answer.tracks["percentile"], [100 * (18 - at) / 19 for at in range(len(order))]
    )
    everything = np.concatenate([tags, artists, tracks])
    lengths = np.linalg.norm(everything, axis=1, keepdims=True)
    alone = np.divide(everything, lengths, out=np.zeros_like(everything), where=lengths > 0)
    of_query = tracks[order] @ answer.vector / np.linalg.norm(answer.vector)
    shares = 100 * (alone @ tracks[order].T < of_query).mean(axis=0)
    np.testing.assert_allclose(answer.tracks["specificity"], shares, atol=100 / len(everything) + 1e-6)


def test_what_cannot_be_asked_is_told() -> None:
    with pytest.raises(
        NotFound, match="'polka' is neither a tag nor an artist nor a track of the joint space 'two'"
    ):
        ask(joint(), parse_query("polka"))
    with pytest.raises(NotFound, match="'Ann' is no tag"):
        ask(joint(), parse_query("tag:Ann"))
    with pytest.raises(NotFound, match="'t1' is neither"):
        ask(joint(), parse_query("t1"))  # without tracks
    with pytest.raises(InvalidSetting, match="cancel one another"):
        ask(joint(), parse_query("jazz + rock"))
    with pytest.raises(InvalidSetting, match="at least one"):
        ask(joint(), ())
