"""Log-loss of every class, and F1 at a half, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as theirs

from taglab.errors import InvalidSetting
from taglab.metrics import figures_of
from taglab.metrics.likelihood import log_loss
from taglab.metrics.scored import scored
from tests.metrics.scored import learnt, truth_and_scores


@given(truth_and_scores())
def test_both_are_those_of_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = drawn
    by_class, means = figures_of(scored(truth, scores))
    for column in range(truth.shape[1]):
        one, of = truth[:, column], scores[:, column]
        assert by_class["log_loss"][column] == pytest.approx(
            theirs(one, of, labels=[False, True]), rel=1e-6, abs=1e-6
        )
        expected = f1_score(one, of >= 0.5, zero_division=0) if one.any() else np.nan
        assert by_class["f1_at_half"][column] == pytest.approx(expected, nan_ok=True)
    if truth.any():
        pooled = f1_score(truth.ravel(), scores.ravel() >= 0.5, zero_division=0)
        assert means["f1_at_half_micro"] == pytest.approx(pooled)
        mean = np.nanmean(by_class["f1_at_half"])
        assert means["f1_at_half_macro"] == pytest.approx(mean)


def test_it_is_what_is_worked_by_hand_and_never_infinite() -> None:
    truth, scores = np.array([[1, 0], [0, 0]]), np.array([[0.25, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(log_loss(truth, scores), [(np.log(4) + np.log(2)) / 2, np.log(2)])
    certain = log_loss([[1], [1]], np.array([[0.0], [1.0]], np.float32))
    np.testing.assert_allclose(certain, -np.log(np.finfo(np.float32).eps) / 2)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, scores = learnt(300, 7)
    whole = log_loss(truth, scores)
    monkeypatch.setattr("taglab.metrics.likelihood._BLOCK_SCORES", 600)
    np.testing.assert_array_equal(log_loss(truth, scores), whole)


def test_what_are_no_probabilities_are_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"must lie in \[0, 1\]"):
        log_loss([[1], [0]], [[1.5], [0.0]])
