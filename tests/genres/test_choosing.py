"""Classes chosen as genres by kind, by name, by list; made on the spot; merged; held against one tag each."""

import numpy as np
import pandas as pd
import pytest

from taglab import cache
from taglab.cooccurrence import cooccurrence
from taglab.embeddings import Lookup, TagSkipGramSettings, WordVectors
from taglab.errors import InvalidSetting, NotFound
from taglab.genres import (
    ClassSettings,
    SubgenreSettings,
    choose_genres,
    classes_named,
    classes_of_category,
    divided_table,
    genre_tags,
    left_out_table,
    make_classes,
    most_popular_tags,
    pairs_table,
    silhouettes_over_k,
    subgenre_space,
    subgenre_table,
    tag_categories,
    ways,
)
from taglab.labels import LabelClass, LabelSpace, from_classes
from taglab.metrics.ordering import linkage_order
from taglab.sources import open_folksonomy
from tests.genres.test_genres import made, planted

TABLE = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]])
TAGS = ["metal", "heavy metal", "pop", "guitar"]


def genres() -> LabelSpace:
    return from_classes({tag: [tag] for tag in TAGS}, name="all")


def test_categories_are_the_data_sets_own_where_it_has_them() -> None:
    data = made(TABLE, TAGS)
    assert tag_categories(data)["guitar"] == "descriptive"
    assert set(genre_tags(data)) == {"metal", "heavy metal", "pop"}
    data.tags["category"] = pd.array(
        ["Genres" if tag == "guitar" else None for tag in data.tags["tag"]], dtype="str"
    )
    assert set(genre_tags(data)) == set(TAGS)
    data.tags["category"] = ["instrument"] * 4
    assert genre_tags(data) == ()


def test_genres_are_chosen_by_the_category_of_their_most_used_tag() -> None:
    data = made(TABLE, TAGS)
    space = from_classes({"one": ["heavy metal", "metal"], "two": ["guitar", "pop"], "none": ["unheard of"]})
    assert classes_of_category(space, data) == ("one",)
    assert classes_of_category(space, data, "descriptive") == ("two",)
    assert classes_of_category(space, data, "no such") == ()


def test_a_list_means_names_and_tags() -> None:
    space = from_classes({"one": ["a", "b"], "two": ["c"], "a": ["d"]})
    assert classes_named(space, ["two", "b", "a", "absent"]) == (("one", "two", "a"), ("absent",))


def test_chosen_merged_and_counted() -> None:
    found = choose_genres(genres(), made(TABLE, TAGS), ["metal", "heavy metal", "pop"], name="mine")
    assert found.space.name == "mine"
    assert set(found.space.names) == {"metal", "pop"}
    assert (found.tracks_without, found.n_tracks) == (2, 6)
    assert found.pairs[["a", "b"]].to_numpy().tolist() == [["metal", "heavy metal"]]
    assert found.space.made_by["kept"] == ["metal", "heavy metal", "pop"]
    assert len(choose_genres(genres(), made(TABLE, TAGS), m=1).space) == 4


def test_choosing_nothing_or_what_is_not_there_is_told() -> None:
    data = made(TABLE, TAGS)
    with pytest.raises(InvalidSetting, match="none of the 4 classes"):
        choose_genres(genres(), data, [])
    with pytest.raises(NotFound, match="no class 'Metal'"):
        choose_genres(genres(), data, ["Metal"])
    with pytest.raises(InvalidSetting, match=r"m=0\.5"):
        choose_genres(genres(), data, m=0.5)


def test_each_classes_most_used_tag_alone() -> None:
    data = made(TABLE, TAGS)
    space = LabelSpace(
        "s",
        (
            LabelClass("one", ("heavy metal", "metal")),
            LabelClass("two", ("metal",)),
            LabelClass("three", ("guitar", "pop")),
            LabelClass("four", ("unheard of",)),
        ),
    )
    popular = most_popular_tags(space, data)
    assert [(each.name, each.tags) for each in popular.classes] == [
        ("metal", ("metal",)),
        ("guitar", ("guitar",)),
    ]
    with pytest.raises(InvalidSetting, match="at least one class"):
        most_popular_tags(from_classes({"x": ["unheard of"]}), data)


@pytest.mark.parametrize("of", ["genre-tags", "top-tags"])
def test_classes_of_single_tags_are_made_on_the_spot(of: str) -> None:
    demo = open_folksonomy("demo")
    space = make_classes(demo, ClassSettings(of=of, n=7))
    assert len(space) == 7
    assert all(len(each.tags) == 1 for each in space.classes)


