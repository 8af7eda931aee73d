"""Errors of estimates: by hand, and against scikit-learn and SciPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.stats import pearsonr
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from taglab.errors import InvalidSetting
from taglab.metrics.estimates import estimated, pearson_r, r_squared

_VALUES = st.integers(-50, 50).map(float)


@st.composite
def truth_and_estimates(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw both (tracks, columns), some true values unknown."""
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 3)))
    truth = draw(npst.arrays(np.float64, shape, elements=st.one_of(_VALUES, st.just(np.nan))))
    return truth, draw(npst.arrays(np.float64, shape, elements=_VALUES))


@given(truth_and_estimates())
def test_every_column_is_as_others_have_it(drawn: tuple[Any, Any]) -> None:
    found = estimated(*drawn)
    figures = [
        found.mean_squared_error(), found.mean_absolute_error(), found.r_squared(), found.pearson_r()
    ]  # fmt: skip
    for column, (true, given_) in enumerate(zip(drawn[0].T, drawn[1].T, strict=True)):
        known = ~np.isnan(true)
        true, given_ = true[known], given_[known]
        squared, absolute, share, r = (values[column] for values in figures)
        if not len(true):
            assert np.isnan([squared, absolute, share, r]).all()
            continue
        assert squared == pytest.approx(mean_squared_error(true, given_))
        assert absolute == pytest.approx(mean_absolute_error(true, given_))
        varies = np.ptp(true) > 0
        assert np.isnan(share) if not varies else share == pytest.approx(r2_score(true, given_), abs=1e-9)
        if varies and np.ptp(given_) > 0:
            assert r == pytest.approx(pearsonr(true, given_).statistic, abs=1e-9)
        else:
            assert np.isnan(r)


def test_the_columns_own_mean_accounts_for_nothing_and_a_line_for_all() -> None:
    truth = np.array([[0.1], [0.2], [0.6]])
    np.testing.assert_allclose(r_squared(truth, np.full((3, 1), 0.3)), 0, atol=1e-12)
    np.testing.assert_allclose(pearson_r(truth, 3 - 2 * truth), -1)


def test_values_that_are_all_the_same_have_no_correlation() -> None:
    assert np.isnan(pearson_r(np.full((7, 1), 0.1), np.arange(7.0)[:, None])).all()
    assert np.isnan(r_squared(np.full((7, 1), 0.1), np.arange(7.0)[:, None])).all()


def test_what_an_estimate_says_of_an_unknown_value_is_nothing() -> None:
    found = estimated([[1.0], [np.nan]], [[2.0], [np.inf]])
    assert found.mean_squared_error() == 1


def test_bad_arrays_are_refused() -> None:
    for truth, given_, message in [
        ([1.0], [1.0], "tracks, columns"),
        (np.empty((0, 1)), np.empty((0, 1)), "at least one of each"),
        ([[np.inf]], [[1.0]], "not known is NaN"),
        ([[1.0]], [[np.nan]], "has training diverged"),
    ]:
        with pytest.raises(InvalidSetting, match=message):
            estimated(truth, given_)
