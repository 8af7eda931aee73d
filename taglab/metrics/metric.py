"""`Metric`: what must be told of a figure, so that all that keeps or shows figures can take it as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from taglab.metrics.intervals import Bootstrap, Interval, Intervals
from taglab.metrics.repeated import mean_interval
from taglab.metrics.thresholds import Confusion
from taglab.metrics.validation import DoubleArray

Kind = Literal["predictions", "rankings", "estimates"]
"""What a metric is of: scores of classes beside what is true, items ordered for queries, or real values."""
Average = Literal["micro", "macro"]


@dataclass(frozen=True)
class Metric:
    """A figure of every class, query or column, and how it is to be read.

    Attributes:
        kind: What it is of.
        title: Its name, as it stands on an axis.
        about: What it is, for somebody who chooses among metrics, a phrase.
        of: The figure of every item, from what `MATERIALS` makes of the arrays of its kind (items,); NaN
            where it is not defined.
        means: Begins the names of its means, as "ap" those of ap_macro and ap_micro; where None its own.
        micro: Whether it also has a mean of all (track, class) pairs as one class.
        higher_is_better: Whether more is better.
        chance: What scores reach that know nothing: a number, "prevalence" where that is the share of tracks
            in the class, or None where it is neither.
        range: The least and the most it can be.
        unit: Of its values, for an axis; empty where they are shares.
        of_counts: The same figure from confusion counts alone, as near as these tell; None where they do not.
        interval: Takes its intervals out of those of tracks drawn again, with p of swapped scores; None where
            there are none.
        folded: Whether its curve is folded away, for one like it is seen.
    """

    kind: Kind
    title: str
    about: str
    of: Callable[[Any], DoubleArray]
    means: str | None = None
    micro: bool = False
    higher_is_better: bool = True
    chance: float | Literal["prevalence"] | None = None
    range: tuple[float, float] = (0.0, 1.0)
    unit: str = ""
    of_counts: Callable[[Confusion], DoubleArray] | None = None
    interval: Callable[[Bootstrap], Intervals] | None = None
    folded: bool = False

    @property
    def short(self) -> str:
        """Title within a sentence or a list, without a comma."""
        return self.title.replace(", ", " ")

    @property
    def axis(self) -> str:
        """Title and unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.higher_is_better else -1

    def out_of_range(self, values: DoubleArray) -> DoubleArray:
        """Return those values that it cannot have; NaN, which is not known, is none of them."""
        low, high = self.range
        return values[(values < low) | (values > high) | np.isinf(values)]

    def mean_interval(self, values: DoubleArray, level: float = 0.95) -> Interval:
        """Return the mean over items that have a figure, and where it would lie with other items."""
        return mean_interval(values, level=level)


@dataclass(frozen=True)
class Mean:
    """A mean of a metric: a column of a history, an entry of a summary.

    Attributes:
        name: Key of the metric.
        metric: The metric.
        average: "macro", the mean over items that have a figure, or "micro", the figure of all pairs as one.
    """

    name: str
    metric: Metric
    average: Average

    @property
    def column(self) -> str:
        """What it is called in files and tables."""
        return f"{self.metric.means or self.name}_{self.average}"

    @property
    def title(self) -> str:
        """What it is called where people read."""
        return f"{self.metric.short}, {self.average}"


def means_of(metrics: Mapping[str, Metric]) -> list[Mean]:
    """Return the means that metrics have, micro before macro."""
    return [
        Mean(name, metric, average)
        for name, metric in metrics.items()
        for average in (("micro", "macro") if metric.micro else ("macro",))
    ]
