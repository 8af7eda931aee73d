"""Tags of items: taken from a folksonomy, inherited from artists or playlists."""

import numpy as np
import pandas as pd
import pytest

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.recommend import ItemTags


def some_folksonomy() -> Folksonomy:
    rows = pd.DataFrame(
        {
            "track": ["a", "a", "b", "c"],
            "tag": ["rock", "loud", "soft", "jazz"],
            "artist": ["one", "one", "one", "two"],
        }
    )
    read = Folksonomy.from_frame(rows)
    artists = read.tracks["track"].map({"a": "one", "b": "one", "c": "two"})
    tracks = pd.concat([read.tracks[["track"]].assign(artist=artists)])
    tracks.loc[len(tracks)] = ["bare", "one"]
    pairs = read.matrix.tocoo()
    return Folksonomy.from_codes("small", tracks, list(read.tags["tag"]), pairs.row, pairs.col)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("own", {"a": {"rock", "loud"}, "b": {"soft"}, "bare": set(), "unheard": set()}),
        ("artist", {"a": {"rock", "loud", "soft"}, "b": {"rock", "loud", "soft"}, "unheard": set()}),
        ("own-else-artist", {"a": {"rock", "loud"}, "b": {"soft"}, "bare": {"rock", "loud", "soft"}}),
    ],
)
def test_items_come_by_their_tags_by_a_rule(rule: str, expected: dict[str, set[str]]) -> None:
    tags = ItemTags.of(some_folksonomy(), ["unheard", "bare", "b", "a"], rule)
    assert set(tags.tags) == {"rock", "loud", "soft", "jazz"}
    for item, names in expected.items():
        assert set(tags.of_item(tags.items.index(item))) == names
    assert tags.items_per_tag().sum() == tags.matrix.nnz


def test_a_rule_of_artists_needs_artists() -> None:
    bare = Folksonomy.from_codes("bare", pd.DataFrame({"track": ["a"]}), ["rock"], [0], [0])
    with pytest.raises(InvalidSetting, match="names none"):
        ItemTags.of(bare, ["a"], "artist")
    with pytest.raises(InvalidSetting, match="own-else-artist"):
        ItemTags.of(bare, ["a"], "album")


def test_a_song_has_the_tags_of_all_its_playlists() -> None:
    lists = ItemTags.from_matrix(["p", "q", "r"], ["calm", "fast"], np.array([[1, 0], [0, 3], [0, 0]]))
    songs = ItemTags.inherited(["x", "y", "z"], lists, [0, 0, 1, 1], [0, 1, 1, 2])
    np.testing.assert_array_equal(songs.matrix.toarray(), [[1, 1], [0, 1], [0, 0]])
    assert songs.n_bare == 1
    assert "artist or playlist" in songs.rule
    assert songs.fingerprint != lists.fingerprint
    only = songs.select_tags(np.array([False, True]))
    assert only.tags == ("fast",)
    np.testing.assert_array_equal(only.matrix.toarray(), [[1], [1], [0]])


def test_what_is_no_value_is_refused() -> None:
    matrix = np.ones((2, 1))
    with pytest.raises(ValueError, match="stands twice"):
        ItemTags.from_matrix(["a", "a"], ["t"], matrix)
    with pytest.raises(ValueError, match="items are 1"):
        ItemTags.from_matrix(["a"], ["t"], matrix)
