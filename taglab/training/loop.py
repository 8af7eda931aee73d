"""The loop: steps, epochs, validation, checkpoints, and going on where one was stopped."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from taglab.audio.store import AudioStore
from taglab.audio.windows import Windows
from taglab.batches import Material, TrainingBatches
from taglab.errors import InvalidSetting
from taglab.labels import LABELS
from taglab.metrics import deciding, mean_columns
from taglab.metrics.thresholds import Confusion
from taglab.nets import Network, NetworkSettings
from taglab.progress import Progress, silent
from taglab.training.checkpoints import BEST, LAST, load_checkpoint, save_checkpoint
from taglab.training.config import TrainConfig, monitors
from taglab.training.devices import failures_told, machine_failed, memory_gib
from taglab.training.divergence import Diverged, broken_weights, first_not_finite
from taglab.training.evaluation import Evaluation, PartPredictions, evaluate, predict_part
from taglab.training.made_for import of_pace
from taglab.training.schedules import SCHEDULES, Patience
from taglab.training.step import TrainingStep, seed_step
from taglab.training.tasks import Task, tagging_task, validation_losses

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Recorder(Protocol):
    """Where training writes what it finds; `taglab.runs.RunWriter` is one."""

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame | None, counts: Confusion | None) -> None:
        """Keep an epoch's figures; those by label are None where none are predicted."""

    def step(self, row: Mapping[str, Any]) -> None:
        """Keep a step's loss, speed and memory."""

    def log(self, text: str) -> None:
        """Add a line to the log."""


class _Nowhere:
    """What processes beside the first write to."""

    def epoch(self, row: Mapping[str, Any], per_label: pd.DataFrame | None, counts: Confusion | None) -> None:
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
            which less is better. Of networks without labels, minus the lowest loss.
        best_epoch: Where it was reached; 0 before the first.
        stopped: Whether early stopping has ended training.
        by_task: Of tasks that take turns: sum of the epoch's losses, their number, and that of all steps so
            far.
    """

    epoch: int = 1
    step: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    best: float = -math.inf
    best_epoch: int = 0
    stopped: bool = False
    by_task: dict[str, tuple[float, int, int]] = field(default_factory=dict)

    def add(self, loss: float, tasks: tuple[str, ...]) -> None:
        """Count a step with its loss, which is of these tasks."""
        self.loss_sum += loss
        if len(tasks) == 1:
            loss_sum, steps, ever = self.by_task.get(tasks[0], (0.0, 0, 0))
            self.by_task[tasks[0]] = loss_sum + loss, steps + 1, ever + 1

    def begin_epoch(self) -> None:
        """Go on to the next epoch."""
        self.epoch, self.step = self.epoch + 1, 0
        self.loss_sum, self.seconds = 0.0, 0.0
        self.by_task = {task: (0.0, 0, ever) for task, (_, _, ever) in self.by_task.items()}


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
    network: Network,
    material: Material,
    config: TrainConfig,
    fabric: Fabric,
    checkpoints: Path,
    recorder: Recorder,
    made_for: Mapping[str, Any] | None = None,
    tasks: Mapping[str, Task] | None = None,
    sampler: str = "by-track",
    progress: Progress = silent,
) -> Fitted:
    """Train a network, or go on training it where `last.pt` among the checkpoints stands.

    Going on gives, bit for bit, what one uninterrupted training gives, on a device whose operations are
    deterministic, as a CPU's with one number of threads are.

    Args:
        network: The network, with its first weights.
        material: Tracks, targets and parts.
        config: See `TrainConfig`.
        fabric: Device, precision and processes; see `make_fabric`; launched.
        checkpoints: Folder of best.pt and last.pt.
        recorder: Told every epoch and every few steps.
        made_for: What a checkpoint must be of to be gone on with; anything JSON can hold.
        tasks: What it is trained for, by the names of its heads; the tagger's where None.
        sampler: Which tracks come when, a name in `taglab.batches.SAMPLERS`.
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
        tasks = tasks or tagging_task(material, config)
        _check(network, material, config, tasks)
        training = _Training(
            network, material, config, fabric, checkpoints, recorder, made_for or {}, tasks, sampler, progress
        )
        return training.run()


