"""Scans: their rows, their cache, their curves."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import silhouette_score

from taglab.cache import content_key, derived_path
from taglab.clustering import Agglomerative, Clusterer, Hdbscan, SphericalKMeans, cluster
from taglab.clustering import scan as scan_module
from taglab.clustering.scan import (
    ScanSettings,
    elbow,
    finished,
    scan,
    scan_columns,
    scan_distances,
    suggestions,
)
from taglab.errors import Cancelled, InvalidSetting
from taglab.vectors import TagVectors
from tests.clustering.examples import planted, tag_vectors

VECTORS = tag_vectors(planted(k=8, size=10, dim=12, noise=0.1)[0])
COUNTS = pd.Series(np.arange(80, 0, -1), index=list(VECTORS.tags))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The value of every clustering that is computed rather than read."""
    ks: list[int] = []

    def counting(vectors: TagVectors, one: Clusterer, *rest: object) -> object:
        ks.append(one.value)
        return cluster(vectors, one)

    monkeypatch.setattr(scan_module, "cluster", counting)
    return ks


def test_a_row_for_every_combination() -> None:
    other = TagVectors(VECTORS.tags, VECTORS.vectors[::-1].copy(), name="other")
    rows = scan([VECTORS, other], ScanSettings(values=(4, 2), seeds=(1, 0), min_counts=(41, 1)), COUNTS).rows
    assert list(rows.columns) == scan_columns("k")
    assert rows[["embedding", "min_count", "seed", "k"]].to_numpy().tolist() == [
        [name, min_count, seed, k]
        for name in ("made up", "other")
        for min_count in (1, 41)
        for seed in (0, 1)
        for k in (2, 4)
    ]
    assert rows["n_tags"].tolist() == [80] * 4 + [40] * 4 + [80] * 4 + [40] * 4


def test_rows_tell_of_their_clustering() -> None:
    row = scan(VECTORS, ScanSettings(values=(13,), seeds=(5,))).rows.iloc[0]
    found = cluster(VECTORS, SphericalKMeans(k=13, seed=5))
    assert row["within_distance"] == pytest.approx(found.within_distance)
    assert row["silhouette"] == pytest.approx(
        silhouette_score(VECTORS.vectors, found.labels, metric="cosine"), abs=1e-5
    )
    assert row["smallest"] == found.sizes.min()
    assert row["largest"] == found.sizes.max()
    assert row["singletons"] == (found.sizes == 1).sum()
    assert row["seconds"] > 0


def test_planted_clusters_have_the_best_silhouette() -> None:
    rows = scan(VECTORS, ScanSettings(values=tuple(range(2, 21)), clusterer=SphericalKMeans(restarts=3))).rows
    best = suggestions(rows).iloc[0]
    assert best["best_k"] == 8
    assert best["silhouette"] == rows["silhouette"].max()
    assert best["elbow_k"] == 8


def test_a_second_scan_computes_only_what_is_new(computed: list[int]) -> None:
    first = scan(VECTORS, ScanSettings(values=(2, 3, 4))).rows
    assert computed == [2, 3, 4]
    second = scan(VECTORS, ScanSettings(values=(3, 4, 5))).rows
    assert computed == [2, 3, 4, 5]
    pd.testing.assert_frame_equal(first.iloc[1:].reset_index(drop=True), second.iloc[:2])
    scan(VECTORS, ScanSettings(values=(3,), clusterer=SphericalKMeans(tolerance=0)))
    scan(TagVectors(VECTORS.tags, VECTORS.vectors[::-1].copy()), ScanSettings(values=(3,)))
    assert computed[4:] == [3, 3]


def test_a_cancelled_scan_keeps_its_finished_rows(computed: list[int]) -> None:
    asked = ScanSettings(values=(2, 3, 4, 5))

    def cancel(fraction: float, text: str) -> None:
        if fraction >= 0.5:
            raise Cancelled(text)

    with pytest.raises(Cancelled):
        scan(VECTORS, asked, progress=cancel)
    assert finished(VECTORS, asked).rows["k"].tolist() == [2, 3]
    computed.clear()
    scan(VECTORS, asked)
    assert computed == [4, 5]
    assert len(finished(VECTORS, asked).rows) == 4


