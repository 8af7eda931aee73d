"""Training of a joint space: steps, looks at the validation tracks, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.joint_space.material import JointMaterial, scaled, sparse_rows, training_pairs
from taglab.joint_space.ranking import precisions, task_scores
from taglab.joint_space.settings import JointSpaceSettings, Task
from taglab.joint_space.space import JointSpace
from taglab.joint_space.updates import Rules, Tables, update
from taglab.joint_space.worded import beside_tags, tag_vectors, tags_as_tracks, word_features
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.vectors import TagVectors

MONITORED_K = 3
MONITORED = f"p@{MONITORED_K}"
"""Mean validation precision at three places, the fewest of the paper's, says when to stop."""

_STEPS_A_CALL = 5_000  # between two looks at whether one is to stop


@dataclass(frozen=True, eq=False)
class FittedSpace:
    """A trained space, and how that went.

    Attributes:
        space: As it was at its best look.
        history: A row a look at the validation tracks: `steps`, `p@3` (the mean over tasks), `p@3 TASK` for
            every task, `violations TASK` (share of the steps since the last look that found a wrong output
            within the margin), `drawn TASK` (wrong outputs drawn in such a step, on average).
        best_steps: Steps made at the best look.
    """

    space: JointSpace
    history: pd.DataFrame
    best_steps: int

    __repr__ = one_line


def rank_weights(settings: JointSpaceSettings, most: int) -> npt.NDArray[np.float32]:
    """Return L(r) = α_1 + … + α_r at r = 0 … most, (most + 1,): eq. 11 of Weston et al. 2011."""
    places = np.arange(1, most + 1)
    alpha = {
        "harmonic": 1 / places,
        "uniform": np.ones(most),
        "top": (places <= settings.top).astype(np.float64),
    }[settings.weighting]
    return np.concatenate([[0], np.cumsum(alpha)]).astype(np.float32)


def fit_space(
    material: JointMaterial,
    settings: JointSpaceSettings,
    name: str = "",
    about: dict[str, Any] | None = None,
    progress: Progress = silent,
    words: TagVectors | None = None,
) -> FittedSpace:
    """Train a joint space on the training part; the validation part says when to stop, and which is best.

    Args:
        material: Tracks, features, artists, tags, parts.
        settings: See `JointSpaceSettings`; the same seed gives the same space on one machine.
        name: What the space is called.
        about: What it is made of, kept with it.
        progress: Told after some thousand steps; may raise to stop.
        words: Word vectors of the tags, from which a map is learned with everything else where the settings'
            `word_map` is "learned"; see `taglab.joint_space.words.fit_with_words`.

    Raises:
        InvalidSetting: If a task has nothing to learn, or a vector is no longer finite.

    Source: Weston et al. 2011, section 4 and Algorithm 1.
    """
    training = SpaceTraining(material, settings, words=words)
    while not training.over:
        training.look(progress)
    return training.fitted(name, about)


@dataclass(eq=False)
class Standing:
    """Where a training stands: all that it needs to go on as if it had never stopped.

    Attributes:
        tables: What is learned so far.
        best: The same at the best look.
        random: State of the random numbers, (1,).
        rows: Of the history, one a look.
        best_look: Number of the best look, from 1; 0 before the first.
    """

    tables: Tables
    best: Tables
    random: npt.NDArray[np.uint64]
    rows: list[dict[str, float]] = field(default_factory=list)
    best_look: int = 0

    __repr__ = one_line

    @property
    def taken(self) -> int:
        """Steps that were taken."""
        return int(self.rows[-1]["steps"]) if self.rows else 0


