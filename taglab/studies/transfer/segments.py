"""The task of a class told segment by segment: a network hears some, and what it says of a track is averaged.

Source: Kim (2021), section 3.3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import nn

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.nets import HEADS
from taglab.nets.encoder import Encoded
from taglab.progress import Progress, counted
from taglab.reprs import one_line
from taglab.settings import Flag
from taglab.studies.transfer.columns import Classes, Classification
from taglab.studies.transfer.task import Features, Judged, Rows, answers_table

_HEARD_TOGETHER = 4_096
_HEAD = "elu"

BoolArray = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]


class SegmentClassification(BaseModel):
    """Which class of a column is a track in? One hidden layer of ELU learns it of tracks' segments, one drawn
    at random for each track and epoch; probabilities are averaged over a track's. Macro F1 is the score, and
    the mean merit, with its sign changed, is log-loss (Kim 2021, section 3.3.2).

    Attributes:
        task: Which task this is.
        column: Of the tracks table; or name `labels`.
        labels: A label space in place of a column: of the tracks in exactly one of its classes, which is it?
        fewest: Tracks a class must have; the tracks of others are not asked about.
        segments: So many segments' numbers stand side by side in a track's features, one after the other;
            those that are all 0 are none. 1 takes the features of a track as they are.
        epochs: So often it sees every track.
        batch_size: Segments a step.
        learning_rate: Of Adam.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    has_plays: ClassVar[bool] = False
    best: ClassVar[float] = 1.0
    measure: ClassVar[str] = "F1, macro"
    merit: ClassVar[str] = "log of the true class's probability"

    task: Literal["segments"] = "segments"
    column: Annotated[str, Flag(metavar="NAME")] = ""
    labels: Annotated[str, Flag(metavar="NAME")] = ""
    fewest: int = Field(5, ge=1)
    segments: int = Field(1, ge=1, le=100_000)
    epochs: int = Field(50, ge=1, le=100_000)
    batch_size: int = Field(64, ge=2, le=65_536)
    learning_rate: float = Field(1e-3, gt=0, le=10)

    @model_validator(mode="after")
    def _asks_of_one(self) -> Self:
        self._asked()
        return self

    def _asked(self) -> Classification:
        return Classification(column=self.column, labels=self.labels, fewest=self.fewest)

    @property
    def title(self) -> str:
        """The column, or what it is of a label space, by segments."""
        return f"{self._asked().title} by segments"

    def problem(self, folksonomy: Folksonomy, plays: Interactions | None) -> SegmentClasses:
        """Return the question; see `Task.problem`."""
        return SegmentClasses(self, self._asked().problem(folksonomy, plays))


@dataclass(frozen=True, eq=False)
class SegmentClasses:
    """Which class each track is in, to be told by its segments.

    Attributes:
        task: What is asked.
        classes: The class of each track.
    """

    task: SegmentClassification
    classes: Classes

    __repr__ = one_line

    @property
    def tracks(self) -> tuple[str, ...]:
        """Those asked about."""
        return self.classes.tracks

    @property
    def fingerprint(self) -> str:
        """Of tracks and classes."""
        return self.classes.fingerprint

    def judge(self, features: Features, train: Rows, test: Rows, seed: int, progress: Progress) -> Judged:
        """Return macro F1 and probabilities; see `Problem.judge`.

        Raises:
            InvalidSetting: If features are not so many segments, or a track held out has none.
        """
        codes, names = self.classes.codes, self.classes.targets.columns
        segments = as_segments(features, self.task.segments)
        if len(np.unique(codes[train])) < 2:
            raise DataError(self.task.title, "has fewer than 2 classes among the tracks to learn from")
        probabilities = learned_probabilities(
            segments[train], codes[train], segments[test], len(names), self.task, seed, progress
        )
        answers = probabilities.argmax(axis=1)
        truth = codes[test]
        targets = self.classes.targets
        table = answers_table(
            (targets.tracks[self.classes.rows[row]] for row in test),
            (names[code] for code in truth),
            (names[code] for code in answers),
            np.log(np.maximum(probabilities[np.arange(len(test)), truth], np.finfo(np.float64).tiny)),
        )
        return Judged(macro_f1(truth, answers), table)


