"""Scans: their rows, their cache, their curves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import silhouette_score

from taglab.clustering import ClusterSettings, cluster
from taglab.clustering import scan as scan_module
from taglab.clustering.scan import COLUMNS, ScanSettings, elbow, finished, scan, scan_distances, suggestions
from taglab.errors import Cancelled, InvalidSetting
from taglab.tag_vectors import TagVectors
from tests.clustering.examples import planted, tag_vectors

VECTORS = tag_vectors(planted(k=8, size=10, dim=12, noise=0.1)[0])
COUNTS = pd.Series(np.arange(80, 0, -1), index=list(VECTORS.tags))


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The k of every clustering that is computed rather than found."""
    ks: list[int] = []

    def counting(vectors: TagVectors, one: ClusterSettings, *rest: object) -> object:
        ks.append(one.k)
        return cluster(vectors, one)

    monkeypatch.setattr(scan_module, "cluster", counting)
    return ks


def test_a_row_for_every_combination() -> None:
    other = TagVectors(VECTORS.tags, VECTORS.vectors[::-1].copy(), name="other")
    rows = scan([VECTORS, other], ScanSettings(ks=(4, 2), seeds=(1, 0), min_counts=(41, 1)), COUNTS)
    assert tuple(rows.columns) == COLUMNS
    assert rows[["embedding", "min_count", "seed", "k"]].to_numpy().tolist() == [
        [name, min_count, seed, k]
        for name in ("made up", "other")
        for min_count in (1, 41)
        for seed in (0, 1)
        for k in (2, 4)
    ]
    assert rows["n_tags"].tolist() == [80] * 4 + [40] * 4 + [80] * 4 + [40] * 4


def test_rows_tell_of_their_clustering() -> None:
    row = scan(VECTORS, ScanSettings(ks=(13,), seeds=(5,))).iloc[0]
    found = cluster(VECTORS, ClusterSettings(k=13, seed=5))
    assert row["within_distance"] == pytest.approx(found.within_distance)
    assert row["silhouette"] == pytest.approx(
        silhouette_score(VECTORS.vectors, found.labels, metric="cosine"), abs=1e-5
    )
    assert row["smallest"] == found.sizes.min()
    assert row["largest"] == found.sizes.max()
    assert row["singletons"] == (found.sizes == 1).sum()
    assert row["seconds"] > 0


def test_planted_clusters_have_the_best_silhouette() -> None:
    rows = scan(VECTORS, ScanSettings(ks=tuple(range(2, 21)), restarts=3))
    best = suggestions(rows).iloc[0]
    assert best["best_k"] == 8
    assert best["silhouette"] == rows["silhouette"].max()
    assert best["elbow_k"] == 8


def test_a_second_scan_computes_only_what_is_new(computed: list[int]) -> None:
    first = scan(VECTORS, ScanSettings(ks=(2, 3, 4)))
    assert computed == [2, 3, 4]
    second = scan(VECTORS, ScanSettings(ks=(3, 4, 5)))
    assert computed == [2, 3, 4, 5]
    pd.testing.assert_frame_equal(first.iloc[1:].reset_index(drop=True), second.iloc[:2])
    scan(VECTORS, ScanSettings(ks=(3,), linkage="single"))
    assert len(computed) == 4, "linkage has no say in k-means"
    scan(VECTORS, ScanSettings(ks=(3,), tolerance=0))
    scan(TagVectors(VECTORS.tags, VECTORS.vectors[::-1].copy()), ScanSettings(ks=(3,)))
    assert computed[4:] == [3, 3]


def test_a_cancelled_scan_keeps_its_finished_rows(computed: list[int]) -> None:
    asked = ScanSettings(ks=(2, 3, 4, 5))

    def cancel(fraction: float, text: str) -> None:
        if fraction >= 0.5:
            raise Cancelled(text)

    with pytest.raises(Cancelled):
        scan(VECTORS, asked, progress=cancel)
    assert finished(VECTORS, asked)["k"].tolist() == [2, 3]
    computed.clear()
    scan(VECTORS, asked)
    assert computed == [4, 5]
    assert len(finished(VECTORS, asked)) == 4


def test_nothing_finished_is_an_empty_table_with_the_same_columns() -> None:
    empty = finished(VECTORS, ScanSettings(ks=(2,)))
    assert empty.empty
    assert empty.dtypes.equals(scan(VECTORS, ScanSettings(ks=(2,))).dtypes)
    assert suggestions(empty).empty


