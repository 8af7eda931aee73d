"""The network `vgg`: 3×3 filters on the log-mel spectrogram."""

from __future__ import annotations

from typing import ClassVar, Literal

from taglab.audio.mels import LogMel
from taglab.nets.encoder import Encoder
from taglab.nets.pooling import DensePooling
from taglab.nets.settings import MelNetworkSettings
from taglab.nets.square_filters import VGGFrontend


class VGGSettings(MelNetworkSettings):
    """Mels, six convolutions 3×3, a dense layer: 1,049,456 parameters."""

    about: ClassVar[str] = "the network of Kim's chapter 4"

    network: Literal["vgg"] = "vgg"

    def encoder(self) -> Encoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""
        frontend = VGGFrontend(self.width)
        return Encoder(LogMel(self.mels), frontend, DensePooling(frontend.n_channels), frontend.n_channels)
