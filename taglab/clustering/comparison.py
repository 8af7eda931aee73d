"""Two clusterings side by side."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from taglab.clustering.result import Clustering
from taglab.errors import InvalidSetting
from taglab.metrics.clustering import adjusted_rand, flow, normalised_mutual_information
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class Comparison:
    """How far two clusterings agree on the tags they both clustered.

    Attributes:
        n_tags: Tags in a cluster of both; everything else is about these.
        only_a: Tags that are in a cluster of the first alone.
        only_b: Tags that are in a cluster of the second alone.
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
    """Compare two clusterings on the tags that are in a cluster of both.

    Raises:
        InvalidSetting: If there are none.
    """
    label_a, label_b = _labels_by_tag(a), _labels_by_tag(b)
    shared = [tag for tag in label_a if tag in label_b]
    if not shared:
        raise InvalidSetting(
            "the two clusterings have no tag in common that both clustered, so there is nothing to compare"
        )
    labels_a, labels_b = [label_a[tag] for tag in shared], [label_b[tag] for tag in shared]
    return Comparison(
        n_tags=len(shared),
        only_a=tuple(tag for tag in label_a if tag not in label_b),
        only_b=tuple(tag for tag in label_b if tag not in label_a),
        adjusted_rand=adjusted_rand(labels_a, labels_b),
        normalised_mutual_information=normalised_mutual_information(labels_a, labels_b),
        flow=flow(labels_a, labels_b),
    )


def _labels_by_tag(clustering: Clustering) -> dict[str, int]:
    """Return the cluster of each tag that is in one."""
    labels = zip(clustering.tags, clustering.labels.tolist(), strict=True)
    return {tag: number for tag, number in labels if number >= 0}
