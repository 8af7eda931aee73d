"""The dashboard's frame: which pages there are, and the one that opens first."""

import streamlit as st

from taglab.ui import guard, open_frame, tell_what_is_not_kept
from taglab.ui.turns import PAGES


def open_first_page() -> None:
    """Turn to the page that opens first, for those who ask for it by its name."""
    st.switch_page(first, query_params=st.query_params.to_dict())


open_frame()
# The page that opens first has no path of its own; what it is given here leaves its name to what turns to it.
first = st.Page(
    "pages/clusters.py", title="Clusters", icon=":material/bubble_chart:", default=True, url_path="first"
)
page = st.navigation(
    {
        "Tags": [
            st.Page("pages/data.py", title="Data", icon=":material/library_music:"),
            st.Page("pages/cleaning.py", title="Cleaning", icon=":material/cleaning_services:"),
            st.Page("pages/embeddings.py", title="Embeddings", icon=":material/hub:"),
            first,
            st.Page("pages/genres.py", title="Genres", icon=":material/account_tree:"),
            st.Page(open_first_page, title="Clusters", url_path="clusters", visibility="hidden"),
        ],
        "Taggers": [
            st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
        ],
        "Sound": [
            st.Page("pages/retrieval.py", title="Retrieval", icon=":material/search:"),
            st.Page("pages/representations.py", title="Representations", icon=":material/psychology:"),
            st.Page("pages/robustness.py", title="Robustness", icon=":material/graphic_eq:"),
        ],
        "Listeners": [
            st.Page("pages/explanations.py", title="Explanations", icon=":material/rule:"),
        ],
    },
    position="top",
)
with guard(), PAGES.turn():
    page.run()
tell_what_is_not_kept()
