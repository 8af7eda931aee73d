"""What features of tracks know, of what they were not made for."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.pickers import bound_choice
from taglab.ui.representations.beside import show_beside
from taglab.ui.representations.designs import show_designs
from taglab.ui.representations.first import where_features_are, where_tasks_are
from taglab.ui.representations.material import pick_material
from taglab.ui.representations.scores import show_scores
from taglab.ui.representations.track_map import show_track_map

VIEWS = {
    "Scores": where_features_are(where_tasks_are(show_scores)),
    "Map": where_features_are(show_track_map),
    "Side by side": where_features_are(where_tasks_are(show_beside)),
    "Designs": show_designs,
}

heading("Representations", "What does each representation know?")
material = pick_material()
title(material.data.name)
tabs = st.tabs(list(VIEWS), key="view", bind=bound_choice("view", "view", list(VIEWS)), on_change="rerun")
for tab, show in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab, guard():
            show(material)
