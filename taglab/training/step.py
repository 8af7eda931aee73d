"""One step of training, as the loop takes it and the benchmarks time it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn

from taglab.losses import Loss
from taglab.nets import Tagger

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_STEP = 3  # of the random streams that grow from a run's seed; batches use 1 and 2


class _FromPCM(nn.Module):
    """A tagger that is handed stored samples.

    They become floats in here: mixed precision turns floats that come from outside into 8 bits of mantissa,
    which the quiet half of a clip would not survive.
    """

    def __init__(self, tagger: Tagger) -> None:
        super().__init__()
        self.tagger = tagger

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.tagger(waveform.float() / 32_768)
        return logits


class TrainingStep:
    """A network on its device, with its optimiser: call it with a batch, and it has learned from it.

    A step whose loss is not finite changes no weight, and neither does any after it; that is arranged on the
    device, so that nobody needs to wait for the loss before the next step is begun.

    Args:
        fabric: Device, precision and processes; launched.
        tagger: Moved to the device; goes on being the network that is trained.
        loss: What is minimised; see `taglab.losses.bind`.
        learning_rate: Of Adam.
        weights: Of the classes' positives (classes,), or None.
        gradient_clip: Longest gradient; None does not clip.
        compiled: Whether torch.compile makes forward and backward.
    """

    def __init__(
        self,
        fabric: Fabric,
        tagger: Tagger,
        loss: Loss,
        learning_rate: float = 1e-3,
        *,
        weights: torch.Tensor | None = None,
        gradient_clip: float | None = None,
        compiled: bool = False,
    ) -> None:
        self.fabric, self.loss, self.gradient_clip = fabric, loss, gradient_clip
        self.tagger = _synchronised(tagger) if _several_gpus(fabric) else tagger
        self.weights = weights if weights is None else weights.to(fabric.device)
        self._module = _FromPCM(self.tagger)
        # The scaler of 16-mixed has found_inf to itself, and clips only what it unscales itself.
        self._scaled = fabric.strategy.precision.state_dict() != {}
        self.optimiser = torch.optim.Adam(
            self._module.parameters(), learning_rate, fused=not self._scaled, foreach=self._scaled or None
        )
        self._forward, self._optimiser = fabric.setup(
            _compile(self._module, fabric.device) if compiled else self._module, self.optimiser
        )
        self._failed = torch.zeros((), device=fabric.device)

    def __call__(self, waveform: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Learn from a batch.

        Args:
            waveform: (batch, samples) int16, anywhere.
            targets: (batch, classes) float32, anywhere.

        Returns:
            The loss before the step, mean over all processes; a scalar on the device.
        """
        device = self.fabric.device
        waveform = waveform.to(device, non_blocking=True)
        targets = targets.to(device, non_blocking=True)
        loss = self.loss(self._forward(waveform), targets, self.weights)
        self._optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
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
        with self.fabric.autocast():
            # Not the compiled one: the last batch of a part has a size of its own.
            logits: torch.Tensor = self._module(waveform.to(self.fabric.device, non_blocking=True))
        return logits.float()

    def _spread_buffers(self) -> None:
        """Give every process the batch norm statistics of the first."""
        if self.fabric.world_size > 1:
            for buffer in self._module.buffers():
                torch.distributed.broadcast(buffer, 0)

    def state(self) -> dict[str, Any]:
        """Return everything that training changes, for a checkpoint."""
        return {
            "network": self.tagger.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.fabric.strategy.precision.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        self.tagger.load_state_dict(state["network"])
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


def _several_gpus(fabric: Fabric) -> bool:
    return bool(fabric.world_size > 1 and fabric.device.type == "cuda")


def _synchronised(tagger: Tagger) -> Tagger:
    """Let batch norm take its statistics over all GPUs; PyTorch has no such layer for CPUs."""
    return cast(Tagger, nn.SyncBatchNorm.convert_sync_batchnorm(tagger))  # type: ignore[no-untyped-call]


def _compile(module: nn.Module, device: torch.device) -> nn.Module:
    mode = "max-autotune-no-cudagraphs" if device.type == "cuda" else None
    return cast(nn.Module, torch.compile(module, mode=mode))
