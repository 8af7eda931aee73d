"""A network: an encoder, and a head for each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from taglab.nets.encoder import Encoder
from taglab.nets.heads import Head


class Network(nn.Module):
    """Sound to the outputs of every task; a tagger is an encoder with one head.

    Args:
        encoder: What all tasks share.
        heads: By the name of the task, in whose order weights are drawn, kept and trained.

    Shape:
        (batch, samples), float in [-1, 1], to one tensor a task, (batch, n_outputs) as a rule; of the tasks
        that are named, or of all.
    """

    def __init__(self, encoder: Encoder, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        self.register_load_state_dict_pre_hook(_from_before_heads)  # type: ignore[no-untyped-call]

    def forward(
        self, waveform: torch.Tensor, tasks: tuple[str, ...] | None = None
    ) -> dict[str, torch.Tensor]:
        encoded = self.encoder(waveform)
        return {task: head(encoded) for task, head in self.heads.items() if tasks is None or task in tasks}

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
