"""From what a front end made of a clip to one vector."""

from __future__ import annotations

import torch
from torch import nn

from taglab.errors import InvalidSetting


class _Convolution(nn.Sequential):
    """Convolution of length 7, batch norm, ReLU; frames are 6 fewer without padding."""

    def __init__(self, n_in: int, n_out: int, padding: int) -> None:
        super().__init__(
            nn.Conv1d(n_in, n_out, 7, padding=padding, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()
        )


class PonsPooling(nn.Module):
    """Three convolutions, two of them added to their input, pooling over time, one dense layer.

    Args:
        n_channels: Channels of the front end.
        width: Multiplier of 512 convolution channels and 500 hidden units.
        dropout: Share of units silenced before the dense layer, in training.

    Attributes:
        dim: Hidden units.

    Shape:
        (batch, n_channels, frames) to (batch, 500·width); frames at least 8. 5,104,092 parameters behind the
        waveform front end, 5,849,564 parameters behind that of spectrograms.

    Source: Pons et al. (2018), figure 8 of the Ros Perez thesis, whose back end is this and the linear head.
    """

    min_frames = 8

    def __init__(self, n_channels: int, width: float = 1.0, dropout: float = 0.5) -> None:
        super().__init__()
        n_filters, self.dim = max(1, round(512 * width)), max(1, round(500 * width))
        self.first = _Convolution(n_channels, n_filters, padding=0)
        self.second = _Convolution(n_filters, n_filters, padding=3)
        self.third = _Convolution(n_filters, n_filters, padding=3)
        self.dense = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * n_filters, self.dim), nn.ReLU(), nn.BatchNorm1d(self.dim)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if features.shape[-1] < self.min_frames:
            raise InvalidSetting(
                f"the clip gives {features.shape[-1]} frames, the network needs {self.min_frames}; "
                "take a longer window"
            )
        x = self.first(features)
        x = nn.functional.max_pool1d(x + self.second(x), 2)
        x = x + self.third(x)
        encoding: torch.Tensor = self.dense(torch.cat([x.amax(-1), x.mean(-1)], dim=1))
        return encoding


class DensePooling(nn.Sequential):
    """One dense layer of the input's size, batch norm, ReLU: (batch, n_channels) to (batch, n_channels).

    Of 256 channels, as in vgg: 66,304 parameters; of 512, as in short-chunk: 263,680 parameters.

    Args:
        n_channels: Of the input.
        activation: In place of ReLU.
    """

    def __init__(self, n_channels: int, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__(nn.Linear(n_channels, n_channels), nn.BatchNorm1d(n_channels), activation())
        self.dim = n_channels
