"""How the learning rate changes while training goes on."""

from __future__ import annotations

import math
from typing import Any, Protocol

from taglab.training.config import TrainConfig


class Schedule(Protocol):
    """What the learning rate is."""

    def learning_rate(self, steps_done: int) -> float:
        """Return the learning rate of the next step, so many steps after the first."""

    def epoch_done(self, value: float) -> None:
        """Be told the monitored figure of an epoch; smaller is better."""

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""


class Patience:
    """Counts the epochs in which a figure, smaller the better, did not improve.

    Args:
        min_delta: A change that is not larger is no improvement.
    """

    def __init__(self, min_delta: float) -> None:
        self.min_delta = min_delta
        self.best = math.inf
        self.waited = 0

    def told(self, value: float) -> int:
        """Take an epoch's figure; return how many epochs in a row brought no improvement."""
        if value < self.best - self.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        return self.waited

    def state(self) -> dict[str, Any]:
        """Return what `load` needs to go on."""
        return {"best": self.best, "waited": self.waited}

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        self.best, self.waited = state["best"], state["waited"]


class Plateau:
    """Multiplies the learning rate by a factor where the monitored figure stands still for some epochs.

    Source: PyTorch's ReduceLROnPlateau with threshold_mode="abs". Keras's lowers an epoch earlier: its
    patience counts the epoch that is one too many.
    """

    def __init__(self, config: TrainConfig, n_steps: int) -> None:
        self.rate = config.learning_rate
        self.factor, self.patience = config.plateau_factor, config.plateau_patience
        self.watch = Patience(config.plateau_min_delta)

    def learning_rate(self, steps_done: int) -> float:
        return self.rate

    def epoch_done(self, value: float) -> None:
        if self.watch.told(value) > self.patience:
            self.rate *= self.factor
            self.watch.waited = 0

    def state(self) -> dict[str, Any]:
        return {"rate": self.rate, **self.watch.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.rate = state["rate"]
        self.watch.load(state)


class Cosine:
    """Lets the learning rate fall along half a cosine, to 0 after the last step of the last epoch.

    Source: Loshchilov & Hutter 2017, without restarts.
    """

    def __init__(self, config: TrainConfig, n_steps: int) -> None:
        self.first, self.n_steps = config.learning_rate, n_steps

    def learning_rate(self, steps_done: int) -> float:
        return self.first * (1 + math.cos(math.pi * steps_done / self.n_steps)) / 2

    def epoch_done(self, value: float) -> None:
        """Nothing: only steps count."""

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing: only steps count."""


class Constant:
    """Leaves the learning rate as it is."""

    def __init__(self, config: TrainConfig, n_steps: int) -> None:
        self.rate = config.learning_rate

    def learning_rate(self, steps_done: int) -> float:
        return self.rate

    def epoch_done(self, value: float) -> None:
        """Nothing: it is constant."""

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing: it is constant."""


class ScheduleMaker(Protocol):
    """Makes a schedule for so many steps in all."""

    def __call__(self, config: TrainConfig, n_steps: int) -> Schedule: ...


SCHEDULES: dict[str, ScheduleMaker] = {"plateau": Plateau, "cosine": Cosine, "constant": Constant}
