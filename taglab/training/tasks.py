"""What a network is trained for: one task or several, each with targets, a head, a loss and a weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from taglab.batches import SAMPLERS, BatchTargets, LookedUp, Material, TrainingBatches
from taglab.errors import InvalidSetting
from taglab.labels import LABELS
from taglab.losses import Objective, balancing_weights, bind, losses_for
from taglab.reprs import one_line
from taglab.targets import Targets
from taglab.training.config import TrainConfig
from taglab.training.step import TrainingStep


@dataclass(frozen=True, eq=False)
class Task:
    """One thing that a network is trained for.

    Attributes:
        targets: What each batch should be given.
        n_outputs: Outputs of its head.
        loss: A name in `taglab.losses.LOSSES`.
        head: A name in `taglab.nets.HEADS`.
        weight: What it counts beside the other tasks; at 0 nothing is learned from it.
        loss_material: What the loss needs beside the batch; see `taglab.losses.bind`.
        class_weights: What the positives of each class count (columns,); None counts each 1.
        fingerprint: Of what the targets are, where they are looked up; a checkpoint of others is refused.
    """

    targets: BatchTargets
    n_outputs: int
    loss: str = "bce"
    head: str = "linear"
    weight: float = 1.0
    loss_material: Mapping[str, Any] = field(default_factory=dict)
    class_weights: torch.Tensor | None = None
    fingerprint: str = ""

    __repr__ = one_line

    def objective(self, device: torch.device) -> Objective:
        """Return what of it is minimised, on a device."""
        material = {
            name: part.to(device) if isinstance(part, torch.Tensor) else part
            for name, part in self.loss_material.items()
        }
        return Objective(bind(self.loss, material), self.class_weights, self.weight)

    def made_for(self) -> dict[str, Any]:
        """Return what a checkpoint must be of to be gone on with, as JSON holds it."""
        settings = {"head": self.head, "n_outputs": self.n_outputs, "loss": self.loss, "weight": self.weight}
        return {**settings, "targets": self.fingerprint}


def heads_of(tasks: Mapping[str, Task]) -> dict[str, tuple[str, int]]:
    """Return the heads that `taglab.nets.build_network` is to make."""
    return {name: (task.head, task.n_outputs) for name, task in tasks.items()}


def task_of(
    targets: Targets, material: Material, loss: str = "", head: str = "linear", weight: float = 1.0
) -> Task:
    """Return the task of telling targets of a material's tracks; tracks without any teach it nothing.

    Args:
        targets: Of any kind; tracks that the material does not have are passed over.
        material: The tracks.
        loss: A loss of the targets' kind; the usual one where empty.
        head: A name in `taglab.nets.HEADS`.
        weight: What it counts beside other tasks.

    Raises:
        InvalidSetting: If the loss is of another kind of targets.
    """
    fitting = losses_for(targets.kind)
    if loss and loss not in fitting:
        raise InvalidSetting(f"loss={loss!r} of {targets.kind} targets must be one of {', '.join(fitting)}")
    own = targets.select(material.tracks)
    looked_up = LookedUp(own.dense(), own.known)
    return Task(looked_up, len(own.columns), loss or fitting[0], head, weight, fingerprint=own.fingerprint)


def tagging_task(
    material: Material, config: TrainConfig, loss_material: Mapping[str, Any] | None = None
) -> dict[str, Task]:
    """Return what a tagger is trained for: the classes of the material's label space."""
    weights = None
    if config.class_weighting:
        n_tracks = len(material.of("train"))
        balancing = balancing_weights(material.positives("train"), n_tracks)
        weights = torch.from_numpy(np.minimum(balancing, np.float32(config.class_weight_cap)))
    task = Task(
        LookedUp(material.targets),
        len(material.classes),
        config.loss,
        loss_material=loss_material or {},
        class_weights=weights,
    )
    return {LABELS: task}


def validation_losses(
    step: TrainingStep,
    material: Material,
    tasks: Mapping[str, Task],
    config: TrainConfig,
    sampler: str,
    part: str = "validation",
) -> dict[str, float]:
    """Return the loss of each task on the validation tracks, over clips that are the same every time.

    A task that compares clips by twos is given pairs, however training draws its tracks.

    Args:
        step: Holds the network.
        material: The tracks.
        tasks: Those whose loss is wanted.
        config: Says how many clips are taken at a time, and by which seed they are drawn.
        sampler: What training draws tracks by, a name in `SAMPLERS`.
        part: In place of "validation".
    """
    usual = SAMPLERS[sampler].validates_by
    by_sampler: dict[str, dict[str, BatchTargets]] = {}
    for name, task in tasks.items():
        by_sampler.setdefault("pairs" if task.targets.by_pairs else usual, {})[name] = task.targets
    losses: dict[str, float] = {}
    with step.evaluating():
        for own, targets in by_sampler.items():
            losses |= _part_losses(step, material, targets, config, own, part)
    return {name: losses[name] for name in tasks}


def _part_losses(
    step: TrainingStep,
    material: Material,
    targets: Mapping[str, BatchTargets],
    config: TrainConfig,
    sampler: str,
    part: str,
) -> dict[str, float]:
    """Return the loss of tasks that are all given the same clips; NaN where no track is known."""
    size = min(config.batch_size, len(material.of(part)))
    batches = TrainingBatches(
        material,
        max(size - size % 2, 1),
        config.seed,
        shuffle=False,
        targets=targets,
        sampler=sampler,
        part=part,
        last="keep",
    )
    sums, rows = dict.fromkeys(targets, 0.0), dict.fromkeys(targets, 0)
    for batch in batches.epoch(0):
        for name, loss in step.loss(batch).items():
            known = batch.known[name]
            count = len(batch.targets[name]) if known is None else len(known)
            sums[name] += count * float(loss)
            rows[name] += count
    return {name: sums[name] / rows[name] if rows[name] else float("nan") for name in targets}
