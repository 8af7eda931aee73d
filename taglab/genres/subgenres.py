"""The tags of a genre, divided into subgenres by which of them share tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import sparse

from taglab.clustering import Agglomerative, Clustering, SphericalKMeans, cluster, cluster_distances
from taglab.clustering.agglomerative import Linkage
from taglab.clustering.result import TooManyClusters
from taglab.cooccurrence import NpmiSettings, cooccurrence, pairs_of_all
from taglab.embeddings.tag_skipgram import NoSharedTracks, TagSkipGramSettings, train_tag_skipgram
from taglab.errors import InvalidSetting, TooManyTags
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace, from_classes
from taglab.metrics.clustering import silhouette_cosine, silhouette_distances
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_ALONE = "shares no track with another tag of the genre"
_TOO_MANY = "its genre has too many tags to be divided"


class SubgenreSettings(BaseModel):
    """How a genre's tags are divided.

    Attributes:
        method: "npmi", agglomerative on 1 − NPMI (model 4.1); "tag-embeddings", spherical k-means on a
            skip-gram's vectors of the genre's tags (model 4.2).
        k_min: Fewest clusters tried.
        k_max: Most clusters tried, inclusive; never more than the tags less one. The k with the highest
            mean silhouette is taken, on a tie the least.
        linkage: Of the agglomerative clustering.
        keep_main_tag: Whether the genre's most used tag is clustered with the others. The dictionaries
            published with the thesis leave it out: it is near to all of them.
        drop_rare: Whether tags with fewer tracks than the fourth root of the genre's largest count are left
            out: of what was met so seldom, co-occurrence says little.
        drop_singletons: Whether clusters of one tag are left out of the label space.
        seed: Of k-means.
        restarts: Times k-means starts over.
        npmi: What co-occurrence is measured against; of "npmi" only.
        skip_gram: How the vectors are trained; of "tag-embeddings" only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "npmi"
    k_min: int = Field(5, ge=2, le=10_000)
    k_max: int = Field(20, ge=2, le=10_000)
    linkage: Linkage = "average"
    keep_main_tag: bool = False
    drop_rare: bool = True
    drop_singletons: bool = True
    seed: int = Field(0, ge=0)
    restarts: int = Field(5, ge=1, le=1000)
    npmi: NpmiSettings = NpmiSettings()
    skip_gram: TagSkipGramSettings = TagSkipGramSettings()

    @model_validator(mode="after")
    def _ordered(self) -> SubgenreSettings:
        if self.k_min > self.k_max:
            raise ValueError(f"k_min={self.k_min} must not exceed k_max={self.k_max}")
        if self.method not in SUBGENRES:
            raise ValueError(f"method={self.method!r} must be one of: {', '.join(SUBGENRES)}")
        return self


class Space(Protocol):
    """Where the tags of a genre lie, by one of the methods."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags that have a place."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Tags that have none: they share no track with another tag of the genre."""

    @property
    def distances(self) -> DoubleArray:
        """Of all pairs of `tags`, (tags, tags): 1 − NPMI, or 1 − cosine."""

    def cluster(self, tags: Sequence[str], k: int, settings: SubgenreSettings) -> Clustering:
        """Cluster some of the tags into k clusters."""

    def silhouettes(self, clustering: Clustering) -> DoubleArray:
        """Return the silhouette of each clustered tag."""


@dataclass(frozen=True, eq=False)
class Subgenres:
    """What a genre was divided into.

    Attributes:
        genre: Name of the class.
        main_tag: Its most used tag.
        tags: All tags that have a place, the main one among them, as `distances` has them.
        distances: (tags, tags), for a map; 1 − NPMI, or 1 − cosine of the vectors.
        left_out: `tag`, `count`, `reason` of the tags that are in no subgenre.
        curve: `k`, `silhouette` (mean) of every k tried.
        clustering: The one taken; None where the genre has too few tags to divide.
        silhouettes: Of its tags, (clustered tags,).
        clusters: The tags of each subgenre, most used first.
        note: What to know of a genre that could not be divided; empty otherwise.
    """

    genre: str
    main_tag: str
    tags: tuple[str, ...]
    distances: DoubleArray
    left_out: pd.DataFrame
    curve: pd.DataFrame
    clustering: Clustering | None
    silhouettes: DoubleArray
    clusters: tuple[tuple[str, ...], ...]
    note: str = ""

    __repr__ = one_line

    @property
    def silhouette(self) -> float:
        """Mean silhouette; NaN where there is no clustering."""
        return float(self.silhouettes.mean()) if len(self.silhouettes) else float("nan")


