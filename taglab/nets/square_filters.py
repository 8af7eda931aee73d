"""Networks of 3×3 filters on the log-mel spectrogram, as image classifiers have them."""

from __future__ import annotations

import torch
from torch import nn

VGG_CHANNELS = (16, 32, 64, 128, 256, 256)
SHORT_CHUNK_CHANNELS = (128, 128, 256, 256, 256, 256, 512)


class VGGFrontend(nn.Module):
    """Six times convolution 3×3, batch norm, ReLU, max-pooling 2×2; then the mean over mels and frames.

    Args:
        width: Multiplier of the channels 16, 32, 64, 128, 256, 256.

    Shape:
        (batch, mels, frames), both at least 64, to (batch, 256·width). Of 128 mels and 469 frames, which are
        15 s: (batch, 256), by 983,152 parameters.

    Source: Kim (2021), table 4.1. Its printed sizes skip a halving between the second and the third layer
    (32×128 becomes 16×64 before the third convolution); with global pooling at the end that changes no
    weight, and the six poolings printed are what is built here.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(1, round(width * n)) for n in VGG_CHANNELS]
        layers: list[nn.Module] = []
        for n_in, n_out in zip([1, *channels[:-1]], channels, strict=True):
            layers += [
                nn.Conv2d(n_in, n_out, 3, padding=1, bias=False),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.layers = nn.Sequential(*layers)
        self.n_channels = channels[-1]

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(mels.unsqueeze(1))
        return out.mean((2, 3))


class _ResidualBlock(nn.Module):
    """Two 3×3 convolutions, the first with stride 2, added to a strided convolution of the input."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(n_out)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


class ShortChunkFrontend(nn.Module):
    """Seven residual blocks that halve mels and frames; then the largest value over what is left.

    Args:
        width: Multiplier of the channels 128, 128, 256, 256, 256, 256, 512.

    Shape:
        (batch, mels, frames) to (batch, 512·width). Of 128 mels and 469 frames, which are 15 s: (batch, 512),
        by 11,809,538 parameters.

    Source: Won et al. (2020), the short-chunk CNN with residual connections, made for clips of about 3.7 s.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        channels = [max(1, round(width * n)) for n in SHORT_CHUNK_CHANNELS]
        self.norm = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(
            *(_ResidualBlock(n_in, n_out) for n_in, n_out in zip([1, *channels[:-1]], channels, strict=True))
        )
        self.n_channels = channels[-1]

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.blocks(self.norm(mels.unsqueeze(1)))
        return out.amax((2, 3))
