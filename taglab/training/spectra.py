"""Networks that answer with spectrograms as runs: autoencoders, and what tells a voice from the rest.

The loop, its checkpoints and its resuming bit for bit are those of every training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import torch

from taglab.audio.library import resolve_audio, resolve_stem
from taglab.audio.store import AudioStore
from taglab.batches import Material, Split, prepare_known, split_tracks
from taglab.cache import write_json
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.nets import Network, build_network
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, RunWriter, create_run, layout, open_run
from taglab.runs.inputs import (
    LEARNED_FROM,
    Input,
    InputKind,
    Inputs,
    input_of_audio,
    input_of_stem,
    require_unchanged,
)
from taglab.sources import open_folksonomy
from taglab.training.checkpoints import BEST, LAST, load_checkpoint
from taglab.training.devices import failures_told, make_fabric, trained_on
from taglab.training.loop import check_sound, fit, training_step
from taglab.training.made_for import settings_with_effect
from taglab.training.running import (
    INPUT,
    Weights,
    about_training,
    input_given,
    launched,
    require_data_and_sound,
    tell_inputs,
    tell_split,
)
from taglab.training.sources import SourceRecorder
from taglab.training.spectrum_config import SpectrumRun, naming, spectrum_run
from taglab.training.spectrum_tasks import StemWindows, VoiceSeparation
from taglab.training.step import TrainingStep
from taglab.training.tasks import Task, validation_losses

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SAMPLER = "by-track"
_LOSS = "validation_loss"

Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class SpectrumMaterial:
    """What such a network is trained on.

    Attributes:
        tracks: Those with sound, and with the stem where the task needs one.
        task: What is learned.
        inputs: What all that comes of, by name and fingerprint.
    """

    tracks: Material
    task: Task
    inputs: Inputs

    __repr__ = one_line


def new_spectrum_run(
    config: SpectrumRun, group: str = "", note: str = "", progress: Progress = silent
) -> Run:
    """Make a run, ready to be trained.

    Args:
        config: What it is asked to do.
        group: Name of the sweep, design or experiment it belongs to.
        note: Free text.
        progress: Told how far it is.

    Raises:
        NotFound: If the data, the sound or the stem is not there.
        StorageError: If the disk is full.
    """
    data = _data_of(config, between(progress, 0, 0.2))
    store = _store_of(config, data, between(progress, 0.2, 1))
    inputs = spectrum_inputs(config, data, store)
    return create_run(config.model_dump(mode="json"), None, naming(config), group, note, inputs=inputs)


def _data_of(config: SpectrumRun, progress: Progress) -> Folksonomy:
    """Return the data set, after looking that it and the sound are there."""
    require_data_and_sound(config.data, config.audio)
    return open_folksonomy(config.data, progress)


def _store_of(config: SpectrumRun, data: Folksonomy, progress: Progress) -> AudioStore:
    """Return the sound, with the stem that the task needs beside it."""
    stem = config.task.part_of_sound()
    if stem:
        return resolve_stem(config.audio, data, stem, progress)
    return resolve_audio(config.audio, data, progress)


def spectrum_inputs(config: SpectrumRun, data: Folksonomy, store: AudioStore) -> dict[InputKind, Input]:
    """Return what a run of these settings comes of, by name and fingerprint."""
    inputs: dict[InputKind, Input] = {
        "data": Input(name=config.data, fingerprint=data.fingerprint),
        "audio": input_of_audio(config.audio, store, data),
    }
    stem = config.task.part_of_sound()
    return inputs | ({"stem": input_of_stem(stem, store, data)} if stem else {})


def spectrum_material(config: SpectrumRun, progress: Progress = silent) -> SpectrumMaterial:
    """Return the tracks, the task and the parts of a configuration.

    Raises:
        InvalidSetting: If no track has what is learned, or the sound is not what the network takes.
        NotFound: If data, sound or stem is not there.
    """
    data = _data_of(config, between(progress, 0, 0.1))
    store = _store_of(config, data, between(progress, 0.1, 0.7))
    check_sound(config.network, store, config.audio)
    tracks = spectrum_tracks(config, data, store)
    task = config.task.learned_from(tracks, config.network, between(progress, 0.7, 1))
    return SpectrumMaterial(tracks, task, spectrum_inputs(config, data, store))


def spectrum_tracks(config: SpectrumRun, data: Folksonomy, store: AudioStore) -> Material:
    """Return the tracks and parts of a configuration, of sound that may be another's, as degraded."""
    copies = store.copies if config.copies_together else ()
    split: Split = split_tracks(data, config.split, copies)
    known, stem = np.ones(data.n_tracks, bool), config.task.part_of_sound()
    if stem:
        rows = store.rows(data.tracks["track"].astype(str).tolist())
        known = (rows >= 0) & (store.stem_rows(stem)[rows] >= 0)
    return prepare_known(
        data, known, store, split, config.train.window_settings(), f"without the stem {stem!r}"
    )


