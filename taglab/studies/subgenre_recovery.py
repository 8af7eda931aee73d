"""Whether co-occurrence and tag embeddings find subgenres, asked of demos whose subgenres are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.clustering import SphericalKMeans, cluster
from taglab.clustering.result import TooManyClusters
from taglab.embeddings import WordVectors, compose, train_skipgram
from taglab.folksonomy import Folksonomy
from taglab.genres import SubgenreSettings, divide
from taglab.labels import LabelClass
from taglab.metrics.clustering import adjusted_rand, silhouette_cosine
from taglab.metrics.repeated import mean_interval
from taglab.progress import Progress, between, silent
from taglab.sources.demo import DemoSettings, demo_truth, read_demo
from taglab.vectors import TagVectors

METHODS = ("npmi", "tag-embeddings", "word vectors", "chance")
LEVEL = 0.95
_LEAST_TAGS = 8

Labels = pd.Series
"""Cluster by tag."""


def recover_subgenres(
    seeds: Sequence[int],
    settings: SubgenreSettings | None = None,
    vectors: Callable[[Folksonomy], WordVectors] = train_skipgram,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Divide the genre families of demos in several ways and hold the clusters against the planted subgenres.

    A family's tags are those of one `family` that have a `branch` (see `demo_truth`), all of them clustered.
    Each is divided with the k that its silhouette chooses and, to tell the choice of k from the rest, with
    the true number of branches. "word vectors" clusters the same tags by vectors alone, with the same rule
    for k; "chance" gives the clusters of "npmi" to the tags at random. Scores are over the tags that every
    method has a place for.

    Args:
        seeds: Of the demos; the penalty of tag embeddings was chosen on 0, 1 and 2.
        settings: How to divide; the defaults where None. The method is not heeded, and the main and the rare
            tags are kept.
        vectors: What gives a demo's word vectors; those trained on its own tag lists by default.
        progress: Told after each family.

    Returns:
        Columns `seed`, `family`, `k_from` ("silhouette" or "truth"), `method`, `tags`, `branches`, `k`,
        `adjusted_rand`.
    """
    asked = (settings or SubgenreSettings()).model_copy(update={"keep_main_tag": True, "drop_rare": False})
    rows = [
        row
        for number, seed in enumerate(seeds)
        for row in _of_demo(
            seed, asked, vectors, between(progress, number / len(seeds), (number + 1) / len(seeds))
        )
    ]
    return pd.DataFrame(rows)


def _of_demo(
    seed: int,
    settings: SubgenreSettings,
    vectors: Callable[[Folksonomy], WordVectors],
    progress: Progress,
) -> Iterator[dict[str, object]]:
    demo = read_demo(DemoSettings(seed=seed))
    truth = demo_truth(demo)
    planted = truth[(truth["group"] == "genres") & (truth["branch"] != "")]
    tags = compose(vectors(demo), list(planted["tag"]))
    families = [
        (str(family), table.set_index("tag")["branch"])
        for family, table in planted.groupby("family", sort=True)
        if len(set(table["branch"])) > 1 and len(table) >= _LEAST_TAGS
    ]
    for number, (family, branch) in enumerate(families):
        n_branches = branch.nunique()
        exact = settings.model_copy(update={"k_min": n_branches, "k_max": n_branches})
        for k_from, asked in (("silhouette", settings), ("truth", exact)):
            made = _every_method(demo, family, list(branch.index), asked, tags, seed)
            shared = sorted(set.intersection(*(set(labels.index) for labels in made.values())))
            for method, labels in made.items():
                yield {
                    "seed": seed,
                    "family": family,
                    "k_from": k_from,
                    "method": method,
                    "tags": len(shared),
                    "branches": n_branches,
                    "k": labels.nunique(),
                    "adjusted_rand": adjusted_rand(
                        labels[shared].to_numpy(), pd.factorize(branch[shared])[0]
                    ),
                }
        progress((number + 1) / len(families), f"demo {seed}: {family}")


def _every_method(
    demo: Folksonomy, family: str, tags: list[str], settings: SubgenreSettings, words: TagVectors, seed: int
) -> dict[str, Labels]:
    made: dict[str, Labels] = {}
    for method in ("npmi", "tag-embeddings"):
        of_method = settings.model_copy(update={"method": method})
        found = divide(demo, LabelClass(family, tuple(tags)), of_method).clustering
        if found is not None:
            made[method] = pd.Series(found.labels, list(found.tags))
    made["word vectors"] = _by_vectors(words.select(tags), settings)
    shuffled = np.random.default_rng(seed).permutation(made["npmi"].to_numpy())
    made["chance"] = pd.Series(shuffled, made["npmi"].index)
    return made


def _by_vectors(vectors: TagVectors, settings: SubgenreSettings) -> Labels:
    """Cluster by vectors alone, with the k of the highest silhouette."""
    most = len(vectors) - 1
    best: tuple[float, npt.NDArray[np.int32]] | None = None
    for k in range(min(settings.k_min, most), min(settings.k_max, most) + 1):
        means = SphericalKMeans(k=k, seed=settings.seed, restarts=settings.restarts)
        try:
            labels = cluster(vectors, means).labels
        except TooManyClusters:  # tags of the same words have the same vector
            break
        score = float(silhouette_cosine(vectors.vectors, labels).mean())
        if best is None or score > best[0]:
            best = score, labels
    return pd.Series(np.zeros(len(vectors), np.int32) if best is None else best[1], list(vectors.tags))


def recovery_table(rows: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Sum recovery up: a method's mean over families, and over demos with an interval.

    Intervals are Student's over demos: families of one demo are not independent of each other, and a
    bootstrap of a handful of demos would be too sure of itself.

    Args:
        rows: See `recover_subgenres`.
        level: Of the intervals.

    Returns:
        Columns `k_from`, `method`, `demos`, `adjusted_rand`, `low`, `high`, and `gain`, `gain_low`,
        `gain_high`: how much more than "word vectors", demo by demo. Ends are NaN where nothing varies.
    """
    by_demo = rows.pivot_table("adjusted_rand", ["k_from", "method"], "seed", sort=False)
    table = []
    for row, (k_from, method) in zip(by_demo.to_numpy(float), by_demo.index.tolist(), strict=True):
        values = np.asarray(row)
        own = mean_interval(values, level=level)
        gain = mean_interval(values - by_demo.loc[(k_from, "word vectors")].to_numpy(float), level=level)
        table.append(
            {
                "k_from": k_from, "method": method, "demos": len(values), "adjusted_rand": own.estimate,
                "low": own.low, "high": own.high,
                "gain": gain.estimate, "gain_low": gain.low, "gain_high": gain.high,
            }
        )  # fmt: skip
    return pd.DataFrame(table)
