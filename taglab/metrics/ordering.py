"""The order in which a matrix shows what belongs together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.intp]


def linkage_order(normalised: npt.ArrayLike) -> IntArray:
    """Return rows so that those which share most tracks stand side by side; see `clustered_order`."""
    return clustered_order(normalised, 1)[0]


def clustered_order(normalised: npt.ArrayLike, n_clusters: int) -> tuple[IntArray, IntArray]:
    """Order rows so that those which share most tracks stand side by side, and cut them into clusters.

    Average linkage on 1 − n_ij / √(n_i n_j), its branches turned so that neighbours are as near as can be.

    Args:
        normalised: n_ij / √(n_i n_j), in [0, 1] (names, names).
        n_clusters: Most clusters to cut the tree into.

    Returns:
        The order, every row once (names,); and the cluster of each place in that order, from 0 up (names,).

    Source: Ros Perez 2021, section 7.5.1 (normalised co-occurrence); Bar-Joseph et al. 2001 (turning).
    """
    near = np.asarray(normalised, np.float64)
    if len(near) < 2:
        return np.arange(len(near)), np.zeros(len(near), np.intp)
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    distances = np.clip(1 - (near + near.T) / 2, 0, 1)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    order = np.asarray(leaves_list(tree), np.intp)
    cut = fcluster(tree, n_clusters, "maxclust")[order]
    return order, np.cumsum(np.diff(cut, prepend=cut[0]) != 0)
