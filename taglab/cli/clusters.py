"""Clusters of tags: one clustering, many, how stable, how alike."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_vectors, partly_known_notes, save_space
from taglab.cli.options import (
    Parser,
    UsageError,
    add_data,
    add_settings,
    add_vectors,
    checked,
    finish,
    numbers,
    settings_of,
    settings_values,
)
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.clustering import Clustering
    from taglab.progress import Progress
    from taglab.vectors import TagVectors

_OTHER = "other-"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "cluster",
        help="cluster tags into k groups",
        description="Cluster the tags of a data set by the cosine distance of their vectors.",
        returns="{data, vectors, min_count, method, k, ..., tags, distinct_vectors, singletons, "
        "within_distance, silhouette, partly_known, missing: "
        "[tag], rows: [{cluster, name, size, tracks, assignments, silhouette, medoid, partly_known, tags: "
        "[tag]}]}; with --by tag rows: [{tag, count, cluster, name, silhouette, unknown}]",
        fill=_fill_cluster,
        examples="""
taglab cluster -k 40
taglab cluster --data mine --vectors glove -k 100 --min-count 100 --save classes
taglab cluster -k 40 --by tag --out clusters.csv
taglab cluster --method agglomerative --linkage complete -k 20 --json
""",
    )
    commands.add_parser(
        "scan",
        help="try many k: elbow and silhouette curves",
        description="Cluster for every k (and seed, minimum count and word vectors) and tell how good each "
        "is. Rows are cached: a scan that was interrupted goes on where it stopped.",
        returns="{suggestions: [{embedding, min_count, best_k, silhouette, over, single_points, elbow_k, "
        "caution}], rows: [{embedding, "
        "min_count, k, seed, within_distance, silhouette, over, n_tags, n_points, smallest, largest, "
        "singletons, single_points, seconds}]}",
        fill=_fill_scan,
        examples="""
