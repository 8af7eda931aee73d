"""Every entry of METRICS keeps what is told of it; figures are those of the functions behind them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from taglab.errors import InvalidSetting
from taglab.metrics import (
    MATERIALS,
    METRICS,
    deciding,
    figures_of,
    figures_of_counts,
    mean_columns,
    metrics_of,
)
from taglab.metrics.likelihood import log_loss
from taglab.metrics.metric import Kind
from taglab.metrics.scored import scored
from taglab.metrics.tagging import mean_of_defined, tagging_scores
from taglab.metrics.thresholds import auc_pr_interpolated, confusion, roc_auc_at_thresholds
from tests.metrics.scored import learnt, truth_and_scores

ITEMS, EACH = 40, 2_000  # classes or columns, and tracks of each


def arrays(kind: Kind, knowing: float, seed: int = 0) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return arrays of a kind whose second side knows so much of the first, from 0 to 1."""
    random = np.random.default_rng(seed)
    truth = random.random((EACH, ITEMS)) < 0.3
    known = 20 * knowing**3 * (truth - 0.5)  # at 1 beyond doubt, so that losses vanish, too
    scores = 1 / (1 + np.exp(-(1 - knowing) * random.standard_normal(truth.shape) - known))
    if kind == "predictions":
        return truth, scores
    if kind == "rankings":
        return scores.T, truth.T
    values = random.standard_normal((EACH, ITEMS))
    return values, (1 - knowing) * random.standard_normal(values.shape) + knowing * values


@pytest.mark.parametrize("name", METRICS)
def test_what_is_told_of_a_metric_is_true(name: str) -> None:
    metric = METRICS[name]
    nothing, something, everything = (
        metric.of(MATERIALS[metric.kind](*arrays(metric.kind, knowing))) for knowing in (0.0, 0.3, 1.0)
    )
    assert nothing.shape == something.shape == everything.shape == (ITEMS,)
    for values in (nothing, something, everything):
        assert not np.isnan(values).any()
        assert not len(metric.out_of_range(values))
    means = [metric.sign * values.mean() for values in (nothing, something, everything)]
    assert means == sorted(means)
    assert means[0] < means[2]
    best = metric.range[1] if metric.higher_is_better else metric.range[0]
    if name != "recall_at_10":  # ten places do not hold all that is relevant
        np.testing.assert_allclose(everything, best, atol=0.003)
    if metric.chance == "prevalence":
        assert nothing.mean() == pytest.approx(0.3, abs=0.08)
    elif metric.chance is not None and name != "r_squared":  # whose 0 the column's own mean reaches
        assert nothing.mean() == pytest.approx(metric.chance, abs=0.01)
    found = metric.mean_interval(something)
    assert found.low < something.mean() < found.high


@pytest.mark.parametrize("name", METRICS)
def test_arrays_are_checked_before_anything_is_made_of_them(name: str) -> None:
    make = MATERIALS[METRICS[name].kind]
    for bad in (([0.1, 0.2], [1, 0]), ([[1.0]], [[np.nan]]), (np.empty((0, 3)), np.empty((0, 3)))):
        with pytest.raises(InvalidSetting):
            METRICS[name].of(make(*bad))


def test_names_titles_and_columns_tell_metrics_apart() -> None:
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
    columns = [column for kind in MATERIALS for column in mean_columns(kind)]
    assert len(set(columns)) == len(columns)
    assert {metric.kind for metric in METRICS.values()} == set(MATERIALS)
    # What runs on somebody's disk call them.
    kept = {"ap_micro", "ap_macro", "auc_pr_micro", "auc_pr_macro", "roc_auc_micro", "roc_auc_macro"}
    assert kept <= set(mean_columns())
    assert {"auc_pr", "auc_roc", "average_precision"} <= set(metrics_of())
    assert deciding().column == "ap_macro"


@given(truth_and_scores())
def test_figures_are_bit_for_bit_those_of_the_functions_behind_them(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    by_class, means = figures_of(scored(truth, scores))
    found, counts = tagging_scores(truth, scores), confusion(truth, scores)
    auc_pr = auc_pr_interpolated(counts)
    expected = {"average_precision": found.average_precision, "auc_pr": auc_pr, "auc_roc": found.roc_auc}
    expected["log_loss"] = log_loss(truth, scores)
    expected["f1_at_half"] = confusion(truth, scores, 0.5).f1[0]
    for name, values in expected.items():
        np.testing.assert_array_equal(by_class[name], values)
    expected_means = {
        "ap_micro": found.micro_average_precision,
        "ap_macro": found.macro_average_precision,
        "auc_pr_micro": float(auc_pr_interpolated(counts.micro())[0]),
        "auc_pr_macro": mean_of_defined(auc_pr),
        "roc_auc_micro": found.micro_roc_auc,
        "roc_auc_macro": found.macro_roc_auc,
        "f1_at_half_micro": float(confusion(truth, scores, 0.5).micro().f1[0, 0]),
    }
    for column, value in expected_means.items():
        np.testing.assert_array_equal(means[column], value)


def test_what_counts_alone_tell() -> None:
    counts = confusion(*learnt(200, 5))
    by_class, micro = figures_of_counts(counts)
    assert np.isnan(by_class["average_precision"]).all()
    np.testing.assert_array_equal(by_class["auc_roc"], roc_auc_at_thresholds(counts))
    np.testing.assert_array_equal(micro["auc_pr_micro"], auc_pr_interpolated(counts.micro())[0])
    assert not [column for column in micro if not column.endswith("_micro") or column == "ap_micro"]
