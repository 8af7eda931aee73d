"""A network of somebody who does not know the house: the mean over time of the lowest mel bands."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from taglab.audio.mels import LogMel
from taglab.nets import Encoder, MelNetworkSettings


class _MeanOfBands(nn.Module):
    def __init__(self, bands: int) -> None:
        super().__init__()
        self.bands = bands

    def forward(self, spectrogram: torch.Tensor) -> torch.Tensor:
        return spectrogram.mean(dim=2)[:, : self.bands]


class MeanOfBandsSettings(MelNetworkSettings):
    """No network at all but for its head.

    Attributes:
        network: "mean-of-bands".
        bands: How many of the lowest mel bands are looked at.
    """

    about: ClassVar[str] = "what a linear head can do alone"

    network: Literal["mean-of-bands"] = "mean-of-bands"
    bands: int = Field(default=16, ge=1, le=96)

    def encoder(self) -> Encoder:
        """Make the encoder."""
        return Encoder(LogMel(self.mels), nn.Identity(), _MeanOfBands(self.bands), self.bands)