def as_segments(features: Features, n_segments: int) -> Features:
    """Return features (tracks, segments · numbers) as (tracks, segments, numbers); raises InvalidSetting."""
    n_numbers, rest = divmod(features.shape[1], n_segments)
    if rest:
        raise InvalidSetting(
            f"segments={n_segments} must divide the {features.shape[1]:,} numbers of a track; so many "
            "segments stand side by side in it"
        )
    return features.reshape(len(features), n_segments, n_numbers)


def macro_f1(truth: npt.ArrayLike, answers: npt.ArrayLike) -> float:
    """Return the mean of F1 over the classes that any track is truly in; 0 for one never answered right."""
    from sklearn.metrics import f1_score

    given = np.asarray(truth)
    return float(f1_score(given, answers, labels=np.unique(given), average="macro", zero_division=0))


def learned_probabilities(
    train: Features,
    codes: npt.NDArray[np.intp],
    test: Features,
    n_classes: int,
    task: SegmentClassification,
    seed: int,
    progress: Progress,
) -> Doubles:
    """Learn classes of some tracks' segments, and return those of others (tracks, classes), summing to 1.

    Numbers are brought to mean 0 and deviation 1 over all segments learned from. The same seed gives the same
    network on one machine and number of threads.

    Args:
        train: Segments to learn from (tracks, segments, numbers).
        codes: Class of each of those tracks.
        test: Segments of the tracks held out.
        n_classes: How many classes there are.
        task: How it is learned.
        seed: Of the weights, the order of tracks, the segments and the dropout.
        progress: Told after each epoch.

    Raises:
        InvalidSetting: If a track has no segment.
    """
    has_train: BoolArray = np.asarray(train.any(axis=2), bool)
    has_test: BoolArray = np.asarray(test.any(axis=2), bool)
    if not (has_train.any(axis=1).all() and has_test.any(axis=1).all()):
        raise InvalidSetting("features of a track are all 0, so that it has no segment to be told by")
    middle, spread = _scale(train[has_train])
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        network = HEADS[_HEAD](train.shape[2], n_classes, 0.5)
        _fit(
            network, (train, has_train), (middle, spread), codes, task, np.random.default_rng(seed), progress
        )
    return _averaged(network, (test[has_test] - middle) / spread, has_test)


def _scale(segments: Features) -> tuple[Features, Features]:
    middle = segments.mean(axis=0, dtype=np.float64)
    spread = segments.std(axis=0, dtype=np.float64)
    return middle.astype(np.float32), np.where(spread > 1e-6, spread, 1).astype(np.float32)


def _fit(
    network: nn.Module,
    given: tuple[Features, BoolArray],
    scale: tuple[Features, Features],
    codes: npt.NDArray[np.intp],
    task: SegmentClassification,
    rng: np.random.Generator,
    progress: Progress,
) -> None:
    segments, present = given
    wanted = torch.from_numpy(codes.astype(np.int64))
    optimiser = torch.optim.Adam(network.parameters(), lr=task.learning_rate)
    network.train()
    for epoch in range(task.epochs):
        order = rng.permutation(len(segments))
        drawn = np.where(present, rng.random(present.shape), -1).argmax(axis=1)
        for begin in range(0, len(order), task.batch_size):
            rows = order[begin : begin + task.batch_size]
            batch = (segments[rows, drawn[rows]] - scale[0]) / scale[1]
            loss = nn.functional.cross_entropy(_logits(network, batch), wanted[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        progress((epoch + 1) / task.epochs, counted("epoch", epoch + 1, task.epochs))


def _logits(network: nn.Module, segments: Features) -> torch.Tensor:
    batch = torch.from_numpy(segments)
    logits: torch.Tensor = network(Encoded(batch, batch, batch))
    return logits


def _averaged(network: nn.Module, segments: Features, present: BoolArray) -> Doubles:
    """Return the mean over tracks' segments of what a network says (tracks, classes)."""
    network.eval()
    with torch.inference_mode():
        logits = [
            _logits(network, segments[at : at + _HEARD_TOGETHER])
            for at in range(0, len(segments), _HEARD_TOGETHER)
        ]
        shares = torch.cat(logits).double().softmax(dim=1).numpy()
    firsts = np.append(0, np.cumsum(present.sum(axis=1)))[:-1]
    means: Doubles = np.add.reduceat(shares, firsts, axis=0) / present.sum(axis=1, keepdims=True)
    return means
