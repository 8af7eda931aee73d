"""One question of tags and vectors: what it opens, and what it says of itself."""

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.embeddings import Lookup, TagQuestion, WordVectors, whole_vectors
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
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
    assert whole_vectors() == {"placed": "tags"}
    assert asked.open().vectors.measure == "cosine"


def test_only_features_of_what_a_folksonomy_has_are_whole_vectors() -> None:
    save_features(Vectors.of("users", ["u"], [[2, 0]], measure="dot"), "users")
    save_features(Vectors.of("tags", ["rock"], [[2, 0]], measure="dot"), "damaged")
    manifest = cache.Shelf(cache.FEATURES).path("damaged") / "manifest.json"
    for text in ("{", "[]", '{"kind": 7}'):
        manifest.write_text(text)
        assert whole_vectors() == {}


def test_vectors_of_tracks_and_artists_stand_in_the_place_of_tags() -> None:
    tracks = pd.DataFrame({"track": ["t2", "t1", "t3"], "artist": ["Ann", "Bob", "Ann"]})
    codes = np.arange(3)
    data = Folksonomy.from_codes("few", tracks, ["rock"], codes, np.zeros(3, int))
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("few"))
    save_features(Vectors.of("artists", ["Bob", "Ann", "Eve"], np.eye(3), measure="dot"), "who")
    save_features(Vectors.of("tracks", ["t1", "t2"], [[2, 0], [0, 0]], measure="dot"), "where")
    artists = TagQuestion(data="few", vectors="who").open()
    assert artists.vectors.ids == ("Ann", "Bob")  # who has most tracks stands first
    assert artists.data.counts().to_dict() == {"Ann": 2, "Bob": 1}
    assert TagQuestion(data="few", vectors="who", min_count=2).open().vectors.ids == ("Ann",)
    places = TagQuestion(data="few", vectors="where").open()
    assert (places.vectors.ids, places.vectors.missing) == (("t1", "t2"), ("t3",))
    np.testing.assert_array_equal(places.vectors.vectors, [[2, 0], [0, 0]])
    with pytest.raises(InvalidSetting, match="its most frequent track has 1 tracks"):
        TagQuestion(data="few", vectors="where", min_count=2).open()
    for opened in (artists, places):
        with pytest.raises(InvalidSetting, match="a label space has tags in its classes"):
            opened.require_tags()
    assert whole_vectors() == {"who": "artists", "where": "tracks"}


def test_artists_of_data_that_name_none_are_refused() -> None:
    asked = shelved()
    save_features(Vectors.of("artists", ["Ann"], [[2, 0]], measure="dot"), "who")
    with pytest.raises(InvalidSetting, match="names no artists"):
        asked.model_copy(update={"vectors": "who"}).open()


def test_a_lookup_that_whole_vectors_would_not_heed_is_refused() -> None:
    asked = shelved().model_copy(update={"lookup": Lookup(fully_known=True)})
    save_features(Vectors.of("tags", ["rock"], [[2, 0]], measure="dot"), "placed")
    with pytest.raises(InvalidSetting, match="no words are looked up; leave out fully-known"):
        asked.model_copy(update={"vectors": "placed"}).open()
    assert asked.by("placed").open().vectors.ids == ("rock",)
    assert asked.by("two").lookup.fully_known
