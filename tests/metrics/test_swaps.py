"""Swap tests: against every swap made one by one with scikit-learn's metrics, and what p must do."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from taglab.errors import Cancelled
from taglab.metrics import swaps
from taglab.metrics.swaps import false_discovery, swap_tests
from tests.metrics.scored import learnt


def one_by_one(truth: Any, ours: Any, theirs: Any, metric: Any) -> Any:
    """Return the differences of all swaps, none first, by scikit-learn."""
    ranks = np.stack([rankdata(ours), rankdata(theirs)])
    found = []
    for pattern in itertools.product((0, 1), repeat=len(truth)):
        first = np.where(pattern, ranks[1], ranks[0])
        second = np.where(pattern, ranks[0], ranks[1])
        found.append(metric(truth, first) - metric(truth, second))
    return np.array(found)


@settings(max_examples=15)
@given(st.integers(0, 999), st.integers(2, 4), st.booleans())
def test_p_is_that_of_every_swap_made_one_by_one(seed: int, positives: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    truth = np.arange(7) < positives
    scores = random.random((2, 7)).round(1 if ties else 6)
    found = swap_tests(truth[:, None], scores[0][:, None], scores[1][:, None], 0.5, 9_999, 0)
    for test, metric in zip(found, (average_precision_score, roc_auc_score), strict=True):
        assert (test.patterns, test.enumerated) == (64, True)
        apart = np.abs(one_by_one(truth, *scores, metric))
        if apart.max() < 1e-9:
            assert "alike" in test.reasons[0]
            continue
        least = np.mean(apart >= apart.max() - 1e-6)
        assert bool(test.reasons[0]) == (least >= 0.5)
        expected = np.nan if test.reasons[0] else np.mean(apart >= apart[0] - 1e-6)
        np.testing.assert_allclose(test.p, [expected] * 3)  # of one label, the means are the label's


def test_drawn_swaps_come_near_to_all_and_depend_on_the_seed() -> None:
    truth, ours = learnt(13, 2, seed=4)
    truth[:4] = True
    theirs = np.random.default_rng(5).random(ours.shape)
    (all_swaps, _), (drawn, _), (again, _), (other, _) = (
        swap_tests(truth, ours, theirs, 0.95, n, seed)
        for n, seed in ((9_999, 0), (3_000, 0), (3_000, 0), (3_000, 1))
    )
    assert (all_swaps.enumerated, all_swaps.patterns) == (True, 4096)
    assert (drawn.enumerated, drawn.patterns) == (False, 3001)
    np.testing.assert_allclose(drawn.p, all_swaps.p, atol=0.04)
    np.testing.assert_array_equal(drawn.p, again.p)
    assert (drawn.p != other.p).any()


def test_only_order_counts() -> None:
    truth, ours = learnt(60, 3)
    theirs = learnt(60, 3, seed=1)[1]
    plain = swap_tests(truth, ours, theirs, 0.95, 999, 0)
    stretched = swap_tests(truth, np.exp(9 * ours.astype(float)), theirs - 100, 0.95, 999, 0)
    for one, other in zip(plain, stretched, strict=True):
        np.testing.assert_array_equal(one.p[:3], other.p[:3])


def test_sides_change_the_sign_only() -> None:
    truth, ours = learnt(60, 3)
    theirs = np.random.default_rng(0).random(ours.shape)
    for one, other in zip(
        swap_tests(truth, ours, theirs, 0.95, 999, 0), swap_tests(truth, theirs, ours, 0.95, 999, 0),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(one.observed, -other.observed)
        np.testing.assert_allclose(one.p, other.p)


def test_a_better_model_has_the_least_p_and_p_is_never_0() -> None:
    truth, ours = learnt(400, 3)
    theirs = np.random.default_rng(1).random(ours.shape)
    for test in swap_tests(truth, ours, theirs, 0.95, 499, 0):
        np.testing.assert_allclose(test.p[1:], 1 / 500)
        assert (abs(test.observed) > test.reach).all()


def test_p_falls_below_the_level_where_the_difference_exceeds_the_reach() -> None:
    random = np.random.default_rng(3)
    truth = np.repeat(np.arange(30)[:, None] < 8, 200, axis=1)
    ours, theirs = random.random((2, 30, 200))
    for test in swap_tests(truth, ours + 0.4 * truth, theirs, 0.9, 499, 0):
        known = ~np.isnan(test.p)
        assert 20 < (test.p[known] < 0.1).sum() < 200
        np.testing.assert_array_equal(test.p[known] < 0.1, abs(test.observed[known]) > test.reach[known])


def test_what_cannot_be_told_has_a_reason_and_no_p() -> None:
    random = np.random.default_rng(0)
    truth = np.zeros((5, 6), np.bool_)
    truth[:2, [0, 4]] = truth[:, 1] = truth[0, 2] = truth[1:, 3] = True
    ours, theirs = random.random((2, 5, 6))
    theirs[:, 4] = ours[:, 4] ** 2  # another scale, the same order
    for test in swap_tests(truth, ours, theirs, 0.95, 9_999, 0):
        assert "too few tracks" in test.reasons[0]  # 16 patterns: p = 0.0625 at best
        assert test.reasons[1] == "every track has the label"
        assert test.reasons[2] == "a single track has the label"
        assert test.reasons[3] == "a single track lacks the label"
        assert "alike" in test.reasons[4]
        assert test.reasons[5] == "no track has the label"
        assert np.isnan(test.p[:6]).all()
        assert np.isnan(test.reach[:6]).all()
    nothing = swap_tests(truth[:, 5:], ours[:, 5:], theirs[:, 5:], 0.95, 99, 0)
    assert nothing[0].reasons[1:] == ("no label has a value",) * 2


def test_many_positives_are_told_apart_at_some_places_only(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, ours = learnt(600, 2, seed=2)
    theirs = np.clip(ours + 0.25 * np.random.default_rng(2).standard_normal(ours.shape), -1, 2)
    exact = swap_tests(truth, ours, theirs, 0.95, 999, 0)
    monkeypatch.setattr(swaps, "_MOST_LEVELS", 100)
    near = swap_tests(truth, ours, theirs, 0.95, 999, 0)
    for one, other in zip(exact, near, strict=True):
        np.testing.assert_allclose(one.p, other.p, atol=0.02)


def test_false_discovery_is_scipys_without_what_is_no_test() -> None:
    p = np.array([0.03, np.nan, 0.001, 0.5, 0.02])
    adjusted = false_discovery(p)
    np.testing.assert_allclose(adjusted[[0, 2, 3, 4]], stats.false_discovery_control(p[[0, 2, 3, 4]]))
    assert np.isnan(adjusted[1])
    assert np.isnan(false_discovery(np.full(3, np.nan))).all()


def test_a_test_is_interrupted_between_blocks() -> None:
    truth, ours = learnt(30, 2)
    told: list[float] = []

    def stop(fraction: float, text: str) -> None:
        told.append(fraction)
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        swap_tests(truth, ours, ours[::-1], 0.95, 2_000, 0, stop)
    assert told == sorted(told)
    assert told[-1] < 0.9
