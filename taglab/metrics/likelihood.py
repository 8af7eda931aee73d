"""Log-loss of every class: what the size of scores tells, where other figures look at their order alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.metrics.validation import DoubleArray, probabilities, truth_and_scores
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent

_BLOCK_SCORES = 1 << 18


def log_loss(truth: npt.ArrayLike, scores: npt.ArrayLike, progress: Progress = silent) -> DoubleArray:
    """Return the mean over tracks of minus the log of the probability given to what is true (classes,).

    Each class is a question of its own, in it or not; it is defined of a class without positives, too. A
    probability of 0 counts as the least difference of numbers of the scores' precision, as scikit-learn has
    it. The log-loss of one answer among several, as Kim (2021), table 3.4, prints it, is another number.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: Probabilities (tracks, classes), in [0, 1].
        progress: Told after each block of classes.

    Returns:
        In nats, at least 0.

    Raises:
        InvalidSetting: If shapes or values are not as above.

    Examples:
        >>> log_loss([[1], [0]], [[0.5], [0.5]]).round(4)
        array([0.6931])
    """
    judged, given = truth_and_scores(truth, scores)
    probabilities(given)
    least = float(np.finfo(given.dtype).eps)

    def work(block: slice) -> DoubleArray:
        columns = given[:, block].T.astype(np.float64, order="C")
        of_truth = np.where(judged[:, block].T, columns, 1 - columns)
        losses: DoubleArray = -np.log(np.maximum(of_truth, least)).mean(axis=1)
        return losses

    parts = blocks(judged.shape[1], _BLOCK_SCORES // len(judged))
    return np.concatenate(on_every_core(work, parts, progress, "log-loss"))
