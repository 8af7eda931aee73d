"""Agglomerative clustering against SciPy and scikit-learn, ties included."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import AgglomerativeClustering

from taglab.clustering import agglomerative
from taglab.clustering.agglomerative import cut, linkage_of_distances, linkage_of_vectors
from taglab.clustering.result import TooManyClusters
from taglab.errors import Cancelled, InvalidSetting
from taglab.metrics.clustering import adjusted_rand
from tests.clustering.examples import FloatArray, planted, unit, unit_vectors

LINKAGES: tuple[Literal["complete", "single", "average"], ...] = ("complete", "single", "average")
linkages = st.sampled_from(LINKAGES)


@st.composite
def distances(draw: st.DrawFn) -> npt.NDArray[np.float64]:
    """Symmetric distances that need obey no triangle inequality, many of them equal."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(2, 25))
    values = random.integers(draw(st.integers(1, 6)) + 1, size=(n, n)).astype(float)
    if draw(st.booleans()):
        values = random.random((n, n))
    upper = np.triu(values, 1)
    return upper + upper.T


@given(distances(), linkages, st.data())
def test_cuts_are_scikit_learns(
    matrix: npt.NDArray[np.float64], linkage: Literal["complete", "single", "average"], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(matrix)))
    labels = cut(linkage_of_distances(matrix, linkage), k)
    peer = AgglomerativeClustering(k, metric="precomputed", linkage=linkage).fit_predict(matrix)
    assert set(labels) == set(range(k))
    assert adjusted_rand(labels, peer) == pytest.approx(1)


@given(distances(), linkages)
def test_trees_are_scipys_to_the_last_bit(
    matrix: npt.NDArray[np.float64], linkage: Literal["complete", "single", "average"]
) -> None:
    expected = hierarchy.linkage(squareform(matrix), linkage)
    np.testing.assert_array_equal(linkage_of_distances(matrix, linkage), expected)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_merging_tells_how_far_it_is_and_can_be_stopped(
    linkage: Literal["complete", "single", "average"],
) -> None:
    vectors = unit(np.random.default_rng(3).normal(size=(400, 8)))
    shares: list[float] = []
    linkage_of_vectors(vectors, linkage, lambda share, _: shares.append(share))
    assert shares == sorted(shares)
    assert len([share for share in shares if 0.3 < share < 1]) >= 5

    def stop(share: float, text: str) -> None:
        if text.startswith("merging clusters: 128"):
            raise Cancelled

    with pytest.raises(Cancelled):
        linkage_of_vectors(vectors, linkage, stop)


@given(unit_vectors(least=2), linkages)
def test_merges_of_vectors_are_scipys(
    vectors: FloatArray, linkage: Literal["complete", "single", "average"]
) -> None:
    tree = linkage_of_vectors(vectors, linkage)
    doubles = vectors.astype(np.float64)
    expected = hierarchy.linkage(pdist(doubles, "cosine").clip(0), linkage)
    assert hierarchy.is_valid_linkage(tree)
    np.testing.assert_allclose(tree[:, 2], expected[:, 2], atol=1e-9)


@given(distances(), linkages)
def test_going_from_k_to_k_plus_1_splits_one_cluster_and_renames_none(
    matrix: npt.NDArray[np.float64], linkage: Literal["complete", "single", "average"]
) -> None:
    tree = linkage_of_distances(matrix, linkage)
    for k in range(1, len(matrix)):
        before, after = cut(tree, k), cut(tree, k + 1)
        moved = before != after
        assert set(after[moved]) == {k}
        assert len(set(before[moved])) == 1
        stayed = (before == before[moved][0]) & ~moved
        assert stayed.sum() >= moved.sum()
        if stayed.sum() == moved.sum():
            assert np.argmax(stayed) < np.argmax(moved)


def test_ties_still_give_exactly_k_clusters() -> None:
    matrix = 1 - np.eye(6)
    tree = linkage_of_distances(matrix, "average")
    assert len(set(hierarchy.fcluster(tree, 3, "maxclust"))) == 1
    assert set(cut(tree, 3)) == {0, 1, 2}


def test_linkage_by_hand() -> None:
    matrix = squareform(pdist([[0.0], [1], [3], [7]]))
    heights = {linkage: linkage_of_distances(matrix, linkage)[:, 2].tolist() for linkage in LINKAGES}
    assert heights["single"] == [1, 2, 4]
    assert heights["complete"] == [1, 3, 7]
    assert heights["average"] == [1, 2.5, pytest.approx((7 + 6 + 4) / 3)]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_planted_clusters_are_found(linkage: Literal["complete", "single", "average"]) -> None:
    vectors, truth = planted(k=20, size=12, dim=20, noise=0.03)
    assert adjusted_rand(cut(linkage_of_vectors(vectors, linkage), 20), truth) == 1


def test_equal_vectors_merge_first() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((5, 40)))[[0, 1, 2, 3, 4, 0, 1, 0]]
    tree = linkage_of_vectors(vectors, "complete")
    assert tree[:3, 2].tolist() == [0, 0, 0]
    labels = cut(tree, 5)
    assert labels[0] == labels[5] == labels[7]
    assert labels[1] == labels[6]


def test_one_tag_is_one_cluster() -> None:
    assert cut(linkage_of_vectors(unit([[1, 1]]), "average"), 1).tolist() == [0]
    assert cut(linkage_of_distances(np.zeros((1, 1)), "single"), 1).tolist() == [0]


@pytest.mark.parametrize("k", [0, 5])
def test_k_out_of_range(k: int) -> None:
    with pytest.raises(TooManyClusters, match=rf"k={k} must lie in \[1, 4\]"):
        cut(linkage_of_distances(1 - np.eye(4), "average"), k)


def test_too_many_tags_are_refused_with_the_memory_they_would_need(monkeypatch: pytest.MonkeyPatch) -> None:
    many = np.broadcast_to(np.float32(1), (522_000, 1))
    with pytest.raises(
        InvalidSetting, match=r"522000 tags would hold 2179\.9 GB .* limit is 20000 tags \(3\.2 GB\)"
    ):
        linkage_of_vectors(many, "average")
    monkeypatch.setattr(agglomerative, "MAX_TAGS", 3)
    with pytest.raises(InvalidSetting, match="agglomerative clustering of 4 tags"):
        linkage_of_distances(1 - np.eye(4), "average")


def test_bad_distances_are_refused() -> None:
    matrix = 1 - np.eye(3)
    matrix[0, 1] = np.nan
    with pytest.raises(InvalidSetting, match=r"distances\[0, 1\]=nan"):
        linkage_of_distances(matrix, "average")
