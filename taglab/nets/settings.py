"""What every network is asked: the settings that all have, and the sound it needs."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.mels import MEL_PRESETS, MelSettings
from taglab.nets.encoder import Encoder


class SoundNeeded(NamedTuple):
    """What sound a network takes.

    Attributes:
        sample_rate_hz: Its rate; None where any will do.
        channels: 1 for mono, 2 for stereo.
    """

    sample_rate_hz: int | None = None
    channels: int = 1


class NetworkSettings(BaseModel):
    """Which network, and how large; each network has a model of its own, with what only it has.

    Attributes:
        network: Which network.
        width: Multiplier of all channel counts, F included; 1 is as published.
        dropout: Share of units silenced before each dense layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: ClassVar[str]
    """Where it comes from, a few words."""

    network: str
    width: float = Field(1.0, gt=0, le=100, title="Width (× channels)")
    dropout: float = Field(0.5, ge=0, lt=1)

    @abstractmethod
    def encoder(self) -> Encoder:
        """Make the encoder with fresh weights, drawn from torch's generator."""

    def sound_needed(self) -> SoundNeeded:
        """Return what sound it takes: mono of any rate, unless a network says otherwise."""
        return SoundNeeded()


class MelNetworkSettings(NetworkSettings):
    """A network that looks at a log-mel spectrogram.

    Attributes:
        mels: How sound becomes a spectrogram.
    """

    mels: MelSettings = MEL_PRESETS["thesis-code"]

    def sound_needed(self) -> SoundNeeded:
        """Return the rate its spectrogram is for."""
        return SoundNeeded(self.mels.sample_rate_hz)
