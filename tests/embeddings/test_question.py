"""One question of tags and vectors: what it opens, and what it says of itself."""

import numpy as np
import pytest

from taglab import cache
from taglab.embeddings import Lookup, TagQuestion, WordVectors, tag_feature_names
from taglab.errors import InvalidSetting, NotFound
from taglab.vectors import Vectors, save_features
from tests.embeddings.examples import folksonomy


def shelved() -> TagQuestion:
    data = folksonomy([["Jazz", "free jazz"], ["Jazz", "rock"], ["Jazz"]])
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("few"))
    words = WordVectors("two", ("jazz", "rock"), np.eye(2, dtype=np.float32))
    words.save(cache.Shelf(cache.VECTORS).path("two"))
    return TagQuestion(data="few", vectors="two")


def test_it_opens_tags_that_are_used_often_enough_with_their_vectors() -> None:
    asked = shelved()
    opened = asked.open_words()
    assert opened.vectors.tags == ("Jazz", "free jazz", "rock")
    assert opened.vectors.unknown == {"free jazz": "free"}
    assert opened.words.name == "two"
    often = asked.model_copy(update={"min_count": 2}).open()
    assert often.vectors.ids == tuple(often.data.tags["tag"]) == ("Jazz",)


def test_its_lookup_is_heeded_and_kept_in_the_record() -> None:
    asked = shelved()
    exact = asked.model_copy(update={"lookup": Lookup(forms=("exact",), fully_known=True)})
    assert exact.open().vectors.ids == ("rock",)
    assert asked.record() == {"data": "few", "vectors": "two", "min_count": 1}
    assert exact.record() == {**asked.record(), "lookup": {"forms": ["exact"], "fully_known": True}}


def test_what_is_not_there_is_told() -> None:
    asked = shelved()
    with pytest.raises(InvalidSetting, match="min-count=9 leaves no tag of"):
        asked.model_copy(update={"min_count": 9}).open()
    with pytest.raises(NotFound, match="nowhere"):
        asked.model_copy(update={"vectors": "nowhere"}).open()
    with pytest.raises(NotFound, match="nowhere"):
        TagQuestion(data="nowhere").open()


def test_vectors_of_whole_tags_are_taken_as_they_are_by_their_own_measure() -> None:
    asked = shelved()
    rows = np.array([[3, 0], [0, 0], [1, 1]], np.float32)
    save_features(Vectors.of("tags", ["rock", "Jazz", "elsewhere"], rows, measure="dot"), "placed")
    opened = asked.model_copy(update={"vectors": "placed"}).open()
    assert opened.vectors.ids == ("Jazz", "rock")
    assert opened.vectors.missing == ("free jazz",)
    assert (opened.vectors.name, opened.vectors.measure) == ("placed", "dot")
    np.testing.assert_array_equal(opened.vectors.vectors, [[0, 0], [3, 0]])


def test_what_looks_words_up_refuses_vectors_of_whole_tags_and_word_vectors_come_first() -> None:
    asked = shelved()
    for name in ("placed", "two"):
        save_features(Vectors.of("tags", ["rock"], [[2, 0]], measure="dot"), name)
    with pytest.raises(InvalidSetting, match="'placed' are vectors of whole tags"):
        asked.model_copy(update={"vectors": "placed"}).open_words()
    assert tag_feature_names() == ["placed"]
    assert asked.open().vectors.measure == "cosine"


def test_only_features_that_are_of_tags_are_vectors_of_whole_tags() -> None:
    save_features(Vectors.of("tracks", ["t"], [[2, 0]], measure="dot"), "tracks")
    save_features(Vectors.of("tags", ["rock"], [[2, 0]], measure="dot"), "damaged")
    manifest = cache.Shelf(cache.FEATURES).path("damaged") / "manifest.json"
    for text in ("{", "[]", '{"kind": 7}'):
        manifest.write_text(text)
        assert tag_feature_names() == []
