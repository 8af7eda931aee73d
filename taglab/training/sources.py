"""Networks of several learning sources as runs: made, tried out, and trained to their end.

A step is of one source, drawn at random, and of tracks of which that source says something (Kim 2021,
algorithm 1). The loop, its checkpoints and its resuming bit for bit are those of every training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from taglab.audio.kept_mels import MelWindows, with_kept_mels
from taglab.audio.library import audio_at_hand, resolve_audio
from taglab.audio.mels import MelSettings
from taglab.audio.store import AudioStore
from taglab.batches import Material, SameTrack, Split, prepare_known, split_tracks
from taglab.cache import write_json
from taglab.errors import InputsChanged, InvalidSetting
from taglab.factors.learning_source import LearningSource, key_of_sources, targets_of_sources
from taglab.folksonomy import Folksonomy
from taglab.metrics.thresholds import Confusion
from taglab.nets import Network
from taglab.nets.sharing import build_branching, staged
from taglab.nets.staged import KeptImage, SpectralImage
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, RunWriter, create_run, layout, open_run
from taglab.runs.inputs import LEARNED_FROM, Input, InputKind, Inputs, input_of_audio, require_unchanged
from taglab.runs.kept_targets import KeptTargets, read_targets, write_targets
from taglab.runs.run import is_count
from taglab.sources import open_folksonomy
from taglab.targets import Targets
from taglab.training.checkpoints import BEST, LAST, load_checkpoint
from taglab.training.config import TrainConfig
from taglab.training.devices import trained_on
from taglab.training.loop import Fitted, check_sound, fit, training_step
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
from taglab.training.source_config import SourceRun, naming, source_run
from taglab.training.step import TrainingStep
from taglab.training.tasks import Task, heads_of, task_of, validation_losses

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SAMPLER = "one-task"
_LOSS = "validation_loss"


@dataclass(frozen=True, eq=False)
class SourceMaterial:
    """What a network of several sources is trained on.

    Attributes:
        tracks: Those with sound of which a source says something.
        tasks: Of each source.
        inputs: What all that comes of, by name and fingerprint.
    """

    tracks: Material
    tasks: dict[str, Task]
    inputs: Inputs

    __repr__ = one_line

    def coverage(self) -> pd.DataFrame:
        """Return of how many tracks each source says something: `source`, `train`, `validation`, `test`."""
        rows = [
            {"source": name, **{part: len(known_in(task, self.tracks, part)) for part in self.tracks.sizes}}
            for name, task in self.tasks.items()
        ]
        return pd.DataFrame(rows)


def known_in(task: Task, material: Material, part: str) -> npt.NDArray[np.int64]:
    """Return the positions of a part's tracks of which a task knows something."""
    positions, known = material.of(part), task.targets.known
    return positions if known is None else positions[known[positions]]


def new_source_run(config: SourceRun, group: str = "", note: str = "", progress: Progress = silent) -> Run:
    """Make a run, ready to be trained; what its sources say of the tracks now is kept in it.

    Args:
        config: What it is asked to do.
        group: Name of the sweep, design or experiment it belongs to.
        note: Free text.
        progress: Told how far it is.

    Raises:
        NotFound: If the data, the sound, or something that a source is made of is not there.
        InvalidSetting: If a source is of numbers, or says nothing of any track.
        StorageError: If the disk is full.
    """
    data = _data_of(config, between(progress, 0, 0.2))
    store = audio_at_hand(config.audio, data)
    kept = _targets_today(config, data, _split_of(config, data, store), between(progress, 0.2, 1))
    for name, own in kept.of.items():
        if not own.known.any():
            raise InvalidSetting(f"the source {name!r} says nothing of any track of {config.data!r}")
    return create_run(
        config.model_dump(mode="json"),
        None,
        naming(config),
        group,
        note,
        inputs=_inputs(config, data, store, kept),
        also=lambda folder: write_targets(folder, kept),
    )


def _data_of(config: SourceRun, progress: Progress) -> Folksonomy:
    """Return the data set, after looking that it and the sound are there."""
    require_data_and_sound(config.data, config.audio)
    return open_folksonomy(config.data, progress)


