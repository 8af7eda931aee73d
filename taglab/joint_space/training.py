"""Joint spaces trained as runs: made, trained to their end, and gone on with bit for bit."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.batches import SplitSettings, split_tracks
from taglab.embeddings import compose, resolve, vectors_key
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space.checkpoints import LAST, read_standing, save_standing
from taglab.joint_space.fitting import MONITORED, FittedSpace, SpaceTraining
from taglab.joint_space.library import write_space
from taglab.joint_space.material import JointMaterial, prepare_joint, unasked
from taglab.joint_space.ranking import PRECISION_KS, precisions, task_scores
from taglab.joint_space.settings import JointSpaceSettings
from taglab.joint_space.space import JointSpace
from taglab.joint_space.words import rows_with_words, with_map
from taglab.metrics.tagging import mean_of_defined
from taglab.progress import Progress, between, silent
from taglab.runs import Run, RunWriter, change_about, create_run, layout, open_run
from taglab.runs.inputs import Input, InputKind, require_unchanged
from taglab.runs.status import Heartbeat
from taglab.settings import checked, flattened
from taglab.sources import open_folksonomy
from taglab.vectors import TagVectors, Vectors, open_features

KIND: Literal["joint-space"] = "joint-space"
_PRECISION = "precision_at_3_macro"
_LEARNED_FROM: tuple[InputKind, ...] = ("data", "features", "vectors")


class JointSpaceRun(BaseModel):
    """What a run of this kind is asked to do.

    Attributes:
        kind: Of the run.
        data: Name of the data set.
        features: Name of the features.
        min_count: Only tags of so many training tracks or more.
        similar_artists: Pairs of artists who are alike, for the task of that name.
        words: Name of the word vectors from which the space learns where any word lies; none where empty.
        split: How the data set's tracks are split.
        space: How the space is trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["joint-space"] = KIND
    data: str = "demo"
    features: str = Field(min_length=1)
    min_count: int = Field(1, ge=1)
    similar_artists: tuple[tuple[str, str], ...] = ()
    words: str = ""
    split: SplitSettings = SplitSettings()
    space: JointSpaceSettings = JointSpaceSettings()

    @property
    def epochs(self) -> int:
        """Looks at the validation tracks, at most: what other runs call epochs."""
        return math.ceil(self.space.steps / self.space.validate_every)


def joint_space_run(values: Mapping[str, Any]) -> JointSpaceRun:
    """Make a configuration of what `config.json` holds.

    Raises:
        InvalidSetting: Naming each field that is wrong, what it holds and what it must be.
    """
    return checked(JointSpaceRun, values)


def joint_material(
    data: Folksonomy,
    features: Vectors,
    split: SplitSettings,
    min_count: int,
    similar_artists: Sequence[tuple[str, str]] = (),
) -> JointMaterial:
    """Return tracks with features, artists, tags and parts.

    Raises:
        InvalidSetting: If features are not of tracks, or of none of the data's; see `prepare_joint`.
    """
    if features.kind != "tracks":
        raise InvalidSetting(f"features {features.name!r} must be of tracks, not of {features.kind}")
    return prepare_joint(
        data, features.ids, features.vectors, split_tracks(data, split), min_count, similar_artists
    )


def _material(config: JointSpaceRun, data: Folksonomy, features: Vectors) -> JointMaterial:
    return joint_material(data, features, config.split, config.min_count, config.similar_artists)


def new_space_run(config: JointSpaceRun, group: str = "", note: str = "", progress: Progress = silent) -> Run:
    """Make a run, ready to be trained.

    Args:
        config: What it is asked to do.
        group: Name of the sweep or experiment it belongs to.
        note: Free text.
        progress: Told how far it is.

    Raises:
        NotFound: If the data, the features or the word vectors are not there.
        InvalidSetting: If a task has nothing to learn from them.
        StorageError: If the disk is full.
    """
    data, features = open_folksonomy(config.data, progress), open_features(config.features)
    SpaceTraining(_material(config, data, features), config.space)
    return create_run(
        config.model_dump(mode="json"), None, _differing(config), group, note,
        inputs=_inputs(config, data, features),
    )  # fmt: skip


def _differing(config: JointSpaceRun) -> dict[str, Any]:
    usual = flattened(JointSpaceRun(features=" "))
    differs = {name: value for name, value in flattened(config).items() if value != usual[name]}
    if config.similar_artists:
        differs["similar_artists"] = len(config.similar_artists)
    return {"kind": KIND, **differs}


def _inputs(config: JointSpaceRun, data: Folksonomy, features: Vectors) -> dict[InputKind, Input]:
    inputs: dict[InputKind, Input] = {
        "data": Input(name=config.data, fingerprint=data.fingerprint),
        "features": Input(name=config.features, fingerprint=features.fingerprint),
    }
    if config.words:
        inputs["vectors"] = Input(name=config.words, fingerprint=vectors_key(config.words, data))
    return inputs


