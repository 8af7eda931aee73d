"""Genres merged and divided: planted subgenres, what is left out and why, small and empty genres."""

import importlib

import numpy as np
import pandas as pd
import pytest

from taglab.cooccurrence import NpmiSettings
from taglab.errors import Cancelled, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.genres import SUBGENRES, SubgenreSettings, divide, merge_correlated, subgenre_space
from taglab.labels import LabelClass, from_classes
from taglab.metrics.clustering import adjusted_rand
from taglab.sources import open_folksonomy
from taglab.sources.demo import demo_truth

METHODS = list(SUBGENRES)


def made(table: np.ndarray, tags: list[str]) -> Folksonomy:
    track, tag = np.nonzero(table)
    return Folksonomy.from_codes(
        "made",
        pd.DataFrame({"track": [f"t{row}" for row in range(len(table))]}),
        pd.DataFrame({"tag": tags}),
        track,
        tag,
    )


def planted(n_branches: int = 6, size: int = 4, n_tracks: int = 900) -> tuple[Folksonomy, LabelClass]:
    """Return a genre whose main tag is on most tracks, and its subgenres each on their own."""
    rng = np.random.default_rng(0)
    branch = rng.integers(n_branches, size=n_tracks)
    owner = np.repeat(np.arange(n_branches), size)
    subgenres = rng.random((n_tracks, len(owner))) < np.where(branch[:, None] == owner, 0.4, 0.01)
    table = np.column_stack([rng.random(n_tracks) < 0.8, subgenres, np.zeros(n_tracks, bool)])
    table[:3, -1] = True  # a tag on three tracks: fewer than the fourth root of 700
    tags = [
        "main",
        *(f"branch{number} {part}" for number in range(n_branches) for part in range(size)),
        "rare",
    ]
    return made(table, tags), LabelClass("genre", tuple(tags))


def branches(tags: tuple[str, ...]) -> np.ndarray:
    return pd.factorize(pd.Series([tag.split()[0] for tag in tags]))[0]


@pytest.mark.parametrize("method", METHODS)
def test_planted_subgenres_come_out(method: str) -> None:
    found = divide(*planted(), SubgenreSettings(method=method))
    assert found.clustering is not None
    assert found.clustering.k == 6
    assert adjusted_rand(found.clustering.labels, branches(found.clustering.tags)) == 1
    assert found.main_tag == "main"
    assert "main" in found.tags
    assert dict(found.left_out[["tag", "reason"]].to_numpy()) == {
        "main": "the genre's main tag",
        "rare": "on fewer than 5.2 tracks, the fourth root of the largest count",
    }
    assert found.curve["k"].tolist() == list(range(5, 21))
    assert found.curve["silhouette"].idxmax() == 1
    assert found.silhouette == pytest.approx(found.curve["silhouette"].max())


def test_co_occurrence_is_measured_within_the_genre_or_in_all_of_the_data() -> None:
    data, genre = planted()
    part = LabelClass("part", genre.tags[:9])

    def spread(total: str, tracks: str) -> np.ndarray:
        npmi = NpmiSettings(total=total, tracks=tracks)
        return divide(data, part, SubgenreSettings(npmi=npmi)).distances

    for total in ("tracks", "pairs"):
        assert (spread(total, "all") <= spread(total, "with-tags")).all()
        assert spread(total, "all").sum() < spread(total, "with-tags").sum()
    whole = divide(data, genre, SubgenreSettings(npmi=NpmiSettings(total="pairs", tracks="all")))
    within = divide(data, genre, SubgenreSettings(npmi=NpmiSettings(total="pairs")))
    np.testing.assert_array_equal(whole.distances, within.distances)  # the genre is all of the data


@pytest.mark.parametrize("method", METHODS)
def test_main_and_rare_tags_stay_where_asked(method: str) -> None:
    settings = SubgenreSettings(method=method, keep_main_tag=True, drop_rare=False)
    found = divide(*planted(), settings)
    assert found.clustering is not None
    assert {"main", "rare"} < set(found.clustering.tags)


def test_clusters_of_one_are_left_out_and_told() -> None:
    rng = np.random.default_rng(1)
    table = np.column_stack([rng.random((60, 2)) < 0.5, np.zeros((60, 4), bool)]).astype(int)
    table[:, 1] = table[:, 0]  # two that are always together
    table[20:60:10, :2] = 1
    for column in range(2, 6):
        table[10 * column : 10 * column + 3, column] = 1  # four, on tracks of their own
    data, tags = made(table, list("abcdef")), LabelClass("g", tuple("abcdef"))
    settings = SubgenreSettings(keep_main_tag=True, drop_rare=False, k_min=5, k_max=5)
    found = divide(data, tags, settings)
    assert [set(each) for each in found.clusters] == [{"a", "b"}]
    alone = found.left_out[found.left_out["reason"] == "alone in its cluster"]
    assert set(alone["tag"]) == set("cdef")
    kept = divide(data, tags, settings.model_copy(update={"drop_singletons": False}))
    assert len(kept.clusters) == 5


@pytest.mark.parametrize("method", METHODS)
def test_k_is_capped_below_the_number_of_tags(method: str) -> None:
    data, _ = planted()
    found = divide(
        data,
        LabelClass("few", ("main", "branch0 0", "branch0 1", "branch1 0", "branch1 1")),
        SubgenreSettings(method=method),
    )
    assert found.curve["k"].tolist() == [3]


