"""Neighbours, analogies, axes and overlaps agree with the plain formula and with gensim."""

from importlib import import_module

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st

from taglab.embeddings import analogy, axis, neighbours, overlap_at_k
from taglab.errors import Cancelled, InvalidSetting, NotFound
from taglab.vectors import TagVectors


def random_tags(count: int, dim: int, seed: int, name: str = "random") -> TagVectors:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return TagVectors.from_any([f"tag {number}" for number in range(count)], rows, name)


def as_gensim(vectors: TagVectors) -> KeyedVectors:
    theirs = KeyedVectors(vectors.dim)
    theirs.add_vectors(list(vectors.tags), vectors.vectors)
    return theirs


@given(st.integers(2, 60), st.integers(2, 8), st.integers(0, 1000), st.integers(1, 70))
def test_neighbours_agree_with_looking_at_all(count: int, dim: int, seed: int, n: int) -> None:
    vectors = random_tags(count, dim, seed)
    found = neighbours(vectors, "tag 1", n)
    cosine = vectors.vectors.astype(np.float64) @ vectors.vectors[1]
    order = [row for row in np.argsort(-cosine, kind="stable") if row != 1][:n]
    assert found["similarity"].to_numpy() == pytest.approx(cosine[order], abs=1e-5)
    assert found["distance"].to_numpy() == pytest.approx(1 - cosine[order], abs=1e-5)
    assert len(set(found["tag"])) == min(n, count - 1)
    assert "tag 1" not in set(found["tag"])


@given(st.integers(0, 1000))
def test_neighbours_and_analogies_agree_with_gensim(seed: int) -> None:
    vectors = random_tags(50, 6, seed)
    theirs = as_gensim(vectors)
    near = neighbours(vectors, "tag 7", 5)
    expected = theirs.most_similar("tag 7", topn=5)
    assert list(near["tag"]) == [tag for tag, _ in expected]
    assert near["similarity"].to_numpy() == pytest.approx([score for _, score in expected], abs=1e-5)
    like = analogy(vectors, "tag 1", "tag 2", "tag 3", 5)
    expected = theirs.most_similar(positive=["tag 1", "tag 3"], negative=["tag 2"], topn=5)
    assert list(like["tag"]) == [tag for tag, _ in expected]
    assert like["similarity"].to_numpy() == pytest.approx([score for _, score in expected], abs=1e-5)


def test_words_without_a_vector_are_named_beside_each_tag() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    vectors = TagVectors(("a", "a nonesuch", "b", "c"), rows, unknown={"a nonesuch": "nonesuch"})
    assert neighbours(vectors, "a")[["tag", "unknown"]].to_numpy().tolist() == [
        ["a nonesuch", "nonesuch"],
        ["c", ""],
        ["b", ""],
    ]
    assert analogy(vectors, "a", "b", "c")["unknown"].tolist() == ["nonesuch"]
    assert axis(vectors, "a", "b")["unknown"].tolist() == ["", "nonesuch", "", ""]


def test_ties_come_in_the_order_of_tags() -> None:
    vectors = TagVectors.from_any(list("abcdef"), [[1, 0], [1, 0], [0, 1], [1, 0], [1, 1], [1, 0]])
    assert list(neighbours(vectors, "d", 2)["tag"]) == ["a", "b"]
    assert list(neighbours(vectors, "d")["tag"]) == ["a", "b", "f", "e", "c"]
    assert neighbours(vectors, "d")["distance"].to_list()[:3] == [0, 0, 0]


def test_only_one_tag() -> None:
    one = TagVectors.from_any(["a"], [[1, 0]])
    assert len(neighbours(one, "a")) == 0
    assert list(neighbours(one, "a").columns) == ["tag", "similarity", "distance", "unknown"]


def test_neighbours_that_cannot_be() -> None:
    vectors = TagVectors.from_any(["a", "b", "c"], [[1, 0], [0, 1], [0, 0]], "some")
    with pytest.raises(NotFound, match="none of its words has one"):
        neighbours(vectors, "c")
    with pytest.raises(InvalidSetting, match="n=0"):
        neighbours(vectors, "a", 0)


def test_analogy_by_hand() -> None:
    places = ["France", "Paris", "Spain", "Madrid", "jazz"]
    vectors = TagVectors.from_any(places, [[4, 1, 0], [4, 1, 2], [1, 4, 0], [1, 4, 2], [-1, -1, -1]])
    assert analogy(vectors, "Paris", "France", "Spain", 1)["tag"].to_list() == ["Madrid"]
    assert not set(analogy(vectors, "Paris", "France", "Spain")["tag"]) & {"Paris", "France", "Spain"}
    # What is to a as a is to a: the third, which is not among the results.
    assert len(analogy(vectors, "Paris", "Paris", "Spain")) == 3


