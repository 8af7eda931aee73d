"""Runs: made, tried out, trained to their end, and asked for predictions."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import torch

from taglab.audio.library import audio_at_hand, audio_names, resolve_audio
from taglab.audio.store import AudioStore
from taglab.audio.windows import Windows
from taglab.batches import Material, TrainingBatches, prepare, split_tracks
from taglab.embeddings import OWN, vector_names, vectors_key
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace, open_label_space
from taglab.losses import needs
from taglab.metrics import deciding
from taglab.nets import Network, build
from taglab.outcomes import Predictions, track_set_fingerprint
from taglab.progress import Progress, between, counted, silent
from taglab.reprs import one_line
from taglab.runs import Run, RunWriter, change_about, create_run, layout, open_run
from taglab.runs.inputs import (
    HEARD,
    LEARNED_FROM,
    Input,
    InputKind,
    Inputs,
    changed_inputs,
    input_change,
    input_of_audio,
    input_of_targets,
    require_unchanged,
)
from taglab.runs.run import Part
from taglab.runs.status import Heartbeat, read_status
from taglab.sources import folksonomy_names, open_folksonomy
from taglab.training.checkpoints import BEST, LAST, load_checkpoint
from taglab.training.config import RunConfig, TrainConfig, as_of_today, run_config
from taglab.training.devices import (
    as_launched,
    device_report,
    failures_told,
    make_fabric,
    memory_gib,
    trained_on,
)
from taglab.training.evaluation import evaluate, predict_part
from taglab.training.loop import check_sound, check_window, fit, training_step
from taglab.training.made_for import of_training, of_weights
from taglab.training.presets import naming
from taglab.training.semantic import LossMaterial, loss_material
from taglab.training.step import TrainingStep, seed_step
from taglab.training.tasks import Task, tagging_task

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_TRIED_STEPS = 4
INPUT = "hears"
"""Entry of a run's summary: rate, channels and length of what its network is given at a time, in samples."""

Which = Literal["best", "last"]
Weights = Literal["best", "last", "untrained"]


def new_run(config: RunConfig, group: str = "", note: str = "", progress: Progress = silent) -> Run:
    """Make a run, ready to be trained; what its label space is now is kept in it.

    Args:
        config: What it is asked to do.
        group: Name of the sweep or experiment it belongs to.
        note: Free text.
        progress: Told how far it is.

    Raises:
        NotFound: If the data, the label space or the audio is not there.
        InvalidSetting: If no class has a tag of the data.
        StorageError: If the disk is full.
    """
    space = _require_parts(config)
    data = open_folksonomy(config.data, progress)
    if not space.targets(data).nnz:
        raise InvalidSetting(
            f"labels={config.labels!r} must have a tag of {config.data!r}; were its classes made from other "
            "data?"
        )
    inputs = inputs_of(config, space, data, audio_at_hand(config.audio, data))
    return create_run(config.model_dump(mode="json"), space, naming(config), group, note, inputs=inputs)


def _require_parts(config: RunConfig) -> LabelSpace:
    """Return the label space, after looking that everything a configuration names is there."""
    if config.data not in folksonomy_names():
        raise NotFound(f"no data set named {config.data!r}; there are: {', '.join(folksonomy_names())}")
    if config.audio not in audio_names():
        raise NotFound(f"no audio named {config.audio!r}; there are: {', '.join(audio_names())}")
    vectors = config.train.loss_vectors
    if vectors not in (OWN, *vector_names()):
        raise NotFound(f"no vectors named {vectors!r}; there are: {', '.join((OWN, *vector_names()))}")
    return open_label_space(config.labels)[0]


def inputs_of(
    config: RunConfig, space: LabelSpace, data: Folksonomy, store: AudioStore | None
) -> dict[InputKind, Input]:
    """Return what a configuration comes down to today, by name and fingerprint.

    Args:
        config: Names data, audio and, where the loss takes some, vectors.
        space: The label space.
        data: The data set.
        store: The audio; None where it is not made yet, as the demo's.
    """
    inputs: dict[InputKind, Input] = {
        "data": Input(name=config.data, fingerprint=data.fingerprint),
        "targets": input_of_targets(config.labels, space, data),
    }
    if store is not None:
        inputs["audio"] = input_of_audio(config.audio, store, data)
    if "similarity" in needs(config.train.loss):
        name = config.train.loss_vectors
        inputs["vectors"] = Input(name=name, fingerprint=vectors_key(name, data))
    return inputs


