"""What a run says of single tags: the figure of the class that holds each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.reprs import one_line
from taglab.runs.run import Run


@dataclass(frozen=True, eq=False)
class TagFigures:
    """AUC-PR by tag.

    Attributes:
        values: Array (tags,), in [0, 1]; NaN for tags in no class, and classes without a figure.
        basis: "interpolated" over 200 thresholds, or "exact".
        classes: How many classes of the run hold one of the tags.
    """

    values: npt.NDArray[np.float64]
    basis: str
    classes: int

    __repr__ = one_line

    @property
    def known(self) -> int:
        """Number of tags with a figure."""
        return int(np.isfinite(self.values).sum())


def auc_pr_by_tag(run: Run, tags: Sequence[str]) -> TagFigures:
    """Return the AUC-PR of the class that holds each tag.

    It is that of the run's best epoch on validation; where only those of the last were kept, as in published
    results, of that. A tag in several classes gets their mean. Of a run without a label space, such as
    published results, the name of a class is taken as its only tag.

    Args:
        run: With figures by label; without any, all values are NaN.
        tags: Which tags.
    """
    figures = run.per_label("best")
    if figures.empty:
        figures = run.per_label("last")
    by_class = dict(zip(figures["label"], figures["auc_pr"].to_numpy(np.float64), strict=True))
    space = run.label_space()
    held = {each.name: each.tags for each in space.classes} if space else {name: (name,) for name in by_class}
    rows = {tag: row for row, tag in enumerate(tags)}
    sums, counts = np.zeros(len(tags)), np.zeros(len(tags), np.int64)
    classes = 0
    for name, members in held.items():
        value = by_class.get(name, np.nan)
        found = [rows[tag] for tag in members if tag in rows]
        classes += bool(found)
        if np.isfinite(value):
            sums[found] += value
            counts[found] += 1
    values = np.divide(sums, counts, out=np.full(len(tags), np.nan), where=counts > 0)
    return TagFigures(values, run.about.auc_pr, classes)
