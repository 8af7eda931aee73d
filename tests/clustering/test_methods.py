"""The clustering methods as the pages and the command call them."""

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics.pairwise import cosine_distances

from taglab.clustering import (
    CLUSTERERS,
    Agglomerative,
    Clustering,
    Hdbscan,
    SphericalKMeans,
    agglomerative,
    cluster,
    cluster_distances,
    clusterer,
    hdbscan,
    kmeans,
)
from taglab.clustering.result import NoClusters, TooManyClusters
from taglab.clustering.seeding import Recent
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import within_cluster_distance
from taglab.vectors import TagVectors
from tests.clustering.examples import planted, tag_vectors, unit

VECTORS = tag_vectors(planted(k=8, size=10, dim=12, noise=0.1)[0])
TAKING_K = [name for name, model in CLUSTERERS.items() if model.takes("k")]


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmeans, "_recent_seeds", Recent(8))
    monkeypatch.setattr(agglomerative, "_recent_trees", Recent(8))


@pytest.mark.parametrize("method", CLUSTERERS)
def test_every_clusterer_is_what_it_says(method: str) -> None:
    model = CLUSTERERS[method]
    settings = model(**{model.varied: 5})
    assert settings.method == method
    assert settings.value == 5
    assert clusterer(settings.model_dump()) == settings
    assert clusterer({"method": method}) == model()
    assert set(model.seldom) <= set(model.model_fields)
    assert model.title
    made = cluster(VECTORS, settings)
    assert made.settings is settings
    assert (made.tree is not None) == model.makes_tree
    assert made.labels.min() >= (-1 if model.may_leave_out else 0)
    assert (made.k == 5) == model.takes("k")
    again = cluster(VECTORS, settings)
    np.testing.assert_array_equal(made.labels, again.labels)
    assert made.parameters() == {**settings.model_dump(), "k": made.k}
    most = model.most(len(VECTORS), VECTORS.n_points)
    assert cluster(VECTORS, model(**{model.varied: min(most, 10)})).k >= 2
    distances = cosine_distances(VECTORS.vectors.astype(float))
    if model.takes_distances:
        assert cluster_distances(VECTORS.tags, distances, settings).labels.shape == (80,)
    else:
        with pytest.raises(InvalidSetting, match=f"method={method} needs vectors"):
            cluster_distances(VECTORS.tags, distances, settings)


@pytest.mark.parametrize("method", TAKING_K)
@pytest.mark.parametrize("k", [1, 2, 8, 80])
def test_every_method_keeps_its_word(method: str, k: int) -> None:
    settings = CLUSTERERS[method](k=k)
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


