"""The back end that both front ends share."""

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


class PonsBackend(nn.Module):
    """Three convolutions, two of them added to their input, pooling over time, two dense layers.

    Args:
        n_channels: Channels of the front end.
        n_classes: Number of classes.
        width: Multiplier of 512 convolution channels and 500 hidden units.
        dropout: Share of units silenced before each dense layer, in training.

    Shape:
        (batch, n_channels, frames) to logits (batch, n_classes); frames at least 8. At 100 classes:
        5,154,192 parameters behind the waveform front end, 5,899,664 parameters behind that of spectrograms.

    Source: Pons et al. (2018), figure 8 of the Ros Perez thesis.
    """

    min_frames = 8

    def __init__(self, n_channels: int, n_classes: int, width: float = 1.0, dropout: float = 0.5) -> None:
        super().__init__()
        n_filters, n_hidden = max(1, round(512 * width)), max(1, round(500 * width))
        self.first = _Convolution(n_channels, n_filters, padding=0)
        self.second = _Convolution(n_filters, n_filters, padding=3)
        self.third = _Convolution(n_filters, n_filters, padding=3)
        self.dense = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * n_filters, n_hidden),
            nn.ReLU(),
            nn.BatchNorm1d(n_hidden),
            nn.Dropout(dropout),
            nn.Linear(n_hidden, n_classes),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if features.shape[-1] < self.min_frames:
            raise InvalidSetting(
                f"the clip gives {features.shape[-1]} frames, the back end needs {self.min_frames}; "
                "take a longer window"
            )
        x = self.first(features)
        x = nn.functional.max_pool1d(x + self.second(x), 2)
        x = x + self.third(x)
        logits: torch.Tensor = self.dense(torch.cat([x.amax(-1), x.mean(-1)], dim=1))
        return logits