def test_clusters_of_genre_tags_are_the_demos_genres() -> None:
    demo = open_folksonomy("demo")
    space = make_classes(demo)
    assert len(space) == round(np.sqrt(len(space.tags)))
    assert set(space.tags) <= set(genre_tags(demo))
    assert {"rock", "metal", "jazz", "reggae", "Hip-Hop"} <= set(space.names)
    metal = space.class_named("metal").tags
    assert {"heavy metal", "thrash metal", "doom metal"} <= set(metal)
    assert len(make_classes(demo, ClassSettings(k=5))) == 5


def test_classes_made_on_the_spot_look_words_up_as_they_are_asked_to() -> None:
    demo = open_folksonomy("demo")
    short = WordVectors("jazzy", ("jazz", "rock"), np.eye(2, dtype=np.float32))
    short.save(cache.Shelf(cache.VECTORS).path("jazzy"))
    asked = ClassSettings(of="clusters", k=2, vectors="jazzy", min_count=1)
    loose = make_classes(demo, asked)
    strict = make_classes(demo, asked.model_copy(update={"lookup": Lookup(fully_known=True)}))
    assert {word for tag in strict.tags for word in tag.casefold().split()} == {"jazz", "rock"}
    assert set(strict.tags) < set(loose.tags)
    assert strict.made_by["lookup"] == {"fully_known": True}
    assert "lookup" not in loose.made_by


def test_too_few_tags_are_told() -> None:
    data = made(TABLE, TAGS)
    with pytest.raises(InvalidSetting, match="1 tags of made are on 3 tracks or more and say a genre"):
        make_classes(data, ClassSettings(min_count=3))
    with pytest.raises(InvalidSetting, match="lower the minimum count"):
        make_classes(data, ClassSettings(of="top-tags", min_count=50))
    assert len(make_classes(data, ClassSettings(of="top-tags", min_count=1, n=100))) == 4


def test_heat_map_order_puts_together_what_belongs_together() -> None:
    rng = np.random.default_rng(0)
    owner = rng.permutation(np.repeat(np.arange(3), 5))
    has = rng.random((300, 15)) < np.where(rng.integers(3, size=300)[:, None] == owner, 0.5, 0.02)
    pairs = cooccurrence(has.astype(int), [str(column) for column in range(15)])
    order = linkage_order(pairs.normalised().toarray())
    assert sorted(order.tolist()) == list(range(15))
    assert (np.diff(owner[order]) != 0).sum() == 2
    for n in range(3):
        assert linkage_order(np.eye(n)).tolist() == list(range(n))
    assert len(linkage_order(np.zeros((4, 4)))) == 4  # no track at all


def test_pairs_are_listed_by_their_share_and_the_correlated_marked() -> None:
    pairs = cooccurrence(TABLE, TAGS)
    table = pairs_table(pairs)
    assert table[["a", "b", "count_a", "count_b", "m_correlated"]].to_numpy().tolist() == [
        ["metal", "heavy metal", 3, 2, True]
    ]
    assert not pairs_table(pairs, 1)["m_correlated"].any()
    assert pairs_table(cooccurrence(np.eye(2), ["a", "b"])).empty


def test_tables_of_subgenres() -> None:
    data, genre = planted()
    _, found = subgenre_space(data, from_classes({"genre": genre.tags, "one": ["main"]}))
    table = subgenre_table(found, data)
    assert len(table) == 6
    assert table["silhouette"].between(-1, 1).all()
    assert (table["tracks"].diff().dropna() <= 0).all()
    by_genre = divided_table(found).set_index("genre")
    assert by_genre["k"]["genre"] == 6
    assert by_genre["k"].isna()["one"]
    assert set(left_out_table(found).query("genre == 'genre'")["tag"]) == {"main", "rare"}
    assert subgenre_table([], data).empty
    assert left_out_table([]).empty


def test_ways_to_divide_side_by_side() -> None:
    data, genre = planted()
    settings = SubgenreSettings(k_max=7, restarts=2, skip_gram=TagSkipGramSettings(steps=200))
    curves = silhouettes_over_k(data, genre, ways(settings))
    assert set(curves["way"]) == {
        "NPMI, average linkage",
        "NPMI, complete linkage",
        "NPMI, single linkage",
        "tag embeddings",
    }
    assert curves.loc[curves["chosen"], "k"].tolist() == [6, 6, 6, 6]
    assert "tag embeddings" not in ways(SubgenreSettings(), tag_embeddings=False)
    few = silhouettes_over_k(data, LabelClass("one", ("main",)), ways(SubgenreSettings()))
    assert few.empty
