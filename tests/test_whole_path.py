"""The whole path on published data: readers, embedding, scan, clusters, label space, targets."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from taglab import sources
from taglab.clustering import SphericalKMeans, cluster
from taglab.clustering.scan import ScanSettings, scan, suggestions
from taglab.embeddings import Coverage, add_vectors, compose, coverage, neighbours, own_vectors, read_vectors
from taglab.folksonomy import Folksonomy
from taglab.labels import from_clusters, keep_classes_with, open_label_space, save_label_space
from taglab.metrics.clustering import silhouette_cosine
from taglab.vectors import TagVectors

DATA = Path(__file__).resolve().parents[1] / "../shared/data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA.is_dir(), reason="the published data are not beside the checkout"),
]

FOLKSONOMIES = {
    "jamendo": ("jamendo", "mtg-jamendo/splits/split-0", 55_525, 183),
    "msd": ("table", "msd-lastfm-50", 41_174, 50),
    "lakh": ("table", "lakh-lastfm/track_tags.csv", 10_674, 66),
}
VECTORS = {"glove.9910.300d.txt.gz": 0.7, "glove.twitter.12k.25d.txt.gz": 0.8}


def to_the_end(
    folksonomy: Folksonomy, vectors: TagVectors, ks: tuple[int, ...], seen: Callable[[str], None]
) -> pd.DataFrame:
    """Scan, cluster at the best k, make a label space, save it, make its targets; return the scan."""
    rows = scan(vectors, ScanSettings(values=ks, min_counts=(1,)), counts=folksonomy.counts()).rows
    best_k = int(suggestions(rows)["best_k"].iloc[0])
    clustering = cluster(vectors, SphericalKMeans(k=best_k))
    assert clustering.k == best_k
    shown = np.arange(len(vectors))
    if rows["over"].iloc[0] == "distinct vectors":
        _, shown = np.unique(vectors.vectors.round(6), axis=0, return_index=True)
    silhouette = float(silhouette_cosine(vectors.vectors[shown], clustering.labels[shown]).mean())
    assert silhouette == pytest.approx(rows["silhouette"].max(), abs=1e-6)
    space = from_clusters(clustering.tags, clustering.labels, folksonomy.counts(), name="best")
    save_label_space(space)
    space, _ = open_label_space("best")
    assert sorted(space.tags) == sorted(vectors.tags)
    targets = space.targets(folksonomy)
    assert targets.shape == (folksonomy.n_tracks, clustering.k)
    report = space.report(folksonomy)
    assert 0 < report.share_of_counts <= 1
    assert 0 < report.share_of_tracks <= 1
    filtered = keep_classes_with(space, list(folksonomy.tags["tag"].head(5)))
    assert 1 <= len(filtered) <= 5
    seen(
        f"{folksonomy!r}: {len(vectors)} tags with vectors, best k {best_k} "
        f"(silhouette over {rows['over'].iloc[0]} {silhouette:.3f}), {report.share_of_counts:.1%} of counts, "
        f"{report.share_of_tracks:.1%} of tracks"
    )
    return rows


@pytest.mark.parametrize("name", FOLKSONOMIES)
def test_folksonomy_to_label_space(name: str, seen: Callable[[str], None]) -> None:
    source, path, n_tracks, n_tags = FOLKSONOMIES[name]
    folksonomy = sources.add(source, DATA / path, name)
    assert (folksonomy.n_tracks, folksonomy.n_tags) == (n_tracks, n_tags)
    opened = sources.open_folksonomy(name)
    assert opened.fingerprint == folksonomy.fingerprint
    vectors = compose(own_vectors(opened), list(opened.tags["tag"]))
    assert vectors.missing == ()
    near = neighbours(vectors, "jazz", 10)
    assert len(near) == 10
    seen(f"{name}: nearest to jazz: {', '.join(near['tag'])}")
    rows = to_the_end(opened, vectors, tuple(range(2, 31, 2)), seen)
    assert np.isfinite(rows["silhouette"]).all()
    for file in VECTORS:
        found = coverage(read_vectors(DATA / "word-vectors" / file, file), opened)
        seen(covered(name, found))
        assert found.share_of_counts > 0.5


def covered(name: str, found: Coverage) -> str:
    return (
        f"{name}: {found.embedding} has {found.share_of_tags:.1%} of {len(found.tags):,} tags, "
        f"{found.share_of_counts:.1%} of counts"
    )


@pytest.mark.parametrize(("file", "least"), VECTORS.items())
def test_vocabulary_to_label_space(file: str, least: float, seen: Callable[[str], None]) -> None:
    """The 7,669 tags carry no tracks: each is given one track of its own, so that every count is 1."""
    tags = (DATA / "lastfm-vocabulary/tags-by-popularity.txt").read_text(encoding="utf-8").splitlines()
    tags = list(dict.fromkeys(tag for tag in tags if tag))
    codes = np.arange(len(tags))
    folksonomy = Folksonomy.from_codes(
        "vocabulary", pd.DataFrame({"track": codes.astype(str)}), tags, codes, codes
    )
    words = add_vectors(DATA / "word-vectors" / file, file)
    found = coverage(words, folksonomy)
    seen(covered("vocabulary", found))
    assert found.share_of_tags > least
    vectors = compose(words, tags)
    assert len(vectors) == round(found.share_of_tags * len(tags))
    seen(f"{file}: nearest to jazz: {', '.join(neighbours(vectors, 'jazz', 10)['tag'])}")
    rows = to_the_end(folksonomy, vectors, (50, 100, 250, 500, 1000), seen)
    assert list(rows["within_distance"]) == sorted(rows["within_distance"], reverse=True)
