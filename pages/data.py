"""Which tracks, which tags, how steep."""

import numpy as np
import pandas as pd
import streamlit as st

from taglab.figures.data import co_tag_bars, head_slope, popularity_curve, tags_per_track
from taglab.folksonomy import Folksonomy
from taglab.ui import (
    add_data_panel,
    column_labels,
    export_panel,
    folksonomy,
    pick_data,
    pick_min_count,
    pick_tag,
    picture_config,
    tag_table,
    working,
)

CO_TAGS_SHOWN = 20


def facts(data: Folksonomy) -> None:
    """A few figures that say what kind of data this is."""
    per_track = np.diff(data.matrix.indptr)
    artists = f"{data.tracks['artist'].nunique():,}" if data.knows_artists else "not known"
    numbers = {
        "Tracks": f"{data.n_tracks:,}",
        "Tags": f"{data.n_tags:,}",
        "Assignments": f"{data.n_assignments:,}",
        "Artists": artists,
        "Tags per track": f"{per_track.mean() if len(per_track) else 0:.1f}",
        "Slope, top 100": f"{head_slope(data.tags['count']):.2f}".replace("-", "−"),
    }
    for row in (list(numbers.items())[:3], list(numbers.items())[3:]):
        for column, (label, value) in zip(st.columns(3), row, strict=True):
            column.metric(label, value)
    st.plotly_chart(
        tags_per_track(per_track),
        config=picture_config(),
        key="tags per track",
        alt="How many tracks have how many tags",
    )


def choose_row(shown: pd.DataFrame) -> None:
    """A row picked in the table is the selected tag."""
    rows = st.session_state["tag table"].selection.rows
    if rows:
        st.session_state["tag"] = str(shown["tag"].iloc[rows[0]])


def tags_and_co_tags(data: Folksonomy) -> None:
    """The tag table beside what stands on the same tracks as the selected tag."""
    left, right = st.columns(2)
    with left:
        find = st.text_input("Find tags that contain", key="find", bind="query-params")
        shown = tag_table(data, find)
        st.dataframe(
            shown, key="tag table", on_select=lambda: choose_row(shown), selection_mode="single-row",
            hide_index=True, height=480, column_config=column_labels(shown),
        )  # fmt: skip
        st.caption(f"{len(shown):,} of {data.n_tags:,} tags; pick a row to see what it is found with")
        export_panel(f"{data.name} tags", shown, command=["taglab", "data", "show", data.name])
    with right:
        tag = pick_tag(list(data.tags["tag"]), "Found together with")
        together = data.co_tags(tag)
        figure = co_tag_bars(together.head(CO_TAGS_SHOWN), tag)
        st.plotly_chart(
            figure, config=picture_config(), key="co-tags", alt="Tags on the same tracks, most shared first"
        )
        st.caption(f"the first {min(CO_TAGS_SHOWN, len(together))} of {len(together):,}; Export has all")
        export_panel(f"{data.name} co-tags", together, figure)


with st.sidebar:
    name = pick_data()
with working("Opening the data") as progress:
    data = folksonomy(name, progress)
with st.sidebar:
    least = pick_min_count(data)
    if st.button("Add data", icon=":material/add:", key="add data", width="stretch"):
        add_data_panel()
picture, figures = st.columns([3, 2])
with picture:
    curve = popularity_curve(data.tags, least, st.session_state.get("tag"))
    st.plotly_chart(
        curve, config=picture_config(), key="popularity", alt="Tracks with each tag by rank, both logarithmic"
    )
    export_panel(f"{name} popularity", data.tags[["tag", "count"]], curve)
with figures:
    facts(data)
if data.n_tags:
    tags_and_co_tags(data)
with st.expander(f"Tracks ({data.n_tracks:,})"):
    st.dataframe(data.tracks, hide_index=True, column_config=column_labels(data.tracks))
    export_panel(f"{name} tracks", data.tracks)
with st.expander(f"Left out when read ({sum(note.count for note in data.dropped):,})"):
    notes = pd.DataFrame([(n.count, n.what, n.reason, ", ".join(n.examples)) for n in data.dropped])
    if notes.empty:
        st.text("Nothing was left out.")
    else:
        st.dataframe(notes.set_axis(["count", "what", "reason", "examples"], axis=1), hide_index=True)
