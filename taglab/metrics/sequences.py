"""Distances between sequences of frames: dynamic time warping, and the similarity matrix profile.

All pairs of two sets at once, compiled, over this machine's cores. Every distance between frames is a sum of
squared differences, so that sequences that are equal are at the same distance of any third, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled
from taglab.errors import InvalidSetting
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent

__all__ = ["dtw_distances", "profile_distances"]

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

_ROWS = 4  # of the result, computed by a thread before progress is told


def dtw_distances(first: FloatArray, second: FloatArray, progress: Progress = silent) -> DoubleArray:
    """Return how far sequences are from one another by dynamic time warping.

    The distance is the least sum of Euclidean distances between frames along a path that begins and ends with
    both sequences and advances in either or in both by one frame. It is exact: no radius limits the path.

    Args:
        first: Sequences (sequences, frames, coefficients), finite.
        second: Others of as many coefficients; may have other frames.
        progress: Told how far it is.

    Returns:
        Array (first, second), float64.

    Raises:
        InvalidSetting: If shapes disagree, or a value is not finite.

    Source:
        Sakoe and Chiba 1978; Kim 2021, section 4.3.2, which takes FastDTW's approximation.
    """

    def rows(part: slice) -> DoubleArray:
        out = np.empty((part.stop - part.start, len(second)), np.float64)
        _warp(left[part], right, out)
        return out

    left, right = _checked(first, second)
    return _by_rows(rows, len(left), len(right), progress, "warping pairs")


def profile_distances(
    first: FloatArray, second: FloatArray, length: int, progress: Progress = silent
) -> DoubleArray:
    """Return how far sequences are from others by the similarity matrix profile: the median, over all
    stretches of `length` frames of the first, of the Euclidean distance to the nearest stretch of the second.

    Args:
        first: Sequences (sequences, frames, coefficients), finite.
        second: Others of as many coefficients; may have other frames.
        length: Frames of a stretch; at most those of the shorter sequence.
        progress: Told how far it is.

    Returns:
        Array (first, second), float64; not symmetric.

    Raises:
        InvalidSetting: If shapes disagree, a value is not finite, or `length` does not fit.

    Source:
        Silva et al. 2016 (SiMPle); Kim 2021, section 4.3.2.
    """

    def rows(part: slice) -> DoubleArray:
        out = np.empty((part.stop - part.start, len(second), left.shape[1] - length + 1), np.float32)
        _nearest_stretches(left[part], right, length, out)
        return np.median(np.sqrt(out), axis=2).astype(np.float64)

    left, right = _checked(first, second)
    if not 1 <= length <= min(left.shape[1], right.shape[1]):
        raise InvalidSetting(
            f"length={length} must lie from 1 to {min(left.shape[1], right.shape[1])}, the frames of the "
            "shorter sequence"
        )
    return _by_rows(rows, len(left), len(right), progress, "comparing stretches")


def _by_rows(
    rows: Callable[[slice], DoubleArray], n_first: int, n_second: int, progress: Progress, text: str
) -> DoubleArray:
    parts = on_every_core(rows, blocks(n_first, _ROWS), progress, text) if n_first else []
    return np.concatenate(parts) if parts else np.zeros((0, n_second))


def _checked(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    for sequences in (first, second):
        if sequences.ndim != 3 or 0 in sequences.shape[1:]:
            raise InvalidSetting(
                f"sequences {sequences.shape} must be (sequences, frames, coefficients), with a frame each"
            )
        if not np.isfinite(sequences).all():
            raise InvalidSetting("sequences hold NaN or infinity; is the sound silent?")
    if first.shape[2] != second.shape[2]:
        raise InvalidSetting(f"{first.shape[2]} and {second.shape[2]} coefficients cannot be compared")
    left, right = (np.ascontiguousarray(one, np.float32) for one in (first, second))
    return left, right


@compiled
def _squared(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """Write the squared distances of all frames of two sequences, (frames, frames)."""
    for i in range(left.shape[0]):
        for j in range(right.shape[0]):
            total = np.float32(0)
            for k in range(left.shape[1]):
                apart = left[i, k] - right[j, k]
                total += apart * apart
            out[i, j] = total


@compiled
def _warp(first: FloatArray, second: FloatArray, out: DoubleArray) -> None:
    n, m = first.shape[1], second.shape[1]
    squared = np.empty((n, m), np.float32)
    before = np.empty(m, np.float64)
    for a in range(first.shape[0]):
        for b in range(second.shape[0]):
            _squared(first[a], second[b], squared)
            before[0] = np.sqrt(squared[0, 0])
            for j in range(1, m):
                before[j] = before[j - 1] + np.sqrt(squared[0, j])
            for i in range(1, n):
                corner = before[0]
                before[0] += np.sqrt(squared[i, 0])
                for j in range(1, m):
                    above = before[j]
                    before[j] = min(corner, above, before[j - 1]) + np.sqrt(squared[i, j])
                    corner = above
            out[a, b] = before[m - 1]


@compiled
def _stretch(squared: FloatArray, i: int, j: int, length: int) -> float:
    total = 0.0
    for k in range(length):
        total += squared[i + k, j + k]
    return total


@compiled
def _nearest_stretches(first: FloatArray, second: FloatArray, length: int, out: FloatArray) -> None:
    """Write the squared distance of every stretch to the nearest, (first, second, stretches).

    Along a diagonal of the squared distances a stretch's sum is the one before, less a cell and plus another;
    sums of all diagonals are kept side by side, so that rows are read in order.
    """
    n, m = first.shape[1], second.shape[1]
    last = m - length
    squared = np.empty((n, m), np.float32)
    sums, before = np.empty(last + 1, np.float64), np.empty(last + 1, np.float64)
    for a in range(first.shape[0]):
        for b in range(second.shape[0]):
            _squared(first[a], second[b], squared)
            for j in range(last + 1):
                sums[j] = _stretch(squared, 0, j, length)
            out[a, b, 0] = max(sums.min(), 0.0)
            for i in range(1, n - length + 1):
                sums, before = before, sums
                gone, come = squared[i - 1], squared[i + length - 1, length:]
                sums[0] = _stretch(squared, i, 0, length)
                for j in range(last):
                    sums[j + 1] = before[j] + (come[j] - gone[j])
                out[a, b, i] = max(sums.min(), 0.0)
