"""The network of Pons et al. (2018) on samples."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import nn

from taglab.nets.encoder import Encoder
from taglab.nets.frontends import WaveformFrontend
from taglab.nets.pooling import PonsPooling
from taglab.nets.settings import NetworkSettings


class WaveformSettings(NetworkSettings):
    """Samples, seven convolutions, the pooling of Pons: 5,351,708 parameters."""

    about: ClassVar[str] = "Pons et al. 2018 on samples, one of the thesis's two"

    network: Literal["waveform"] = "waveform"

    def encoder(self) -> Encoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""
        frontend = WaveformFrontend(self.width)
        pooling = PonsPooling(frontend.n_channels, self.width, self.dropout)
        return Encoder(nn.Identity(), frontend, pooling, pooling.dim)
