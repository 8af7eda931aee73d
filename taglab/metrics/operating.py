"""Decisions on one label at thresholds, as a table; operating points, and curves drawn through them.

A table of decisions has a row a threshold: `threshold`, `tp`, `tn`, `fp`, `fn` (shares of all tracks),
`precision` (NaN where nothing is predicted), `recall` (NaN without positives), `false_positive_rate` (NaN
without negatives), `f1` (NaN without positives) and `tracks` (how many; NaN where not known).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.metrics.curves import Curve
from taglab.metrics.thresholds import Confusion

DoubleArray = npt.NDArray[np.float64]
CELLS = ("tp", "tn", "fp", "fn")


@dataclass(frozen=True)
class OperatingPoint:
    """What deciding at one threshold comes to, for one label; a row of a table of decisions.

    Attributes:
        threshold: A track is predicted positive when its score is at least this.
        precision: Share of positive decisions that are right.
        recall: Share of positives found, the true positive rate.
        false_positive_rate: Share of negatives taken for positive.
        f1: Harmonic mean of precision and recall.
    """

    threshold: float
    precision: float
    recall: float
    false_positive_rate: float
    f1: float


def decisions(counts: Confusion, column: int) -> pd.DataFrame:
    """Return the table of decisions on one label.

    Args:
        counts: At any number of thresholds.
        column: Of the label.

    Source: Ros Perez 2021, tables 20-25.
    """
    tracks = counts.positives[column] + counts.negatives[column]
    shares = {name: getattr(counts, name)[:, column] / tracks for name in CELLS}
    return with_rates(pd.DataFrame({"threshold": counts.thresholds, **shares})).assign(tracks=float(tracks))


def with_rates(shares: pd.DataFrame) -> pd.DataFrame:
    """Return a table of decisions from shares alone, such as were printed.

    Args:
        shares: `threshold`, `tp`, `tn`, `fp`, `fn`, a row a threshold.
    """
    tp, tn, fp, fn = (shares[name].to_numpy(np.float64) for name in CELLS)
    return shares[["threshold", *CELLS]].assign(
        precision=_quotient(tp, tp + fp),
        recall=_quotient(tp, tp + fn),
        false_positive_rate=_quotient(fp, fp + tn),
        f1=np.where(tp + fn > 0, _quotient(2 * tp, 2 * tp + fp + fn), np.nan),
        tracks=np.nan,
    )


def operating_point(table: pd.DataFrame, row: int) -> OperatingPoint:
    """Return one row of a table of decisions, counted from 0."""
    values = table.iloc[row]
    return OperatingPoint(**{name: float(values[name]) for name in OperatingPoint.__dataclass_fields__})


def best_f1(table: pd.DataFrame) -> OperatingPoint | None:
    """Return the point of the largest F1, the highest threshold of equals; None where F1 is undefined.

    The threshold is chosen on the very tracks it is told of, so F1 at it flatters.
    """
    descending = table["f1"].to_numpy(np.float64)[::-1]
    if np.isnan(descending).all():
        return None
    return operating_point(table, len(descending) - 1 - int(np.nanargmax(descending)))


def curve_of_decisions(table: pd.DataFrame, kind: Literal["pr", "roc"]) -> Curve:
    """Return the points of a label's curve that decisions at some thresholds tell of.

    Where nothing is predicted precision is undefined, and the point is left out of a "pr" curve.

    Args:
        table: Of decisions, thresholds ascending.
        kind: Precision over recall, or true positive rate over false positive rate.

    Returns:
        The points, from the highest threshold to the lowest, joined by straight lines. Its `area` is NaN:
        what counts at thresholds allow to say of areas is in `taglab.metrics.thresholds`.

    Raises:
        InvalidSetting: If the label has no positives or, for "roc", no negatives.
    """
    if table["recall"].isna().all():
        raise InvalidSetting("no track is positive, and a curve needs one")
    if kind == "roc" and table["false_positive_rate"].isna().all():
        raise InvalidSetting("every track is positive, and a ROC curve needs a negative")
    names = ("recall", "precision") if kind == "pr" else ("false_positive_rate", "recall")
    x, y, thresholds = (table[name].to_numpy(np.float64)[::-1] for name in (*names, "threshold"))
    kept = ~(np.isnan(x) | np.isnan(y))
    return Curve(kind, x[kept], y[kept], thresholds[kept], float("nan"), 0.0, "linear")


def _quotient(over: DoubleArray, under: DoubleArray) -> DoubleArray:
    """Return over / under, NaN where under is 0."""
    return np.asarray(np.divide(over, under, out=np.full(over.shape, np.nan), where=under > 0))