@pytest.mark.parametrize("method", METHODS)
def test_a_genre_of_one_tag_is_told(method: str) -> None:
    data, _ = planted()
    found = divide(data, LabelClass("one", ("main",)), SubgenreSettings(method=method))
    assert found.clusters == ()
    assert found.clustering is None
    assert np.isnan(found.silhouette)
    assert found.note


def test_two_tags_beside_the_main_one_stay_together() -> None:
    data, _ = planted()
    found = divide(data, LabelClass("three", ("main", "branch0 0", "branch0 1")))
    assert found.clusters == (("branch0 0", "branch0 1"),)
    assert "it takes 3" in found.note


@pytest.mark.parametrize("method", METHODS)
def test_tags_that_never_meet(method: str) -> None:
    data = made(np.eye(8, dtype=int), [f"t{tag}" for tag in range(8)])
    found = divide(data, LabelClass("g", tuple(data.tags["tag"])), SubgenreSettings(method=method))
    assert found.clusters == ()
    assert found.left_out["tag"].tolist() == [f"t{tag}" for tag in range(8)]
    assert set(found.left_out["reason"]) == {"shares no track with another tag of the genre"}


@pytest.mark.parametrize("method", METHODS)
def test_of_a_genre_that_is_too_large_no_tag_is_called_alone(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("taglab.cooccurrence", "taglab.embeddings.tag_skipgram"):
        monkeypatch.setattr(importlib.import_module(name), "MAX_DENSE", 20)
    data, genre = planted()
    divided = divide(data, genre, SubgenreSettings(method=method))
    assert sorted(divided.left_out["tag"]) == sorted(genre.tags)
    assert set(divided.left_out["reason"]) == {"its genre has too many tags to be divided"}
    assert "the limit is 20" in divided.note


def test_tags_the_data_lack_are_told() -> None:
    data, _ = planted()
    found = divide(data, LabelClass("g", ("main", "nowhere")))
    assert found.left_out.set_index("tag")["reason"]["nowhere"] == "not a tag of the data"
    assert divide(data, LabelClass("g", ("nowhere",))).note == "none of its tags is a tag of the data"


def test_the_union_is_a_label_space_that_says_how_it_was_made() -> None:
    data, genre = planted()
    space, found = subgenre_space(data, from_classes({"genre": genre.tags}, name="genres"))
    assert len(space) == 6
    assert space.made_by["k"] == {"genre": 6}
    assert space.made_by["method"] == "npmi"
    assert {tag for each in space.classes for tag in each.tags} == {t for c in found[0].clusters for t in c}


def test_no_genre_that_can_be_divided_is_an_error() -> None:
    data, _ = planted()
    with pytest.raises(InvalidSetting, match="none of the 1 genres of 'small' could be divided: one: 0 tags"):
        subgenre_space(data, from_classes({"one": ["main"]}, name="small"))


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="k_min=9 must not exceed k_max=8"):
        SubgenreSettings(k_min=9, k_max=8)
    with pytest.raises(ValueError, match="method='magic' must be one of: npmi, tag-embeddings"):
        SubgenreSettings(method="magic")


def test_cancelling_passes_through() -> None:
    def cancel(fraction: float, text: str) -> None:
        if fraction > 0.6:
            raise Cancelled(text)

    with pytest.raises(Cancelled, match="genre: k = "):
        divide(*planted(), progress=cancel)


def test_correlated_genres_are_merged_under_the_most_used_name() -> None:
    table = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]])
    data = made(table, ["metal", "heavy metal", "pop"])
    genres = from_classes({tag: [tag] for tag in ["heavy metal", "pop", "metal"]}, name="genres")
    merged, pairs = merge_correlated(genres, data)
    assert set(merged.names) == {"metal", "pop"}
    assert set(merged.class_named("metal").tags) == {"metal", "heavy metal"}
    assert pairs[["a", "b", "share"]].to_numpy().tolist() == [["metal", "heavy metal", 1.0]]
    assert len(merged.edits) == 1
    assert merge_correlated(genres, data, m=1)[0].names == genres.names


def recovery(method: str) -> tuple[float, float]:
    """Return the mean ARI of the demo's planted subgenres, and that of the same clusters dealt out anew."""
    demo = open_folksonomy("demo")
    truth = demo_truth(demo)
    branch = pd.Series(pd.factorize(truth["branch"])[0], index=truth["tag"])
    scores, dealt, random = [], [], np.random.default_rng(0)
    of_genres = truth[(truth["group"] == "genres") & (truth["branch"] != "")]
    for family, table in of_genres.groupby("family"):
        if len(set(table["branch"])) > 1 and len(table) >= 8:
            settings = SubgenreSettings(method=method, keep_main_tag=True)
            made_of = divide(demo, LabelClass(str(family), tuple(table["tag"])), settings).clustering
            if made_of is not None:
                planted_in = branch.loc[list(made_of.tags)].to_numpy()
                scores.append(adjusted_rand(made_of.labels, planted_in))
                dealt.append(adjusted_rand(random.permutation(made_of.labels), planted_in))
    return float(np.mean(scores)), float(np.mean(dealt))


@pytest.mark.parametrize(("method", "least"), [("npmi", 0.3), ("tag-embeddings", 0.2)])
def test_the_demos_subgenres_are_recovered_better_than_by_chance(method: str, least: float) -> None:
    found, by_chance = recovery(method)
    assert found > least
    assert found > by_chance + 0.2
