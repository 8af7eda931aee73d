"""Designs of experiments: how far each has come, and what it tells already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from taglab import cache
from taglab.errors import InvalidSetting, TaglabError
from taglab.factors import TARGETS
from taglab.factors.learning_source import SAME_TRACK
from taglab.progress import silent
from taglab.studies.design import DesignSettings
from taglab.studies.design.kept import Design, design_names, open_design
from taglab.studies.design.pictures import PICTURES
from taglab.studies.design.tables import TABLES
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.messages import literal
from taglab.ui.pickers import choose_among
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.representations.material import Material
from taglab.verbs.designs import Make, Show

if TYPE_CHECKING:
    import plotly.graph_objects as go

_EVERY_TASK = "mean over tasks"
_TABLE_OF = {
    "by-strategy": "progress",
    "means": "differences",
    "slopes": "effects",
    "size": "effects",
    "best": "repeats",
    "sources": "sources",
    "alone": "alone",
    "alias": "alias",
}
"""Picture → the table beside it."""


def show_designs(material: Material) -> None:
    """Show one design: its progress, and a picture and a table of what is scored."""
    names = design_names()
    if not names:
        _show_none()
        return
    name = choose_among("design", "Design", names, 0, "design")
    place = Shelved.of(cache.DESIGNS, name, ".json")
    design = _opened(place)
    _show_progress(place, design)
    keys = list(PICTURES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {PICTURES[key].title: key for key in keys}
        chosen = titles[choose_among("picture", "Picture", list(titles), 0, "picture")]
        task = _pick_task(design, chosen)
    _show_picture(place, design, chosen, task)


def _show_none() -> None:
    st.subheader("No design yet", anchor=False)
    st.markdown(
        literal(
            "A design says which networks are trained of which learning sources, and in which order: each "
            "source alone, all together, then some of them, balanced and little aliased at every step. "
            "It may be stopped at any time; what is scored by then is told of here."
        )
    )
    small = DesignSettings(sources=("tag", "artist", "bpm"), single_repeats=2, all_repeats=2, fractional=12)
    copy_as_command(Make(name="small", settings=small))


@remembered("small")
def _opened(place: Shelved) -> Design:
    return open_design(place.name)


@remembered("small")
def _tabled(place: Shelved, name: str) -> tuple[pd.DataFrame, list[str]]:
    return TABLES[name].make(open_design(place.name), 0, silent)


@remembered("small")
def _drawn(place: Shelved, name: str, task: str | None) -> go.Figure:
    return PICTURES[name].draw(open_design(place.name), task)


def _show_progress(place: Shelved, design: Design) -> None:
    """Show how many runs there are, are made and are scored, in all and by strategy and number of sources."""
    made, scored = int((design.runs["run"] != "").sum()), int(design.scores["number"].nunique())
    with st.container(horizontal=True):
        st.metric("Runs planned", f"{len(design.runs):,}")
        st.metric("Made", f"{made:,}")
        st.metric("Scored", f"{scored:,}")
        st.metric("Target tasks", f"{design.scores['task'].nunique():,}")
    st.progress(scored / len(design.runs), literal(f"{scored:,} of {len(design.runs):,} runs scored"))
    table, notes = _tabled(place, "progress")
    with st.expander("By strategy and number of sources"):
        st.dataframe(
            table, key="design progress", hide_index=True,
            column_config={
                name: st.column_config.NumberColumn(name, format="%.2f")
                for name in ("estimate", "low", "high")
            },
            alt="Runs and means by strategy and number of sources",
        )  # fmt: skip
        st.caption("Means of scores standardised within each task, with 95 % intervals, as far as they go.")
    for note in notes:
        st.caption(literal(f"{note[:1].upper()}{note[1:]}."))
    with st.expander("How its runs come about"):
        _show_lines(design)


def _show_lines(design: Design) -> None:
    """Show the shell lines that train and score runs of a design."""
    family = ["taglab", "design"]
    if design.training is None:
        st.caption(
            "Nobody said yet what its runs learn from: a --source for each of its sources, with a maker of "
            "`taglab targets`."
        )
        usual = {**{maker: maker for maker in TARGETS}, "self": SAME_TRACK}
        makers = {source: usual.get(source, "MAKER") for source in design.settings.sources}
        given = [word for source, maker in makers.items() for word in ("--source", f"{source}={maker}")]
        copy_as_command([*family, "prepare", design.name, *given])
        return
    st.caption(
        "The first line trains runs here, one after the other; begin as many as there are machines, and stop "
        "them whenever you like. The second puts the next ones into the queue of *Training*. The third "
        "scores what is finished."
    )
    copy_as_command(
        [*family, "work", design.name],
        [*family, "next", design.name, "--runs", "8", "--launch"],
        [*family, "score", design.name],
    )


def _pick_task(design: Design, picture: str) -> str | None:
    tasks = sorted(design.scores["task"].unique())
    if not tasks or not PICTURES[picture].by_task:
        return None
    every = [_EVERY_TASK] if picture == "by-strategy" else []
    chosen = choose_among("at", "Target task", [*every, *tasks], 0, "task")
    return None if chosen == _EVERY_TASK else chosen


def _show_picture(place: Shelved, design: Design, picture: str, task: str | None) -> None:
    try:
        figure = _drawn(place, picture, task)
    except InvalidSetting as error:
        st.info(literal(f"Not yet: {error}."))
        return
    st.plotly_chart(figure, key=f"design {picture}", config=picture_config(), alt=PICTURES[picture].title)
    name = _TABLE_OF[picture]
    try:
        table, notes = _tabled(place, name)
    except TaglabError as error:
        table, notes = None, [str(error)]
    for note in notes if name != "progress" else []:
        st.caption(literal(f"{note[:1].upper()}{note[1:]}."))
    if table is not None and name != "progress":
        st.dataframe(table, key=f"design table {name}", hide_index=True, alt=TABLES[name].about)
    export_panel(f"{design.name} {name}", table, figure, command=Show(name=design.name, what=name))
