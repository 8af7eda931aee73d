"""What every metric of predictions checks first."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting

BoolArray = npt.NDArray[np.bool_]
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
    if judged.dtype != np.bool_:
        if not np.isin(judged, (0, 1)).all():
            raise InvalidSetting("truth must hold only 0 and 1; were truth and scores swapped?")
        judged = judged.astype(np.bool_)
    if given.dtype not in (np.float32, np.float64):
        given = given.astype(np.float64)
    if not (np.isfinite(given.min()) and np.isfinite(given.max())):
        raise InvalidSetting("scores hold NaN or infinity; has training diverged?")
    return judged, given


def probabilities(scores: ScoreArray) -> None:
    """Raise InvalidSetting unless all scores lie in [0, 1], as thresholds do."""
    low, high = scores.min(), scores.max()
    if not (low >= 0 and high <= 1):
        raise InvalidSetting(f"scores must lie in [0, 1], not {low:g} to {high:g}; are they logits?")