@pytest.mark.parametrize("method", TAKING_K)
def test_what_is_kept_for_the_next_k_does_not_change_it(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ks = (5, 30, 6, 5)
    warm = [cluster(VECTORS, CLUSTERERS[method](k=k)).labels for k in ks]
    for k, labels in zip(ks, warm, strict=True):
        monkeypatch.setattr(kmeans, "_recent_seeds", Recent(8))
        monkeypatch.setattr(agglomerative, "_recent_trees", Recent(8))
        np.testing.assert_array_equal(cluster(VECTORS, CLUSTERERS[method](k=k)).labels, labels)
    monkeypatch.setattr(kmeans, "_recent_seeds", Recent(8, most_bytes=0))
    np.testing.assert_array_equal(cluster(VECTORS, CLUSTERERS[method](k=5)).labels, warm[0])


def test_seeds_are_drawn_once_for_all_k(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = kmeans.draw
    monkeypatch.setattr(kmeans, "draw", lambda *of: drawn.append(1) or draw(*of))
    for k in (5, 9, 3):
        cluster(VECTORS, SphericalKMeans(k=k))
    assert len(drawn) == 1
    cluster(VECTORS, SphericalKMeans(k=5, seed=1))
    assert len(drawn) == 2


@pytest.mark.parametrize("linkage", ["complete", "single", "average"])
def test_distances_give_what_their_vectors_give(linkage: str) -> None:
    settings = Agglomerative.model_validate({"k": 8, "linkage": linkage})
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
    assert cluster(VECTORS, Agglomerative(k=2)).parameters() == {
        "method": "agglomerative",
        "k": 2,
        "linkage": "average",
    }
    assert cluster(VECTORS, SphericalKMeans(k=2, seed=3)).parameters()["seed"] == 3


@pytest.mark.parametrize("method", TAKING_K)
def test_bad_input_ends_in_a_sentence(method: str) -> None:
    with pytest.raises(
        TooManyClusters, match="k=81 must be at most 80, the number of tags that have a vector"
    ):
        cluster(VECTORS, CLUSTERERS[method](k=81))
    nothing = TagVectors((), np.empty((0, 3), np.float32), ("unknown",), "GloVe")
    with pytest.raises(InvalidSetting, match=r"0 tags have a vector in GloVe \(1 have none: "):
        cluster(nothing, CLUSTERERS[method](k=1))
    one = tag_vectors([[1, 2, 3]])
    assert cluster(one, CLUSTERERS[method](k=1)).labels.tolist() == [0]


def test_more_clusters_than_distinct_vectors() -> None:
    vectors = tag_vectors([[1, 0], [0, 1], [1, 0]])
    with pytest.raises(TooManyClusters, match="distinct vectors"):
        cluster(vectors, SphericalKMeans(k=3))
    assert cluster(vectors, Agglomerative(k=3)).sizes.tolist() == [1, 1, 1]


def test_unknown_methods_and_methods_that_need_vectors() -> None:
    with pytest.raises(
        InvalidSetting,
        match="method='dbscan' must be one of: spherical-k-means, k-means, agglomerative, hdbscan",
    ):
        clusterer({"method": "dbscan"})
    with pytest.raises(InvalidSetting, match="k is no setting of method=hdbscan, which has min_cluster_size"):
        clusterer({"method": "hdbscan", "k": 4})
    with pytest.raises(InvalidSetting, match="linkage='ward'"):
        clusterer({"method": "agglomerative", "linkage": "ward"})
    with pytest.raises(InvalidSetting, match="method=spherical-k-means needs vectors"):
        cluster_distances(["a", "b"], 1 - np.eye(2), SphericalKMeans(k=1))


def test_distances_that_do_not_fit_the_tags() -> None:
    settings = Agglomerative(k=1)
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
        SphericalKMeans.model_validate(wrong)


def test_a_clustering_has_no_empty_cluster() -> None:
    labels = np.array([0, 2], np.int32)
    for k, given in ((3, labels), (2, labels), (1, labels[:1])):
        with pytest.raises(ValueError, match="labels must"):
            Clustering(("a", "b"), given, k, SphericalKMeans(k=k), np.zeros(k, np.int32), 0.0)


def test_nearly_unit_vectors_are_clustered_by_direction() -> None:
    vectors = unit([[1, 0], [0, 1], [1, 0.1]]) * np.float32(1.0005)
    found = cluster(TagVectors(("a", "b", "c"), vectors), SphericalKMeans(k=2))
    assert found.labels[0] == found.labels[2] != found.labels[1]


def dense_and_thin() -> TagVectors:
    """Two bundles of six directions, the later tags first, and three tags that lie far from all."""
    rng = np.random.default_rng(5)
    bundle = lambda axis: np.eye(8)[axis] + 0.02 * rng.standard_normal((6, 8))  # noqa: E731
    thin = np.eye(8)[[2, 3, 4]]
    return tag_vectors(np.concatenate([thin[:1], bundle(1), thin[1:], bundle(0)]))


def test_hdbscan_leaves_out_what_lies_thin() -> None:
    made = cluster(dense_and_thin(), Hdbscan(min_cluster_size=4))
    assert made.labels.tolist() == [-1, *[0] * 6, -1, -1, *[1] * 6]
    assert made.left_out == ("tag 0", "tag 7", "tag 8")
    assert made.sizes.tolist() == [6, 6]
    assert made.members(1) == tuple(f"tag {row}" for row in range(9, 15))
    assert repr(made) == "<Clustering hdbscan: 15 tags in 2 clusters, 3 in none>"
    kept = made.labels >= 0
    vectors = dense_and_thin().vectors
    assert made.within_distance == pytest.approx(within_cluster_distance(vectors[kept], made.labels[kept]))
    assert made.centroids is not None
    np.testing.assert_allclose(made.centroids[0], unit([vectors[1:7].sum(axis=0)])[0], atol=1e-6)
    assert set(made.medoids.tolist()) <= set(np.flatnonzero(kept).tolist())


def test_hdbscan_takes_vectors_for_directions_and_equal_ones_for_one_place() -> None:
    vectors = dense_and_thin()
    scaled = TagVectors(vectors.tags, vectors.vectors * np.float32(1.0005))
    settings = Hdbscan(min_cluster_size=4, min_samples=2)
    np.testing.assert_array_equal(cluster(scaled, settings).labels, cluster(vectors, settings).labels)
    same = tag_vectors(np.repeat(np.eye(3), [6, 5, 1], axis=0))
    assert cluster(same, Hdbscan(min_cluster_size=3)).labels.tolist() == [*[0] * 6, *[1] * 5, -1]


def test_hdbscan_that_would_leave_out_every_tag_says_so() -> None:
    for vectors, size in ((dense_and_thin(), 8), (tag_vectors(np.eye(6)), 3), (tag_vectors([[1, 2]]), 2)):
        with pytest.raises(NoClusters, match=f"min_cluster_size={size} finds no two clusters among"):
            cluster(vectors, Hdbscan(min_cluster_size=size))


def test_hdbscan_of_too_many_tags_names_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdbscan, "MAX_TAGS", 10)
    with pytest.raises(InvalidSetting, match=r"HDBSCAN of 15 tags .* limit is 10 tags"):
        cluster(dense_and_thin(), Hdbscan())


def test_only_who_may_leave_tags_out_does() -> None:
    labels, medoids = np.array([0, -1, 1], np.int32), np.array([0, 2], np.int32)
    assert Clustering(("a", "b", "c"), labels, 2, Hdbscan(), medoids, 0.0).left_out == ("b",)
    with pytest.raises(ValueError, match="labels must use every number"):
        Clustering(("a", "b", "c"), labels, 2, SphericalKMeans(k=2), medoids, 0.0)
