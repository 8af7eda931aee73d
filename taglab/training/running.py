"""Runs: made, tried out, trained to their end, and asked for predictions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import torch

from taglab.audio.library import audio_at_hand, audio_names, resolve_audio
from taglab.audio.store import AudioStore
from taglab.audio.windows import Windows
from taglab.batches import Material, prepare, split_tracks
from taglab.embeddings import OWN, vector_names, vectors_key
from taglab.errors import InvalidSetting, NotFound
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace, open_label_space
from taglab.losses import needs
from taglab.metrics import deciding
from taglab.nets import build
from taglab.outcomes import Predictions, track_set_fingerprint
from taglab.progress import Progress, between, silent
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
    trained_on,
)
from taglab.training.evaluation import evaluate, predict_part
from taglab.training.loop import check_sound, fit, training_step
from taglab.training.made_for import of_training, of_weights
from taglab.training.presets import naming
from taglab.training.semantic import LossMaterial, loss_material
from taglab.training.step import TrainingStep
from taglab.training.tasks import tagging_task

if TYPE_CHECKING:
    from lightning_fabric import Fabric

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
    space = require_parts(config)
    data = open_folksonomy(config.data, progress)
    if not space.targets(data).nnz:
        raise InvalidSetting(
            f"labels={config.labels!r} must have a tag of {config.data!r}; were its classes made from other "
            "data?"
        )
    inputs = inputs_of(config, space, data, audio_at_hand(config.audio, data))
    return create_run(config.model_dump(mode="json"), space, naming(config), group, note, inputs=inputs)


def require_data_and_sound(data: str, audio: str) -> None:
    """Look that a data set and sound of these names are there.

    Raises:
        NotFound: If one is not.
    """
    if data not in folksonomy_names():
        raise NotFound(f"no data set named {data!r}; there are: {', '.join(folksonomy_names())}")
    if audio not in audio_names():
        raise NotFound(f"no audio named {audio!r}; there are: {', '.join(audio_names())}")


def require_parts(config: RunConfig) -> LabelSpace:
    """Return the label space, after looking that everything a configuration names is there."""
    require_data_and_sound(config.data, config.audio)
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