def test_nothing_finished_is_an_empty_table_with_the_same_columns() -> None:
    empty = finished(VECTORS, ScanSettings(values=(2,))).rows
    assert empty.empty
    assert empty.dtypes.equals(scan(VECTORS, ScanSettings(values=(2,))).rows.dtypes)
    assert suggestions(empty).empty


def test_a_damaged_row_is_computed_anew(taglab_home: Path, computed: list[int]) -> None:
    expected = scan(VECTORS, ScanSettings(values=(2,))).rows
    (path,) = (taglab_home / "derived" / "scan").rglob("*.json")
    for damage in ("", "[]", '{"k": 1}'):
        path.write_text(damage)
        again = scan(VECTORS, ScanSettings(values=(2,))).rows
        pd.testing.assert_frame_equal(again.drop(columns="seconds"), expected.drop(columns="seconds"))
    assert computed == [2, 2, 2, 2]


def test_progress_rises_to_1() -> None:
    told: list[float] = []
    for _ in range(2):
        scan(VECTORS, ScanSettings(values=(2, 3, 30)), progress=lambda fraction, _: told.append(fraction))
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1)
        told.clear()


def test_a_k_above_the_distinct_vectors_is_left_out_and_named() -> None:
    found = scan(VECTORS, ScanSettings(values=(1, 80, 81, 90)))
    assert found.rows["k"].tolist() == [1, 80]
    assert found.rows["silhouette"].isna().tolist() == [True, False]
    assert found.rows["silhouette"][1] == 0
    assert found.notes == ("made up, count ≥ 1: 2 k from 81 to 90 left out, above the 80 distinct vectors",)
    assert found.asked == 2
    twice = tag_vectors(np.repeat(np.eye(3), 2, axis=0))
    assert scan(twice, ScanSettings(values=(3, 4))).rows["k"].tolist() == [3]
    one = scan(twice, ScanSettings(values=(3, 4), clusterer=Agglomerative(), distinct=False))
    assert one.notes == ("made up, count ≥ 1: k = 4 left out, above the 3 distinct vectors",)


def test_a_minimum_count_that_leaves_no_tag_has_no_row() -> None:
    for method in (SphericalKMeans(), Agglomerative()):
        found = scan(VECTORS, ScanSettings(values=(1, 8), min_counts=(1, 1000), clusterer=method), COUNTS)
        assert found.rows["min_count"].tolist() == [1, 1]
        assert found.notes == (
            "made up, count ≥ 1000: 2 k from 1 to 8 left out, above the 0 distinct vectors",
        )


def heaped(times: int = 9) -> TagVectors:
    """Forty points at random, the first of them shared by some tags more."""
    points = np.random.default_rng(3).standard_normal((40, 6))
    return tag_vectors(np.concatenate([points, np.repeat(points[:10], times, axis=0)]))


def test_tags_that_share_a_point_do_not_raise_the_silhouette() -> None:
    vectors = heaped()
    every = scan(vectors, ScanSettings(values=(10, 30, 38), distinct=False)).rows
    distinct = scan(vectors, ScanSettings(values=(10, 30, 38)))
    assert set(distinct.rows["over"]) == {"distinct vectors"}
    assert distinct.notes == (
        "made up, count ≥ 1: silhouettes are over 40 distinct vectors, each once: "
        "90 of 130 tags share the vector of another",
    )
    assert set(every["over"]) == {"tags"}
    assert (every["silhouette"] > distinct.rows["silhouette"] + 0.2).all()
    labels = cluster(vectors, SphericalKMeans(k=30)).labels[:40]
    expected = silhouette_score(vectors.vectors[:40], labels, metric="cosine")
    assert distinct.rows["silhouette"][1] == pytest.approx(expected, abs=1e-5)
    assert distinct.rows["single_points"][1] == (np.bincount(labels) == 1).sum()
    assert distinct.rows["n_points"].tolist() == [40] * 3


def test_silhouettes_are_over_tags_where_few_share_a_point() -> None:
    vectors = tag_vectors(np.concatenate([np.eye(40), np.eye(40)[:2]]))
    assert set(scan(vectors, ScanSettings(values=(3,))).rows["over"]) == {"tags"}
    assert set(scan(vectors, ScanSettings(values=(3,), distinct=True)).rows["over"]) == {"distinct vectors"}