def train_spectra(run_name: str, progress: Progress = silent) -> Run:
    """Train a run to its end, or go on where its last checkpoint stands; a finished one is left alone.

    Args:
        run_name: As `new_spectrum_run` named it.
        progress: Told after every step.

    Raises:
        NotFound: If there is no such run.
        InvalidSetting: If a setting does not fit the data or the memory.
        Conflict: If another process trains it.
        InputsChanged: If its sound or its stem is other than when it was made.
        Diverged: If the loss is not finite.
    """
    run = open_run(run_name)
    if run.finished:
        return run
    config = spectrum_run(run.config)
    with launched(run, config.loop()) as (loop, fabric):
        writer = RunWriter(run)
        with fabric.rank_zero_first():  # the demo's sound, and mean spectra, are made once and kept
            material = spectrum_material(config, between(progress, 0, 0.05, "preparing"))
        require_unchanged(run.name, run.inputs, material.inputs, LEARNED_FROM, "cannot be trained")
        tasks = {config.task.task: material.task}
        network = fresh_spectrum_network(config)
        if fabric.global_rank == 0:
            _begin(run, writer, network, material, fabric)
        learned = {kind: own.fingerprint for kind, own in material.inputs.items() if kind in LEARNED_FROM}
        learned_of = {
            **_of_network(config),
            "split": material.tracks.split.fingerprint,
            "train": settings_with_effect(loop),
            "inputs": learned,
        }
        fitted = fit(
            network, material.tracks, loop, fabric, run.checkpoints, SourceRecorder(writer), learned_of,
            tasks, SAMPLER, between(progress, 0.05, 0.95),
        )  # fmt: skip
        fabric.barrier()
        step = kept_spectrum_step(run, config, fabric, "best", tasks)
        losses = validation_losses(step, material.tracks, tasks, loop, SAMPLER, "test")
        share = between(progress, 0.95, 1)
        with step.evaluating():
            table = config.task.measured(step, material.tracks, config.network, "test", share)
        if fabric.global_rank == 0:
            _finish(run, writer, config, losses[config.task.task], table, fitted.best_epoch)
    progress(1.0, "done")
    return run


def _begin(run: Run, writer: RunWriter, network: Network, material: SpectrumMaterial, fabric: Fabric) -> None:
    """Keep what is known before training begins, and log what a person should know of it."""
    if not (run.checkpoints / LAST).is_file():  # else it is refused to go on with another split
        tell_split(run, material.tracks)
    tell_inputs(writer, material.inputs)
    writer.summarise(
        parameters=network.n_parameters(),
        device=trained_on(fabric.device),
        **{INPUT: input_given(material.tracks.windows)},
    )
    for line in about_training(material.tracks, fabric):
        writer.log(line)


def _finish(
    run: Run, writer: RunWriter, config: SpectrumRun, loss: float, table: pd.DataFrame, best_epoch: int
) -> None:
    """Keep what was reached on the test tracks, and say that the run is finished."""
    figures = {_LOSS: loss, **means_of_tracks(table)}
    column, called = config.task.figure
    writer.log(f"test, epoch {best_epoch}: {called} {figures[column]:.4f}, loss {loss:.4f}")
    plain = {name: layout.plain(value) for name, value in figures.items()}
    writer.summarise(test=plain)
    # Last of all, for it says that the run is finished.
    write_json(run.folder / layout.LOSSES, {"test": plain})


