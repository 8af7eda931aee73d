"""Factors of documents: what is learned from, who is folded in, and of whom nothing is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from taglab.errors import DataError, InvalidSetting
from taglab.factors import make_targets
from taglab.factors.describe import strongest_terms
from taglab.factors.tag_topics import ArtistTopics, TagTopics, artist_members
from taglab.factors.topics import TOPIC_MODELS, factor_names
from taglab.folksonomy import Folksonomy
from taglab.targets import Factors

ROCK, JAZZ = ("rock", "guitar", "loud"), ("jazz", "sax", "swing")


def two_kinds(n: int = 40, untagged: int = 2) -> Folksonomy:
    """Tracks of two kinds of tags, one artist for every four, and some without tags."""
    random = np.random.default_rng(0)
    tracks = pd.DataFrame({"track": [f"t{row}" for row in range(n + untagged)]})
    tracks["artist"] = [f"artist {row // 4}" for row in range(n)] + [None] * untagged
    kind = np.repeat(np.arange(n // 4) % 2, 4)
    has = random.random((n, 3)) < [1, 0.8, 0.8]
    rows, tags = np.nonzero(has)
    tags += 3 * kind[rows]
    return Folksonomy.from_codes("two", tracks, [*ROCK, *JAZZ], rows, tags)


@pytest.mark.parametrize("model", TOPIC_MODELS)
@pytest.mark.parametrize("learn_from", ["all", "train"])
def test_two_kinds_of_tracks_are_two_factors(model: str, learn_from: str) -> None:
    data = two_kinds()
    settings = TagTopics(k=2, model=model, learn_from=learn_from)  # type: ignore[arg-type]
    made = make_targets("tag", data, settings)
    assert made.known.tolist() == [True] * 40 + [False] * 2
    kinds = made.dense()[:40].argmax(axis=1).reshape(10, 4)
    assert (kinds == kinds[:, :1]).all()
    assert (kinds[::2, 0] == kinds[0, 0]).all()
    assert (kinds[1::2, 0] == 1 - kinds[0, 0]).all()
    terms = strongest_terms(made, 3).groupby("factor")["term"].agg(frozenset)
    assert set(terms) == {frozenset(ROCK), frozenset(JAZZ)}


def test_artists_have_the_tags_of_their_tracks() -> None:
    data = two_kinds()
    made = make_targets("artist", data, ArtistTopics(k=2))
    values = made.dense()[:40].reshape(10, 4, 2)
    np.testing.assert_array_equal(values, np.repeat(values[:, :1], 4, axis=1))
    assert values.max(axis=2).min() > 0.99
    assert made.known.tolist() == [True] * 40 + [False] * 2
    one = np.zeros(1, int)
    anonymous = Folksonomy.from_codes("none", pd.DataFrame({"track": ["a"]}), ["x"], one, one)
    with pytest.raises(InvalidSetting, match="factors of artists need artists, and none names none"):
        make_targets("artist", anonymous)


def test_of_artists_that_are_learned_from_only_tracks_of_that_part_count() -> None:
    data = two_kinds()
    learned = np.zeros(42, bool)
    learned[[0, 1, 5]] = True
    members, has_learned = artist_members(data, learned)
    assert has_learned.tolist() == [True, True, *[False] * 8]
    assert np.flatnonzero(members.toarray()[0]).tolist() == [0, 1]
    assert np.flatnonzero(members.toarray()[1]).tolist() == [5]
    assert np.flatnonzero(members.toarray()[2]).tolist() == [8, 9, 10, 11]


def test_what_is_learned_depends_on_no_other_track() -> None:
    data = two_kinds()
    settings = TagTopics(k=2, learn_from="train")
    learned = settings.learned_tracks(data)
    matrix = data.matrix.toarray()
    matrix[~learned] = matrix[~learned][:, ::-1]
    pairs = sparse.coo_array(matrix)
    other = Folksonomy.from_codes("two", data.tracks, list(data.tags["tag"]), pairs.row, pairs.col)
    other_made, made = (make_targets("tag", one, settings) for one in (other, data))
    terms = [strongest_terms(one, 6).groupby("term")["weight"].max().to_dict() for one in (made, other_made)]
    assert terms[0] == pytest.approx(terms[1])


def test_more_factors_than_terms_and_no_terms_at_all_are_told() -> None:
    with pytest.raises(
        InvalidSetting, match="k=7 must be at most the 6 tags and the 40 tracks of two that factors of"
    ):
        make_targets("tag", two_kinds(), TagTopics(k=7))
    nothing = Folksonomy.from_codes(
        "bare", pd.DataFrame({"track": ["a"]}), [], np.array([], int), np.array([], int)
    )
    with pytest.raises(DataError, match="bare: has no track to learn from with any of the tags"):
        make_targets("tag", nothing)
    with pytest.raises(ValueError, match="model='lsa' must be one of: plsa"):
        TagTopics(model="lsa")


def test_factors_are_named_by_their_strongest_terms_each_once() -> None:
    weights = np.array([[0.4, 0.4, 0.1], [0.3, 0.3, 0.2], [0.2, 0.2, 0.3], [0.1, 0.1, 0.4]], np.float32)
    names = factor_names(Factors("tags", ("a", "b", "c", "d"), weights))
    assert names == ("a, b, c", "a, b, c (2)", "d, c, b")
