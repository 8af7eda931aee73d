"""How near estimates of real values come: mean squared and absolute error, R², Pearson's r, column by column.

A true value that is not known is NaN; its estimate is left out of the column, whatever it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import BoolArray, DoubleArray, quotient
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class Estimated:
    """True values and their estimates, checked, of unknown ones 0 on either side.

    Attributes:
        truth: (tracks, columns).
        estimates: (tracks, columns).
        known: Whether the true value is known (tracks, columns).
    """

    truth: DoubleArray
    estimates: DoubleArray
    known: BoolArray

    __repr__ = one_line

    def mean_squared_error(self) -> DoubleArray:
        """Return the mean of squared errors, in squared units (columns,); NaN where no value is known."""
        return self._mean((self.estimates - self.truth) ** 2)

    def mean_absolute_error(self) -> DoubleArray:
        """Return the mean size of errors, in the values' unit (columns,); NaN where no value is known."""
        return self._mean(np.abs(self.estimates - self.truth))

    def r_squared(self) -> DoubleArray:
        """Return R², see `r_squared` (columns,)."""
        errors = ((self.estimates - self.truth) ** 2).sum(axis=0)
        return 1 - quotient(errors, (self._centred(self.truth) ** 2).sum(axis=0))

    def pearson_r(self) -> DoubleArray:
        """Return Pearson's correlation, see `pearson_r` (columns,)."""
        truth, estimates = self._centred(self.truth), self._centred(self.estimates)
        lengths = np.sqrt((truth**2).sum(axis=0)) * np.sqrt((estimates**2).sum(axis=0))
        return np.clip(quotient((truth * estimates).sum(axis=0), lengths), -1, 1)

    def _mean(self, values: DoubleArray) -> DoubleArray:
        return quotient(values.sum(axis=0), self.known.sum(axis=0))

    def _centred(self, values: DoubleArray) -> DoubleArray:
        """Return values less their column's mean; exactly 0 where all that are known are the same."""
        lowest = np.where(self.known, values, np.inf).min(axis=0)
        highest = np.where(self.known, values, -np.inf).max(axis=0)
        return np.where(self.known & (lowest < highest), values - self._mean(values), 0)


def estimated(truth: npt.ArrayLike, estimates: npt.ArrayLike) -> Estimated:
    """Check true values and their estimates.

    Args:
        truth: Real (tracks, columns); NaN where not known.
        estimates: Real (tracks, columns), finite wherever the true value is known.

    Raises:
        InvalidSetting: If shapes disagree or hold no track or no column, a true value is infinite, or an
            estimate of a known value is not finite.
    """
    true, given = np.asarray(truth, np.float64), np.asarray(estimates, np.float64)
    if true.ndim != 2 or true.shape != given.shape or not true.size:
        raise InvalidSetting(
            f"truth {true.shape} and estimates {given.shape} must both be (tracks, columns), with at least "
            "one of each"
        )
    known = ~np.isnan(true)
    if np.isinf(true).any():
        raise InvalidSetting("truth holds infinity; a value that is not known is NaN")
    if not np.isfinite(given[known]).all():
        raise InvalidSetting("estimates of known values hold NaN or infinity; has training diverged?")
    return Estimated(np.where(known, true, 0), np.where(known, given, 0), known)


def mean_squared_error(truth: npt.ArrayLike, estimates: npt.ArrayLike) -> DoubleArray:
    """Return the mean of squared errors (columns,), in squared units; arguments as of `estimated`.

    Examples:
        >>> mean_squared_error([[1.0], [3.0], [float("nan")]], [[2.0], [5.0], [0.0]])
        array([2.5])
    """
    return estimated(truth, estimates).mean_squared_error()


def mean_absolute_error(truth: npt.ArrayLike, estimates: npt.ArrayLike) -> DoubleArray:
    """Return the mean size of errors (columns,), in the values' unit; arguments as of `estimated`.

    Examples:
        >>> mean_absolute_error([[1.0], [3.0]], [[2.0], [5.0]])
        array([1.5])
    """
    return estimated(truth, estimates).mean_absolute_error()


def r_squared(truth: npt.ArrayLike, estimates: npt.ArrayLike) -> DoubleArray:
    """Return the share of the variance that estimates account for (columns,); arguments as of `estimated`.

    1 less the squared errors over the squared distances from the column's own mean. 0 is what that mean
    would reach, anything below is worse.

    Returns:
        At most 1; NaN where all known values are the same, or none is known.

    Examples:
        >>> r_squared([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]])
        array([0.5])
    """
    return estimated(truth, estimates).r_squared()


def pearson_r(truth: npt.ArrayLike, estimates: npt.ArrayLike) -> DoubleArray:
    """Return Pearson's correlation of true values and estimates (columns,); arguments as of `estimated`.

    Returns:
        In [-1, 1]; NaN where either side has one value only.

    Examples:
        >>> pearson_r([[1.0], [2.0], [3.0]], [[2.0], [4.0], [6.0]])
        array([1.])
    """
    return estimated(truth, estimates).pearson_r()
