"""Tasks about a column of the tracks table: a class of each track, or a number."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.cache import content_key
from taglab.errors import DataError
from taglab.factors import make_targets
from taglab.factors.column import ColumnTargets
from taglab.factors.label_space import LabelSpaceTargets
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.metrics.estimates import r_squared
from taglab.parallel import blas_of_one_thread
from taglab.progress import Progress
from taglab.reprs import one_line
from taglab.settings import Flag
from taglab.studies.transfer.task import PLAYS, Features, Judged, Rows, answers_table, standardised
from taglab.targets import Targets

_FEWEST_CLASSES = 2


class _OfColumn(BaseModel):
    """What tasks about a column have in common.

    Attributes:
        column: Of the tracks table.
        hidden: Units of each hidden layer of the network that learns the task (256 and 256 in Kim's released
            code; the text prints 257).
        epochs: At most so often it sees the tracks; it ends earlier when its loss no longer falls.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    has_plays: ClassVar[bool] = False
    best: ClassVar[float] = 1.0

    column: Annotated[str, Flag(metavar="NAME")] = Field(min_length=1)
    hidden: tuple[int, ...] = Field((256, 256), min_length=1)
    epochs: int = Field(200, ge=1, le=100_000)

    @property
    def title(self) -> str:
        """The column; as such where it is called as the task of plays is."""
        return f"column {self.column}" if self.column == PLAYS else self.column


class Classification(_OfColumn):
    """Which class of a column is a track in? A network of two hidden layers learns it; its accuracy is the
    score (Kim 2021, section 2.4.4).

    Attributes:
        task: Which task this is.
        column: Of the tracks table; or name `labels`.
        labels: A label space in place of a column: of the tracks in exactly one of its classes, which is it?
        fewest: Tracks a class must have; the tracks of others are not asked about.
    """

    measure: ClassVar[str] = "accuracy"
    merit: ClassVar[str] = "right (1) or wrong (0)"

    task: Literal["classification"] = "classification"
    column: Annotated[str, Flag(metavar="NAME")] = ""
    labels: Annotated[str, Flag(metavar="NAME")] = ""
    fewest: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _asks_of_one(self) -> Self:
        if bool(self.column) == bool(self.labels):
            raise ValueError("either a column or labels must be named, and not both")
        return self

    @property
    def title(self) -> str:
        """The column, or what it is of a label space, which may have a column's name."""
        return super().title or f"classes of {self.labels}"

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> Classes:
        """Return the question; see `Task.problem`."""
        targets = self._targets(folksonomy)
        enough = targets.totals() >= self.fewest
        if enough.sum() < _FEWEST_CLASSES:
            raise DataError(
                folksonomy.name,
                f"has {int(enough.sum())} classes of {self.fewest} tracks or more in {self.title!r}; "
                f"{_FEWEST_CLASSES} are needed: ask about something else, or let classes be smaller (fewest)",
            )
        codes = np.where(targets.known, targets.dense().argmax(axis=1), 0)
        rows = np.flatnonzero(targets.known & enough[codes])
        return Classes(self, targets, rows, codes[rows])

    def _targets(self, folksonomy: Folksonomy) -> Targets:
        if self.column:
            return make_targets("column", folksonomy, ColumnTargets(column=self.column, values="classes"))
        targets = make_targets("label-space", folksonomy, LabelSpaceTargets(labels=self.labels))
        classes = targets.dense()
        codes = np.where(classes.sum(axis=1) == 1, classes.argmax(axis=1), -1)
        return Targets.of_classes(targets.tracks, codes, targets.columns, targets.name)


