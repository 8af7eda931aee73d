"""Models 4.1 and 4.2 on real tags, end to end; what must come out was judged by eye."""

from pathlib import Path

import pytest

from taglab import sources
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    SUBGENRES,
    SubgenreSettings,
    choose_genres,
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


def test_large_clusters_of_lakh_swallow_each_other(lakh: Folksonomy) -> None:
    # Five of six have more than two thirds of their tracks in common with the largest: m-correlation asks
    # of the rarer one's tracks only.
    genres = choose_genres(make_classes(lakh), lakh)
    assert len(genres.space) == 1
    assert len(choose_genres(make_classes(lakh), lakh, m=1).space) == 6
