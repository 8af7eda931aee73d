"""Where a network's numbers stopped being numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from taglab.errors import TaglabError
from taglab.training.step import TrainingStep


class Diverged(TaglabError):
    """Training stopped because the loss, or what leads to it, is not a finite number.

    Args:
        epoch: In which it happened, from 1.
        step: In which, from 1; 0 in validation.
        place: What is not finite, as a few words.
    """

    def __init__(self, epoch: int, step: int, place: str) -> None:
        where = f"epoch {epoch}, step {step}" if step else f"the validation of epoch {epoch}"
        super().__init__(
            f"training has diverged in {where}: {place} not finite. Try a lower learning_rate, "
            "gradient_clip=1, or precision='32-true'; the last checkpoint is from before"
        )
        self.epoch, self.step, self.place = epoch, step, place


def first_not_finite(step: TrainingStep, waveform: torch.Tensor) -> str:
    """Return what is not finite first as a batch goes through a network, to be followed by "not finite".

    Args:
        step: Holds the network.
        waveform: (batch, samples) int16.
    """
    broken = broken_weights(step.network)
    if broken is not None:
        return f"the weights {broken!r} are, after a gradient that was"
    found: list[str] = []
    handles = [
        module.register_forward_hook(_watch(name, found))
        for name, module in step.network.named_modules()
        if not list(module.children())
    ]
    try:
        with torch.no_grad():
            outputs = step.outputs(waveform)
    finally:
        for handle in handles:
            handle.remove()
    if found:
        return f"the output of layer {found[0]!r} is"
    finite = all(torch.isfinite(logits).all() for logits in outputs.values())
    return "the loss of finite logits is" if finite else "the logits are"


def broken_weights(network: nn.Module) -> str | None:
    """Return the name of the first weights that are not finite; None where all are."""
    named = network.named_parameters()
    return next((name for name, weights in named if not torch.isfinite(weights).all()), None)


def _watch(name: str, found: list[str]) -> Callable[[nn.Module, object, object], None]:
    def look(module: nn.Module, given: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and not torch.isfinite(output).all():
            found.append(name)

    return look