def test_a_least_size_takes_away_what_small_clusters_gain() -> None:
    pairs = np.repeat(np.eye(4), [2, 2, 3, 3], axis=0)
    pairs = pairs + 0.01 * np.random.default_rng(0).standard_normal(pairs.shape)
    two, three = (
        scan(tag_vectors(pairs), ScanSettings(values=(4,), least_size=least)).rows["silhouette"][0]
        for least in (2, 3)
    )
    assert two == pytest.approx(1, abs=0.01)
    assert three == pytest.approx(0.6, abs=0.01)


def test_a_best_k_at_the_edge_or_mostly_of_single_vectors_is_told() -> None:
    def rows(silhouettes: list[float], singles: list[int]) -> pd.DataFrame:
        ks = [4, 8, 16]
        table = pd.DataFrame({"k": ks, "silhouette": silhouettes, "single_points": singles})
        return table.assign(
            embedding="e",
            min_count=1,
            within_distance=[9.0, 3.0, 1.0],
            over="tags",
            n_points=20,
            n_tags=20,
            left_out=0,
        )

    advice = suggestions(rows([0.1, 0.3, 0.2], [0, 4, 9])).iloc[0]
    assert (advice["best_k"], advice["single_points"], advice["caution"]) == (8, 4, "")
    last = suggestions(rows([0.1, 0.2, 0.3], [0, 4, 9])).iloc[0]["caution"]
    assert last.startswith("The highest silhouette is at the last k that was tried: larger k may be better.")
    assert "9 of 16 clusters there are a single vector" in last
    first = suggestions(rows([0.3, 0.2, 0.1], [0, 4, 9])).iloc[0]["caution"]
    assert first == "The highest silhouette is at the first k that was tried: smaller k may be better."


def test_agglomerative_scans_take_one_seed() -> None:
    rows = scan(VECTORS, ScanSettings(values=(2, 8), seeds=(0, 1), clusterer=Agglomerative())).rows
    assert rows["k"].tolist() == [2, 8]
    assert suggestions(rows)["best_k"].tolist() == [8]


def test_scan_of_distances() -> None:
    distances = 1 - VECTORS.vectors.astype(float) @ VECTORS.vectors.T.astype(float)
    np.fill_diagonal(distances, 0)
    asked = ScanSettings(values=tuple(range(5, 21)), clusterer=Agglomerative())
    of_distances = scan_distances(VECTORS.tags, distances.clip(0), asked, name="NPMI").rows
    of_vectors = scan(VECTORS, asked).rows
    assert set(of_distances["embedding"]) == {"NPMI"}
    for column in ("within_distance", "silhouette"):
        np.testing.assert_allclose(of_distances[column], of_vectors[column], atol=1e-5)


def test_bad_input_ends_in_a_sentence() -> None:
    with pytest.raises(
        InvalidSetting, match="k=81 is the least asked for, but 80 tags have only 80 distinct"
    ):
        scan(VECTORS, ScanSettings(values=(81, 90)))
    with pytest.raises(InvalidSetting, match="k=2 is the least asked for, but 0 tags have only 0 distinct"):
        scan(VECTORS, ScanSettings(values=(2,), min_counts=(1000,)), COUNTS)
    with pytest.raises(InvalidSetting, match=r"min_counts=\(1, 5\) needs the tags' counts"):
        scan(VECTORS, ScanSettings(min_counts=(1, 5)))
    with pytest.raises(InvalidSetting, match="tag 'tag 0' has no count"):
        scan(VECTORS, ScanSettings(), COUNTS[1:])
    with pytest.raises(InvalidSetting, match="there is no embedding to scan"):
        scan([], ScanSettings())
    with pytest.raises(ValidationError, match="min_cluster_size=1"):
        ScanSettings(values=(1, 5), clusterer=Hdbscan())
    for wrong in ({"values": ()}, {"values": (0, 5)}, {"seeds": (-1,)}, {"k": 5}, {"least_size": 1}):
        with pytest.raises(ValidationError):
            ScanSettings.model_validate(wrong)


def test_the_elbow_is_the_point_farthest_below_the_chord() -> None:
    assert elbow([1, 2, 3, 4, 5, 6], [100, 50, 10, 8, 6, 4]) == 3
    assert elbow([1, 2, 10], [10, 4, 1]) == 2


