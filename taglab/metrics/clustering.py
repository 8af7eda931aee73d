"""How good a clustering is, and how much two of them agree.

Labels are numbers; one below 0 is that of a tag in no cluster. Such a tag has no silhouette (NaN), is no
cluster's neighbour, and adds nothing to distances; two clusterings are compared on the tags that both
clustered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.progress import Progress, silent

DoubleArray = npt.NDArray[np.float64]

# Values held at a time: 8 MB of float64, near what a processor's cache holds.
_BLOCK_VALUES = 1 << 20
# Vectors summed in float32 before their sum goes on in float64.
_GROUP = 16
# Where a and b are both below this, float32 products do not give their quotient to 1e-5.
_COARSE = 0.1
# A mean of float64 cosine distances is rounding noise below this.
_NOISE = 1e-13
# Largest difference between d(i, j) and d(j, i), as a share of the largest distance.
_ASYMMETRY = 1e-6


def silhouette_cosine(
    vectors: npt.NDArray[np.floating], labels: npt.ArrayLike, progress: Progress = silent
) -> DoubleArray:
    """Return the silhouette of each tag for cosine distance, exactly.

    s = (b - a) / max(a, b), with a the mean distance to the others of its own cluster and b the least,
    over the other clusters, of the mean distance to a cluster's members. The thesis's prose has b as the
    distance to the nearest point outside; its formula, followed here, has the mean. A tag alone in its
    cluster scores 0; so does one with a = b = 0, and hence every tag when each is alone.

    The mean cosine distance of a vector to a cluster is 1 minus its product with the mean of the cluster's
    unit vectors: O(tags clusters dim) time, and memory that does not grow with the tags but for the
    result. Products are taken in the vectors' own precision, and again in float64 for tags whose a and b
    are so small that float32 would show: within 1e-5 of the exact value, but where the distances
    themselves are below 1e-10, which is as far as 1 - cosine reaches in float64.

    Args:
        vectors: Array (tags, dim), finite, no row all zeros; of any length.
        labels: Array (tags,) of integers, any numbers; below 0 for tags in no cluster.
        progress: Told after each block.

    Returns:
        Array (tags,), in [-1, 1]; NaN for tags in no cluster.

    Raises:
        InvalidSetting: If there is only one cluster, for which no silhouette is defined.
        ValueError: If shapes disagree or a vector is zero or not finite.

    Source: Rousseeuw 1987; Ros Perez 2021, section 3.5.3.
    """
    if (clustered := _clustered_rows(labels)) is not None:
        scores = silhouette_cosine(vectors[clustered], np.asarray(labels)[clustered], progress)
        return _spread(scores, clustered, len(vectors))
    clusters, sizes = _clusters_of(labels, len(vectors), at_least=2)
    score = np.empty(len(vectors))
    left = np.arange(len(vectors))
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    if vectors.dtype == np.float32 and ((lengths > 1e-15) & (lengths < 1e15)).all():
        means = _quick_means(vectors, lengths, clusters, sizes)
        larger = np.empty(len(vectors))
        for block in _blocks(len(vectors), len(sizes)):
            score[block], larger[block] = _silhouette_of_products(
                vectors[block] @ means, lengths[block], clusters[block], sizes
            )
            progress(0.5 * block.stop / len(vectors), "silhouettes")
        left = np.flatnonzero(larger < _COARSE)
    if len(left):
        exact_means, exact_lengths = _exact_means(vectors, clusters, sizes, progress)
        for block in _blocks(len(left), len(sizes) + vectors.shape[1]):
            rows = left[block]
            score[rows], _ = _silhouette_of_products(
                vectors[rows].astype(np.float64) @ exact_means, exact_lengths[rows], clusters[rows], sizes
            )
            progress(0.6 + 0.4 * block.stop / len(left), "silhouettes in float64")
    return score


def _silhouette_of_products(
    products: npt.NDArray[np.floating],
    lengths: npt.NDArray[np.floating],
    clusters: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.int64],
) -> tuple[DoubleArray, DoubleArray]:
    """Return silhouettes, and max(a, b), from products of vectors of these lengths with the means."""
    rows = np.arange(len(clusters))
    own = products[rows, clusters] / lengths
    products[rows, clusters] = -np.inf
    return _silhouette(1 - own, 1 - products.max(axis=1) / lengths, sizes[clusters], _NOISE)


def _quick_means(
    vectors: npt.NDArray[np.float32],
    lengths: npt.NDArray[np.float32],
    clusters: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.int64],
) -> npt.NDArray[np.float32]:
    """As the means of `_exact_means`, with vectors summed by the dozen in float32, these sums in float64."""
    # NumPy sorts 16-bit integers, by digits, several times as fast.
    members = np.argsort(clusters.astype(np.uint16) if len(sizes) <= 1 << 16 else clusters, kind="stable")
    group_counts = -(-sizes // _GROUP)
    first_group = np.cumsum(group_counts) - group_counts
    group_in_cluster = np.arange(group_counts.sum()) - np.repeat(first_group, group_counts)
    group_starts = np.repeat(np.cumsum(sizes) - sizes, group_counts) + _GROUP * group_in_cluster
    groups = sparse.csr_array(
        (1 / lengths[members], members, np.append(group_starts, len(members))),
        shape=(len(group_starts), len(vectors)),
    )
    sums = np.add.reduceat((groups @ vectors).astype(np.float64), first_group, axis=0)
    return np.ascontiguousarray((sums / sizes[:, None]).T.astype(np.float32))


def _exact_means(
    vectors: npt.NDArray[np.floating],
    clusters: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.int64],
    progress: Progress,
) -> tuple[DoubleArray, DoubleArray]:
    """Return the mean of each cluster's vectors scaled to length 1, (dim, clusters), and their lengths."""
    n, dim = vectors.shape
    sums = np.zeros((len(sizes), dim))
    lengths = np.empty(n)
    for block in _blocks(n, dim):
        doubles = vectors[block].astype(np.float64)
        lengths[block] = np.sqrt(np.einsum("ij,ij->i", doubles, doubles))
        if not (np.isfinite(lengths[block]) & (lengths[block] > 0)).all():
            raise ValueError("vectors must be finite, and none all zeros, which have no direction")
        sums += _one_hot(clusters[block], len(sizes), 1 / lengths[block]).T @ doubles
        progress(0.5 + 0.1 * block.stop / n, "summing clusters")
    return np.ascontiguousarray((sums / sizes[:, None]).T), lengths


