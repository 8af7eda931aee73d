"""How much a clustering owes to its seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.clustering.clusterer import Clusterer
from taglab.clustering.methods import cluster
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import adjusted_rand
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.vectors import Vectors


@dataclass(frozen=True, eq=False)
class Stability:
    """Agreement of clusterings that differ in their seed only.

    Attributes:
        seeds: The seeds.
        matrix: Array (seeds, seeds): adjusted Rand index of each pair; 1 on the diagonal.
        mean: Mean over pairs of different seeds: 1 if the seed does not matter, about 0 if it is all.
        lowest: The least of them.
    """

    seeds: tuple[int, ...]
    matrix: npt.NDArray[np.float64]
    mean: float
    lowest: float

    __repr__ = one_line


def stability(
    vectors: Vectors,
    settings: Clusterer,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    progress: Progress = silent,
) -> Stability:
    """Cluster with each seed and compare every pair.

    Args:
        vectors: Tags to cluster.
        settings: Their `seed` is not used.
        seeds: At least two different ones.
        progress: Told after each round.

    Raises:
        InvalidSetting: If there are not two seeds, or the method draws nothing.
    """
    distinct = tuple(dict.fromkeys(seeds))
    if len(distinct) < 2:
        raise InvalidSetting(f"seeds={tuple(seeds)} must hold at least two different seeds to compare")
    if not settings.takes("seed"):
        raise InvalidSetting(f"method={settings.method} draws nothing: it has no seeds to compare")
    labels = []
    for number, seed in enumerate(distinct):
        step = between(progress, number / len(distinct), (number + 1) / len(distinct), f"seed {seed}")
        labels.append(cluster(vectors, settings.model_copy(update={"seed": seed}), step).labels)
    matrix = np.array([[adjusted_rand(one, other) for other in labels] for one in labels])
    pairs = matrix[np.triu_indices(len(distinct), 1)]
    progress(1.0, "compared")
    return Stability(distinct, matrix, float(pairs.mean()), float(pairs.min()))
