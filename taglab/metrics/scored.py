"""`Scored`: truth and scores of classes, checked, and what several metrics need of them worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from taglab.metrics.tagging import LabelScores, label_scores
from taglab.metrics.thresholds import Confusion, confusion
from taglab.metrics.validation import BoolArray, ScoreArray, truth_and_scores
from taglab.progress import Progress, silent
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class Scored:
    """What metrics of predictions are taken of; `scored` makes it.

    Attributes:
        truth: Whether a track is in a class, bool (tracks, classes).
        scores: (tracks, classes), finite.
        progress: Told after each block of classes.
        parts: Whose classes these are together as one; None of classes by themselves.
    """

    truth: BoolArray
    scores: ScoreArray
    progress: Progress = field(default=silent, repr=False)
    parts: Scored | None = field(default=None, repr=False)

    __repr__ = one_line

    @property
    def positives(self) -> npt.NDArray[np.int64]:
        """Tracks truly in each class (classes,)."""
        return np.asarray(np.count_nonzero(self.truth, axis=0), np.int64)

    @cached_property
    def ranks(self) -> LabelScores:
        """What the order of tracks gives of each class."""
        return label_scores(self.truth, self.scores, self.progress)

    @cached_property
    def counts(self) -> Confusion:
        """Right and wrong decisions at 200 thresholds; raises InvalidSetting unless scores lie in [0, 1]."""
        if self.parts is not None:
            return self.parts.counts.micro()
        return confusion(self.truth, self.scores)

    @cached_property
    def counts_at_half(self) -> Confusion:
        """Right and wrong decisions at a threshold of 0.5; raises as `counts`."""
        if self.parts is not None:
            return self.parts.counts_at_half.micro()
        return confusion(self.truth, self.scores, 0.5)

    @cached_property
    def pooled(self) -> Scored:
        """All (track, class) pairs as one class."""
        return Scored(self.truth.reshape(-1, 1), self.scores.reshape(-1, 1), parts=self)


def scored(truth: npt.ArrayLike, scores: npt.ArrayLike, progress: Progress = silent) -> Scored:
    """Check what metrics of predictions are taken of.

    Args:
        truth: 0/1 or bool (tracks, classes).
        scores: (tracks, classes), finite.
        progress: Told after each block of classes.

    Raises:
        InvalidSetting: If shapes or values are not as above.
    """
    return Scored(*truth_and_scores(truth, scores), progress)