def _split_of(config: SourceRun, data: Folksonomy, store: AudioStore | None) -> Split:
    """Return the parts of the data set's tracks, those of very same sound in one where that is asked for."""
    copies = store.copies if store is not None and config.copies_together else ()
    return split_tracks(data, config.split, copies)


def _targets_today(config: SourceRun, data: Folksonomy, split: Split, progress: Progress) -> KeptTargets:
    """Return what the sources say of the tracks today."""
    targets = targets_of_sources(config.sources, data, split, progress)
    return KeptTargets(key_of_sources(config.sources, data, split), targets)


def _inputs(
    config: SourceRun, data: Folksonomy, store: AudioStore | None, kept: KeptTargets
) -> dict[InputKind, Input]:
    names = ", ".join(source.name for source in config.sources)
    inputs: dict[InputKind, Input] = {
        "data": Input(name=config.data, fingerprint=data.fingerprint),
        "sources": Input(name=names, fingerprint=kept.fingerprint()),
    }
    if store is not None:
        inputs["audio"] = input_of_audio(config.audio, store, data)
    return inputs


def source_material(config: SourceRun, run: Run | None = None, progress: Progress = silent) -> SourceMaterial:
    """Return the tracks, the sources and the parts of a configuration.

    Args:
        config: What is learned of what.
        run: Whose kept targets are taken; where None they are made now.
        progress: Told how far it is.

    Raises:
        InvalidSetting: If a source says nothing of any training or validation track that has sound, or the
            sound is not what the network takes.
        NotFound: If data, sound or something that a source is made of is not there.
        DataError: If the kept targets are damaged.
        InputsChanged: If the run keeps none, or its data have other tracks now.
    """
    data = _data_of(config, between(progress, 0, 0.1))
    store = resolve_audio(config.audio, data, between(progress, 0.1, 0.5))
    check_sound(config.network, store, config.audio)
    split = _split_of(config, data, store)
    kept = _kept_of(run, data) if run else _targets_today(config, data, split, between(progress, 0.5, 1))
    known = np.logical_or.reduce([own.known for own in kept.of.values()] or [np.ones(data.n_tracks, bool)])
    known |= any(source.by_pairs for source in config.sources)
    material = prepare_known(data, known, store, split, config.train.window_settings())
    tasks = {source.name: _task(source, kept.of, material) for source in config.sources}
    for name, task in tasks.items():
        _require_known(name, task, material)
    return SourceMaterial(material, tasks, _inputs(config, data, store, kept))


def _kept_of(run: Run, data: Folksonomy) -> KeptTargets:
    """Return the targets that a run keeps, which must be of the data set's tracks."""
    kept, tracks = read_targets(run), tuple(data.tracks["track"].astype(str))
    if any(own.tracks != tracks for own in kept.of.values()):
        raise InputsChanged(
            f"run {run.name!r} cannot be trained: the data set {data.name!r} has other tracks than when it "
            "was made, or in another order; bring back what it was made of, or make a new run of the same "
            "settings"
        )
    return kept


def _task(source: LearningSource, targets: Mapping[str, Targets], material: Material) -> Task:
    """Return the task of a source: a head whose softmax, or sigmoids of classes, its targets are told by.

    Of two clips one sigmoid says whether they are of one track, which is a softmax of two whose other logit
    is 0.
    """
    if source.by_pairs:
        return Task(SameTrack(), 1, "bce", "pair")
    return task_of(targets[source.name], material)


def _require_known(name: str, task: Task, material: Material) -> None:
    for part, tracks in material.sizes.items():
        if task.targets.by_pairs and tracks < 2:
            raise InvalidSetting(
                f"the source {name!r} compares tracks, and of the {part} part only {tracks} has sound; leave "
                "it out, or take another split"
            )
    for part in ("train", "validation"):
        if not len(known_in(task, material, part)):
            called = {"train": "training"}.get(part, part)
            raise InvalidSetting(
                f"the source {name!r} says nothing of any of the {len(material.of(part)):,} {called} tracks "
                "that have sound; leave it out, or take another split"
            )


