"""A joint space of a data set as a run: its form, the button that starts it, and the command that does so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from taglab import cache
from taglab.embeddings import OWN, vector_names
from taglab.errors import TaglabError
from taglab.joint_space import JointSpaceSettings, new_space_run
from taglab.settings import checked
from taglab.ui.export import copy_as_command
from taglab.ui.forms import in_columns, setting_widget
from taglab.ui.messages import literal, working
from taglab.ui.remembered import Shelved, remembered
from taglab.ui.training.start import (
    launch_runs,
    pick_launch_and_note,
    require_allowed,
    say_refusal,
    start_button,
)
from taglab.vectors import feature_names, open_features
from taglab.verbs.first_space import first_features
from taglab.verbs.joint_space import Train

_FIRST = ("dim", "learning_rate", "limit", "steps")
_WIDE = ("tasks",)


def show_new_space(data: str) -> None:
    """A form of the space's settings, and the buttons under it.

    Args:
        data: Name of the data set that it is learned from.
    """
    names = [name for name in feature_names() if _kind(_features(name)) == "tracks"]
    if not names:
        _say_no_features(data)
        return
    question = pick_space(data, names)
    say_refusal()
    settings, note = pick_launch_and_note(alone_on_cpu=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        start = start_button("Start training", "start space")
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(question)
            st.caption("makes the run; `taglab launch` with its name trains it")
    if start:
        require_allowed()
        with working("Making the run") as progress:
            run = new_space_run(question.config(), note=note, progress=progress)
        launch_runs([run.name], settings)


def pick_space(data: str, features: Sequence[str]) -> Train:
    """Draw a widget for every setting, what matters most first, and return what is asked for.

    Args:
        data: Name of the data set.
        features: Names of the features to choose from, at least one.

    Raises:
        InvalidSetting: Naming each field that does not fit.
    """
    st.caption(
        literal(
            f"Artists, tags and tracks of {data} in one space, each near what belongs to it. When the run is "
            "finished, Retrieval asks it."
        )
    )
    choices = {"features": features, "words": ["", OWN, *vector_names()]}
    asked = in_columns(list(choices), lambda name: _train_widget(name, choices[name]), len(choices))
    space = in_columns(_WIDE, _space_widget, len(_WIDE)) | in_columns(_FIRST, _space_widget, len(_FIRST))
    with st.expander("All settings", icon=":material/tune:"):
        for title, names in JointSpaceSettings.sections.items():
            st.markdown(f"**{title}**")
            space |= in_columns(names, _space_widget, 4)
        st.markdown("**Data**")
        asked |= in_columns(("min_count", "split"), _train_widget)
    return checked(Train, {"data": data, **asked, "only_make": True, "settings": space})


def _train_widget(name: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    more: dict[str, Any] = {"format_func": lambda name: name or "none"} if choices else {}
    return setting_widget(Train, name, "space", choices=choices, persist_state="session", **more)


def _space_widget(name: str) -> dict[str, Any]:
    return setting_widget(JointSpaceSettings, name, "space", persist_state="session")


def _features(name: str) -> Shelved:
    return Shelved.of(cache.FEATURES, name, within="manifest.json")


@remembered("tiny")
def _kind(place: Shelved) -> str:
    try:
        return open_features(place.name).kind
    except TaglabError:
        return ""  # damaged: `taglab features list` tells it


def _say_no_features(data: str) -> None:
    st.markdown(
        "A joint space is learned from features of the tracks' sound, and there are none yet. This makes "
        "some, where there is sound; *Retrieval* makes those of the demo, and a space of them, at a click."
    )
    copy_as_command(first_features(data))
