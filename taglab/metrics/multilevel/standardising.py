"""Scores of several data sets on one scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.validation import DoubleArray


def standardised(scores: npt.ArrayLike, groups: npt.ArrayLike) -> DoubleArray:
    """Return scores less the mean of their group, over its standard deviation (with n - 1).

    Args:
        scores: Finite (n,).
        groups: Whose score it is, as the target data set (n,).

    Raises:
        InvalidSetting: If a score is missing, or the scores of a group are fewer than two or all the same.

    Examples:
        >>> standardised([1.0, 2.0, 3.0, 10.0, 30.0], ["a", "a", "a", "b", "b"]).round(3).tolist()
        [-1.0, 0.0, 1.0, -0.707, 0.707]

    Source: Kim 2021, section 2.5.2; that the deviation is of n - 1 is not said there.
    """
    table = pd.DataFrame({"score": np.asarray(scores, np.float64), "group": np.asarray(groups)})
    _refuse_missing(table["score"].to_numpy(), table["group"].to_numpy())
    by_group = table.groupby("group", sort=False)["score"]
    constant = by_group.nunique() < 2
    if constant.any():
        names = ", ".join(map(str, constant.index[constant][:3]))
        raise InvalidSetting(
            f"the scores of {names} are all the same, or one: they cannot be standardised; leave that out"
        )
    result: DoubleArray = (
        (table["score"] - by_group.transform("mean")) / by_group.transform("std")
    ).to_numpy()
    return result


def _refuse_missing(scores: DoubleArray, groups: npt.NDArray[Any]) -> None:
    missing = ~np.isfinite(scores)
    if not missing.any():
        return
    whole = [str(group) for group in pd.unique(groups[missing]) if missing[groups == group].all()]
    if whole:
        raise InvalidSetting(
            f"every score of {', '.join(whole[:3])} is missing; leave it out, or wait until some are there"
        )
    raise InvalidSetting(
        f"{int(missing.sum()):,} of {len(scores):,} scores are missing; leave their rows out"
    )