@dataclass(frozen=True, eq=False)
class _Distances:
    """A `Space` of distances alone."""

    tags: tuple[str, ...]
    distances: DoubleArray
    missing: tuple[str, ...] = ()

    def cluster(self, tags: Sequence[str], k: int, settings: SubgenreSettings) -> Clustering:
        merging = Agglomerative(k=k, linkage=settings.linkage)
        return cluster_distances(tags, self._among(tags), merging)

    def silhouettes(self, clustering: Clustering) -> DoubleArray:
        return silhouette_distances(self._among(clustering.tags), clustering.labels)

    def _among(self, tags: Sequence[str]) -> DoubleArray:
        row_of = {tag: row for row, tag in enumerate(self.tags)}
        rows = [row_of[tag] for tag in tags]
        return self.distances[np.ix_(rows, rows)]


@dataclass(frozen=True, eq=False)
class _Vectors:
    """A `Space` of vectors."""

    vectors: TagVectors

    @property
    def tags(self) -> tuple[str, ...]:
        return self.vectors.tags

    @property
    def missing(self) -> tuple[str, ...]:
        return self.vectors.missing

    @cached_property
    def distances(self) -> DoubleArray:
        unit = self.vectors.vectors.astype(np.float64)
        cosines = unit @ unit.T
        distances = np.clip(1 - (cosines + cosines.T) / 2, 0, 2)
        np.fill_diagonal(distances, 0)
        return distances

    def cluster(self, tags: Sequence[str], k: int, settings: SubgenreSettings) -> Clustering:
        means = SphericalKMeans(k=k, seed=settings.seed, restarts=settings.restarts)
        return cluster(self.vectors.select(tags), means)

    def silhouettes(self, clustering: Clustering) -> DoubleArray:
        return silhouette_cosine(self.vectors.select(clustering.tags).vectors, clustering.labels)


def _by_npmi(
    matrix: sparse.csr_array,
    columns: IntArray,
    tags: Sequence[str],
    settings: SubgenreSettings,
    progress: Progress,
) -> Space:
    pairs = cooccurrence(matrix[:, columns], tags, progress, pairs_of_all(matrix))
    met = np.diff(pairs.pairs.indptr) > 1  # with another, beside itself
    distances = pairs.npmi_distances(settings.npmi)
    if not met.all():
        distances = distances[np.ix_(met, met)]
    names = np.array(tags, dtype=object)
    return _Distances(tuple(names[met]), distances, tuple(names[~met]))


def _by_tag_embeddings(
    matrix: sparse.csr_array,
    columns: IntArray,
    tags: Sequence[str],
    settings: SubgenreSettings,
    progress: Progress,
) -> Space:
    incidence = sparse.csr_array(matrix[:, columns])
    return _Vectors(train_tag_skipgram(incidence, tags, settings.skip_gram, progress=progress).vectors)


Method = Callable[[sparse.csr_array, IntArray, Sequence[str], SubgenreSettings, Progress], Space]
"""Places a genre's tags: matrix of all tags (tracks, tags), the genre's columns of it, and their names."""

SUBGENRES: dict[str, Method] = {"npmi": _by_npmi, "tag-embeddings": _by_tag_embeddings}


def divide(
    folksonomy: Folksonomy,
    genre: LabelClass,
    settings: SubgenreSettings | None = None,
    progress: Progress = silent,
) -> Subgenres:
    """Divide one genre into subgenres.

    Co-occurrence is counted over the tracks that have one of the genre's tags, all of its tags included;
    what is left out of the clustering is left out afterwards.

    Args:
        folksonomy: Whose tracks count. Tags of the genre that it lacks are left out.
        genre: Its tags.
        settings: The defaults where None.
        progress: Told after each k.

    Source:
        Ros Perez 2021, sections 8.1 and 8.2.
    """
    chosen = settings or SubgenreSettings()
    rows = np.flatnonzero(folksonomy.tags["tag"].isin(genre.tags))
    counts = {str(tag): int(n) for tag, n in folksonomy.tags.iloc[rows][["tag", "count"]].to_numpy()}
    left = _LeftOut(counts)
    left.add([tag for tag in genre.tags if tag not in counts], "not a tag of the data")
    if not counts:
        return _undivided(genre.name, "", left, "none of its tags is a tag of the data")
    tags = list(counts)
    place = SUBGENRES[chosen.method]
    try:
        space = place(folksonomy.matrix, rows, tags, chosen, between(progress, 0.0, 0.5))
    except (TooManyTags, NoSharedTracks) as error:
        left.add(tags, _TOO_MANY if isinstance(error, TooManyTags) else _ALONE)
        return _undivided(genre.name, tags[0], left, str(error))
    clustered = _to_cluster(space, tags[0], counts, chosen, left)
    return _divided(genre.name, tags[0], space, clustered, chosen, left, between(progress, 0.5, 1.0))


def _to_cluster(
    space: Space, main: str, counts: dict[str, int], settings: SubgenreSettings, left: _LeftOut
) -> list[str]:
    """Return the tags that are clustered, and note why the others are not."""
    left.add(space.missing, _ALONE)
    least = max(counts.values()) ** 0.25 if settings.drop_rare else 0.0
    clustered = []
    for tag in space.tags:
        if tag == main and not settings.keep_main_tag:
            left.add([tag], "the genre's main tag")
        elif counts[tag] < least:
            left.add([tag], f"on fewer than {least:.3g} tracks, the fourth root of the largest count")
        else:
            clustered.append(tag)
    return clustered


