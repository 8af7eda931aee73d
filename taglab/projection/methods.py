"""The methods: where each puts the tags on the map.

PCA looks at the unit vectors themselves. t-SNE's affinities are Gaussian in the Euclidean distance between
unit vectors, whose square is twice the cosine distance. UMAP's memberships fall exponentially with the
cosine distance. Both take exact neighbours and begin from PCA, so that what is far apart starts far apart
(Kobak & Linderman 2021).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.parallel import idle_threads_sleep
from taglab.progress import Progress, between, silent
from taglab.projection.points import Axes, FloatArray, Points, nearest
from taglab.projection.settings import ProjectionSettings

_TSNE_EARLY_ITERATIONS, _TSNE_ITERATIONS = 250, 500
_TSNE_EARLY_EXAGGERATION = 12
_UMAP_EPOCHS_FEW, _UMAP_EPOCHS_MANY, _UMAP_FEW_TAGS = 500, 200, 10_000


@dataclass(frozen=True)
class ProjectionMethod:
    """A way to draw a map.

    Attributes:
        title: As people call it.
        about: One sentence.
        uses: The settings it heeds, beyond method, dimensions and those of the quality.
        least_tags: Below this many it has nothing to work with.
        place: Takes the points, settings that fit them, and progress; returns positions (tags, dimensions)
            and, where the method has them, its axes.
        seconds: Estimate for (tags, dim, settings), without the quality; see `taglab.projection.cost`.
    """

    title: str
    about: str
    uses: tuple[str, ...]
    least_tags: int
    place: Callable[[Points, ProjectionSettings, Progress], tuple[FloatArray, Axes | None]]
    seconds: Callable[[int, int, ProjectionSettings], float]


def place_pca(
    points: Points, settings: ProjectionSettings, progress: Progress = silent
) -> tuple[FloatArray, Axes | None]:
    """Place tags along their principal axes; of distances, by classical scaling."""
    progress(0.0, "principal axes")
    axes = points.principal_axes(settings.dimensions)
    return axes.positions, axes


def place_tsne(
    points: Points, settings: ProjectionSettings, progress: Progress = silent
) -> tuple[FloatArray, Axes | None]:
    """Place tags by t-SNE, with openTSNE: Barnes-Hut below 10,000 tags and in 3-D, else interpolation.

    Bitwise the same whatever the number of threads.

    Source:
        van der Maaten & Hinton (2008); Linderman et al. (2019); Belkina et al. (2019) for the learning rate.
    """
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    k = min(len(points) - 1, int(3 * settings.perplexity))
    neighbours, distances = nearest(points, k, between(progress, 0.0, 0.2))
    euclidean = np.sqrt(points.squared_euclidean(distances), dtype=np.float64)
    affinities = PerplexityBasedNN(
        perplexity=settings.perplexity,
        knn_index=PrecomputedNeighbors(neighbours, euclidean),
        n_jobs=_threads(),
    )
    steps = between(progress, 0.2, 1.0)
    every = _TSNE_EARLY_ITERATIONS + _TSNE_ITERATIONS
    gradient = "bh" if settings.dimensions == 3 or len(points) < 10_000 else "fft"
    embedding = TSNEEmbedding(
        _start(points, settings, scale=1e-4), affinities, negative_gradient_method=gradient, n_jobs=_threads()
    )
    for before, iterations, exaggeration in (
        (0, _TSNE_EARLY_ITERATIONS, _TSNE_EARLY_EXAGGERATION),
        (_TSNE_EARLY_ITERATIONS, _TSNE_ITERATIONS, 1),
    ):

        def report(iteration: int, error: float, positions: object, before: int = before) -> None:
            steps((before + iteration) / every, f"t-SNE, step {before + iteration} of {every}")

        embedding = embedding.optimize(
            n_iter=iterations,
            exaggeration=exaggeration,
            momentum=0.8,
            callbacks=report,
            callbacks_every_iters=10,
        )
    return np.asarray(embedding, np.float32), None


def _threads() -> int:
    """Return how many threads openTSNE is to use: all there are (-1) if those that wait give up their core.

    Where they spin, that took twenty times as long as one thread does with anything else running beside.
    """
    return -1 if idle_threads_sleep() else 1


def place_umap(
    points: Points, settings: ProjectionSettings, progress: Progress = silent
) -> tuple[FloatArray, Axes | None]:
    """Place tags by UMAP, with umap-learn's own graph and layout.

    Given exact neighbours and a start, it needs neither pynndescent nor a spectral embedding, which are
    most of what compiles, and the latter fails on tags that fall into many separate groups.

    Source:
        McInnes, Healy & Melville (2018).
    """
    progress(0.0, "preparing UMAP (compiled once on each machine)")
    umap = _umap_learn()
    n_tags = len(points)
    others, apart = nearest(points, settings.n_neighbors - 1, between(progress, 0.0, 0.2))
    # umap-learn counts a tag among its own neighbours.
    neighbours = np.column_stack([np.arange(n_tags, dtype=np.int32), others])
    distances = np.column_stack([np.zeros(n_tags, np.float32), apart])
    source = np.empty((n_tags, 0), np.float32)  # only its length is read, neighbours and start being given
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="umap")
        graph, _, _ = umap.fuzzy_simplicial_set(
            source, settings.n_neighbors, None, "cosine", knn_indices=neighbours, knn_dists=distances
        )
        a, b = umap.find_ab_params(spread=1.0, min_dist=settings.min_dist)
        positions, _ = umap.simplicial_set_embedding(
            source,
            graph,
            n_components=settings.dimensions,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=_Epochs(_umap_epochs(n_tags), between(progress, 0.2, 1.0)),
            init=_start(points, settings, scale=1.0),
            random_state=np.random.RandomState(settings.seed),  # umap-learn takes no other kind
            metric="cosine",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
        )
    return np.asarray(positions, np.float32), None


def _umap_epochs(n_tags: int) -> int:
    return _UMAP_EPOCHS_FEW if n_tags <= _UMAP_FEW_TAGS else _UMAP_EPOCHS_MANY


def _start(points: Points, settings: ProjectionSettings, scale: float) -> npt.NDArray[np.float64]:
    """Return principal axes, the first scaled to a standard deviation, with a little noise.

    The noise parts tags that coincide, and gives an axis along which nothing varies an extent.
    """
    positions = points.principal_axes(settings.dimensions).positions.astype(np.float64)
    deviation = positions[:, 0].std()
    if deviation > 0:
        positions *= scale / deviation
    noise = np.random.default_rng(settings.seed).normal(scale=0.01 * scale, size=positions.shape)
    return positions + noise


class _Epochs(list[int]):
    """The epochs after which umap-learn is to keep the layout: the last.

    It asks after each epoch whether this is one of them, and that is where progress is told: its only other
    hook, tqdm's output, is called under a lock that stays taken when a cancelled computation raises.
    """

    def __init__(self, count: int, progress: Progress) -> None:
        super().__init__([count])
        self.total = count
        self.progress = progress

    def __contains__(self, epoch: object) -> bool:
        done = int(str(epoch)) + 1
        self.progress(done / self.total, f"UMAP, epoch {done} of {self.total}")
        return False


def _umap_learn() -> Any:
    """Import umap-learn such that what numba compiles of it is kept on disk, beside its own files.

    umap-learn asks that of few of its functions; compiling those that we use takes some 5 s in each process.
    """
    import numba.core.dispatcher
    from umap import layouts, umap_, utils

    for module in (utils, layouts, umap_):
        for function in vars(module).values():
            if isinstance(function, numba.core.dispatcher.Dispatcher) and not function.overloads:
                try:
                    function.enable_caching()
                except RuntimeError:  # nowhere to write: it compiles in each process, as it would anyhow
                    return umap_
    return umap_


def import_without_compiling() -> None:
    """Import what every method and the quality need, about a second; of UMAP nothing."""
    import openTSNE.affinity  # noqa: F401
    import scipy.sparse.linalg
    import scipy.spatial  # noqa: F401


def warm_up() -> None:
    """Compile what UMAP needs, by drawing tiny maps in 2-D and 3-D (the code is the same for both)."""
    from taglab.projection.points import VectorPoints

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(32, 4)).astype(np.float32)
    points = VectorPoints(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    place_umap(points, ProjectionSettings(method="umap", n_neighbors=5))


# The coefficients below are seconds on two cores of a server processor (AMD EPYC with AVX-512), otherwise
# idle, from 700 to 522,000 tags of 200 dimensions; for t-SNE and UMAP they hold to within a factor of two,
# because how fast a layout goes depends on how the tags lie.


def pairs_seconds(n_rows: int, n_tags: int, dim: int) -> float:
    """Estimate what comparing some tags with all takes."""
    return n_rows * n_tags * (2.4e-9 + 1.4e-11 * dim)


def _pca_seconds(n_tags: int, dim: int, settings: ProjectionSettings) -> float:
    if dim == 0:
        return 3e-8 * n_tags**2
    return 3e-11 * n_tags * dim**2 + 1.2e-9 * dim**3


def _tsne_seconds(n_tags: int, dim: int, settings: ProjectionSettings) -> float:
    step = 3.5e-6 * n_tags * (0.5 + settings.perplexity / 60)
    if settings.dimensions == 3:
        step *= np.log2(n_tags) / 8
    steps = _TSNE_EARLY_ITERATIONS + _TSNE_ITERATIONS
    return float(pairs_seconds(n_tags, n_tags, dim) + steps * step)


def _umap_seconds(n_tags: int, dim: int, settings: ProjectionSettings) -> float:
    epoch = 4e-6 * n_tags * settings.n_neighbors / 15
    return pairs_seconds(n_tags, n_tags, dim) + _umap_epochs(n_tags) * epoch


PROJECTIONS: dict[str, ProjectionMethod] = {
    "pca": ProjectionMethod(
        title="PCA",
        about="The directions in which tags differ most: a shadow in which distances mean something.",
        uses=(),
        least_tags=1,
        place=place_pca,
        seconds=_pca_seconds,
    ),
    "tsne": ProjectionMethod(
        title="t-SNE",
        about="Keeps near tags near: groups show, the distances between them and their sizes mean little.",
        uses=("perplexity",),
        least_tags=4,
        place=place_tsne,
        seconds=_tsne_seconds,
    ),
    "umap": ProjectionMethod(
        title="UMAP",
        about="Keeps near tags near, in tighter groups than t-SNE's; distances between groups mean little.",
        uses=("n_neighbors", "min_dist"),
        least_tags=4,
        place=place_umap,
        seconds=_umap_seconds,
    ),
}
