"""The network of Pons et al. (2018) on spectrograms."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from taglab.audio.mels import LogMel
from taglab.nets.encoder import Encoder
from taglab.nets.frontends import SpectrogramFrontend
from taglab.nets.pooling import PonsPooling
from taglab.nets.settings import MelNetworkSettings


class SpectrogramSettings(MelNetworkSettings):
    """Mels, timbral and temporal filters, the pooling of Pons: 5,910,572 parameters.

    Attributes:
        n_filters: F of the front end (16 in Pons et al. and the thesis's code, 32 in its text).
    """

    about: ClassVar[str] = "Pons et al. 2018 on spectrograms, the other of the thesis's two"

    network: Literal["spectrogram"] = "spectrogram"
    n_filters: int = Field(16, ge=1, title="Filters, F")

    def encoder(self) -> Encoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""
        frontend = SpectrogramFrontend(self.mels.n_mels, max(1, round(self.width * self.n_filters)))
        pooling = PonsPooling(frontend.n_channels, self.width, self.dropout)
        return Encoder(LogMel(self.mels), frontend, pooling, pooling.dim)