def test_a_damaged_row_is_computed_anew(taglab_home: Path, computed: list[int]) -> None:
    expected = scan(VECTORS, ScanSettings(ks=(2,)))
    (path,) = (taglab_home / "derived" / "scan").rglob("*.json")
    for damage in ("", "[]", '{"k": 1}'):
        path.write_text(damage)
        again = scan(VECTORS, ScanSettings(ks=(2,)))
        pd.testing.assert_frame_equal(again.drop(columns="seconds"), expected.drop(columns="seconds"))
    assert computed == [2, 2, 2, 2]


def test_progress_rises_to_1() -> None:
    told: list[float] = []
    for _ in range(2):
        scan(VECTORS, ScanSettings(ks=(2, 3, 30)), progress=lambda fraction, _: told.append(fraction))
        assert told == sorted(told)
        assert told[-1] == pytest.approx(1)
        told.clear()


def test_what_cannot_be_clustered_has_no_figures() -> None:
    rows = scan(VECTORS, ScanSettings(ks=(1, 80, 81)))
    assert rows["silhouette"].isna().tolist() == [True, False, True]
    assert rows["within_distance"].isna().tolist() == [False, False, True]
    assert rows["smallest"].isna().tolist() == [False, False, True]
    assert rows["silhouette"][1] == 0
    twice = tag_vectors(np.repeat(np.eye(3), 2, axis=0))
    assert scan(twice, ScanSettings(ks=(3, 4)))["within_distance"].isna().tolist() == [False, True]


def test_a_minimum_count_that_leaves_no_tag_has_no_figures() -> None:
    for method in ("spherical-k-means", "agglomerative"):
        rows = scan(VECTORS, ScanSettings(ks=(1, 8), min_counts=(1, 1000), method=method), COUNTS)
        assert rows["n_tags"].tolist() == [80, 80, 0, 0]
        assert rows["within_distance"].isna().tolist() == [False, False, True, True]


def test_agglomerative_scans_take_one_seed() -> None:
    rows = scan(VECTORS, ScanSettings(ks=(2, 8), seeds=(0, 1), method="agglomerative"))
    assert rows["k"].tolist() == [2, 8]
    assert suggestions(rows)["best_k"].tolist() == [8]


def test_scan_of_distances() -> None:
    distances = 1 - VECTORS.vectors.astype(float) @ VECTORS.vectors.T.astype(float)
    np.fill_diagonal(distances, 0)
    asked = ScanSettings(ks=tuple(range(5, 21)), method="agglomerative")
    of_distances = scan_distances(VECTORS.tags, distances.clip(0), asked, name="NPMI")
    of_vectors = scan(VECTORS, asked)
    assert set(of_distances["embedding"]) == {"NPMI"}
    for column in ("within_distance", "silhouette"):
        np.testing.assert_allclose(of_distances[column], of_vectors[column], atol=1e-5)


def test_bad_input_ends_in_a_sentence() -> None:
    with pytest.raises(InvalidSetting, match="k=81 is the least asked for, but there are only 80 tags"):
        scan(VECTORS, ScanSettings(ks=(81, 90)))
    with pytest.raises(InvalidSetting, match="k=2 is the least asked for, but there are only 0 tags"):
        scan(VECTORS, ScanSettings(ks=(2,), min_counts=(1000,)), COUNTS)
    with pytest.raises(InvalidSetting, match=r"min_counts=\(1, 5\) needs the tags' counts"):
        scan(VECTORS, ScanSettings(min_counts=(1, 5)))
    with pytest.raises(InvalidSetting, match="tag 'tag 0' has no count"):
        scan(VECTORS, ScanSettings(), COUNTS[1:])
    with pytest.raises(InvalidSetting, match="there is no embedding to scan"):
        scan([], ScanSettings())
    with pytest.raises(InvalidSetting, match="method='x' must be one of"):
        scan(VECTORS, ScanSettings(method="x"))
    for wrong in ({"ks": ()}, {"ks": (0, 5)}, {"seeds": (-1,)}, {"k": 5}):
        with pytest.raises(ValidationError):
            ScanSettings.model_validate(wrong)


def test_the_elbow_is_the_point_farthest_below_the_chord() -> None:
    assert elbow([1, 2, 3, 4, 5, 6], [100, 50, 10, 8, 6, 4]) == 3
    assert elbow([1, 2, 10], [10, 4, 1]) == 2


@settings(max_examples=50, deadline=None)
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
