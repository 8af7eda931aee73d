"""What a task is: a question about tracks, answered from their features, and how well it was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress
from taglab.reprs import one_line

Features = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

PLAYS = "plays"
"""Title of the task that asks of plays."""
ANSWER_COLUMNS = ("track", "truth", "answer", "merit")
"""Of a table of answers: the track, what is true of it and what was answered, both as text, and how good the
answer is, more being better, in the unit of the task's `merit`."""


@dataclass(frozen=True, eq=False)
class Judged:
    """How well a task was done on the tracks held out by one split.

    Attributes:
        score: The task's measure.
        answers: A row for each track held out, with `ANSWER_COLUMNS`.
    """

    score: float
    answers: pd.DataFrame

    __repr__ = one_line


class Problem(Protocol):
    """A task on one data set."""

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of which the truth is known."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of all that is true."""
        ...

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Learn from some tracks, and answer for others.

        Args:
            features: Of the tracks (tracks, features), scaled as the encoder left them.
            train: Rows of the tracks to learn from.
            test: Rows of the tracks held out.
            seed: Of all that is drawn.
            progress: Told how far it is.
        """
        ...


class Task(Protocol):
    """A settings model that says what is asked of tracks.

    Attributes:
        measure: What its score is called.
        best: The highest score there is.
        merit: What the merit of a track's answer is, with its unit.
        has_plays: Whether it asks of plays, in place of a column of the tracks table.
    """

    measure: ClassVar[str]
    best: ClassVar[float]
    merit: ClassVar[str]
    has_plays: ClassVar[bool]

    @property
    def title(self) -> str:
        """What it asks, in a word or two."""
        ...

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> Problem:
        """Return the task on a data set.

        Raises:
            InvalidSetting: If the data have not what is asked for.
            DataError: If too little is known.
        """
        ...

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the settings as JSON has them."""
        ...


def answers_table(tracks: Any, truth: Any, answer: Any, merit: Any) -> pd.DataFrame:
    """Return a table with `ANSWER_COLUMNS`."""
    return pd.DataFrame(
        {
            "track": pd.array(list(tracks), dtype="str"),
            "truth": pd.array(list(truth), dtype="str"),
            "answer": pd.array(list(answer), dtype="str"),
            "merit": np.asarray(merit, np.float64),
        }
    )


def standardised(features: Features, train: Rows) -> Features:
    """Return features (tracks, features) of mean 0 and deviation 1 over the tracks to learn from.

    What is the same for all of these but for rounding is moved to a mean of 0, and not scaled.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features[train].astype(np.float64))
    scaled: Features = scaler.transform(features.astype(np.float64)).astype(np.float32)
    return scaled
