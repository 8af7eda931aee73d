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

from taglab.cache import content_key, derived_path, keep, read_object, recalled
from taglab.clustering.methods import CLUSTERERS, cluster, cluster_distances
from taglab.clustering.result import Clustering, ClusterSettings, Linkage
from taglab.errors import DataError, InvalidSetting
from taglab.metrics.clustering import silhouette_cosine, silhouette_distances
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

# Part of every row's key: raise it when a change to the code changes the rows.
_FORMAT = 2

# From this share of tags on that add no point, silhouettes are over points unless told otherwise.
_MANY_COINCIDE = 0.05
OVER_TAGS, OVER_POINTS = "tags", "distinct vectors"

COLUMNS = (
    "embedding",
    "min_count",
    "k",
    "seed",
    "within_distance",
    "silhouette",
    "over",
    "n_tags",
    "n_points",
    "smallest",
    "largest",
    "singletons",
    "single_points",
    "seconds",
)


class ScanSettings(BaseModel):
    """What a scan goes through: every combination of `min_counts`, `seeds` and `ks`.

    Attributes:
        ks: Numbers of clusters.
        seeds: Seeds of k-means; agglomerative clustering draws nothing, and takes the first only.
        min_counts: Least number of tracks a tag is on, inclusive.
        distinct: Whether silhouettes are over distinct vectors, each once, instead of over tags: tags that
            share their point are as near to each other as can be, and make many small clusters look good.
            None: where at least one tag in twenty shares its point with a more used one.
        least_size: Tags (or distinct vectors) in clusters of fewer score 0, as one that is alone in its
            cluster does by the definition of the silhouette; 3 takes away what clusters of two gain.
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
    distinct: bool | None = None
    least_size: int = Field(default=2, ge=2)
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
class Scan:
    """Clusterings of many k.

    Attributes:
        rows: One row a combination: `embedding`, `min_count`, `k`, `seed`, `within_distance` (thesis, section
            3.5.3), `silhouette` (mean, cosine; NaN for k = 1), `over` (what the mean is over: "tags" or
            "distinct vectors"), `n_tags`, `n_points` (distinct vectors), tags in the `smallest` and
            `largest` cluster, `singletons` (clusters of one tag), `single_points` (clusters of one distinct
            vector, however many tags share it), `seconds` it took when it was computed.
        asked: How many rows there are once all is computed.
        notes: Sentences on what differs from what was asked for, and why.
    """

    rows: pd.DataFrame
    asked: int
    notes: tuple[str, ...]

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class _Case:
    """One set of tags and how it is clustered.

    Attributes:
        embedding: Name of the vectors.
        min_count: Least number of tracks a tag is on.
        n_tags: How many there are.
        points: Array (points,): the first tag at each distinct point.
        fingerprint: Of the tags and their vectors.
        run: Clusters them.
        silhouette: Returns the silhouettes (rows,) of some of the tags, by rows and labels of these.
    """

    embedding: str
    min_count: int
    n_tags: int
    points: npt.NDArray[np.intp]
    fingerprint: str
    run: Callable[[ClusterSettings, Progress], Clustering]
    silhouette: Callable[[npt.NDArray[np.intp], npt.NDArray[np.int32], Progress], npt.NDArray[np.float64]]

    @property
    def name(self) -> str:
        """How sentences call it."""
        return f"{self.embedding or 'vectors'}, count ≥ {self.min_count}"

    def over(self, settings: ScanSettings) -> str:
        """Return what silhouettes are over."""
        distinct = settings.distinct
        if distinct is None:
            distinct = self.n_tags - len(self.points) >= max(1, _MANY_COINCIDE * self.n_tags)
        return OVER_POINTS if distinct else OVER_TAGS

    def mean_silhouette(
        self, labels: npt.NDArray[np.int32], over: str, least: int, report: Progress
    ) -> float:
        """Return the mean over tags or points, with 0 for those in clusters of fewer than `least`."""
        rows = self.points if over == OVER_POINTS else np.arange(len(labels))
        scores = self.silhouette(rows, labels[rows], report)
        scores[np.bincount(labels[rows])[labels[rows]] < least] = 0
        return float(scores.mean())


def scan(
    vectors: TagVectors | Sequence[TagVectors],
    settings: ScanSettings,
    counts: pd.Series | None = None,
    progress: Progress = silent,
) -> Scan:
    """Cluster by cosine distance for every k, seed, minimum count and embedding, and tell how it went.

    Each row is kept in the cache by its content as soon as it is done: a cancelled scan keeps what it
    had, and a scan that overlaps an earlier one computes only what is new. A k above the number of distinct
    vectors is left out, and named in the notes: tags that share one cannot be told apart.

    Args:
        vectors: One embedding or several, told apart by their names.
        settings: What to go through.
        counts: Tracks by tag, for `min_counts`. None takes all tags as they are; the one value of
            `min_counts` is then only what the rows say.
        progress: Told after each round; raising from it cancels.

    Raises:
        InvalidSetting: If no k is possible, or a tag has no count.
    """
    return _scan(_cases(vectors, settings, counts), settings, progress)


def scan_distances(
    tags: Sequence[str],
    distances: npt.NDArray[np.floating],
    settings: ScanSettings,
    name: str = "distances",
    progress: Progress = silent,
) -> Scan:
    """As `scan`, agglomeratively, for given distances (tags, tags); tags at distance 0 share a point."""
    case = _Case(
        embedding=name,
        min_count=min(settings.min_counts),
        n_tags=len(tags),
        points=np.unique((distances == 0).argmax(axis=1)),
        fingerprint=content_key(list(tags), distances),
        run=lambda one, report: cluster_distances(tags, distances, one, report),
        silhouette=lambda rows, labels, report: silhouette_distances(
            distances[np.ix_(rows, rows)], labels, report
        ),
    )
    return _scan([case], settings, progress)


def finished(
    vectors: TagVectors | Sequence[TagVectors], settings: ScanSettings, counts: pd.Series | None = None
) -> Scan:
    """Return of a scan what the cache has already, computing nothing."""
    cases = _cases(vectors, settings, counts)
    kept = [(case, one, _cached(case, one, settings)) for case, one in _todo(cases, settings)]
    rows = [{**_place(case, one), **row} for case, one, row in kept if row is not None]
    return Scan(_table(rows), len(kept), _notes(cases, settings))


def _todo(cases: Sequence[_Case], settings: ScanSettings) -> list[tuple[_Case, ClusterSettings]]:
    return [(case, one) for case in cases for one in settings.clusterings() if one.k <= len(case.points)]


def _notes(cases: Sequence[_Case], settings: ScanSettings) -> tuple[str, ...]:
    """Say of which case which k are left out, and where silhouettes are over distinct vectors."""
    notes = []
    for case in cases:
        tags, points = case.n_tags, len(case.points)
        beyond = [k for k in settings.ks if k > points]
        if beyond:
            ks = (
                f"k = {beyond[0]}"
                if len(beyond) == 1
                else f"{len(beyond)} k from {beyond[0]} to {beyond[-1]}"
            )
            notes.append(f"{case.name}: {ks} left out, above the {points:,} distinct vectors")
        if points and case.over(settings) == OVER_POINTS:
            notes.append(
                f"{case.name}: silhouettes are over {points:,} distinct vectors, each once: "
                f"{tags - points:,} of {tags:,} tags share the vector of another"
            )
    return tuple(notes)


def _scan(cases: Sequence[_Case], settings: ScanSettings, progress: Progress) -> Scan:
    if settings.method not in CLUSTERERS:
        raise InvalidSetting(f"method={settings.method!r} must be one of: {', '.join(CLUSTERERS)}")
    most = max(cases, key=lambda case: len(case.points))
    todo = _todo(cases, settings)
    if not todo:
        raise InvalidSetting(
            f"k={min(settings.ks)} is the least asked for, but {most.n_tags} tags have only "
            f"{len(most.points)} distinct vectors; ask for fewer clusters or lower the minimum count"
        )
    rows = []
    for number, (case, one) in enumerate(todo):
        report = between(progress, number / len(todo), (number + 1) / len(todo), _text(case, one))
        row = _cached(case, one, settings)
        if row is None:
            row = _compute(case, one, settings, report)
            keep(_path(case, one, settings), row, _write)
        report(1.0, "")
        rows.append({**_place(case, one), **row})
    return Scan(_table(rows), len(todo), _notes(cases, settings))


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
        points=vectors.point_rows,
        fingerprint=vectors.fingerprint,
        run=lambda one, report: cluster(vectors, one, report),
        silhouette=lambda rows, labels, report: silhouette_cosine(vectors.vectors[rows], labels, report),
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


def _path(case: _Case, one: ClusterSettings, settings: ScanSettings) -> Path:
    unused = (
        {"linkage"} if one.method != "agglomerative" else {"seed", "restarts", "max_iterations", "tolerance"}
    )
    judged = case.over(settings), settings.least_size
    key = content_key("scan", _FORMAT, case.fingerprint, one.model_dump(exclude=unused), *judged)
    return derived_path("scan", key, ".json")


def _cached(case: _Case, one: ClusterSettings, settings: ScanSettings) -> dict[str, Any] | None:
    """Return a row of the cache, None where there is none or it is damaged and so must be computed anew."""
    return recalled(_path(case, one, settings), _read)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        row = read_object(path)
    except DataError:
        return None
    return row if row.keys() == set(COLUMNS[4:]) else None


def _write(path: Path, row: dict[str, Any]) -> None:
    path.write_text(json.dumps(row), encoding="utf-8")


def _compute(case: _Case, one: ClusterSettings, settings: ScanSettings, progress: Progress) -> dict[str, Any]:
    started = time.perf_counter()
    clustering = case.run(one, between(progress, 0.0, 0.8))
    over, sizes = case.over(settings), clustering.sizes
    silhouette = None
    if one.k > 1:
        report = between(progress, 0.8, 1.0)
        silhouette = case.mean_silhouette(clustering.labels, over, settings.least_size, report)
    points = np.bincount(clustering.labels[case.points], minlength=one.k)
    return {
        "within_distance": clustering.within_distance,
        "silhouette": silhouette,
        "over": over,
        "n_tags": case.n_tags,
        "n_points": len(case.points),
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "singletons": int((sizes == 1).sum()),
        "single_points": int((points == 1).sum()),
        "seconds": time.perf_counter() - started,
    }


def _table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    real = ("within_distance", "silhouette", "seconds")
    kinds = dict.fromkeys(COLUMNS, "Int64") | dict.fromkeys(real, "float64")
    return table.astype(kinds | {"embedding": "str", "over": "str"})


def suggestions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which k the curves of a scan speak for, and what speaks against it.

    Args:
        rows: Those of a `Scan`; figures are averaged over seeds first.

    Returns:
        One row a curve: `embedding`, `min_count`, `best_k` (of the highest mean silhouette, the least on a
        tie; <NA> where no silhouette is known), `silhouette` (there), `over` (see `Scan`), `single_points`
        (clusters of one distinct vector at the best k, <NA> as that), `elbow_k` (see `elbow`; <NA> if none),
        `caution` (sentences; empty where nothing is to be said).
    """
    curves = [
        {"embedding": embedding, "min_count": min_count, **_suggested(curve)}
        for (embedding, min_count), curve in rows.groupby(["embedding", "min_count"], sort=False)
    ]
    whole = ("min_count", "best_k", "single_points", "elbow_k")
    columns = [
        "embedding",
        "min_count",
        "best_k",
        "silhouette",
        "over",
        "single_points",
        "elbow_k",
        "caution",
    ]
    return pd.DataFrame(curves, columns=columns).astype(dict.fromkeys(whole, "Int64"))


