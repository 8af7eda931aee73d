"""Trustworthiness and neighbours kept, against scikit-learn and by counting."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from taglab.projection import quality as quality_module
from taglab.projection.points import VectorPoints
from taglab.projection.quality import map_quality

from .test_points import unit_vectors


@given(n_tags=st.integers(3, 90), dim=st.integers(3, 12), k=st.integers(1, 20), seed=st.integers(0, 99))
def test_trustworthiness_is_scikit_learns(n_tags: int, dim: int, k: int, seed: int) -> None:
    from sklearn.manifold import trustworthiness

    k = min(k, (n_tags - 1) // 2)
    vectors = unit_vectors(n_tags, dim, seed)
    positions = np.random.default_rng(seed + 1).normal(size=(n_tags, 2)).astype(np.float32)
    # What rounding alone tells apart may come in another order.
    apart = np.diff(np.sort(vectors.astype(np.float64) @ vectors.T, axis=1))
    assume(np.abs(apart).min() > 1e-6)
    ours = map_quality(VectorPoints(vectors), positions, k)
    assert ours.trustworthiness == pytest.approx(
        trustworthiness(vectors, positions, n_neighbors=k, metric="cosine"), abs=1e-4
    )
    assert ours.queries == n_tags


def test_neighbours_kept_is_the_overlap_of_both_neighbourhoods() -> None:
    vectors = unit_vectors(200, 10)
    positions = vectors[:, :2] + 0
    original = 1 - vectors @ vectors.T
    on_map = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    near = []
    for distances in (original, on_map):
        np.fill_diagonal(distances, np.inf)
        near.append(np.argsort(distances, axis=1)[:, :12])
    overlap = np.mean([len(set(a) & set(b)) / 12 for a, b in zip(*near, strict=True)])
    assert map_quality(VectorPoints(vectors), positions, 12).neighbours_kept == pytest.approx(overlap)


def test_a_map_that_is_the_space_itself_is_perfect() -> None:
    vectors = unit_vectors(60, 2)
    found = map_quality(VectorPoints(vectors), vectors, 7)
    assert (found.trustworthiness, found.neighbours_kept) == (1, 1)


def test_tags_with_one_vector_never_intrude_on_each_other() -> None:
    """Copies rank alike, whichever of them happens to be nearest on the map."""
    few = unit_vectors(6, 3)
    rng = np.random.default_rng(0)
    positions = (np.repeat(np.arange(6), 10)[:, None] * 100 + rng.normal(size=(60, 2))).astype(np.float32)
    found = map_quality(VectorPoints(np.repeat(few, 10, axis=0)), positions, 5)
    assert (found.trustworthiness, found.neighbours_kept) == (1, 1)


def test_tags_on_one_point_of_the_map_are_found_as_neighbours() -> None:
    vectors = unit_vectors(40, 5)
    found = map_quality(VectorPoints(vectors), np.zeros((40, 2), np.float32), 10)
    assert 0 < found.trustworthiness < 1


def test_fewer_than_three_tags_have_no_quality() -> None:
    found = map_quality(VectorPoints(unit_vectors(2, 5)), np.zeros((2, 2), np.float32), 1)
    assert np.isnan([found.trustworthiness, found.neighbours_kept]).all()


def test_a_sample_is_said_to_be_one_and_estimates_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    points = VectorPoints(unit_vectors(1500, 6))
    positions = points.principal_axes(2).positions
    whole = map_quality(points, positions, 15)
    monkeypatch.setattr(quality_module, "ALL_UP_TO", 1000)
    monkeypatch.setattr(quality_module, "SAMPLE", 400)
    sampled = [map_quality(points, positions, 15, seed) for seed in (0, 0, 1)]
    assert [found.queries for found in sampled] == [400] * 3
    assert sampled[0].trustworthiness == sampled[1].trustworthiness != sampled[2].trustworthiness
    assert sampled[0].trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    assert sampled[0].neighbours_kept == pytest.approx(whole.neighbours_kept, abs=0.03)