def material_of(config: RunConfig, space: LabelSpace, progress: Progress = silent) -> Material:
    """Return the tracks, targets and parts of a configuration.

    Args:
        config: Names data and audio, and says how they are split and cut.
        space: The label space.
        progress: Told how far it is.
    """
    return _material(config, space, *_opened(config, between(progress, 0, 0.8)), between(progress, 0.8, 1))


def _opened(config: RunConfig, progress: Progress) -> tuple[Folksonomy, AudioStore]:
    data = open_folksonomy(config.data, between(progress, 0, 0.25))
    store = resolve_audio(config.audio, data, between(progress, 0.25, 1))
    check_sound(config.network, store, config.audio)
    return data, store


def _material(
    config: RunConfig, space: LabelSpace, data: Folksonomy, store: AudioStore, progress: Progress
) -> Material:
    return prepare(
        data,
        space,
        store,
        split_tracks(
            data, config.train.split_settings(), store.copies if config.train.copies_together else ()
        ),
        config.train.window_settings(),
        config.train.drop_unlabelled_tracks,
        progress,
    )


def train(run_name: str, progress: Progress = silent) -> Run:
    """Train a run to its end, or go on where its last checkpoint stands; a finished one is left alone.

    Args:
        run_name: As `new_run` named it.
        progress: Told after every step.

    Raises:
        NotFound: If there is no such run.
        InvalidSetting: If it is of results only, or a setting does not fit the data or the memory.
        Conflict: If another process trains it.
        InputsChanged: If its tracks have other sound or labels than when it was made, or its loss vectors.
        Diverged: If the loss is not finite.
    """
    run = open_run(run_name)
    config, space = configuration(run)
    if is_finished(run):
        return run
    with launched(run, config.train) as (train_config, fabric):
        _train(run, config.model_copy(update={"train": train_config}), space, fabric, progress)
    return run


@contextmanager
def launched(run: Run, config: TrainConfig) -> Iterator[tuple[TrainConfig, Fabric]]:
    """Hold a run's heartbeat, and start its processes, on the devices that its launcher gave.

    Yields:
        How it is trained on those, and the processes.
    """
    with Heartbeat(run.folder):
        on_devices = as_launched(config, read_status(run.folder))
        fabric = make_fabric(on_devices)
        try:
            with failures_told(fabric.device, on_devices.batch_size, lambda: "this run"):
                fabric.launch()
                yield on_devices, fabric
        finally:
            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()


def configuration(run: Run) -> tuple[RunConfig, LabelSpace]:
    """Return what a run was asked to do, and its label space.

    Raises:
        InvalidSetting: If it is of results only.
    """
    space = run.label_space()
    if run.kind != "trained" or (space is None and "kind" not in run.config):
        raise InvalidSetting(f"run {run.name!r} holds results only; there is nothing to train")
    if space is None:
        raise InvalidSetting(f"run {run.name!r} is of no labels, and predicts none; take a tagger's")
    values = run.config
    # Runs made before there was the choice keep the split they were trained on.
    train = {"copies_together": False, **values.get("train", {})}
    return run_config(as_of_today({**values, "train": train})), space


def is_finished(run: Run) -> bool:
    """Return whether a run is trained to its end."""
    return run.finished


def _train(run: Run, config: RunConfig, space: LabelSpace, fabric: Fabric, progress: Progress) -> None:
    first = fabric.global_rank == 0
    writer = RunWriter(run)
    data, store = _opened(config, between(progress, 0, 0.04, "preparing"))
    inputs = inputs_of(config, space, data, store)
    require_unchanged(run.name, run.inputs, inputs, LEARNED_FROM, "cannot be trained")
    material = _material(config, space, data, store, between(progress, 0.04, 0.05, "preparing"))
    with fabric.rank_zero_first():  # own vectors are trained once and kept
        needed = loss_material(config, space, material)
    torch.manual_seed(config.train.seed)
    network = build(config.network, len(material.classes))
    if first:
        if not (run.checkpoints / LAST).is_file():  # else it is refused to go on with another split
            tell_split(run, material)
        tell_inputs(writer, inputs)
        writer.summarise(
            parameters=network.n_parameters(),
            device=trained_on(fabric.device),
            **{INPUT: input_given(material.windows)},
        )
        lines = [*about_training(material, fabric), *_about_classes(material, config.train)]
        for line in [*lines, *_told_of_loss(needed)]:
            writer.log(line)
    fitted = fit(
        network,
        material,
        config.train,
        fabric,
        run.checkpoints,
        writer,
        of_training(config, material, needed, inputs),
        tagging_task(material, config.train, needed.parts),
        progress=between(progress, 0.05, 0.95),
    )
    fabric.barrier()
    last = _predict(run, config, material, fabric, "last", "validation")
    if first:
        last.save(run.folder / layout.PREDICTIONS / "validation-last.npz")
    parts: tuple[Part, ...] = ("validation", "test")
    for part in parts:  # the test predictions are written last: they say that all is done
        predictions = _predict(run, config, material, fabric, "best", part)
        if first:
            figures = evaluate(predictions).figures
            by = deciding()
            reached = f"macro {by.metric.short} {figures[by.column]:.4f}"
            writer.log(f"{part}, epoch {fitted.best_epoch}: {reached}")
            writer.predictions(part, predictions, figures)
    progress(1.0, "done")


