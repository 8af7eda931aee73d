"""Distances, neighbours and principal axes, against scikit-learn and each other."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting
from taglab.projection import points as points_module
from taglab.projection.points import DistancePoints, VectorPoints, nearest


def unit_vectors(n_tags: int, dim: int, seed: int = 0) -> npt.NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(n_tags, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@given(
    n_tags=st.integers(2, 60),
    dim=st.integers(1, 9),
    k=st.integers(1, 20),
    copies=st.booleans(),
    seed=st.integers(0, 99),
)
def test_neighbours_are_the_nearest(n_tags: int, dim: int, k: int, copies: bool, seed: int) -> None:
    vectors = unit_vectors(n_tags, dim, seed)
    if copies:
        vectors = vectors[np.arange(n_tags) % max(1, n_tags // 4)]
    k = min(k, n_tags - 1)
    neighbours, distances = nearest(VectorPoints(vectors), k)
    whole = 1 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    assert (neighbours != np.arange(n_tags)[:, None]).all()
    assert all(len(set(row)) == k for row in neighbours.tolist())
    np.testing.assert_allclose(np.take_along_axis(whole, neighbours, axis=1), distances, atol=2e-6)
    np.fill_diagonal(whole, np.inf)
    np.testing.assert_allclose(np.sort(whole, axis=1)[:, :k], distances, atol=2e-6)


def test_neighbours_agree_with_scikit_learn_in_small_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.neighbors import NearestNeighbors

    vectors = unit_vectors(700, 20)
    expected = NearestNeighbors(metric="cosine", algorithm="brute").fit(vectors).kneighbors(n_neighbors=30)
    for block_bytes in (points_module._BLOCK_BYTES, 4 * 700 * 13):
        monkeypatch.setattr(points_module, "_BLOCK_BYTES", block_bytes)
        neighbours, distances = nearest(VectorPoints(vectors), 30)
        # Within a tie, which is a millionth, the order is ours.
        assert (neighbours == expected[1]).mean() > 0.95
        np.testing.assert_allclose(distances, expected[0], atol=2e-6)


def test_identical_vectors_are_at_distance_zero_exactly() -> None:
    vectors = np.repeat(unit_vectors(5, 200), 4, axis=0)
    _, distances = nearest(VectorPoints(vectors), 3)
    assert not distances.any()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_principal_axes_agree_with_scikit_learn(dimensions: int) -> None:
    from sklearn.decomposition import PCA

    vectors = unit_vectors(300, 12) * np.linspace(3, 1, 12, dtype=np.float32)
    axes = VectorPoints(vectors).principal_axes(dimensions)
    peer = PCA(dimensions).fit(vectors.astype(np.float64))
    expected = peer.transform(vectors)
    np.testing.assert_allclose(np.abs(axes.positions), np.abs(expected), atol=1e-5)
    assert axes.variances is not None
    shares = axes.variances / axes.variances.sum()
    np.testing.assert_allclose(shares[:dimensions], peer.explained_variance_ratio_, rtol=1e-5)
    assert axes.share == pytest.approx(peer.explained_variance_ratio_.sum(), rel=1e-5)


def test_the_sign_of_an_axis_does_not_depend_on_the_order_of_tags() -> None:
    vectors = unit_vectors(100, 8)
    one = VectorPoints(vectors).principal_axes(2).positions
    other = VectorPoints(vectors[::-1].copy()).principal_axes(2).positions[::-1]
    np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("n_tags", [3, 5, 80])
def test_classical_scaling_of_euclidean_distances_gives_the_principal_axes(n_tags: int) -> None:
    from scipy.spatial.distance import cdist

    vectors = unit_vectors(n_tags, 6)
    scaled = DistancePoints(cdist(vectors, vectors)).principal_axes(2).positions
    expected = VectorPoints(vectors).principal_axes(2).positions
    np.testing.assert_allclose(np.abs(scaled), np.abs(expected), atol=1e-3)


def test_classical_scaling_shows_all_of_a_plane() -> None:
    from scipy.spatial.distance import cdist

    plane = np.random.default_rng(1).normal(size=(40, 2))
    axes = DistancePoints(cdist(plane, plane)).principal_axes(2)
    assert axes.share == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(cdist(axes.positions, axes.positions), cdist(plane, plane), atol=1e-3)


@pytest.mark.parametrize(
    ("distances", "reason"),
    [
        (np.zeros((2, 3)), "square"),
        (np.zeros(4), "square"),
        (np.full((2, 2), np.nan), "finite"),
        (np.array([[0, np.inf], [np.inf, 0]]), "finite"),
        (np.eye(3), "similarities"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "at least 0"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "symmetric"),
    ],
)
def test_what_is_no_distance_matrix_is_refused(distances: npt.NDArray[np.float64], reason: str) -> None:
    with pytest.raises(InvalidSetting, match=reason):
        DistancePoints(distances)


def test_copies_point_to_those_next_in_order_and_so_form_a_ring() -> None:
    neighbours, _ = nearest(VectorPoints(np.repeat(unit_vectors(1, 9), 6, axis=0)), 2)
    assert neighbours.tolist() == [[1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [0, 1]]


@pytest.mark.parametrize(("moved", "alike"), [(0.0, True), (5e-7, True), (-2e-6, False), (2e-6, False)])
def test_tags_coincide_where_no_component_is_further_off_than_rounding(moved: float, alike: bool) -> None:
    vectors = np.tile(np.array([[0.6, 0.8]], np.float32), (5, 1))
    vectors[3, 1] += moved
    assert VectorPoints(vectors).all_alike == alike
    assert VectorPoints(np.empty((0, 2), np.float32)).all_alike