class Regression(_OfColumn):
    """What is the number of a column? A network of two hidden layers learns it; R² is the score, 1 at best, 0
    for what the mean would reach (Kim 2021, section 2.4.4).

    Attributes:
        task: Which task this is.
    """

    measure: ClassVar[str] = "R²"
    merit: ClassVar[str] = "−|error|, in the column's unit"

    task: Literal["regression"] = "regression"

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> Numbers:
        """Return the question; see `Task.problem`."""
        asked = ColumnTargets(column=self.column, values="numbers")
        targets = make_targets("column", folksonomy, asked)
        rows = np.flatnonzero(targets.known)
        values = targets.dense(rows)[:, 0].astype(np.float64)
        if np.ptp(values) == 0:
            raise DataError(
                folksonomy.name, f"has one number only in the column {self.column!r}: {values[0]:g}"
            )
        return Numbers(self, targets, rows, values)


@dataclass(frozen=True, eq=False)
class Classes:
    """Which class each track is in.

    Attributes:
        task: What is asked.
        targets: The column.
        rows: Of the targets that are asked about.
        codes: Class of each of those (tracks,).
    """

    task: Classification
    targets: Targets
    rows: Rows
    codes: npt.NDArray[np.intp]

    __repr__ = one_line

    @property
    def tracks(self) -> tuple[str, ...]:
        """Those asked about."""
        return tuple(self.targets.tracks[row] for row in self.rows)

    @property
    def fingerprint(self) -> str:
        """Of tracks and classes."""
        return content_key(self.targets.fingerprint, self.rows)

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Return the accuracy; see `Problem.judge`."""
        from sklearn.neural_network import MLPClassifier

        if len(np.unique(self.codes[train])) < _FEWEST_CLASSES:
            raise DataError(
                self.task.title, f"has fewer than {_FEWEST_CLASSES} classes among the tracks to learn from"
            )
        model = MLPClassifier(**_settings(self.task), random_state=seed)
        answers = _answers(model, features, train, self.codes[train], test)
        right = answers == self.codes[test]
        names = self.targets.columns
        table = answers_table(
            (self.targets.tracks[self.rows[row]] for row in test),
            (names[code] for code in self.codes[test]),
            (names[code] for code in answers),
            right,
        )
        return Judged(float(right.mean()), table)


@dataclass(frozen=True, eq=False)
class Numbers:
    """What number each track has.

    Attributes:
        task: What is asked.
        targets: The column.
        rows: Of the targets that are known.
        values: Number of each of those (tracks,).
    """

    task: Regression
    targets: Targets
    rows: Rows
    values: npt.NDArray[np.float64]

    __repr__ = one_line

    @property
    def tracks(self) -> tuple[str, ...]:
        """Those whose number is known."""
        return tuple(self.targets.tracks[row] for row in self.rows)

    @property
    def fingerprint(self) -> str:
        """Of tracks and numbers."""
        return self.targets.fingerprint

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Return R²; see `Problem.judge`. The network learns numbers of mean 0 and deviation 1."""
        from sklearn.neural_network import MLPRegressor

        middle, spread = self.values[train].mean(), self.values[train].std() or 1.0
        model = MLPRegressor(**_settings(self.task), random_state=seed)
        wanted = ((self.values[train] - middle) / spread).astype(np.float32)
        answers = _answers(model, features, train, wanted, test) * spread + middle
        truth = self.values[test]
        score = float(r_squared(truth[:, None], answers[:, None])[0])
        table = answers_table(
            (self.targets.tracks[self.rows[row]] for row in test),
            (f"{value:g}" for value in truth),
            (f"{value:.4g}" for value in answers),
            -np.abs(answers - truth),
        )
        return Judged(score, table)


def _settings(task: _OfColumn) -> dict[str, Any]:
    return {"hidden_layer_sizes": task.hidden, "max_iter": task.epochs}


def _answers(
    model: Any, features: Features, train: Rows, wanted: npt.NDArray[Any], test: Rows
) -> npt.NDArray[Any]:
    """Let a network of scikit-learn learn, and return what it says of the tracks held out (test,).

    That it might have seen the tracks more often than it may is not told.
    """
    from sklearn.exceptions import ConvergenceWarning

    scaled = standardised(features, train)
    with warnings.catch_warnings(), blas_of_one_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)
        answers: npt.NDArray[Any] = model.fit(scaled[train], wanted).predict(scaled[test])
    return answers