def test_analogy_that_cancels_out() -> None:
    # Three directions 120 degrees apart sum to nothing; the second is taken away, so it is turned about.
    third = np.sqrt(3) / 2
    vectors = TagVectors.from_any(["a", "b", "c", "d"], [[1, 0], [0.5, -third], [-0.5, -third], [0, 1]])
    with pytest.raises(InvalidSetting, match="cancels out"):
        analogy(vectors, "a", "b", "c")
    with pytest.raises(NotFound, match="'z'"):
        analogy(vectors, "a", "b", "z")


def test_axis_by_hand() -> None:
    vectors = TagVectors.from_any(["east", "north", "between", "west"], [[1, 0], [0, 1], [1, 1], [-1, 0]])
    table = axis(vectors, "east", "north").set_index("tag")
    assert table["position"].to_dict() == pytest.approx({"east": 0, "north": 1, "between": 0.5, "west": 1})
    off = 1 - 0.5**0.5
    assert table["distance"].to_dict() == pytest.approx(
        {"east": 0, "north": 0, "between": off, "west": 2**0.5}, abs=1e-7
    )


@given(st.integers(0, 1000))
def test_axis_turned_about(seed: int) -> None:
    vectors = random_tags(20, 5, seed)
    there, back = axis(vectors, "tag 0", "tag 1"), axis(vectors, "tag 1", "tag 0")
    assert there["position"].to_numpy() == pytest.approx(1 - back["position"].to_numpy(), abs=1e-6)
    assert there["distance"].to_numpy() == pytest.approx(back["distance"].to_numpy(), abs=1e-6)


def test_axis_needs_two_points() -> None:
    vectors = TagVectors.from_any(["jazz", "kappe jazz"], [[1, 0], [1, 0]])
    with pytest.raises(InvalidSetting, match="same point"):
        axis(vectors, "jazz", "kappe jazz")


def test_axis_of_more_tags_than_a_block_holds() -> None:
    vectors = random_tags(9000, 3, 0)
    table = axis(vectors, "tag 0", "tag 8999")
    assert table["position"].iloc[[0, -1]].to_list() == pytest.approx([0, 1], abs=1e-6)


@given(st.integers(0, 1000), st.integers(1, 9))
def test_overlap_agrees_with_looking_at_all(seed: int, k: int) -> None:
    a, b = random_tags(12, 4, seed), random_tags(10, 3, seed + 1)
    table = overlap_at_k(a, b, k)
    small = a.select(b.tags)
    for tag, overlap in zip(table["tag"], table["overlap"], strict=True):
        in_a, in_b = (set(neighbours(side, tag, k)["tag"]) for side in (small, b))
        assert overlap == pytest.approx(len(in_a & in_b) / k)


def test_overlap_with_itself_is_whole_even_where_tags_coincide() -> None:
    a = random_tags(300, 4, 0)
    doubled = TagVectors.from_any(
        [*a.tags, *(f"{tag} again" for tag in a.tags)], np.concatenate([a.vectors, a.vectors])
    )
    for k in (1, 2, 7):
        assert (overlap_at_k(doubled, doubled, k)["overlap"] == 1).all()


def test_overlap_of_some_tags_and_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = random_tags(40, 4, 0), random_tags(40, 4, 1)
    whole = overlap_at_k(a, b, 5).set_index("tag")["overlap"]
    # By its name: `taglab.embeddings.neighbours` is the function.
    monkeypatch.setattr(import_module("taglab.embeddings.neighbours"), "_SCORES_PER_BLOCK", 100)
    reports: list[float] = []
    some = overlap_at_k(a, b, 5, ["tag 30", "tag 2", "elsewhere"], lambda done, text: reports.append(done))
    assert some["tag"].to_list() == ["tag 2", "tag 30"]
    assert some["overlap"].to_list() == whole[["tag 2", "tag 30"]].to_list()
    assert overlap_at_k(a, b, 5)["overlap"].to_list() == whole.to_list()
    assert reports == [0]


def test_overlap_that_cannot_be() -> None:
    a = random_tags(5, 2, 0, "one")
    other = TagVectors.from_any(["elsewhere", "tag 0"], [[1, 0], [0, 1]], "two")
    with pytest.raises(InvalidSetting, match=r"k=1 .* the 1 tags .* in one and in two"):
        overlap_at_k(a, other, 1)
    with pytest.raises(InvalidSetting, match="k=0"):
        overlap_at_k(a, a, 0)

    def stop(fraction: float, text: str) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        overlap_at_k(a, a, 2, progress=stop)
