"""Distances between sequences of frames: dynamic time warping, and the similarity matrix profile.

All pairs of two sets at once, compiled, over this machine's cores. Every distance between frames is a sum of
squared differences, so that sequences that are equal are at the same distance of any third, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from taglab.compiling import compiled, compiled_finite
from taglab.errors import InvalidSetting
from taglab.parallel import blocks, cores, on_every_core
from taglab.progress import Progress, silent

__all__ = ["dtw_distances", "profile_distances"]

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

_ROWS = 4  # of the result at most, computed by a thread before progress is told
_LARGEST = 1e15


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
        _nearest_stretches(left[part], transposed, length, out)
        return np.median(np.sqrt(out), axis=2).astype(np.float64)

    left, right = _checked(first, second)
    if not 1 <= length <= min(left.shape[1], right.shape[1]):
        raise InvalidSetting(
            f"length={length} must lie from 1 to {min(left.shape[1], right.shape[1])}, the frames of the "
            "shorter sequence"
        )
    if max(np.abs(left).max(initial=0), np.abs(right).max(initial=0)) > _LARGEST:
        raise InvalidSetting(f"sequences hold values beyond {_LARGEST:g}, whose squares cannot be added up")
    transposed = np.ascontiguousarray(right.transpose(0, 2, 1))
    return _by_rows(rows, len(left), len(right), progress, "comparing stretches")


def _by_rows(
    rows: Callable[[slice], DoubleArray], n_first: int, n_second: int, progress: Progress, text: str
) -> DoubleArray:
    size = max(1, min(_ROWS, -(-n_first // cores())))
    parts = on_every_core(rows, blocks(n_first, size), progress, text)
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


@compiled_finite
def _squared_rows(first: FloatArray, second: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """Write the squared distances of two frames to all of a sequence, (2, frames).

    Four coefficients at a time, so that what is read of the sequence serves both frames while it is at hand.

    Args:
        first: A frame (coefficients,).
        second: Another.
        right: The sequence, transposed (coefficients, frames).
        out: Where they are written.
    """
    n_coefficients, m = right.shape
    one, two = out[0], out[1]
    one[:] = 0
    two[:] = 0
    for k in range(0, n_coefficients - 3, 4):
        a0, a1, a2, a3 = first[k], first[k + 1], first[k + 2], first[k + 3]
        b0, b1, b2, b3 = second[k], second[k + 1], second[k + 2], second[k + 3]
        r0, r1, r2, r3 = right[k], right[k + 1], right[k + 2], right[k + 3]
        for j in range(m):
            c0, c1, c2, c3 = r0[j], r1[j], r2[j], r3[j]
            one[j] += ((a0 - c0) * (a0 - c0) + (a1 - c1) * (a1 - c1)) + (
                (a2 - c2) * (a2 - c2) + (a3 - c3) * (a3 - c3)
            )
            two[j] += ((b0 - c0) * (b0 - c0) + (b1 - c1) * (b1 - c1)) + (
                (b2 - c2) * (b2 - c2) + (b3 - c3) * (b3 - c3)
            )
    for k in range(n_coefficients - n_coefficients % 4, n_coefficients):
        for j in range(m):
            one[j] += (first[k] - right[k, j]) * (first[k] - right[k, j])
            two[j] += (second[k] - right[k, j]) * (second[k] - right[k, j])


@compiled_finite
def _nearest_stretches(first: FloatArray, second: FloatArray, length: int, out: FloatArray) -> None:
    """Write the squared distance of every stretch to the nearest, (first, second, stretches).

    Along a diagonal of the squared distances a stretch's sum is the one before, less a cell and plus another;
    sums of all diagonals are kept side by side, so that rows are read in order. Two rows are done at once,
    and of the squared distances hardly more rows are kept than a stretch is long.

    Args:
        first: Sequences (first, frames, coefficients).
        second: Others, transposed (second, coefficients, frames).
        length: Frames of a stretch.
        out: Where they are written.
    """
    n, m = first.shape[1], second.shape[2]
    n_stretches, last = n - length + 1, m - length
    kept = length + 4 - length % 2  # even, and with room for the rows that come before others go
    squared = np.zeros((kept, m), np.float32)
    sums, after = np.empty(last + 1, np.float64), np.empty(last + 1, np.float64)
    for a in range(first.shape[0]):
        for b in range(second.shape[0]):
            left, right = first[a], second[b]
            ready = 0
            while ready < length:
                _squared_rows(left[ready], left[min(ready + 1, n - 1)], right, squared[ready : ready + 2])
                ready += 2
            least = np.float64(np.inf)
            sums[:] = 0
            for k in range(length):
                for j in range(last + 1):
                    sums[j] += squared[k, j + k]
            for j in range(last + 1):
                least = min(least, sums[j])
            out[a, b, 0] = max(least, 0.0)
            for i in range(1, n_stretches, 2):
                while ready < min(i + length + 1, n):
                    at = ready % kept
                    _squared_rows(left[ready], left[min(ready + 1, n - 1)], right, squared[at : at + 2])
                    ready += 2
                gone, come = squared[(i - 1) % kept], squared[(i + length - 1) % kept, length:]
                more_gone, more_come = squared[i % kept], squared[(i + length) % kept, length:]
                first_of_row, first_of_next, second_of_next = 0.0, 0.0, 0.0
                at = i % kept
                for k in range(length):
                    below = at + 1 if at + 1 < kept else 0
                    first_of_row += squared[at, k]
                    first_of_next += squared[below, k]
                    at = below
                after[0] = first_of_next
                least, least_of_next = np.float64(first_of_row), np.float64(first_of_next)
                if last:
                    second_of_next = first_of_row + (np.float64(more_come[0]) - np.float64(more_gone[0]))
                    after[1] = second_of_next
                    least_of_next = min(least_of_next, second_of_next)
                    for j in range(last - 1):
                        total = sums[j] + (np.float64(come[j]) - np.float64(gone[j]))
                        least = min(least, total)
                        total += np.float64(more_come[j + 1]) - np.float64(more_gone[j + 1])
                        least_of_next = min(least_of_next, total)
                        after[j + 2] = total
                    total = sums[last - 1] + (np.float64(come[last - 1]) - np.float64(gone[last - 1]))
                    least = min(least, total)
                out[a, b, i] = max(least, 0.0)
                if i + 1 < n_stretches:
                    out[a, b, i + 1] = max(least_of_next, 0.0)
                sums, after = after, sums
