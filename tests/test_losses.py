"""Losses against scikit-learn's, by hand, and with what a run hands them."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import log_loss

from taglab import losses
from taglab.errors import InvalidSetting
from taglab.losses import LOSSES, balancing_weights, bce, bind, needs

SHAPE = (6, 4)
LOGITS = arrays(np.float64, SHAPE, elements=st.floats(-12, 12))
TARGETS = arrays(np.float64, SHAPE, elements=st.sampled_from([0.0, 1.0]))


@given(LOGITS, TARGETS)
def test_bce_is_the_mean_log_loss(logits: np.ndarray, targets: np.ndarray) -> None:
    ours = float(bce(torch.from_numpy(logits), torch.from_numpy(targets)))
    scores = 1 / (1 + np.exp(-logits))
    peer = log_loss(targets.ravel(), scores.ravel(), labels=[0, 1])
    assert ours == pytest.approx(peer, abs=1e-9)


def test_bce_of_no_knowledge_is_ln_2() -> None:
    assert float(bce(torch.zeros(3, 2), torch.tensor([[0.0, 1], [1, 1], [0, 0]]))) == pytest.approx(
        math.log(2)
    )


def test_weights_count_positives_only() -> None:
    logits, targets = torch.tensor([[0.5, -1.0]]), torch.tensor([[1.0, 0.0]])
    weighted = float(bce(logits, targets, torch.tensor([3.0, 7.0])))
    by_hand = (3 * math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-1.0))) / 2
    assert weighted == pytest.approx(by_hand, abs=1e-6)


def test_logits_without_limit_give_a_finite_loss() -> None:
    logits = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = bce(logits, torch.tensor([[0.0, 1.0]]))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(1e4)
    assert torch.isfinite(logits.grad).all()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_balanced_positives_weigh_as_much_as_negatives(positives: list[int]) -> None:
    weights = balancing_weights(positives, 50)
    for count, weight in zip(positives, weights, strict=True):
        if 0 < count < 50:
            assert count * weight == pytest.approx(50 - count, rel=1e-6)
        else:
            assert weight == 1


@pytest.mark.parametrize("name", LOSSES)
def test_contract_of_every_loss(name: str) -> None:
    n_classes = SHAPE[1]
    material = {part: torch.eye(n_classes) for part in needs(name)}
    loss = bind(name, material)
    logits = torch.randn(SHAPE, requires_grad=True)
    targets = (torch.rand(SHAPE) < 0.5).float()
    for weights in (None, torch.ones(n_classes)):
        value = loss(logits, targets, weights)
        assert value.shape == ()
        assert torch.isfinite(value)
    value.backward()
    assert torch.isfinite(logits.grad).all()
    better = loss((targets - 0.5) * 20, targets, None)
    assert float(better) < float(loss((0.5 - targets) * 20, targets, None))


def test_a_loss_is_handed_what_it_needs_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaning(
        logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, similarities: torch.Tensor
    ) -> torch.Tensor:
        return bce(logits @ similarities, targets, weights)

    monkeypatch.setitem(losses.LOSSES, "leaning", leaning)
    assert needs("leaning") == ("similarities",)
    assert needs("bce") == ()
    logits, targets = torch.randn(3, 2), torch.ones(3, 2)
    bound = bind("leaning", {"similarities": 2 * torch.eye(2), "unneeded": torch.ones(1)})
    assert float(bound(logits, targets, None)) == pytest.approx(float(bce(2 * logits, targets)))
    with pytest.raises(InvalidSetting, match="must be given similarities"):
        bind("leaning")


def test_an_unknown_loss_names_the_others() -> None:
    with pytest.raises(InvalidSetting, match="loss='hinge' must be one of bce"):
        bind("hinge")
