"""Clusters of the published Last.fm vocabulary, where the data lie beside the checkout."""

import json
from pathlib import Path

import numpy as np
import pytest

from taglab.clustering import SphericalKMeans, cluster
from taglab.clustering.result import TooManyClusters
from taglab.clustering.scan import ScanSettings, scan, suggestions
from taglab.metrics.clustering import adjusted_rand, silhouette_cosine, within_cluster_distance
from taglab.vectors import TagVectors

pytestmark = pytest.mark.realdata

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
WIKIPEDIA = [f"glove-wikipedia-100-k{k}" for k in (100, 250, 500, 750, 1000)]


@pytest.fixture(scope="module")
def vectors() -> TagVectors:
    stem = DATA / "word-vectors/lastfm-tags.7362.200d"
    if not Path(f"{stem}.npy").is_file():
        pytest.skip(f"{stem}.npy is not there")
    tags = Path(f"{stem}.txt").read_text(encoding="utf-8").splitlines()
    return TagVectors.from_any(tags, np.load(f"{stem}.npy"), "published")


def published(name: str, vectors: TagVectors) -> tuple[TagVectors, np.ndarray]:
    """Vectors and published cluster of each tag that has both."""
    path = DATA / f"lastfm-vocabulary/clusters/{name}.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    clusters = json.loads(path.read_text(encoding="utf-8")).values()
    number = {tag: place for place, tags in enumerate(clusters) for tag in tags if tag in vectors}
    return vectors.select(number), np.array(list(number.values()))


@pytest.mark.parametrize("name", WIKIPEDIA)
def test_our_clusters_are_tighter_than_those_published(name: str, vectors: TagVectors) -> None:
    # The positions are inferred from the clusters of k = 1000, so those must come back exactly.
    some, theirs = published(name, vectors)
    ours = cluster(some, SphericalKMeans(k=len(set(theirs)), restarts=3)).labels
    assert within_cluster_distance(some.vectors, ours) <= within_cluster_distance(some.vectors, theirs) + 1e-6
    assert (
        silhouette_cosine(some.vectors, ours).mean() >= silhouette_cosine(some.vectors, theirs).mean() - 1e-6
    )
    agreement = adjusted_rand(ours, theirs)
    assert agreement > 0.25
    if name.endswith("k1000"):
        assert agreement == 1


def test_tags_at_one_point_share_a_cluster_and_limit_k(vectors: TagVectors) -> None:
    points = np.unique(vectors.vectors, axis=0, return_inverse=True)[1]
    most = len(set(points))
    with pytest.raises(
        TooManyClusters, match=f"k=1000 must be at most {most}, the number of distinct vectors"
    ):
        cluster(vectors, SphericalKMeans(k=1000))
    assert adjusted_rand(cluster(vectors, SphericalKMeans(k=most)).labels, points) == 1
    labels = cluster(vectors, SphericalKMeans(k=100)).labels
    assert len(set(zip(points, labels, strict=True))) == most


def test_scan_of_the_whole_vocabulary(vectors: TagVectors) -> None:
    rows = scan(vectors, ScanSettings(values=(50, 100, 250, 500, 991), distinct=False)).rows
    assert rows["within_distance"].is_monotonic_decreasing
    assert suggestions(rows)["best_k"].tolist() == [991]
    assert rows.loc[rows["k"] == 100, "silhouette"].item() == pytest.approx(0.17, abs=0.03)
