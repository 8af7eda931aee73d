"""A joint space of a data set as a run: its form, the button that starts it, and the command that does so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from taglab import cache
from taglab.embeddings import OWN, vector_names
from taglab.errors import TaglabError
from taglab.joint_space import JointSpaceRun, JointSpaceSettings, new_space_run, read_similar_artists
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
from taglab.ui.uploads import Upload, harmless_name, laid_down
from taglab.vectors import feature_names, open_features
from taglab.verbs.first_space import first_features
from taglab.verbs.joint_space import Train

_FIRST = ("dim", "learning_rate", "limit", "steps")
_WIDE = ("tasks",)
_LARGEST_PAIRS_MB = 20
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class AskedSpace:
    """What the form asks for.

    Attributes:
        question: As a command asks it; of a table that was uploaded it names the file.
        similar_artists: The pairs of artists that were in it.
    """

    question: Train
    similar_artists: Pairs = ()

    def config(self) -> JointSpaceRun:
        """Return what a run of it is asked to do; raises InvalidSetting."""
        here = self.question.model_copy(update={"similar_artists": None})
        return here.config().model_copy(update={"similar_artists": self.similar_artists})


def show_new_space(data: str) -> None:
    """A form of the space's settings, and the buttons under it.

    Args:
        data: Name of the data set that it is learned from.
    """
    names = [name for name in feature_names() if _kind(_features(name)) == "tracks"]
    if not names:
        _say_no_features(data)
        return
    asked = pick_space(data, names)
    say_refusal()
    settings, note = pick_launch_and_note(alone_on_cpu=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        start = start_button("Start training", "start space")
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(asked.question)
            st.caption("makes the run; `taglab launch` with its name trains it")
    if start:
        require_allowed()
        with working("Making the run") as progress:
            run = new_space_run(asked.config(), note=note, progress=progress)
        launch_runs([run.name], settings)


def pick_space(data: str, features: Sequence[str]) -> AskedSpace:
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
    space = in_columns(_WIDE, _space_widget, len(_WIDE))
    upload, pairs = _pick_similar_artists() if "similar-artists" in space["tasks"] else (None, ())
    space |= in_columns(_FIRST, _space_widget, len(_FIRST))
    with st.expander("All settings", icon=":material/tune:"):
        for title, names in JointSpaceSettings.sections.items():
            st.markdown(f"**{title}**")
            space |= in_columns(names, _space_widget, 4)
        st.markdown("**Data**")
        asked |= in_columns(("min_count", "split"), _train_widget)
    named = {"similar_artists": None if upload is None else harmless_name(upload.name)}
    question = checked(Train, {"data": data, **asked, **named, "only_make": True, "settings": space})
    return AskedSpace(question, pairs)


def _pick_similar_artists() -> tuple[Upload | None, Pairs]:
    """Let a table of pairs of artists be uploaded, for the task that learns them; say what it holds.

    Raises:
        DataError: If it is no such table.
    """
    upload = st.file_uploader(
        "Artists who are alike", key="space similar artists", max_upload_size=_LARGEST_PAIRS_MB,
        help="A table with the columns artist and similar, a pair a row, either way round; CSV, or "
        "tab-separated where its name ends in .tsv. The pairs are kept with the run, the file is not.",
    )  # fmt: skip
    if upload is None:
        st.caption("The task similar-artists learns from pairs of artists who are alike: upload some.")
        return None, ()
    with laid_down([upload]) as path:
        pairs = read_similar_artists(path)
    artists = len({artist for pair in pairs for artist in pair})
    st.caption(f"{len(pairs):,} pairs of {artists:,} artists.")
    return upload, pairs


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