@given(st.lists(st.floats(0, 100), min_size=3, max_size=20), st.sampled_from([0.25, 2, 8]))
def test_the_elbow_does_not_depend_on_units(steps: list[float], scale: float) -> None:
    falling = np.cumsum(steps)[::-1]
    ks = 1 + np.arange(len(steps))
    found = elbow(ks, falling)
    assert found is None or found in ks
    assert elbow(4 * ks, scale * falling) == (found and 4 * found)


@pytest.mark.parametrize(
    ("ks", "within"),
    [([1, 2], [5, 1]), ([], []), ([1, 2, 3], [3, 2, 1]), ([1, 2, 3], [1, 2, 3]), ([1, 2, 3], [3, 3, 1])],
)
def test_no_elbow(ks: list[int], within: list[float]) -> None:
    assert elbow(ks, within) is None


@pytest.mark.parametrize(
    ("clusterer", "settings"),
    [
        (
            SphericalKMeans(),
            {"method": "spherical-k-means", "k": 4, "seed": 0, "restarts": 1, "max_iterations": 100}
            | {"tolerance": 1e-4},
        ),
        (Agglomerative(linkage="single"), {"method": "agglomerative", "k": 4, "linkage": "single"}),
    ],
)
def test_rows_of_scans_made_before_hdbscan_are_read(
    clusterer: Clusterer, settings: dict[str, object], computed: list[int]
) -> None:
    row = {
        "within_distance": 7.5,
        "silhouette": 0.25,
        "over": "tags",
        "n_tags": 80,
        "n_points": 80,
        "smallest": 3,
        "largest": 40,
        "singletons": 0,
        "single_points": 0,
        "seconds": 1.5,
    }
    path = derived_path("scan", content_key("scan", 2, VECTORS.fingerprint, settings, "tags", 2), ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(row))
    rows = scan(VECTORS, ScanSettings(values=(4,), clusterer=clusterer)).rows
    assert computed == []
    assert rows.iloc[0].to_dict() == {
        "embedding": "made up",
        "min_count": 1,
        "k": 4,
        "seed": 0,
        **row,
        "left_out": 0,
    }


def test_hdbscan_is_scanned_over_least_cluster_sizes(computed: list[int]) -> None:
    asked = ScanSettings(values=(3, 6, 10, 30, 41), clusterer=Hdbscan(min_samples=3))
    found = scan(VECTORS, asked)
    assert found.rows["min_cluster_size"].tolist() == [3, 6, 10, 30]
    assert found.notes == ("made up, count ≥ 1: min_cluster_size = 41 left out, above 40, half of the tags",)
    for row, size in zip(found.rows.itertuples(), (3, 6, 10), strict=False):
        made = cluster(VECTORS, Hdbscan(min_cluster_size=size, min_samples=3))
        assert (row.k, row.left_out) == (made.k, made.n_left_out)
        kept = made.labels >= 0
        expected = silhouette_score(VECTORS.vectors[kept], made.labels[kept], metric="cosine")
        assert row.silhouette == pytest.approx(expected, abs=1e-5)
    last = found.rows.iloc[-1]
    assert (last["k"], last["left_out"], last["largest"]) == (0, 80, 0)
    assert np.isnan(last["silhouette"])
    advice = suggestions(found.rows, found.varied)
    assert "elbow_k" not in advice
    assert advice["best_min_cluster_size"][0] in (3, 6, 10)
    computed.clear()
    pd.testing.assert_frame_equal(scan(VECTORS, asked).rows, found.rows)
    assert computed == []


def test_a_best_value_that_leaves_most_tags_out_is_cautioned() -> None:
    table = pd.DataFrame(
        {"min_cluster_size": [4, 8], "silhouette": [0.2, 0.9], "left_out": [2, 15], "k": [5, 2]}
    )
    table = table.assign(
        embedding="e", min_count=1, within_distance=1.0, over="tags", n_points=20, n_tags=20, single_points=0
    )
    caution = suggestions(table, "min_cluster_size")["caution"][0]
    assert caution.endswith("15 of 20 tags are in no cluster there: the silhouette is of the others.")
