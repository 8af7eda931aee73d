"""Log-mel spectrograms, computed on the device that trains.

Mel scales: HTK, 2595·log10(1 + f/700) (thesis, section 3.7), or Slaney's, linear below 1 kHz.
"""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.audio.torchaudio_import import import_torchaudio
from taglab.errors import InvalidSetting

_POWER_FLOOR = 1e-10


class MelSettings(BaseModel):
    """How sound becomes a log-mel spectrogram.

    Attributes:
        sample_rate_hz: Rate of the samples given, in Hz.
        n_fft: Length of the window and of the transform, in samples (a Hann window).
        hop: Distance of frames, in samples.
        n_mels: Number of mel bands between 0 and half the sample rate.
        mel_scale: "htk" or "slaney"; Slaney's bands are also scaled to equal area.
        compression: "db" is 10·log10 of the power, 80 dB of range below the clip's peak; "log10" is
            log10(1 + 10000·power), as musicnn has it.
        standardise: Whether each clip is brought to mean 0 and deviation 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int = Field(16_000, gt=0)
    n_fft: int = Field(2048, ge=16)
    hop: int = Field(512, ge=1)
    n_mels: int = Field(128, ge=1)
    mel_scale: Literal["htk", "slaney"] = "htk"
    compression: Literal["db", "log10"] = "db"
    standardise: bool = True

    @model_validator(mode="after")
    def _every_band_holds_a_bin(self) -> Self:
        empty = int((_filterbank(self).sum(0) == 0).sum())
        if empty:
            raise InvalidSetting(
                f"n_mels={self.n_mels} with n_fft={self.n_fft} leaves {empty} mel bands without a frequency "
                f"bin ({self.mel_scale} scale); take fewer bands or a longer n_fft"
            )
        return self

    def frames(self, samples: int) -> int:
        """Return the number of frames of a clip: 1 + samples // hop, the clip being padded by reflection."""
        return 1 + samples // self.hop


class LogMel(torch.nn.Module):
    """Waveform to log-mel spectrogram.

    Args:
        settings: See `MelSettings`.

    Shape:
        (batch, samples) float, in [-1, 1], to (batch, mels, frames).
    """

    window: torch.Tensor
    filterbank: torch.Tensor

    def __init__(self, settings: MelSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("window", torch.hann_window(settings.n_fft), persistent=False)
        self.register_buffer("filterbank", _filterbank(settings), persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        # Powers of small numbers: half precision would lose the quiet bands.
        with torch.autocast(waveform.device.type, enabled=False):
            return self._forward(waveform.float())

    def _forward(self, waveform: torch.Tensor) -> torch.Tensor:
        return self.of_clip(self.logarithms(waveform))

    def logarithms(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what of the spectrogram does not depend on where a clip ends: (batch, mels, frames)."""
        spectrum = torch.stft(
            waveform, self.settings.n_fft, self.settings.hop, window=self.window, return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(-1)  # (batch, bins, frames)
        mels = torch.matmul(self.filterbank.T, power)
        if self.settings.compression == "log10":
            return torch.log10(1 + 10_000 * mels)
        return 10 * torch.log10(mels.clamp_min(_POWER_FLOOR))

    def of_clip(self, logged: torch.Tensor) -> torch.Tensor:
        """Return clips' spectrograms of their logarithms: within their range, and standardised."""
        if self.settings.compression == "db":
            logged = torch.maximum(logged, logged.amax((1, 2), keepdim=True) - 80)
        if not self.settings.standardise:
            return logged
        mean = logged.mean((1, 2), keepdim=True)
        deviation = logged.std((1, 2), keepdim=True, correction=0)
        return (logged - mean) / deviation.clamp_min(1e-5)


def band_centres_hz(settings: MelSettings) -> torch.Tensor:
    """Return the frequency in the middle of each mel band, (mels,), in Hz."""
    filters = _filterbank(settings)
    bins_hz = torch.linspace(0, settings.sample_rate_hz / 2, len(filters))
    return (bins_hz @ filters) / filters.sum(0)


def _filterbank(settings: MelSettings) -> torch.Tensor:
    """Return the triangular mel filters, (bins, mels)."""
    filters: torch.Tensor = import_torchaudio().functional.melscale_fbanks(
        n_freqs=settings.n_fft // 2 + 1,
        f_min=0.0,
        f_max=settings.sample_rate_hz / 2,
        n_mels=settings.n_mels,
        sample_rate=settings.sample_rate_hz,
        norm="slaney" if settings.mel_scale == "slaney" else None,
        mel_scale=settings.mel_scale,
    )
    return filters


MEL_PRESETS = {
    "pons": MelSettings(n_fft=512, hop=256, n_mels=96, compression="log10"),
    "thesis-text": MelSettings(n_fft=512, hop=256, n_mels=96),
    "thesis-code": MelSettings(),
    # Won et al. (2020) take n_fft = 512, at which one of 128 HTK bands holds no bin.
    "short-chunk": MelSettings(n_fft=1024, hop=256, standardise=False),
}