def train_sources(run_name: str, progress: Progress = silent) -> Run:
    """Train a run to its end, or go on where its last checkpoint stands; a finished one is left alone.

    Args:
        run_name: As `new_source_run` named it.
        progress: Told after every step.

    Raises:
        NotFound: If there is no such run.
        InvalidSetting: If a setting does not fit the data or the memory.
        Conflict: If another process trains it.
        InputsChanged: If its sound or what its sources say is other than when it was made.
        Diverged: If the loss is not finite.
    """
    run = open_run(run_name)
    if run.finished:
        return run
    config = source_run(run.config)
    with launched(run, config.train.loop()) as (loop, fabric):
        _train(run, config, loop, fabric, progress)
    return run


def _train(run: Run, config: SourceRun, loop: TrainConfig, fabric: Fabric, progress: Progress) -> None:
    writer = RunWriter(run)
    material = source_material(config, run, between(progress, 0, 0.03, "preparing"))
    require_unchanged(run.name, run.inputs, material.inputs, LEARNED_FROM, "cannot be trained")
    with fabric.rank_zero_first():  # mels are made once and kept
        tracks = with_mels_where_asked(config, material.tracks, between(progress, 0.03, 0.05))
    network = hearing_kept(fresh_network(config, heads_of(material.tasks)), tracks)
    if fabric.global_rank == 0:
        _begin(run, writer, network, material, fabric)
    fitted = fit(
        network,
        tracks,
        loop,
        fabric,
        run.checkpoints,
        SourceRecorder(writer),
        _learned_of(config, loop, material),
        material.tasks,
        SAMPLER,
        between(progress, 0.05, 0.97),
    )
    fabric.barrier()
    step = kept_source_step(run, config, heads_of(material.tasks), fabric, "best", material.tasks)
    hearing_kept(step.network, tracks)
    losses = validation_losses(step, tracks, material.tasks, loop, SAMPLER, "test")
    if fabric.global_rank == 0:
        _finish(writer, fitted, _figures(losses))
    progress(1.0, "done")


def _finish(writer: RunWriter, fitted: Fitted, figures: Mapping[str, float | None]) -> None:
    """Keep the losses on the test tracks; they say that the run is finished, and are last of all."""
    writer.log(f"test, epoch {fitted.best_epoch}: {_test_loss(figures)}")
    writer.summarise(test=dict(figures))
    write_json(writer.run.folder / layout.LOSSES, {"test": dict(figures)})


def _begin(run: Run, writer: RunWriter, network: Network, material: SourceMaterial, fabric: Fabric) -> None:
    """Keep what is known before training begins, and log what a person should know of it."""
    if not (run.checkpoints / LAST).is_file():  # else it is refused to go on with another split
        tell_split(run, material.tracks)
    tell_inputs(writer, material.inputs)
    n_train = len(material.tracks.of("train"))
    writer.summarise(
        parameters=network.n_parameters(),
        device=trained_on(fabric.device),
        outputs={name: task.n_outputs for name, task in material.tasks.items()},
        coverage={
            name: len(known_in(task, material.tracks, "train")) / n_train
            for name, task in material.tasks.items()
        },
        **{INPUT: input_given(material.tracks.windows)},
    )
    for line in [*about_training(material.tracks, fabric), *_coverage_lines(material)]:
        writer.log(line)


def _coverage_lines(material: SourceMaterial) -> list[str]:
    """Return of how many tracks each source says something, line by line."""
    total = len(material.tracks.of("train"))
    return [
        f"{row['source']}: says something of {row['train']:,} of {total:,} training tracks "
        f"({row['train'] / total:.0%}), {row['validation']:,} validation and {row['test']:,} test tracks"
        for row in material.coverage().to_dict("records")
    ]


def _figures(losses: Mapping[str, float]) -> dict[str, float | None]:
    """Return losses by source and their sum, as a summary has them."""
    figures = {
        _LOSS: math.fsum(losses.values()),
        **{f"{_LOSS} {name}": loss for name, loss in losses.items()},
    }
    return {name: layout.plain(value) for name, value in figures.items()}


def _test_loss(figures: Mapping[str, float | None]) -> str:
    """Return the sum of the losses; of sources that know no test track that there is none."""
    loss = figures[_LOSS]
    if loss is not None:
        return f"loss {loss:.4f}"
    without = [
        name.removeprefix(f"{_LOSS} ") for name, own in figures.items() if own is None and name != _LOSS
    ]
    return f"no loss in all, for nothing of the test tracks is said by {', '.join(without)}"


