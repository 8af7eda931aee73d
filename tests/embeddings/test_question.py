"""One question of tags and vectors: what it opens, and what it says of itself."""

import numpy as np
import pytest

from taglab import cache
from taglab.embeddings import Lookup, TagQuestion, WordVectors
from taglab.errors import InvalidSetting, NotFound
from tests.embeddings.examples import folksonomy


def shelved() -> TagQuestion:
    data = folksonomy([["Jazz", "free jazz"], ["Jazz", "rock"], ["Jazz"]])
    data.save(cache.Shelf(cache.FOLKSONOMIES).path("few"))
    words = WordVectors("two", ("jazz", "rock"), np.eye(2, dtype=np.float32))
    words.save(cache.Shelf(cache.VECTORS).path("two"))
    return TagQuestion(data="few", vectors="two")


def test_it_opens_tags_that_are_used_often_enough_with_their_vectors() -> None:
    asked = shelved()
    opened = asked.open()
    assert opened.vectors.tags == ("Jazz", "free jazz", "rock")
    assert opened.vectors.unknown == {"free jazz": "free"}
    assert opened.words.name == "two"
    often = asked.model_copy(update={"min_count": 2}).open()
    assert often.vectors.tags == tuple(often.data.tags["tag"]) == ("Jazz",)


def test_its_lookup_is_heeded_and_kept_in_the_record() -> None:
    asked = shelved()
    exact = asked.model_copy(update={"lookup": Lookup(forms=("exact",), fully_known=True)})
    assert exact.open().vectors.tags == ("rock",)
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
