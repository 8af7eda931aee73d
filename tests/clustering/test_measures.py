"""Clustering of tracks by each measure: by direction, or by place, and never by the wrong one in silence."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from taglab.clustering import CLUSTERERS, EuclideanKMeans, Hdbscan, cluster
from taglab.clustering.agglomerative import cut
from taglab.clustering.geometry import silhouettes
from taglab.clustering.methods import clusterer
from taglab.clustering.result import TooManyClusters
from taglab.clustering.scan import ScanSettings, scan
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import adjusted_rand, within_cluster_distance
from taglab.vectors import MEASURES, TagVectors, Vectors

RANDOM = np.random.default_rng(0)
# Two directions, two lengths: what is near by direction is far by place.
LENGTH = np.repeat([1.0, 10.0, 1.0, 10.0], 15)
ANGLE = np.repeat([0.0, 0.0, 1.2, 1.2], 15)
ROWS = (np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1) * LENGTH[:, None]).astype(np.float32)
ROWS += RANDOM.normal(scale=0.05, size=ROWS.shape).astype(np.float32)


def tracks(measure: str, rows: np.ndarray = ROWS) -> Vectors:
    return Vectors("tracks", tuple(map(str, range(len(rows)))), rows, name="made up", measure=measure)


@pytest.mark.parametrize("method", ["k-means", "agglomerative"])
@pytest.mark.parametrize("measure", MEASURES)
def test_tracks_fall_by_direction_or_by_place(measure: str, method: str) -> None:
    by_direction = measure == "cosine"
    truth = ANGLE if by_direction else LENGTH * 10 + ANGLE
    clustering = cluster(tracks(measure), clusterer({"method": method, "k": 2 if by_direction else 4}))
    assert adjusted_rand(clustering.labels, np.unique(truth, return_inverse=True)[1]) == 1
    assert (clustering.kind, clustering.ids[:2]) == ("tracks", ("0", "1"))
    assert repr(clustering) == f"<Clustering {method}: 60 tracks in {clustering.k} clusters>"
    assert clustering.centroids is not None
    for number, medoid in enumerate(clustering.medoids):
        rows = tracks(measure).points
        apart = np.linalg.norm(rows - clustering.centroids[number], axis=1)
        assert clustering.labels[medoid] == number
        assert apart[medoid] == pytest.approx(apart[clustering.labels == number].min(), abs=1e-3)


def test_spherical_k_means_refuses_what_heeds_lengths() -> None:
    assert cluster(tracks("cosine"), clusterer({"k": 2})).kind == "tracks"
    for measure, title in (("dot", "dot product"), ("euclidean", "Euclidean distance")):
        with pytest.raises(InvalidSetting, match=f"made up are compared by {title}.* use another method"):
            cluster(tracks(measure), clusterer({"k": 2}))


def test_cosine_heeds_no_length() -> None:
    rows = np.repeat(RANDOM.normal(size=(4, 6)), 10, axis=0) + RANDOM.normal(scale=0.1, size=(40, 6))
    longer = rows * RANDOM.uniform(0.1, 9, size=(40, 1))
    for model in CLUSTERERS.values():
        settings = model(**{model.varied: 5})
        one, other = (cluster(tracks("cosine", side.astype(np.float32)), settings) for side in (rows, longer))
        np.testing.assert_array_equal(one.labels, other.labels)
        assert one.within_distance == pytest.approx(other.within_distance, rel=1e-4)


def test_agglomerative_by_place_is_scipys() -> None:
    rows = RANDOM.normal(size=(50, 4)).astype(np.float32)
    settings = clusterer({"method": "agglomerative", "k": 6, "linkage": "complete"})
    expected = cut(linkage(rows.astype(float), "complete"), 6)
    for measure in ("dot", "euclidean"):
        np.testing.assert_array_equal(cluster(tracks(measure, rows), settings).labels, expected)


def test_k_means_is_as_good_as_scikit_learns_own() -> None:
    rows = RANDOM.normal(size=(300, 5)).astype(np.float32)
    settings = clusterer({"method": "k-means", "k": 12, "restarts": 5, "tolerance": 0})
    ours = cluster(tracks("euclidean", rows), settings)
    assert ours.within_distance == pytest.approx(within_cluster_distance(rows, ours.labels))
    peer = KMeans(12, n_init=5, random_state=0).fit(rows.astype(float))
    assert ours.within_distance < 1.02 * peer.inertia_
    assert ours.converged
    assert not cluster(tracks("euclidean", rows), settings.model_copy(update={"max_iterations": 1})).converged


def test_k_means_keeps_numbers_when_k_grows() -> None:
    rows = np.repeat(np.eye(6, dtype=np.float32) * 10, 5, axis=0)
    rows += RANDOM.normal(scale=0.01, size=rows.shape).astype(np.float32)
    five, six = (
        cluster(tracks("euclidean", rows), clusterer({"method": "k-means", "k": k})).labels for k in (5, 6)
    )
    unmoved = six != 5
    np.testing.assert_array_equal(five[unmoved], six[unmoved])
    assert (six == 5).sum() == 5


@pytest.mark.parametrize("scale", [1e-18, 1e18])
def test_k_means_at_any_scale(scale: float) -> None:
    settings = clusterer({"method": "k-means", "k": 4})
    expected = cluster(tracks("euclidean"), settings).labels
    scaled = tracks("euclidean", (ROWS.astype(float) * scale).astype(np.float32))
    np.testing.assert_array_equal(cluster(scaled, settings).labels, expected)


def test_equal_vectors_share_a_cluster_and_cannot_be_told_apart() -> None:
    vectors = tracks("dot", np.repeat(ROWS[[0, 20, 40]], 4, axis=0))
    assert cluster(vectors, clusterer({"method": "k-means", "k": 3})).sizes.tolist() == [4, 4, 4]
    with pytest.raises(TooManyClusters, match="k=4 must be at most 3, the number of distinct vectors"):
        cluster(vectors, clusterer({"method": "k-means", "k": 4}))


@pytest.mark.parametrize("measure", ["dot", "euclidean"])
def test_a_scan_judges_by_place(measure: str) -> None:
    vectors = tracks(measure)
    rows = scan(vectors, ScanSettings(values=(2, 4), clusterer=EuclideanKMeans(), distinct=False)).rows
    for k, silhouette in zip(rows["k"], rows["silhouette"], strict=True):
        labels = cluster(vectors, clusterer({"method": "k-means", "k": int(k)})).labels
        assert silhouette == pytest.approx(silhouette_score(ROWS.astype(float), labels))


def test_tags_by_k_means_are_points_on_the_sphere() -> None:
    vectors = TagVectors.from_any([str(row) for row in range(60)], ROWS)
    clustering = cluster(vectors, clusterer({"method": "k-means", "k": 2}))
    assert clustering.centroids is not None
    np.testing.assert_allclose(np.linalg.norm(clustering.centroids, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_density_is_by_direction_or_by_place(measure: str) -> None:
    clustering = cluster(tracks(measure), Hdbscan(min_cluster_size=10))
    assert clustering.k == (2 if measure == "cosine" else 4)
    truth = ANGLE if measure == "cosine" else LENGTH * 10 + ANGLE
    kept = clustering.labels >= 0
    assert kept.mean() > 0.8
    assert adjusted_rand(clustering.labels[kept], np.unique(truth, return_inverse=True)[1][kept]) == 1


@pytest.mark.parametrize("measure", MEASURES)
def test_silhouettes_are_of_the_distance_that_belongs_to_the_measure(measure: str) -> None:
    vectors, labels = tracks(measure), np.arange(60) % 4
    metric = vectors.by.metric
    assert silhouettes(vectors, labels).mean() == pytest.approx(silhouette_score(ROWS, labels, metric=metric))
    some = np.arange(0, 60, 3)
    expected = silhouette_score(ROWS[some], labels[some], metric=metric)
    assert silhouettes(vectors, labels[some], rows=some).mean() == pytest.approx(expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_does_not_suit_a_measure_is_what_refuses_it(measure: str) -> None:
    vectors = tracks(measure)
    for model in CLUSTERERS.values():
        settings = model(**{model.varied: 2})
        if model.suits(vectors):
            assert cluster(vectors, settings).ids == vectors.ids
        else:
            with pytest.raises(InvalidSetting, match="use another method"):
                cluster(vectors, settings)
