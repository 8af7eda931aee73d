"""Consistency of distances, worked by hand and against other implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from taglab.errors import InvalidSetting
from taglab.metrics.consistency import between_spaces, nearest_other, nearest_own, within_space
from taglab.metrics.intervals import BootstrapSettings

# Five originals on a line, and where each lies after a change. The last two originals are copies.
ORIGINALS = np.array([0.0, 1.0, 2.0, 5.0, 5.0])
CHANGED = np.array([0.2, 1.5, 1.4, 5.0, 9.0])
LINE = np.abs(CHANGED[:, None] - ORIGINALS)


def distances(n: int, seed: int, spread: float = 0.3) -> np.ndarray:
    random = np.random.default_rng(seed)
    points = random.standard_normal((n, 3))
    changed = points + spread * random.standard_normal((n, 3))
    return np.linalg.norm(changed[:, None] - points, axis=2)


def test_five_points_on_a_line() -> None:
    # The second is as near to the third original, the third nearer to the second; copies tie.
    assert nearest_own(LINE).tolist() == [True, False, False, False, False]
    assert nearest_other(LINE).tolist() == [1, 2, 1, 4, 3]
    assert within_space(LINE).estimate == pytest.approx(0.2)


def test_the_interval_holds_the_share_and_is_drawn_from_the_seed() -> None:
    space = distances(60, 1, 0.8)
    interval = within_space(space)
    assert 0 < interval.low < interval.estimate < interval.high < 1
    # Worked by hand: Wilson's interval of 3 of 3 begins at 3 / (3 + z²).
    assert within_space(1 - np.eye(3)).low == pytest.approx(3 / (3 + 1.96**2), rel=1e-3)
    drawn = [between_spaces(space, distances(60, 2), BootstrapSettings(seed=seed)) for seed in (0, 0, 5)]
    assert drawn[0] == drawn[1]
    assert drawn[0].rank_correlation.low != drawn[2].rank_correlation.low


def test_the_same_space_agrees_with_itself() -> None:
    both = between_spaces(distances(30, 0, 0.8), distances(30, 0, 0.8))
    for figure in (both.rank_correlation, both.rank_correlation_by_item, both.agreement, both.kappa):
        assert figure.estimate == pytest.approx(1)


@given(st.integers(3, 25), st.integers(0, 50))
def test_figures_are_those_of_scipy_and_scikit_learn(n: int, seed: int) -> None:
    left, right = distances(n, seed, 1.0), distances(n, seed + 100, 1.0)
    both = between_spaces(left, right, BootstrapSettings(replicates=20))
    assert both.rank_correlation.estimate == pytest.approx(spearmanr(left.ravel(), right.ravel()).statistic)
    others = [spearmanr(np.delete(left[i], i), np.delete(right[i], i)).statistic for i in range(n)]
    assert both.rank_correlation_by_item.estimate == pytest.approx(np.nan_to_num(others).mean())
    own = nearest_own(left), nearest_own(right)
    assert both.agreement.estimate == pytest.approx((own[0] == own[1]).mean())
    if len({*own[0], *own[1]}) > 1:
        assert both.kappa.estimate == pytest.approx(cohen_kappa_score(*own))
    else:
        assert np.isnan(both.kappa.estimate)


def test_spaces_that_fail_alike_agree_and_kappa_tells() -> None:
    left, right = distances(200, 0, 50.0), distances(200, 1, 50.0)
    both = between_spaces(left, right)
    assert both.agreement.estimate > 0.9
    assert both.kappa.low < 0.1


def test_what_items_add_has_the_figures_as_means_and_their_spread() -> None:
    left, right = distances(80, 0, 1.0), distances(80, 4, 1.0)
    both = between_spaces(left, right, BootstrapSettings(replicates=2_000))
    figures = (both.rank_correlation, both.rank_correlation_by_item, both.agreement, both.kappa)
    assert both.of_items.mean(axis=0) == pytest.approx([figure.estimate for figure in figures], abs=1e-9)
    errors = both.of_items.std(axis=0, ddof=1) / np.sqrt(80)
    drawn = [(figure.high - figure.low) / (2 * 1.96) for figure in figures]
    assert errors == pytest.approx(drawn, rel=0.12)


def test_unrelated_spaces_have_no_rank_correlation() -> None:
    random = np.random.default_rng(0)
    both = between_spaces(random.random((80, 80)), random.random((80, 80)))
    assert both.rank_correlation.low < 0 < both.rank_correlation.high
    assert both.rank_correlation_by_item.low < 0 < both.rank_correlation_by_item.high


def test_a_space_that_ignores_the_change_is_consistent_and_one_that_hears_nothing_else_is_at_chance() -> None:
    random = np.random.default_rng(3)
    content, change = random.standard_normal((100, 4)), random.standard_normal((100, 4))
    ignores = np.linalg.norm(content[:, None] - content, axis=2)
    assert within_space(ignores).estimate == 1
    only_reads = np.linalg.norm(change[:, None] - random.standard_normal((100, 4)), axis=2)
    assert within_space(only_reads).estimate < 0.08


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (np.zeros((2, 3)), r"distances \(2, 3\) must be \(items, items\)"),
        (np.zeros((1, 1)), "of two items or more"),
        (np.full((3, 3), np.nan), "NaN or infinity"),
    ],
)
def test_what_is_no_distance_is_refused(wrong: np.ndarray, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        within_space(wrong)
    with pytest.raises(InvalidSetting):
        between_spaces(wrong, np.ones((3, 3)))
