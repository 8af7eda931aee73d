"""What a network says of an encoded clip, one head a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import torch
from torch import nn

from taglab.errors import InvalidSetting
from taglab.nets.encoder import Encoded, Encoder


class Head(nn.Module, ABC):
    """The end of a network: encoded clips to the outputs of one task.

    Args:
        dim: Length of a clip's vector.
        n_outputs: Classes, shares or numbers that are told of a clip.
        dropout: Share of units silenced before each dense layer, in training.
    """

    def __init__(self, dim: int, n_outputs: int, dropout: float) -> None:
        super().__init__()
        if n_outputs < 1:
            raise InvalidSetting(f"n_outputs={n_outputs} must be at least 1; the label space is empty")

    @classmethod
    def behind(cls, encoder: Encoder, n_outputs: int, dropout: float) -> Self:
        """Make the head that fits an encoder, with fresh weights.

        Raises:
            InvalidSetting: If there is no output, or the encoder has nothing for such a head.
        """
        return cls(encoder.dim, n_outputs, dropout)

    @abstractmethod
    def forward(self, encoded: Encoded) -> torch.Tensor:
        """Return (batch, n_outputs): logits, or the numbers themselves; the loss of the task says which."""


class LinearHead(Head):
    """One dense layer on the clip's vector: (batch, dim) to (batch, n_outputs)."""

    def __init__(self, dim: int, n_outputs: int, dropout: float) -> None:
        super().__init__(dim, n_outputs, dropout)
        self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, n_outputs))

    def forward(self, encoded: Encoded) -> torch.Tensor:
        out: torch.Tensor = self.layers(encoded.encoding)
        return out


class HiddenHead(Head):
    """One hidden layer of the vector's size, batch norm, ReLU, and a dense layer: to (batch, n_outputs)."""

    def __init__(self, dim: int, n_outputs: int, dropout: float) -> None:
        super().__init__(dim, n_outputs, dropout)
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(dim, dim),
            nn.BatchNorm1d(dim),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(dim, n_outputs),
        )

    def forward(self, encoded: Encoded) -> torch.Tensor:
        out: torch.Tensor = self.layers(encoded.encoding)
        return out


class EluHead(Head):
    """One hidden layer of 1,024 ELU units, dropout before it and behind it: to (batch, n_outputs).

    Source: Kim (2021), section 3.3.2.
    """

    units = 1_024

    def __init__(self, dim: int, n_outputs: int, dropout: float) -> None:
        super().__init__(dim, n_outputs, dropout)
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(dim, self.units),
            nn.ELU(),
            nn.Dropout(dropout),
            nn.Linear(self.units, n_outputs),
        )

    def forward(self, encoded: Encoded) -> torch.Tensor:
        out: torch.Tensor = self.layers(encoded.encoding)
        return out


class PairHead(Head):
    """Clips by twos, the first of a batch with the second and so on: (batch, dim) to (batch / 2, n_outputs).

    Raises:
        InvalidSetting: If a batch has an odd number of clips.
    """

    def __init__(self, dim: int, n_outputs: int, dropout: float) -> None:
        super().__init__(dim, n_outputs, dropout)
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, n_outputs)
        )

    def forward(self, encoded: Encoded) -> torch.Tensor:
        encoding = encoded.encoding
        if len(encoding) % 2:
            raise InvalidSetting(f"batch={len(encoding)} must be even; clips are compared by twos")
        out: torch.Tensor = self.layers(encoding.reshape(len(encoding) // 2, -1))
        return out