class SpaceTraining:
    """A training that is under way, from one look at the validation tracks to the next.

    Args:
        material: Tracks, features, artists, tags, parts.
        settings: See `JointSpaceSettings`.
        standing: Where it goes on; changed. From the beginning where None.
        words: See `fit_space`.

    Raises:
        InvalidSetting: If a task has nothing to learn, or what is learned is of other artists, tags or
            features.
    """

    def __init__(
        self,
        material: JointMaterial,
        settings: JointSpaceSettings,
        standing: Standing | None = None,
        words: TagVectors | None = None,
    ) -> None:
        self.settings = settings
        self._words = words if settings.word_map == "learned" else None
        self._of_words = None if self._words is None else word_features(material.tags, self._words)
        self.standing = standing or _beginning(material, settings, self._of_words)
        self._material = material
        self._pairs = training_pairs(material, settings.tasks)
        tracks = scaled(material.features[material.parts["train"]], settings.scaling)
        if self._of_words is not None:
            self._pairs = tags_as_tracks(self._pairs, tracks.shape[0])
            tracks = beside_tags(tracks, self._of_words)
        self._tracks = sparse_rows(tracks)
        self._rules = Rules(
            rank_weights(settings, int(self._pairs.n_outputs.max())),
            settings.learning_rate,
            settings.limit,
            settings.loss == "warp",
        )
        wanted = [(n, settings.dim) for n in _sizes(material, self._of_words)]
        if [table.shape for table in self.standing.tables] != wanted:
            raise InvalidSetting("what is learned so far is of other artists, tags, features or dimensions")

    @property
    def over(self) -> bool:
        """Whether all steps were taken, or too many looks gained nothing."""
        standing = self.standing
        waited = len(standing.rows) - standing.best_look
        return standing.taken >= self.settings.steps or waited >= self.settings.patience

    def look(self, progress: Progress = silent) -> dict[str, float]:
        """Take steps up to the next look at the validation tracks; return its row of the history."""
        standing = self.standing
        row = self._take(min(self.settings.validate_every, self.settings.steps - standing.taken), progress)
        row |= _look(self._space(standing.tables), self._material, self.settings.tasks)
        best = standing.rows[standing.best_look - 1][MONITORED] if standing.best_look else -np.inf
        standing.rows.append(row)
        if row[MONITORED] > best:
            best, standing.best_look = row[MONITORED], len(standing.rows)
            standing.best = Tables(*(table.copy() for table in standing.tables))
        progress(standing.taken / self.settings.steps, f"best validation {MONITORED} {best:.3f}")
        return row

    def fitted(self, name: str = "", about: dict[str, Any] | None = None) -> FittedSpace:
        """Return the space as it was at its best look."""
        standing = self.standing
        steps = int(standing.rows[standing.best_look - 1]["steps"]) if standing.best_look else 0
        kept = {**(about or {}), "settings": self.settings.model_dump(mode="json"), "steps": steps}
        if self._words is not None:
            kept["words"] = {"name": self._words.name, "fingerprint": self._words.fingerprint}
        space = self._space(standing.best, name, kept)
        return FittedSpace(space, pd.DataFrame(standing.rows), steps)

    def _space(self, tables: Tables, name: str = "", about: dict[str, Any] | None = None) -> JointSpace:
        """Return what tables hold as a space; tags and the map where these are sums of rows."""
        material, settings = self._material, self.settings
        features, tags, word_map = tables.features, tables.tags, None
        if self._of_words is not None:
            n = material.features.shape[1]
            tags, word_map = tag_vectors(self._of_words, features[n:])
            features = features[:n]
        return JointSpace(
            name, material.artists, material.tags, tables.artists, tags, features, settings.scaling,
            about or {}, word_map,
        )  # fmt: skip

    def _take(self, n_steps: int, progress: Progress) -> dict[str, float]:
        """Take steps; return the row of the history that tells of them."""
        standing, settings = self.standing, self.settings
        counts = np.zeros((len(settings.tasks), 3), np.int64)
        taken = standing.taken
        until = taken + n_steps
        while taken < until:
            more = min(_STEPS_A_CALL, until - taken)
            update(more, standing.tables, self._tracks, self._pairs, self._rules, standing.random, counts)
            taken += more
            progress(taken / settings.steps, f"step {taken:,} of at most {settings.steps:,}")
        row: dict[str, float] = {"steps": taken}
        for task, (tried, violations, drawn) in zip(settings.tasks, counts.tolist(), strict=True):
            row[f"violations {task}"] = violations / tried if tried else np.nan
            row[f"drawn {task}"] = drawn / violations if violations else np.nan
        return row


def _sizes(material: JointMaterial, of_words: npt.NDArray[np.float32] | None) -> tuple[int, int, int]:
    """Return how many rows are learned of artists, tags and features; of these also those of tags as sums."""
    artists, tags, features = len(material.artists), len(material.tags), material.features.shape[1]
    if of_words is None:
        return artists, tags, features
    return artists, 0, features + of_words.shape[1] + tags


def _beginning(
    material: JointMaterial, settings: JointSpaceSettings, of_words: npt.NDArray[np.float32] | None
) -> Standing:
    random = np.random.default_rng(settings.seed)
    tables = Tables(*(_first_vectors(random, size, settings) for size in _sizes(material, of_words)))
    if of_words is not None:  # what the map explains is not to be learned twice
        tables.features[-len(material.tags) :][of_words.any(axis=1)] = 0
    best = Tables(*(table.copy() for table in tables))
    return Standing(tables, best, random.integers(1, 2**63, 1, np.uint64))


def _first_vectors(
    random: np.random.Generator, rows: int, settings: JointSpaceSettings
) -> npt.NDArray[np.float32]:
    """Return vectors of mean 0 and standard deviation 1/√d, none longer than the limit."""
    vectors = random.standard_normal((rows, settings.dim)) / np.sqrt(settings.dim)
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    short: npt.NDArray[np.float32] = (vectors * np.minimum(1, settings.limit / lengths)).astype(np.float32)
    return short


def _look(space: JointSpace, material: JointMaterial, tasks: Sequence[Task]) -> dict[str, float]:
    """Return mean precision on the validation tracks, of every task and of all; NaN where none is asked."""
    by_task = {}
    for task in tasks:
        right = material.right(task, "validation")
        table = precisions(task_scores(space, material, task, "validation"), right, [MONITORED_K])
        by_task[f"{MONITORED} {task}"] = float(table[MONITORED].mean())
    known = [value for value in by_task.values() if not np.isnan(value)]
    return {MONITORED: float(np.mean(known)) if known else np.nan, **by_task}
