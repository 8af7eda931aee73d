"""A row for every k, or what else a method varies: the elbow and silhouette curves."""

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
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from taglab.cache import content_key, derived_path, keep, read_object, recalled
from taglab.clustering.clusterer import Clusterer
from taglab.clustering.geometry import silhouettes
from taglab.clustering.kmeans import SphericalKMeans
from taglab.clustering.methods import AnyClusterer, cluster, cluster_distances
from taglab.clustering.result import Clustering, NoClusters
from taglab.errors import DataError, InvalidSetting
from taglab.metrics.clustering import silhouette_distances
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.settings import checked
from taglab.vectors import Vectors

# Part of every row's key: raise it when a change to the code changes the rows.
_FORMAT = 2

# From this share of tags on that add no point, silhouettes are over points unless told otherwise.
_MANY_COINCIDE = 0.05
OVER_TAGS, OVER_POINTS = "tags", "distinct vectors"

_PLACE = ("embedding", "min_count", "k", "seed")
# What a file of the cache holds of a row, and what only later ones hold, with what stands for it.
_KEPT = (
    *("within_distance", "silhouette", "over", "n_tags", "n_points"),
    *("smallest", "largest", "singletons", "single_points", "seconds"),
)
_KEPT_LATER = ("k", "left_out")


def scan_columns(varied: str) -> list[str]:
    """Return the columns of a scan over what a method varies; see `Scan`."""
    columns = [*_PLACE, *_KEPT, "left_out"]
    return columns if varied in columns else [*_PLACE[:2], varied, *columns[2:]]


