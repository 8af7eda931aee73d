"""Models 4.1 and 4.2 on real tags, end to end; what must come out was judged by eye."""

from pathlib import Path

import numpy as np
import pytest

from taglab import sources
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    SUBGENRES,
    SubgenreSettings,
    choose_genres,
    classes_named,
    classes_of_category,
    divide,
    genre_tags,
    make_classes,
    subgenre_space,
)
from taglab.labels import LabelClass

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
pytestmark = pytest.mark.realdata


def published(source: str, path: str) -> Folksonomy:
    if not (DATA / path).exists():
        pytest.skip(f"{path} is not beside the checkout")
    return sources.read(source, DATA / path, "real")


@pytest.fixture(scope="module")
def jamendo() -> Folksonomy:
    return published("jamendo", "mtg-jamendo/splits/split-0")


@pytest.fixture(scope="module")
def lakh() -> Folksonomy:
    return published("table", "lakh-lastfm/track_tags.csv")


def holds(clusters: list[set[str]], *together: set[str]) -> bool:
    return all(any(wanted <= found for found in clusters) for wanted in together)


def test_jamendos_genres_and_their_subgenres_by_npmi(jamendo: Folksonomy) -> None:
    tags = genre_tags(jamendo)
    assert len(tags) == 87
    assert "instrumentalrock" in tags
    assert "piano" not in tags
    genres = choose_genres(make_classes(jamendo), jamendo)
    assert holds(
        [set(each.tags) for each in genres.space.classes],
        {"rock", "metal", "punkrock", "hardrock", "grunge"},
        {"soundtrack", "classical", "orchestral"},
        {"jazz", "funk", "soul"},
        {"techno", "house", "trance"},
    )
    assert genres.tracks_without < 1000
    space, found = subgenre_space(jamendo, genres.space)
    assert holds(
        [set(each.tags) for each in space.classes],
        {"reggae", "dub"},
        {"funk", "rnb", "soul"},
        {"metal", "hardrock"},
        {"celtic", "medieval"},
        {"techno", "trance"},
        {"electropop", "synthpop"},
    )
    assert len(found) == len(genres.space)


def test_all_of_jamendos_genre_tags_as_one_genre(jamendo: Folksonomy) -> None:
    one = LabelClass("genres", genre_tags(jamendo))
    by_npmi = [set(tags) for tags in divide(jamendo, one).clusters]
    assert holds(
        by_npmi,
        {"hiphop", "funk", "rap", "rnb", "soul"},
        {"reggae", "dub"},
        {"techno", "house", "trance"},
        {"soundtrack", "classical", "orchestral"},
        {"easylistening", "lounge", "chillout"},
        {"instrumentalrock", "postrock"},
    )
    trained = divide(jamendo, one, SubgenreSettings(method="tag-embeddings"))
    assert holds(
        [set(tags) for tags in trained.clusters],
        {"techno", "house", "trance"},
        {"metal", "hardrock", "punkrock", "grunge"},
        {"hiphop", "funk", "rap", "rnb", "soul"},
        {"classical", "orchestral", "soundtrack"},
    )


@pytest.mark.parametrize("method", list(SUBGENRES))
def test_lakhs_genre_tags_divided(lakh: Folksonomy, method: str) -> None:
    one = LabelClass("genres", genre_tags(lakh))
    found = divide(lakh, one, SubgenreSettings(method=method))
    clusters = [set(tags) for tags in found.clusters]
    assert holds(
        clusters,
        {"house", "techno", "trance", "electronica"},
        {"soul", "rnb", "funk"},
        {"hip-hop", "rap"},
        {"lounge", "downtempo", "ambient", "chillout"},
        {"alternative", "indie", "punk"},
    )
    assert found.main_tag == "pop"
    assert not any("pop" in tags for tags in clusters)


@pytest.mark.parametrize("method", list(SUBGENRES))
@pytest.mark.parametrize(("name", "m", "n_genres"), [("lakh", 1.2, 3), ("jamendo", 1.5, 9)])
def test_genres_by_tag_group_are_divided_end_to_end(
    request: pytest.FixtureRequest, name: str, m: float, n_genres: int, method: str
) -> None:
    data: Folksonomy = request.getfixturevalue(name)
    classes = make_classes(data)
    genres = choose_genres(classes, data, classes_of_category(classes, data), m).space
    assert len(genres) == n_genres
    space, found = subgenre_space(data, genres, SubgenreSettings(method=method))
    for each in found:
        print(f"{name}, {method}, {each.genre}: " + "; ".join(", ".join(tags) for tags in each.clusters))
    assert len(space) > 1.5 * n_genres
    assert len(space) == sum(len(each.clusters) for each in found)
    tags = [tag for each in space.classes for tag in each.tags]
    assert len(tags) == len(set(tags))
    assert not set(tags) & {each.main_tag for each in found}
    assert all(len(each.tags) > 1 for each in space.classes)
    assert (np.diff(space.targets(data).tocsc().indptr) > 0).all()
    for each, genre in zip(found, genres.classes, strict=True):
        inside = {tag for tags in each.clusters for tag in tags}
        assert inside | set(each.left_out["tag"]) == set(genre.tags)
        assert not inside & set(each.left_out["tag"])
        if each.clustering is not None:
            most = len(each.clustering.tags) - 1
            assert min(5, most) <= each.clustering.k <= min(20, most)
            assert each.silhouette == each.curve["silhouette"].max()


@pytest.mark.parametrize("method", list(SUBGENRES))
def test_genres_of_a_list_are_divided_end_to_end(jamendo: Folksonomy, method: str) -> None:
    classes = make_classes(jamendo)
    keep, absent = classes_named(classes, ["rock", "techno", "jazz", "polka"])
    assert (keep, absent) == (("electronic", "rock", "jazz"), ("polka",))
    genres = choose_genres(classes, jamendo, keep).space
    space, found = subgenre_space(jamendo, genres, SubgenreSettings(method=method))
    assert [each.main_tag for each in found] == ["electronic", "rock", "jazz"]
    of_rock = [set(tags) for tags in found[1].clusters]
    assert any({"metal", "hardrock"} <= tags for tags in of_rock)
    assert {tag for each in space.classes for tag in each.tags} <= set(genres.tags)


def test_large_clusters_of_lakh_swallow_each_other(lakh: Folksonomy) -> None:
    # Five of six have more than two thirds of their tracks in common with the largest: m-correlation asks
    # of the rarer one's tracks only.
    genres = choose_genres(make_classes(lakh), lakh)
    assert len(genres.space) == 1
    assert len(choose_genres(make_classes(lakh), lakh, m=1).space) == 6
