"""Which classes are genres, which share their tracks, and what they divide into."""

import streamlit as st

from taglab.ui import guard, heading, title
from taglab.ui.genres.material import pick_genres, pick_material
from taglab.ui.genres.subgenres import show_subgenres
from taglab.ui.genres.views import show_cooccurrence, show_genres
from taglab.ui.pickers import bound_choice

VIEWS = {
    "Co-occurrence": show_cooccurrence,
    "Genres": show_genres,
    "Subgenres": show_subgenres,
}

heading("Genres", "Which classes share their tracks, and what do genres divide into?")
material = pick_material()
title(material.name)
choice = pick_genres(material)
tabs = st.tabs(list(VIEWS), key="view", bind=bound_choice("view", "view", list(VIEWS)), on_change="rerun")
for tab, show in zip(tabs, VIEWS.values(), strict=True):
    if tab.open:
        with tab, guard():
            show(material, choice)
