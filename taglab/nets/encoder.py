"""From sound to one vector a clip: what a network shares among its heads."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn


class Encoded(NamedTuple):
    """A batch of clips on its way through an encoder.

    Attributes:
        representation: What the front end was given: the spectrogram (batch, mels, frames), or the samples.
        features: What the front end made of it, (batch, channels, frames) or (batch, channels).
        encoding: What the head is given as a rule, (batch, dim).
        images: What each stage but the last made of it, (batch, channels, bands, frames) each, where the
            front end is a row of stages; none else.
    """

    representation: torch.Tensor
    features: torch.Tensor
    encoding: torch.Tensor
    images: tuple[torch.Tensor, ...] = ()


class Encoder(nn.Module):
    """Sound to a vector a clip, by three parts that are handed in.

    Args:
        representation: Waveform (batch, samples) to what the front end takes; `LogMel`, or `nn.Identity()`.
        frontend: To (batch, channels, frames) or whatever the pooling takes.
        pooling: To (batch, dim).
        dim: Length of a clip's vector.

    Shape:
        (batch, samples), float in [-1, 1], to `Encoded`.
    """

    def __init__(self, representation: nn.Module, frontend: nn.Module, pooling: nn.Module, dim: int) -> None:
        super().__init__()
        self.representation = representation
        self.frontend = frontend
        self.pooling = pooling
        self.dim = dim

    def forward(self, waveform: torch.Tensor) -> Encoded:
        representation = self.representation(waveform)
        features = self.frontend(representation)
        return Encoded(representation, features, self.pooling(features))
