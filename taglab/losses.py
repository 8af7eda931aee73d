"""What training minimises: pure functions of logits and targets.

A loss takes logits and targets, both (batch, classes), and weights (classes,) or None, and returns a scalar.
Arguments after those are material of the run, such as similarities of its classes: `bind` hands them in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from taglab.errors import InvalidSetting


class Loss(Protocol):
    """A loss with everything but the batch handed in."""

    def __call__(
        self, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> torch.Tensor: ...


def bce(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """Return the binary cross-entropy, averaged over batch and classes.

    Args:
        logits: (batch, classes).
        targets: 0 or 1 (batch, classes), float.
        weights: What a positive of each class counts, a negative counting 1 (classes,).
    """
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)


LOSSES: dict[str, Callable[..., torch.Tensor]] = {"bce": bce}


def needs(name: str) -> tuple[str, ...]:
    """Return the names of the material a loss needs of its run; most need none.

    Raises:
        InvalidSetting: If there is no loss of this name.
    """
    if name not in LOSSES:
        raise InvalidSetting(f"loss={name!r} must be one of {', '.join(LOSSES)}")
    return tuple(inspect.signature(LOSSES[name]).parameters)[3:]


def bind(name: str, material: Mapping[str, Any] | None = None) -> Loss:
    """Return a loss with the material it needs; what it does not need is left alone.

    Raises:
        InvalidSetting: If there is no such loss, or some of its material is missing.
    """
    given = material or {}
    missing = [part for part in needs(name) if part not in given]
    if missing:
        raise InvalidSetting(f"loss={name!r} must be given {', '.join(missing)}; the run has none")
    return partial(LOSSES[name], **{part: given[part] for part in needs(name)})


def balancing_weights(positives: npt.ArrayLike, n_tracks: int) -> npt.NDArray[np.float32]:
    """Return weights under which a class's positives count, together, as much as its negatives (classes,).

    Args:
        positives: Training tracks in each class (classes,).
        n_tracks: Training tracks.

    Returns:
        Negatives over positives; 1 for a class without either, of which nothing can be learned.
    """
    counts = np.asarray(positives, np.float64)
    weights = np.ones(counts.shape)
    both = (counts > 0) & (counts < n_tracks)
    np.divide(n_tracks - counts, counts, out=weights, where=both)
    return weights.astype(np.float32)