def train_space(run_name: str, progress: Progress = silent) -> Run:
    """Train a run to its end, or go on where its last checkpoint stands; a finished one is left alone.

    Args:
        run_name: As `new_space_run` named it.
        progress: Told after some thousand steps.

    Raises:
        NotFound: If there is no such run.
        Conflict: If another process trains it.
        InputsChanged: If data, features or word vectors are others than when it was made.
        InvalidSetting: If a vector is no longer finite.
    """
    run = open_run(run_name)
    if run.finished:
        return run
    config = joint_space_run(run.config)
    with Heartbeat(run.folder):
        data, features = (
            open_folksonomy(config.data, between(progress, 0, 0.05)),
            open_features(config.features),
        )
        require_unchanged(
            run.name, run.inputs, _inputs(config, data, features), _LEARNED_FROM, "cannot be trained"
        )
        material = _material(config, data, features)
        words = _words_of(config, data, material)  # too few of them are told before hours of training
        space = _train(run, config, data, material, words, between(progress, 0.05, 0.95))
        if words is not None:
            space = with_map(space, words, material)
        # Last of all the space, which says that the run is finished.
        write_space(space, run.folder / layout.SPACE)
    progress(1.0, "done")
    return run


def _words_of(config: JointSpaceRun, data: Folksonomy, material: JointMaterial) -> TagVectors | None:
    """Return word vectors of the tags, enough to learn from; None where none are asked for."""
    if not config.words:
        return None
    words = compose(resolve(config.words, data), list(material.tags))
    rows_with_words(material.tags, words)
    return words


def _train(
    run: Run,
    config: JointSpaceRun,
    data: Folksonomy,
    material: JointMaterial,
    words: TagVectors | None,
    progress: Progress,
) -> JointSpace:
    """Train until it is over, keep every look and what the best reaches, and return the best space."""
    writer, path = RunWriter(run), run.checkpoints / LAST
    standing = read_standing(path) if path.is_file() else None
    training = SpaceTraining(material, config.space, standing, words)
    if not training.standing.rows:
        change_about(run, split=split_tracks(data, config.split).fingerprint)
        writer.summarise(parameters=sum(table.size for table in training.standing.tables), device="cpu")
        for line in [*_lines_of(material), *unasked(material, config.space.tasks, "train")]:
            writer.log(line)
    else:
        _write_history(writer, training)  # what was stopped between a checkpoint and its row lacks that row
    while not training.over:
        began = time.perf_counter()
        row = training.look(progress)
        row["seconds"] = time.perf_counter() - began
        save_standing(training.standing, path)  # before the history, which is written anew from it
        _write_looks(writer, training)
    fitted = training.fitted(run.name, {**_about(config, run), "run": run.name})
    _keep_figures(writer, fitted, material, config)
    return fitted.space


def _about(config: JointSpaceRun, run: Run) -> dict[str, Any]:
    named: dict[str, Any] = {str(name): one.model_dump() for name, one in run.inputs.items()}
    return {
        **named,
        "split": config.split.model_dump(mode="json"),
        "min_count": config.min_count,
        "similar_artists": config.similar_artists,
    }


def _lines_of(material: JointMaterial) -> list[str]:
    sizes = ", ".join(f"{len(rows):,} {part} tracks" for part, rows in material.parts.items())
    lines = [f"{sizes}; {len(material.artists):,} artists, {len(material.tags):,} tags"]
    lines += [
        f"left out {row.tracks:,} tracks: {row.reason} ({row.examples})"
        for row in material.left_out.itertuples()
    ]
    return lines


def _write_looks(writer: RunWriter, training: SpaceTraining) -> None:
    """Write the history of all looks, and log the last."""
    _write_history(writer, training)
    last = training.standing.rows[-1]
    writer.log(f"step {int(last['steps']):,}: validation {MONITORED} {last[MONITORED]:.4f}")


def _write_history(writer: RunWriter, training: SpaceTraining) -> None:
    rows = [_as_epoch(number, row) for number, row in enumerate(training.standing.rows, start=1)]
    writer.looks(rows, training.standing.best_look)


def _as_epoch(number: int, row: Mapping[str, float]) -> dict[str, Any]:
    """Return a look as a row of a run's history: `p@3 …` by the name that every run has for it."""
    named = {name.replace(MONITORED, "precision_at_3"): value for name, value in row.items()}
    return {"epoch": number, _PRECISION: named.pop("precision_at_3"), **named}


def _keep_figures(
    writer: RunWriter, fitted: FittedSpace, material: JointMaterial, config: JointSpaceRun
) -> None:
    """Keep what the best space reaches."""
    parts = ("validation", *(("test",) if len(material.parts["test"]) else ()))
    for part in parts:
        figures = part_figures(fitted, material, config, part)
        writer.summarise(**{part: {name: layout.plain(value) for name, value in figures.items()}})
        writer.log(f"{part}, best look: p@3 {figures[_PRECISION]:.4f}")


def part_figures(
    fitted: FittedSpace, material: JointMaterial, config: JointSpaceRun, part: str
) -> dict[str, float]:
    """Return mean precision at k on a part, of every task (`precision_at_3 tags`) and over tasks."""
    of_task = {
        task: precisions(
            task_scores(fitted.space, material, task, part), material.right(task, part), PRECISION_KS
        )
        for task in config.space.tasks
    }
    figures = {}
    for k in PRECISION_KS:
        means = {task: mean_of_defined(table[f"p@{k}"].to_numpy()) for task, table in of_task.items()}
        figures[f"precision_at_{k}_macro"] = mean_of_defined(np.array(list(means.values())))
        figures |= {f"precision_at_{k} {task}": mean for task, mean in means.items()}
    return figures
