"""Imbalance and its correlation with metrics."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from taglab.errors import InvalidSetting
from taglab.metrics.balance import correlation_with_counts, imbalance_ratios, lift, mean_imbalance_ratio

THESIS = Path(__file__).resolve().parents[2] / "../shared/data/thesis-results"


def test_worked_by_hand() -> None:
    np.testing.assert_array_equal(imbalance_ratios([4, 0, 1]), [1, np.nan, 4])
    assert mean_imbalance_ratio([4, 0, 1]) == 2.5
    assert mean_imbalance_ratio([7, 7, 7]) == 1
    assert np.isnan(mean_imbalance_ratio([0, 0]))
    assert np.isnan(mean_imbalance_ratio([]))
    np.testing.assert_array_equal(lift([0.5, np.nan, 0.2], [0.25, 0, 0.2]), [2, np.nan, 1])


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1000)), min_size=3, max_size=30).filter(
        lambda pairs: all(np.ptp(side) > 1e-3 for side in zip(*pairs, strict=True))
    )
)
def test_correlation_is_scipys(pairs: list[tuple[float, int]]) -> None:
    values, counts = zip(*pairs, strict=True)
    found, expected = correlation_with_counts(values, counts), stats.pearsonr(values, counts)
    assert found.r == pytest.approx(expected.statistic, abs=1e-9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-6)
    assert (found.n, found.left_out) == (len(pairs), 0)


def test_undefined_metrics_are_left_out_and_counted() -> None:
    found = correlation_with_counts([0.1, np.nan, 0.2, 0.4], [1, 0, 2, 4])
    assert (found.r, found.n, found.left_out) == (pytest.approx(1), 3, 1)
    assert found.p == pytest.approx(0, abs=1e-6)


def test_a_constant_has_no_correlation() -> None:
    found = correlation_with_counts([0.1, 0.1, 0.1], [1, 2, 3])
    assert np.isnan([found.r, found.p]).all()


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="2 classes have a metric"):
        correlation_with_counts([0.1, 0.2, np.nan], [1, 2, 3])
    with pytest.raises(InvalidSetting, match="must both be"):
        correlation_with_counts([0.1, 0.2], [1, 2, 3])


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "expected"),
    [("model-4.1-npmi-spectrogram", 71.2238), ("model-4.2-tag-embeddings-spectrogram", 28.7327)],
)
def test_published_mean_imbalance_ratios(model: str, expected: float) -> None:
    path = THESIS / model / "confusion.npz"
    if not path.is_file():
        pytest.skip("the thesis's published results are not beside the checkout")
    with np.load(path) as file:
        positives = file["tp"][0] + file["fn"][0]
    assert mean_imbalance_ratio(positives) == pytest.approx(expected, abs=1e-4)
