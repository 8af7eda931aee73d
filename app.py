"""The dashboard's frame: which pages there are, and the one that opens first."""

import streamlit as st

from taglab.ui import guard

st.set_page_config(page_title="taglab", page_icon="🏷️", layout="wide")
page = st.navigation(
    [
        st.Page("pages/data.py", title="Data", icon=":material/library_music:"),
        st.Page("pages/cleaning.py", title="Cleaning", icon=":material/cleaning_services:"),
        st.Page("pages/embeddings.py", title="Embeddings", icon=":material/hub:"),
        st.Page("pages/clusters.py", title="Clusters", icon=":material/bubble_chart:", default=True),
        st.Page("pages/genres.py", title="Genres", icon=":material/account_tree:"),
        st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
    ],
    position="top",
)
with guard():
    page.run()
