"""The network `short-chunk`: 3×3 filters on the log-mel spectrogram."""

from __future__ import annotations

from typing import ClassVar, Literal

from taglab.audio.mels import LogMel
from taglab.nets.encoder import Encoder
from taglab.nets.pooling import DensePooling
from taglab.nets.settings import MelNetworkSettings
from taglab.nets.square_filters import ShortChunkFrontend


class ShortChunkSettings(MelNetworkSettings):
    """Mels, seven residual blocks, a dense layer: 12,073,218 parameters."""

    about: ClassVar[str] = "Won et al. 2020, a strong baseline of today"

    network: Literal["short-chunk"] = "short-chunk"

    def encoder(self) -> Encoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""
        frontend = ShortChunkFrontend(self.width)
        return Encoder(LogMel(self.mels), frontend, DensePooling(frontend.n_channels), frontend.n_channels)
