"""Distances of sequences, against librosa and a direct evaluation."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taglab.errors import InvalidSetting
from taglab.metrics.sequences import dtw_distances, profile_distances


def sequences(n: int, frames: int, seed: int, coefficients: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, frames, coefficients)).astype(np.float32) * 20


def test_a_path_worked_by_hand() -> None:
    first = np.array([[[0], [1], [2]]], np.float32)
    second = np.array([[[0], [0], [1], [2], [4]]], np.float32)
    assert dtw_distances(first, second).tolist() == [[2.0]]  # all but the last frame find their like


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 20))
def test_warping_is_as_librosa_has_it(n: int, m: int, seed: int) -> None:
    first, second = sequences(2, n, seed), sequences(3, m, seed + 1)
    for a, row in zip(first, dtw_distances(first, second), strict=True):
        for b, distance in zip(second, row, strict=True):
            costs = librosa.sequence.dtw(a.T, b.T, metric="euclidean", backtrack=False)
            assert distance == pytest.approx(costs[-1, -1], rel=1e-5)


@given(st.integers(1, 5), st.integers(5, 12), st.integers(5, 12), st.integers(0, 20))
def test_profiles_are_as_evaluated_directly(length: int, n: int, m: int, seed: int) -> None:
    first, second = sequences(2, n, seed), sequences(3, m, seed + 1)
    for a, row in zip(first, profile_distances(first, second, length), strict=True):
        for b, distance in zip(second, row, strict=True):
            nearest = [
                min(np.linalg.norm(a[i : i + length] - b[j : j + length]) for j in range(m - length + 1))
                for i in range(n - length + 1)
            ]
            assert distance == pytest.approx(np.median(nearest), rel=1e-4)


def test_equal_sequences_are_at_no_distance_and_copies_tie() -> None:
    first = sequences(9, 40, 0, 24)
    second = np.concatenate([first, first])
    for distances in (dtw_distances(first, second), profile_distances(first, second, 10)):
        assert np.array_equal(distances[:, :9], distances[:, 9:])
        assert np.allclose(np.diagonal(distances), 0, atol=1e-3)
    assert np.array_equal(np.diagonal(dtw_distances(first, second)), np.zeros(9))


@pytest.mark.parametrize(
    ("first", "second", "length", "sentence"),
    [
        (np.zeros((2, 5), np.float32), sequences(1, 5, 0), 2, "must be"),
        (sequences(1, 0, 0), sequences(1, 5, 0), 2, "with a frame each"),
        (sequences(1, 5, 0, 3), sequences(1, 5, 0), 2, "3 and 5 coefficients"),
        (sequences(1, 5, 0) * np.nan, sequences(1, 5, 0), 2, "is the sound silent"),
        (sequences(1, 5, 0), sequences(1, 5, 1) * 1e17, 2, r"values beyond 1e\+15"),
        (sequences(1, 5, 0), sequences(1, 4, 0), 5, "length=5 must lie from 1 to 4"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    first: np.ndarray, second: np.ndarray, length: int, sentence: str
) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        profile_distances(first, second, length)
