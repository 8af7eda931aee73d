"""Learning rates, against PyTorch's."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from taglab.training import TrainConfig
from taglab.training.schedules import SCHEDULES, Patience

VALUES = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=30)


def optimiser(rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], rate)


@given(VALUES, st.integers(0, 4), st.sampled_from([0.0, 0.01, 0.3]))
def test_plateau_is_pytorchs(values: list[float], patience: int, min_delta: float) -> None:
    config = TrainConfig(
        learning_rate=0.1, plateau_patience=patience, plateau_factor=0.5, plateau_min_delta=min_delta
    )
    ours = SCHEDULES["plateau"](config, 100)
    peer = optimiser(0.1)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        peer, factor=0.5, patience=patience, threshold=min_delta, threshold_mode="abs", eps=0
    )
    for value in values:
        ours.epoch_done(value)
        scheduler.step(value)
        assert ours.learning_rate(0) == pytest.approx(peer.param_groups[0]["lr"], rel=1e-12)


def test_cosine_is_pytorchs() -> None:
    config = TrainConfig(schedule="cosine", learning_rate=0.1)
    ours, peer = SCHEDULES["cosine"](config, 50), optimiser(0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(peer, T_max=50)
    for step in range(50):
        assert ours.learning_rate(step) == pytest.approx(peer.param_groups[0]["lr"], rel=1e-9)
        peer.step()
        scheduler.step()
    assert ours.learning_rate(50) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("name", SCHEDULES)
@given(VALUES, VALUES)
def test_state_is_everything(name: str, before: list[float], after: list[float]) -> None:
    config = TrainConfig(plateau_patience=1)
    whole, resumed = (SCHEDULES[name](config, 100) for _ in range(2))
    for value in before:
        whole.epoch_done(value)
    resumed.load(whole.state())
    for step, value in enumerate(after):
        whole.epoch_done(value)
        resumed.epoch_done(value)
        assert whole.learning_rate(step) == resumed.learning_rate(step) > 0


def test_patience_counts_epochs_without_improvement() -> None:
    patience = Patience(min_delta=0.1)
    assert [patience.told(value) for value in (1.0, 0.95, 0.89, 0.85, math.inf, 0.5)] == [0, 1, 0, 1, 2, 0]
