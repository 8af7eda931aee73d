"""A network of another kind than taggers: of several learning sources, or one that answers with spectra."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from taglab.ui.pickers import bound_choice
from taglab.ui.training.sources import show_network_of_sources
from taglab.ui.training.spectra import show_new_spectrum_network

NETWORK_FORMS: dict[str, Callable[[str, str], None]] = {
    "Learning sources": show_network_of_sources,
    "Spectrograms": show_new_spectrum_network,
}
"""What a network learns → its form, of a data set and its sound."""


def show_new_network(data: str, audio: str) -> None:
    """Let it be chosen what a network learns, and show the form of that.

    Args:
        data: Name of the data set.
        audio: Name of the sound.
    """
    chosen = st.segmented_control(
        "It learns", list(NETWORK_FORMS), default="Learning sources", key="learns", required=True,
        bind=bound_choice("learns", "what is learned", list(NETWORK_FORMS)),
    )  # fmt: skip
    NETWORK_FORMS[str(chosen)](data, audio)