def means_of_tracks(table: pd.DataFrame) -> dict[str, float]:
    """Return the mean over tracks of every figure that was measured of each, NaN where of none."""
    columns = table.columns.drop("track")
    return {name: float(table[name].mean()) for name in columns}


def _of_network(config: SpectrumRun) -> dict[str, Any]:
    return {"network": config.network.model_dump(mode="json"), "task": config.task.task}


def fresh_spectrum_network(config: SpectrumRun) -> Network:
    """Return the network that training begins with, weights drawn by the run's seed."""
    torch.manual_seed(config.train.seed)
    return build_network(config.network, {config.task.task: (config.task.head, config.network.bins)})


def kept_spectrum_step(
    run: Run,
    config: SpectrumRun,
    fabric: Fabric,
    weights: Weights,
    tasks: Mapping[str, Task] | None = None,
) -> TrainingStep:
    """Return a run's network as a checkpoint has it, or as training begins, on the device.

    Args:
        run: The run.
        config: Of the run.
        fabric: Says on which device.
        weights: Of which checkpoint, or "untrained".
        tasks: By whose losses it is judged; none where it is only asked what it hears.

    Raises:
        DataError: If the checkpoint is missing, damaged, or of another network.
    """
    with torch.random.fork_rng([]):
        network = fresh_spectrum_network(config)
    if weights != "untrained":
        path = run.checkpoints / (BEST if weights == "best" else LAST)
        network.load_state_dict(load_checkpoint(path, _of_network(config))["network"])
    plain = config.loop().model_copy(update={"compile": False})
    return training_step(network, plain, fabric, tasks or {})


def measure_spectra(
    run: Run, part: str = "test", weights: Weights = "best", progress: Progress = silent
) -> pd.DataFrame:
    """Return how well a run tells each track of a part; see the task's `measured`.

    Args:
        run: Of this kind, trained at least one epoch, or not for "untrained" weights.
        part: "train", "validation" or "test".
        weights: Of which checkpoint.
        progress: Told after every track.

    Raises:
        InvalidSetting: If it is a run of another kind.
        InputsChanged: If its sound or its stem is other than when it was made.
        DataError: If the checkpoint is missing, damaged, or of another network.
    """
    config = spectrum_run(run.config)

    def measured(step: TrainingStep, material: Material, progress: Progress) -> pd.DataFrame:
        return config.task.measured(step, material, config.network, part, progress)

    return _asked_of_kept(run, config, part, weights, measured, progress)


def encode_stem_windows(
    run: Run, part: str = "test", weights: Weights = "best", progress: Progress = silent
) -> StemWindows:
    """Return what a network that separates a voice makes of each window, and how loud the voice is there.

    Args:
        run: Of voice separation.
        part: "train", "validation" or "test".
        weights: Of which checkpoint.
        progress: Told after every track.

    Raises:
        InvalidSetting: If it is a run of another kind, or of another task.
        InputsChanged: If its sound or its stem is other than when it was made.
        DataError: If the checkpoint is missing, damaged, or of another network.
    """
    config = spectrum_run(run.config)
    task = config.task
    if not isinstance(task, VoiceSeparation):
        raise InvalidSetting(f"run {run.name!r} learned {task.task}; only voice separation knows a stem")

    def encoded(step: TrainingStep, material: Material, progress: Progress) -> StemWindows:
        return task.encoded(step, material, part, progress)

    return _asked_of_kept(run, config, part, weights, encoded, progress)


def _asked_of_kept(
    run: Run,
    config: SpectrumRun,
    part: str,
    weights: Weights,
    ask: Callable[[TrainingStep, Material, Progress], Answer],
    progress: Progress,
) -> Answer:
    """Return what is asked of a run's network as a checkpoint has it, and of the tracks it was made for."""
    material = spectrum_material(config, between(progress, 0, 0.3))
    require_unchanged(run.name, run.inputs, material.inputs, LEARNED_FROM, f"cannot tell its {part} tracks")
    loop = config.loop()
    fabric = make_fabric(loop.model_copy(update={"devices": loop.devices[:1], "nodes": 1}))
    with failures_told(fabric.device, loop.batch_size, lambda: f"telling the {part} tracks"):
        step = kept_spectrum_step(run, config, fabric, weights)
        with step.evaluating():
            return ask(step, material.tracks, between(progress, 0.3, 1))
