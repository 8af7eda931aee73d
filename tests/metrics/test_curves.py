"""Curves: their points are scikit-learn's, and thinning leaves out no more area than it says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from sklearn import metrics

from taglab.errors import InvalidSetting
from taglab.metrics.curves import Curve, precision_recall_curve, roc_curve
from taglab.metrics.tagging import label_scores
from tests.metrics.scored import learnt, truth_and_scores


def steps_area(curve: Curve) -> float:
    return float(np.diff(curve.x) @ curve.y[1:])


@given(truth_and_scores(max_classes=1))
def test_whole_curves_are_scikit_learns(drawn: tuple[Any, Any]) -> None:
    truth, scores = (side[:, 0] for side in drawn)
    assume(truth.any())
    found = precision_recall_curve(truth, scores, tolerance=0)
    precision, recall, thresholds = metrics.precision_recall_curve(truth, scores)
    at = np.searchsorted(thresholds, found.thresholds[1:])
    np.testing.assert_allclose(found.x[1:], recall[at])
    np.testing.assert_allclose(found.y[1:], precision[at])
    assert found.x[0] == 0
    assert found.area == pytest.approx(metrics.average_precision_score(truth, scores))
    assert steps_area(found) == pytest.approx(found.area)
    assert found.thinning == 0
    assume(not truth.all())
    found = roc_curve(truth, scores, tolerance=0)
    false_rate, true_rate, thresholds = metrics.roc_curve(truth, scores, drop_intermediate=False)
    at = len(thresholds) - 1 - np.searchsorted(thresholds[::-1], found.thresholds)
    np.testing.assert_allclose(found.x, false_rate[at])
    np.testing.assert_allclose(found.y, true_rate[at])
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)
    assert found.area == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert np.trapezoid(found.y, found.x) == pytest.approx(found.area)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("curve_of", [precision_recall_curve, roc_curve])
@pytest.mark.parametrize("decimals", [None, 2])
def test_thinning_keeps_to_its_tolerance(curve_of: Any, tolerance: float, decimals: int | None) -> None:
    truth, scores = (side[:, 1] for side in learnt(8000, 2, decimals=decimals))
    whole, thinned = curve_of(truth, scores, 0), curve_of(truth, scores, tolerance)
    assert thinned.area == whole.area
    assert thinned.thinning <= tolerance
    assert set(thinned.thresholds) <= set(whole.thresholds)
    assert (thinned.x[0], thinned.x[-1]) == (whole.x[0], whole.x[-1])
    # Apart from what it says: the area between both on a fine grid.
    grid = np.linspace(0, 1, 200_001)[1:]
    if thinned.shape == "vh":
        drawn = [curve.y[np.searchsorted(curve.x, grid)] for curve in (whole, thinned)]
    else:
        drawn = [np.interp(grid, curve.x, curve.y) for curve in (whole, thinned)]
    assert np.abs(drawn[0] - drawn[1]).mean() == pytest.approx(thinned.thinning, abs=2e-4)


def test_a_screen_needs_few_points() -> None:
    truth, scores = (side[:, 1] for side in learnt(30_000, 2))
    assert len(roc_curve(truth, scores).x) < 300
    assert len(precision_recall_curve(truth, scores).x) < 300
    exact = label_scores(truth[:, None], scores[:, None])
    assert roc_curve(truth, scores).area == pytest.approx(exact.roc_auc[0])
    assert precision_recall_curve(truth, scores).area == pytest.approx(exact.average_precision[0])


def test_what_has_no_curve_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no track is positive"):
        precision_recall_curve([0, 0], [0.1, 0.2])
    with pytest.raises(InvalidSetting, match="every track is positive"):
        roc_curve([1, 1], [0.1, 0.2])
    with pytest.raises(InvalidSetting, match="of one class"):
        roc_curve([[1], [0]], [[0.1], [0.2]])
    with pytest.raises(InvalidSetting, match="tolerance=-1"):
        roc_curve([1, 0], [0.1, 0.2], tolerance=-1)
    with pytest.raises(InvalidSetting, match="NaN"):
        roc_curve([1, 0], [0.1, np.nan])
