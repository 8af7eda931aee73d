"""Silhouettes and clusterings against scikit-learn and Faiss, at the size of a real tag vocabulary."""

from __future__ import annotations

import math
import os
import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.clustering import SphericalKMeans, cluster
from taglab.clustering.kmeans import spherical_kmeans
from taglab.errors import MissingExtra
from taglab.metrics.clustering import silhouette_cosine
from taglab.vectors import TagVectors

FloatArray = npt.NDArray[np.float32]
Labels = npt.NDArray[np.integer]

# The thesis's 7,700-odd tags on more than 100 tracks; Last.fm's whole vocabulary.
N_TAGS = 7_700
N_ALL_TAGS = 522_000
DIM = 200
K = 100
FAISS_ROUNDS = 25


def made_up_vectors(n_tags: int, dim: int, seed: int = 0) -> FloatArray:
    """Return unit vectors (n_tags, dim) built like those of tags: one word or the sum of two, and noise.

    The words' frequencies fall as 1 / rank, so that clusters come in very different sizes.
    """
    random = np.random.default_rng(seed)
    words = random.standard_normal((1500, dim), dtype=np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    frequency = 1 / np.arange(1, len(words) + 1)
    first, second = random.choice(len(words), (2, n_tags), p=frequency / frequency.sum())
    vectors: FloatArray = words[first]
    vectors += words[second] * (random.random((n_tags, 1)) < 0.8)
    vectors += 0.06 * random.standard_normal((n_tags, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def silhouette() -> list[Row]:
    """Exact silhouettes by cosine, against scikit-learn's of all pairs."""
    from sklearn.metrics import silhouette_samples

    vectors = made_up_vectors(N_TAGS, DIM)
    labels = spherical_kmeans(vectors, K).labels
    return [
        _silhouette_row(given, labels, silhouette_samples) for given in (vectors, vectors.astype(np.float64))
    ]


def _silhouette_row(
    vectors: npt.NDArray[np.floating], labels: Labels, peer: Callable[..., npt.NDArray[np.floating]]
) -> Row:
    timed = alternate(
        lambda _: silhouette_cosine(vectors, labels), lambda _: peer(vectors, labels, metric="cosine")
    )
    return Row(
        name=f"silhouette, {N_TAGS} tags x {DIM} {vectors.dtype}, k={K}, against scikit-learn",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"largest difference {np.abs(timed.ours[0] - timed.peers[0]).max():.0e}",
        note=_threads(),
    )


def silhouette_at_scale() -> list[Row]:
    """Exact silhouettes of a whole vocabulary; all pairs would take terabytes, so there is no peer."""
    vectors = made_up_vectors(N_ALL_TAGS, DIM)
    rows = []
    for k in (100, 1000):
        labels = np.random.default_rng(0).integers(k, size=len(vectors))
        tracemalloc.start()
        started = time.perf_counter()
        silhouette_cosine(vectors, labels)
        ours_s = time.perf_counter() - started
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        note = f"{peak / 1e9:.2f} GB beside the vectors' {vectors.nbytes / 1e9:.2f} GB, {_threads()}"
        rows.append(
            Row(f"silhouette, {N_ALL_TAGS} tags x {DIM}, k={k}", ours_s, math.nan, math.nan, "", note)
        )
    return rows


def k_means() -> list[Row]:
    """Spherical k-means from nothing, seeds included, against Faiss and scikit-learn."""
    vectors = made_up_vectors(N_TAGS, DIM)
    rows = []
    for peer, make in (("Faiss", _faiss), ("scikit-learn", _scikit_learn)):
        name = f"spherical k-means, {N_TAGS} tags x {DIM}, k={K}, against {peer}"
        try:
            rows.append(_k_means_row(name, vectors, *make()))
        except MissingExtra as error:
            rows.append(Row(name, math.nan, math.nan, math.nan, "", str(error)))
    return rows


def new_k() -> list[Row]:
    """The server's share of a slider move: clusters and silhouettes of a k not seen before, no peer."""
    vectors = TagVectors(tuple(map(str, range(N_TAGS))), made_up_vectors(N_TAGS, DIM))

    def show(k: int) -> float:
        started = time.perf_counter()
        silhouette_cosine(vectors.vectors, cluster(vectors, SphericalKMeans(k=k)).labels)
        return time.perf_counter() - started

    cold = show(K)
    warm = statistics.median(show(k) for k in range(K + 1, K + 12))
    return [
        Row(
            name=f"a new k near {K}: clusters and silhouettes, {N_TAGS} tags x {DIM}",
            ours_s=warm,
            peer_s=math.nan,
            ratio=math.nan,
            agreement="",
            note=f"the first took {cold:.3f} s, drawing seeds for all; {_threads()}",
        )
    ]


def _k_means_row(
    name: str, vectors: FloatArray, peer: Callable[[FloatArray, int], Labels], peer_note: str
) -> Row:
    timed = alternate(
        lambda run: spherical_kmeans(vectors, K, seed=run).labels, lambda run: peer(vectors, run), repeats=9
    )
    ours = [mean_cosine_distance(vectors, labels) for labels in timed.ours]
    theirs = [mean_cosine_distance(vectors, labels) for labels in timed.peers]
    return Row(
        name=name,
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"mean cosine distance to centroid {statistics.mean(ours):.4f}, "
        f"peer {statistics.mean(theirs):.4f} (mean of {len(ours)} seeds)",
        note=f"{peer_note}; {_threads()}",
    )


def mean_cosine_distance(vectors: FloatArray, labels: Labels) -> float:
    """Return the mean cosine distance to the best centroid of each cluster, whoever clustered."""
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sums = np.add.reduceat(vectors[order].astype(np.float64), starts, axis=0)
    return float(1 - np.linalg.norm(sums, axis=1).sum() / len(vectors))


def _faiss() -> tuple[Callable[[FloatArray, int], Labels], str]:
    try:
        import faiss
    except ImportError as error:
        raise MissingExtra("faiss", "bench") from error

    def train(vectors: FloatArray, seed: int) -> Labels:
        kmeans = faiss.Kmeans(
            vectors.shape[1],
            K,
            niter=FAISS_ROUNDS,
            nredo=1,
            spherical=True,
            seed=seed + 1,
            max_points_per_centroid=len(vectors),
        )
        kmeans.train(vectors)
        labels: Labels = kmeans.index.search(vectors, 1)[1][:, 0]
        return labels

    return (
        train,
        f"Faiss {faiss.__version__}, niter={FAISS_ROUNDS}, nredo=1, {faiss.omp_get_max_threads()} threads",
    )


def _scikit_learn() -> tuple[Callable[[FloatArray, int], Labels], str]:
    import sklearn
    from sklearn.cluster import KMeans

    def fit(vectors: FloatArray, seed: int) -> Labels:
        labels: Labels = KMeans(K, n_init=1, random_state=seed).fit(vectors).labels_
        return labels

    return fit, f"scikit-learn {sklearn.__version__}, Euclidean on unit vectors, n_init=1"


def _threads() -> str:
    """Say how many threads ours may use."""
    asked = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    return f"ours with {asked} BLAS threads"
