"""The loop: steps, epochs, validation, checkpoints, and going on where one was stopped."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from taglab.batches import Material, TrainingBatches
from taglab.errors import InvalidSetting
from taglab.losses import balancing_weights, bind
from taglab.metrics import deciding, mean_columns
from taglab.metrics.thresholds import Confusion
from taglab.nets import Tagger
from taglab.progress import Progress, silent
from taglab.training.checkpoints import BEST, LAST, load_checkpoint, save_checkpoint
from taglab.training.config import TrainConfig, monitors
from taglab.training.devices import failures_told, machine_failed, memory_gib
from taglab.training.divergence import Diverged, broken_weights, first_not_finite
from taglab.training.evaluation import Heard, Judged, hear, judge
from taglab.training.schedules import SCHEDULES, Patience
from taglab.training.step import TrainingStep, seed_step

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Recorder(Protocol):
    """Where training writes what it finds; `taglab.runs.RunWriter` is one."""

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame, counts: Confusion) -> None:
        """Keep an epoch's figures."""

    def step(self, row: Mapping[str, Any]) -> None:
        """Keep a step's loss, speed and memory."""

    def log(self, text: str) -> None:
        """Add a line to the log."""


class _Nowhere:
    """What processes beside the first write to."""

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame, counts: Confusion) -> None:
        """Keep nothing."""

    def step(self, row: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def log(self, text: str) -> None:
        """Keep nothing."""


@dataclass
class Position:
    """How far training is: what a checkpoint holds beside the weights.

    Attributes:
        epoch: The one that is worked on, from 1.
        step: Steps of it that are done.
        loss_sum: Sum of their losses.
        seconds: Spent on them.
        best: Highest macro mean of the metric that decides so far, average precision; times -1 of a metric of
            which less is better.
        best_epoch: Where it was reached; 0 before the first.
        stopped: Whether early stopping has ended training.
    """

    epoch: int = 1
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    best: float = -math.inf
    best_epoch: int = 0
    stopped: bool = False


@dataclass(frozen=True)
class Fitted:
    """How training ended.

    Attributes:
        epochs: Done.
        best_epoch: Of the highest macro average precision on the validation tracks.
        stopped_early: Whether early stopping ended it.
    """

    epochs: int
    best_epoch: int
    stopped_early: bool


def fit(
    tagger: Tagger,
    material: Material,
    config: TrainConfig,
    fabric: Fabric,
    checkpoints: Path,
    recorder: Recorder,
    made_for: Mapping[str, Any] | None = None,
    loss_material: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Train a network, or go on training it where `last.pt` among the checkpoints stands.

    Going on gives, bit for bit, what one uninterrupted training gives, on a device whose operations are
    deterministic, as a CPU's with one number of threads are.

    Args:
        tagger: The network, with its first weights.
        material: Tracks, targets and parts.
        config: See `TrainConfig`.
        fabric: Device, precision and processes; see `make_fabric`; launched.
        checkpoints: Folder of best.pt and last.pt.
        recorder: Told every epoch and every few steps.
        made_for: What a checkpoint must be of to be gone on with; anything JSON can hold.
        loss_material: What the loss needs of the run; see `taglab.losses.bind`.
        progress: Told after every step.

    Raises:
        InvalidSetting: If a setting does not fit the data or the memory.
        DataError: If the checkpoint is damaged or of something else.
        Diverged: If the loss is not finite.
        StorageError: If a checkpoint cannot be written; the one before is as it was.
        Unavailable: If the GPU fails.
    """
    devices = [fabric.device] if fabric.device.type == "cuda" else []
    training: _Training | None = None

    def where() -> str:
        return "the set-up" if training is None else training.where()

    with failures_told(fabric.device, config.batch_size, where), torch.random.fork_rng(devices):
        _check(tagger, material, config)
        training = _Training(
            tagger, material, config, fabric, checkpoints, recorder, made_for or {}, loss_material, progress
        )
        return training.run()


def _check(tagger: Tagger, material: Material, config: TrainConfig) -> None:
    normalises = any(isinstance(module, _BatchNorm) for module in tagger.modules())
    if config.batch_size == 1 and normalises:
        raise InvalidSetting("batch_size=1 must be at least 2: batch norm learns nothing of a single clip")
    if not material.positives("validation").any():
        raise InvalidSetting(
            "no class has a positive among the validation tracks, so no epoch can be judged; take a larger "
            "validation_share or another split_seed"
        )
    check_window(tagger, material.windows.length, material.windows.store.sample_rate_hz)


def check_window(tagger: Tagger, length: int, sample_rate_hz: int) -> None:
    """Refuse windows a network is too deep for, and sound of another rate than its mels are for.

    Raises:
        InvalidSetting: Saying which.
    """
    mels = getattr(tagger.representation, "settings", None)
    if mels is not None and mels.sample_rate_hz != sample_rate_hz:
        raise InvalidSetting(
            f"network.mels.sample_rate_hz={mels.sample_rate_hz} must be the audio's, {sample_rate_hz}"
        )
    was_training = tagger.training
    try:
        with torch.no_grad():
            tagger.eval()(torch.zeros(1, length, device=next(tagger.parameters()).device))
    except InvalidSetting:
        raise
    except RuntimeError as error:
        if machine_failed(error):
            raise
        raise InvalidSetting(
            f"window_s={length / sample_rate_hz:g} must be longer for this network ({error})"
        ) from error
    finally:
        tagger.train(was_training)


class _Training:
    """What `fit` works with."""

    def __init__(
        self,
        tagger: Tagger,
        material: Material,
        config: TrainConfig,
        fabric: Fabric,
        checkpoints: Path,
        recorder: Recorder,
        made_for: Mapping[str, Any],
        loss_material: Mapping[str, Any] | None,
        progress: Progress,
    ) -> None:
        self.material, self.config, self.fabric = material, config, fabric
        self.checkpoints, self.progress = checkpoints, progress
        self.recorder: Recorder = recorder if fabric.global_rank == 0 else _Nowhere()
        self.batches = TrainingBatches(
            material,
            config.batch_size,
            config.seed,
            config.shuffle,
            config.window,
            config.steps_per_epoch,
            rank=fabric.global_rank,
            world=fabric.world_size,
            pin=fabric.device.type == "cuda",
        )
        self.step = training_step(tagger, material, config, fabric, loss_material)
        self.n_steps = self.batches.steps_per_epoch
        self.schedule = SCHEDULES[config.schedule](config, config.epochs * self.n_steps)
        self.patience = Patience(config.early_stopping_min_delta)
        self.position = Position()
        self.made_for = {
            **made_for,
            "classes": list(material.classes),
            "split": material.split.fingerprint,
            "steps_per_epoch": self.n_steps,
            "clips_per_step": config.batch_size * fabric.world_size,
        }
        self.pending: deque[tuple[int, torch.Tensor]] = deque()
        self.saved_at = time.monotonic()
        self.lap_at, self.measured = 0.0, (0, 0.0)

    def where(self) -> str:
        """Say how far training is."""
        position = self.position
        if position.step == self.n_steps:
            return f"the validation of epoch {position.epoch}"
        return f"epoch {position.epoch}, step {position.step + 1}"

    def run(self) -> Fitted:
        """Train from where the last checkpoint stands to the end."""
        if (self.checkpoints / LAST).is_file():
            self._resume()
        while self.position.epoch <= self.config.epochs and not self.position.stopped:
            self._train_epoch()
            self._end_epoch()
        position = self.position
        return Fitted(position.epoch - 1, position.best_epoch, position.stopped)

    def _train_epoch(self) -> None:
        position, config = self.position, self.config
        first_step = (position.epoch - 1) * self.n_steps
        self.lap_at, self.measured = time.perf_counter(), (position.step, time.perf_counter())
        for waveform, targets, _ in self.batches.epoch(position.epoch - 1, position.step):
            seed_step(config.seed, position.epoch, position.step, self.fabric.global_rank)
            self.step.set_learning_rate(self.schedule.learning_rate(first_step + position.step))
            self.pending.append((position.step, self.step(waveform, targets)))
            # One step behind, so that a GPU is never idle while its loss is waited for.
            self._settle(but=1)
            position.step += 1
            self.progress(
                (first_step + position.step) / (config.epochs * self.n_steps),
                f"epoch {position.epoch} of {config.epochs}, step {position.step} of {self.n_steps}",
            )
            if position.step % config.metric_interval_steps == 0 or position.step == self.n_steps:
                self._record_step()
            if position.step < self.n_steps and self._checkpoint_is_due():
                self._save_last()
        self._lap()

    def _settle(self, but: int = 0) -> float:
        """Add up the losses of the steps begun, all but the last few; return the last one added.

        Raises:
            Diverged: If one is not finite.
        """
        loss = math.nan
        while len(self.pending) > but:
            step, told = self.pending.popleft()
            loss = float(told)
            if not math.isfinite(loss):
                batch = self.batches.batch(self.position.epoch - 1, step)
                seed_step(self.config.seed, self.position.epoch, step, self.fabric.global_rank)
                raise Diverged(self.position.epoch, step + 1, first_not_finite(self.step, batch.waveform))
            self.position.loss_sum += loss
        return loss

    def _lap(self) -> None:
        now = time.perf_counter()
        self.position.seconds += now - self.lap_at
        self.lap_at = now

    def _record_step(self) -> None:
        position, loss, now = self.position, self._settle(), time.perf_counter()
        clips = (position.step - self.measured[0]) * self.made_for["clips_per_step"]
        self.recorder.step(
            {
                "epoch": position.epoch,
                "step": position.step,
                "steps_per_epoch": self.n_steps,
                "loss": loss,
                "clips_per_s": clips / (now - self.measured[1]),
                "memory_gib": memory_gib(self.fabric.device),
                "time": time.time(),
            }
        )
        self.measured = (position.step, now)

    def _checkpoint_is_due(self) -> bool:
        if time.monotonic() - self.saved_at < 60 * self.config.checkpoint_minutes:
            return False
        # A gradient may be no number where its loss is one: the next step tells, and is to find the last
        # checkpoint from before.
        return broken_weights(self.step.tagger) is None

    def _end_epoch(self) -> None:
        position, config = self.position, self.config
        heard = self._validate()
        judged = judge(heard.predictions)
        row = self._row(heard, judged)
        by = deciding()
        reached = by.metric.sign * judged.figures[by.column]
        if reached > position.best:
            position.best, position.best_epoch = reached, position.epoch
            self._save(BEST, {"network": self.step.tagger.state_dict()})
        self.recorder.epoch(row, judged.per_label, judged.counts)
        self.recorder.log(_epoch_line(row, config.epochs, judged.left_out if position.epoch == 1 else ""))
        watched = -monitors()[config.monitor] * row[config.monitor]
        self.schedule.epoch_done(watched)
        waited = self.patience.told(watched)
        if config.early_stopping_patience is not None and waited >= max(config.early_stopping_patience, 1):
            position.stopped = True
            self.recorder.log(f"stopped early: {config.monitor} has not improved for {waited} epochs")
        position.epoch, position.step = position.epoch + 1, 0
        position.loss_sum, position.seconds = 0.0, 0.0
        self.lap_at = time.perf_counter()  # validation is no part of the next epoch's time
        self._save_last()

    def _validate(self) -> Heard:
        position, config = self.position, self.config
        done, all_of_it = position.epoch / config.epochs, f"epoch {position.epoch} of {config.epochs}"
        return hear(
            self.step,
            self.material,
            "validation",
            config.batch_size,
            lambda fraction, text: self.progress(done, f"{all_of_it}, {text}"),
            epoch=position.epoch,
        )

    def _row(self, heard: Heard, judged: Judged) -> dict[str, Any]:
        position = self.position
        clips = self.n_steps * self.made_for["clips_per_step"]
        return {
            "epoch": position.epoch,
            "train_loss": position.loss_sum / self.n_steps,
            "validation_loss": heard.loss,
            **judged.figures,
            "learning_rate": self.schedule.learning_rate(position.epoch * self.n_steps - 1),
            "seconds": position.seconds,
            "clips_per_s": clips / position.seconds,
            "memory_gib": memory_gib(self.fabric.device),
        }

    def _save_last(self) -> None:
        self._lap()
        self._settle()
        state = {
            **self.step.state(),
            "schedule": self.schedule.state(),
            "patience": self.patience.state(),
            "position": asdict(self.position),
        }
        self._save(LAST, state)
        self.saved_at = time.monotonic()

    def _save(self, name: str, state: Mapping[str, Any]) -> None:
        if self.fabric.global_rank == 0:
            save_checkpoint(self.checkpoints / name, {"made_for": self.made_for, **state})

    def _resume(self) -> None:
        found = load_checkpoint(self.checkpoints / LAST, self.made_for)
        self.step.load(found)
        self.schedule.load(found["schedule"])
        self.patience.load(found["patience"])
        self.position = Position(**found["position"])
        if self.position.epoch <= self.config.epochs and not self.position.stopped:
            self.recorder.log(f"going on from {self.where()}")


def training_step(
    tagger: Tagger,
    material: Material,
    config: TrainConfig,
    fabric: Fabric,
    loss_material: Mapping[str, Any] | None = None,
) -> TrainingStep:
    """Return the step a configuration asks for."""
    weights = None
    if config.class_weighting:
        n_tracks = len(material.of("train"))
        balancing = balancing_weights(material.positives("train"), n_tracks)
        weights = torch.from_numpy(np.minimum(balancing, np.float32(config.class_weight_cap)))
    on_device = {
        name: part.to(fabric.device) if isinstance(part, torch.Tensor) else part
        for name, part in (loss_material or {}).items()
    }
    return TrainingStep(
        fabric,
        tagger,
        bind(config.loss, on_device),
        config.learning_rate,
        weights=weights,
        gradient_clip=config.gradient_clip,
        compiled=config.compile,
    )


def _epoch_line(row: Mapping[str, Any], epochs: int, left_out: str) -> str:
    macro = {mean: row[column] for column, mean in mean_columns().items() if mean.average == "macro"}
    means = ", ".join(f"macro {mean.metric.short} {value:.4f}" for mean, value in macro.items())
    said = (
        f"epoch {row['epoch']} of {epochs}: loss {row['train_loss']:.4f}, "
        f"validation {row['validation_loss']:.4f}, {means}, {row['clips_per_s']:.0f} clips/s"
    )
    return f"{said}. {left_out}" if left_out else said
