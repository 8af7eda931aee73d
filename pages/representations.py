"""What features of tracks know, of what they were not made for."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.representations.beside import show_beside
from taglab.ui.representations.first import show_first
from taglab.ui.representations.material import features_of, pick_material
from taglab.ui.representations.scores import show_scores
from taglab.ui.representations.track_map import show_track_map

VIEWS = {"Scores": show_scores, "Map": show_track_map, "Side by side": show_beside}

heading("Representations", "What does each representation know?")
material = pick_material()
title(material.data.name)
if not features_of(material.data):
    show_first(material.data)
elif not material.features:
    st.caption("Choose features in the sidebar.")
else:
    tabs = st.tabs(list(VIEWS), key="view", bind="query-params", on_change="rerun")
    for tab, show in zip(tabs, VIEWS.values(), strict=True):
        if tab.open:
            with tab, guard():
                show(material)
