"""Ratings as plays: what somebody rated well enough, they have chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting
from taglab.interactions import Interactions


def as_plays(interactions: Interactions, least: float | None = None) -> Interactions:
    """Return plays of counts: themselves, or each rating that is high enough as one play.

    Kim 2021 (section 5.3.3) takes ratings as implicit feedback and says no threshold: every rating counts,
    then, as the act of rating tells of interest. Negative ratings cannot: they need a threshold.

    Args:
        interactions: Counts, which stay as they are; or ratings.
        least: Least rating that counts; every rating does where None.

    Raises:
        InvalidSetting: If a threshold is given for counts, or there are negative ratings and none is given.
        DataError: If no rating is high enough.
    """
    if interactions.kind == "counts":
        if least is not None:
            raise InvalidSetting(
                f"least_rating={least:g} is for ratings, and {interactions.name} has counts of plays"
            )
        return interactions
    ratings = interactions.matrix
    if least is None and len(ratings.data) and ratings.data.min() < 0:
        raise InvalidSetting(
            f"{interactions.name} has ratings below zero, down to {ratings.data.min():g}, which say that "
            "somebody did not like an item; say from which rating on one counts (least_rating)"
        )
    good = np.ones(len(ratings.data), bool) if least is None else ratings.data >= least
    if not good.any():
        raise DataError(interactions.name, f"has no rating of {least:g} or more")
    kept = interactions.select_values(good)
    ones = np.ones(kept.matrix.nnz, np.float32)
    plays = sparse.csr_array((ones, kept.matrix.indices, kept.matrix.indptr), shape=ratings.shape)
    notes = [Dropped(f"rating below {least:g}", int((~good).sum()), "ratings")] if not good.all() else []
    rule = "every rating" if least is None else f"every rating of {least:g} or more"
    return replace(
        kept,
        matrix=plays,
        kind="counts",
        dropped=(*interactions.dropped, *notes),
        reading=(*interactions.reading, f"Ratings: {rule} counts as one play."),
    )
