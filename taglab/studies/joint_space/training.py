"""The spaces and baselines of the study: trained, ensembled, and judged by query on held-out songs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.joint_space import (
    PRECISION_KS,
    FittedSpace,
    JointMaterial,
    JointSpace,
    JointSpaceSettings,
    ensemble,
    fit_kept,
    precisions,
    task_scores,
)
from taglab.joint_space.baselines import cosine_similarity, margin_perceptron, popularity
from taglab.joint_space.fitting import MONITORED
from taglab.joint_space.settings import Task
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.studies.joint_space.cost import Cost, ranking_cost
from taglab.studies.joint_space.settings import JointSpaceStudy

TAG_KS = PRECISION_KS[1:]
BIG_TASKS: tuple[Task, ...] = ("artists", "tracks-of-artist", "similar-tracks")
"""Artist prediction, song prediction and similar songs: those of the paper's Big-data."""
ONE_VS_REST, COSINE, POPULARITY = "one-vs-rest", "cosine similarity", "popularity"
SINGLE, ALL = "single task", "all tasks"
_AUC_MEMBERS = (1, 4)  # of table 3

Loss = Literal["warp", "auc"]


class Judged(NamedTuple):
    """Which figures: of a task, a model, and the features it was trained on."""

    task: Task
    model: str
    features: str


def space_name(loss: Loss, dim: int, members: int = 1, wider: bool = False) -> str:
    """Return what a space or an ensemble is called in tables: by the paper's d, and by what it is."""
    what = "one space" if wider else f"{members} × {dim}"
    return f"{loss.upper()} d = {dim * members} ({what})"


@dataclass(frozen=True, eq=False)
class StudyFigures:
    """What came of the study.

    Attributes:
        data: Name of the data.
        settings: As it was asked for.
        sizes: Tracks by part, tags, artists.
        features: Names of the sets of features, the paper's MFCC first, all together last.
        precisions: Figures by query of the test part, as `taglab.joint_space.precisions`.
        trained: A row a training: features, tasks, loss, dim, seed, learning_rate, limit, steps, and the
            validation precision of its best look.
        chosen: Whether a training's row was taken (else its rate and limit lost).
        space: Of tags, d as one space has it, on the last features; None without tags.
        cost: Of ranking for one song, by task; see `Cost`.
        left_out: Tracks that are not used, see `JointMaterial`.
        kept: Spaces on the first features: "tags", the largest ensemble, and "artists", of the paper's three
            tasks of artists and songs.
    """

    data: str
    settings: JointSpaceStudy
    sizes: Mapping[str, int]
    features: tuple[str, ...]
    precisions: Mapping[Judged, pd.DataFrame]
    trained: pd.DataFrame
    space: JointSpace | None
    cost: Mapping[Task, Cost]
    left_out: pd.DataFrame
    kept: Mapping[str, JointSpace] = field(default_factory=dict)

    __repr__ = one_line

    def models(self, task: Task, features: str) -> list[str]:
        """Return the models that were judged at a task, on features."""
        return [key.model for key in self.precisions if (key.task, key.features) == (task, features)]


def carry_out(
    data: str, materials: Mapping[str, JointMaterial], settings: JointSpaceStudy, progress: Progress = silent
) -> StudyFigures:
    """Train all spaces and baselines of the study, and judge them by held-out songs.

    What was trained before, of the same material and settings, is taken from the cache.

    Args:
        data: Name of the data.
        materials: Name of features → tracks with them; of the same tracks, artists, tags and parts.
        settings: What is trained.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If materials are of different tracks, or the test part is empty.
    """
    first = _same_tracks(materials)
    study = _Study(settings, len(materials), first, progress)
    space = None
    for features, material in materials.items():
        if material.tags:
            space = study.judge_tags(features, material)
    last = list(materials.values())[-1]
    if space is not None:
        study.judge_wider(list(materials)[-1], last)
    if first.artists:
        study.judge_tasks(next(iter(materials)), first)
    outputs: dict[Task, int] = {"tags": len(first.tags), "artists": len(first.artists)}
    costs = {
        task: ranking_cost(last, n, settings.space.dim, settings.songs_timed)
        for task, n in outputs.items()
        if n
    }
    parts = {f"{part} tracks": len(rows) for part, rows in first.parts.items()}
    sizes = {**parts, "tags": len(first.tags), "artists": len(first.artists)}
    return StudyFigures(
        data,
        settings,
        sizes,
        tuple(materials),
        study.precisions,
        pd.DataFrame(study.trained),
        space,
        costs,
        first.left_out,
        study.kept,
    )


def _same_tracks(materials: Mapping[str, JointMaterial]) -> JointMaterial:
    first = next(iter(materials.values()))
    for features, other in materials.items():
        if (other.tracks, other.tags, other.artists) != (first.tracks, first.tags, first.artists):
            raise InvalidSetting(f"features {features!r} must be of the same tracks as the others")
    if not len(first.parts["test"]):
        raise InvalidSetting("the test part has no track with features; split otherwise")
    return first


