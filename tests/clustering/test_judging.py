"""Stability, comparison, and the cluster table."""

import numpy as np
import pandas as pd
import pytest

from taglab.clustering import Agglomerative, Clustering, Hdbscan, SphericalKMeans, cluster
from taglab.clustering.comparison import compare
from taglab.clustering.describe import cluster_table, cluster_tracks, names_of_tags
from taglab.clustering.stability import stability
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.clustering import adjusted_rand, silhouette_cosine
from tests.clustering.examples import planted, tag_vectors, unit

VECTORS = tag_vectors(planted(k=8, size=10, dim=12, noise=0.02)[0])


def clustering(tags: str, labels: list[int]) -> Clustering:
    k = max(labels) + 1
    medoids = np.array([labels.index(number) for number in range(k)], np.int32)
    return Clustering(tuple(tags), np.array(labels, np.int32), k, SphericalKMeans(k=k), medoids, 0.0)


def test_clear_clusters_are_stable_and_noise_is_not() -> None:
    clear = stability(VECTORS, SphericalKMeans(k=8, restarts=5))
    assert clear.mean == clear.lowest == 1
    noise = tag_vectors(unit(np.random.default_rng(0).standard_normal((200, 20))))
    shaky = stability(noise, SphericalKMeans(k=8), seeds=(3, 1, 4))
    assert shaky.seeds == (3, 1, 4)
    assert shaky.lowest <= shaky.mean < 0.6
    np.testing.assert_allclose(shaky.matrix, shaky.matrix.T)
    np.testing.assert_allclose(np.diagonal(shaky.matrix), 1)
    assert shaky.mean == pytest.approx(shaky.matrix[np.triu_indices(3, 1)].mean())


def test_stability_needs_two_seeds_and_a_method_that_draws() -> None:
    with pytest.raises(InvalidSetting, match=r"seeds=\(1, 1\) must hold at least two"):
        stability(VECTORS, SphericalKMeans(k=2), seeds=(1, 1))
    with pytest.raises(InvalidSetting, match="agglomerative draws nothing"):
        stability(VECTORS, Agglomerative(k=2))


def test_two_clusterings_are_compared_on_the_tags_they_share() -> None:
    found = compare(clustering("abcde", [0, 0, 1, 1, 2]), clustering("zdcba", [0, 1, 1, 2, 2]))
    assert (found.n_tags, found.only_a, found.only_b) == (4, ("e",), ("z",))
    assert found.adjusted_rand == 1
    assert found.normalised_mutual_information == pytest.approx(1)
    assert found.flow.to_numpy().tolist() == [[0, 2, 2], [1, 1, 2]]


def test_clusterings_without_a_tag_in_common() -> None:
    with pytest.raises(InvalidSetting, match="no tag in common"):
        compare(clustering("ab", [0, 1]), clustering("cd", [0, 1]))


def test_cluster_table() -> None:
    found = clustering("abcde", [1, 0, 1, 0, 2])
    counts = pd.Series({"e": 7, "d": 5, "c": 9, "b": 5, "a": 1, "f": 100})
    table = cluster_table(found, counts, np.array([0.1, 0.2, 0.3, 0.4, 0.0]))
    assert table["cluster"].tolist() == [0, 1, 2]
    assert table["name"].tolist() == ["b", "c", "e"]
    assert table["tags"].tolist() == [["b", "d"], ["c", "a"], ["e"]]
    assert table["size"].tolist() == [2, 2, 1]
    assert table["assignments"].tolist() == [10, 10, 7]
    assert table["partly_known"].tolist() == [0, 0, 0]
    assert cluster_table(found, counts, unknown={"a": "x", "c": "y", "e": "z"})["partly_known"].tolist() == [
        0,
        2,
        1,
    ]
    np.testing.assert_allclose(table["silhouette"], [0.3, 0.2, 0])
    assert table["medoid"].tolist() == ["b", "a", "e"]
    assert cluster_table(found, counts)["silhouette"].isna().all()


