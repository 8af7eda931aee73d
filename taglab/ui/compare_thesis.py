"""The thesis and what was found here: claims, figures told in the text, and tables, side by side."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from taglab import cache
from taglab.runs import runs_table
from taglab.studies.thesis_report import Report, gather
from taglab.ui.compare import Compared
from taglab.ui.export import command_line, export_panel
from taglab.ui.messages import guard, literal, working
from taglab.ui.pickers import pick_data


@guard()
def show_thesis(compared: Compared) -> None:
    """Show every claim of the thesis with its verdict, and its tables beside ours.

    Args:
        compared: Not looked at: the runs are those `taglab reproduce` made, of the data set chosen here.
    """
    data = pick_data()
    with working("Gathering the thesis"):
        report = _gathered(data, _stamp(), str(cache.home()))
    st.caption(literal(f"{report.about} `taglab reproduce all --data {data}` trains what is missing."))
    _show_claims(report.claims, data)
    st.subheader("Figures told in the text", anchor=False)
    st.dataframe(report.told, hide_index=True, key="thesis told")
    st.subheader("Tables", anchor=False)
    titles = {f"{each.heading}: {each.title}": each for each in report.sections}
    chosen = titles[st.selectbox("Table", list(titles), key="thesis table")]
    for note in chosen.notes:
        st.caption(literal(note))
    for column, whose, table in zip(
        st.columns(2), ("Published", "Here"), (chosen.published, chosen.here), strict=True
    ):
        with column:
            st.markdown(f"**{whose}**")
            if table is None or not len(table):
                st.caption(literal(chosen.said or "nothing"))
            else:
                st.dataframe(table, hide_index=True, key=f"thesis {whose}")


def _show_claims(claims: pd.DataFrame, data: str) -> None:
    st.subheader("Claims", anchor=False)
    counted = claims["here"].value_counts()
    st.caption(literal("Here: " + ", ".join(f"{said} {number}" for said, number in counted.items()) + "."))
    shown = claims[["says", "published", "here", "published why", "here why", "rule", "source"]]
    st.dataframe(shown, hide_index=True, key="thesis claims")
    export_panel("thesis claims", claims, None, command_line(["report"], (), {"data": data}))


def _stamp() -> str:
    """Return what changes whenever a run does: names, epochs and tags of all."""
    table = runs_table()
    return str(pd.util.hash_pandas_object(table.astype(str), index=False).sum())


@st.cache_resource(max_entries=8, show_spinner=False)
def _gathered(data: str, stamp: str, home: str) -> Report:
    return gather(data, figures=False)
