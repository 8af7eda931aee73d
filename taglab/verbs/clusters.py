"""Clusters of tags: one clustering, many, how stable, how alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from taglab.clustering import (
    CLUSTERERS,
    AnyClusterer,
    Clusterer,
    Clustering,
    SphericalKMeans,
    cluster,
)
from taglab.clustering.comparison import compare
from taglab.clustering.describe import cluster_table, cluster_tracks, names_of_tags
from taglab.clustering.geometry import silhouettes
from taglab.clustering.scan import ScanSettings, scan, suggestions
from taglab.clustering.stability import stability
from taglab.embeddings import OWN, LookedUp, Lookup, TagMaterial, TagQuestion, heeds_length
from taglab.errors import InvalidSetting
from taglab.labels import from_clusters
from taglab.progress import Progress, between
from taglab.settings import Flag, Group
from taglab.sources import DEMO, open_folksonomy
from taglab.verbs.opening import distance_notes, partly_known_notes, save_space
from taglab.verbs.question import Place, Question
from taglab.verbs.report import Report, records
from taglab.verbs.shelves import DataName

_CLUSTERING = Group("clustering", flags={"k": Flag(named=True)})
_WITHOUT_SEED = Group("clustering", flags={"k": Flag(named=True)}, omit=("seed",))
Clusters = Annotated[AnyClusterer, _CLUSTERING]


def clustered(tags: TagQuestion, settings: Clusterer, progress: Progress) -> tuple[TagMaterial, Clustering]:
    """Return tags with their vectors, and their clustering."""
    material = tags.open(between(progress, 0.0, 0.7))
    return material, cluster(material.vectors, settings, between(progress, 0.7, 1.0))


class Clustered(Question):
    """A question in which tags are clustered, by spherical k-means where nothing else is said; by k-means
    where vectors are named in which lengths have a say, for which spherical k-means is not fit.

    Attributes:
        place: Where the clustering stands among its settings.
    """

    place: ClassVar[Place] = ("clustering",)

    @classmethod
    def usual(cls, given: Mapping[Place, Any]) -> dict[str, Any]:
        """Return what its groups have where nothing else is given: a method that suits the vectors."""
        values = super().usual(given)
        named = [given.get(place) for place in (("tags", "vectors"), ("vectors",), ("other_vectors",))]
        names = [name for one in named for name in ([one] if isinstance(one, str) else one or ())]
        if any(map(heeds_length, names)):
            method = next(name for name, model in CLUSTERERS.items() if not model.by_direction)
            group = values
            for part in cls.place:
                group = group.setdefault(part, {})
            group["method"] = method
        return values


def _require_one_kind(materials: Sequence[TagMaterial]) -> None:
    """Raise InvalidSetting unless all vectors are of tags, or all of artists, or all of tracks."""
    first, *others = materials
    for other in others:
        if other.vectors.kind != first.vectors.kind:
            raise InvalidSetting(
                f"vectors {first.question.vectors!r} are of {first.vectors.kind} and "
                f"{other.question.vectors!r} of {other.vectors.kind}; clusters of the two cannot be compared"
            )


class Cluster(Clustered):
    """Cluster the tags of a data set by the cosine distance of their vectors; vectors of whole tags, artists
    or tracks, a joint space's for instance, by the distance that belongs to their measure.

    Attributes:
        tags: Which tags, by which vectors.
        clustering: How.
        by: What a row is; a tag may be an artist or a track, whatever the vectors are of.
        name: Save the clusters as a label space of this name.
        replace: Let it replace one of the same name.
    """

    returns: ClassVar[str] = (
        "{data, vectors, min_count, method, k, ..., tags, distinct_vectors, singletons, within_distance, "
        "silhouette, partly_known, missing: [tag], left_out: [tag], rows: [{cluster, name, size, tracks, "
        "assignments, silhouette, medoid, partly_known, tags: [tag]}]}; with --by tag rows: [{tag, count, "
        "cluster, name, silhouette, unknown}]; of artists and tracks these in the place of tags"
    )
    examples: ClassVar[str] = """
