"""A row for every k (and seed, minimum count, embedding): the elbow and silhouette curves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from taglab.cache import content_key, derived_path, write_json
from taglab.clustering.methods import CLUSTERERS, cluster, cluster_distances
from taglab.clustering.result import Clustering, ClusterSettings, Linkage, TooManyClusters
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import silhouette_cosine, silhouette_distances
from taglab.progress import Progress, between, silent
from taglab.tag_vectors import TagVectors

# Part of every row's key: raise it when a change to the code changes the rows.
_FORMAT = 1

COLUMNS = (
    "embedding",
    "min_count",
    "k",
    "seed",
    "within_distance",
    "silhouette",
    "n_tags",
    "smallest",
    "largest",
    "singletons",
    "seconds",
)


class ScanSettings(BaseModel):
    """What a scan goes through: every combination of `min_counts`, `seeds` and `ks`.

    Attributes:
        ks: Numbers of clusters.
        seeds: Seeds of k-means; agglomerative clustering draws nothing, and takes the first only.
        min_counts: Least number of tracks a tag is on, inclusive.
        method: As in `ClusterSettings`, like those that follow.
        linkage: How agglomerative clustering measures clusters.
        restarts: Times k-means starts over.
        max_iterations: Most rounds of k-means.
        tolerance: When k-means stops.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ks: tuple[Annotated[int, Field(ge=1)], ...] = (
        10,
        20,
        30,
        40,
        50,
        75,
        100,
        125,
        150,
        200,
        250,
        300,
        400,
        500,
    )
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    min_counts: tuple[Annotated[int, Field(ge=0)], ...] = (1,)
    method: str = "spherical-k-means"
    linkage: Linkage = "average"
    restarts: int = Field(default=1, ge=1)
    max_iterations: int = Field(default=100, ge=1)
    tolerance: float = Field(default=1e-4, ge=0, lt=1)

    @field_validator("ks", "seeds", "min_counts")
    @classmethod
    def _sorted(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if not values:
            raise ValueError("must name at least one number")
        return tuple(sorted(set(values)))

    def clusterings(self) -> Iterator[ClusterSettings]:
        """Yield the settings of each clustering of one set of tags."""
        shared = self.model_dump(include={"method", "linkage", "restarts", "max_iterations", "tolerance"})
        seeds = self.seeds if self.method != "agglomerative" else self.seeds[:1]
        for seed in seeds:
            for k in self.ks:
                yield ClusterSettings(k=k, seed=seed, **shared)


@dataclass(frozen=True, eq=False)
class _Case:
    """One set of tags and how it is clustered."""

    embedding: str
    min_count: int
    n_tags: int
    fingerprint: str
    run: Callable[[ClusterSettings, Progress], Clustering]
    silhouette: Callable[[npt.NDArray[np.int32], Progress], npt.NDArray[np.float64]]


def scan(
    vectors: TagVectors | Sequence[TagVectors],
    settings: ScanSettings,
    counts: pd.Series | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Cluster by cosine distance for every k, seed, minimum count and embedding, and tell how it went.

    Each row is kept in the cache by its content as soon as it is done: a cancelled scan keeps what it
    had, and a scan that overlaps an earlier one computes only what is new.

    Args:
        vectors: One embedding or several, told apart by their names.
        settings: What to go through.
        counts: Tracks by tag, for `min_counts`. None takes all tags as they are; the one value of
            `min_counts` is then only what the rows say.
        progress: Told after each round; raising from it cancels.

    Returns:
        One row a combination: `embedding`, `min_count`, `k`, `seed`, `within_distance` (thesis, section
        3.5.3), `silhouette` (mean over tags, cosine), `n_tags`, sizes of the `smallest` and `largest`
        cluster, `singletons` (clusters of one tag), `seconds` it took when it was computed. Where k is
        above the number of tags (for k-means, of distinct vectors) there is no clustering: the figures are
        NaN, <NA> for sizes. With k = 1 the silhouette alone is NaN.

    Raises:
        InvalidSetting: If every k is above the number of tags, or a tag has no count.
    """
    return _scan(_cases(vectors, settings, counts), settings, progress)


def scan_distances(
    tags: Sequence[str],
    distances: npt.NDArray[np.floating],
    settings: ScanSettings,
    name: str = "distances",
    progress: Progress = silent,
) -> pd.DataFrame:
    """As `scan`, agglomeratively, for given distances (tags, tags); the tags are taken as they are."""
    case = _Case(
        embedding=name,
        min_count=min(settings.min_counts),
        n_tags=len(tags),
        fingerprint=content_key(list(tags), distances),
        run=lambda one, report: cluster_distances(tags, distances, one, report),
        silhouette=lambda labels, report: silhouette_distances(distances, labels, report),
    )
    return _scan([case], settings, progress)


def finished(
    vectors: TagVectors | Sequence[TagVectors], settings: ScanSettings, counts: pd.Series | None = None
) -> pd.DataFrame:
    """Return the rows of a scan that the cache has already, computing none; columns as `scan`."""
    rows = [
        {**_place(case, one), **row}
        for case in _cases(vectors, settings, counts)
        for one in settings.clusterings()
        if (row := _cached(case, one)) is not None
    ]
    return _table(rows)


def _scan(cases: Sequence[_Case], settings: ScanSettings, progress: Progress) -> pd.DataFrame:
    if settings.method not in CLUSTERERS:
        raise InvalidSetting(f"method={settings.method!r} must be one of: {', '.join(CLUSTERERS)}")
    most = max(case.n_tags for case in cases)
    if min(settings.ks) > most:
        raise InvalidSetting(
            f"k={min(settings.ks)} is the least asked for, but there are only {most} tags; "
            "ask for fewer clusters or lower the minimum count"
        )
    todo = [(case, one) for case in cases for one in settings.clusterings()]
    rows = []
    for number, (case, one) in enumerate(todo):
        report = between(progress, number / len(todo), (number + 1) / len(todo), _text(case, one))
        row = _cached(case, one)
        if row is None:
            row = _compute(case, one, report)
            write_json(_path(case, one), row)
        report(1.0, "")
        rows.append({**_place(case, one), **row})
    return _table(rows)


def _cases(
    vectors: TagVectors | Sequence[TagVectors], settings: ScanSettings, counts: pd.Series | None
) -> list[_Case]:
    embeddings = [vectors] if isinstance(vectors, TagVectors) else list(vectors)
    if not embeddings:
        raise InvalidSetting("there is no embedding to scan")
    return [
        _case(_used(one, min_count, counts, settings), min_count)
        for one in embeddings
        for min_count in settings.min_counts
    ]


def _case(vectors: TagVectors, min_count: int) -> _Case:
    return _Case(
        embedding=vectors.name,
        min_count=min_count,
        n_tags=len(vectors),
        fingerprint=vectors.fingerprint,
        run=lambda one, report: cluster(vectors, one, report),
        silhouette=lambda labels, report: silhouette_cosine(vectors.vectors, labels, report),
    )


def _used(
    vectors: TagVectors, min_count: int, counts: pd.Series | None, settings: ScanSettings
) -> TagVectors:
    if counts is None:
        if len(settings.min_counts) > 1:
            raise InvalidSetting(f"min_counts={settings.min_counts} needs the tags' counts")
        return vectors
    of_tags = counts.reindex(list(vectors.tags))
    if of_tags.isna().any():
        raise InvalidSetting(
            f"tag {of_tags.index[of_tags.isna()][0]!r} has no count; are vectors and counts of the same data?"
        )
    return vectors.select(of_tags.index[of_tags >= min_count])


def _text(case: _Case, one: ClusterSettings) -> str:
    return f"{case.embedding or 'vectors'}, {case.n_tags} tags, k={one.k}"


def _place(case: _Case, one: ClusterSettings) -> dict[str, Any]:
    return {"embedding": case.embedding, "min_count": case.min_count, "k": one.k, "seed": one.seed}


def _path(case: _Case, one: ClusterSettings) -> Path:
    unused = (
        {"linkage"} if one.method != "agglomerative" else {"seed", "restarts", "max_iterations", "tolerance"}
    )
    key = content_key("scan", _FORMAT, case.fingerprint, one.model_dump(exclude=unused))
    return derived_path("scan", key, ".json")


def _cached(case: _Case, one: ClusterSettings) -> dict[str, Any] | None:
    """Return a row of the cache, None where there is none or it is damaged and so must be computed anew."""
    try:
        row = json.loads(_path(case, one).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return row if isinstance(row, dict) and row.keys() == set(COLUMNS[4:]) else None


def _compute(case: _Case, one: ClusterSettings, progress: Progress) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS[4:]) | {"n_tags": case.n_tags}
    if one.k > case.n_tags:  # none at all, perhaps, of which no clustering could be asked
        return row
    started = time.perf_counter()
    try:
        clustering = case.run(one, between(progress, 0.0, 0.8))
    except TooManyClusters:
        return row
    sizes = clustering.sizes
    row |= {
        "within_distance": clustering.within_distance,
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "singletons": int((sizes == 1).sum()),
    }
    if one.k > 1:
        row["silhouette"] = float(case.silhouette(clustering.labels, between(progress, 0.8, 1.0)).mean())
    return row | {"seconds": time.perf_counter() - started}


def _table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = dict.fromkeys(("min_count", "k", "seed", "n_tags", "smallest", "largest", "singletons"), "Int64")
    real = dict.fromkeys(("within_distance", "silhouette", "seconds"), "float64")
    return table.astype({"embedding": "str", **whole, **real})


def suggestions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which k the curves of a scan speak for.

    Args:
        rows: As `scan` returns them; figures are averaged over seeds first.

    Returns:
        One row a curve: `embedding`, `min_count`, `best_k` (of the highest mean silhouette, the least on a
        tie; <NA> where no silhouette is known), `silhouette` (there), `elbow_k` (see `elbow`; <NA> if none).
    """
    curves = []
    for (embedding, min_count), curve in rows.groupby(["embedding", "min_count"], sort=False):
        means = curve.groupby("k")[["within_distance", "silhouette"]].mean()
        known = means["silhouette"].dropna()
        within = means["within_distance"].dropna()
        curves.append(
            {
                "embedding": embedding,
                "min_count": min_count,
                "best_k": known.idxmax() if len(known) else pd.NA,
                "silhouette": known.max() if len(known) else np.nan,
                "elbow_k": elbow(within.index.to_numpy(int), within.to_numpy(float)) or pd.NA,
            }
        )
    columns = ["embedding", "min_count", "best_k", "silhouette", "elbow_k"]
    return pd.DataFrame(curves, columns=columns).astype(
        {"min_count": "Int64", "best_k": "Int64", "elbow_k": "Int64"}
    )


def elbow(ks: npt.ArrayLike, within_distances: npt.ArrayLike) -> int | None:
    """Return the k at which the within-cluster distance turns from falling fast to falling slowly.

    That is the k farthest below the straight line between the curve's two ends, both axes scaled to
    [0, 1] (without the smoothing of Satopaa et al. 2011). It depends on which k were scanned, above all
    on the largest: a suggestion, no more.

    Args:
        ks: Array (rows,), rising.
        within_distances: Array (rows,), finite.

    Returns:
        A value of `ks`; None where there are fewer than three, the curve does not fall, or it lies
        nowhere below the line.
    """
    k, within = np.asarray(ks, float), np.asarray(within_distances, float)
    if len(k) < 3 or within[0] <= within[-1]:
        return None
    below = 1 - (k - k[0]) / (k[-1] - k[0]) - (within - within[-1]) / (within[0] - within[-1])
    best = int(below.argmax())
    return int(k[best]) if below[best] > 1e-9 else None
