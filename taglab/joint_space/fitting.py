"""Training of a joint space: steps, looks at the validation tracks, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.joint_space.material import JointMaterial, scaled, sparse_rows, training_pairs
from taglab.joint_space.ranking import precisions, task_scores
from taglab.joint_space.settings import JointSpaceSettings, Task
from taglab.joint_space.space import JointSpace
from taglab.joint_space.updates import Rules, Tables, update
from taglab.progress import Progress, silent
from taglab.reprs import one_line

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
) -> FittedSpace:
    """Train a joint space on the training part; the validation part says when to stop, and which is best.

    Args:
        material: Tracks, features, artists, tags, parts.
        settings: See `JointSpaceSettings`; the same seed gives the same space on one machine.
        name: What the space is called.
        about: What it is made of, kept with it.
        progress: Told after some thousand steps; may raise to stop.

    Raises:
        InvalidSetting: If a task has nothing to learn, or a vector is no longer finite.

    Source: Weston et al. 2011, section 4 and Algorithm 1.
    """
    steps = _Steps(material, settings)
    best, rows, waited = steps.copied(), list[dict[str, float]](), 0
    best_precision, best_steps = -np.inf, 0
    while steps.taken < settings.steps and waited < settings.patience:
        row = steps.take(min(settings.validate_every, settings.steps - steps.taken), progress)
        row |= _look(_space(steps.tables, material, settings), material, settings.tasks)
        rows.append(row)
        waited += 1
        if row[MONITORED] > best_precision:
            best, best_precision, best_steps, waited = steps.copied(), row[MONITORED], steps.taken, 0
        progress(steps.taken / settings.steps, f"best validation {MONITORED} {best_precision:.3f}")
    kept = {**(about or {}), "settings": settings.model_dump(mode="json"), "steps": best_steps}
    return FittedSpace(_space(best, material, settings, name, kept), pd.DataFrame(rows), best_steps)


class _Steps:
    """The state of a training: what is learned, the random numbers, and how many steps were taken."""

    def __init__(self, material: JointMaterial, settings: JointSpaceSettings) -> None:
        random = np.random.default_rng(settings.seed)
        sizes = (len(material.artists), len(material.tags), material.features.shape[1])
        self.tables = Tables(*(_first_vectors(random, size, settings) for size in sizes))
        self.taken = 0
        self._settings = settings
        self._pairs = training_pairs(material, settings.tasks)
        self._tracks = sparse_rows(scaled(material.features[material.parts["train"]], settings.scaling))
        self._rules = Rules(
            rank_weights(settings, int(self._pairs.n_outputs.max())),
            settings.learning_rate,
            settings.limit,
            settings.loss == "warp",
        )
        self._state = random.integers(1, 2**63, 1, np.uint64)

    def copied(self) -> Tables:
        """Return what is learned so far, apart from what further steps change."""
        return Tables(*(table.copy() for table in self.tables))

    def take(self, n_steps: int, progress: Progress) -> dict[str, float]:
        """Take steps; return the row of the history that tells of them."""
        counts = np.zeros((len(self._settings.tasks), 3), np.int64)
        until = self.taken + n_steps
        while self.taken < until:
            more = min(_STEPS_A_CALL, until - self.taken)
            update(more, self.tables, self._tracks, self._pairs, self._rules, self._state, counts)
            self.taken += more
            text = f"step {self.taken:,} of at most {self._settings.steps:,}"
            progress(self.taken / self._settings.steps, text)
        row: dict[str, float] = {"steps": self.taken}
        for task, (tried, violations, drawn) in zip(self._settings.tasks, counts.tolist(), strict=True):
            row[f"violations {task}"] = violations / tried if tried else np.nan
            row[f"drawn {task}"] = drawn / violations if violations else np.nan
        return row


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


def _space(
    tables: Tables,
    material: JointMaterial,
    settings: JointSpaceSettings,
    name: str = "",
    about: dict[str, Any] | None = None,
) -> JointSpace:
    return JointSpace(name, material.artists, material.tags, *tables, settings.scaling, about or {})