def input_given(windows: Windows) -> dict[str, int]:
    """Return what is kept of how a network is given sound: rate, channels, and length in samples."""
    store = windows.store
    return {"rate": store.sample_rate_hz, "window": windows.length, "channels": store.channels}


def tell_split(run: Run, material: Material) -> None:
    """Keep what figures by epoch are of, so that runs still under way are not compared unawares."""
    validation = [material.tracks[place] for place in material.of("validation")]
    change_about(run, split=material.split.fingerprint, evaluated=track_set_fingerprint(validation))


def tell_inputs(writer: RunWriter, inputs: Inputs) -> None:
    """Keep what was not there yet when the run was made, and log what changes nothing for it."""
    frozen = writer.run.inputs
    if frozen and not inputs.keys() <= frozen.keys():
        writer.inputs({**inputs, **frozen})
    for kind in changed_inputs(frozen, inputs):
        writer.log(f"{input_change(kind, frozen[kind])}, in nothing that it learns from")


def about_training(material: Material, fabric: Fabric) -> list[str]:
    """Return what a person should know before any training begins, line by line."""
    lines = [f"on {fabric.world_size} x {fabric.device.type}, {device_report().sentence}"]
    lines.append(", ".join(f"{count:,} {part} tracks" for part, count in material.sizes.items()))
    lines += [
        f"left out {row.tracks:,} tracks: {row.reason} ({row.examples})"
        for row in material.left_out.itertuples()
    ]
    if material.padded:
        length_s = material.windows.length / material.windows.store.sample_rate_hz
        what = f"shorter than the window of {length_s:g} s"
        lines.append(f"padded {material.padded:,} tracks with zeros: {what}")
    torn = material.torn_copies()
    if torn:
        examples = "; ".join(", ".join(same) for same in torn[:3])
        lines.append(f"{len(torn)} sounds lie in several parts under several names ({examples})")
    return lines


def _about_classes(material: Material, config: TrainConfig) -> list[str]:
    """Return what a person should know of a tagger's classes before it is trained, line by line."""
    lines = _told_of_weights(material, config)
    without = material.without_positives()
    for part in material.sizes:
        names = without.loc[without[part] == 0, "class"].tolist()
        if names:
            some = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            what = "cannot be learned" if part == "train" else "has no figures, and macro means leave it out"
            lines.append(f"{len(names)} classes have no positive {part} track ({some}): such a class {what}")
    return lines


def _told_of_weights(material: Material, config: TrainConfig) -> list[str]:
    positives, cap = material.positives("train"), config.class_weight_cap
    capped = int(((positives > 0) & (positives * (cap + 1) < material.sizes["train"])).sum())
    if not config.class_weighting or not capped:
        return []
    return [f"{capped} classes are so rare that class_weight_cap={cap:g} bounds what a positive counts"]


def _told_of_loss(needed: LossMaterial) -> list[str]:
    names = needed.without_vector
    if not names:
        return []
    return [f"{len(names)} classes have no vector, so their negatives keep weight 1: {', '.join(names)}"]


