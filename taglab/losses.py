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


def semantic_bce(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor | None,
    similarity: torch.Tensor,
    gamma: float,
    most_positives: int,
) -> torch.Tensor:
    """Return the binary cross-entropy in which a wrong class costs the more, the less it means what is true.

    The negative term of class i is weighted by 1 + γ (1 - max of ω_i · ω_j over the true classes j). It keeps
    weight 1 where nothing can be said: if class i has no vector, or none of the track's true classes has one,
    a track without any included. γ = 0 is plain binary cross-entropy, bit for bit.

    Args:
        logits: (batch, classes).
        targets: 0 or 1 (batch, classes), float.
        weights: What a positive of each class counts (classes,); None counts it 1.
        similarity: ω_i · ω_j of unit vectors (classes, classes), symmetric; -inf wherever either class has
            none. See `similarity_of`.
        gamma: γ, 0 or more.
        most_positives: A number no track has more true classes than. The device is not asked for it, which
            would make it wait.

    Source: Ros Perez 2021, equation 33.
    """
    with torch.no_grad():
        nearest = _nearest_true(targets, similarity, min(most_positives, targets.shape[1]))
        farness = torch.where(torch.isfinite(nearest), 1 - nearest, 0.0)
        negative = torch.where(targets > 0, 1.0, 1 + gamma * farness)
    return torch.nn.functional.binary_cross_entropy_with_logits(
        logits, targets, weight=negative, pos_weight=weights
    )


_POSITIVES_AT_ONCE = 32


def _nearest_true(targets: torch.Tensor, similarity: torch.Tensor, most: int) -> torch.Tensor:
    """Return every class's largest similarity to a true class of the track, -inf if none (batch, classes)."""
    nearest = torch.full_like(targets, -torch.inf)
    is_true, classes = targets.topk(most, dim=1)
    for start in range(0, most, _POSITIVES_AT_ONCE):  # (batch, 32, classes) at most
        some = slice(start, start + _POSITIVES_AT_ONCE)
        theirs = similarity[classes[:, some]].masked_fill((is_true[:, some] == 0)[:, :, None], -torch.inf)
        nearest = torch.maximum(nearest, theirs.amax(dim=1))
    return nearest


def similarity_of(vectors: npt.ArrayLike) -> torch.Tensor:
    """Return what `semantic_bce` needs of its classes' vectors (classes, classes).

    Args:
        vectors: Unit vectors (classes, dim); a row of zeros where a class has none.
    """
    array = np.asarray(vectors, np.float64)
    known = np.linalg.norm(array, axis=1) > 0
    cosines = np.clip(array @ array.T, -1.0, 1.0)
    return torch.from_numpy(np.where(known[:, None] & known, cosines, -np.inf).astype(np.float32))


LOSSES: dict[str, Callable[..., torch.Tensor]] = {"bce": bce, "semantic-bce": semantic_bce}


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