def silhouette_distances(
    distances: npt.NDArray[np.floating], labels: npt.ArrayLike, progress: Progress = silent
) -> DoubleArray:
    """Return the silhouette of each tag for given distances; see `silhouette_cosine`.

    The sums over clusters are one product of the distances with the one-hot matrix of the labels.

    Args:
        distances: Array (tags, tags): finite, not negative, symmetric, zeros on the diagonal.
        labels: Array (tags,) of integers; below 0 for tags in no cluster.
        progress: Told after each block.

    Returns:
        Array (tags,), in [-1, 1]; NaN for tags in no cluster.

    Raises:
        InvalidSetting: If there is only one cluster, or the distances are not such.
    """
    check_distances(distances)
    if (clustered := _clustered_rows(labels)) is not None:
        among = distances[np.ix_(clustered, clustered)]
        scores = silhouette_distances(among, np.asarray(labels)[clustered], progress)
        return _spread(scores, clustered, len(distances))
    clusters, sizes = _clusters_of(labels, len(distances), at_least=2)
    one_hot = _one_hot(clusters, len(sizes)).toarray()
    result = np.empty(len(distances))
    for block in _blocks(len(distances), len(distances)):
        sums = distances[block].astype(np.float64) @ one_hot
        result[block] = _silhouette_of_means(sums / sizes, clusters[block], sizes)
        progress(block.stop / len(distances), "silhouettes")
    return result


def silhouette_euclidean(
    vectors: npt.NDArray[np.floating], labels: npt.ArrayLike, progress: Progress = silent
) -> DoubleArray:
    """Return the silhouette of each tag for Euclidean distance: pairwise, O(tags² dim), a block at a time.

    For positions on a map, which cosine does not suit. Arguments and errors as `silhouette_cosine`, but
    that a row may be all zeros.
    """
    if (clustered := _clustered_rows(labels)) is not None:
        scores = silhouette_euclidean(vectors[clustered], np.asarray(labels)[clustered], progress)
        return _spread(scores, clustered, len(vectors))
    clusters, sizes = _clusters_of(labels, len(vectors), at_least=2)
    points = np.asarray(vectors, np.float64)
    if not np.isfinite(points).all():
        raise ValueError("vectors must be finite")
    one_hot = _one_hot(clusters, len(sizes)).toarray()
    from scipy.spatial.distance import cdist

    result = np.empty(len(points))
    for block in _blocks(len(points), len(points)):
        means = cdist(points[block], points) @ one_hot / sizes
        result[block] = _silhouette_of_means(means, clusters[block], sizes)
        progress(block.stop / len(points), "silhouettes")
    return result


