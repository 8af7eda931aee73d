"""Training of networks by negative sampling: epochs that can be left and gone on with bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import Progress, between, counted, silent
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.networks import TagRowsOfItems, arrays_of, tensors_of
from taglab.recommend.pairs import Pairs
from taglab.recommend.recommender import Learned
from taglab.recommend.started import started

_VALIDATION_EPOCH = 1 << 30  # a number that no epoch of training has
_CALIBRATED_BY = 20_000


@dataclass
class Standing:
    """How far a training is.

    Attributes:
        epoch: Epochs done.
        rows: Of each epoch `epoch`, `loss`, `validation_loss` and `learning_rate`.
        best_epoch: Where the loss on plays held out was lowest; 0 before the first.
        best: Numbers of the network then.
        now: Numbers of the network, and of the optimiser (`exp_avg.NAME`, …).
    """

    epoch: int = 0
    rows: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    now: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class NetworkTraining:
    """A network on its way, and what it is shown.

    Args:
        settings: A `NetworkSettings`.
        plays: Counts.
        tags: Of the items.
        seed: Of everything drawn.
        device: Where the network is.
        progress: Told as plays are factorised, unless a standing is gone on with.
        standing: Where an earlier training of the same stopped; from the start where None.

    Raises:
        InvalidSetting: If there are too few plays to hold any out.
    """

    def __init__(
        self,
        settings: Any,
        plays: Interactions,
        tags: ItemTags,
        seed: int,
        device: str = "cpu",
        progress: Progress = silent,
        standing: Standing | None = None,
    ) -> None:
        self.settings, self.device = settings, torch.device(device)
        every = Pairs.of(plays, settings.negatives, settings.batch_size, seed)
        held = np.random.default_rng([seed, 1]).random(len(every.items)) < settings.validation
        if not held.any() or held.all():
            raise InvalidSetting(
                f"validation={settings.validation} of {len(every.items):,} plays must leave some to learn "
                "from and some to tell the best epoch by"
            )
        self.all_pairs, self._train, self._held = every, np.flatnonzero(~held), np.flatnonzero(held)
        self.network: nn.Module = settings.network(plays.n_users, tags, seed).to(self.device)
        self._tags = TagRowsOfItems(tags.matrix, self.device)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.standing = standing or Standing()
        if standing is None:
            self._begin(_without(plays, every, held), tags, seed, progress)
        else:
            self._go_on(standing)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return math.ceil(len(self._train) / int(self.settings.batch_size))

    @property
    def done(self) -> bool:
        """Whether every epoch is done, or none has been better for `patience` of them."""
        at = self.standing
        return at.epoch >= self.settings.epochs or (
            at.best_epoch > 0 and at.epoch - at.best_epoch >= self.settings.patience
        )

    def batch(self, epoch: int, step: int, order: npt.NDArray[np.int64]) -> tuple[Tensor, ...]:
        """Return the arguments of the network for a batch; see `FactorisationMachine.forward`."""
        users, items = self.all_pairs.batch(epoch, step, order)
        return self.given(torch.from_numpy(users), torch.from_numpy(items))

    def given(self, users: Tensor, items: Tensor) -> tuple[Tensor, ...]:
        """Return the arguments of the network for users (plays,) and items (plays, places)."""
        distinct, at = torch.unique(items.to(self.device), return_inverse=True)
        return users.to(self.device), distinct, *self._tags.of(distinct), at

    def step(self, given: tuple[Tensor, ...]) -> float:
        """Take a step, and return the loss of its batch, the mean over its plays."""
        loss = negative_sampling_loss(self.network(*given))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return float(loss.detach())

    def epoch(self, progress: Progress = silent) -> dict[str, float]:
        """Take an epoch, keep the network where it is the best so far, and return the epoch's row.

        Raises:
            InvalidSetting: If the loss is no longer finite.
        """
        number = self.standing.epoch + 1
        order = self._train[self._order(number)]
        total = 0.0
        for step in range(self.steps):
            given = self.batch(number, step, order)
            loss = self.step(given)
            if not math.isfinite(loss):
                raise InvalidSetting(
                    f"learning_rate={self.settings.learning_rate} must be lower: the loss of epoch {number} "
                    "is not finite"
                )
            total += loss * len(given[0])
            progress((step + 1) / self.steps, counted("steps", step + 1, self.steps))
        validation = self.validation_loss()
        row = {
            "epoch": number,
            "loss": total / len(self._train),
            "validation_loss": validation,
            "learning_rate": self.settings.learning_rate,
        }
        at = self.standing
        better = validation < min((old["validation_loss"] for old in at.rows), default=math.inf)
        at.epoch, at.rows = number, [*at.rows, row]
        if better:
            at.best_epoch, at.best = number, arrays_of(self.network)
        return row

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Return the mean loss of plays held out, with the same items beside them every time."""
        total, size = 0.0, self.settings.batch_size
        for step in range(-(-len(self._held) // size)):
            given = self.batch(_VALIDATION_EPOCH, step, self._held)
            total += float(negative_sampling_loss(self.network(*given))) * len(given[0])
        return total / len(self._held)

    def stand(self) -> Standing:
        """Return where it stands, with the numbers of network and optimiser."""
        now = arrays_of(self.network)
        named = dict(self.network.named_parameters())
        for name, parameter in named.items():
            for part, value in self._optimiser.state.get(parameter, {}).items():
                now[f"adam.{part}.{name}"] = value.detach().cpu().numpy().copy()
        return replace(self.standing, now=now)

    def learned(self) -> Learned:
        """Return the numbers of the best epoch; of the start where there was none."""
        return self.standing.best or arrays_of(self.network)

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self.all_pairs.seed, epoch]).permutation(len(self._train))

    def _begin(self, plays: Interactions, tags: ItemTags, seed: int, progress: Progress) -> None:
        """Begin at a factorisation, whose scores become log odds by a logistic fit of two numbers."""
        inputs = self.settings.inputs(tags)
        start = started(plays, inputs, self.settings.h, seed, progress)
        pairs = replace(self.all_pairs, batch_size=max(1, _CALIBRATED_BY // (1 + self.all_pairs.negatives)))
        users, items = pairs.batch(0, 0, self._train[self._order(0)])
        vectors = start.items + np.asarray(inputs @ start.tags)
        scores = np.einsum("ph,pkh->pk", start.users[users], vectors[items]).astype(np.float64)
        played = np.zeros(scores.shape, bool)
        played[:, 0] = True
        scale, bias = log_odds(scores.ravel(), played.ravel())
        begin: Callable[..., None] = self.network.begin  # type: ignore[assignment]
        begin(start, scale, bias, inputs)

    def _go_on(self, standing: Standing) -> None:
        weights = {name: value for name, value in standing.now.items() if not name.startswith("adam.")}
        self.network.load_state_dict(tensors_of(weights))
        for name, parameter in self.network.named_parameters():
            for part in ("step", "exp_avg", "exp_avg_sq"):
                if (value := standing.now.get(f"adam.{part}.{name}")) is not None:
                    state = torch.from_numpy(np.array(value))
                    self._optimiser.state[parameter][part] = (
                        state if part == "step" else state.to(self.device)
                    )


def negative_sampling_loss(scores: Tensor) -> Tensor:
    """Return −log σ(s) of what was played and −Σ log σ(−s) of what was drawn beside it, the mean over plays.

    Source: Mikolov et al., "Distributed representations of words and phrases", NIPS 2013, eq. 4.

    Args:
        scores: (plays, 1 + negatives), what was played first.
    """
    return softplus(-scores[:, 0]).mean() + softplus(scores[:, 1:]).sum(dim=1).mean()


def log_odds(scores: npt.NDArray[np.float64], played: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return scale and bias by which scores are log odds of having been played: a logistic fit, by Newton.

    Args:
        scores: (pairs,).
        played: (pairs,).
    """
    rows, wanted = np.stack([scores, np.ones_like(scores)], axis=1), played.astype(np.float64)
    weights = np.array([1.0, np.log(wanted.mean() / (1 - wanted.mean()))])
    for _ in range(20):
        chance = 1 / (1 + np.exp(-rows @ weights))
        curvature = rows.T @ (rows * (chance * (1 - chance))[:, None]) + 1e-3 * np.eye(2)
        weights += np.linalg.solve(curvature, rows.T @ (wanted - chance) - 1e-3 * weights)
    return float(max(weights[0], 1.0)), float(weights[1])


def _without(plays: Interactions, pairs: Pairs, held: npt.NDArray[np.bool_]) -> Interactions:
    """Return plays without those held out."""
    matrix = plays.matrix.sorted_indices()
    keep = ~held
    return Interactions.from_codes(
        plays.name, plays.users, plays.tracks, pairs.users[keep], pairs.items[keep], matrix.data[keep]
    )


def train_network(
    training: NetworkTraining,
    progress: Progress = silent,
    on_epoch: Callable[[Mapping[str, float]], None] = lambda row: None,
) -> Learned:
    """Take epochs to the last, and return the numbers of the best.

    Args:
        training: At its start, or where it was left.
        progress: Told after every step.
        on_epoch: Given every epoch's row once it is done.
    """
    epochs = training.settings.epochs
    while not training.done:
        at = training.standing.epoch
        part = between(progress, at / epochs, (at + 1) / epochs, f"epoch {at + 1} of {epochs}")
        on_epoch(training.epoch(part))
    return training.learned()