def _check(network: Network, material: Material, config: TrainConfig, tasks: Mapping[str, Task]) -> None:
    if set(network.heads) != set(tasks):
        raise InvalidSetting(
            f"tasks={', '.join(tasks)} must be those of the network's heads, {', '.join(network.heads)}"
        )
    if LABELS not in tasks and config.monitor != "validation_loss":
        raise InvalidSetting(
            f"monitor={config.monitor!r} must be 'validation_loss' where no labels are predicted"
        )
    normalises = any(isinstance(module, _BatchNorm) for module in network.modules())
    if config.batch_size == 1 and normalises:
        raise InvalidSetting("batch_size=1 must be at least 2: batch norm learns nothing of a single clip")
    if LABELS in tasks and not material.positives("validation").any():
        raise InvalidSetting(
            "no class has a positive among the validation tracks, so no epoch can be judged; take a larger "
            "validation_share or another split_seed"
        )
    check_window(network, material.windows)


def check_sound(settings: NetworkSettings, store: AudioStore, name: str) -> None:
    """Refuse sound of another rate, or other channels, than a network needs.

    Args:
        settings: Of the network.
        store: The sound.
        name: Of the sound.

    Raises:
        InvalidSetting: Naming the command that makes such sound.
    """
    rate_hz, channels = settings.sound_needed()
    if channels != store.channels:
        raise InvalidSetting(
            f"network={settings.network!r} needs sound of {channels} channels, and the audio {name!r} has "
            f"{store.channels}; `taglab audio add FILES --name NAME --channels {channels}` makes such sound"
        )
    if rate_hz is not None and rate_hz != store.sample_rate_hz:
        raise InvalidSetting(
            f"network={settings.network!r} needs sound of {rate_hz:,} samples a second, and the audio "
            f"{name!r} has {store.sample_rate_hz:,}; "
            f"`taglab audio add FILES --name NAME --sample-rate-hz {rate_hz}` makes such sound, "
            "or set the rate of its mels"
        )


def check_window(network: Network, windows: Windows) -> None:
    """Refuse windows a network is too deep for.

    Raises:
        InvalidSetting: Saying so.
    """
    was_training = network.training
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(windows.shape(2), device=next(network.parameters()).device))
    except InvalidSetting:
        raise
    except RuntimeError as error:
        if machine_failed(error):
            raise
        raise InvalidSetting(
            f"window_s={windows.length / windows.store.sample_rate_hz:g} must be longer for this network "
            f"({error})"
        ) from error
    finally:
        network.train(was_training)


