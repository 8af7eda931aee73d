"""Targets from vectors: how much of each of k clusters a track has, as a distribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.clustering.euclidean import euclidean_kmeans
from taglab.embeddings import OWN, LookedUp, Lookup, compose, resolve, vector_names, vectors_key
from taglab.errors import InvalidSetting
from taglab.factors.maker import TargetMaker
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between, silent
from taglab.targets import FloatArray, Targets
from taglab.vectors import Vectors, feature_names, open_features

DoubleArray = npt.NDArray[np.float64]


class FactorTargets(BaseModel):
    """Which vectors are divided into factors, and how.

    Attributes:
        vectors: Word vectors of the tags; "own" for those trained on the tag lists.
        lookup: How the words of tags are looked up in them.
        features: Saved features of tracks, artists or tags, in place of word vectors.
        k: Number of factors: the clusters of k-means.
        sharpness: How fast a factor's share falls with squared distance from its mean, in units of the mean
            squared distance of vectors from their own: 0 gives all factors the same share, a large one all to
            the nearest.
        seed: Of k-means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vectors: str = "own"
    lookup: LookedUp = Lookup()
    features: str = ""
    k: int = Field(default=50, ge=2)
    sharpness: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    seed: int = Field(default=0, ge=0)


def make(folksonomy: Folksonomy, settings: FactorTargets, progress: Progress = silent) -> Targets:
    """Return how much of each factor every track has.

    Raises:
        NotFound: If there are no such vectors.
        InvalidSetting: If they are of a kind that says nothing of tracks, or too few.
    """
    if settings.features:
        vectors: Vectors = open_features(settings.features)
    else:
        words = resolve(settings.vectors, folksonomy, between(progress, 0.0, 0.5))
        vectors = compose(words, list(folksonomy.tags["tag"]), settings.lookup)
    return factors_of(vectors, folksonomy, settings, between(progress, 0.5, 1.0))


def factors_of(
    vectors: Vectors,
    folksonomy: Folksonomy,
    settings: FactorTargets | None = None,
    progress: Progress = silent,
) -> Targets:
    """Return how much of each of k clusters of vectors every track has.

    A vector's shares are p(j) ∝ exp(-sharpness · |x - c_j|² / s²), with c_j the mean of cluster j and s² the
    mean squared distance of vectors from the mean of their cluster; compared by cosine, vectors are taken at
    length 1. A track has the shares of its own vector, of its artist's, or the mean of its tags', weighted as
    the tags are. Of a track without any nothing is known. A factor is named by the id nearest its mean.

    Args:
        vectors: Of tracks, artists or tags.
        folksonomy: Whose tracks.
        settings: `k`, `sharpness` and `seed`; the defaults where None.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If the vectors are of another kind, or too few for k.
    """
    settings = settings or FactorTargets()
    if vectors.kind not in OF_TRACKS:
        raise InvalidSetting(
            f"vectors of {vectors.kind} say nothing of tracks; take some of {', '.join(OF_TRACKS)}"
        )
    shares, nearest = _soft(vectors, settings, between(progress, 0.0, 0.8))
    has, ids = OF_TRACKS[vectors.kind](folksonomy)
    rows = np.array([vectors.row(one) if one in vectors else -1 for one in ids], np.int64)
    here = np.flatnonzero(rows >= 0)
    sums = np.asarray(has[:, here] @ shares[rows[here]], np.float64)
    weights = sums.sum(axis=1)
    known = weights > 0
    values: FloatArray = np.where(known[:, None], sums / np.where(known, weights, 1)[:, None], 0).astype(
        np.float32
    )
    return Targets(
        kind="distribution",
        tracks=tuple(folksonomy.tracks["track"]),
        columns=tuple(vectors.ids[row] for row in nearest),
        values=values,
        known=known,
        name=vectors.name,
        origin={
            "data": folksonomy.fingerprint,
            "vectors": vectors.fingerprint,
            "settings": settings.model_dump(exclude={"vectors", "lookup", "features"}),
        },
    )


def _soft(
    vectors: Vectors, settings: FactorTargets, progress: Progress
) -> tuple[DoubleArray, npt.NDArray[np.intp]]:
    """Return the shares (ids, k) of each vector, 1 in all, and the row nearest each mean (k,)."""
    from scipy.spatial.distance import cdist
    from scipy.special import softmax

    vectors.require(settings.k)
    # At a scale whose squares are numbers; shares do not depend on it.
    points = vectors.points.astype(np.float64)
    points /= np.abs(points).max(initial=0.0) or 1.0
    weights = np.bincount(vectors.point_of).astype(np.float64)
    distinct = points[vectors.point_rows]
    partition = euclidean_kmeans(distinct, weights, settings.k, settings.seed, progress=progress)
    squared = cdist(points, partition.means, "sqeuclidean")
    own = partition.labels[vectors.point_of]
    members = np.where(own[:, None] == np.arange(settings.k), squared, np.inf)
    scale = float(members.min(axis=1).mean())
    if scale == 0:  # every vector is the mean of its cluster
        shares: DoubleArray = np.eye(settings.k)[own]
    else:
        shares = softmax(-settings.sharpness / scale * squared, axis=1)
    return shares, members.argmin(axis=0)


def _by_track(folksonomy: Folksonomy) -> tuple[sparse.csr_array, Sequence[str]]:
    return sparse.eye_array(folksonomy.n_tracks, format="csr"), list(folksonomy.tracks["track"])


def _by_artist(folksonomy: Folksonomy) -> tuple[sparse.csr_array, Sequence[str]]:
    if not folksonomy.knows_artists:
        raise InvalidSetting(f"vectors of artists need artists, and {folksonomy.name} names none")
    codes, artists = pd.factorize(folksonomy.tracks["artist"])
    known = np.flatnonzero(codes >= 0)
    has = sparse.csr_array(
        (np.ones(len(known)), (known, codes[known])), shape=(folksonomy.n_tracks, len(artists))
    )
    return has, list(artists)


def _by_tag(folksonomy: Folksonomy) -> tuple[sparse.csr_array, Sequence[str]]:
    return folksonomy.matrix, list(folksonomy.tags["tag"])


OF_TRACKS: dict[str, Callable[[Folksonomy], tuple[sparse.csr_array, Sequence[str]]]] = {
    "tracks": _by_track,
    "artists": _by_artist,
    "tags": _by_tag,
}
"""Kind of vectors → a function of a folksonomy: weights (tracks, ids), and the ids."""

MAKER = TargetMaker(
    title="Factors",
    about="How much of each of k clusters of tags, artists or tracks a track has, as a distribution.",
    example="taglab targets factors --data demo --vectors own -k 20",
    settings=FactorTargets,
    make=make,
    others=lambda folksonomy, settings: {
        "vectors": open_features(settings.features).fingerprint
        if settings.features
        else vectors_key(settings.vectors, folksonomy)
    },
    choices=lambda folksonomy: {
        "vectors": [OWN, *vector_names()],
        "features": ["", *feature_names()],
    },
)
