"""Heads that answer with a spectrogram: an encoder's layers in reverse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from torch import nn

from taglab.errors import InvalidSetting
from taglab.nets.encoder import Encoded, Encoder
from taglab.nets.heads import EluHead, Head, HiddenHead, LinearHead, PairHead
from taglab.nets.staged import convolution


class SpectrumHead(Head):
    """A dense layer, batch norm and ReLU; then for each stage of the encoder, from the last to the first,
    every number repeated over the 2×2 that it was pooled of, a convolution 3×3, batch norm and ReLU.

    The last convolution gives one channel, with neither batch norm nor ReLU.

    Args:
        dim: Length of a clip's vector.
        n_outputs: Bands of the spectrogram.
        dropout: Share of units silenced before the dense layer, in training.
        channels: Of the images that the encoder's stages make; those of one stage where none are named.

    Shape:
        Encoded clips to (batch, bands · frames), frames as many as the network was given.

    Source: Kim (2021), table 4.1: layers "transposed" in reverse, and pooling that repeats the maximum. A
    convolution that keeps the image's size is its own transpose, but for the order of its weights.
    """

    skipping: ClassVar[bool] = False
    """Whether the image of each stage but the last stands beside what is made of the next."""

    def __init__(self, dim: int, n_outputs: int, dropout: float, channels: Sequence[int] = ()) -> None:
        super().__init__(dim, n_outputs, dropout)
        self.n_bands = n_outputs
        given = tuple(channels) or (dim,)
        self.dense = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(dim, given[-1]), nn.BatchNorm1d(given[-1]), nn.ReLU()
        )
        beside = 2 if self.skipping else 1
        taken = [*(beside * n for n in given[:-1]), given[-1]]
        below = range(len(given) - 1, 0, -1)
        self.stages = nn.ModuleList(
            nn.Sequential(*convolution(taken[stage], given[stage - 1])) for stage in below
        )
        self.last = nn.Conv2d(taken[0], 1, 3, padding=1)

    @classmethod
    def behind(cls, encoder: Encoder, n_outputs: int, dropout: float) -> Self:
        """Make the decoder of an encoder whose stages halve images.

        Raises:
            InvalidSetting: If the encoder's are no such stages.
        """
        channels = getattr(encoder.frontend, "channels", None)
        if not isinstance(channels, tuple):
            raise InvalidSetting("spectrograms are told behind stages that halve images; take kim-4.1")
        return cls(encoder.dim, n_outputs, dropout, channels)

    def forward(self, encoded: Encoded) -> torch.Tensor:
        return self.image(encoded).flatten(1)

    def image(self, encoded: Encoded) -> torch.Tensor:
        """Return one channel of the size of what the network was given, (batch, bands, frames)."""
        *sizes, smallest = self._sizes(encoded.representation.shape[-1])
        x = self.dense(encoded.encoding)[:, :, None, None].expand(-1, -1, *smallest)
        skipped = encoded.images if self.skipping else ()
        for place, stage in zip(range(len(self.stages), 0, -1), self.stages, strict=True):
            x = stage(nn.functional.interpolate(x, size=sizes[place]))
            if skipped:
                x = torch.cat([x, skipped[place - 1]], dim=1)
        out: torch.Tensor = self.last(nn.functional.interpolate(x, size=sizes[0]))
        return out.squeeze(1)

    def _sizes(self, frames: int) -> list[tuple[int, int]]:
        """Return bands and frames of what the network was given, and behind each of its stages."""
        sizes = [(self.n_bands, frames)]
        for _ in range(len(self.stages) + 1):
            sizes.append((max(sizes[-1][0] // 2, 1), max(sizes[-1][1] // 2, 1)))
        return sizes


class MaskHead(SpectrumHead):
    """The same with skip connections and a sigmoid: what share of each number of a spectrogram is meant.

    Source: Kim (2021), equation 4.7, and the skip connections of the U-Net that it follows.
    """

    skipping: ClassVar[bool] = True

    def forward(self, encoded: Encoded) -> torch.Tensor:
        return torch.sigmoid(self.image(encoded)).flatten(1)


HEADS: dict[str, type[Head]] = {
    "linear": LinearHead,
    "hidden": HiddenHead,
    "elu": EluHead,
    "pair": PairHead,
    "spectrum": SpectrumHead,
    "mask": MaskHead,
}
"""Name → what tells the outputs of a task of an encoded clip."""
