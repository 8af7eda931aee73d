"""The order in which a heat map shows what belongs together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.clustering.agglomerative import linkage_of_distances


def linkage_order(normalised: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return rows so that those which share most tracks stand side by side.

    Average linkage on 1 − n_ij / √(n_i n_j), its branches turned so that neighbours are as near as can be.

    Args:
        normalised: See `Cooccurrence.normalised`, dense (names, names).
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    near = np.asarray(normalised, np.float64)
    if len(near) < 3:
        return np.arange(len(near))
    distances = np.clip(1 - (near + near.T) / 2, 0, 1)
    np.fill_diagonal(distances, 0)
    tree = linkage_of_distances(distances, "average")
    turned = hierarchy.optimal_leaf_ordering(tree, squareform(distances, checks=False))
    return np.asarray(hierarchy.leaves_list(turned), np.intp)