def _suggested(curve: pd.DataFrame) -> dict[str, Any]:
    means = curve.groupby("k")[["within_distance", "silhouette", "single_points"]].mean()
    known, within = means["silhouette"].dropna(), means["within_distance"].dropna()
    elbow_k = elbow(within.index.to_numpy(int), within.to_numpy(float)) or pd.NA
    found = {"over": curve["over"].iloc[0], "elbow_k": elbow_k}
    if known.empty:
        return found | {"best_k": pd.NA, "silhouette": np.nan, "single_points": pd.NA, "caution": ""}
    best = int(known.index.to_numpy(int)[known.argmax()])
    singles = round(means["single_points"][best])
    caution = _caution(best, singles, known.index.to_numpy(int), int(curve["n_points"].iloc[0]))
    return found | {"best_k": best, "silhouette": known[best], "single_points": singles, "caution": caution}


def _caution(best: int, singles: int, ks: npt.NDArray[np.integer], n_points: int) -> str:
    """Say whether the best k lies at the edge of what was tried, or is mostly clusters of one vector."""
    said = []
    if len(ks) > 1 and best == ks[-1]:
        more = "larger k may be better" if best < n_points else "there is no larger one"
        said.append(f"The highest silhouette is at the last k that was tried: {more}.")
    if len(ks) > 1 and best == ks[0] and best > 2:
        said.append("The highest silhouette is at the first k that was tried: smaller k may be better.")
    if 2 * singles > best:
        said.append(
            f"{singles:,} of {best:,} clusters there are a single vector: the silhouette speaks for taking "
            "tags apart, not for groups."
        )
    return " ".join(said)


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
