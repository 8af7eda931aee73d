"""Which tracks, which tags, how steep."""

import streamlit as st

from taglab.figures.data import popularity_curve
from taglab.ui import (
    add_data_panel,
    column_labels,
    export_panel,
    folksonomy,
    heading,
    interactions,
    pick_data,
    pick_min_count,
    picture_config,
    title,
    working,
)
from taglab.ui.data.activity import show_activity
from taglab.ui.data.audio import show_audio
from taglab.ui.data.storage import show_storage
from taglab.ui.data.targets import show_targets
from taglab.ui.data.views import dropped_notes, show_dropped, show_facts, show_tags

heading("Data", "Which tracks, which tags, and how steeply does their popularity fall?")
with st.sidebar:
    name = pick_data()
with working("Opening the data") as progress:
    data = folksonomy(name, progress)
    plays = interactions(name)
title(name)
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
    export_panel(f"{name} popularity", data.tags[["tag", "count"]], curve, ["taglab", "data", "show", name])
with figures:
    show_facts(data, plays)
if data.n_tags:
    show_tags(data)
if plays is not None and plays.matrix.nnz:
    show_activity(name, plays)
show_audio(data)
show_targets(data)
with st.expander(f"Tracks ({data.n_tracks:,})"):
    st.dataframe(
        data.tracks, hide_index=True, column_config=column_labels(data.tracks), alt="Tracks of the data set"
    )
    export_panel(f"{name} tracks", data.tracks)
with st.expander(
    f"How it was read, and what was left out ({sum(note.count for note in dropped_notes(data, plays)):,})"
):
    show_dropped(data, plays)
show_storage()
