"""How much a play or a rating weighs, for recommenders that learn from implicit feedback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy import sparse

from taglab.interactions import Interactions

Weighing = Literal["ones", "log", "counts"]
"""What a play weighs: 1 however often; log(1 + count); the count."""

_OF_COUNTS: dict[str, Callable[[Any], Any]] = {"ones": np.ones_like, "log": np.log1p, "counts": np.asarray}


def weighed(plays: Interactions, weighing: Weighing = "ones") -> sparse.csr_array:
    """Return plays as weights (users, items), float32.

    Args:
        plays: Counts; ratings are refused by `taglab.recommend.fit` before they come here.
        weighing: What a count weighs.
    """
    counts = plays.matrix
    weights = _OF_COUNTS[weighing](counts.data).astype(np.float32)
    return sparse.csr_array((weights, counts.indices, counts.indptr), shape=counts.shape)