def _silhouette_of_means(
    mean_distances: DoubleArray, clusters: npt.NDArray[np.intp], sizes: npt.NDArray[np.int64]
) -> DoubleArray:
    rows = np.arange(len(clusters))
    own = mean_distances[rows, clusters]
    mean_distances[rows, clusters] = np.inf
    score, _ = _silhouette(own, mean_distances.min(axis=1), sizes[clusters], noise=0.0)
    return score


def _silhouette(
    own: DoubleArray, nearest_other: DoubleArray, own_size: npt.NDArray[np.int64], noise: float
) -> tuple[DoubleArray, DoubleArray]:
    """Return silhouettes from mean distances to the own cluster, oneself included, and the nearest other.

    Mean distances below `noise` count as 0.

    Returns:
        The silhouettes, and the larger of a and b each was divided by.
    """
    a = own * own_size / np.maximum(own_size - 1, 1)
    b = np.where(nearest_other < noise, 0, nearest_other)
    a[a < noise] = 0
    larger = np.maximum(a, b)
    score = np.where((own_size > 1) & (larger > 0), (b - a) / np.where(larger > 0, larger, 1), 0.0)
    return score, larger


def within_cluster_distance(vectors: npt.NDArray[np.floating], labels: npt.ArrayLike) -> float:
    """Return the summed squared distance of the vectors to the mean of their cluster.

    Equal to half the sum, over clusters, of the squared distances between all ordered pairs of members
    divided by the cluster's size. The means are not normalised. For unit vectors it is also the sum over
    clusters of ordered pairs' cosine distances divided by size.

    Args:
        vectors: Array (tags, dim), finite.
        labels: Array (tags,) of integers; tags with one below 0 add nothing.

    Returns:
        At least 0; in squared units of the vectors.

    Source: Ros Perez 2021, section 3.5.3.
    """
    if (clustered := _clustered_rows(labels)) is not None:
        return within_cluster_distance(vectors[clustered], np.asarray(labels)[clustered])
    clusters, sizes = _clusters_of(labels, len(vectors), at_least=1)
    means = np.zeros((len(sizes), vectors.shape[1]))
    for block in _blocks(*vectors.shape):
        means += _one_hot(clusters[block], len(sizes)).T @ vectors[block].astype(np.float64)
    means /= sizes[:, None]
    total = 0.0
    for block in _blocks(*vectors.shape):
        offsets = vectors[block] - means[clusters[block]]
        total += np.einsum("ij,ij->", offsets, offsets)
    return float(total)


def within_cluster_distance_of_distances(distances: npt.NDArray[np.floating], labels: npt.ArrayLike) -> float:
    """Return the sum over clusters of the distances between ordered pairs of members, over the size.

    For cosine distances this is `within_cluster_distance` of the unit vectors, whose squared distance is
    twice the cosine distance.

    Args:
        distances: As in `silhouette_distances`.
        labels: Array (tags,) of integers; tags with one below 0 add nothing.
    """
    check_distances(distances)
    if (clustered := _clustered_rows(labels)) is not None:
        among = distances[np.ix_(clustered, clustered)]
        return within_cluster_distance_of_distances(among, np.asarray(labels)[clustered])
    clusters, sizes = _clusters_of(labels, len(distances), at_least=1)
    members = np.argsort(clusters, kind="stable")
    groups = np.split(members, np.cumsum(sizes)[:-1])
    return float(sum(distances[np.ix_(g, g)].sum(dtype=np.float64) / len(g) for g in groups))


def adjusted_rand(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the adjusted Rand index of two clusterings of the same tags: 1 equal, about 0 by chance.

    Args:
        a: Array (tags,) of labels, numbers or text; tags with a number below 0 are left aside.
        b: Array (tags,) of labels, numbers or text; they need not be the same as in `a`.

    Raises:
        InvalidSetting: If no tag is in a cluster of both.

    Examples:
        >>> adjusted_rand(["rock", "rock", "jazz", "live"], [1, 1, 0, -1])
        1.0

    Source: Hubert and Arabie 1985, as scikit-learn computes it.
    """
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(*_coded_pair(a, b)))


def normalised_mutual_information(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return mutual information over the mean of the two entropies: 1 equal, 0 independent.

    Unlike `adjusted_rand` it is not corrected for chance: many small clusters score high.

    Args:
        a: As for `adjusted_rand`.
        b: As for `adjusted_rand`.

    Raises:
        InvalidSetting: If no tag is in a cluster of both.
    """
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(*_coded_pair(a, b)))


