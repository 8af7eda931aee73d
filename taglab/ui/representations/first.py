"""What the page shows where tracks of a data set have no features yet."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from taglab.audio.library import DEMO
from taglab.folksonomy import Folksonomy
from taglab.ui.export import copy_as_command
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import literal
from taglab.ui.representations.material import Material, features_of
from taglab.ui.visitors import refusal
from taglab.verbs.first_features import statistics_of

_SECONDS = 90.0  # of which the demo's sound takes two thirds


def where_features_are(show: Callable[[Material], None]) -> Callable[[Material], None]:
    """Return a view that shows the way to the first features where the data set has none."""

    def shown(material: Material) -> None:
        if not features_of(material.data):
            show_first(material.data)
        elif not material.features:
            st.caption("Choose features in the sidebar.")
        else:
            show(material)

    return shown


def where_tasks_are(show: Callable[[Material], None]) -> Callable[[Material], None]:
    """Return a view that says what a task is where none is chosen, or the data set can set none."""

    def shown(material: Material) -> None:
        if material.tasks:
            show(material)
            return
        st.info(
            literal(
                f"No task is chosen in the sidebar. Tasks ask for a column of the tracks of "
                f"{material.data.name}, such as a genre or a year, for who plays them, or for the class of a "
                "label space. Columns and plays are added with a table (`taglab data add table --help`); "
                "label spaces are made on Clusters."
            )
        )

    return shown


def show_first(data: Folksonomy) -> None:
    """Say what features are and how they are made; of the demo, by a button."""
    st.subheader("No features yet", anchor=False)
    st.markdown(
        literal(
            f"Features are numbers for each track that an encoder made of its sound: statistics of timbre, "
            f"what a trained network hears, what another program computed. None are kept of tracks of "
            f"{data.name}."
        )
    )
    st.caption(
        "The shell line makes statistics of timbre; `taglab features --help` lists the other encoders."
    )
    copy_as_command(statistics_of(data.name))
    if data.name != DEMO:
        return
    reason = refusal()
    if reason:
        st.info(reason, icon=":material/lock:")
        return
    await_work(
        LongWork(
            key="first features",
            module="taglab.verbs.first_features",
            given="",
            title="Features of the demo",
            lacking="Statistics of timbre of the demo's tracks, and its sound if there is none: making them",
            verb="Make them",
            meanwhile="The other pages can be used meanwhile.",
            seconds=_SECONDS,
        )
    )