taglab cluster -k 40
taglab cluster --data mine --vectors glove -k 100 --min-count 100 --name classes
taglab cluster -k 40 --by tag --out clusters.csv
taglab cluster --method agglomerative --linkage complete -k 20 --json
taglab cluster --method hdbscan --min-cluster-size 4
"""
    renamed: ClassVar[dict[str, str]] = {"--save": "--name"}

    tags: TagQuestion = TagQuestion()
    clustering: Clusters = SphericalKMeans()
    by: Literal["cluster", "tag"] = "cluster"
    name: Annotated[str | None, Flag(metavar="NAME")] = None
    replace: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return the clusters, a row each, or the tags."""
        material = self.tags.open(between(progress, 0.0, 0.7))
        if self.name is not None:
            material.require_tags()
        clustering = cluster(material.vectors, self.clustering, between(progress, 0.7, 1.0))
        vectors, counts = material.vectors, material.data.counts()
        silhouette = silhouettes(vectors, clustering.labels) if clustering.k > 1 else None
        table = cluster_table(clustering, counts, silhouette, vectors.unknown)
        table["tracks"] = cluster_tracks(clustering, material.data)
        record = self.tags.record() | clustering.parameters()
        facts = {
            **record,
            vectors.kind: len(clustering.tags),
            "distinct_vectors": vectors.n_points,
            "singletons": int((clustering.sizes == 1).sum()),
            "within_distance": clustering.within_distance,
            "silhouette": float(np.nanmean(silhouette)) if silhouette is not None else None,
            "partly_known": len(vectors.unknown),
            "missing": list(vectors.missing),
            "left_out": list(clustering.left_out),
        }
        notes = list(distance_notes(vectors))
        if vectors.missing:
            notes.append(f"{len(vectors.missing):,} {vectors.kind} have no vector and are in no cluster")
        if clustering.n_left_out:
            notes.append(
                f"{clustering.n_left_out:,} of {len(clustering.tags):,} {vectors.kind} lie too thin for a "
                "cluster and are left out; silhouette and within_distance are of the others"
            )
        notes += partly_known_notes(vectors)
        if self.name is not None:
            save_space(
                from_clusters(clustering.tags, clustering.labels, counts, record, self.name), self.replace
            )
            notes.append(f"saved as label space {self.name}")
        if self.by == "tag":
            table = vectors.annotated(_by_tag(clustering, counts, table, silhouette))
            table = table.rename(columns={"tag": vectors.column})
        else:
            table = table[["cluster", "name", "size", "tracks", *table.columns[4:-1], "tags"]]
            if vectors.kind != "tags":  # each track is in one cluster only, so that sizes tell their number
                table = table.drop(columns="tracks" if vectors.kind == "tracks" else [])
                table = table.rename(columns={"tags": vectors.kind})
        return Report(facts, table, notes=tuple(notes))


def _by_tag(clustering: Clustering, counts: pd.Series, table: pd.DataFrame, silhouette: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tag": list(clustering.tags),
            "count": counts.reindex(list(clustering.tags)).to_numpy(),
            "cluster": clustering.labels,
            "name": names_of_tags(clustering, table["name"].tolist()),
            "silhouette": silhouette if silhouette is not None else float("nan"),
        }
    )


class Scan(Clustered):
    """Cluster for every k (and seed, minimum count and word vectors) and tell how good each is.

    Rows are cached: a scan that was interrupted goes on where it stopped.

    Attributes:
        data: Data set.
        vectors: Word vectors, one name or several between commas; "own" are trained on the data set's own tag
            lists.
        lookup: How the words of tags are looked up.
        scan: What to try.
    """

    returns: ClassVar[str] = (
        "{suggestions: [{embedding, min_count, best_k, silhouette, over, single_points, elbow_k, caution}], "
        "rows: [{embedding, min_count, k, seed, within_distance, silhouette, over, n_tags, n_points, "
        "smallest, largest, singletons, single_points, seconds, left_out}]}"
    )
    examples: ClassVar[str] = """
taglab scan -k 10:200:10
taglab scan -k 20:200:20 --distinct --least-size 3
taglab scan -k 50,100,250,500 --seeds 0,1,2 --min-count 20,50,100 --out scan.csv
taglab scan -k 10:100:10 --vectors own,glove
"""
    renamed: ClassVar[dict[str, str]] = {"--k": "-k"}

    data: DataName = DEMO
    vectors: Annotated[tuple[str, ...], Flag(named=True)] = Field((OWN,), min_length=1)
    lookup: LookedUp = Lookup()
    place: ClassVar[Place] = ("scan", "clusterer")
    scan: Annotated[
        ScanSettings,
        Group(
            "what to try",
            flags={
                "values": Flag("-k", named=True),
                "min_counts": Flag("--min-count", named=True),
            },
            groups={"clusterer": Group("clustering", omit=("k", "min_cluster_size", "seed"))},
        ),
    ] = ScanSettings()  # fmt: skip

    def answer(self, progress: Progress) -> Report:
        """Return a row for every clustering, and what the curves speak for."""
        least = min(self.scan.min_counts)
        whole = open_folksonomy(self.data, between(progress, 0.0, 0.1))
        opening = between(progress, 0.1, 0.4)
        asked = TagQuestion(data=self.data, min_count=least, lookup=self.lookup)
        materials = [asked.by(name).of(whole, opening) for name in dict.fromkeys(self.vectors)]
        _require_one_kind(materials)
        counts = materials[0].data.counts()
        scanned = scan([one.vectors for one in materials], self.scan, counts, between(progress, 0.4, 1.0))
        advice = records(suggestions(scanned.rows, scanned.varied))
        cautions = [
            f"{row['embedding']}, count ≥ {row['min_count']}: {row['caution']}"
            for row in advice
            if row["caution"]
        ]
        return Report({"suggestions": advice}, scanned.rows, notes=(*scanned.notes, *cautions))