def flow(a: npt.ArrayLike, b: npt.ArrayLike) -> pd.DataFrame:
    """Return how many tags each pair of clusters shares.

    Args:
        a: Array (tags,) of integers; tags with one below 0 are left aside.
        b: Array (tags,) of integers.

    Returns:
        Columns `cluster_a`, `cluster_b`, `tags` (above 0), sorted by the first two.

    Raises:
        InvalidSetting: If no tag is in a cluster of both.
    """
    first, second = (labels.astype(np.int64) for labels in _both_clustered(a, b))
    return (
        pd.DataFrame({"cluster_a": first, "cluster_b": second})
        .value_counts(sort=False)
        .rename("tags")
        .reset_index()
        .sort_values(["cluster_a", "cluster_b"], ignore_index=True)
    )


def check_distances(distances: npt.NDArray[np.floating]) -> None:
    """Raise unless these are distances: square, finite, not negative, symmetric, zeros on the diagonal.

    Raises:
        InvalidSetting: Naming the first pair that offends, by row numbers.
    """
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1]:
        raise InvalidSetting(f"distances must be (tags, tags), not {distances.shape}")
    largest = 0.0
    for block in _blocks(len(distances), len(distances)):
        rows = distances[block]
        _refuse(rows, ~np.isfinite(rows), block.start, "must be finite; is a pair without a value in there?")
        _refuse(rows, rows < 0, block.start, "must not be negative; similarities given as distances?")
        largest = max(largest, float(rows.max()))
    diagonal = np.flatnonzero(np.abs(np.diagonal(distances)) > _ASYMMETRY * largest)
    if len(diagonal):
        row = int(diagonal[0])
        raise InvalidSetting(
            f"distances[{row}, {row}]={distances[row, row]} must be 0, a thing's distance to itself; "
            "similarities given as distances?"
        )
    for block in _blocks(len(distances), len(distances)):
        rows = distances[block]
        uneven = np.abs(rows - distances[:, block].T) > _ASYMMETRY * largest
        _refuse(rows, uneven, block.start, "must equal the distance the other way; average the two?")


def _refuse(
    rows: npt.NDArray[np.floating], offends: npt.NDArray[np.bool_], start: int, expectation: str
) -> None:
    if offends.any():
        row, column = (int(i) for i in np.argwhere(offends)[0])
        raise InvalidSetting(f"distances[{start + row}, {column}]={rows[row, column]} {expectation}")


def _blocks(n: int, width: int) -> Iterator[slice]:
    """Yield slices of n rows of this width that are small enough to hold."""
    rows = max(64, _BLOCK_VALUES // max(width, 1))
    return (slice(start, min(start + rows, n)) for start in range(0, n, rows))


def _clustered_rows(labels: npt.ArrayLike) -> npt.NDArray[np.intp] | None:
    """Return the rows of tags that are in a cluster; None where all are."""
    numbers = np.asarray(labels)
    clustered = np.flatnonzero(numbers >= 0)
    return None if len(clustered) == numbers.size else clustered


def _spread(scores: DoubleArray, rows: npt.NDArray[np.intp], n: int) -> DoubleArray:
    """Return the scores of some rows among all n, NaN elsewhere."""
    every = np.full(n, np.nan)
    every[rows] = scores
    return every


def _clusters_of(
    labels: npt.ArrayLike, n: int, at_least: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Return labels renumbered without gaps, and the size of each."""
    given = np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"labels must be ({n},), one a tag, not {given.shape}")
    clusters, sizes = given, np.zeros(1, np.int64)
    if given.dtype.kind == "i" and n and given.min() == 0 and given.max() < n:
        sizes = np.bincount(given)
    if not sizes.all():
        _, clusters, sizes = np.unique(given, return_inverse=True, return_counts=True)
    if len(sizes) < at_least:
        raise InvalidSetting(
            f"k={len(sizes)}: a silhouette compares a tag's own cluster with others, so it needs "
            f"at least {at_least} clusters"
        )
    return clusters.astype(np.intp), sizes.astype(np.int64)


def _one_hot(clusters: npt.NDArray[np.intp], k: int, weights: DoubleArray | None = None) -> sparse.csr_array:
    ones = np.ones(len(clusters)) if weights is None else weights
    return sparse.csr_array((ones, clusters, np.arange(len(clusters) + 1)), shape=(len(clusters), k))


def _coded_pair(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return labels of any kind as numbers, of the tags that are in a cluster of both."""
    first, second = _both_clustered(a, b)
    return np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1]


def _both_clustered(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"labels of the same tags are compared, but these are {first.shape}, {second.shape}")
    kept = np.ones(len(first), bool)
    for labels in (first, second):
        if labels.dtype.kind in "if":
            kept &= labels >= 0
    if len(kept) and not kept.any():
        raise InvalidSetting("no tag is in a cluster of both clusterings, so there is nothing to compare")
    return first[kept], second[kept]
