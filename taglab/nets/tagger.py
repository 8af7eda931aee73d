"""A music tagger: what it hears, a front end, a back end, each handed in."""

from __future__ import annotations

import torch
from torch import nn


class Tagger(nn.Module):
    """Sound to one logit a class.

    Args:
        representation: Waveform (batch, samples) to what the front end takes; `LogMel`, or `nn.Identity()`.
        frontend: To (batch, channels, frames) or whatever the back end takes.
        backend: To logits (batch, classes).

    Shape:
        (batch, samples), float in [-1, 1], to logits (batch, classes); a sigmoid makes them probabilities.
    """

    def __init__(self, representation: nn.Module, frontend: nn.Module, backend: nn.Module) -> None:
        super().__init__()
        self.representation = representation
        self.frontend = frontend
        self.backend = backend

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.backend(self.frontend(self.representation(waveform)))
        return logits

    def n_parameters(self) -> int:
        """Return the number of trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)
