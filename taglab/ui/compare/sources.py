"""What each compared run decided: counts at thresholds, and the predictions behind them where kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from taglab.compare.decisions import Decided, counted, decided, of_predictions
from taglab.metrics.thresholds import THRESHOLDS, Confusion
from taglab.outcomes import Predictions
from taglab.runs import Run
from taglab.ui.compare.compared import Compared, kept_predictions
from taglab.ui.messages import guard, literal
from taglab.ui.pickers import pick_tag
from taglab.ui.remembered import remembered
from taglab.verbs.decisions import Decisions

_VALUES = [f"{value:.3f}" for value in THRESHOLDS]
_FIRST = 100
_PRINTED = {"0.33": 66, "0.50": 100, "0.67": 134}


@dataclass(frozen=True, eq=False)
class Source(Decided):
    """One run's decisions, on the page.

    Attributes:
        title: What the run is called.
        colour: It is drawn in.
        run: It.
    """

    title: str
    colour: str
    run: Run


@dataclass(frozen=True, eq=False)
class Choice:
    """A label and a threshold, and the runs that decide on it.

    Attributes:
        label: A label that one run has, at least.
        threshold: One of the 200.
        having: The runs that have the label.
        lacking: Titles of those that decide, but on other labels.
    """

    label: str
    threshold: float
    having: list[Source]
    lacking: list[str]


def show_decided(compared: Compared, draw: Callable[[Compared, Choice], None]) -> None:
    """Let a label and a threshold be chosen, and draw what the runs decided; say of which it is not known.

    Args:
        compared: What is compared.
        draw: Draws it; run anew, and nothing else of the page, when a widget within changes.
    """
    known, without = sources(compared)
    show_without(without)
    if known:
        _choose_and_draw(compared, known, draw)
    else:
        st.info("None of these runs tells what it decided; choose other results or another truth.")


@st.fragment
@guard()
def _choose_and_draw(
    compared: Compared, known: Sequence[Source], draw: Callable[[Compared, Choice], None]
) -> None:
    first, second = st.columns(2)
    with first:
        label = pick_label(known)
    with second:
        threshold = pick_threshold(known)
    having = [source for source in known if label in source.classes]
    lacking = [source.title for source in known if label not in source.classes]
    draw(compared, Choice(label, threshold, having, lacking))


def sources(compared: Compared) -> tuple[list[Source], list[str]]:
    """Return the runs that decisions are known of, and a sentence on each of the others."""
    found, without = [], []
    for title, run in compared.by_title.items():
        known = _decided(compared, title, run)
        if known is None:
            without.append(f"“{title}” has kept neither predictions nor confusion counts of these tracks.")
            continue
        given = (known.classes, known.counts, known.printed, known.predictions, known.said)
        found.append(Source(*given, title, compared.colours[title], run))
    return found, without


def _decided(compared: Compared, title: str, run: Run) -> Decided | None:
    if compared.truth != "common":
        return decided(run, compared.moment, kept_predictions, _counts)
    predictions = compared.predictions.get(title)
    if predictions is None:
        return None
    return of_predictions(predictions, f"predictions, by the labels of {compared.judge}", _counts)


@remembered("medium")
def _counts(predictions: Predictions) -> Confusion:
    return counted(predictions)


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


def decisions_question(compared: Compared, choice: Choice, **more: Any) -> Decisions | None:
    """Return what asks for decisions; None of another's truth, which a command does not know."""
    if compared.truth == "common":
        return None
    runs = tuple(source.run.name for source in choice.having)
    return Decisions(runs=runs, label=choice.label, moment=compared.moment, **more)
