"""Replicates of a bootstrap against scikit-learn's weighted metrics."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from taglab.metrics import resampling
from taglab.metrics.tagging import tagging_scores
from tests.metrics.scored import learnt, truth_and_scores


def weighted(truth: Any, scores: Any, weights: Any) -> list[float]:
    """Return scikit-learn's average precision and ROC-AUC, NaN where undefined."""
    drawn = weights > 0
    if not truth[drawn].any():
        return [np.nan, np.nan]
    area = roc_auc_score(truth, scores, sample_weight=weights) if not truth[drawn].all() else np.nan
    return [average_precision_score(truth, scores, sample_weight=weights), area]


def draws(n_tracks: int, replicates: int, seed: int) -> list[Any]:
    return resampling.draws(np.random.default_rng(seed), n_tracks, replicates)


@given(truth_and_scores(max_classes=1), st.integers(0, 9))
def test_replicates_of_a_label_are_exact(drawn: tuple[Any, Any], seed: int) -> None:
    truth, scores = (side[:, 0] for side in drawn)
    weights = draws(len(truth), 5, seed)
    found = resampling.label_replicates(truth, scores, weights)
    expected = [weighted(truth, scores, each) for each in weights[0].T]
    np.testing.assert_allclose(found, np.transpose(expected), atol=1e-6)


@given(truth_and_scores(), st.integers(0, 9))
def test_micro_replicates_are_exact_where_scores_are_few(drawn: tuple[Any, Any], seed: int) -> None:
    truth, scores = drawn
    weights = draws(len(truth), 5, seed)
    whole = tagging_scores(truth, scores)
    estimate = np.array([whole.micro_average_precision, whole.micro_roc_auc])
    found = resampling.micro_replicates(truth, scores, weights, estimate)
    spread = [np.repeat(each, truth.shape[1]) for each in weights[0].T]
    expected = np.transpose([weighted(truth.ravel(), scores.ravel(), each) for each in spread])
    defined = ~np.isnan(found)
    np.testing.assert_allclose(found[defined], expected[defined], atol=1e-6)
    assert (np.isnan(expected) | defined | np.isnan(estimate)[:, None]).all()


def test_micro_replicates_are_near_where_scores_are_many() -> None:
    truth, scores = learnt(1500, 20)
    weights = draws(len(truth), 12, 0)
    whole = tagging_scores(truth, scores)
    estimate = np.array([whole.micro_average_precision, whole.micro_roc_auc])
    found = resampling.micro_replicates(truth, scores, weights, estimate)
    spread = [np.repeat(each, truth.shape[1]) for each in weights[0].T]
    expected = np.transpose([weighted(truth.ravel(), scores.ravel(), each) for each in spread])
    assert (np.abs(found - expected).max(axis=1) < 0.1 * expected.std(axis=1)).all()


def test_draws_are_with_replacement_and_by_seed() -> None:
    (first, last), again = draws(50, 200, 3), draws(50, 200, 3)
    assert (first.shape, last.shape) == ((50, 128), (50, 72))
    np.testing.assert_array_equal(first.sum(axis=0), 50)
    np.testing.assert_array_equal(first, again[0])
    assert not np.array_equal(first[:, :72], last)
    assert np.concatenate([first, last], axis=1).var() == pytest.approx(1 - 1 / 50, rel=0.1)