def predict(
    run: Run,
    which: Which = "best",
    part: Literal["train", "validation", "test"] = "test",
    progress: Progress = silent,
) -> Predictions:
    """Return what a run's network predicts of a part of its tracks, each whole.

    Args:
        run: Trained at least one epoch.
        which: Checkpoint of the "best" epoch on the validation tracks, or of the "last".
        part: Which tracks.
        progress: Told after each batch.

    Raises:
        DataError: If the checkpoint is missing, damaged, or of another network.
        InputsChanged: If its tracks have other sound or labels than when the run was made.
        InvalidSetting: If the run is of results only.
    """
    config, space = configuration(run)
    single = config.train.model_copy(update={"devices": config.train.devices[:1], "nodes": 1})
    fabric = make_fabric(single)
    data, store = _opened(config, between(progress, 0, 0.4))
    now = inputs_of(config, space, data, store)
    require_unchanged(run.name, run.inputs, now, HEARD, f"cannot predict its {part} tracks")
    material = _material(config, space, data, store, between(progress, 0.4, 0.5))
    return _predict(run, config, material, fabric, which, part, between(progress, 0.5, 1))


def _predict(
    run: Run,
    config: RunConfig,
    material: Material,
    fabric: Fabric,
    which: Which,
    part: str,
    progress: Progress = silent,
) -> Predictions:
    with failures_told(fabric.device, config.train.batch_size, lambda: f"predicting the {part} tracks"):
        step = kept_step(run, config, material, fabric, which)
        return predict_part(step, material, part, config.train.batch_size, progress).predictions


def on_one_device(config: RunConfig) -> RunConfig:
    """Return a configuration for what learns nothing: the first of its devices, and no weights of classes."""
    changes = {"devices": config.train.devices[:1], "nodes": 1, "class_weighting": False}
    return config.model_copy(update={"train": config.train.model_copy(update=changes)})


def kept_step(
    run: Run,
    config: RunConfig,
    material: Material,
    fabric: Fabric,
    weights: Weights,
    of_its_split: bool = True,
) -> TrainingStep:
    """Return a run's network as a checkpoint has it, or as training begins, on the device.

    Args:
        run: The run.
        config: Of the run.
        material: What it shall be given.
        fabric: Says on which device.
        weights: Of which checkpoint, or "untrained".
        of_its_split: Whether it must have been trained on the parts that `material` is split into.
    """
    with torch.random.fork_rng([]):
        torch.manual_seed(config.train.seed)
        network = build(config.network, len(material.classes))
    if weights != "untrained":
        network.load_state_dict(_kept_weights(run, config, material, weights, of_its_split))
    # Nothing is learned, so that the loss is not asked for, nor what it would need.
    plain = config.train.model_copy(update={"compile": False, "loss": "bce"})
    return training_step(network, plain, fabric, tagging_task(material, plain))


def _kept_weights(
    run: Run, config: RunConfig, material: Material, which: Which, of_its_split: bool
) -> dict[str, Any]:
    path = run.checkpoints / (BEST if which == "best" else LAST)
    weights: dict[str, Any] = load_checkpoint(path, of_weights(config, material, of_its_split))["network"]
    return weights


@dataclass(frozen=True, eq=False)
class DryRun:
    """What a few steps on the real data tell of a whole training.

    Attributes:
        parameters: Trained numbers of the network.
        memory_gib: Most memory PyTorch took on the GPU; what the process held on a CPU.
        first_loss: Of the first batch, before anything was learned; near ln 2 = 0.69 where all is well.
        clips_per_s: Trained a second, loading included, without the first step.
        minutes_per_epoch: Estimated from that, validation included.
        window_s: Length of a clip, in seconds.
        tracks: Usable tracks by part.
        steps_per_epoch: Batches an epoch.
        left_out: Columns `reason`, `tracks`, `examples`: tracks that are not used.
        padded: Tracks among them that are shorter than a clip and end in zeros.
        torn_copies: Groups of tracks with the same sound that lie in several parts.
        without_positives: Columns `class`, `train`, `validation`, `test`: positives of the classes that have
            none in some part.
        without_vector: Classes whose negatives keep weight 1 in the semantic loss, for want of a vector.
        device: What it ran on, a sentence.
    """

    parameters: int
    memory_gib: float
    first_loss: float
    clips_per_s: float
    minutes_per_epoch: float
    window_s: float
    tracks: dict[str, int]
    steps_per_epoch: int
    left_out: pd.DataFrame
    padded: int
    torn_copies: tuple[tuple[str, ...], ...]
    without_positives: pd.DataFrame
    without_vector: tuple[str, ...]
    device: str

    __repr__ = one_line