def _divided(
    genre: str,
    main: str,
    space: Space,
    clustered: list[str],
    settings: SubgenreSettings,
    left: _LeftOut,
    progress: Progress,
) -> Subgenres:
    most = len(clustered) - 1
    if most < 2:
        clusters: tuple[tuple[str, ...], ...] = (tuple(clustered),) if len(clustered) > 1 else ()
        if not clusters:
            left.add(clustered, "alone in its genre")
        note = f"{len(clustered)} tags are left to cluster, and it takes 3 to choose how many clusters"
        return _undivided(genre, main, left, note, clusters, space)
    ks = range(min(settings.k_min, most), min(settings.k_max, most) + 1)
    curve: list[tuple[int, float]] = []
    best: tuple[float, Clustering, DoubleArray] | None = None
    for number, k in enumerate(ks, 1):
        try:
            clustering = space.cluster(clustered, k, settings)
        except TooManyClusters:  # vectors that coincide leave fewer places than tags
            break
        scores = space.silhouettes(clustering)
        curve.append((k, float(scores.mean())))
        if best is None or scores.mean() > best[0]:
            best = float(scores.mean()), clustering, scores
        progress(number / len(ks), f"{genre}: k = {k}")
    if best is None:
        note = f"the tags have fewer than {ks[0]} distinct places"
        return _undivided(genre, main, left, note, (tuple(clustered),), space)
    _, clustering, scores = best
    clusters = tuple(clustering.members(number) for number in range(clustering.k))
    if settings.drop_singletons:
        left.add([tags[0] for tags in clusters if len(tags) == 1], "alone in its cluster")
        clusters = tuple(tags for tags in clusters if len(tags) > 1)
    return Subgenres(
        genre=genre,
        main_tag=main,
        tags=space.tags,
        distances=space.distances,
        left_out=left.table(),
        curve=pd.DataFrame(curve, columns=["k", "silhouette"]),
        clustering=clustering,
        silhouettes=scores,
        clusters=clusters,
    )


def _undivided(
    genre: str,
    main: str,
    left: _LeftOut,
    note: str,
    clusters: tuple[tuple[str, ...], ...] = (),
    space: Space | None = None,
) -> Subgenres:
    return Subgenres(
        genre=genre,
        main_tag=main,
        tags=space.tags if space else (),
        distances=space.distances if space else np.zeros((0, 0)),
        left_out=left.table(),
        curve=pd.DataFrame({"k": np.zeros(0, np.int64), "silhouette": np.zeros(0)}),
        clustering=None,
        silhouettes=np.zeros(0),
        clusters=clusters,
        note=note,
    )


class _LeftOut:
    """Tags that are not clustered, and why."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._rows: list[tuple[str, int, str]] = []

    def add(self, tags: Sequence[str], reason: str) -> None:
        self._rows += [(tag, self._counts.get(tag, 0), reason) for tag in tags]

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=["tag", "count", "reason"]).astype({"count": "int64"})


def subgenre_space(
    folksonomy: Folksonomy,
    genres: LabelSpace,
    settings: SubgenreSettings | None = None,
    name: str = "",
    progress: Progress = silent,
) -> tuple[LabelSpace, tuple[Subgenres, ...]]:
    """Divide every class of a label space; the union of the subgenres is another label space.

    Args:
        folksonomy: Whose tracks count.
        genres: Each class a genre.
        settings: The defaults where None.
        name: What to call the label space.
        progress: Told after each k of each genre.

    Raises:
        InvalidSetting: If no genre has anything left to be a class.
    """
    chosen = settings or SubgenreSettings()
    divided = tuple(
        divide(
            folksonomy,
            genre,
            chosen,
            between(progress, number / len(genres), (number + 1) / len(genres), genre.name),
        )
        for number, genre in enumerate(genres.classes)
    )
    sets = [cluster for of_genre in divided for cluster in of_genre.clusters]
    if not sets:
        raise InvalidSetting(
            f"none of the {len(genres)} genres of {genres.name!r} could be divided: "
            + "; ".join(
                f"{of_genre.genre}: {of_genre.note or 'only clusters of one tag'}" for of_genre in divided[:3]
            )
        )
    made_by: dict[str, Any] = {
        "from": "subgenres",
        "data": folksonomy.name,
        "genres": genres.name,
        **chosen.model_dump(),
        "k": {
            of_genre.genre: of_genre.clustering.k for of_genre in divided if of_genre.clustering is not None
        },
    }
    numbered = {str(number): tags for number, tags in enumerate(sets)}
    title = name or f"{genres.name} subgenres by {chosen.method}"
    return from_classes(numbered, folksonomy.counts(), made_by, title), divided
