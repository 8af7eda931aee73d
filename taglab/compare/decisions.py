"""What a run decided about its labels: counts at thresholds, and the predictions behind them where kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from taglab.metrics.operating import decisions, with_rates
from taglab.metrics.thresholds import THRESHOLDS, Confusion, confusion
from taglab.outcomes import Predictions
from taglab.reprs import one_line
from taglab.runs.published import PublishedRun
from taglab.runs.run import Kept, Run

Opener = Callable[[Run, Kept], Predictions | None]
"""Opens predictions that a run keeps."""
Counter = Callable[[Predictions], Confusion]
"""Counts the decisions of predictions at the 200 thresholds."""


def counted(predictions: Predictions) -> Confusion:
    """Return the counts of predictions at the 200 thresholds."""
    return confusion(predictions.truth, predictions.scores)


@dataclass(frozen=True, eq=False)
class Decided:
    """Decisions on labels.

    Attributes:
        classes: Labels of which they are known.
        counts: Of right and wrong ones at the 200 thresholds; None where only shares were printed.
        printed: Printed shares: label, table, threshold, tp, tn, fp, fn; None where there are counts.
        predictions: Behind the counts; None where only counts are kept.
        said: What all this is of, a few words.
    """

    classes: tuple[str, ...]
    counts: Confusion | None
    printed: pd.DataFrame | None
    predictions: Predictions | None
    said: str
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    __repr__ = one_line

    def column(self, label: str) -> int:
        """Return the column of a label that is there."""
        return self.classes.index(label)

    def decisions(self, label: str) -> pd.DataFrame:
        """Return the decisions on a label that is there, see `taglab.metrics.operating`; worked out once.

        Of printed shares there is a further column `table`, the one they are printed in; two tables may
        print a decision differently. Their thresholds stand as those of the 200 that are meant.
        """
        if label not in self._tables:
            self._tables[label] = self._table(label)
        return self._tables[label]

    def _table(self, label: str) -> pd.DataFrame:
        if self.counts is not None:
            return decisions(self.counts, self.column(label))
        if self.printed is None:
            raise ValueError("there are neither counts nor printed shares")
        printed = self.printed[self.printed["label"] == label]
        meant = [THRESHOLDS[math.ceil(value * (len(THRESHOLDS) - 1))] for value in printed["threshold"]]
        rows = with_rates(printed).assign(threshold=meant, table=printed["table"])
        return rows.sort_values(["threshold", "table"], ignore_index=True)


def decided(
    run: Run, moment: str, opened: Opener = Run.predictions, count: Counter = counted
) -> Decided | None:
    """Return what a run decided; None where neither predictions nor counts are kept.

    Args:
        run: Any.
        moment: "last" or "best" epoch on validation tracks, or "test".
        opened: Opens predictions; a page remembers them.
        count: Counts their decisions; a page remembers that, too.
    """
    for which, said in predictions_of(run, moment).items():
        predictions = opened(run, which)
        if predictions is not None:
            return of_predictions(predictions, said, count)
    if moment == "test":
        return None
    if isinstance(run, PublishedRun):
        printed = run.decisions()
        if printed.empty or moment != "last":
            return None
        labels = tuple(printed["label"].unique())
        return Decided(labels, None, printed, None, "shares as printed, of the last epoch")
    kept = run.confusion("best" if moment == "best" else "last")
    if kept is None:
        return None
    of = f"of the {moment} epoch" if run.summary()["epochs"] else "as imported"
    return Decided(run.classes, kept, None, None, f"confusion counts {of}, at 200 thresholds")


def of_predictions(predictions: Predictions, said: str, count: Counter = counted) -> Decided:
    """Return the decisions that predictions come to."""
    return Decided(predictions.classes, count(predictions), None, predictions, said)


def predictions_at(run: Run, moment: str, opened: Opener = Run.predictions) -> Predictions | None:
    """Return the predictions a run kept of a moment; None where it kept none.

    Args:
        run: Any.
        moment: "last" or "best" epoch on validation tracks, or "test".
        opened: Opens predictions; a page remembers them.
    """
    found = (opened(run, which) for which in predictions_of(run, moment))
    return next((each for each in found if each is not None), None)


def predictions_of(run: Run, moment: str) -> dict[Kept, str]:
    """Return which predictions are of a moment, and what they are of in words; the first kept is meant."""
    if moment == "test":
        return {"test": "predictions of the test tracks, best epoch"}
    best: dict[Kept, str] = {"validation": "predictions of the validation tracks, best epoch"}
    if moment == "best":
        return best
    summary = run.summary()
    last: dict[Kept, str] = {"validation-last": "predictions of the validation tracks, last epoch"}
    same = summary["best_epoch"] is not None and summary["best_epoch"] == summary["epochs"]
    return last | best if same else last
