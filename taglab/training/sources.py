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
from taglab.audio.library import audio_at_hand, audio_names, resolve_audio
from taglab.audio.mels import MelSettings
from taglab.audio.store import AudioStore
from taglab.batches import Material, SameTrack, Split, prepare_known, split_tracks
from taglab.cache import write_json
from taglab.errors import InvalidSetting, NotFound
from taglab.factors.learning_source import LearningSource, fingerprint_of_sources, targets_of_sources
from taglab.folksonomy import Folksonomy
from taglab.metrics.thresholds import Confusion
from taglab.nets import Network
from taglab.nets.sharing import build_branching, staged
from taglab.nets.staged import KeptImage, SpectralImage
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.runs import Run, RunWriter, create_run, layout, open_run
from taglab.runs.inputs import LEARNED_FROM, Input, InputKind, Inputs, input_of_audio, require_unchanged
from taglab.runs.run import is_count
from taglab.sources import folksonomy_names, open_folksonomy
from taglab.targets import Targets
from taglab.training.checkpoints import BEST, LAST, load_checkpoint
from taglab.training.config import TrainConfig
from taglab.training.devices import device_report, failures_told, make_fabric, memory_gib, trained_on
from taglab.training.loop import check_sound, fit, training_step
from taglab.training.made_for import settings_with_effect
from taglab.training.running import (
    INPUT,
    Weights,
    about_training,
    input_given,
    launched,
    tell_inputs,
    tell_split,
    try_steps,
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
    """Make a run, ready to be trained.

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
    split = _split_of(config, data, store)
    targets = targets_of_sources(config.sources, data, split, between(progress, 0.2, 1))
    for name, own in targets.items():
        if not own.known.any():
            raise InvalidSetting(f"the source {name!r} says nothing of any track of {config.data!r}")
    inputs = _inputs(config, data, store, targets)
    return create_run(config.model_dump(mode="json"), None, naming(config), group, note, inputs=inputs)


def _data_of(config: SourceRun, progress: Progress) -> Folksonomy:
    """Return the data set, after looking that it and the sound are there."""
    if config.data not in folksonomy_names():
        raise NotFound(f"no data set named {config.data!r}; there are: {', '.join(folksonomy_names())}")
    if config.audio not in audio_names():
        raise NotFound(f"no audio named {config.audio!r}; there are: {', '.join(audio_names())}")
    return open_folksonomy(config.data, progress)


def _split_of(config: SourceRun, data: Folksonomy, store: AudioStore | None) -> Split:
    """Return the parts of the data set's tracks, those of very same sound in one where that is asked for."""
    copies = store.copies if store is not None and config.copies_together else ()
    return split_tracks(data, config.split, copies)


def _inputs(
    config: SourceRun, data: Folksonomy, store: AudioStore | None, targets: Mapping[str, Targets]
) -> dict[InputKind, Input]:
    inputs: dict[InputKind, Input] = {
        "data": Input(name=config.data, fingerprint=data.fingerprint),
        "sources": Input(
            name=", ".join(source.name for source in config.sources),
            fingerprint=fingerprint_of_sources(targets),
        ),
    }
    if store is not None:
        inputs["audio"] = input_of_audio(config.audio, store, data)
    return inputs


def source_material(config: SourceRun, progress: Progress = silent) -> SourceMaterial:
    """Return the tracks, the sources and the parts of a configuration.

    Raises:
        InvalidSetting: If a source says nothing of any training or validation track that has sound, or the
            sound is not what the network takes.
        NotFound: If data, sound or something that a source is made of is not there.
    """
    data = _data_of(config, between(progress, 0, 0.1))
    store = resolve_audio(config.audio, data, between(progress, 0.1, 0.5))
    check_sound(config.network, store, config.audio)
    split = _split_of(config, data, store)
    targets = targets_of_sources(config.sources, data, split, between(progress, 0.5, 1))
    of_pairs = [source for source in config.sources if source.by_pairs]
    known = np.logical_or.reduce([own.known for own in targets.values()] or [np.ones(data.n_tracks, bool)])
    known |= bool(of_pairs)
    material = prepare_known(data, known, store, split, config.train.window_settings())
    tasks = {source.name: _task(source, targets, material) for source in config.sources}
    for name, task in tasks.items():
        _require_known(name, task, material)
    return SourceMaterial(material, tasks, _inputs(config, data, store, targets))


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
    with fabric.rank_zero_first():  # what sources are made of may be made once and kept
        material = source_material(config, between(progress, 0, 0.03, "preparing"))
    require_unchanged(run.name, run.inputs, material.inputs, LEARNED_FROM, "cannot be trained")
    with fabric.rank_zero_first():
        tracks = _kept(config, material.tracks, between(progress, 0.03, 0.05))
    network = fresh_network(config, heads_of(material.tasks))
    _hearing_kept(network, tracks)
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
    _hearing_kept(step.network, tracks)
    losses = validation_losses(step, tracks, material.tasks, loop, SAMPLER, "test")
    if fabric.global_rank == 0:
        figures = _figures(losses)
        writer.log(f"test, epoch {fitted.best_epoch}: {_test_loss(figures)}")
        writer.summarise(test=figures)
        # Last of all, for it says that the run is finished.
        write_json(run.folder / layout.LOSSES, {"test": figures})
    progress(1.0, "done")


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
    """Return the heads of a run's network: as training kept them, else as its sources have them today."""
    outputs = run.summary().get("outputs")
    if not isinstance(outputs, dict) or not all(map(is_count, outputs.values())):
        data = open_folksonomy(config.data)
        split = _split_of(config, data, audio_at_hand(config.audio, data))
        targets = targets_of_sources(config.sources, data, split)
        outputs = {name: len(own.columns) for name, own in targets.items()}
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


@dataclass(frozen=True, eq=False)
class SourceDryRun:
    """What a few steps on the real data tell of a whole training.

    Attributes:
        parameters: Trained numbers of the network.
        representation: Numbers of a clip's vector.
        memory_gib: Most memory PyTorch took on the GPU; what the process held on a CPU.
        first_loss: Of the first batch, before anything was learned; of which source, chance says.
        clips_per_s: Trained a second, loading included, without the first step.
        minutes_per_epoch: Estimated from that, validation included.
        window_s: Length of a clip, in seconds.
        tracks: Usable tracks by part.
        steps_per_epoch: Batches an epoch.
        coverage: Columns `source`, `train`, `validation`, `test`: tracks it says something of.
        left_out: Columns `reason`, `tracks`, `examples`: tracks that are not used.
        device: What it ran on, a sentence.
    """

    parameters: int
    representation: int
    memory_gib: float
    first_loss: float
    clips_per_s: float
    minutes_per_epoch: float
    window_s: float
    tracks: dict[str, int]
    steps_per_epoch: int
    coverage: pd.DataFrame
    left_out: pd.DataFrame
    device: str

    __repr__ = one_line


def dry_run_sources(config: SourceRun, progress: Progress = silent) -> SourceDryRun:
    """Take a few steps on one device, without keeping anything, and return what they tell.

    Args:
        config: As for `new_source_run`; the same is refused.
        progress: Told how far it is.
    """
    material = source_material(config, between(progress, 0, 0.7))
    loop = config.train.loop()
    single = loop.model_copy(update={"devices": loop.devices[:1], "nodes": 1})
    fabric = make_fabric(single)
    devices = [fabric.device] if fabric.device.type == "cuda" else []
    with (
        failures_told(fabric.device, single.batch_size, lambda: "a dry run"),
        torch.random.fork_rng(devices),
    ):
        tracks = _kept(config, material.tracks, between(progress, 0.65, 0.7))
        network = _hearing_kept(fresh_network(config, heads_of(material.tasks)), tracks)
        pace = try_steps(network, tracks, single, fabric, material.tasks, SAMPLER, between(progress, 0.7, 1))
        windows, processes = material.tracks.windows, max(len(loop.devices), 1) * loop.nodes
        return SourceDryRun(
            parameters=network.n_parameters(),
            representation=network.dim,
            memory_gib=memory_gib(fabric.device),
            first_loss=pace.first_loss,
            clips_per_s=pace.clips_per_s,
            minutes_per_epoch=pace.epoch_s / processes / 60,
            window_s=windows.length / windows.store.sample_rate_hz,
            tracks=material.tracks.sizes,
            steps_per_epoch=pace.steps_per_epoch,
            coverage=material.coverage(),
            left_out=material.tracks.left_out,
            device=device_report().sentence,
        )


def _kept(config: SourceRun, material: Material, progress: Progress) -> Material:
    """Return the tracks with mels that are kept, where that is asked for."""
    if not config.train.keep_mels:
        return material
    mels: MelSettings = dict(config.network)["mels"]
    return replace(material, windows=with_kept_mels(material.windows, mels, progress))


def _hearing_kept(network: Network, material: Material) -> Network:
    """Return a network that takes what the windows give: where mels are kept, those in place of samples."""
    image = network.encoder.representation
    if isinstance(material.windows, MelWindows) and isinstance(image, SpectralImage):
        network.encoder.representation = KeptImage(image)
    return network
