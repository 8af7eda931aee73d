"""A loss of somebody who does not know the house: squared distance of probabilities to targets."""

import torch


def squares(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean squared difference."""
    return torch.square(torch.sigmoid(logits) - targets).mean()
