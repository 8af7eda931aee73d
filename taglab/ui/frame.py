"""What frames every page: its name and question at the head, its title in the browser, and how Back works."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from taglab.figures.theme import visible

_HERE = Path(__file__).parent
_NAME = "name of the page"
_history = st.components.v2.component("taglab.history", js=(_HERE / "history.js").read_text(encoding="utf-8"))


def open_frame() -> None:
    """Set up what all pages share; to be called before a page is run."""
    st.set_page_config(page_title="taglab", page_icon="🏷️", layout="wide")
    st.html(_HERE / "frame.css")
    with st.container(key="history"):
        _history(key="back")


def heading(name: str, question: str) -> None:
    """Say the page's name and the question it answers, and put the name into the browser's title.

    Args:
        name: As the navigation has it.
        question: One sentence.
    """
    st.session_state[_NAME] = name
    st.set_page_config(page_title=f"{name} · taglab")
    with st.container(key="heading", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.title(name, anchor=False, width="content")
        st.caption(question, width="content")


def title(*parts: str) -> None:
    """Put what a page shows into the browser's title, after its name: "Clusters · demo · k = 20".

    Args:
        parts: Texts, also from data.
    """
    shown = [st.session_state.get(_NAME, "taglab"), *(visible(part) for part in parts)]
    st.set_page_config(page_title=" · ".join(shown))
