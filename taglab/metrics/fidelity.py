"""How closely what an explanation says of items follows what was explained: rankings, decisions, classes.

The measures take the truth first: they are not symmetric. `FIDELITIES` names them by what the output is.

Source: Kim 2021, sections 5.2 (what fits which output) and 5.3.2 (eq. 5.21).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.tagging import label_scores
from taglab.metrics.validation import DoubleArray

Ties = Literal["refuse", "order"]

_MOST_PAIRS = 1 << 24  # of items, compared at a time
_ROUNDING = 1e-6  # by how much the sum of probabilities in single precision may miss 1, for each class


def tau_ap_a(truth: npt.ArrayLike, estimate: npt.ArrayLike, ties: Ties = "refuse") -> float:
    """Return the rank correlation that counts swaps at the top most, of a ranking that may have ties.

    tau_AP is 2 / (n - 1) times the sum over places 2 … n of the estimate of the share of items above that
    place which the truth has above its item, too; less 1. Where the estimate ties items, this is the mean of
    it over all their orders, which the places of a group give exactly: the item at the j-th place of a group
    of m, with p items above the group, has in the mean `right / m + (j - 1) / 2` items rightly above it,
    where `right` sums over the group what stands rightly above the group.

    Args:
        truth: What is to be ranked by (items,); more is higher.
        estimate: What ranks instead (items,).
        ties: What becomes of items that the truth ties: "refuse", or "order", by which the one that
            comes first in the array counts as higher.

    Returns:
        In [-1, 1]; 0 in the mean for estimates that know nothing, and exactly where all are tied.

    Raises:
        InvalidSetting: If there are fewer than two items, shapes disagree, a value is not finite, or the
            truth ties items and ties are refused.

    Examples:
        >>> tau_ap_a([3.0, 2.0, 1.0], [9.0, 5.0, 0.0])
        1.0
        >>> tau_ap_a([3.0, 2.0, 1.0], [1.0, 1.0, 1.0])
        0.0

    Source: Yilmaz, Aslam, Robertson, SIGIR 2008; Urbano, Marrero, "The treatment of ties in AP correlation",
    ICTIR 2017, whose items above a place are those of the estimate.
    """
    true, given = _pair(truth, estimate)
    by_truth = np.argsort(-true, kind="stable")
    if ties == "refuse" and (np.diff(true[by_truth]) == 0).any():
        raise InvalidSetting(
            "truth ties items, whose order tau_AP needs; leave items of equal scores out, or let the first "
            "count as higher (ties='order')"
        )
    place = np.empty(len(true), np.int64)
    place[by_truth] = np.arange(len(true))
    rightly_above = np.empty(len(true))
    for rows in np.array_split(np.arange(len(true)), -(-(len(true) ** 2) // _MOST_PAIRS)):
        rightly_above[rows] = ((given[rows, None] < given) & (place[rows, None] > place)).sum(axis=1)
    levels, group = np.unique(-given, return_inverse=True)
    size = np.bincount(group, minlength=len(levels))
    above = np.cumsum(size) - size  # p of each group
    right = np.bincount(group, rightly_above, len(levels))
    of_place = np.repeat(np.arange(len(levels)), size)
    j_less_1 = np.arange(len(true)) - above[of_place]
    expected = (right / size)[of_place] + j_less_1 / 2
    return float(2 * np.mean(expected[1:] / np.arange(1, len(true))) - 1)


def decision_auc(decisions: npt.ArrayLike, estimate: npt.ArrayLike) -> float:
    """Return the area under the ROC curve of an explanation's scores against yes-or-no decisions.

    Args:
        decisions: What was decided, 0 or 1 (items,).
        estimate: What the explanation says instead (items,); more for 1.

    Returns:
        In [0, 1]; NaN where all decisions are the same.

    Raises:
        InvalidSetting: If shapes disagree or values are not as they must be.

    Examples:
        >>> decision_auc([1, 1, 0], [0.4, 0.2, 0.2])
        0.75
    """
    true, given = np.atleast_1d(np.asarray(decisions)), np.atleast_1d(np.asarray(estimate, np.float64))
    return float(label_scores(true[:, None], given[:, None]).roc_auc[0])


def mean_kl_divergence(truth: npt.ArrayLike, estimate: npt.ArrayLike) -> float:
    """Return how many nats an explanation's classes are away from those explained, mean over items.

    Args:
        truth: Probabilities of classes (items, classes).
        estimate: What the explanation says instead (items, classes): scores, which the softmax makes
            probabilities.

    Returns:
        0 where they are the same, else above; less is better.

    Raises:
        InvalidSetting: If shapes disagree, or rows of the truth are no probabilities.

    Examples:
        >>> mean_kl_divergence([[0.25, 0.75]], np.log([[1.0, 3.0]]))
        0.0
    """
    from scipy.special import log_softmax, rel_entr

    true, given = np.asarray(truth, np.float64), np.asarray(estimate, np.float64)
    if true.ndim != 2 or true.shape != given.shape or not true.size or not np.isfinite(given).all():
        raise InvalidSetting(
            f"truth {true.shape} and estimate {given.shape} must both be (items, classes), and finite"
        )
    if not ((true >= 0).all() and np.allclose(true.sum(axis=1), 1, atol=_ROUNDING * true.shape[1])):
        raise InvalidSetting("truth must hold probabilities of classes, that add up to 1 in every row")
    divergence = rel_entr(true, np.exp(log_softmax(given, axis=1))).sum(axis=1)
    return float(max(divergence.mean(), 0.0))


def _pair(truth: npt.ArrayLike, estimate: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray]:
    true, given = np.asarray(truth, np.float64), np.asarray(estimate, np.float64)
    if true.ndim != 1 or true.shape != given.shape or len(true) < 2:
        raise InvalidSetting(
            f"truth {true.shape} and estimate {given.shape} must be of the same items, two or more"
        )
    if not (np.isfinite(true).all() and np.isfinite(given).all()):
        raise InvalidSetting("truth and estimate must be finite; has training diverged?")
    return true, given


FIDELITIES: dict[str, Callable[[npt.ArrayLike, npt.ArrayLike], float]] = {
    "ranking": tau_ap_a,
    "decisions": decision_auc,
    "classes": mean_kl_divergence,
}
"""What a system puts out → how closely an explanation follows it."""
