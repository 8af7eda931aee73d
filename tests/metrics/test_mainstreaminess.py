"""Mainstreaminess: by hand, and its sign."""

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.metrics.mainstreaminess import mainstreaminess


def test_by_hand() -> None:
    plays = sparse.csr_array([[3.0, 1.0, 0.0, 0.0], [3.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0] * 4])
    # Of ten plays: 0.6, 0.2, 0.2 and none.
    np.testing.assert_allclose(mainstreaminess(plays)[:3], [0.8, 0.8, 0.2])
    assert np.isnan(mainstreaminess(plays)[3])


def test_who_plays_what_all_play_is_more_mainstream_than_who_plays_what_nobody_does() -> None:
    drawn = np.random.default_rng(0)
    popular = 1 / np.arange(1, 101)
    plays = drawn.multinomial(60, popular / popular.sum(), 200).astype(float)
    rare = np.zeros((1, 100))
    rare[0, 70:] = 2
    everything = plays.sum(axis=0, keepdims=True)
    of_all = mainstreaminess(sparse.csr_array(np.concatenate([plays, rare, everything])))
    assert of_all[-1] > 0.99
    assert of_all[-2] < of_all[:-2].min() < of_all[-1]


def test_a_user_may_play_more_of_the_same() -> None:
    plays = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    doubled = np.concatenate([plays, plays])
    np.testing.assert_allclose(
        mainstreaminess(sparse.csr_array(plays)), mainstreaminess(sparse.csr_array(doubled))[:2]
    )


@pytest.mark.parametrize("plays", [[[0.0, 0.0]], [[1.0, -1.0]]])
def test_plays_below_zero_or_none(plays: list[list[float]]) -> None:
    with pytest.raises(InvalidSetting, match="nobody played anything"):
        mainstreaminess(sparse.csr_array(plays))


def test_many_single_plays_of_one_item_add_up() -> None:
    """In single precision 2^24 plays and one more are 2^24: the second item would have all the weight."""
    counts = np.zeros((1_001, 2), np.float32)
    counts[0], counts[1:, 0] = 2.0**24, 1.0
    overlap = mainstreaminess(sparse.csr_array(counts))
    assert overlap[-1] == pytest.approx((2**24 + 1_000) / (2**25 + 1_000), rel=1e-9)
