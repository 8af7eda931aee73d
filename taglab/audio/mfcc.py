"""Mel-frequency cepstral coefficients, computed on the device that trains."""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.audio.mels import LogMel, MelSettings
from taglab.audio.torchaudio_import import import_torchaudio
from taglab.errors import InvalidSetting

__all__ = ["Mfcc", "MfccSettings"]


class MfccSettings(BaseModel):
    """How sound becomes cepstral coefficients.

    Attributes:
        n_mfcc: Number of coefficients, from the 0th (the level) on.
        sample_rate_hz, n_fft, hop, n_mels, mel_scale: As in `taglab.audio.mels.MelSettings`. The mels are
            in dB, with 80 dB of range below the clip's peak, and not standardised.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_mfcc: int = Field(20, ge=1)
    sample_rate_hz: int = Field(16_000, gt=0)
    n_fft: int = Field(2048, ge=16)
    hop: int = Field(512, ge=1)
    n_mels: int = Field(128, ge=1)
    mel_scale: Literal["htk", "slaney"] = "htk"

    @model_validator(mode="after")
    def _no_more_than_mels(self) -> Self:
        if self.n_mfcc > self.n_mels:
            raise InvalidSetting(
                f"n_mfcc={self.n_mfcc} must not exceed n_mels={self.n_mels}: as many coefficients as mels "
                "already say everything"
            )
        return self

    @property
    def mels(self) -> MelSettings:
        return MelSettings(
            sample_rate_hz=self.sample_rate_hz,
            n_fft=self.n_fft,
            hop=self.hop,
            n_mels=self.n_mels,
            mel_scale=self.mel_scale,
            compression="db",
            standardise=False,
        )


class Mfcc(torch.nn.Module):
    """Waveform to cepstral coefficients: the orthonormal cosine transform (type II) of the log-mel bands.

    Args:
        settings: See `MfccSettings`; its defaults where None.

    Shape:
        (batch, samples) float, in [-1, 1], to (batch, coefficients, frames).
    """

    cosines: torch.Tensor

    def __init__(self, settings: MfccSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or MfccSettings()
        self.log_mel = LogMel(self.settings.mels)
        cosines = import_torchaudio().functional.create_dct(
            self.settings.n_mfcc, self.settings.n_mels, norm="ortho"
        )
        self.register_buffer("cosines", cosines.T.contiguous(), persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        mels = self.log_mel(waveform)
        with torch.autocast(waveform.device.type, enabled=False):
            return torch.matmul(self.cosines, mels)