@dataclass
class _Study:
    """Trainings and figures as they come."""

    settings: JointSpaceStudy
    n_features: int
    material: JointMaterial
    progress: Progress
    precisions: dict[Judged, pd.DataFrame] = field(default_factory=dict)
    trained: list[dict[str, object]] = field(default_factory=list)
    kept: dict[str, JointSpace] = field(default_factory=dict)

    def judge_tags(self, features: str, material: JointMaterial) -> JointSpace:
        """Judge ensembles by WARP and by AUC, and baselines, at tags; return the first space by WARP."""
        sizes = self.settings.members
        spaces = self._members("warp", ("tags",), features, material, max(sizes))
        for size in sizes:
            name = space_name("warp", self.settings.space.dim, size)
            self._judge_space(ensemble(spaces[:size]), ("tags",), name, features, material)
        self.kept.setdefault("tags", ensemble(spaces))
        of_auc = [size for size in sizes if size in _AUC_MEMBERS]
        by_auc = self._members("auc", ("tags",), features, material, max(of_auc, default=1))
        for size in of_auc:
            name = space_name("auc", self.settings.space.dim, size)
            self._judge_space(ensemble(by_auc[:size]), ("tags",), name, features, material)
        scores = margin_perceptron(material, "tags", "test", self.settings.space.scaling)
        self._judge(Judged("tags", ONE_VS_REST, features), scores, material)
        self._judge(Judged("tags", POPULARITY, features), popularity(material, "tags", "test"), material)
        return spaces[0]

    def judge_wider(self, features: str, material: JointMaterial) -> None:
        """Judge single spaces of more dimensions at tags, with the rate and limit of the narrow one."""
        taken = self._taken("warp", ("tags",), features)
        for dim in self.settings.wider:
            fitted = self._fit(taken.model_copy(update={"dim": dim}), features, material, True)
            name = space_name("warp", dim, wider=True)
            self._judge_space(fitted.space, ("tags",), name, features, material)

    def judge_tasks(self, features: str, material: JointMaterial) -> None:
        """Judge spaces of one task and of all three of the paper's Big-data, and their baselines."""
        (together,) = self._members("warp", BIG_TASKS, features, material, 1)
        self._judge_space(together, BIG_TASKS, ALL, features, material)
        self.kept["artists"] = together
        for task in BIG_TASKS:
            (alone,) = self._members("warp", (task,), features, material, 1)
            self._judge_space(alone, (task,), SINGLE, features, material)
        scores = margin_perceptron(material, "artists", "test", self.settings.space.scaling)
        self._judge(Judged("artists", ONE_VS_REST, features), scores, material)
        self._judge(Judged("similar-tracks", COSINE, features), cosine_similarity(material, "test"), material)

    def _judge_space(
        self, space: JointSpace, tasks: Iterable[Task], model: str, features: str, material: JointMaterial
    ) -> None:
        for task in tasks:
            self._judge(Judged(task, model, features), task_scores(space, material, task, "test"), material)

    def _judge(self, judged: Judged, scores: np.ndarray, material: JointMaterial) -> None:
        self.precisions[judged] = precisions(scores, material.right(judged.task, "test"), PRECISION_KS)

    def _members(
        self, loss: Loss, tasks: Sequence[Task], features: str, material: JointMaterial, n: int
    ) -> list[JointSpace]:
        """Return spaces of seeds one after the other, rate and limit chosen by the first one's validation."""
        base = self.settings.space.model_copy(
            update={"loss": loss, "tasks": tuple(tasks), "seed": self.settings.seed}
        )
        grid = itertools.product(self.settings.learning_rates, self.settings.limits)
        tried = [
            self._fit(base.model_copy(update={"learning_rate": rate, "limit": limit}), features, material)
            for rate, limit in grid
        ]
        best = max(range(len(tried)), key=lambda place: float(tried[place].history[MONITORED].max()))
        self.trained[best - len(tried)]["taken"] = True
        taken = self._taken(loss, tasks, features)
        others = [taken.model_copy(update={"seed": self.settings.seed + more}) for more in range(1, n)]
        return [tried[best].space, *(self._fit(one, features, material, True).space for one in others)]

    def _taken(self, loss: Loss, tasks: Sequence[Task], features: str) -> JointSpaceSettings:
        """Return the settings that were chosen for a loss, tasks and features."""
        row = next(
            row
            for row in self.trained
            if row["taken"]
            and (row["loss"], row["tasks"], row["features"]) == (loss, " ".join(tasks), features)
        )
        chosen = {name: row[name] for name in ("loss", "learning_rate", "limit", "seed")}
        return self.settings.space.model_copy(update={**chosen, "tasks": tuple(tasks)})

    def _fit(
        self, settings: JointSpaceSettings, features: str, material: JointMaterial, taken: bool = False
    ) -> FittedSpace:
        share = len(self.trained) / self._n_trainings
        what = f"{settings.loss.upper()}, {' '.join(settings.tasks)}, {features}"
        inner = between(self.progress, share, min(share + 1 / self._n_trainings, 1), what)
        fitted = fit_kept(material, settings, what, progress=inner)
        named = ("loss", "dim", "seed", "learning_rate", "limit")
        row = {name: getattr(settings, name) for name in named}
        figures = {"steps": fitted.best_steps, f"validation {MONITORED}": fitted.history[MONITORED].max()}
        self.trained.append(
            {"features": features, "tasks": " ".join(settings.tasks), **row, **figures, "taken": taken}
        )
        return fitted

    @property
    def _n_trainings(self) -> int:
        """How many trainings there will be, at most."""
        grid = len(self.settings.learning_rates) * len(self.settings.limits)
        of_auc = max((size for size in self.settings.members if size in _AUC_MEMBERS), default=1)
        of_tags = self.n_features * (2 * grid + max(self.settings.members) + of_auc - 2) + len(
            self.settings.wider
        )
        of_tasks = (len(BIG_TASKS) + 1) * grid
        return of_tags * bool(self.material.tags) + of_tasks * bool(self.material.artists)
