"""A label's confusion matrices of several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import streamlit as st

from taglab.compare.co_prediction import Cell, tracks_behind_decision
from taglab.figures import confusion as figures
from taglab.figures.theme import visible
from taglab.metrics.operating import CELLS
from taglab.ui.compare.compared import Compared
from taglab.ui.compare.sources import (
    Choice,
    Source,
    at_threshold,
    clicked_cells,
    decisions_question,
    show_decided,
)
from taglab.ui.compare.tracks import show_tracks
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal

_CELL_NAMES = {
    "tp": "true positives",
    "tn": "true negatives",
    "fp": "false positives",
    "fn": "false negatives",
}


def show_confusion(compared: Compared) -> None:
    """One label's confusion matrices side by side, normalised as in tables 20-25 of the thesis."""
    show_decided(compared, _confusion)


def _confusion(compared: Compared, choice: Choice) -> None:
    label, threshold, having = choice.label, choice.threshold, choice.having
    with st.container(horizontal=True):
        for source in having:
            _show_matrix(source, label, threshold)
        _show_difference(having, label, threshold)
    if choice.lacking:
        st.caption(literal(f"No label “{label}” in: {', '.join(choice.lacking)}."))
    table = decisions_table(having, label)
    shown = table[np.isclose(table["threshold"], threshold, rtol=0, atol=1e-9)].dropna(axis=1, how="all")
    st.dataframe(
        shown,
        hide_index=True,
        key="decisions",
        column_config=_COLUMNS,
        alt="Right and wrong decisions of each run",
    )
    st.caption(_said(having))
    _show_behind_decision(having, label, threshold)
    command = decisions_question(compared, choice, threshold=round(threshold, 3))
    export_panel(f"compare confusion {visible(label, 30)}", table, command=command)


_SHARE = {
    name: st.column_config.NumberColumn(name.upper(), format="%.4f", help=f"{said}, share of all tracks")
    for name, said in _CELL_NAMES.items()
}
_COLUMNS: dict[str, Any] = {
    **_SHARE,
    "threshold": st.column_config.NumberColumn("threshold", format="%.3f"),
    "tracks": st.column_config.NumberColumn("evaluated (tracks)"),
    "precision": st.column_config.NumberColumn("precision", format="%.3f"),
    "recall": st.column_config.NumberColumn("recall", format="%.3f"),
    "false_positive_rate": st.column_config.NumberColumn("false positive rate", format="%.3f"),
    "f1": st.column_config.NumberColumn("F1", format="%.3f"),
}


def decisions_table(found: Sequence[Source], label: str) -> pd.DataFrame:
    """Return what each run decided about a label, a row for each run and threshold.

    Returns:
        `run` and the columns of `Source.decisions`.
    """
    parts = [source.decisions(label).assign(run=source.title) for source in found]
    table = pd.concat(parts, ignore_index=True)
    return table[["run", *(name for name in table.columns if name != "run")]]


def _show_matrix(source: Source, label: str, threshold: float) -> None:
    table = source.decisions(label)
    row = at_threshold(table, threshold)
    if row is None:
        with st.container(width=figures.MATRIX_PX):
            st.caption(f"**{literal(source.title)}** was printed at the thresholds 0.33, 0.50 and 0.67 only.")
        return
    values = table.iloc[row]
    n_tracks = None if np.isnan(values["tracks"]) else int(values["tracks"])
    behind = st.session_state.get("behind decision", {})
    chosen = behind.get("cell") if source.predictions and behind.get("run") == source.title else None
    figure = figures.confusion_matrix(values[list(CELLS)], source.title, n_tracks, chosen)
    key = f"confusion {source.title}"

    def take() -> None:
        cells = clicked_cells(key)
        if cells:
            st.session_state["behind decision"] = {"run": source.title, "cell": figures.CELLS[cells[0]]}

    st.plotly_chart(
        figure, config=picture_config() | {"displayModeBar": False}, key=key, on_select=take,
        selection_mode="points", width=figures.MATRIX_PX,
        alt=f"Confusion matrix of {visible(source.title)} for {visible(label)}",
    )  # fmt: skip


def _show_difference(having: Sequence[Source], label: str, threshold: float) -> None:
    """Draw the first run's matrix minus the second's, of the runs that tell their decisions here."""
    known = []
    for source in having:
        table = source.decisions(label)
        row = at_threshold(table, threshold)
        if row is not None:
            known.append((source.title, table.iloc[row][list(CELLS)]))
    if len(known) > 1:
        (first, ours), (second, theirs) = known[:2]
        st.plotly_chart(
            figures.confusion_difference(ours, theirs, (first, second)),
            config=picture_config() | {"displayModeBar": False}, key="confusion difference",
            width=figures.MATRIX_PX,
            alt=f"Confusion matrix of {visible(first)} minus that of {visible(second)} for {visible(label)}",
        )  # fmt: skip


def _said(having: Sequence[Source]) -> str:
    parts = [literal(f"{source.title}: {source.said}") for source in having]
    clickable = any(source.predictions is not None for source in having)
    hint = (
        "Click a cell to list the tracks behind it."
        if clickable
        else "Tracks behind a cell can be listed of runs that kept predictions, as those trained here do: of "
        "validation tracks at the best and the last epoch, of test tracks at the best."
    )
    difference = " The last: the first run minus the second, blue where the first is right more often." * (
        len(having) > 1
    )
    return f"Numbers are shares of all tracks; shades, of the row.{difference} {'; '.join(parts)}. {hint}"


def _show_behind_decision(having: Sequence[Source], label: str, threshold: float) -> None:
    behind = st.session_state.get("behind decision")
    source = next((each for each in having if behind and each.title == behind["run"]), None)
    if behind is None or source is None or source.predictions is None:
        return
    cell = cast("Cell", behind["cell"])
    rows = tracks_behind_decision(source.predictions, threshold, label, cell)
    order = "highest" if cell.endswith("p") else "lowest"
    heading = (
        f"**{len(rows):,} {_CELL_NAMES[cell]}** of {literal(source.title)} for {literal(visible(label))}, "
        f"{order} scores first"
    )
    show_tracks(source.run, source.predictions, rows, threshold, label, heading, "decision")
