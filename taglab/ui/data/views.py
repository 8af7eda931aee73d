"""The parts of the Data page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from taglab.dropped import Dropped
from taglab.figures.data import co_tag_bars, head_slope, tags_per_track
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.ui.export import export_panel, picture_config
from taglab.ui.pickers import pick_tag
from taglab.ui.tables import column_labels, tag_table
from taglab.verbs.data import CoTags, Show

_CO_TAGS_SHOWN = 20
_UNKNOWN = "–"
_DENSITY = "Density of plays"
_MEANING = {
    "Assignments": "Pairs of a track and a tag it has.",
    "Artists": "Distinct artists of the tracks; – where the source names none.",
    "Tags per track": "Mean over all tracks.",
    "Slope, top 100": "How steeply count falls with rank among the 100 most used tags, both logarithmic: at "
    "−1 the tenth tag has a tenth of the first one's tracks. – for fewer than two tags.",
    "Users": "Who played or rated tracks.",
    "Tracks played": "Tracks that a user played or rated; some may not be among those with tags.",
    _DENSITY: "Share of all pairs of a user and a track that were played or rated.",
}


def show_facts(data: Folksonomy, plays: Interactions | None) -> None:
    """A few figures that say what kind of data this is."""
    per_track = np.diff(data.matrix.indptr)
    artists = f"{data.tracks['artist'].nunique():,}" if data.knows_artists else _UNKNOWN
    slope = head_slope(data.tags["count"])
    numbers = {
        "Tracks": f"{data.n_tracks:,}",
        "Tags": f"{data.n_tags:,}",
        "Assignments": f"{data.n_assignments:,}",
        "Artists": artists,
        "Tags per track": f"{per_track.mean() if len(per_track) else 0:.1f}",
        "Slope, top 100": _UNKNOWN if np.isnan(slope) else f"{slope:.2f}".replace("-", "−"),
    }
    if plays is not None:
        numbers |= {
            "Users": f"{plays.n_users:,}",
            "Tracks played": f"{plays.n_tracks:,}",
            _DENSITY: f"{plays.density:.2%}",
        }
    with st.container(horizontal=True):
        for label, value in numbers.items():
            st.metric(label, value, help=_MEANING.get(label), width="content")
    figure = tags_per_track(per_track)
    st.plotly_chart(
        figure, config=picture_config(), key="tags per track", alt="How many tracks have how many tags"
    )
    tracks = np.bincount(per_track, minlength=1)
    table = pd.DataFrame({"tags": np.arange(len(tracks)), "tracks": tracks})
    export_panel(f"{data.name} tags per track", table, figure)


def _choose_row(shown: pd.DataFrame) -> None:
    """A row picked in the table is the selected tag."""
    rows = st.session_state["tag table"].selection.rows
    if rows:
        st.session_state["tag"] = str(shown["tag"].iloc[rows[0]])


def show_tags(data: Folksonomy) -> None:
    """The tag table beside what stands on the same tracks as the selected tag."""
    left, right = st.columns([3, 2])
    with left:
        find = st.text_input("Find tags that contain", key="find", bind="query-params")
        shown = tag_table(data, find)
        if not data.knows_artists:
            shown = shown.drop(columns="artists")
        st.dataframe(
            shown, key="tag table", on_select=lambda: _choose_row(shown), selection_mode="single-row",
            hide_index=True, height=480, column_config=column_labels(shown),
            alt="Tags, most used first",
        )  # fmt: skip
        st.caption(f"{len(shown):,} of {data.n_tags:,} tags; pick a row to see what it is found with")
        export_panel(f"{data.name} tags", shown, command=Show(data=data.name, find=find))
    with right:
        tag = pick_tag(list(data.tags["tag"]), "Found together with")
        together = data.co_tags(tag)
        if together.empty:
            st.text("No other tag is on these tracks.")
            return
        figure = co_tag_bars(together.head(_CO_TAGS_SHOWN), tag)
        st.plotly_chart(
            figure, config=picture_config(), key="co-tags", alt="Tags on the same tracks, most shared first"
        )
        st.caption(f"the first {min(_CO_TAGS_SHOWN, len(together))} of {len(together):,}; Export has all")
        asked = CoTags(tag=tag, n=len(together), data=data.name)
        export_panel(f"{data.name} co-tags", together, figure, asked)


def dropped_notes(data: Folksonomy, plays: Interactions | None) -> tuple[Dropped, ...]:
    """Return what reading left out, of tags and of plays."""
    return data.dropped if plays is None else (*data.dropped, *plays.dropped)


def show_dropped(data: Folksonomy, plays: Interactions | None) -> None:
    """How the files were understood; what reading left out, and why."""
    for sentence in data.reading if plays is None else (*data.reading, *plays.reading):
        st.text(sentence)
    notes = dropped_notes(data, plays)
    if not notes:
        st.text("Nothing was left out.")
        return
    rows = [(note.count, note.what, note.reason, ", ".join(note.examples)) for note in notes]
    table = pd.DataFrame(rows, columns=["count", "what", "reason", "examples"])
    st.dataframe(table, hide_index=True, alt="What was left out when the data were read")
    export_panel(f"{data.name} left out", table, command=["taglab", "data", "show", data.name])
