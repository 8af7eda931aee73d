"""Features set to tasks: every pair of them on several splits, each computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.batches import Split, SplitSettings, split_tracks
from taglab.cache import content_key, derived_path, keep, read_object, recalled, write_json
from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.metrics.intervals import Interval
from taglab.metrics.repeated import mean_interval
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.studies.transfer.task import ANSWER_COLUMNS, Judged, Problem, Task
from taglab.vectors import Vectors

_FORMAT = 2
_SCORES, _ANSWERS = "scores.json", "answers.parquet"

FIFTH = SplitSettings(train=0.7, validation=0.1, test=0.2)
"""A split that holds out a fifth of the tracks."""


class Splits(BaseModel):
    """On which tracks a task is learned, and on which it is judged.

    Attributes:
        splits: How many splits, of seeds one after another; of folds, so many of them; of a published split
            the same tracks with other seeds of what learns, so that the spread tells of those alone.
        split: How each is drawn. What is no test track is learned from: the validation part joins training,
            for nothing is chosen by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    splits: int = Field(5, ge=1, le=1_000)
    split: SplitSettings = FIFTH

    @model_validator(mode="after")
    def _no_more_than_folds(self) -> Splits:
        if 0 < self.split.folds < self.splits:
            raise ValueError(f"splits={self.splits} must be at most the number of folds, {self.split.folds}")
        return self

    @property
    def settings(self) -> tuple[SplitSettings, ...]:
        """Of every split."""
        numbers = range(self.splits)
        if self.split.folds:
            updates = [{"fold": (self.split.fold + number) % self.split.folds} for number in numbers]
        else:
            updates = [{"seed": self.split.seed + number} for number in numbers]
        return tuple(self.split.model_copy(update=update) for update in updates)


@dataclass(frozen=True, eq=False)
class Transferred:
    """How well features do a task.

    Attributes:
        scores: Of each split, the task's measure (splits,).
        answers: A row for each split and track held out: `split`, counted from 1, and `ANSWER_COLUMNS`.
        learned_from: Tracks learned from, mean over splits.
        held_out: Tracks held out, mean over splits.
        is_redrawn: Whether every split has tracks of its own.
    """

    scores: npt.NDArray[np.float64]
    answers: pd.DataFrame
    learned_from: float
    held_out: float
    is_redrawn: bool = True

    __repr__ = one_line

    @property
    def interval(self) -> Interval:
        """Mean over the splits, and where it would lie with others (Nadeau and Bengio 2003)."""
        return mean_interval(self.scores, self._tested_per_trained)

    def less(self, other: Transferred) -> Interval:
        """Return the difference to other features on the same splits."""
        return mean_interval(self.scores - other.scores, self._tested_per_trained)

    @property
    def _tested_per_trained(self) -> float:
        return self.held_out / self.learned_from if self.is_redrawn else 0.0