taglab scan --k 10:200:10
taglab scan --k 20:200:20 --distinct --least-size 3
taglab scan --k 50,100,250,500 --seeds 0,1,2 --min-count 20,50,100 --out scan.csv
taglab scan --k 10:100:10 --vectors own,glove
""",
    )
    commands.add_parser(
        "stability",
        help="how much a clustering owes to its seed",
        description="Cluster with several seeds and compare every pair by the adjusted Rand index.",
        returns="{k, seeds, mean, lowest, rows: [{seed, other_seed, adjusted_rand}]}",
        fill=_fill_stability,
        examples="taglab stability -k 40 --seeds 0:9",
    )
    commands.add_parser(
        "compare",
        help="two clusterings side by side",
        description="Compare two clusterings of a data set's tags. What no --other-... flag changes, the "
        "second has in common with the first.",
        returns="{adjusted_rand, normalised_mutual_information, tags, only_a: [tag], only_b: [tag], rows: "
        "[{cluster_a, cluster_b, tags}]}",
        fill=_fill_compare,
        examples="taglab compare -k 40 --other-k 60\ntaglab compare -k 40 --other-vectors glove",
    )


def add_clustering(parser: Parser) -> None:
    """Add what determines a clustering: data, vectors, and the settings of the method."""
    from taglab.clustering import CLUSTERERS, ClusterSettings

    add_data(parser)
    add_vectors(parser)
    group = parser.add_argument_group("clustering")
    add_settings(group, ClusterSettings, flags={"k": "-k"}, choices={"method": tuple(CLUSTERERS)})


def _fill_cluster(parser: Parser) -> None:
    add_clustering(parser)
    parser.add_argument("--by", choices=("cluster", "tag"), default="cluster", help="what a row is")
    parser.add_argument("--save", metavar="NAME", help="save the clusters as a label space of this name")
    parser.add_argument("--replace", action="store_true", help="let --save replace one of the same name")
    finish(parser, _cluster)


def _fill_scan(parser: Parser) -> None:
    from taglab.clustering import CLUSTERERS
    from taglab.clustering.scan import ScanSettings

    add_data(parser, min_count=False)
    add_vectors(parser, several=True)
    flags = {"ks": "--k", "min_counts": "--min-count"}
    group = parser.add_argument_group("what to try")
    add_settings(group, ScanSettings, flags=flags, choices={"method": tuple(CLUSTERERS)})
    finish(parser, _scan)


def _fill_stability(parser: Parser) -> None:
    from taglab.clustering import ClusterSettings

    add_data(parser)
    add_vectors(parser)
    parser.add_argument(
        "--seeds",
        type=numbers,
        default=(0, 1, 2, 3, 4),
        metavar="LIST",
        help="seeds to compare, as 0,1,2 or 0:9 (default: 0:4)",
    )
    group = parser.add_argument_group("clustering")
    add_settings(group, ClusterSettings, flags={"k": "-k"}, omit=("seed", "linkage", "method"))
    finish(parser, _stability)


def _fill_compare(parser: Parser) -> None:
    from taglab.clustering import CLUSTERERS, ClusterSettings

    add_clustering(parser)
    group = parser.add_argument_group("the other clustering")
    group.add_argument("--other-vectors", metavar="NAME", help="word vectors")
    add_settings(group, ClusterSettings, choices={"method": tuple(CLUSTERERS)}, prefix=_OTHER)
    finish(parser, _compare)


def clustered(args: argparse.Namespace, progress: Progress) -> tuple[Any, TagVectors, Clustering]:
    """Return the data set, tag vectors and clustering that `add_clustering` asks for."""
    from taglab.clustering import ClusterSettings, cluster

    settings = settings_of(args, ClusterSettings)
    selected, vectors = open_vectors(args, progress)
    return selected, vectors, cluster(vectors, settings, progress)


def made_by(args: argparse.Namespace, clustering: Clustering) -> dict[str, Any]:
    """Return the parameters of a clustering, for the record."""
    from taglab.embeddings import Lookup

    where = {"data": args.data, "vectors": args.vectors, "min_count": args.min_count}
    changed = settings_of(args, Lookup).model_dump(mode="json", exclude_defaults=True)
    return {**where, **({"lookup": changed} if changed else {}), **clustering.parameters()}


def _cluster(args: argparse.Namespace) -> Report:
    import numpy as np

    from taglab.clustering.describe import cluster_table, cluster_tracks
    from taglab.labels import from_clusters
    from taglab.metrics.clustering import silhouette_cosine

    with progress_bar() as progress:
        data, vectors, clustering = clustered(args, progress)
        several = clustering.k > 1
        silhouette = silhouette_cosine(vectors.vectors, clustering.labels) if several else None
    counts = data.counts()
    table = cluster_table(clustering, counts, silhouette, vectors.unknown)
    table["tracks"] = cluster_tracks(clustering, data)
    facts = {
        **made_by(args, clustering),
        "tags": len(clustering.tags),
        "distinct_vectors": vectors.n_points,
        "singletons": int((clustering.sizes == 1).sum()),
        "within_distance": clustering.within_distance,
        "silhouette": float(np.mean(silhouette)) if silhouette is not None else None,
        "partly_known": len(vectors.unknown),
        "missing": list(vectors.missing),
    }
    notes = []
    if vectors.missing:
        notes.append(f"{len(vectors.missing):,} tags have no vector and are in no cluster")
    notes += partly_known_notes(vectors)
    if args.save is not None:
        parameters = made_by(args, clustering)
        space = from_clusters(clustering.tags, clustering.labels, counts, parameters, args.save)
        save_space(space, args.replace)
        notes.append(f"saved as label space {args.save}")
    if args.by == "tag":
        table = vectors.annotated(_by_tag(clustering, counts, table, silhouette))
    else:
        table = table[["cluster", "name", "size", "tracks", *table.columns[4:-1], "tags"]]
    return Report(facts, table, notes=tuple(notes))


def _by_tag(clustering: Clustering, counts: pd.Series, table: pd.DataFrame, silhouette: Any) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "tag": list(clustering.tags),
            "count": counts.reindex(list(clustering.tags)).to_numpy(),
            "cluster": clustering.labels,
            "name": table["name"].to_numpy()[clustering.labels],
            "silhouette": silhouette if silhouette is not None else float("nan"),
        }
    )


def _scan(args: argparse.Namespace) -> Report:
    from taglab.cli.report import records
    from taglab.clustering.scan import ScanSettings, scan, suggestions

    settings = settings_of(args, ScanSettings)
    args.min_count = min(settings.min_counts)
    with progress_bar() as progress:
        opened = [open_vectors(args, progress, name) for name in dict.fromkeys(args.vectors)]
        counts = opened[0][0].counts() if opened else None
        scanned = scan([vectors for _, vectors in opened], settings, counts, progress)
    advice = records(suggestions(scanned.rows))
    cautions = [f"{row['embedding']}, count ≥ {row['min_count']}: {row['caution']}" for row in advice]
    cautions = [f"{line}" for line, row in zip(cautions, advice, strict=True) if row["caution"]]
    return Report({"suggestions": advice}, scanned.rows, notes=(*scanned.notes, *cautions))


def _stability(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.clustering import ClusterSettings
    from taglab.clustering.stability import stability

    settings = settings_of(args, ClusterSettings)
    with progress_bar() as progress:
        _, vectors = open_vectors(args, progress)
        found = stability(vectors, settings, args.seeds, progress)
    pairs = [
        (seed, other, found.matrix[row, column])
        for row, seed in enumerate(found.seeds)
        for column, other in enumerate(found.seeds)
        if row < column
    ]
    facts = {"k": settings.k, "seeds": list(found.seeds), "mean": found.mean, "lowest": found.lowest}
    return Report(facts, pd.DataFrame(pairs, columns=["seed", "other_seed", "adjusted_rand"]))


def _compare(args: argparse.Namespace) -> Report:
    from taglab.clustering import ClusterSettings, cluster
    from taglab.clustering.comparison import compare

    changed = settings_values(args, ClusterSettings, _OTHER)
    if not changed and args.other_vectors is None:
        raise UsageError("say in what the other clustering differs, for example --other-k 60")
    with progress_bar() as progress:
        _, _, first = clustered(args, progress)
        other = checked(ClusterSettings, {**settings_values(args, ClusterSettings), **changed})
        _, vectors = open_vectors(args, progress, args.other_vectors)
        found = compare(first, cluster(vectors, other, progress))
    return Report(
        {
            "adjusted_rand": found.adjusted_rand,
            "normalised_mutual_information": found.normalised_mutual_information,
            "tags": found.n_tags,
            "only_a": list(found.only_a),
            "only_b": list(found.only_b),
        },
        found.flow,
    )
