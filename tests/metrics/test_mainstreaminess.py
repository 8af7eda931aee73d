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
