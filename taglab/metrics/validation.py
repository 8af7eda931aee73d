"""What metrics have in common: what they check first, and quotients of nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]
ScoreArray = npt.NDArray[np.floating[Any]]


def truth_and_scores(truth: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[BoolArray, ScoreArray]:
    """Return both as arrays (tracks, classes), bool and float, after checking them.

    Raises:
        InvalidSetting: If shapes disagree or hold no track or no class, truth has other values than 0 and 1,
            or a score is not finite.
    """
    judged = np.asarray(truth)
    given = np.asarray(scores)
    if judged.ndim != 2 or judged.shape != given.shape or not judged.size:
        raise InvalidSetting(
            f"truth {judged.shape} and scores {given.shape} must both be (tracks, classes), with at "
            "least one of each"
        )
    judged = zeros_and_ones(judged, "truth")
    if given.dtype not in (np.float32, np.float64):
        given = given.astype(np.float64)
    if not (np.isfinite(given.min()) and np.isfinite(given.max())):
        raise InvalidSetting("scores hold NaN or infinity; has training diverged?")
    return judged, given


def zeros_and_ones(values: npt.NDArray[Any], name: str) -> BoolArray:
    """Return values as bool; raises InvalidSetting where one is neither 0 nor 1.

    Args:
        values: Of any type.
        name: What they are called.
    """
    if values.dtype == np.bool_:
        return values
    if not np.isin(values, (0, 1)).all():
        raise InvalidSetting(f"{name} must hold only 0 and 1; were {name} and scores swapped?")
    return values.astype(np.bool_)


def probabilities(scores: ScoreArray) -> None:
    """Raise InvalidSetting unless all scores lie in [0, 1], as thresholds do."""
    low, high = scores.min(), scores.max()
    if not (low >= 0 and high <= 1):
        raise InvalidSetting(f"scores must lie in [0, 1], not {low:g} to {high:g}; are they logits?")


def quotient(over: npt.NDArray[np.number[Any]], under: npt.NDArray[np.number[Any]]) -> DoubleArray:
    """Return over / under, NaN where under is 0 or less."""
    result: DoubleArray = np.full(np.broadcast_shapes(over.shape, under.shape), np.nan)
    np.divide(over, under, out=result, where=under > 0)
    return result
