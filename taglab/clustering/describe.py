"""A clustering as a table that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.clustering.result import Clustering
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy


def cluster_tracks(clustering: Clustering, folksonomy: Folksonomy) -> npt.NDArray[np.intp]:
    """Return how many tracks have at least one tag of each cluster, array (k,)."""
    has, k = folksonomy.matrix, clustering.k
    cluster_of = pd.Series(clustering.labels, list(clustering.tags)).reindex(folksonomy.tags["tag"])
    rows = np.flatnonzero(cluster_of.fillna(-1) >= 0)
    members = sparse.csr_array(
        (np.ones(len(rows), np.int32), (rows, cluster_of.to_numpy()[rows].astype(np.intp))),
        shape=(has.shape[1], k),
    )
    presence = sparse.csr_array((np.ones(has.nnz, np.int32), has.indices, has.indptr), shape=has.shape)
    return np.bincount((presence @ members).indices, minlength=k)


def cluster_table(
    clustering: Clustering,
    counts: pd.Series,
    silhouette: npt.NDArray[np.floating] | None = None,
    unknown: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Describe each cluster.

    Args:
        clustering: What to describe.
        counts: Tracks by tag, for every tag of the clustering.
        silhouette: Array (tags,) in the order of the clustering's tags, NaN for tags in no cluster; None
            leaves the column NaN.
        unknown: Words without a vector, by tag; see `taglab.vectors.TagVectors`.

    Returns:
        One row a cluster, by number, without the tags that are in none: `cluster`, `name` (its most used tag,
            the earlier on a tie), `tags`
        (list, most used first), `size`, `assignments` (sum of its tags' counts: a track that has two of
        them counts twice, see `cluster_tracks`), `silhouette` (mean of its tags), `medoid` (the tag nearest
        its centre), `partly_known` (how many of its tags have an unknown word).

    Raises:
        InvalidSetting: If a tag has no count, or silhouettes are not one a tag.
    """
    n = len(clustering.tags)
    if silhouette is not None and silhouette.shape != (n,):
        raise InvalidSetting(f"silhouette must be ({n},), one a tag, not {silhouette.shape}")
    of_tags = counts.reindex(list(clustering.tags)).to_numpy(float)
    if np.isnan(of_tags).any():
        tag = clustering.tags[int(np.isnan(of_tags).argmax())]
        raise InvalidSetting(f"tag {tag!r} has no count; are the clustering and the counts of the same data?")
    order = np.lexsort((np.arange(n), -of_tags, clustering.labels))[clustering.n_left_out :]
    members = np.split(order, np.cumsum(clustering.sizes)[:-1])
    scores = np.full(n, np.nan) if silhouette is None else silhouette
    return pd.DataFrame(
        {
            "cluster": np.arange(clustering.k),
            "name": [clustering.tags[rows[0]] for rows in members],
            "tags": [[clustering.tags[row] for row in rows] for rows in members],
            "size": clustering.sizes,
            "assignments": [int(of_tags[rows].sum()) for rows in members],
            "silhouette": [float(scores[rows].mean()) for rows in members],
            "medoid": [clustering.tags[row] for row in clustering.medoids],
            "partly_known": [sum(clustering.tags[row] in unknown for row in rows) for rows in members],
        }
    )


def names_of_tags(clustering: Clustering, names: Sequence[str]) -> list[str]:
    """Return the name of each tag's cluster, in the order of its tags; empty for a tag in no cluster.

    Args:
        clustering: Of the tags.
        names: Of its clusters.
    """
    return [names[number] if number >= 0 else "" for number in clustering.labels.tolist()]
