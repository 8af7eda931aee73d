"""Means of repetitions: SciPy's t where they are independent, wider where splits share tracks."""

import numpy as np
import pytest
from scipy import stats

from taglab.metrics.repeated import mean_interval

VALUES = [0.31, 0.35, 0.28, 0.40, 0.33]


def test_independent_repetitions_have_students_interval() -> None:
    found, expected = mean_interval([*VALUES, np.nan]), stats.ttest_1samp(VALUES, 0)
    assert (found.estimate, found.p) == pytest.approx((np.mean(VALUES), expected.pvalue))
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_splits_that_share_tracks_widen_it_as_nadeau_and_bengio_have_it() -> None:
    plain, shared = mean_interval(VALUES), mean_interval(VALUES, 0.25)
    ratio = (shared.high - shared.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(np.sqrt((1 / 5 + 0.25) / (1 / 5)))


@pytest.mark.parametrize(
    ("values", "reason"), [([0.3], "1 of two"), ([], "0 of two"), ([0.3, 0.3], "all repetitions")]
)
def test_what_does_not_vary_has_no_interval(values: list[float], reason: str) -> None:
    found = mean_interval(values)
    assert reason in found.reason
    assert np.isnan([found.low, found.high, found.p]).all()