class _Training:
    """What `fit` works with."""

    def __init__(
        self,
        network: Network,
        material: Material,
        config: TrainConfig,
        fabric: Fabric,
        checkpoints: Path,
        recorder: Recorder,
        made_for: Mapping[str, Any],
        tasks: Mapping[str, Task],
        sampler: str,
        progress: Progress,
    ) -> None:
        self.material, self.config, self.fabric = material, config, fabric
        self.tasks, self.sampler = tasks, sampler
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
            targets={name: task.targets for name, task in tasks.items()},
            sampler=sampler,
        )
        self.step = training_step(network, config, fabric, tasks)
        self.n_steps = self.batches.steps_per_epoch
        self.schedule = SCHEDULES[config.schedule](config, config.epochs * self.n_steps)
        self.patience = Patience(config.early_stopping_min_delta)
        self.position = Position()
        clips_per_step = config.batch_size * fabric.world_size
        self.made_for = {**made_for, **of_pace(material, self.n_steps, clips_per_step)}
        if set(tasks) != {LABELS}:
            self.made_for |= {
                "tasks": {name: task.made_for() for name, task in tasks.items()},
                "sampler": sampler,
            }
        self.pending: deque[tuple[int, torch.Tensor, tuple[str, ...]]] = deque()
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
        for batch in self.batches.epoch(position.epoch - 1, position.step):
            seed_step(config.seed, position.epoch, position.step, self.fabric.global_rank)
            self.step.set_learning_rate(self.schedule.learning_rate(first_step + position.step))
            self.pending.append((position.step, self.step(batch), tuple(batch.targets)))
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
            step, told, tasks = self.pending.popleft()
            loss = float(told)
            if not math.isfinite(loss):
                batch = self.batches.batch(self.position.epoch - 1, step)
                seed_step(self.config.seed, self.position.epoch, step, self.fabric.global_rank)
                raise Diverged(self.position.epoch, step + 1, first_not_finite(self.step, batch.waveform))
            self.position.add(loss, tasks)
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
        return broken_weights(self.step.network) is None

    def _end_epoch(self) -> None:
        position, config = self.position, self.config
        evaluation, losses = self._validate()
        row = self._row(evaluation, losses)
        reached = _goodness(row)
        if reached > position.best:
            position.best, position.best_epoch = reached, position.epoch
            self._save(BEST, {"network": self.step.network.state_dict()})
        by_label = (None, None) if evaluation is None else (evaluation.per_label, evaluation.counts)
        self.recorder.epoch(row, *by_label)
        left_out = evaluation.left_out if evaluation is not None and position.epoch == 1 else ""
        self.recorder.log(_epoch_line(row, config.epochs, left_out))
        watched = -monitors()[config.monitor] * row[config.monitor]
        self.schedule.epoch_done(watched)
        waited = self.patience.told(watched)
        if config.early_stopping_patience is not None and waited >= max(config.early_stopping_patience, 1):
            position.stopped = True
            self.recorder.log(f"stopped early: {config.monitor} has not improved for {waited} epochs")
        position.begin_epoch()
        self.lap_at = time.perf_counter()  # validation is no part of the next epoch's time
        self._save_last()

    def _validate(self) -> tuple[Evaluation | None, dict[str, float]]:
        """Return how well labels are predicted, where they are, and the loss of each task."""
        others = {name: task for name, task in self.tasks.items() if name != LABELS}
        losses: dict[str, float] = {}
        if others:
            losses = validation_losses(self.step, self.material, others, self.config, self.sampler)
        if LABELS not in self.tasks:
            return None, losses
        validation = self._predict_validation()
        return evaluate(validation.predictions), {LABELS: validation.loss, **losses}

    def _predict_validation(self) -> PartPredictions:
        position, config = self.position, self.config
        done, all_of_it = position.epoch / config.epochs, f"epoch {position.epoch} of {config.epochs}"
        return predict_part(
            self.step,
            self.material,
            "validation",
            config.batch_size,
            lambda fraction, text: self.progress(done, f"{all_of_it}, {text}"),
            epoch=position.epoch,
        )

    def _row(self, evaluation: Evaluation | None, losses: Mapping[str, float]) -> dict[str, Any]:
        position = self.position
        clips = self.n_steps * self.made_for["clips_per_step"]
        by_task = {f"validation_loss {name}": loss for name, loss in losses.items()}
        weighted = (self.tasks[name].weight * loss for name, loss in losses.items())
        return {
            "epoch": position.epoch,
            "train_loss": position.loss_sum / self.n_steps,
            "validation_loss": math.fsum(weighted),
            **(by_task if len(by_task) > 1 else {}),
            **self._by_task(),
            **(evaluation.figures if evaluation is not None else {}),
            "learning_rate": self.schedule.learning_rate(position.epoch * self.n_steps - 1),
            "seconds": position.seconds,
            "clips_per_s": clips / position.seconds,
            "memory_gib": memory_gib(self.fabric.device),
        }

    def _by_task(self) -> dict[str, float]:
        """Return, of tasks that take turns, the mean loss of each and how often its tracks were gone through.

        Of one task alone that is what the whole is.
        """
        if len(self.tasks) == 1 or not self.position.by_task:
            return {}
        figures: dict[str, float] = {}
        train = self.material.of("train")
        for name, task in self.tasks.items():
            loss_sum, steps, ever = self.position.by_task.get(name, (0.0, 0, 0))
            known = task.targets.known
            tracks = len(train) if known is None else int(known[train].sum())
            figures[f"train_loss {name}"] = loss_sum / steps if steps else math.nan
            figures[f"passes {name}"] = ever * self.made_for["clips_per_step"] / tracks
        return figures

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
    network: Network, config: TrainConfig, fabric: Fabric, tasks: Mapping[str, Task]
) -> TrainingStep:
    """Return the step a configuration asks for."""
    return TrainingStep(
        fabric,
        network,
        {name: task.objective(fabric.device) for name, task in tasks.items()},
        config.learning_rate,
        gradient_clip=config.gradient_clip,
        weight_decay=config.weight_decay,
        compiled=config.compile,
    )


def _goodness(row: Mapping[str, Any]) -> float:
    """Return by what the best epoch is chosen, more being better."""
    by = deciding()
    return float(by.metric.sign * row[by.column] if by.column in row else -row["validation_loss"])


def _epoch_line(row: Mapping[str, Any], epochs: int, left_out: str) -> str:
    macro = {mean: column for column, mean in mean_columns().items() if mean.average == "macro"}
    means = "".join(
        f"macro {mean.metric.short} {row[column]:.4f}, " for mean, column in macro.items() if column in row
    )
    line = (
        f"epoch {row['epoch']} of {epochs}: loss {row['train_loss']:.4f}, "
        f"validation {row['validation_loss']:.4f}, {means}{row['clips_per_s']:.0f} clips/s"
    )
    return f"{line}. {left_out}" if left_out else line
