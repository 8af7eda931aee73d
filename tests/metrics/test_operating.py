"""Decisions, operating points and curves agree with scikit-learn and with curves from scores."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score

from taglab.errors import InvalidSetting
from taglab.metrics.curves import roc_curve
from taglab.metrics.operating import (
    CELLS,
    best_f1,
    curve_of_decisions,
    decisions,
    operating_point,
    with_rates,
)
from taglab.metrics.tagging import label_scores
from taglab.metrics.thresholds import THRESHOLDS, confusion
from tests.metrics.scored import learnt, truth_and_scores


def test_a_point_is_what_scikit_learn_says() -> None:
    truth, scores = learnt(400, 3)
    counts = confusion(truth, scores)
    for column in range(3):
        found = operating_point(decisions(counts, column), 100)
        predicted = scores[:, column] >= np.float32(THRESHOLDS[100])
        assert found.threshold == THRESHOLDS[100]
        assert found.precision == pytest.approx(precision_score(truth[:, column], predicted))
        assert found.recall == pytest.approx(recall_score(truth[:, column], predicted))
        assert found.f1 == pytest.approx(f1_score(truth[:, column], predicted))
        assert found.false_positive_rate == pytest.approx(predicted[~truth[:, column]].mean())


@given(truth_and_scores())
def test_decisions_are_all_tracks_and_rates_lie_in_bounds(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    counts = confusion(*drawn)
    for column in range(drawn[0].shape[1]):
        table = decisions(counts, column)
        np.testing.assert_allclose(table[list(CELLS)].sum(axis=1), 1)
        rates = table[["precision", "recall", "false_positive_rate", "f1"]].to_numpy()
        assert (np.isnan(rates) | ((rates >= 0) & (rates <= 1))).all()
        for name in ("precision", "recall", "false_positive_rate", "f1"):
            np.testing.assert_allclose(table[name], getattr(counts, name)[:, column])


def test_printed_shares_have_rates_and_no_number_of_tracks() -> None:
    printed = pd.DataFrame(
        {"threshold": [0.5], "tp": [0.1], "tn": [0.6], "fp": [0.1], "fn": [0.2], "table": [20]}
    )
    row = with_rates(printed).iloc[0]
    assert (row["precision"], row["recall"]) == (pytest.approx(1 / 2), pytest.approx(1 / 3))
    assert (row["false_positive_rate"], row["f1"]) == (pytest.approx(1 / 7), pytest.approx(0.4))
    assert np.isnan(row["tracks"])


def test_the_best_f1_of_every_score_is_at_least_that_of_200_thresholds() -> None:
    truth, scores = learnt(500, 5)
    exact = label_scores(truth, scores)
    for column in range(5):
        found = best_f1(decisions(confusion(truth, scores), column))
        assert found is not None
        assert found.f1 == pytest.approx(exact.best_f1[column], abs=0.02)
        assert found.f1 <= exact.best_f1[column] + 1e-12


def test_of_equal_f1_the_highest_threshold_is_taken() -> None:
    counts = confusion(np.array([[1], [0]]), np.array([[0.8], [0.2]]), [0.1, 0.3, 0.5, 0.7, 0.9])
    found = best_f1(decisions(counts, 0))
    assert found is not None
    assert (found.threshold, found.f1) == (0.7, 1)


def test_no_positive_has_no_best_f1_and_no_curve() -> None:
    table = decisions(confusion(np.array([[0], [0]]), np.array([[0.8], [0.2]])), 0)
    assert best_f1(table) is None
    with pytest.raises(InvalidSetting, match="no track is positive"):
        curve_of_decisions(table, "pr")


def test_no_negative_has_no_roc_curve() -> None:
    table = decisions(confusion(np.array([[1], [1]]), np.array([[0.8], [0.2]])), 0)
    assert np.isnan(operating_point(table, 5).false_positive_rate)
    curve_of_decisions(table, "pr")
    with pytest.raises(InvalidSetting, match="every track is positive"):
        curve_of_decisions(table, "roc")


def test_points_of_counts_lie_on_the_whole_curve() -> None:
    truth, scores = learnt(300, 1, decimals=2)
    table = decisions(confusion(truth, scores), 0)
    pr = curve_of_decisions(table, "pr")
    precision, recall, _ = precision_recall_curve(truth[:, 0], scores[:, 0])
    on_curve = set(zip(recall.round(9), precision.round(9), strict=True))
    assert set(zip(pr.x.round(9), pr.y.round(9), strict=True)) <= on_curve
    assert (np.diff(pr.x) >= 0).all()
    roc = curve_of_decisions(table, "roc")
    area = np.trapezoid([*roc.y, 1], [*roc.x, 1])
    assert area == pytest.approx(roc_curve(truth[:, 0], scores[:, 0]).area, abs=0.005)


def test_where_nothing_is_predicted_there_is_no_point() -> None:
    table = decisions(confusion(np.array([[1], [0]]), np.array([[0.5], [0.2]])), 0)
    pr, roc = curve_of_decisions(table, "pr"), curve_of_decisions(table, "roc")
    assert pr.thresholds.max() < 0.51
    assert not np.isnan(pr.y).any()
    assert len(roc.x) == len(THRESHOLDS)
