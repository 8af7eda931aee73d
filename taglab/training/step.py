"""One step of training, as the loop takes it and the benchmarks time it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn

from taglab.batches import Batch
from taglab.labels import LABELS
from taglab.losses import Objective, total_loss
from taglab.nets import Network

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_STEP = 3  # of the random streams that grow from a run's seed; batches use 1 and 2


class _FromPCM(nn.Module):
    """A network that is handed stored samples.

    They become floats in here: mixed precision turns floats that come from outside into 8 bits of mantissa,
    which the quiet half of a clip would not survive.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, waveform: torch.Tensor, tasks: tuple[str, ...] | None = None
    ) -> dict[str, torch.Tensor]:
        outputs: dict[str, torch.Tensor] = self.network(_scaled(waveform), tasks)
        return outputs

    def encoding(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what the heads are given, (batch, dim); of several branches one after the other."""
        encoding: torch.Tensor = self.network.encoding(_scaled(waveform))
        return encoding


def _scaled(waveform: torch.Tensor) -> torch.Tensor:
    """Return samples as floats in [-1, 1); of kept mels, which are floats, the same numbers."""
    return waveform.float() if waveform.dtype.is_floating_point else waveform.float() / 32_768


class TrainingStep:
    """A network on its device, with its optimiser: call it with a batch, and it has learned from it.

    A step whose loss is not finite changes no weight, and neither does any after it; that is arranged on the
    device, so that nobody needs to wait for the loss before the next step is begun.

    Args:
        fabric: Device, precision and processes; launched.
        network: Moved to the device; goes on being the network that is trained.
        objectives: What is minimised, by task; each is a head of the network.
        learning_rate: Of Adam.
        gradient_clip: Longest gradient; None does not clip.
        weight_decay: Of the squared weights, what is added to the loss, halved (L2 regularisation).
        compiled: Whether torch.compile makes forward and backward.
    """

    def __init__(
        self,
        fabric: Fabric,
        network: Network,
        objectives: Mapping[str, Objective],
        learning_rate: float = 1e-3,
        *,
        gradient_clip: float | None = None,
        weight_decay: float = 0.0,
        compiled: bool = False,
    ) -> None:
        self.fabric, self.gradient_clip = fabric, gradient_clip
        self.objectives = {task: _on_device(own, fabric.device) for task, own in objectives.items()}
        self.network = _synchronised(network) if _several_gpus(fabric) else network
        self._module = _FromPCM(self.network)
        # The scaler of 16-mixed has found_inf to itself, and clips only what it unscales itself.
        self._scaled = fabric.strategy.precision.state_dict() != {}
        self.optimiser = torch.optim.Adam(
            self._module.parameters(),
            learning_rate,
            weight_decay=weight_decay,
            fused=not self._scaled,
            foreach=self._scaled or None,
        )
        self._forward, self._optimiser = fabric.setup(
            _compile(self._module, fabric.device) if compiled else self._module, self.optimiser
        )
        self._failed = torch.zeros((), device=fabric.device)

    def __call__(self, batch: Batch) -> torch.Tensor:
        """Learn from a batch, lying anywhere.

        Returns:
            The loss before the step, mean over all processes; a scalar on the device.
        """
        batch = batch.to(self.fabric.device)
        outputs = self._forward(batch.waveform, tuple(batch.targets))
        loss = total_loss(self.objectives, outputs, batch.targets, batch.known)
        others = [task for task in self.network.heads if task not in batch.targets]
        idle = [part for task in others for part in self.network.parts_of(task)]
        if idle and self.fabric.world_size > 1:
            loss = loss + _nothing(idle)
        self._optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        for part in idle:
            part.zero_grad(set_to_none=True)
        told = self._told(loss.detach())
        if self.gradient_clip is not None:
            self.fabric.clip_gradients(
                self._forward, self._optimiser, max_norm=self.gradient_clip, error_if_nonfinite=False
            )
        if not self._scaled:
            self._failed = torch.maximum(self._failed, (~torch.isfinite(told)).float())
            self.optimiser.found_inf = self._failed  # type: ignore[attr-defined]
        self._optimiser.step()
        return told

    def _told(self, loss: torch.Tensor) -> torch.Tensor:
        if self.fabric.world_size == 1:
            return loss
        return cast(torch.Tensor, self.fabric.all_reduce(loss, reduce_op="mean"))

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Put the network, the same in every process, into evaluation, without gradients, for a while."""
        self._spread_buffers()
        self._module.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self._module.train()

    def logits(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what the network says of (batch, samples) int16: logits (batch, classes) float32."""
        return self.outputs(waveform, (LABELS,))[LABELS]

    def outputs(
        self, waveform: torch.Tensor, tasks: tuple[str, ...] | None = None
    ) -> dict[str, torch.Tensor]:
        """Return what the network says of (batch, samples) int16 of some tasks, or of all: float32."""
        with self.fabric.autocast():
            # Not the compiled one: the last batch of a part has a size of its own.
            outputs = self._module(waveform.to(self.fabric.device, non_blocking=True), tasks)
        return {task: output.float() for task, output in outputs.items()}

    def loss(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Return the loss of each task of a batch, unweighted; nothing is learned."""
        batch = batch.to(self.fabric.device)
        with self.fabric.autocast():
            outputs = self._module(batch.waveform, tuple(batch.targets))
        return {
            task: self.objectives[task].of(outputs[task].float(), targets, batch.known[task])
            for task, targets in batch.targets.items()
        }

    def encoding(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what the heads are given of (batch, samples) int16: (batch, dim) float32."""
        with self.fabric.autocast():
            encoding = self._module.encoding(waveform.to(self.fabric.device, non_blocking=True))
        return encoding.float()

    def _spread_buffers(self) -> None:
        """Give every process the batch norm statistics of the first."""
        if self.fabric.world_size > 1:
            for buffer in self._module.buffers():
                torch.distributed.broadcast(buffer, 0)

    def state(self) -> dict[str, Any]:
        """Return everything that training changes, for a checkpoint."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.fabric.strategy.precision.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.fabric.strategy.precision.load_state_dict(state["scaler"])

    def set_learning_rate(self, learning_rate: float) -> None:
        """Change the learning rate of the steps to come."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate


def seed_step(seed: int, epoch: int, step: int, rank: int) -> None:
    """Seed dropout from where training is, so that resuming needs no state of the generators.

    Args:
        seed: Of the run.
        epoch: Number of the epoch.
        step: Number of the step in it.
        rank: Number of the process; each silences other units.
    """
    stream = np.random.SeedSequence([seed, _STEP, epoch, step, rank])
    torch.manual_seed(int(stream.generate_state(1, np.uint64)[0]) >> 1)


def _on_device(objective: Objective, device: torch.device) -> Objective:
    weights = objective.class_weights
    return objective if weights is None else replace(objective, class_weights=weights.to(device))


def _nothing(idle: Sequence[nn.Module]) -> torch.Tensor:
    """Return 0, made of the weights of tasks that are not in a batch: processes wait for all gradients."""
    return torch.stack([weights.sum() * 0 for part in idle for weights in part.parameters()]).sum()


def _several_gpus(fabric: Fabric) -> bool:
    return bool(fabric.world_size > 1 and fabric.device.type == "cuda")


def _synchronised(network: Network) -> Network:
    """Let batch norm take its statistics over all GPUs; PyTorch has no such layer for CPUs."""
    return cast(Network, nn.SyncBatchNorm.convert_sync_batchnorm(network))  # type: ignore[no-untyped-call]


def _compile(module: nn.Module, device: torch.device) -> nn.Module:
    mode = "max-autotune-no-cudagraphs" if device.type == "cuda" else None
    return cast(nn.Module, torch.compile(module, mode=mode))
