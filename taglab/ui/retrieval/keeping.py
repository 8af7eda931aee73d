"""A space's tags, artists or tracks, kept as vectors for other pages and commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from taglab.ui.export import copy_as_command
from taglab.ui.messages import guard, literal, working
from taglab.ui.retrieval.material import Asked
from taglab.vectors import feature_names
from taglab.verbs.joint_space_words import SaveVectors

_KINDS: tuple[Literal["tags", "artists", "tracks"], ...] = ("tags", "artists", "tracks")


def show_keeping(asked: Sequence[Asked]) -> None:
    """Offer to keep the vectors of one of the spaces that are asked; scores of runs have none."""
    spaces = [one.name for one in asked if not one.is_run]
    if not spaces:
        return
    with st.popover("Keep as vectors", icon=":material/save:", width="stretch"), guard():
        st.caption("They are then among the vectors of Clusters and Embeddings, compared by dot product.")
        space = st.selectbox("Of the space", spaces, key="kept space")
        of = st.segmented_control("Which", _KINDS, default="tags", key="kept kind", required=True)
        name = st.text_input("Name", value=f"{space} {of}", key=f"kept name of {space} {of}").strip()
        question = SaveVectors(space=space, name=name, of=of)
        if st.button("Keep", key="keep vectors", type="primary", disabled=name in feature_names()):
            with working("Placing them") as progress:
                question.answer(progress)
        if name in feature_names():
            st.caption(literal(f"{name!r} is kept; under another name they can be kept anew."))
        copy_as_command(question)
