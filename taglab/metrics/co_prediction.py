"""Which labels go together: in truth, in predictions, and between the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.reprs import one_line

BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Below 2**24 a float32 counts exactly, and its products are several times as fast as those of integers.
_TRACKS_AT_A_TIME = 1 << 15


@dataclass(frozen=True, eq=False)
class LabelPairs:
    """How many tracks have one label on one side and another on the other.

    Attributes:
        together: Tracks with the row's label on the one side and the column's on the other
            (labels, labels).
        of_row: Tracks with the row's label on the one side (labels,).
    """

    together: IntArray
    of_row: IntArray

    __repr__ = one_line

    @property
    def share(self) -> DoubleArray:
        """Of the row's tracks those that also have the column's label, in [0, 1]; NaN in an empty row."""
        result = np.full(self.together.shape, np.nan)
        np.divide(self.together, self.of_row[:, None], out=result, where=self.of_row[:, None] > 0)
        return result

    @property
    def normalised(self) -> DoubleArray:
        """n_ij / √(n_i n_j), where both sides are the same and the diagonal holds n_i; 0 without tracks."""
        counts = np.diag(self.together).astype(np.float64)
        scale = np.sqrt(np.outer(counts, counts))
        return np.divide(self.together, scale, out=np.zeros(scale.shape), where=scale > 0)


def label_pairs(rows: npt.ArrayLike, columns: npt.ArrayLike) -> LabelPairs:
    """Count tracks by pairs of labels.

    Args:
        rows: Which tracks have which label on the one side, bool (tracks, labels): truth, for instance.
        columns: The same on the other side, such as predictions at a threshold (tracks, labels).

    Raises:
        InvalidSetting: If the shapes differ or hold nothing.
    """
    one, other = np.asarray(rows), np.asarray(columns)
    if one.dtype != np.bool_ or other.dtype != np.bool_:
        raise InvalidSetting(f"rows and columns must be bool, not {one.dtype} and {other.dtype}")
    if one.ndim != 2 or one.shape != other.shape or not one.size:
        raise InvalidSetting(f"rows {one.shape} and columns {other.shape} must both be (tracks, labels)")
    together = np.zeros((one.shape[1], one.shape[1]), np.int64)
    for start in range(0, len(one), _TRACKS_AT_A_TIME):
        part = slice(start, start + _TRACKS_AT_A_TIME)
        together += (one[part].T.astype(np.float32) @ other[part].astype(np.float32)).astype(np.int64)
    return LabelPairs(together, np.count_nonzero(one, axis=0).astype(np.int64))
