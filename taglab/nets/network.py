"""A network: an encoder, a head for each task, and between them, for some, a branch for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from taglab.nets.encoder import Encoded, Encoder
from taglab.nets.heads import Head


class Branch(nn.Module):
    """The rest of an encoder for one task, behind what tasks share.

    Args:
        stages: Of what the shared front end gives to (batch, dim).
        dim: Length of a clip's vector.
    """

    def __init__(self, stages: nn.Module, dim: int) -> None:
        super().__init__()
        self.stages = stages
        self.dim = dim

    def forward(self, encoded: Encoded) -> Encoded:
        return encoded._replace(encoding=self.stages(encoded.features))


class Network(nn.Module):
    """Sound to the outputs of every task; a tagger is an encoder with one head.

    Args:
        encoder: What all tasks share.
        heads: By the name of the task, in whose order weights are drawn, kept and trained.
        branches: What follows the encoder for a task alone, before its head; none where the encoder gives
            what all heads are given.

    Attributes:
        dim: Length of a clip's vector: of the encoder's, or of those of all branches one after the other.

    Shape:
        (batch, samples), float in [-1, 1], to one tensor a task, (batch, n_outputs) as a rule; of the tasks
        that are named, or of all.
    """

    def __init__(
        self, encoder: Encoder, heads: Mapping[str, Head], branches: Mapping[str, Branch] | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.branches = nn.ModuleDict(branches or {})
        self.heads = nn.ModuleDict(heads)
        self.dim = sum(branch.dim for branch in branches.values()) if branches else encoder.dim
        self.register_load_state_dict_pre_hook(_from_before_heads)  # type: ignore[no-untyped-call]

    def forward(
        self, waveform: torch.Tensor, tasks: tuple[str, ...] | None = None
    ) -> dict[str, torch.Tensor]:
        encoded = self.encoder(waveform)
        return {
            task: head(self._branched(task, encoded))
            for task, head in self.heads.items()
            if tasks is None or task in tasks
        }

    def _branched(self, task: str, encoded: Encoded) -> Encoded:
        branched: Encoded = self.branches[task](encoded) if task in self.branches else encoded
        return branched

    def encoding(self, waveform: torch.Tensor) -> torch.Tensor:
        """Return what the heads are given, (batch, dim): of several branches one after the other."""
        encoded: Encoded = self.encoder(waveform)
        if not self.branches:
            return encoded.encoding
        return torch.cat([branch(encoded).encoding for branch in self.branches.values()], dim=1)

    def parts_of(self, task: str) -> list[nn.Module]:
        """Return what of the network is of one task alone: its branch, if it has one, and its head."""
        return [parts[task] for parts in (self.branches, self.heads) if task in parts]

    def n_parameters(self) -> int:
        """Return the number of trained numbers."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)


def _from_before_heads(
    network: nn.Module, state: dict[str, Any], prefix: str, *_: object, **__: object
) -> None:
    """Give weights the names they have here, where they are of the time before networks had heads.

    They are the same in the same order: `frontend` and then `backend`, whose last layer is now the head.
    Whether each has the shape it should have is looked at afterwards, as for any other.
    """
    before = ("frontend.", "backend.")
    if not state or not all(name.startswith(before) for name in state):
        return
    weights = list(state.values())
    state.clear()
    state.update(zip((f"{prefix}{name}" for name in network.state_dict()), weights, strict=False))
