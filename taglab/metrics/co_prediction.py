"""Which labels go together: in truth, in predictions, and between the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.reprs import one_line

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Below 2**24 a float32 counts exactly, and its products are several times as fast as those of integers.
_TRACKS_AT_A_TIME = 1 << 15


@dataclass(frozen=True, eq=False)
class LabelPairs:
    """How many tracks have one label on one side and another on the other.

    Attributes:
        together: Tracks with the row's label on the one side and the column's on the other
            (labels, labels).
        of_row: Tracks with the row's label on the one side (labels,).
    """

    together: IntArray
    of_row: IntArray

    __repr__ = one_line

    @property
    def share(self) -> DoubleArray:
        """Of the row's tracks those that also have the column's label, in [0, 1]; NaN in an empty row."""
        result = np.full(self.together.shape, np.nan)
        np.divide(self.together, self.of_row[:, None], out=result, where=self.of_row[:, None] > 0)
        return result


def label_pairs(rows: npt.ArrayLike, columns: npt.ArrayLike) -> LabelPairs:
    """Count tracks by pairs of labels.

    Args:
        rows: Which tracks have which label on the one side, bool (tracks, labels): truth, for instance.
        columns: The same on the other side, such as predictions at a threshold (tracks, labels).

    Raises:
        InvalidSetting: If the shapes differ or hold nothing.
    """
    one, other = np.asarray(rows), np.asarray(columns)
    if one.dtype != np.bool_ or other.dtype != np.bool_:
        raise InvalidSetting(f"rows and columns must be bool, not {one.dtype} and {other.dtype}")
    if one.ndim != 2 or one.shape != other.shape or not one.size:
        raise InvalidSetting(f"rows {one.shape} and columns {other.shape} must both be (tracks, labels)")
    together = np.zeros((one.shape[1], one.shape[1]), np.int64)
    for start in range(0, len(one), _TRACKS_AT_A_TIME):
        part = slice(start, start + _TRACKS_AT_A_TIME)
        together += (one[part].T.astype(np.float32) @ other[part].astype(np.float32)).astype(np.int64)
    return LabelPairs(together, np.count_nonzero(one, axis=0).astype(np.int64))


def clustered_order(
    together: npt.ArrayLike, n_clusters: int = 1
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Order labels so that those which go together stand together, and cut them into clusters.

    Average linkage of 1 - n_ij / sqrt(n_i n_j), leaves turned so that neighbours are as near as can be.

    Args:
        together: Symmetric counts, tracks of each label on the diagonal (labels, labels).
        n_clusters: Most clusters to cut the tree into.

    Returns:
        The order, every row once (labels,); and the cluster of each place in that order, from 0 up
        (labels,).

    Source: Ros Perez 2021, section 7.5.1 (normalised co-occurrence); Bar-Joseph et al. 2001 (turning).
    """
    counts = np.asarray(together, np.float64)
    if len(counts) < 2:
        return np.arange(len(counts)), np.zeros(len(counts), np.intp)
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    scale = np.sqrt(np.outer(np.diag(counts), np.diag(counts)))
    near = np.divide(counts, scale, out=np.zeros_like(counts), where=scale > 0)
    apart = np.clip(1 - (near + near.T) / 2, 0, None)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    order = np.asarray(leaves_list(tree), np.intp)
    cut = fcluster(tree, n_clusters, "maxclust")[order]
    return order, np.cumsum(np.diff(cut, prepend=cut[0]) != 0)