def _learned_of(config: SourceRun, loop: TrainConfig, material: SourceMaterial) -> dict[str, Any]:
    """Return what a checkpoint must be of to be gone on with."""
    learned = {kind: own.fingerprint for kind, own in material.inputs.items() if kind in LEARNED_FROM}
    return {
        **_of_network(config),
        "split": material.tracks.split.fingerprint,
        "train": {**settings_with_effect(loop), "keep_mels": config.train.keep_mels},
        "inputs": learned,
    }


def _of_network(config: SourceRun) -> dict[str, Any]:
    return {
        "network": config.network.model_dump(mode="json"),
        "sources": [source.name for source in config.sources],
        "shared_stages": config.shared_stages,
    }


def fresh_network(config: SourceRun, heads: Mapping[str, tuple[str, int]]) -> Network:
    """Return the network that training begins with, weights drawn by the run's seed."""
    torch.manual_seed(config.train.seed)
    return build_branching(staged(config.network), heads, config.shared_stages)


def heads_of_run(run: Run, config: SourceRun) -> dict[str, tuple[str, int]]:
    """Return the heads of a run's network: as training kept them, else as its kept targets have them."""
    outputs = run.summary().get("outputs")
    if not isinstance(outputs, dict) or not all(map(is_count, outputs.values())):
        outputs = {name: len(own.columns) for name, own in read_targets(run).of.items()}
    return {
        source.name: ("pair", 1) if source.by_pairs else ("linear", int(outputs.get(source.name, 0)))
        for source in config.sources
    }


def kept_source_step(
    run: Run,
    config: SourceRun,
    heads: Mapping[str, tuple[str, int]],
    fabric: Fabric,
    weights: Weights,
    tasks: Mapping[str, Task] | None = None,
) -> TrainingStep:
    """Return a run's network as a checkpoint has it, or as training begins, on the device.

    Args:
        run: The run.
        config: Of the run.
        heads: See `heads_of_run`.
        fabric: Says on which device.
        weights: Of which checkpoint, or "untrained".
        tasks: By whose losses it is judged; none where it is only asked what it hears.

    Raises:
        DataError: If the checkpoint is missing, damaged, or of another network.
    """
    with torch.random.fork_rng([]):
        network = fresh_network(config, heads)
    if weights != "untrained":
        path = run.checkpoints / (BEST if weights == "best" else LAST)
        network.load_state_dict(load_checkpoint(path, _of_network(config))["network"])
    plain = config.train.loop().model_copy(update={"compile": False})
    return training_step(network, plain, fabric, tasks or {})


class SourceRecorder:
    """Writes the history of a run that is of no labels; see `taglab.training.loop.Recorder`.

    Args:
        writer: Of the run.
    """

    def __init__(self, writer: RunWriter) -> None:
        self.writer = writer

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame | None, counts: Confusion | None) -> None:
        """Keep an epoch's figures; those of later ones, of before it was resumed, are dropped."""
        history = layout.read_lines(self.writer.run.folder / layout.HISTORY)
        rows = [*(past for past in history if past["epoch"] < row["epoch"]), row]
        best = min(range(len(rows)), key=lambda place: rows[place][_LOSS])
        self.writer.looks(rows, best + 1)
        self.writer.summarise(validation=dict(self.writer.run.summary()["best"]))

    def step(self, row: Mapping[str, Any]) -> None:
        """Keep a step's loss, speed and memory."""
        self.writer.step(row)

    def log(self, text: str) -> None:
        """Add a line to the log."""
        self.writer.log(text)


def with_mels_where_asked(config: SourceRun, material: Material, progress: Progress = silent) -> Material:
    """Return the tracks with mels that are kept, where that is asked for."""
    if not config.train.keep_mels:
        return material
    mels: MelSettings = dict(config.network)["mels"]
    return replace(material, windows=with_kept_mels(material.windows, mels, progress))


def hearing_kept(network: Network, material: Material) -> Network:
    """Return a network that takes what the windows give: where mels are kept, those in place of samples."""
    image = network.encoder.representation
    if isinstance(material.windows, MelWindows) and isinstance(image, SpectralImage):
        network.encoder.representation = KeptImage(image)
    return network
