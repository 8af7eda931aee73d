"""The two front ends of Pons et al. (2018), as the Ros Perez thesis describes them in section 5."""

from __future__ import annotations

import torch
from torch import nn

from taglab.errors import InvalidSetting

WAVEFORM_CHANNELS = (64, 64, 64, 128, 128, 128, 256)
TIMBRAL_HEIGHTS = (0.9, 0.4)
TIMBRAL_WIDTHS = (7, 3, 1)
TEMPORAL_WIDTHS = (165, 128, 64, 32)


class WaveformFrontend(nn.Module):
    """Seven convolutions of length 3 on the samples; no knowledge of music in it.

    The first has stride 3, the others are each followed by max-pooling by 3, so that a frame stands for
    3^7 = 2187 samples. Batch norm and ReLU throughout.

    Args:
        width: Multiplier of the channels 64, 64, 64, 128, 128, 128, 256.

    Shape:
        (batch, samples) to (batch, 256·width, samples / 2187), each division rounded down. Of 15 s at 16 kHz:
        (batch, 256, 109), by 247,616 parameters.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(1, round(width * n)) for n in WAVEFORM_CHANNELS]
        layers: list[nn.Module] = []
        for number, (n_in, n_out) in enumerate(zip([1, *channels[:-1]], channels, strict=True)):
            stride, padding = (3, 0) if number == 0 else (1, 1)
            layers += [
                nn.Conv1d(n_in, n_out, 3, stride=stride, padding=padding, bias=False),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
            ]
            if number:
                layers.append(nn.MaxPool1d(3))
        self.layers = nn.Sequential(*layers)
        self.n_channels = channels[-1]

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(waveform.unsqueeze(1))
        return out


class TimbralFilters(nn.Module):
    """Tall filters slid over mels and frames; the loudest mel position counts, so pitch does not.

    Args:
        n_filters: Number of filters.
        height: Mels a filter spans.
        width: Frames a filter spans, odd.

    Shape:
        (batch, mels, frames) to (batch, n_filters, frames).
    """

    def __init__(self, n_filters: int, height: int, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, n_filters, (height, width), padding=(0, width // 2), bias=False)
        self.norm = nn.BatchNorm2d(n_filters)

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self._convolved(mels))).amax(2)

    def _convolved(self, mels: torch.Tensor) -> torch.Tensor:
        """Return the convolution, (batch, n_filters, positions, frames)."""
        if not mels.is_cuda:
            out: torch.Tensor = self.convolution(mels.unsqueeze(1))
            return out
        return self._convolved_over_mels(mels)

    def _convolved_over_mels(self, mels: torch.Tensor) -> torch.Tensor:
        """Return the same by a one-dimensional convolution whose channels are the mels.

        A two-dimensional convolution of one channel leaves matrix units idle; laid out once for every mel
        position (zeros elsewhere), the filters become one wide matrix, and the units are busy.
        """
        weight = self.convolution.weight[:, 0]  # (filters, height, width)
        n_filters, height, width = weight.shape
        positions = mels.shape[1] - height + 1
        # Padding each filter to mels + 1 rows and re-cutting the flat list at mels rows shifts it one mel
        # further at every position.
        padded = nn.functional.pad(weight, (0, 0, 0, positions))  # (filters, mels + 1, width)
        shifted = padded.unsqueeze(1).expand(-1, positions, -1, -1).reshape(n_filters, -1, width)
        banded = shifted[:, : positions * mels.shape[1]].reshape(n_filters * positions, mels.shape[1], width)
        out = nn.functional.conv1d(mels, banded, padding=width // 2)
        return out.reshape(len(mels), n_filters, positions, -1)


class TemporalFilters(nn.Module):
    """Long filters on the energy envelope, for rhythm.

    Args:
        n_filters: Number of filters.
        width: Frames a filter spans; the output is padded to the length of the input.

    Shape:
        (batch, 1, frames) to (batch, n_filters, frames).
    """

    def __init__(self, n_filters: int, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(1, n_filters, width, bias=False)
        self.padding = ((width - 1) // 2, width // 2)
        self.norm = nn.BatchNorm1d(n_filters)

    def forward(self, envelope: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.norm(self.convolution(nn.functional.pad(envelope, self.padding))))


class SpectrogramFrontend(nn.Module):
    """Filters shaped by what is known of timbre and rhythm, side by side.

    Timbral: (F, 7), (2F, 3), (4F, 1) filters by frames at ⌊0.9·M⌋ and again at ⌊0.4·M⌋ mels, each max-pooled
    over the remaining mels. Temporal: (F, 165), (2F, 128), (4F, 64), (8F, 32) on the mean over mels.

    Args:
        n_mels: M, at least 3.
        n_filters: F; 16 in the paper and the thesis's code, 32 in its text.

    Shape:
        (batch, mels, frames) to (batch, 29·n_filters, frames). Of 128 mels and 469 frames, which are 15 s:
        (batch, 464, 469), by 61,008 parameters.
    """

    def __init__(self, n_mels: int, n_filters: int = 16) -> None:
        super().__init__()
        if n_mels < 3 or n_filters < 1:
            raise InvalidSetting(f"n_mels={n_mels} must be at least 3 and n_filters={n_filters} at least 1")
        self.timbral = nn.ModuleList(
            TimbralFilters(2**step * n_filters, int(share * n_mels), width)
            for share in TIMBRAL_HEIGHTS
            for step, width in enumerate(TIMBRAL_WIDTHS)
        )
        self.temporal = nn.ModuleList(
            TemporalFilters(2**step * n_filters, width) for step, width in enumerate(TEMPORAL_WIDTHS)
        )
        self.n_channels = 29 * n_filters

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        envelope = mels.mean(1, keepdim=True)
        return torch.cat([f(mels) for f in self.timbral] + [f(envelope) for f in self.temporal], dim=1)
