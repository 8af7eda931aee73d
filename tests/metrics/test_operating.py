"""Curves and operating points from counts agree with those from scores and with scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score

from taglab.errors import InvalidSetting
from taglab.metrics.curves import roc_curve
from taglab.metrics.operating import best_f1, curve_of_counts, operating_point
from taglab.metrics.tagging import label_scores
from taglab.metrics.thresholds import THRESHOLDS, confusion
from tests.metrics.scored import learnt


def test_a_point_is_what_scikit_learn_says() -> None:
    truth, scores = learnt(400, 3)
    counts = confusion(truth, scores)
    for column in range(3):
        found = operating_point(counts, column, 100)
        predicted = scores[:, column] >= np.float32(THRESHOLDS[100])
        assert found.threshold == THRESHOLDS[100]
        assert found.precision == pytest.approx(precision_score(truth[:, column], predicted))
        assert found.recall == pytest.approx(recall_score(truth[:, column], predicted))
        assert found.f1 == pytest.approx(f1_score(truth[:, column], predicted))
        negatives = predicted[~truth[:, column]]
        assert found.false_positive_rate == pytest.approx(negatives.mean())


def test_the_best_f1_of_every_score_is_at_least_that_of_200_thresholds() -> None:
    truth, scores = learnt(500, 5)
    exact = label_scores(truth, scores)
    for column in range(5):
        found = best_f1(confusion(truth, scores), column)
        assert found is not None
        assert found.f1 == pytest.approx(exact.best_f1[column], abs=0.02)
        assert found.f1 <= exact.best_f1[column] + 1e-12


def test_of_equal_f1_the_highest_threshold_is_taken() -> None:
    counts = confusion(np.array([[1], [0]]), np.array([[0.8], [0.2]]), [0.1, 0.3, 0.5, 0.7, 0.9])
    found = best_f1(counts, 0)
    assert found is not None
    assert (found.threshold, found.f1) == (0.7, 1)


def test_no_positive_has_no_best_f1_and_no_curve() -> None:
    counts = confusion(np.array([[0], [0]]), np.array([[0.8], [0.2]]))
    assert best_f1(counts, 0) is None
    with pytest.raises(InvalidSetting, match="no track is positive"):
        curve_of_counts(counts, 0, "pr")


def test_no_negative_has_no_roc_curve() -> None:
    counts = confusion(np.array([[1], [1]]), np.array([[0.8], [0.2]]))
    assert np.isnan(operating_point(counts, 0, 5).false_positive_rate)
    curve_of_counts(counts, 0, "pr")
    with pytest.raises(InvalidSetting, match="every track is positive"):
        curve_of_counts(counts, 0, "roc")


def test_points_of_counts_lie_on_the_whole_curve() -> None:
    truth, scores = learnt(300, 1, decimals=2)
    counts = confusion(truth, scores)
    pr = curve_of_counts(counts, 0, "pr")
    precision, recall, _ = precision_recall_curve(truth[:, 0], scores[:, 0])
    on_curve = set(zip(recall.round(9), precision.round(9), strict=True))
    assert set(zip(pr.x.round(9), pr.y.round(9), strict=True)) <= on_curve
    assert (np.diff(pr.x) >= 0).all()
    roc = curve_of_counts(counts, 0, "roc")
    area = np.trapezoid([*roc.y, 1], [*roc.x, 1])
    assert area == pytest.approx(roc_curve(truth[:, 0], scores[:, 0]).area, abs=0.005)


def test_where_nothing_is_predicted_there_is_no_point() -> None:
    counts = confusion(np.array([[1], [0]]), np.array([[0.5], [0.2]]))
    pr, roc = curve_of_counts(counts, 0, "pr"), curve_of_counts(counts, 0, "roc")
    assert pr.thresholds.max() < 0.51
    assert not np.isnan(pr.y).any()
    assert len(roc.x) == len(THRESHOLDS)
