"""k-means of points: as good as scikit-learn's own, and the same for everybody."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from taglab.clustering.euclidean import euclidean_kmeans
from taglab.clustering.result import TooManyClusters

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(300, 5))
ONCE = np.ones(300)


def test_it_is_as_good_as_scikit_learns_own() -> None:
    ours = euclidean_kmeans(POINTS, ONCE, 12, restarts=5, tolerance=0)
    peer = KMeans(12, n_init=5, random_state=0).fit(POINTS)
    assert ours.inertia < 1.02 * peer.inertia_
    assert ours.converged
    for number, mean in enumerate(ours.means):
        np.testing.assert_allclose(mean, POINTS[ours.labels == number].mean(axis=0), atol=1e-9)
    assert not euclidean_kmeans(POINTS, ONCE, 12, max_iterations=1).converged


def test_a_point_counts_as_often_as_its_weight_says() -> None:
    partition = euclidean_kmeans(np.array([[0.0], [1.0], [10.0]]), np.array([3.0, 1.0, 1.0]), 2)
    assert sorted(partition.means[:, 0]) == [0.25, 10]


def test_numbers_are_kept_when_k_grows() -> None:
    points = np.repeat(np.eye(6) * 10, 5, axis=0) + RANDOM.normal(scale=0.01, size=(30, 6))
    five, six = (euclidean_kmeans(points, np.ones(30), k).labels for k in (5, 6))
    np.testing.assert_array_equal(five[six != 5], six[six != 5])
    assert (six == 5).sum() == 5


def test_the_same_seed_gives_the_same_clusters_and_rounds_tell_how_far_they_are() -> None:
    told: list[float] = []
    one = euclidean_kmeans(POINTS, ONCE, 9, seed=4, restarts=2, progress=lambda part, text: told.append(part))
    other = euclidean_kmeans(POINTS, ONCE, 9, seed=4, restarts=2)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert told == sorted(told)
    assert euclidean_kmeans(POINTS, ONCE, 9, seed=5).inertia != one.inertia


def test_more_clusters_than_points() -> None:
    assert sorted(euclidean_kmeans(POINTS[:3], ONCE[:3], 3).labels) == [0, 1, 2]
    with pytest.raises(TooManyClusters, match="k=4 must be at most 3, the number of distinct vectors"):
        euclidean_kmeans(POINTS[:3], ONCE[:3], 4)
