"""The clustering methods as the pages and the command call them."""

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics.pairwise import cosine_distances

from taglab.clustering import CLUSTERERS, Clustering, ClusterSettings, cluster, cluster_distances, methods
from taglab.clustering.result import TooManyClusters
from taglab.clustering.seeding import Recent
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import within_cluster_distance
from taglab.vectors import TagVectors
from tests.clustering.examples import planted, tag_vectors, unit

VECTORS = tag_vectors(planted(k=8, size=10, dim=12, noise=0.1)[0])


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "_recent_seeds", Recent(8))
    monkeypatch.setattr(methods, "_recent_trees", Recent(8))


@pytest.mark.parametrize("method", CLUSTERERS)
@pytest.mark.parametrize("k", [1, 2, 8, 80])
def test_every_method_keeps_its_word(method: str, k: int) -> None:
    settings = ClusterSettings(method=method, k=k)
    found = cluster(VECTORS, settings)
    assert found.tags == VECTORS.tags
    assert found.settings is settings
    assert found.labels.dtype == np.int32
    assert found.sizes.shape == (k,)
    assert found.sizes.all()
    assert found.within_distance == pytest.approx(within_cluster_distance(VECTORS.vectors, found.labels))
    assert found.centroids is not None
    np.testing.assert_allclose(np.linalg.norm(found.centroids, axis=1), 1, atol=1e-5)
    for number, medoid in enumerate(found.medoids):
        rows = np.flatnonzero(found.labels == number)
        nearest = rows[np.argmax(VECTORS.vectors[rows] @ found.centroids[number])]
        assert VECTORS.vectors[medoid] @ found.centroids[number] == pytest.approx(
            VECTORS.vectors[nearest] @ found.centroids[number], abs=1e-6
        )
        assert found.members(number) == tuple(VECTORS.tags[row] for row in rows)


@pytest.mark.parametrize("method", CLUSTERERS)
def test_what_is_kept_for_the_next_k_does_not_change_it(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ks = (5, 30, 6, 5)
    warm = [cluster(VECTORS, ClusterSettings(method=method, k=k)).labels for k in ks]
    for k, labels in zip(ks, warm, strict=True):
        monkeypatch.setattr(methods, "_recent_seeds", Recent(8))
        monkeypatch.setattr(methods, "_recent_trees", Recent(8))
        np.testing.assert_array_equal(cluster(VECTORS, ClusterSettings(method=method, k=k)).labels, labels)
    monkeypatch.setattr(methods, "_recent_seeds", Recent(8, most_bytes=0))
    np.testing.assert_array_equal(cluster(VECTORS, ClusterSettings(method=method, k=5)).labels, warm[0])


def test_seeds_are_drawn_once_for_all_k(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = methods.draw
    monkeypatch.setattr(methods, "draw", lambda *of: drawn.append(1) or draw(*of))
    for k in (5, 9, 3):
        cluster(VECTORS, ClusterSettings(k=k))
    assert len(drawn) == 1
    cluster(VECTORS, ClusterSettings(k=5, seed=1))
    assert len(drawn) == 2


@pytest.mark.parametrize("linkage", ["complete", "single", "average"])
def test_distances_give_what_their_vectors_give(linkage: str) -> None:
    settings = ClusterSettings.model_validate({"method": "agglomerative", "k": 8, "linkage": linkage})
    distances = cosine_distances(VECTORS.vectors.astype(float))
    of_vectors, of_distances = (
        cluster(VECTORS, settings),
        cluster_distances(VECTORS.tags, distances, settings),
    )
    np.testing.assert_array_equal(of_distances.labels, of_vectors.labels)
    assert of_distances.within_distance == pytest.approx(of_vectors.within_distance, abs=1e-5)
    assert of_distances.centroids is None
    assert of_distances.tree is not None
    for number, medoid in enumerate(of_distances.medoids):
        rows = np.flatnonzero(of_distances.labels == number)
        sums = distances[np.ix_(rows, rows)].sum(axis=1)
        assert sums[list(rows).index(medoid)] == pytest.approx(sums.min())


def test_parameters_are_those_that_had_a_say() -> None:
    assert cluster(VECTORS, ClusterSettings(method="agglomerative", k=2)).parameters() == {
        "method": "agglomerative",
        "k": 2,
        "linkage": "average",
    }
    assert cluster(VECTORS, ClusterSettings(k=2, seed=3)).parameters()["seed"] == 3


@pytest.mark.parametrize("method", CLUSTERERS)
def test_bad_input_ends_in_a_sentence(method: str) -> None:
    with pytest.raises(
        TooManyClusters, match="k=81 must be at most 80, the number of tags that have a vector"
    ):
        cluster(VECTORS, ClusterSettings(method=method, k=81))
    nothing = TagVectors((), np.empty((0, 3), np.float32), ("unknown",), "GloVe")
    with pytest.raises(InvalidSetting, match=r"0 tags have a vector in GloVe \(1 have none: "):
        cluster(nothing, ClusterSettings(method=method, k=1))
    one = tag_vectors([[1, 2, 3]])
    assert cluster(one, ClusterSettings(method=method, k=1)).labels.tolist() == [0]


def test_more_clusters_than_distinct_vectors() -> None:
    vectors = tag_vectors([[1, 0], [0, 1], [1, 0]])
    with pytest.raises(TooManyClusters, match="distinct vectors"):
        cluster(vectors, ClusterSettings(k=3))
    assert cluster(vectors, ClusterSettings(k=3, method="agglomerative")).sizes.tolist() == [1, 1, 1]


def test_unknown_methods_and_methods_that_need_vectors() -> None:
    with pytest.raises(
        InvalidSetting, match="method='dbscan' must be one of: spherical-k-means, agglomerative"
    ):
        cluster(VECTORS, ClusterSettings(method="dbscan"))
    with pytest.raises(InvalidSetting, match="method=spherical-k-means needs vectors"):
        cluster_distances(["a", "b"], 1 - np.eye(2), ClusterSettings(k=1))


def test_distances_that_do_not_fit_the_tags() -> None:
    settings = ClusterSettings(method="agglomerative", k=1)
    with pytest.raises(InvalidSetting, match="distances has 2 rows, but there are 3 tags"):
        cluster_distances(["a", "b", "c"], 1 - np.eye(2), settings)
    with pytest.raises(InvalidSetting, match="there is no tag to cluster"):
        cluster_distances([], np.empty((0, 0)), settings)
    with pytest.raises(TooManyClusters, match="k=3"):
        cluster_distances(["a", "b"], 1 - np.eye(2), settings.model_copy(update={"k": 3}))


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"seed": -1}, {"restarts": 0}, {"linkage": "ward"}, {"tolerance": 1}, {"clusters": 5}]
)
def test_settings_refuse_what_they_do_not_know(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ClusterSettings.model_validate(wrong)


def test_a_clustering_has_no_empty_cluster() -> None:
    labels = np.array([0, 2], np.int32)
    for k, given in ((3, labels), (2, labels), (1, labels[:1])):
        with pytest.raises(ValueError, match="labels must"):
            Clustering(("a", "b"), given, k, ClusterSettings(k=k), np.zeros(k, np.int32), 0.0)


def test_nearly_unit_vectors_are_clustered_by_direction() -> None:
    vectors = unit([[1, 0], [0, 1], [1, 0.1]]) * np.float32(1.0005)
    found = cluster(TagVectors(("a", "b", "c"), vectors), ClusterSettings(k=2))
    assert found.labels[0] == found.labels[2] != found.labels[1]
