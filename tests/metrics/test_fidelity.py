"""Fidelity: cases worked by hand, all orders of ties tried, and vectors published with ircor."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting
from taglab.metrics import fidelity
from taglab.metrics.fidelity import FIDELITIES, decision_auc, mean_kl_divergence, tau_ap_a

ORACLE = Path(__file__).resolve().parents[2] / "../shared/data/oracles/tau_ap/tau_ap_oracle.json"


def tau_ap(truth: list[float], order: tuple[int, ...]) -> float:
    """The definition, of items in the order of an estimate, highest first."""
    shares = [
        sum(truth[above] > truth[item] for above in order[:place]) / place
        for place, item in enumerate(order)
        if place
    ]
    return 2 * float(np.mean(shares)) - 1


def mean_over_orders(truth: list[float], estimate: list[float]) -> float:
    orders = [
        order
        for order in itertools.permutations(range(len(truth)))
        if all(estimate[one] >= estimate[other] for one, other in itertools.pairwise(order))
    ]
    return float(np.mean([tau_ap(truth, order) for order in orders]))


@pytest.mark.parametrize(
    ("truth", "estimate", "expected"),
    [
        ([4.0, 3.0, 2.0, 1.0], [40.0, 30.0, 20.0, 10.0], 1.0),
        ([4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], -1.0),
        # Places 2, 3, 4 hold the first, third and fourth: shares above are 0/1, 2/2, 3/3.
        ([4.0, 3.0, 2.0, 1.0], [3.0, 4.0, 2.0, 1.0], 1 / 3),
        # The same swap at the bottom costs a third of that: 1/1, 2/2, 2/3.
        ([4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 1.0, 2.0], 7 / 9),
        # The first two tied: the mean of 1 and 1/3.
        ([4.0, 3.0, 2.0, 1.0], [4.0, 4.0, 2.0, 1.0], 2 / 3),
        ([4.0, 3.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0], 0.0),
    ],
)
def test_by_hand(truth: list[float], estimate: list[float], expected: float) -> None:
    assert tau_ap_a(truth, estimate) == pytest.approx(expected, abs=1e-12)


@given(st.permutations(range(5)), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_ties_are_the_mean_of_their_orders(truth: list[int], estimate: list[int]) -> None:
    true, given_ = [float(one) for one in truth], [float(one) for one in estimate]
    assert tau_ap_a(true, given_) == pytest.approx(mean_over_orders(true, given_), abs=1e-12)


def test_ties_of_the_truth_are_refused_or_broken_by_the_order_of_items() -> None:
    with pytest.raises(InvalidSetting, match="truth ties items"):
        tau_ap_a([1.0, 1.0, 0.0], [3.0, 2.0, 1.0])
    assert tau_ap_a([1.0, 1.0, 0.0], [3.0, 2.0, 1.0], ties="order") == 1
    assert tau_ap_a([1.0, 1.0, 0.0], [2.0, 3.0, 1.0], ties="order") == tau_ap_a([3, 2, 1], [2, 3, 1])


@pytest.mark.parametrize("most", [1, 7, 30])
def test_many_items_are_compared_in_blocks(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0)
    truth, estimate = drawn.permutation(13), drawn.integers(0, 5, 13)
    whole = tau_ap_a(truth, estimate)
    monkeypatch.setattr(fidelity, "_MOST_PAIRS", most)
    assert tau_ap_a(truth, estimate) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("truth", "estimate", "message"),
    [
        ([1.0], [1.0], "two or more"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "of the same items"),
        ([1.0, 2.0], [1.0, np.nan], "finite"),
    ],
)
def test_what_cannot_be_ranked(truth: list[float], estimate: list[float], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        tau_ap_a(truth, estimate)


def test_decisions_by_pairs_in_the_right_order() -> None:
    assert decision_auc([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]) == 0.75
    assert np.isnan(decision_auc([1, 1], [0.3, 0.4]))


def test_classes_by_the_definition_and_0_where_an_explanation_says_the_same() -> None:
    truth = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    scores = np.array([[1.0, 0.0, -1.0], [2.0, 0.5, 0.0]])
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    by_hand = [
        sum(p * np.log(p / q) for p, q in zip(true, ours, strict=True) if p > 0)
        for true, ours in zip(truth, softmax, strict=True)
    ]
    assert mean_kl_divergence(truth, scores) == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert mean_kl_divergence(truth[:1], np.log(truth[:1]) + 7) == pytest.approx(0, abs=1e-12)
    with pytest.raises(InvalidSetting, match="add up to 1"):
        mean_kl_divergence([[0.5, 0.6]], [[0.0, 0.0]])


def test_every_measure_prefers_the_truth_to_its_contrary() -> None:
    truth: dict[str, Any] = {
        "ranking": [3.0, 2.0, 1.0],
        "decisions": [1, 1, 0],
        "classes": [[0.8, 0.2], [0.1, 0.9]],
    }
    better = {"ranking": 1, "decisions": 1, "classes": -1}
    for name, measure in FIDELITIES.items():
        scores = np.asarray(truth[name], np.float64)
        assert better[name] * (measure(truth[name], scores) - measure(truth[name], -scores)) > 0


@pytest.mark.realdata
def test_published_vectors_and_all_orders_of_ties() -> None:
    oracle = json.loads(ORACLE.read_text())
    for one in oracle["published"]:
        assert tau_ap_a(one["x"], one["y"]) == pytest.approx(one["tau_ap"], abs=5.1e-5)
        assert tau_ap_a(one["x"], one["y_ties"]) == pytest.approx(one["tau_ap_a_x_yties"], abs=5.1e-5)
    for one in oracle["brute"]:
        assert tau_ap_a(one["x"], one["y"]) == pytest.approx(one["tau_ap_a"], abs=1e-12)
