"""Dry runs: a few steps on the real data, and what they tell of a whole training; nothing is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd
import torch

from taglab.batches import Material, TrainingBatches
from taglab.errors import InvalidSetting
from taglab.nets import Network, build
from taglab.progress import Progress, between, counted, silent
from taglab.reprs import one_line
from taglab.training.config import RunConfig, TrainConfig
from taglab.training.devices import device_report, failures_told, make_fabric, memory_gib
from taglab.training.loop import check_window, training_step
from taglab.training.running import material_of, require_parts
from taglab.training.semantic import loss_material
from taglab.training.source_config import SourceRun
from taglab.training.sources import (
    SAMPLER,
    fresh_network,
    hearing_kept,
    source_material,
    with_mels_where_asked,
)
from taglab.training.spectra import fresh_spectrum_network, spectrum_material
from taglab.training.spectrum_config import SpectrumRun
from taglab.training.step import seed_step
from taglab.training.tasks import Task, heads_of, tagging_task

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_TRIED_STEPS = 4


@dataclass(frozen=True, eq=False)
class Tried:
    """What a few steps on the real data tell of a whole training, whatever is trained.

    Attributes:
        parameters: Trained numbers of the network.
        memory_gib: Most memory PyTorch took on the GPU; what the process held on a CPU.
        first_loss: Of the first batch, before anything was learned; of classes near ln 2 = 0.69 where all is
            well, of several sources what chance says of which.
        clips_per_s: Trained a second, loading included, without the first step.
        minutes_per_epoch: Estimated from that, validation included.
        window_s: Length of a clip, in seconds.
        tracks: Usable tracks by part.
        steps_per_epoch: Batches an epoch.
        left_out: Columns `reason`, `tracks`, `examples`: tracks that are not used.
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
    device: str

    __repr__ = one_line


@dataclass(frozen=True, eq=False, repr=False)
class DryRun(Tried):
    """What a few steps tell of training a tagger.

    Attributes:
        padded: Tracks among them that are shorter than a clip and end in zeros.
        torn_copies: Groups of tracks with the same sound that lie in several parts.
        without_positives: Columns `class`, `train`, `validation`, `test`: positives of the classes that have
            none in some part.
        without_vector: Classes whose negatives keep weight 1 in the semantic loss, for want of a vector.
    """

    padded: int
    torn_copies: tuple[tuple[str, ...], ...]
    without_positives: pd.DataFrame
    without_vector: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class SourceDryRun(Tried):
    """What a few steps tell of training a network of several sources.

    Attributes:
        representation: Numbers of a clip's vector.
        coverage: Columns `source`, `train`, `validation`, `test`: tracks it says something of.
    """

    representation: int
    coverage: pd.DataFrame


def dry_run(config: RunConfig, progress: Progress = silent) -> DryRun:
    """Take a few steps on one device, without keeping anything, and return what they tell.

    Args:
        config: As for `new_run`; the same is refused.
        progress: Told how far it is.
    """
    space = require_parts(config)
    material = material_of(config, space, between(progress, 0, 0.6))
    needed = loss_material(config, space, material, between(progress, 0.6, 0.7))

    def begun() -> _Begun:
        torch.manual_seed(config.train.seed)
        network = build(config.network, len(material.classes))
        return _Begun(network, material, tagging_task(material, config.train, needed.parts))

    tried, _ = _tried(config.train, begun, between(progress, 0.7, 1))
    return DryRun(
        **vars(tried),
        padded=material.padded,
        torn_copies=material.torn_copies(),
        without_positives=material.without_positives(),
        without_vector=needed.without_vector,
    )


def dry_run_sources(config: SourceRun, progress: Progress = silent) -> SourceDryRun:
    """Take a few steps on one device, without keeping anything, and return what they tell.

    Args:
        config: As for `new_source_run`; the same is refused.
        progress: Told how far it is.
    """
    material = source_material(config, progress=between(progress, 0, 0.65))
    tracks = with_mels_where_asked(config, material.tracks, between(progress, 0.65, 0.7))

    def begun() -> _Begun:
        network = hearing_kept(fresh_network(config, heads_of(material.tasks)), tracks)
        return _Begun(network, tracks, material.tasks, SAMPLER)

    tried, network = _tried(config.train.loop(), begun, between(progress, 0.7, 1))
    return SourceDryRun(**vars(tried), representation=network.dim, coverage=material.coverage())


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumDryRun(Tried):
    """What a few steps tell of training a network that answers with spectrograms.

    Attributes:
        representation: Numbers of a clip's vector.
    """

    representation: int


def dry_run_spectra(config: SpectrumRun, progress: Progress = silent) -> SpectrumDryRun:
    """Take a few steps on one device, without keeping anything, and return what they tell.

    Args:
        config: As for `new_spectrum_run`; the same is refused.
        progress: Told how far it is.
    """
    material = spectrum_material(config, between(progress, 0, 0.7))
    tasks = {config.task.task: material.task}

    def begun() -> _Begun:
        return _Begun(fresh_spectrum_network(config), material.tracks, tasks)

    tried, network = _tried(config.loop(), begun, between(progress, 0.7, 1))
    return SpectrumDryRun(**vars(tried), representation=network.dim)


@dataclass(frozen=True, eq=False)
class _Begun:
    """A training as it begins: a network with fresh weights, its tracks and tasks, and who comes when."""

    network: Network
    material: Material
    tasks: Mapping[str, Task]
    sampler: str = "by-track"


def _tried(train: TrainConfig, begun: Callable[[], _Begun], progress: Progress) -> tuple[Tried, Network]:
    """Return what a few steps on one device tell, and the network; the caller's random numbers stay."""
    single = train.model_copy(update={"devices": train.devices[:1], "nodes": 1})
    fabric = make_fabric(single)
    devices = [fabric.device] if fabric.device.type == "cuda" else []
    with (
        failures_told(fabric.device, single.batch_size, lambda: "a dry run"),
        torch.random.fork_rng(devices),
    ):
        own = begun()
        pace = try_steps(own.network, own.material, single, fabric, own.tasks, own.sampler, progress)
        windows, processes = own.material.windows, max(len(train.devices), 1) * train.nodes
        tried = Tried(
            parameters=own.network.n_parameters(),
            memory_gib=memory_gib(fabric.device),
            first_loss=pace.first_loss,
            clips_per_s=pace.clips_per_s,
            minutes_per_epoch=pace.epoch_s / processes / 60,
            window_s=windows.length / windows.store.sample_rate_hz,
            tracks=own.material.sizes,
            steps_per_epoch=pace.steps_per_epoch,
            left_out=own.material.left_out,
            device=device_report().sentence,
        )
        return tried, own.network


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