class Stability(Clustered):
    """Cluster with several seeds and compare every pair by the adjusted Rand index.

    Attributes:
        tags: Which tags, by which vectors.
        seeds: Seeds to compare, as 0,1,2 or 0:9.
        clustering: How.
    """

    returns: ClassVar[str] = "{k, seeds, mean, lowest, rows: [{seed, other_seed, adjusted_rand}]}"
    examples: ClassVar[str] = "taglab stability -k 40 --seeds 0:9"

    tags: TagQuestion = TagQuestion()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0, 1, 2, 3, 4)
    clustering: Annotated[AnyClusterer, _WITHOUT_SEED] = SphericalKMeans()

    def answer(self, progress: Progress) -> Report:
        """Return a row for every pair of seeds."""
        material = self.tags.open(between(progress, 0.0, 0.5))
        agreement = stability(material.vectors, self.clustering, self.seeds, between(progress, 0.5, 1.0))
        pairs = [
            (seed, other, agreement.matrix[row, column])
            for row, seed in enumerate(agreement.seeds)
            for column, other in enumerate(agreement.seeds)
            if row < column
        ]
        facts = {
            self.clustering.varied: self.clustering.value,
            "seeds": list(agreement.seeds),
            "mean": agreement.mean,
            "lowest": agreement.lowest,
        }
        return Report(facts, pd.DataFrame(pairs, columns=["seed", "other_seed", "adjusted_rand"]))


class Compare(Clustered):
    """Compare two clusterings of a data set's tags.

    What no --other-... flag changes, the second has in common with the first.

    Attributes:
        tags: Which tags, by which vectors.
        clustering: How.
        other_vectors: Word vectors, where they are others.
        other: How the other clustering is made.
    """

    returns: ClassVar[str] = (
        "{adjusted_rand, normalised_mutual_information, tags, only_a: [tag], only_b: [tag], rows: "
        "[{cluster_a, cluster_b, tags}]}"
    )
    examples: ClassVar[str] = "taglab compare -k 40 --other-k 60\ntaglab compare -k 40 --other-vectors glove"

    tags: TagQuestion = TagQuestion()
    clustering: Clusters = SphericalKMeans()
    other_vectors: Annotated[str | None, Flag(metavar="NAME")] = None
    other: Annotated[
        AnyClusterer | None,
        Group("the other clustering", prefix="other-", flags=_CLUSTERING.flags, like="clustering"),
    ] = None

    @model_validator(mode="after")
    def _two(self) -> Compare:
        if self.other is None and self.other_vectors is None:
            raise ValueError("say in what the other clustering differs, for example --other-k 60")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return how alike they are, and how many tags go from which cluster to which."""
        one, first = clustered(self.tags, self.clustering, between(progress, 0.0, 0.5))
        others = self.tags.by(self.other_vectors or self.tags.vectors)
        two, second = clustered(others, self.other or self.clustering, between(progress, 0.5, 1.0))
        _require_one_kind([one, two])
        comparison = compare(first, second)
        facts = {
            "adjusted_rand": comparison.adjusted_rand,
            "normalised_mutual_information": comparison.normalised_mutual_information,
            "tags": comparison.n_tags,
            "only_a": list(comparison.only_a),
            "only_b": list(comparison.only_b),
        }
        return Report(facts, comparison.flow)
