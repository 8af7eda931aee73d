"""What runs decided about labels: right and wrong at a threshold, and which labels go together."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from taglab.compare.co_prediction import (
    PAIRINGS,
    co_prediction,
    on_common_ground,
    pair_table,
    tracks_behind_pair,
    tracks_table,
)
from taglab.compare.decisions import decided
from taglab.errors import NotFound
from taglab.metrics.thresholds import THRESHOLDS
from taglab.outcomes import Predictions
from taglab.progress import Progress
from taglab.runs import open_run
from taglab.runs.tables import MOMENTS
from taglab.settings import Flag
from taglab.verbs.question import Question, Share
from taglab.verbs.report import Report

_USUAL = 100 / 199  # what the thesis calls 0.50
Moment = Annotated[str, Flag(choices=tuple(MOMENTS), named=True)]
Label = Annotated[str | None, Flag(metavar="LABEL")]


class Decisions(Question):
    """Show true and false positives and negatives of runs on a label, as shares of all tracks, with
    precision, recall and F1: at one of the 200 thresholds, or at all of them, which make the precision-recall
    and ROC curves.

    Attributes:
        runs: Names of runs.
        label: On which label.
        threshold: A label is predicted where its score is at least this; the thesis's 0.50 is 0.503.
        moment: Last or best epoch on validation tracks, or held-out test.
        every_threshold: All thresholds known, not one.
    """

    returns: ClassVar[str] = (
        "[{run, threshold, tp, tn, fp, fn, precision, recall, false_positive_rate, f1, tracks, source}]"
    )
    examples: ClassVar[str] = """
taglab decisions thesis-3.3-k100-spectrogram thesis-3.3-k1000-spectrogram --label rock
taglab decisions my-run --label jazz --moment test --every-threshold --out jazz.csv
"""

    runs: Annotated[tuple[str, ...], Flag(metavar="RUN", word=True)]
    label: Annotated[str, Flag(metavar="LABEL")]
    threshold: Share = _USUAL
    moment: Moment = "last"
    every_threshold: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return a row for every run and threshold."""
        nearest = THRESHOLDS[np.abs(THRESHOLDS - self.threshold).argmin()]
        parts, notes = [], []
        for name in self.runs:
            known = decided(open_run(name), self.moment)
            if known is None or self.label not in known.classes:
                what = "decisions of that moment" if known is None else f"label {self.label!r}"
                notes.append(f"{name} has no {what}")
                continue
            table = known.decisions(self.label)
            if not self.every_threshold:
                table = table[np.isclose(table["threshold"], nearest, rtol=0, atol=1e-9)]
            parts.append(table.assign(run=name, source=known.said))
        if not parts:
            raise NotFound(f"none of these runs tells of {self.label!r}: {'; '.join(notes)}")
        together = pd.concat(parts, ignore_index=True)
        return Report(table=together[["run", *together.columns.drop("run")]], notes=tuple(notes))


class CoPredictions(Question):
    """Count tracks by pairs of labels: of the tracks truly of a row, or predicted of it, the share that the
    column is predicted of. With --minus another run's shares beside, on the labels and tracks both have; with
    --row and --column the tracks behind one pair.

    Attributes:
        run: A run that kept predictions.
        minus: Another one, whose shares are subtracted.
        threshold: A label is predicted where its score is at least this; the thesis's 0.50 is 0.503.
        moment: Last or best epoch on validation tracks, or held-out test.
        pairing: What a row is of: tracks truly of it, or predicted of it.
        row: With --column: tracks behind this pair.
        column: With --row.
    """

    returns: ClassVar[str] = (
        "[{row, column, tracks, share}], with --row and --column [{track, score, true, predicted}]"
    )
    examples: ClassVar[str] = """
taglab co-predictions my-run --moment test --out pairs.csv
taglab co-predictions my-run --row metal --column rock
"""

    run: Annotated[str, Flag(metavar="RUN", word=True)]
    minus: Annotated[str | None, Flag(metavar="RUN")] = None
    threshold: Share = _USUAL
    moment: Moment = "best"
    pairing: Annotated[str, Flag(choices=tuple(PAIRINGS))] = next(iter(PAIRINGS))
    row: Label = None
    column: Label = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.row is None) != (self.column is None) or (self.row is not None and self.minus is not None):
            raise ValueError("--row and --column go together, and without --minus")
        return self

    def answer(self, progress: Progress) -> Report:
        """Return a row for every pair, or the tracks behind one."""
        one = self._predictions(self.run)
        if self.row is not None and self.column is not None:
            rows = tracks_behind_pair(one, self.threshold, self.pairing, self.row, self.column)
            return Report(table=tracks_table(one, rows, self.threshold, self.column))
        second = None
        if self.minus is not None:
            one, other = on_common_ground(one, self._predictions(self.minus))
            second = co_prediction(other, self.threshold, self.pairing)
        first = co_prediction(one, self.threshold, self.pairing)
        return Report(table=pair_table(first, second, one.classes))

    def _predictions(self, name: str) -> Predictions:
        known = decided(open_run(name), self.moment)
        if known is None or known.predictions is None:
            raise NotFound(
                f"{name} has kept no predictions of that moment; --moment best or test may have them"
            )
        return known.predictions
