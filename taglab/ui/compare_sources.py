"""What each compared run decided: counts at thresholds, and the predictions behind them where kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st

from taglab.metrics.operating import decisions, with_rates
from taglab.metrics.thresholds import THRESHOLDS, Confusion, confusion
from taglab.predictions import Predictions
from taglab.runs import Run
from taglab.runs.published import PublishedRun
from taglab.ui.compare import Compared, run_predictions
from taglab.ui.messages import literal
from taglab.ui.pickers import pick_tag

_VALUES = [f"{value:.3f}" for value in THRESHOLDS]
_FIRST = 100
_PRINTED = {"0.33": 66, "0.50": 100, "0.67": 134}


@dataclass(frozen=True, eq=False)
class Source:
    """One run's decisions.

    Attributes:
        title: What the run is called on the page.
        colour: On the page.
        run: It.
        classes: Labels decided on, of which it is known how.
        counts: Of right and wrong decisions at 200 thresholds; None where only shares were printed.
        printed: Printed shares by label; None where there are counts.
        predictions: Behind the counts; None where only counts are kept.
        said: What all this is of, a few words.
    """

    title: str
    colour: str
    run: Run
    classes: tuple[str, ...]
    counts: Confusion | None
    printed: pd.DataFrame | None
    predictions: Predictions | None
    said: str
    _decisions: dict[str, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    def column(self, label: str) -> int:
        """Return the column of a label that is there."""
        return self.classes.index(label)

    def decisions(self, label: str) -> pd.DataFrame:
        """Return the decisions on a label that is there, see `taglab.metrics.operating`; worked out once.

        Of printed shares there is a further column `table`, the one they are printed in; two tables may
        print a decision differently. Their thresholds stand as those of the 200 that are meant.
        """
        if label not in self._decisions:
            self._decisions[label] = self._table(label)
        return self._decisions[label]

    def _table(self, label: str) -> pd.DataFrame:
        if self.counts is not None:
            return decisions(self.counts, self.column(label))
        if self.printed is None:
            raise ValueError(f"{self.title} has neither counts nor printed shares")
        printed = self.printed[self.printed["label"] == label]
        meant = [THRESHOLDS[math.ceil(value * (len(THRESHOLDS) - 1))] for value in printed["threshold"]]
        rows = with_rates(printed).assign(threshold=meant, table=printed["table"])
        return rows.sort_values(["threshold", "table"], ignore_index=True)


def sources(compared: Compared) -> tuple[list[Source], list[str]]:
    """Return the runs that decisions are known of, and a sentence on each of the others.

    Predictions are kept of the best epoch; "last epoch" rests on its counts, unless it is the best.
    """
    found, without = [], []
    for title, run in compared.by_title.items():
        source = _source(compared, title, run)
        if source is None:
            without.append(f"“{title}” has kept neither predictions nor confusion counts of these tracks.")
        else:
            found.append(source)
    return found, without


def _source(compared: Compared, title: str, run: Run) -> Source | None:
    colour = compared.colours[title]
    predictions, said = _predictions(compared, title, run)
    if predictions is not None:
        counts = _counts(predictions.fingerprint, predictions)
        return Source(title, colour, run, predictions.classes, counts, None, predictions, said)
    if compared.truth == "common" or compared.moment == "test":
        return None
    if isinstance(run, PublishedRun):
        printed = run.decisions()
        if printed.empty or compared.moment != "last":
            return None
        labels = tuple(printed["label"].unique())
        return Source(title, colour, run, labels, None, printed, None, "shares as printed, of the last epoch")
    of = "best" if compared.moment == "best" else "last"
    kept = run.confusion("best" if of == "best" else "last")
    if kept is None:
        return None
    said = f"confusion counts of the {of} epoch, at 200 thresholds"
    return Source(title, colour, run, run.classes, kept, None, None, said)


def _predictions(compared: Compared, title: str, run: Run) -> tuple[Predictions | None, str]:
    if compared.truth == "common":
        return compared.predictions.get(title), f"predictions, by the labels of {compared.judge}"
    if compared.moment == "test":
        return run_predictions(run, "test"), "predictions of the test tracks"
    summary = run.summary()
    if compared.moment == "last" and summary["best_epoch"] != summary["epochs"]:
        return None, ""
    return run_predictions(run, "validation"), "predictions of the validation tracks"


@st.cache_resource(max_entries=24, show_spinner=False)
def _counts(fingerprint: str, _predictions: Predictions) -> Confusion:
    return confusion(_predictions.truth, _predictions.scores)


def pick_label(found: Sequence[Source]) -> str:
    """Let a label be chosen; to begin with the one that most runs have, of these the most frequent."""
    totals: dict[str, tuple[int, float]] = {}
    for source in found:
        for label, share in zip(source.classes, _prevalences(source), strict=True):
            runs, most = totals.get(label, (0, 0.0))
            totals[label] = (runs + 1, max(most, share))
    ranked = sorted(totals, key=lambda label: (-totals[label][0], -totals[label][1], label))
    return pick_tag(ranked, "Label", "label")


def _prevalences(source: Source) -> list[float]:
    if source.counts is None:
        return [0.0] * len(source.classes)
    shares = source.counts.positives / (source.counts.positives + source.counts.negatives)
    return [float(share) for share in shares]


def pick_threshold(found: Sequence[Source] = ()) -> float:
    """Let one of the 200 thresholds be chosen, 0.503 to begin with. In the URL as `threshold`.

    Args:
        found: What is decided; where some of it was only printed, buttons lead to its thresholds.
    """
    chosen = st.select_slider(
        "Threshold", _VALUES, _VALUES[_FIRST], key="threshold", bind="query-params",
        persist_state="session",
        help="A label is predicted where its score is at least this. Counts are kept at 200 thresholds; the "
        "thesis's 0.33, 0.50 and 0.67 are 0.332, 0.503 and 0.673.",
    )  # fmt: skip
    if any(source.printed is not None for source in found):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Printed at", width="content")
            for name, row in _PRINTED.items():
                st.button(
                    name, key=f"threshold {name}", type="tertiary", on_click=_set_threshold, args=(row,)
                )
    return float(THRESHOLDS[_VALUES.index(chosen)])


def _set_threshold(row: int) -> None:
    st.session_state["threshold"] = _VALUES[row]


def at_threshold(table: pd.DataFrame, threshold: float) -> int | None:
    """Return the last row of a threshold in a table of decisions; None where it has none."""
    rows = np.flatnonzero(np.isclose(table["threshold"], threshold, rtol=0, atol=1e-9))
    return int(rows[-1]) if len(rows) else None


def show_without(without: Sequence[str]) -> None:
    """Say which runs are not drawn."""
    if without:
        st.caption("  \n".join(literal(sentence) for sentence in without))


def clicked_cells(key: str) -> list[int]:
    """Return the cells that are selected in a chart of `taglab.figures.confusion`."""
    given = [point.get("customdata") for point in st.session_state[key].selection.points]
    return [int(np.ravel(each)[0]) for each in given if each is not None]
