"""Which vectors lie at the same point."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_TELLING_COLUMNS = 8


def point_numbers(vectors: FloatArray) -> npt.NDArray[np.intp]:
    """Number the points that vectors lie at.

    Args:
        vectors: Array (ids, dim), float32, with components of about 1 or below.

    Returns:
        Array (ids,): equal where vectors agree to six decimals (the same words counted twice may differ in
        the last bit), else different; numbered from 0 in the order of first appearance.
    """
    # Most rows differ from all others in a few columns already; only the rest are looked at whole.
    keys = _point_keys(vectors[:, :_TELLING_COLUMNS])
    _, group, rows_at = np.unique(keys, return_inverse=True, return_counts=True)
    alike = rows_at[group] > 1
    keys[alike] = _point_keys(vectors[alike])
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    number = np.empty(len(first), np.intp)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group]


def _point_keys(vectors: FloatArray) -> npt.NDArray[np.uint64]:
    """Return a number per row that equal rows share; unequal ones do once in 2**64 pairs."""
    odd = np.random.default_rng(0).integers(0, 2**63, vectors.shape[1], np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    keys = np.zeros(len(vectors), np.uint64)
    for start in range(0, len(vectors), 16_384):
        # Rounded, since the same words counted twice may differ in the last bit; + 0 makes -0 one with 0.
        rounded = np.round(vectors[start : start + 16_384], 6) + np.float32(0)
        bits = rounded.view(np.uint32).astype(np.uint64)
        keys[start : start + 16_384] = (bits * odd).sum(axis=1, dtype=np.uint64)
    return keys
