"""What the page shows where there is no joint space yet."""

from __future__ import annotations

import streamlit as st

from taglab.ui.export import copy_as_command
from taglab.ui.long_work import LongWork, await_work
from taglab.ui.messages import literal
from taglab.ui.pickers import turn_to
from taglab.ui.visitors import refusal
from taglab.vectors import feature_names
from taglab.verbs.first_space import first_space

_SECONDS = 180.0  # of which the demo's sound and its features take two thirds


def show_first() -> None:
    """Say what a joint space is, and let the first one be made."""
    st.subheader("No joint space yet", anchor=False)
    st.markdown(
        "In a joint space artists, tags and tracks lie near what belongs to them, so that one can be asked "
        "for with another. It is learned from features of sound, made once, and from what listeners wrote."
    )
    names = feature_names()
    if names:
        st.caption(literal(f"Features there are: {', '.join(names)}."))
    offer_new_space()
    with st.popover("Copy as command", icon=":material/terminal:"):
        copy_as_command(*first_space())
    reason = refusal()
    if reason:
        st.info(reason, icon=":material/lock:")
        return
    await_work(
        LongWork(
            key="first joint space",
            module="taglab.verbs.first_space",
            given="",
            title="A space of the demo",
            lacking="Features of the demo's sound and a space of its artists, tags and tracks: making both",
            verb="Make them",
            meanwhile="The other pages can be used meanwhile.",
            seconds=_SECONDS,
        )
    )


def offer_new_space() -> None:
    """Lead to the form that trains a space as a run."""
    if st.button(
        "Train a space of your own data",
        key="to new space",
        type="tertiary",
        icon=":material/model_training:",
    ):
        turn_to("training", view="New space")
