"""Losses against scikit-learn's, by hand, and with what a run hands them."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import entropy
from sklearn.metrics import log_loss

from taglab import losses
from taglab.errors import InvalidSetting
from taglab.losses import (
    LOSS_OF,
    LOSSES,
    Objective,
    absolute_error,
    balancing_weights,
    bce,
    bind,
    cross_entropy,
    kl_divergence,
    losses_for,
    masked_absolute_error,
    needs,
    row_distance,
    semantic_bce,
    similarity_of,
    squared_error,
    total_loss,
)
from taglab.targets import TARGET_KINDS

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


# Of length 1, or all zeros: of a class without a vector.
VECTORS = arrays(np.int64, (SHAPE[1], 3), elements=st.integers(-3, 3)).map(
    lambda found: found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1)
)


def by_loops(
    logits: np.ndarray, targets: np.ndarray, weights: np.ndarray, vectors: np.ndarray, gamma: float
) -> float:
    """Equation 33, term by term."""
    total = 0.0
    for row in range(len(logits)):
        for i in range(logits.shape[1]):
            if targets[row, i]:
                total += weights[i] * math.log1p(math.exp(-logits[row, i]))
                continue
            near = [
                float(vectors[i] @ vectors[j])
                for j in range(logits.shape[1])
                if targets[row, j] and vectors[i].any() and vectors[j].any()
            ]
            factor = 1 + gamma * (1 - max(near)) if near else 1.0
            total += factor * math.log1p(math.exp(logits[row, i]))
    return total / logits.size


@given(LOGITS, TARGETS, VECTORS, st.floats(0, 20))
def test_the_semantic_loss_is_that_of_three_loops(
    logits: np.ndarray, targets: np.ndarray, vectors: np.ndarray, gamma: float
) -> None:
    weights = np.array([1.0, 2.5, 0.5, 7.0])
    ours = semantic_bce(
        torch.from_numpy(logits),
        torch.from_numpy(targets),
        torch.from_numpy(weights),
        similarity_of(vectors).double(),
        gamma,
        SHAPE[1],
    )
    theirs = by_loops(logits, targets, weights, vectors, gamma)
    assert float(ours) == pytest.approx(theirs, rel=1e-5, abs=1e-6)


@given(LOGITS, TARGETS, VECTORS, st.booleans())
def test_gamma_0_is_plain_cross_entropy_bit_for_bit(
    logits: np.ndarray, targets: np.ndarray, vectors: np.ndarray, weighted: bool
) -> None:
    truth, weights = torch.from_numpy(targets).float(), torch.tensor([1.0, 2.0, 3.0, 0.3])
    found = []
    for loss in (bce, lambda *batch: semantic_bce(*batch, similarity_of(vectors), 0.0, SHAPE[1])):
        given = torch.from_numpy(logits).float().requires_grad_()
        value = loss(given, truth, weights if weighted else None)
        value.backward()
        found.append((value.detach(), given.grad))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])


def test_what_is_far_from_the_truth_costs_more() -> None:
    similarity = similarity_of([[1, 0], [0.8, 0.6], [-1, 0], [0, 0]])
    truth, logits = torch.tensor([[1.0, 0, 0, 0]]), torch.zeros(1, 4, requires_grad=True)
    semantic_bce(logits, truth, None, similarity, 2.0, 1).backward()
    # Of the true class, of a near one, of its opposite, and of one without a vector.
    np.testing.assert_allclose(logits.grad[0] * 8, [-1, 1.4, 5, 1], rtol=1e-6)


def test_many_true_classes_are_taken_some_at_a_time() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((90, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = (rng.random((7, 90)) < np.linspace(0, 1, 7)[:, None]).astype(np.float64)
    logits, most = rng.standard_normal((7, 90)), int(truth.sum(axis=1).max())
    batch = (torch.from_numpy(logits), torch.from_numpy(truth), None)
    ours = semantic_bce(*batch, similarity_of(vectors).double(), 3.0, most)
    assert float(ours) == pytest.approx(by_loops(logits, truth, np.ones(90), vectors, 3.0), rel=1e-6)
    # More is allowed than there is.
    assert torch.equal(ours, semantic_bce(*batch, similarity_of(vectors).double(), 3.0, 1_000))


@pytest.mark.parametrize("name", LOSSES)
def test_contract_of_every_loss(name: str) -> None:
    n_classes = SHAPE[1]
    every = {"similarity": torch.eye(n_classes), "gamma": 1.5, "most_positives": n_classes}
    material = {part: every[part] for part in needs(name)}
    loss = bind(name, material)
    logits = torch.randn(SHAPE, requires_grad=True)
    targets = (torch.rand(SHAPE) < 0.5).float()
    if name in LOSS_OF["masked"]:  # of what, and then how much of it
        targets = torch.cat([torch.ones(SHAPE), targets], dim=1)
    for weights in (None, torch.ones(n_classes)):
        value = loss(logits, targets, weights)
        assert value.shape == ()
        assert torch.isfinite(value)
    value.backward()
    assert torch.isfinite(logits.grad).all()
    meant = targets[:, -n_classes:]
    better = loss((meant - 0.5) * 20, targets, None)
    assert float(better) < float(loss((0.5 - meant) * 20, targets, None))


def shares_of(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


@given(LOGITS, st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_cross_entropy_is_scikit_learns_log_loss(logits: np.ndarray, categories: list[int]) -> None:
    targets = np.eye(4)[categories]
    ours = cross_entropy(torch.from_numpy(logits), torch.from_numpy(targets))
    assert float(ours) == pytest.approx(log_loss(categories, shares_of(logits), labels=range(4)), abs=1e-6)


@given(LOGITS, LOGITS)
def test_divergence_is_scipys_relative_entropy_a_row(logits: np.ndarray, others: np.ndarray) -> None:
    targets = shares_of(others)
    ours = kl_divergence(torch.from_numpy(logits), torch.from_numpy(targets))
    assert float(ours) == pytest.approx(entropy(targets, shares_of(logits), axis=1).mean(), abs=1e-9)


def test_divergence_heeds_shares_of_0_and_weights() -> None:
    logits, targets = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    assert float(kl_divergence(logits, targets)) == pytest.approx(math.log(2))
    assert float(kl_divergence(logits, targets, torch.tensor([3.0, 9.0]))) == pytest.approx(3 * math.log(2))


@given(LOGITS, LOGITS)
def test_errors_are_numpys(outputs: np.ndarray, targets: np.ndarray) -> None:
    pair = torch.from_numpy(outputs), torch.from_numpy(targets)
    assert float(squared_error(*pair)) == pytest.approx(((outputs - targets) ** 2).mean())
    assert float(absolute_error(*pair)) == pytest.approx(abs(outputs - targets).mean())
    weights = torch.tensor([1.0, 0.0, 0.0, 2.0], dtype=torch.float64)
    weighted = (abs(outputs - targets) * weights.numpy()).mean()
    assert float(absolute_error(*pair, weights)) == pytest.approx(weighted)


def test_every_loss_is_of_a_kind_of_targets() -> None:
    assert LOSS_OF.keys() == {*TARGET_KINDS, "masked"}
    assert sorted(name for names in LOSS_OF.values() for name in names) == sorted(LOSSES)
    assert losses_for("binary") == ["bce", "semantic-bce"]
    assert losses_for("real") == ["squared-error", "absolute-error", "row-distance"]


def test_the_distance_of_a_row_is_the_root_of_its_mean_squared_error() -> None:
    outputs = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    loss = row_distance(outputs, torch.zeros(2, 2))
    assert loss.item() == pytest.approx((math.sqrt(12.5) + 0) / 2)
    loss.backward()
    assert torch.isfinite(outputs.grad).all(), "where nothing is wrong, too"
    assert row_distance(outputs, torch.zeros(2, 2), torch.tensor([0.0, 2.0])).item() == pytest.approx(2)


def test_a_mask_is_wrong_by_what_it_lets_through() -> None:
    masks = torch.tensor([[0.5, 1.0]])
    mixture_and_part = torch.tensor([[4.0, 2.0, 1.0, 2.0]])
    assert masked_absolute_error(masks, mixture_and_part).item() == pytest.approx((1 + 0) / 2)
    assert masked_absolute_error(masks, mixture_and_part, torch.tensor([6.0, 0.0])).item() == pytest.approx(3)


def test_unknown_rows_cost_nothing_and_teach_nothing() -> None:
    outputs = torch.randn(4, 2, requires_grad=True)
    targets = torch.tensor([[1.0, 0.0], [math.nan, math.nan], [0.0, 1.0], [math.nan, 1.0]])
    objective = Objective(bind("bce"))
    loss = objective.of(outputs, targets, torch.tensor([0, 2]))
    assert loss.item() == pytest.approx(bce(outputs[[0, 2]], targets[[0, 2]]).item())
    loss.backward()
    assert (outputs.grad[[1, 3]] == 0).all()
    assert (outputs.grad[[0, 2]] != 0).all()
    nothing = objective.of(outputs, targets, torch.zeros(0, dtype=torch.int64))
    assert nothing.item() == 0
    nothing.backward()  # processes that share a gradient wait for one


def test_the_total_is_the_weighted_sum_of_the_tasks_that_have_targets() -> None:
    outputs = {name: torch.randn(3, 2) for name in ("one", "two", "idle")}
    targets = {name: torch.ones(3, 2) for name in ("one", "two")}
    objectives = {
        "one": Objective(bind("bce"), torch.tensor([2.0, 3.0])),
        "two": Objective(bind("squared-error"), weight=0.25),
        "idle": Objective(bind("bce")),
    }
    total = total_loss(objectives, outputs, targets, dict.fromkeys(targets))
    by_hand = bce(outputs["one"], targets["one"], torch.tensor([2.0, 3.0])) + 0.25 * squared_error(
        outputs["two"], targets["two"]
    )
    assert float(total) == pytest.approx(float(by_hand))


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
