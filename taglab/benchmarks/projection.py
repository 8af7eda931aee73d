"""Maps: exact neighbours and a start of our own, against the libraries left to themselves."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings

import numpy as np
import numpy.typing as npt

from taglab.benchmarks.clustering import DIM, N_TAGS, made_up_vectors
from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.projection import PROJECTIONS, ProjectionSettings, map_quality, warm_up
from taglab.projection.points import FloatArray, VectorPoints, nearest


def bench_projection() -> list[Row]:
    """Time maps of 7,700 synthetic tags, their neighbours and quality, and the first UMAP of a process.

    Some minutes: each layout is drawn twice, once untimed.
    """
    points = VectorPoints(made_up_vectors(N_TAGS, DIM))
    warm_up()
    return [_first_umap(), _neighbours(points), _trustworthiness(points), _umap(points), _tsne(points)]


def place(points: VectorPoints, method: str) -> FloatArray:
    """Return positions by one of our methods, without their quality."""
    settings = ProjectionSettings(method=method)
    return PROJECTIONS[method].place(points, settings, lambda fraction, text: None)[0]


def _compared(points: VectorPoints, ours: FloatArray, peer: npt.NDArray[np.generic]) -> str:
    found = [map_quality(points, np.asarray(map_, np.float32), 15) for map_ in (ours, peer)]
    trust, kept = (
        [quality.trustworthiness for quality in found],
        [quality.neighbours_kept for quality in found],
    )
    return f"trustworthiness {trust[0]:.3f} against {trust[1]:.3f}; kept {kept[0]:.0%} against {kept[1]:.0%}"


def _umap(points: VectorPoints) -> Row:
    import umap

    def peer(seed: int) -> npt.NDArray[np.generic]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(umap.UMAP(metric="cosine", random_state=0).fit_transform(points.vectors))

    timed = alternate(lambda seed: place(points, "umap"), peer, repeats=1)
    return Row(
        name="UMAP against umap-learn with its own neighbours and spectral start",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=_compared(points, timed.ours[0], timed.peers[0]),
        note=f"{len(points):,} × {DIM}, compiled before, the same layout code",
    )


def _tsne(points: VectorPoints) -> Row:
    import openTSNE

    def peer(seed: int) -> npt.NDArray[np.generic]:
        return np.asarray(openTSNE.TSNE(metric="cosine", random_state=0).fit(points.vectors))

    timed = alternate(lambda seed: place(points, "tsne"), peer, repeats=1)
    return Row(
        name="t-SNE against openTSNE with its own neighbours",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=_compared(points, timed.ours[0], timed.peers[0]),
        note=f"{len(points):,} × {DIM}, the same layout code, one thread each",
    )


def _neighbours(points: VectorPoints) -> Row:
    from sklearn.neighbors import NearestNeighbors

    def peer(seed: int) -> npt.NDArray[np.generic]:
        search = NearestNeighbors(n_neighbors=15, metric="cosine", algorithm="brute").fit(points.vectors)
        return np.asarray(search.kneighbors(return_distance=False))

    timed = alternate(lambda seed: nearest(points, 15)[0], peer, repeats=3)
    same = float((np.sort(timed.ours[0], axis=1) == np.sort(timed.peers[0], axis=1)).mean())
    return Row(
        name="15 nearest neighbours against scikit-learn, brute force",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"{same:.2%} of the neighbours the same",
        note=f"{len(points):,} × {DIM}, both exact",
    )


def _trustworthiness(points: VectorPoints) -> Row:
    from sklearn.manifold import trustworthiness

    positions = points.principal_axes(2).positions
    timed = alternate(
        lambda seed: map_quality(points, positions, 15).trustworthiness,
        lambda seed: float(trustworthiness(points.vectors, positions, n_neighbors=15, metric="cosine")),
        repeats=1,
    )
    return Row(
        name="trustworthiness against scikit-learn",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement=f"difference {abs(timed.ours[0] - timed.peers[0]):.0e}",
        note=f"{len(points):,} × {DIM}; ours counts the neighbours kept as well, over blocks of rows",
    )


_FIRST_OURS = """
from taglab.benchmarks.projection import DIM, made_up_vectors, place
from taglab.projection.points import VectorPoints
place(VectorPoints(made_up_vectors(800, DIM)), "umap")
"""
_FIRST_PEER = """
import umap
from taglab.benchmarks.projection import DIM, made_up_vectors
umap.UMAP(metric="cosine", random_state=0).fit_transform(made_up_vectors(800, DIM))
"""


def _first_umap() -> Row:
    """Time new processes from their start to their first map; numba's files on disk are warm for both."""

    def seconds(code: str) -> float:
        started = time.perf_counter()
        command = [sys.executable, "-W", "ignore", "-c", code]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own code, above
        return time.perf_counter() - started

    timed = alternate(lambda seed: seconds(_FIRST_OURS), lambda seed: seconds(_FIRST_PEER), repeats=2)
    return Row(
        name="first UMAP of a new process against umap-learn",
        ours_s=timed.ours_s,
        peer_s=timed.peer_s,
        ratio=timed.ratio,
        agreement="the same method; quality in the row on UMAP",
        note="800 tags × 200, imports included; the dashboard has them done beforehand in the background",
    )