class ScanSettings(BaseModel):
    """What a scan goes through: every combination of `min_counts`, `seeds` and `values`.

    Attributes:
        values: Of what the method varies: numbers of clusters, or least cluster sizes. None: its usual ones.
        seeds: Seeds of k-means; a method that draws nothing takes the first only.
        min_counts: Least number of tracks a tag is on, inclusive.
        distinct: Whether silhouettes are over distinct vectors, each once, instead of over tags: tags that
            share their point are as near to each other as can be, and make many small clusters look good.
            None: where at least one tag in twenty shares its point with a more used one.
        least_size: Tags (or distinct vectors) in clusters of fewer score 0, as one that is alone in its
            cluster does by the definition of the silhouette; 3 takes away what clusters of two gain.
        clusterer: The method, and its settings beside those that are gone through.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    min_counts: tuple[Annotated[int, Field(ge=0)], ...] = (1,)
    distinct: bool | None = None
    least_size: int = Field(default=2, ge=2)
    clusterer: AnyClusterer = SphericalKMeans()

    @field_validator("values", "seeds", "min_counts")
    @classmethod
    def _sorted(cls, numbers: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if numbers is not None and not numbers:
            raise ValueError("must name at least one number")
        return numbers if numbers is None else tuple(sorted(set(numbers)))

    @model_validator(mode="after")
    def _within(self) -> ScanSettings:
        self._clusterer(self.tried[0], self.seeds[0])
        return self

    @property
    def varied(self) -> str:
        """What is gone through, by its name among the settings of the method."""
        return self.clusterer.varied

    @property
    def tried(self) -> tuple[int, ...]:
        """The values gone through, rising."""
        return self.clusterer.usual_values if self.values is None else self.values

    def clusterings(self) -> Iterator[Clusterer]:
        """Yield the settings of each clustering of one set of tags."""
        for seed in self.seeds if self.clusterer.takes("seed") else self.seeds[:1]:
            for value in self.tried:
                yield self._clusterer(value, seed)

    def _clusterer(self, value: int, seed: int) -> Clusterer:
        changed = {self.varied: value} | ({"seed": seed} if self.clusterer.takes("seed") else {})
        return checked(type(self.clusterer), self.clusterer.model_dump() | changed)


@dataclass(frozen=True, eq=False)
class Scan:
    """Clusterings over many values of k, or of what else the method varies.

    Attributes:
        rows: One row a combination: `embedding`, `min_count`, the value of what is varied under its name,
            `k` (clusters; 0 where every tag was left out), `seed`, `within_distance` (thesis, section 3.5.3),
            `silhouette` (mean over clustered tags, by the distance of the measure; NaN for fewer than two
            clusters), `over` (what the mean is over: "tags" or "distinct vectors"), `n_tags`, `n_points`
            (distinct vectors), tags in the `smallest` and `largest` cluster, `singletons` (clusters of one
            tag), `single_points` (clusters of one distinct vector, however many tags share it), `seconds` it
            took when it was computed, `left_out` (tags in no cluster).
        asked: How many rows there are once all is computed.
        notes: Sentences on what differs from what was asked for, and why.
        varied: What was gone through.
    """

    rows: pd.DataFrame
    asked: int
    notes: tuple[str, ...]
    varied: str = "k"

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
    run: Callable[[Clusterer, Progress], Clustering]
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
        """Return the mean over clustered tags or points; those in clusters of fewer than `least` score 0."""
        rows = self.points if over == OVER_POINTS else np.arange(len(labels))
        rows = rows[labels[rows] >= 0]
        scores = self.silhouette(rows, labels[rows], report)
        scores[np.bincount(labels[rows])[labels[rows]] < least] = 0
        return float(scores.mean())


def scan(
    vectors: Vectors | Sequence[Vectors],
    settings: ScanSettings,
    counts: pd.Series | None = None,
    progress: Progress = silent,
) -> Scan:
    """Cluster by cosine distance for every value, seed, minimum count and embedding, and tell how it went.

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
        InvalidSetting: If no value is possible, or a tag has no count.
    """
    return _scan(_cases(vectors, settings, counts), settings, progress)


def scan_distances(
    tags: Sequence[str],
    distances: npt.NDArray[np.floating],
    settings: ScanSettings,
    name: str = "distances",
    progress: Progress = silent,
) -> Scan:
    """As `scan`, for given distances (tags, tags); tags at distance 0 share a point."""
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
    vectors: Vectors | Sequence[Vectors], settings: ScanSettings, counts: pd.Series | None = None
) -> Scan:
    """Return of a scan what the cache has already, computing nothing."""
    cases = _cases(vectors, settings, counts)
    kept = [(case, one, _cached(case, one, settings)) for case, one in _todo(cases, settings)]
    rows = [{**_place(case, one, settings), **row} for case, one, row in kept if row is not None]
    return _scanned(rows, len(kept), cases, settings)


def _scanned(
    rows: Sequence[dict[str, Any]], asked: int, cases: Sequence[_Case], settings: ScanSettings
) -> Scan:
    return Scan(_table(rows, settings.varied), asked, _notes(cases, settings), settings.varied)


def _todo(cases: Sequence[_Case], settings: ScanSettings) -> list[tuple[_Case, Clusterer]]:
    return [
        (case, one)
        for case in cases
        for one in settings.clusterings()
        if one.value <= _highest(case, settings.clusterer)
    ]


def _highest(case: _Case, clusterer: Clusterer) -> int:
    most = clusterer.most(case.n_tags, len(case.points))
    return min(most, len(case.points)) if clusterer.takes("k") else most


def _notes(cases: Sequence[_Case], settings: ScanSettings) -> tuple[str, ...]:
    """Say of which case which values are left out, and where silhouettes are over distinct vectors."""
    notes = []
    for case in cases:
        tags, points = case.n_tags, len(case.points)
        highest = _highest(case, settings.clusterer)
        beyond = [value for value in settings.tried if value > highest]
        if beyond:
            values = (
                f"{settings.varied} = {beyond[0]}"
                if len(beyond) == 1
                else f"{len(beyond)} {settings.varied} from {beyond[0]} to {beyond[-1]}"
            )
            what = "the {:,} distinct vectors" if settings.clusterer.takes("k") else "{:,}, half of the tags"
            notes.append(f"{case.name}: {values} left out, above {what.format(highest)}")
        if points and case.over(settings) == OVER_POINTS:
            notes.append(
                f"{case.name}: silhouettes are over {points:,} distinct vectors, each once: "
                f"{tags - points:,} of {tags:,} tags share the vector of another"
            )
    return tuple(notes)


def _scan(cases: Sequence[_Case], settings: ScanSettings, progress: Progress) -> Scan:
    most = max(cases, key=lambda case: len(case.points))
    todo = _todo(cases, settings)
    if not todo:
        raise InvalidSetting(
            f"{settings.varied}={settings.tried[0]} is the least asked for, but {most.n_tags} tags have only "
            f"{len(most.points)} distinct vectors; ask for less or lower the minimum count"
        )
    rows = []
    for number, (case, one) in enumerate(todo):
        report = between(progress, number / len(todo), (number + 1) / len(todo), _text(case, one))
        row = _cached(case, one, settings)
        if row is None:
            row = _compute(case, one, settings, report)
            keep(_path(case, one, settings), row, _write)
        report(1.0, "")
        rows.append({**_place(case, one, settings), **row})
    return _scanned(rows, len(todo), cases, settings)


def _cases(
    vectors: Vectors | Sequence[Vectors], settings: ScanSettings, counts: pd.Series | None
) -> list[_Case]:
    embeddings = [vectors] if isinstance(vectors, Vectors) else list(vectors)
    if not embeddings:
        raise InvalidSetting("there is no embedding to scan")
    return [
        _case(_used(one, min_count, counts, settings), min_count)
        for one in embeddings
        for min_count in settings.min_counts
    ]


def _case(vectors: Vectors, min_count: int) -> _Case:
    return _Case(
        embedding=vectors.name,
        min_count=min_count,
        n_tags=len(vectors),
        points=vectors.point_rows,
        fingerprint=vectors.fingerprint,
        run=lambda one, report: cluster(vectors, one, report),
        silhouette=lambda rows, labels, report: silhouettes(vectors, labels, report, rows),
    )


def _used(vectors: Vectors, min_count: int, counts: pd.Series | None, settings: ScanSettings) -> Vectors:
    if counts is None:
        if len(settings.min_counts) > 1:
            raise InvalidSetting(f"min_counts={settings.min_counts} needs the tags' counts")
        return vectors
    of_tags = counts.reindex(list(vectors.ids))
    if of_tags.isna().any():
        raise InvalidSetting(
            f"{vectors.column} {of_tags.index[of_tags.isna()][0]!r} has no count; "
            "are vectors and counts of the same data?"
        )
    return vectors.select(of_tags.index[of_tags >= min_count])


def _text(case: _Case, one: Clusterer) -> str:
    return f"{case.embedding or 'vectors'}, {case.n_tags} tags, {one.varied}={one.value}"


def _place(case: _Case, one: Clusterer, settings: ScanSettings) -> dict[str, Any]:
    seed = getattr(one, "seed", settings.seeds[0])
    return {"embedding": case.embedding, "min_count": case.min_count, one.varied: one.value, "seed": seed}


def _path(case: _Case, one: Clusterer, settings: ScanSettings) -> Path:
    judged = case.over(settings), settings.least_size
    key = content_key("scan", _FORMAT, case.fingerprint, one.model_dump(mode="json"), *judged)
    return derived_path("scan", key, ".json")


def _cached(case: _Case, one: Clusterer, settings: ScanSettings) -> dict[str, Any] | None:
    """Return a row of the cache, None where there is none or it is damaged and so must be computed anew."""
    row = recalled(_path(case, one, settings), _read)
    return row if row is None or "k" in row or one.takes("k") else None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        row = read_object(path)
    except DataError:
        return None
    if row.keys() - set(_KEPT_LATER) != set(_KEPT):
        return None
    return {"left_out": 0, **row}


def _write(path: Path, row: dict[str, Any]) -> None:
    path.write_text(json.dumps(row), encoding="utf-8")


def _compute(case: _Case, one: Clusterer, settings: ScanSettings, progress: Progress) -> dict[str, Any]:
    started = time.perf_counter()
    row = {"over": case.over(settings), "n_tags": case.n_tags, "n_points": len(case.points)}
    try:
        clustering = case.run(one, between(progress, 0.0, 0.8))
    except NoClusters:
        row |= {"k": 0, "left_out": case.n_tags, "within_distance": None, "silhouette": None}
        row |= dict.fromkeys(("smallest", "largest", "singletons", "single_points"), 0)
    else:
        row |= _figures(case, clustering, settings, between(progress, 0.8, 1.0))
    return {**row, "seconds": time.perf_counter() - started}


def _figures(
    case: _Case, clustering: Clustering, settings: ScanSettings, progress: Progress
) -> dict[str, Any]:
    sizes, silhouette = clustering.sizes, None
    if clustering.k > 1:
        over = case.over(settings)
        silhouette = case.mean_silhouette(clustering.labels, over, settings.least_size, progress)
    of_points = clustering.labels[case.points]
    points = np.bincount(of_points[of_points >= 0], minlength=clustering.k)
    return {
        "k": clustering.k,
        "left_out": clustering.n_left_out,
        "within_distance": clustering.within_distance,
        "silhouette": silhouette,
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "singletons": int((sizes == 1).sum()),
        "single_points": int((points == 1).sum()),
    }


def _table(rows: Sequence[dict[str, Any]], varied: str) -> pd.DataFrame:
    columns = scan_columns(varied)
    table = pd.DataFrame(rows, columns=columns)
    real = ("within_distance", "silhouette", "seconds")
    kinds = dict.fromkeys(columns, "Int64") | dict.fromkeys(real, "float64")
    return table.astype(kinds | {"embedding": "str", "over": "str"})


def suggestions(rows: pd.DataFrame, varied: str = "k") -> pd.DataFrame:
    """Return which k, or other value, the curves of a scan speak for, and what speaks against it.

    Args:
        rows: Those of a `Scan`; figures are averaged over seeds first.
        varied: What was gone through.

    Returns:
        One row a curve: `embedding`, `min_count`, `best_k` (of the highest mean silhouette, the least on a
        tie; <NA> where no silhouette is known; where something else is varied it ends in that name),
        `silhouette` (there), `over` (see `Scan`), `single_points` (clusters of one distinct vector at the
        best k, <NA> as that), `elbow_k` (see `elbow`; <NA> if none; of k only), `caution` (sentences; empty
        where nothing is to be said).
    """
    curves = [
        {"embedding": embedding, "min_count": min_count, **_suggested(curve, varied)}
        for (embedding, min_count), curve in rows.groupby(["embedding", "min_count"], sort=False)
    ]
    best, figures = f"best_{varied}", ["silhouette", "over", "single_points"]
    last = ["elbow_k", "caution"] if varied == "k" else ["caution"]
    table = pd.DataFrame(curves, columns=["embedding", "min_count", best, *figures, *last])
    whole = {"min_count", best, "single_points", "elbow_k"} & set(table)
    return table.astype(dict.fromkeys(whole, "Int64"))


def _suggested(curve: pd.DataFrame, varied: str) -> dict[str, Any]:
    figures = ["k", "within_distance", "silhouette", "single_points"]
    means = curve.groupby(curve[varied].rename("value"))[figures].mean()
    known, within = means["silhouette"].dropna(), means["within_distance"].dropna()
    elbow_k = elbow(within.index.to_numpy(int), within.to_numpy(float)) or pd.NA
    about = {"over": curve["over"].iloc[0], "elbow_k": elbow_k}
    best_name = f"best_{varied}"
    if known.empty:
        return about | {best_name: pd.NA, "silhouette": np.nan, "single_points": pd.NA, "caution": ""}
    best = int(known.index.to_numpy(int)[known.argmax()])
    singles, k = round(means["single_points"][best]), round(means["k"][best])
    at_most = int(curve["n_points"].iloc[0])
    of_best = curve[curve[varied] == best]
    outside = _mostly_left_out(round(of_best["left_out"].mean()), int(of_best["n_tags"].iloc[0]))
    caution = " ".join(
        [*_edges(best, known.index.to_numpy(int), varied, at_most), *_single_vectors(singles, k), *outside]
    )
    return about | {
        best_name: best,
        "silhouette": known[best],
        "single_points": singles,
        "caution": caution,
    }


def _edges(best: int, values: npt.NDArray[np.integer], varied: str, at_most: int) -> list[str]:
    """Say whether the best value lies at the edge of what was tried."""
    sentences = []
    if len(values) > 1 and best == values[-1]:
        more = f"larger {varied} may be better" if best < at_most else "there is no larger one"
        sentences.append(f"The highest silhouette is at the last {varied} that was tried: {more}.")
    if len(values) > 1 and best == values[0] and best > 2:
        sentences.append(
            f"The highest silhouette is at the first {varied} that was tried: smaller {varied} may be better."
        )
    return sentences


def _single_vectors(singles: int, k: int) -> list[str]:
    """Say whether most of k clusters are a single vector."""
    if 2 * singles <= k:
        return []
    return [
        f"{singles:,} of {k:,} clusters there are a single vector: the silhouette speaks for taking "
        "tags apart, not for groups."
    ]


def _mostly_left_out(n_left_out: int, n_tags: int) -> list[str]:
    """Say whether most tags are in no cluster."""
    if 2 * n_left_out <= n_tags:
        return []
    return [f"{n_left_out:,} of {n_tags:,} tags are in no cluster there: the silhouette is of the others."]


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
