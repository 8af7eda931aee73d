"""Two clusterings side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from taglab.clustering.result import Clustering
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import adjusted_rand, flow, normalised_mutual_information
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class Comparison:
    """How far two clusterings agree on the tags they share.

    Attributes:
        n_tags: Tags in both; everything else is about these.
        only_a: Tags in the first alone.
        only_b: Tags in the second alone.
        adjusted_rand: 1 equal, about 0 by chance.
        normalised_mutual_information: 1 equal, 0 independent; not corrected for chance.
        flow: Columns `cluster_a`, `cluster_b`, `tags`: how many tags each pair of clusters shares.
    """

    n_tags: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    adjusted_rand: float
    normalised_mutual_information: float
    flow: pd.DataFrame

    __repr__ = one_line


def compare(a: Clustering, b: Clustering) -> Comparison:
    """Compare two clusterings on the tags that both have.

    Raises:
        InvalidSetting: If they have no tag in common.
    """
    rows_b = {tag: row for row, tag in enumerate(b.tags)}
    shared = [(row, rows_b[tag]) for row, tag in enumerate(a.tags) if tag in rows_b]
    if not shared:
        raise InvalidSetting("the two clusterings have no tag in common, so there is nothing to compare")
    rows = np.array(shared)
    labels_a, labels_b = a.labels[rows[:, 0]], b.labels[rows[:, 1]]
    tags_a = set(a.tags)
    return Comparison(
        n_tags=len(shared),
        only_a=tuple(tag for tag in a.tags if tag not in rows_b),
        only_b=tuple(tag for tag in b.tags if tag not in tags_a),
        adjusted_rand=adjusted_rand(labels_a, labels_b),
        normalised_mutual_information=normalised_mutual_information(labels_a, labels_b),
        flow=flow(labels_a, labels_b),
    )