def test_a_track_with_two_tags_of_a_cluster_is_one_track() -> None:
    tracks = pd.DataFrame({"track": ["t0", "t1", "t2", "t3"]})
    # t0 has a, b and c; t1 a and b; t2 c; t3 only d, which is in no cluster.
    data = Folksonomy.from_codes(
        "small", tracks, list("abcd"), np.array([0, 0, 0, 1, 1, 2, 3]), np.array([0, 1, 2, 0, 1, 2, 3])
    )
    found = clustering("acb", [0, 1, 0])
    assert cluster_tracks(found, data).tolist() == [2, 2]
    assert cluster_table(found, data.counts())["assignments"].tolist() == [4, 2]
    assert cluster_tracks(clustering("xad", [0, 1, 1]), data).tolist() == [0, 3]


def test_cluster_table_of_a_real_clustering_covers_every_tag_once() -> None:
    found = cluster(VECTORS, SphericalKMeans(k=5))
    counts = pd.Series(1, index=list(VECTORS.tags))
    table = cluster_table(found, counts, silhouette_cosine(VECTORS.vectors, found.labels))
    assert sorted(tag for tags in table["tags"] for tag in tags) == sorted(VECTORS.tags)
    assert table["size"].tolist() == found.sizes.tolist()


def test_cluster_table_refuses_what_does_not_fit() -> None:
    found = clustering("ab", [0, 1])
    with pytest.raises(InvalidSetting, match="tag 'b' has no count"):
        cluster_table(found, pd.Series({"a": 1}))
    with pytest.raises(InvalidSetting, match=r"silhouette must be \(2,\)"):
        cluster_table(found, pd.Series({"a": 1, "b": 1}), np.zeros(3))


def test_clusterings_are_compared_on_the_tags_that_both_clustered() -> None:
    medoids = np.zeros(2, np.int32)
    some = Clustering(tuple("abcdef"), np.array([0, 0, 1, 1, -1, -1], np.int32), 2, Hdbscan(), medoids, 0.0)
    other = Clustering(tuple("abcdfg"), np.array([1, 1, 0, -1, 0, 0], np.int32), 2, Hdbscan(), medoids, 0.0)
    comparison = compare(some, other)
    assert comparison.n_tags == 3
    assert comparison.only_a == ("d",)
    assert comparison.only_b == ("f", "g")
    assert comparison.adjusted_rand == 1
    assert comparison.flow.to_numpy().tolist() == [[0, 1, 2], [1, 0, 1]]
    assert adjusted_rand([0, 0, 1, 1, -1], [1, 1, 0, -1, 0]) == 1
    with pytest.raises(InvalidSetting, match="no tag is in a cluster of both"):
        adjusted_rand([0, -1], [-1, 0])


def test_tags_in_no_cluster_are_described_by_none() -> None:
    thin = Clustering(
        tuple("abcd"), np.array([0, -1, 1, 0], np.int32), 2, Hdbscan(), np.array([3, 2], np.int32), 0.0
    )
    counts = pd.Series([5, 100, 7, 6], index=list("abcd"))
    silhouettes = np.array([0.5, np.nan, 0.25, 0.7])
    table = cluster_table(thin, counts, silhouettes)
    assert table["tags"].tolist() == [["d", "a"], ["c"]]
    assert table["assignments"].tolist() == [11, 7]
    assert table["silhouette"].tolist() == pytest.approx([0.6, 0.25])
    assert names_of_tags(thin, ["first", "second"]) == ["first", "", "second", "first"]
    tracks = pd.DataFrame({"track": ["t0", "t1", "t2"]})
    # t0 has a and b; t1 only b, which is in no cluster; t2 d.
    data = Folksonomy.from_codes(
        "small", tracks, list("abcd"), np.array([0, 0, 1, 2]), np.array([0, 1, 1, 3])
    )
    assert cluster_tracks(thin, data).tolist() == [2, 0]
