"""The networks one can train, by name."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from taglab.audio.mels import MEL_PRESETS, LogMel, MelSettings
from taglab.errors import InvalidSetting
from taglab.nets.backend import PonsBackend
from taglab.nets.frontends import SpectrogramFrontend, WaveformFrontend
from taglab.nets.square_filters import DenseBackend, ShortChunkFrontend, VGGFrontend
from taglab.nets.tagger import Tagger

__all__ = ["NETWORKS", "NetworkSettings", "Tagger", "build"]


class NetworkSettings(BaseModel):
    """Which network, and how large.

    Attributes:
        network: A name in `NETWORKS`.
        mels: How sound becomes a spectrogram; unused by the waveform network.
        n_filters: F of the spectrogram front end (16 in Pons et al. and the thesis's code, 32 in its text).
        width: Multiplier of all channel counts, F included; 1 is as published.
        dropout: Share of units silenced before each dense layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str = "spectrogram"
    mels: MelSettings = MEL_PRESETS["thesis-code"]
    n_filters: int = Field(16, ge=1)
    width: float = Field(1.0, gt=0)
    dropout: float = Field(0.5, ge=0, lt=1)


def _waveform(settings: NetworkSettings, n_classes: int) -> Tagger:
    """Return samples, seven convolutions, the back end of Pons: 5,401,808 parameters at 100 classes."""
    frontend = WaveformFrontend(settings.width)
    backend = PonsBackend(frontend.n_channels, n_classes, settings.width, settings.dropout)
    return Tagger(nn.Identity(), frontend, backend)


def _spectrogram(settings: NetworkSettings, n_classes: int) -> Tagger:
    """Return mels, timbral and temporal filters, the same back end: 5,960,672 parameters at 100 classes."""
    n_filters = max(1, round(settings.width * settings.n_filters))
    frontend = SpectrogramFrontend(settings.mels.n_mels, n_filters)
    backend = PonsBackend(frontend.n_channels, n_classes, settings.width, settings.dropout)
    return Tagger(LogMel(settings.mels), frontend, backend)


def _vgg(settings: NetworkSettings, n_classes: int) -> Tagger:
    """Return mels, six convolutions 3×3, two dense layers: 1,075,156 parameters at 100 classes."""
    frontend = VGGFrontend(settings.width)
    return Tagger(
        LogMel(settings.mels), frontend, DenseBackend(frontend.n_channels, n_classes, settings.dropout)
    )


def _short_chunk(settings: NetworkSettings, n_classes: int) -> Tagger:
    """Return mels, seven residual blocks, two dense layers: 12,124,518 parameters at 100 classes."""
    frontend = ShortChunkFrontend(settings.width)
    return Tagger(
        LogMel(settings.mels), frontend, DenseBackend(frontend.n_channels, n_classes, settings.dropout)
    )


NETWORKS: dict[str, Callable[[NetworkSettings, int], Tagger]] = {
    "waveform": _waveform,
    "spectrogram": _spectrogram,
    "vgg": _vgg,
    "short-chunk": _short_chunk,
}


def build(settings: NetworkSettings, n_classes: int) -> Tagger:
    """Make a network with fresh weights, drawn from torch's generator.

    Raises:
        InvalidSetting: If the name is unknown or there is no class.
    """
    if settings.network not in NETWORKS:
        raise InvalidSetting(f"network={settings.network!r} must be one of {', '.join(NETWORKS)}")
    if n_classes < 1:
        raise InvalidSetting(f"n_classes={n_classes} must be at least 1; the label space is empty")
    return NETWORKS[settings.network](settings, n_classes)
