"""Spherical k-means: what must hold of any input, and what it finds in inputs with a known answer."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans as EuclideanKMeans

from taglab.clustering import kmeans
from taglab.clustering.kmeans import draw, spherical_kmeans
from taglab.clustering.result import TooManyClusters
from taglab.clustering.seeding import Points, Recent
from taglab.errors import Cancelled, InvalidSetting
from taglab.metrics.clustering import adjusted_rand
from tests.clustering.examples import FloatArray, planted, unit, unit_vectors


@st.composite
def problems(draw_: st.DrawFn) -> tuple[FloatArray, int, int]:
    vectors = draw_(unit_vectors())
    k = draw_(st.integers(1, len(Points.of(vectors))))
    return vectors, k, draw_(st.integers(0, 100))


@given(problems())
def test_of_any_vectors(problem: tuple[FloatArray, int, int]) -> None:
    vectors, k, seed = problem
    found = spherical_kmeans(vectors, k, seed, tolerance=0)
    assert set(found.labels) == set(range(k))
    assert found.centroids.shape == (k, vectors.shape[1])

    sums = np.stack([vectors[found.labels == j].sum(axis=0, dtype=float) for j in range(k)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    assert found.objective == pytest.approx(1 - lengths.sum() / len(vectors), abs=1e-6)
    sure = lengths[:, 0] > 1e-3
    np.testing.assert_allclose(found.centroids[sure], (sums / lengths)[sure], atol=1e-5)

    assert np.all(np.diff(found.history) <= 1e-6)
    if found.converged and sure.all():
        cosines = vectors @ found.centroids.T
        own = cosines[np.arange(len(vectors)), found.labels]
        assert np.all(own >= cosines.max(axis=1) - 1e-5)

    for one, other in zip(*np.nonzero(np.all(vectors[:, None] == vectors[None], axis=2)), strict=True):
        assert found.labels[one] == found.labels[other]

    again = spherical_kmeans(vectors, k, seed, tolerance=0)
    np.testing.assert_array_equal(again.labels, found.labels)


@pytest.mark.parametrize("seed", range(5))
def test_planted_clusters_are_found(seed: int) -> None:
    vectors, truth = planted(k=30, size=20, dim=25, noise=0.02, seed=seed)
    assert adjusted_rand(spherical_kmeans(vectors, 30, seed, restarts=3).labels, truth) == 1


def test_rotated_vectors_fall_into_the_same_clusters() -> None:
    vectors, _ = planted(k=12, size=15, dim=10, noise=0.1)
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((10, 10)))[0]
    straight = spherical_kmeans(vectors, 12).labels
    assert adjusted_rand(spherical_kmeans(unit(vectors @ rotation), 12).labels, straight) == 1


def test_objective_is_no_worse_than_scikit_learns() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((600, 20)))

    def objective(labels: np.ndarray) -> float:
        return 1 - sum(np.linalg.norm(vectors[labels == j].sum(axis=0)) for j in range(25)) / 600

    ours = [spherical_kmeans(vectors, 25, seed).objective for seed in range(10)]
    peers = [
        objective(EuclideanKMeans(25, n_init=1, random_state=seed).fit(vectors).labels_) for seed in range(10)
    ]
    assert np.mean(ours) <= np.mean(peers) * 1.002


def test_as_many_clusters_as_tags_and_one() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((40, 6)))
    alone = spherical_kmeans(vectors, 40)
    assert sorted(alone.labels) == list(range(40))
    assert alone.objective == pytest.approx(0, abs=1e-6)
    together = spherical_kmeans(vectors, 1)
    assert not together.labels.any()
    np.testing.assert_allclose(together.centroids, unit(vectors.sum(axis=0, keepdims=True)), atol=1e-6)
    assert spherical_kmeans(vectors[:1], 1).labels.tolist() == [0]


def test_vectors_that_cancel_out_have_an_objective_of_one() -> None:
    found = spherical_kmeans(unit([[1, 0], [-1, 0]]), 1)
    assert found.objective == pytest.approx(1)
    assert np.isfinite(found.centroids).all()


def test_vectors_too_near_for_a_cosine_can_still_all_be_told_apart() -> None:
    vectors = np.repeat(unit([[0.6, 0.8]]), 6, axis=0)
    vectors[:, 0] += np.arange(6, dtype=np.float32) * np.float32(1e-5)
    assert len(set(spherical_kmeans(vectors, 6).labels)) == 6


def test_vectors_that_differ_by_rounding_alone_are_one() -> None:
    vectors = np.repeat(unit([[0.6, 0.8]]), 3, axis=0)
    vectors[1:, 0] = np.nextafter(vectors[1:, 0], [1, 0], dtype=np.float32)
    assert len(np.unique(vectors, axis=0)) == 3
    assert Points.of(vectors).point_of.tolist() == [0, 0, 0]


def test_more_restarts_are_never_worse_and_the_first_is_the_same() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((300, 8)))
    objectives = [spherical_kmeans(vectors, 20, restarts=restarts).objective for restarts in (1, 2, 5)]
    assert objectives == sorted(objectives, reverse=True)


def test_tolerance_and_rounds_stop_it() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((500, 8)))
    exact = spherical_kmeans(vectors, 20, tolerance=0, max_iterations=1000)
    rough = spherical_kmeans(vectors, 20, tolerance=0.01)
    cut_short = spherical_kmeans(vectors, 20, tolerance=0, max_iterations=2)
    assert exact.converged
    assert rough.converged
    assert not cut_short.converged
    assert len(cut_short.history) == 2 < len(rough.history) < len(exact.history)
    assert exact.history[: len(rough.history)] == rough.history


@given(unit_vectors(least=2), st.data())
def test_the_first_seeds_do_not_depend_on_how_many_are_asked_for(
    vectors: FloatArray, data: st.DataObject
) -> None:
    points = Points.of(vectors)
    asked = data.draw(st.lists(st.integers(1, len(points)), min_size=1, max_size=4))
    (seeds,) = draw(points, 3, 1)
    together = [seeds.first(k).tolist() for k in asked]
    (fresh,) = draw(points, 3, 1)
    everything = fresh.first(len(points)).tolist()
    assert sorted(everything) == list(range(len(points)))
    assert together == [everything[:k] for k in asked]


def test_seeds_are_spread_over_planted_clusters() -> None:
    vectors, truth = planted(k=40, size=10, dim=30, noise=0.02)
    points = Points.of(vectors)
    for seed in range(5):
        chosen = draw(points, seed, 1)[0].first(40)
        assert len(set(truth[chosen])) >= 38


def test_the_first_seed_is_drawn_by_the_number_of_tags() -> None:
    # Two directions at right angles: greedy choice takes the heavier one whenever it is a candidate.
    vectors = unit([[1, 0]] * 50 + [[0, 1]])
    assert all(draw(Points.of(vectors), seed, 1)[0].first(1).tolist() == [0] for seed in range(20))


def test_neighbouring_ks_name_the_same_clusters_alike() -> None:
    vectors, _ = planted(k=60, size=20, dim=30, noise=0.25)
    labels = [spherical_kmeans(vectors, k).labels for k in (30, 31)]
    assert np.mean(labels[0] == labels[1]) > 0.75


def test_points_are_the_distinct_vectors_with_their_multiplicity() -> None:
    vectors = unit([[1, 0], [0, 1], [1, 0], [1, 1]])
    vectors[1, 0] = -0.0
    points = Points.of(np.concatenate([vectors, unit([[0, 1]])]))
    np.testing.assert_array_equal(points.vectors, vectors[[0, 1, 3]])
    assert points.weights.tolist() == [2, 2, 1]
    assert points.point_of.tolist() == [0, 1, 0, 2, 1]


def test_empty_clusters_get_the_farthest_vectors_and_empty_no_other() -> None:
    labels = np.array([0, 0, 0, 2, 4])
    similarities = np.array([0.9, 0.2, 0.5, 0.1, 0.3], np.float32)
    kmeans._fill_empty(labels, similarities, 5)
    assert labels.tolist() == [0, 1, 3, 2, 4]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = planted(k=12, size=60, dim=10, noise=0.1)
    whole = spherical_kmeans(vectors, 12)
    monkeypatch.setattr(kmeans, "_BLOCK_VALUES", 1)
    blocked = spherical_kmeans(vectors, 12)
    np.testing.assert_array_equal(blocked.labels, whole.labels)


def test_cancelling_leaves_seeds_that_can_be_used_again() -> None:
    vectors = unit(np.random.default_rng(0).standard_normal((300, 8)))
    seeds = draw(Points.of(vectors), 0, 1)

    def cancel_later(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled(text)

    with pytest.raises(Cancelled):
        spherical_kmeans(vectors, 200, seeds=seeds, progress=cancel_later)
    expected = spherical_kmeans(vectors, 200)
    np.testing.assert_array_equal(spherical_kmeans(vectors, 200, seeds=seeds).labels, expected.labels)


def test_progress_stays_between_0_and_1() -> None:
    told: list[float] = []
    vectors = unit(np.random.default_rng(0).standard_normal((100, 8)))
    spherical_kmeans(vectors, 10, restarts=3, progress=lambda fraction, _: told.append(fraction))
    assert told
    assert 0 <= min(told) <= max(told) <= 1


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_1(k: int) -> None:
    with pytest.raises(InvalidSetting, match=f"k={k} must be at least 1"):
        spherical_kmeans(unit(np.eye(3)), k)


def test_k_above_the_tags_and_above_the_distinct_vectors() -> None:
    with pytest.raises(TooManyClusters, match="k=4 must be at most the number of tags, 3"):
        spherical_kmeans(unit(np.eye(3)), 4)
    with pytest.raises(
        TooManyClusters, match="k=3 must be at most 2, the number of distinct vectors: of 3 tags 1"
    ):
        spherical_kmeans(unit([[1, 0], [0, 1], [1, 0]]), 3)


def test_no_tag_and_vectors_not_of_length_1() -> None:
    with pytest.raises(InvalidSetting, match="there is no tag to cluster"):
        spherical_kmeans(np.empty((0, 3), np.float32), 1)
    with pytest.raises(ValueError, match=r"row 1 of vectors has length 2\.0, not 1"):
        spherical_kmeans(np.diag([1, 2, 1]).astype(np.float32), 2)
    with pytest.raises(ValueError, match="row 0 of vectors has length nan"):
        spherical_kmeans(np.full((2, 2), np.nan, np.float32), 1)


def test_recent_keeps_the_last_used() -> None:
    made: list[str] = []
    recent: Recent[str] = Recent(2)

    def get(key: str) -> str:
        return recent.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "abacab"] == list("ABACAB")
    assert made == ["a", "b", "c", "b"]


PROGRAM = """
import hashlib
import numpy as np
from taglab.clustering.kmeans import spherical_kmeans
vectors = np.random.default_rng(0).standard_normal((3001, 57)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
found = spherical_kmeans(vectors, 41)
print(hashlib.md5(found.labels.tobytes() + found.centroids.tobytes()).hexdigest())
"""


def test_same_labels_in_another_process_with_other_threads() -> None:
    printed = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert printed[0].strip()
    assert printed[0] == printed[1]
