"""How much a user's plays are like everybody's."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray


def mainstreaminess(plays: sparse.csr_array) -> DoubleArray:
    """Return the overlap of what a user plays with what all play (users,).

    With p the shares of a user's plays and q those of all users' plays, it is Σ min(p, q) over items: one
    less half the distance Σ |p - q|, so that more is more mainstream. Who plays each item as often as
    everybody together has 1, who plays what hardly anybody else plays next to 0. A user of few items cannot
    have much.

    Args:
        plays: Counts or ratings (users, items), not negative; what is not stored was not played.

    Returns:
        In [0, 1]; NaN for a user without plays.

    Raises:
        InvalidSetting: If a value is negative, or there are none.

    Examples:
        >>> mainstreaminess(sparse.csr_array([[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 2.0]])).round(3)
        array([0.8, 0.8, 0.2])

    Source: Kim 2021, section 5.3.3, calls it a distance and reads it as a likeness; Schedl and Bauer, Journal
    of Mobile Multimedia 14 (2018), have several of both.
    """
    if not plays.nnz or not (plays.data >= 0).all() or not plays.data.any():
        raise InvalidSetting("plays must be counts above 0; nobody played anything, or ratings are negative")
    rows = np.repeat(np.arange(plays.shape[0]), np.diff(plays.indptr))
    # In double precision, which the sums of a sparse matrix in single precision are not.
    per_user = np.bincount(rows, plays.data, plays.shape[0])
    shares = np.bincount(plays.indices, plays.data, plays.shape[1]) / per_user.sum()
    own = np.zeros(plays.nnz)
    np.divide(plays.data, per_user[rows], out=own, where=per_user[rows] > 0)
    overlap = np.bincount(rows, np.minimum(own, shares[plays.indices]), plays.shape[0]).astype(np.float64)
    return np.where(per_user > 0, overlap, np.nan)
