"""A tag's vector is the normalised sum of its words' unit vectors, and what is not known is said."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.embeddings import FORMS, Lookup, compose, coverage, duplicates, find_words
from taglab.errors import Cancelled
from taglab.vectors import TagVectors
from tests.embeddings.examples import folksonomy, random_words, word_vectors

WORDS = word_vectors(
    {
        "jazz": [2, 0, 0],
        "funk": [0, 3, 0],
        "hip": [0, 0, 1],
        "hop": [0, 1, 1],
        "Rock": [1, 1, 0],
        "NYC": [1, 0, 1],
        "Paris": [1, 1, 1],
        "up": [0, 0, 5],
        "down": [0, 0, -1],
        "r&b": [1, 2, 3],
        "zero": [0, 0, 0],
    }
)
MANY = random_words(20, 6)


def vector(tag: str, lookup: Lookup | None = None) -> list[float]:
    return compose(WORDS, [tag], lookup).vectors[0].tolist()


def unknown(tag: str, lookup: Lookup | None = None) -> tuple[str, ...]:
    return find_words(WORDS, [tag], lookup).unknown[0]


def test_sum_of_unit_vectors_of_length_one() -> None:
    assert vector("jazz") == [1, 0, 0]
    assert vector("jazz funk") == pytest.approx([0.5**0.5, 0.5**0.5, 0])
    assert vector("jazz jazz funk") == pytest.approx([2 / 5**0.5, 1 / 5**0.5, 0])


def test_unknown_word_adds_nothing() -> None:
    assert vector("kappe jazz") == vector("jazz") == vector("jazz cwcafe")
    assert unknown("kappe jazz") == ("kappe",)


def test_a_tag_with_an_unknown_word_is_named_or_left_out() -> None:
    tags = ["jazz", "kappe jazz", "hip-nonesuch blurb", "kappe", "jazz funk"]
    composed = compose(WORDS, tags)
    assert composed.unknown == {"kappe jazz": "kappe", "hip-nonesuch blurb": "nonesuch blurb"}
    assert composed.select(["kappe jazz", "jazz"]).unknown == {"kappe jazz": "kappe"}
    strict = compose(WORDS, tags, Lookup(fully_known=True))
    assert strict.tags == ("jazz", "jazz funk")
    assert strict.missing == ("kappe jazz", "hip-nonesuch blurb", "kappe")
    assert strict.unknown == {}


def test_tags_without_a_vector_are_missing() -> None:
    composed = compose(WORDS, ["up down", "jazz", "kappe", "zero", "", "  ", "♥", "&"])
    assert composed.tags == ("jazz",)
    assert composed.missing == ("up down", "kappe", "zero", "", "  ", "♥", "&")
    assert compose(WORDS, []).vectors.shape == (0, 3)
    assert compose(WORDS, ["kappe"]).vectors.shape == (0, 3)


@given(st.lists(st.sampled_from(MANY.words), min_size=1, max_size=8), st.randoms())
def test_order_of_words_does_not_matter_to_the_last_bit(words: list[str], random: object) -> None:
    shuffled = list(words)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (compose(MANY, [" ".join(order)]) for order in (words, shuffled))
    assert np.array_equal(first.vectors, second.vectors)
    assert np.linalg.norm(first.vectors[0]) == pytest.approx(1, abs=1e-6)


@given(st.lists(st.lists(st.sampled_from(MANY.words), min_size=1, max_size=5), min_size=1, max_size=30))
def test_agrees_with_the_sum_by_hand_whatever_stands_beside(phrases: list[list[str]]) -> None:
    tags = list(dict.fromkeys(" ".join(words) for words in phrases))
    composed = compose(MANY, tags)
    for tag, found in zip(composed.tags, composed.vectors, strict=True):
        rows = MANY.vectors[[MANY.row(word) for word in tag.split()]].astype(np.float64)
        wanted = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).sum(axis=0)
        assert found == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-5)
    assert composed.tags == tuple(tags)


@given(st.text(max_size=30))
def test_any_text_is_a_tag(tag: str) -> None:
    composed = compose(WORDS, [tag, "jazz"] if tag != "jazz" else [tag])
    assert (tag in composed) != (tag in composed.missing)


def test_vectors_of_any_length_count_the_same() -> None:
    lengths = word_vectors({"a": [1e-30, 0], "b": [0, 1e30], "c": [1e-44, 0]})
    assert compose(lengths, ["a b"]).vectors[0] == pytest.approx([0.5**0.5, 0.5**0.5])
    assert compose(lengths, ["c"]).vectors.tolist() == [[1, 0]]


def test_lookup_knows_case_and_falls_back_in_the_order_asked_for() -> None:
    assert vector("Jazz") == vector("JAZZ") == vector("jazz")
    assert vector("rock") == vector("Rock")
    assert vector("nyc") == vector("NYC")
    assert unknown("Jazz", Lookup(forms=("exact",))) == ("Jazz",)
    assert unknown("rock", Lookup(forms=("exact", "lower"))) == ("rock",)
    cases = word_vectors({"us": [1, 0], "US": [0, 1]})
    assert compose(cases, ["Us"], Lookup(forms=("lower", "upper"))).vectors.tolist() == [[1, 0]]
    assert compose(cases, ["Us"], Lookup(forms=("upper", "lower"))).vectors.tolist() == [[0, 1]]
    assert compose(cases, ["us"], Lookup(forms=("upper",))).vectors.tolist() == [[0, 1]]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_returns_text(form: str) -> None:
    assert isinstance(FORMS[form]("Straße"), str)


def test_punctuation_splits_only_what_is_not_known_whole() -> None:
    assert vector("r&b") == pytest.approx(np.array([1, 2, 3]) / 14**0.5)
    assert vector("jazz-funk") == vector("jazz funk") == vector("funk/jazz") == vector("jazz_funk")
    assert unknown("jazz-funk", Lookup(split_punctuation=False)) == ("jazz-funk",)
    assert unknown("jazz-kappe") == ("kappe",)
    assert vector("jazz & funk") == vector("jazz funk")
    assert unknown("jazz & funk") == ()
    assert find_words(WORDS, ["hip-hop"]).words == [("hip", "hop")]


def test_words_of_other_scripts_stay_whole() -> None:
    # Vowel signs of Devanagari are marks, not letters, and must not split a word.
    assert unknown("संगीत-ध्वनि") == ("संगीत", "ध्वनि")
    assert unknown("爵士樂 jazz") == ("爵士樂",)


def test_whole_tag_comes_first_where_the_vocabulary_holds_it() -> None:
    phrases = word_vectors({"hip hop": [1, 0], "hip": [0, 1], "hop": [0, 1], "drum_bass": [1, 1]})
    assert compose(phrases, ["hip hop"]).vectors.tolist() == [[1, 0]]
    assert compose(phrases, ["Hip Hop"]).vectors.tolist() == [[1, 0]]
    assert compose(phrases, ["hip hop"], Lookup(whole_tag=False)).vectors.tolist() == [[0, 1]]
    assert compose(phrases, ["drum bass"]).vectors[0] == pytest.approx([0.5**0.5] * 2)
    assert find_words(phrases, ["Hip Hop"]).words == [("Hip Hop",)]


def test_composing_can_be_stopped() -> None:
    def stop(fraction: float, text: str) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        compose(WORDS, ["jazz"], progress=stop)


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="lowercase"):
        Lookup(forms=("lowercase",))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="stem"):
        Lookup(stem=True)  # type: ignore[call-arg]


LISTS = [
    ["jazz", "kappe jazz", "blurb"],
    ["jazz", "kappe jazz", "Jazz"],
    ["jazz", "funk jazz", "jazz funk"],
    ["jazz", "up down", "kappe blurb", "jazz jazz jazz"],
]


def test_coverage() -> None:
    found = coverage(WORDS, folksonomy(LISTS))
    table = found.tags.set_index("tag")
    assert table["state"].to_dict() == {
        "jazz": "all",
        "kappe jazz": "some",
        "Jazz": "all",
        "blurb": "none",
        "funk jazz": "all",
        "jazz funk": "all",
        "jazz jazz jazz": "all",
        "kappe blurb": "none",
        "up down": "none",
    }
    assert list(found.tags["count"]) == sorted(found.tags["count"], reverse=True)
    assert table.loc["kappe jazz", ["words", "unknown"]].to_list() == ["kappe jazz", "kappe"]
    assert found.share_of_tags == pytest.approx(6 / 9)
    assert found.share_of_counts == pytest.approx(10 / 13)
    assert list(found.unknown_words.itertuples(index=False, name=None)) == [("kappe", 3, 2), ("blurb", 2, 2)]
    assert found.partly_known == 1
    assert found.share_fully_known == pytest.approx(5 / 9)
    known = found.words[found.words["known"]].set_index("word")["count"].to_dict()
    assert known == {"jazz": 9, "funk": 2, "Jazz": 1, "up": 1, "down": 1}
    assert found.share_of_words == pytest.approx(5 / 7)
    assert found.share_of_word_counts == pytest.approx(14 / 19)
    strict = coverage(WORDS, folksonomy(LISTS), Lookup(fully_known=True))
    assert strict.share_of_tags == strict.share_fully_known == pytest.approx(5 / 9)
    assert strict.tags.set_index("tag").loc["kappe jazz", "state"] == "none"
    assert list(found.duplicates.itertuples(index=False, name=None)) == [
        ("kappe jazz", "jazz", 2),
        ("Jazz", "jazz", 1),
        ("jazz jazz jazz", "jazz", 1),
        ("jazz funk", "funk jazz", 1),
    ]


def test_coverage_of_nothing() -> None:
    found = coverage(WORDS, folksonomy([]))
    assert np.isnan(found.share_of_tags)
    assert np.isnan(found.share_of_counts)
    assert np.isnan(found.share_of_words)
    assert (len(found.tags), len(found.unknown_words), len(found.duplicates)) == (0, 0, 0)
    nothing_known = coverage(word_vectors({"zero": [0, 0]}), folksonomy([["jazz"], ["funk"]]))
    assert (nothing_known.share_of_tags, nothing_known.share_of_counts) == (0, 0)
    assert len(nothing_known.duplicates) == 0


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_duplicates_are_the_rows_that_are_equal(points: list[int]) -> None:
    rows = np.eye(4, dtype=np.float32)[points]
    tags = [f"tag {number}" for number in range(len(points))]
    counts = folksonomy([tags]).counts()
    table = duplicates(TagVectors(tuple(tags), rows), counts)
    firsts = {f"tag {number}": f"tag {points.index(point)}" for number, point in enumerate(points)}
    wanted = {tag: first for tag, first in firsts.items() if tag != first}
    assert dict(zip(table["tag"], table["same_as"], strict=True)) == wanted


@pytest.mark.parametrize("fully_known", [False, True])
def test_tags_come_out_the_same_however_they_are_cut(
    fully_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = random_words(40, 6)
    tags = [f"{words.words[i % 40]} {words.words[i * 7 % 40]}" for i in range(60)]
    tags += ["unheard of", f"{words.words[0]} unheard", words.words[3]]
    tags = list(dict.fromkeys(tags[::-1]))
    whole = compose(words, tags, Lookup(fully_known=fully_known))
    monkeypatch.setattr("taglab.embeddings.phrases._TAGS_PER_BLOCK", 7)
    cut = compose(words, tags, Lookup(fully_known=fully_known))
    assert cut.ids == whole.ids
    assert cut.missing == whole.missing
    assert len(whole.missing) == 1 + fully_known
    np.testing.assert_array_equal(cut.vectors, whole.vectors)


def test_composing_holds_the_vectors_once_and_little_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taglab.embeddings.phrases._TAGS_PER_BLOCK", 200)
    words = random_words(2000, 1024)
    tags = list(words.words)
    compose(words, tags[:10])
    tracemalloc.start()
    try:
        vectors = compose(words, tags)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * vectors.vectors.nbytes
