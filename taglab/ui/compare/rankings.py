"""Runs as rankings: how well labels are ordered for a track, or tracks for a label."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from taglab.compare.queries import Query, query_means, wide
from taglab.figures import compare as figures
from taglab.metrics import mean_columns
from taglab.outcomes import Predictions
from taglab.progress import Progress
from taglab.runs import Run
from taglab.ui.compare.compared import Compared
from taglab.ui.export import export_panel, picture_config
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import remembered

_QUERIES: dict[Query, str] = {"track": "Labels for a track", "label": "Tracks for a label"}
_OVER: dict[Query, str] = {"track": "tracks", "label": "labels"}


def show_rankings(compared: Compared) -> None:
    """Precision at k, recall, nDCG and the like, with intervals over queries."""
    query: Query = st.segmented_control(
        "What is ranked", list(_QUERIES), default="track", required=True, format_func=_QUERIES.__getitem__,
        key="query", bind=bound_choice("query", "kind of query", _QUERIES),
        help="Labels for a track: what stands first when a track is tagged. Tracks for a label: what stands "
        "first when somebody asks for a label.",
    )  # fmt: skip
    judged = dict(compared.predictions) if compared.truth == "common" else None
    with working("Ranking") as progress:
        means = _means(compared.by_title, compared.moment, query, judged, progress)
    if means.empty:
        st.info(
            "None of these runs has kept predictions or means of rankings here; choose other results.",
            icon=":material/search_off:",
        )
        return
    titles = {column: mean.title.removesuffix(", macro") for column, mean in mean_columns("rankings").items()}
    known = means[means["value"].notna()]
    drawn = {title: hue for title, hue in compared.colours.items() if title in set(known["run"])}
    figure = figures.query_means(known.assign(metric=known["mean"].map(titles)), drawn, _OVER[query])
    st.plotly_chart(
        figure, key="rankings", config=picture_config(), alt=f"Means over {_OVER[query]} of {len(drawn)} runs"
    )
    st.caption(_explanation(compared, query))
    st.dataframe(
        wide(means).dropna(axis=1, how="all"), hide_index=True, key="rankings table",
        column_config=_columns(titles), alt="Means of metrics of rankings, a row a run",
    )  # fmt: skip
    without = [title for title in compared.titles if title not in set(means["run"])]
    if without:
        named = ", ".join(f"“{literal(title)}”" for title in without)
        st.caption(f"Of {named} no predictions are kept.")
    command = None if compared.truth == "common" else compared.command("queries", query=query)
    export_panel("compare rankings", means, figure, command)


@remembered("medium")
def _means(
    runs: dict[str, Run],
    moment: str,
    query: Query,
    judged: dict[str, Predictions] | None,
    _progress: Progress,
) -> pd.DataFrame:
    return query_means(runs, moment, query, _progress, judged)


def _columns(titles: dict[str, str]) -> dict[str, Any]:
    numbers = {name: st.column_config.NumberColumn(title, format="%.4f") for name, title in titles.items()}
    return numbers | {
        "run": st.column_config.TextColumn("run", width=200, pinned=True),
        "queries": st.column_config.NumberColumn("queries", format="localized"),
        "without_relevant": st.column_config.NumberColumn(
            "without relevant", format="localized", help="Nothing is relevant to them; no mean counts them"
        ),
    }


def _explanation(compared: Compared, query: Query) -> str:
    where = f"Results of: {literal(compared.what)}. " if compared.truth != "lift" else ""
    depends = {
        "track": "A run of fewer labels has fewer to confuse: compare runs of one label set.",
        "label": "Tracks of equal score share their places.",
    }[query]
    return f"{where}Whiskers: 95 % of the mean over {_OVER[query]}. {depends}"