def dry_run(config: RunConfig, progress: Progress = silent) -> DryRun:
    """Take a few steps on one device, without keeping anything, and return what they tell.

    Args:
        config: As for `new_run`; the same is refused.
        progress: Told how far it is.
    """
    space = _require_parts(config)
    material = material_of(config, space, between(progress, 0, 0.6))
    needed = loss_material(config, space, material, between(progress, 0.6, 0.7))
    single = config.train.model_copy(update={"devices": config.train.devices[:1], "nodes": 1})
    fabric = make_fabric(single)
    devices = [fabric.device] if fabric.device.type == "cuda" else []
    with (
        failures_told(fabric.device, single.batch_size, lambda: "a dry run"),
        torch.random.fork_rng(devices),
    ):
        return _tried(config, single, material, needed, fabric, between(progress, 0.7, 1))


def _tried(
    config: RunConfig,
    single: TrainConfig,
    material: Material,
    needed: LossMaterial,
    fabric: Fabric,
    progress: Progress,
) -> DryRun:
    torch.manual_seed(single.seed)
    network = build(config.network, len(material.classes))
    tasks = tagging_task(material, single, needed.parts)
    pace = try_steps(network, material, single, fabric, tasks, progress=progress)
    processes = max(len(config.train.devices), 1) * config.train.nodes
    return DryRun(
        parameters=network.n_parameters(),
        memory_gib=memory_gib(fabric.device),
        first_loss=pace.first_loss,
        clips_per_s=pace.clips_per_s,
        minutes_per_epoch=pace.epoch_s / processes / 60,
        window_s=material.windows.length / material.windows.store.sample_rate_hz,
        tracks=material.sizes,
        steps_per_epoch=pace.steps_per_epoch,
        left_out=material.left_out,
        padded=material.padded,
        torn_copies=material.torn_copies(),
        without_positives=material.without_positives(),
        without_vector=needed.without_vector,
        device=device_report().sentence,
    )


@dataclass(frozen=True)
class TriedSteps:
    """What a few steps tell.

    Attributes:
        first_loss: Of the first batch, before anything was learned.
        clips_per_s: Trained a second by one process, loading included, without the first step.
        epoch_s: Seconds an epoch would take one process, validation included.
        steps_per_epoch: Batches an epoch.
    """

    first_loss: float
    clips_per_s: float
    epoch_s: float
    steps_per_epoch: int


def try_steps(
    network: Network,
    material: Material,
    single: TrainConfig,
    fabric: Fabric,
    tasks: Mapping[str, Task],
    sampler: str = "by-track",
    progress: Progress = silent,
) -> TriedSteps:
    """Take a few steps of a training on one device, and keep nothing.

    Args:
        network: With fresh weights.
        material: The tracks.
        single: How it is trained, on one device.
        fabric: The device.
        tasks: What it is trained for.
        sampler: Says which tracks come when, a name in `SAMPLERS`.
        progress: Told after each step.

    Raises:
        InvalidSetting: If the window is too short for the network, or the first loss is not a number.
    """
    check_window(network, material.windows)
    step = training_step(network, single, fabric, tasks)
    batches = TrainingBatches(
        material, single.batch_size, single.seed, single.shuffle, single.window, single.steps_per_epoch,
        targets={name: task.targets for name, task in tasks.items()}, sampler=sampler,
    )  # fmt: skip
    losses: list[float] = []
    progress(0.0, counted("trying steps", 0, _TRIED_STEPS))
    began = time.perf_counter()
    for batch in islice(batches.epoch(0), _TRIED_STEPS):
        seed_step(single.seed, 1, len(losses), 0)
        losses.append(float(step(batch)))
        progress(len(losses) / _TRIED_STEPS, counted("trying steps", len(losses), _TRIED_STEPS))
        if len(losses) == 1 and batches.steps_per_epoch > 1:  # the first has much to set up
            began = time.perf_counter()
    measured = max(len(losses) - 1, 1)
    clips_per_s = measured * single.batch_size / (time.perf_counter() - began)
    if math.isnan(losses[0]):
        raise InvalidSetting("the first loss is not a number; take precision='32-true'")
    # Forward is about a third of a step, and validation takes whole tracks.
    per_track = _windows_per_track(material)
    validated = material.sizes["validation"] * per_track / 3
    clips = batches.steps_per_epoch * single.batch_size
    return TriedSteps(losses[0], clips_per_s, (clips + validated) / clips_per_s, batches.steps_per_epoch)


def _windows_per_track(material: Material) -> float:
    rows = material.rows[material.of("validation")]
    return sum(len(material.windows.consecutive_starts(int(row))) for row in rows) / len(rows)