@dataclass(frozen=True, eq=False)
class Asked:
    """A task on a data set, with the splits and the tracks that all features have.

    Attributes:
        task: What is asked.
        problem: The same of these data.
        tracks: Those of which the truth is known and that all features have.
        parts: Rows of those to learn from and held out, for every split.
        seeds: Of what learns, for every split.
        without: Tracks of which the truth is known and some features are not.
        is_redrawn: Whether every split has tracks of its own.
    """

    task: Task
    problem: Problem
    tracks: tuple[str, ...]
    parts: tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]
    seeds: tuple[int, ...]
    without: int
    is_redrawn: bool

    __repr__ = one_line

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Of the tracks, among those of the problem."""
        row_of = {track: row for row, track in enumerate(self.problem.tracks)}
        return np.array([row_of[track] for track in self.tracks], np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """Of the task, of all that is true, and of the splits."""
        return content_key(
            self.task.model_dump(mode="json"), self.problem.fingerprint, list(self.tracks),
            *(rows for part in self.parts for rows in part), list(self.seeds),
        )  # fmt: skip


def ask(task: Task, problem: Problem, data: Folksonomy, features: Sequence[Vectors], splits: Splits) -> Asked:
    """Return a task on the tracks that all features have.

    Raises:
        InvalidSetting: If features are not of tracks, or a split has no track to learn from or to judge by.
    """
    for one in features:
        if one.kind != "tracks":
            raise InvalidSetting(f"features {one.name!r} must be of tracks, not of {one.kind}")
    tracks = tuple(track for track in problem.tracks if all(track in one for one in features))
    drawn = [split_tracks(data, one) for one in splits.settings]
    parts = tuple(_parts(split, tracks) for split in drawn)
    for number, (train, test) in enumerate(parts):
        if not len(train) or not len(test):
            names = ", ".join(repr(one.name) for one in features)
            raise InvalidSetting(
                f"split {number + 1} has {len(train)} tracks to learn from and {len(test)} held out, of "
                f"{len(tracks)} that {names} and {task.title!r} have in common; take features of these tracks"
            )
    redrawn = len({split.fingerprint for split in drawn}) == len(drawn)
    seeds = tuple(splits.split.seed + number for number in range(splits.splits))
    return Asked(task, problem, tracks, parts, seeds, len(problem.tracks) - len(tracks), redrawn)


def _parts(split: Split, tracks: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    part_of = dict(zip(split.tracks, split.parts.tolist(), strict=True))
    is_test = np.array([part_of[track] == "test" for track in tracks], bool)
    return np.flatnonzero(~is_test), np.flatnonzero(is_test)


def transferred(asked: Asked, features: Vectors, progress: Progress = silent) -> Transferred:
    """Return how well features do a task; computed once and kept in the cache.

    Args:
        asked: The task, see `ask`.
        features: One of those it was asked for.
        progress: Told how far it is.

    Raises:
        DataError: If too little is known of the tracks to learn from.
    """
    path = _path(asked, features)
    kept = recalled(path, _read)
    if kept is not None:
        return kept
    computed = _computed(asked, features, progress)
    keep(path, computed, _write)
    return computed


def kept_transferred(asked: Asked, features: Vectors) -> Transferred | None:
    """Return what `transferred` kept; None where it would compute."""
    return recalled(_path(asked, features), _read)


def transfer_seconds(asked: Asked, features: Vectors) -> float:
    """Return about how long `transferred` computes on one core, in seconds.

    Measured: 960 tracks, 120 numbers each, networks of two layers of 256: 1.8 s a split.
    """
    learned_from = sum(len(train) for train, _ in asked.parts)
    return learned_from * (1e-3 + 7e-6 * features.dim)


def _path(asked: Asked, features: Vectors) -> Path:
    return derived_path("transfer", content_key(_FORMAT, asked.fingerprint, features.fingerprint), "")


def _computed(asked: Asked, features: Vectors, progress: Progress) -> Transferred:
    rows, n_splits = asked.rows, len(asked.parts)
    array = np.zeros((len(asked.problem.tracks), features.dim), np.float32)
    array[rows] = features.rows_of(asked.tracks)
    judged: list[Judged] = []
    for number, (train, test) in enumerate(asked.parts):
        text = f"{asked.task.title} by {features.name}: split {number + 1} of {n_splits}"
        progress(number / n_splits, text)
        share = between(progress, number / n_splits, (number + 1) / n_splits)
        judged.append(asked.problem.judge(array, rows[train], rows[test], asked.seeds[number], share))
    progress(1.0, f"{asked.task.title} by {features.name}")
    answers = [one.answers.assign(split=number + 1) for number, one in enumerate(judged)]
    return Transferred(
        np.array([one.score for one in judged]),
        pd.concat(answers, ignore_index=True)[["split", *ANSWER_COLUMNS]],
        float(np.mean([len(train) for train, _ in asked.parts])),
        float(np.mean([len(test) for _, test in asked.parts])),
        asked.is_redrawn,
    )


def _write(folder: Path, computed: Transferred) -> None:
    folder.mkdir()
    scores = {
        "scores": computed.scores.tolist(),
        "learned_from": computed.learned_from,
        "held_out": computed.held_out,
        "is_redrawn": computed.is_redrawn,
    }
    write_json(folder / _SCORES, scores)
    computed.answers.to_parquet(folder / _ANSWERS, index=False)


def _read(folder: Path) -> Transferred | None:
    """Return what was kept; None where nothing is, or something damaged."""
    if not folder.is_dir():
        return None
    try:
        scores: dict[str, Any] = read_object(folder / _SCORES)
        answers = pd.read_parquet(folder / _ANSWERS)
        return Transferred(
            np.array(scores["scores"], np.float64), answers[["split", *ANSWER_COLUMNS]],
            float(scores["learned_from"]), float(scores["held_out"]), bool(scores["is_redrawn"]),
        )  # fmt: skip
    except (DataError, OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, eq=False)
class Transfer:
    """Several features set to several tasks.

    Attributes:
        asked: The tasks.
        features: The features.
        results: (Number of the task, name of the features) → how well.
        baselines: Names of features that others are held against, beside those whose encoder is a baseline.
    """

    asked: tuple[Asked, ...]
    features: tuple[Vectors, ...]
    results: Mapping[tuple[int, str], Transferred]
    baselines: tuple[str, ...] = ()

    __repr__ = one_line

    def __iter__(self) -> Iterator[tuple[Asked, Vectors, Transferred]]:
        """Go through all pairs, task by task."""
        for number, asked in enumerate(self.asked):
            for one in self.features:
                yield asked, one, self.results[number, one.name]


def transfer(
    asked: Sequence[Asked],
    features: Sequence[Vectors],
    progress: Progress = silent,
    baselines: Sequence[str] = (),
) -> Transfer:
    """Set every one of some features to every task.

    Args:
        asked: Tasks, see `ask`.
        features: Of different names.
        progress: Told how far it is.
        baselines: See `Transfer`.

    Raises:
        InvalidSetting: If a name stands twice.
        DataError: As `transferred`.
    """
    if len({one.name for one in features}) < len(features):
        raise InvalidSetting("features of one name stand twice; name each once")
    pairs = [(number, one) for number in range(len(asked)) for one in features]
    results = {}
    for place, (number, one) in enumerate(pairs):
        share = between(progress, place / len(pairs), (place + 1) / len(pairs))
        results[number, one.name] = transferred(asked[number], one, share)
    return Transfer(tuple(asked), tuple(features), results, tuple(baselines))
