"""What training minimises: pure functions of a head's outputs and targets.

A loss takes outputs and targets of one shape, (batch, columns) as a rule, and weights (columns,) or None, and
returns a scalar. Arguments after those are material of the run, such as similarities of its classes: `bind`
hands them in. `LOSS_OF` says of what kind of targets each is.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from taglab.errors import InvalidSetting
from taglab.reprs import one_line


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


def cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the categorical cross-entropy, averaged over the batch.

    Args:
        logits: (batch, categories); a softmax makes them probabilities.
        targets: 1 for the one that is true, 0 elsewhere (batch, categories), float.
        weights: What each category counts (categories,).
    """
    return torch.nn.functional.cross_entropy(logits, targets, weight=weights)


def kl_divergence(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the Kullback–Leibler divergence of the softmax of logits from a distribution, in nats a row.

    Args:
        logits: (batch, shares).
        targets: Shares that sum to 1 in each row (batch, shares).
        weights: What each share counts (shares,); None counts it 1.

    Source: Kim (2021), section 2.3, per sample; the released code divides by the number of shares besides.
    """
    terms = torch.nn.functional.kl_div(logits.log_softmax(-1), targets, reduction="none")
    return (terms if weights is None else terms * weights).sum() / len(targets)


def squared_error(
    outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the mean squared error over all numbers; weights count the last axis."""
    errors = (outputs - targets).square()
    return (errors if weights is None else errors * weights).mean()


def absolute_error(
    outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the mean absolute error over all numbers; weights count the last axis."""
    errors = (outputs - targets).abs()
    return (errors if weights is None else errors * weights).mean()


def row_distance(
    outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the Euclidean distance of outputs and targets over √columns, averaged over rows.

    Of a clip's spectrogram that is the root of its mean squared error: clips that are told badly count less
    than in `squared_error`, which squares them.

    Source: Kim (2021), equation 4.2, whose distance is not squared; √columns changes its scale alone.
    """
    errors = (outputs - targets).square()
    of_row = (errors if weights is None else errors * weights).mean(-1)
    return of_row.clamp_min(torch.finfo(of_row.dtype).tiny).sqrt().mean()


def masked_absolute_error(
    outputs: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the mean absolute error of a part of a sum, as masks have it.

    Args:
        outputs: Masks in [0, 1] (rows, columns).
        targets: The sum, and then the part (rows, 2 · columns).
        weights: What each column counts (columns,).

    Source: Kim (2021), equations 4.7 and 4.8, over the number of columns.
    """
    whole, part = targets.chunk(2, dim=-1)
    return absolute_error(outputs * whole, part, weights)


LOSSES: dict[str, Callable[..., torch.Tensor]] = {
    "bce": bce,
    "semantic-bce": semantic_bce,
    "cross-entropy": cross_entropy,
    "kl-divergence": kl_divergence,
    "squared-error": squared_error,
    "absolute-error": absolute_error,
    "row-distance": row_distance,
    "masked-absolute-error": masked_absolute_error,
}

LOSS_OF: dict[str, tuple[str, ...]] = {
    "binary": ("bce", "semantic-bce"),
    "categorical": ("cross-entropy",),
    "distribution": ("kl-divergence",),
    "real": ("squared-error", "absolute-error", "row-distance"),
    "masked": ("masked-absolute-error",),
}
"""The losses of each of `taglab.targets.TARGET_KINDS` and of masks, the usual first; one of none is for
all.
"""


def losses_for(kind: str) -> list[str]:
    """Return the names of the losses that fit a kind of targets."""
    others = {name for other, names in LOSS_OF.items() if other != kind for name in names}
    return [name for name in LOSSES if name in LOSS_OF[kind] or name not in others]


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


@dataclass(frozen=True, eq=False)
class Objective:
    """What of a task is minimised.

    Attributes:
        loss: With everything but the batch handed in; see `bind`.
        class_weights: What the positives of each class count (columns,); None counts each 1.
        weight: What the task counts beside others.
    """

    loss: Loss
    class_weights: torch.Tensor | None = None
    weight: float = 1.0

    __repr__ = one_line

    def __post_init__(self) -> None:
        if not 0 <= self.weight < math.inf:
            raise InvalidSetting(f"weight={self.weight:g} of a task must be 0 or more, and finite")

    def of(
        self, outputs: torch.Tensor, targets: torch.Tensor, known: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the loss over the rows of which anything is known; 0 where there are none.

        Args:
            outputs: Of the task's head, (rows, …).
            targets: (rows, …).
            known: Which rows are known, int64; None for all.
        """
        if known is None:
            return self.loss(outputs, targets, self.class_weights)
        if not len(known):
            return outputs.sum() * 0
        return self.loss(outputs[known], targets[known], self.class_weights)


def total_loss(
    objectives: Mapping[str, Objective],
    outputs: Mapping[str, torch.Tensor],
    targets: Mapping[str, torch.Tensor],
    known: Mapping[str, torch.Tensor | None],
) -> torch.Tensor:
    """Return the sum of the losses of the tasks that there are targets of, each by its weight."""
    weighted = (
        objectives[task].weight * objectives[task].of(outputs[task], targets[task], known[task])
        for task in targets
    )
    return functools.reduce(torch.add, weighted)


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
