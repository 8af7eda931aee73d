"""Spectra of all bins: their magnitudes, those in dB, and the way back to sound by the phase of another."""

from __future__ import annotations

import torch
from torch import nn

_POWER_FLOOR = 1e-10
_RANGE_DB = 80


class Spectrum(nn.Module):
    """Waveform to the magnitudes of its spectrum, frames centred on every `hop` samples (a Hann window).

    Args:
        n_fft: Length of the window and of the transform, in samples.
        hop: Distance of frames, in samples.

    Shape:
        (batch, samples) float, in [-1, 1], to (batch, n_fft // 2 + 1, frames).
    """

    window: torch.Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        return self.complex(waveform).abs()

    def complex(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return the spectrum with its phases, (batch, bins, frames) complex."""
        return torch.stft(waveform.float(), self.n_fft, self.hop, window=self.window, return_complex=True)

    def masked(self, waveform: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the sound whose spectrum is a share of another's, with that one's phases.

        Args:
            waveform: (batch, samples) float.
            mask: What share of each magnitude, (batch, bins, frames).

        Returns:
            (batch, samples); the waveform itself, up to rounding, where the whole share is 1.
        """
        part = self.complex(waveform) * mask
        return torch.istft(part, self.n_fft, self.hop, window=self.window, length=waveform.shape[-1])


class LogSpectrum(Spectrum):
    """Waveform to the magnitudes of its spectrum in dB, 80 dB of range below each clip's peak.

    Shape:
        (batch, samples) float, in [-1, 1], to (batch, n_fft // 2 + 1, frames).
    """

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        # Powers of small numbers: half precision would lose the quiet bins.
        with torch.autocast(waveform.device.type, enabled=False):
            power = torch.view_as_real(self.complex(waveform)).square().sum(-1)
            decibels = 10 * torch.log10(power.clamp_min(_POWER_FLOOR))
            return torch.maximum(decibels, decibels.amax((1, 2), keepdim=True) - _RANGE_DB)
