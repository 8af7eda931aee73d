"""A network of several learning sources as a run: its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import BaseModel

from taglab.factors import TARGETS
from taglab.factors.learning_source import SAME_TRACK, LearningSource
from taglab.folksonomy import Folksonomy
from taglab.nets import NETWORKS, network_settings
from taglab.nets.sharing import MOST_SOURCES, STRATEGIES
from taglab.nets.staged import StagedSettings
from taglab.settings import checked
from taglab.training import settings_over
from taglab.training.source_config import PRESETS, SourceTraining
from taglab.training.sources import new_source_run
from taglab.ui.data.targets import maker_settings
from taglab.ui.forms import in_columns, setting_widget
from taglab.ui.loaders import folksonomy
from taglab.ui.messages import literal, working
from taglab.ui.training.machine import device
from taglab.ui.training.offer import offer_run, pick_settings
from taglab.verbs.sources import Train

_FIRST = ("epochs", "batch_size", "learning_rate")
_SMALL, _PUBLISHED = "tiny-sources", "sources"
_USUAL_NETWORK = "kim-2.3"
_FIRST_MAKERS = ("tag", "artist", SAME_TRACK)


def show_network_of_sources(data: str, audio: str) -> None:
    """A form of sources, of how much they share, and of the training; and the buttons under it.

    Args:
        data: Name of the data set.
        audio: Name of the sound.
    """
    with working("Opening the data") as progress:
        opened = folksonomy(data, progress)
    question = pick_network_of_sources(opened, audio)
    offer_run(question, question.config(), new_source_run, "sources")


def pick_network_of_sources(data: Folksonomy, audio: str) -> Train:
    """Draw a widget for every setting, the sources first, and return what is asked for.

    Args:
        data: The data set.
        audio: Name of the sound.

    Raises:
        InvalidSetting: Naming each field that does not fit.
    """
    st.caption(
        "One network learns from several sources, which share as much of it as you choose. Its "
        "representation of a track is the layer they share, or their layers side by side; `taglab encode` "
        "gives it, and the encoder *run*."
    )
    first = _SMALL if device().kind != "GPU" else _PUBLISHED
    names = sorted(PRESETS, key=lambda name: name != first)
    preset, strategy, count = st.columns((2, 2, 1), vertical_alignment="bottom")
    preset_name = preset.selectbox(
        "Start from", names, key="sources preset",
        help="tiny-sources is small enough for a CPU; sources and artist-groups are the settings of Kim's "
        "chapters 2 (stereo at 22,050 samples a second) and 3 (mono at 44,100).",
    )  # fmt: skip
    n_sources = int(count.number_input("Sources", 1, MOST_SOURCES, 2, key="sources number"))
    shared = _pick_strategy(strategy, preset_name, n_sources)
    sources = [_pick_source(number, data) for number in range(n_sources)]
    values = _pick_settings(preset_name)
    sound = None if audio == data.name else audio
    asked = {"source": [source.text() for source in sources], "strategy": shared, "only_make": True}
    return checked(Train, {"data": data.name, "audio": sound, "preset": preset_name, **asked, **values})


def _pick_strategy(place: Any, preset_name: str, n_sources: int) -> str:
    """Let it be chosen how much is shared, among what there is for so many sources."""
    names = [name for name, strategy in STRATEGIES.items() if strategy.single == (n_sources == 1)]
    usual = PRESETS[preset_name].get("strategy", "ms-cr@6")
    meanings = "; ".join(f"{name}: {STRATEGIES[name].about}" for name in names)
    chosen: str = place.selectbox(
        "What they share", names, index=names.index(usual) if usual in names else 0,
        key=f"sources strategy {preset_name} {n_sources == 1}", help=meanings,
    )  # fmt: skip
    return chosen


def _pick_source(number: int, data: Folksonomy) -> LearningSource:
    """Draw a row for one source: its maker, its name, and the maker's settings."""
    makers = [SAME_TRACK, *TARGETS]
    usual = [name for name in _FIRST_MAKERS if name in makers]
    with st.container(border=True):
        left, right = st.columns((2, 3), vertical_alignment="top")
        with left:
            maker = st.selectbox(
                f"Source {number + 1}", makers, index=makers.index(usual[number % len(usual)]),
                format_func=_title, key=f"source {number} maker",
            )  # fmt: skip
            name = st.text_input("Called", value=maker, key=f"source {number} name {maker}", max_chars=40)
        with right:
            st.caption(literal(_about(maker)))
            settings: Mapping[str, Any] = {}
            if maker in TARGETS:
                chosen: BaseModel = maker_settings(
                    TARGETS[maker], f"source {number} {maker}", data, omit=("split",)
                )
                settings = chosen.model_dump(mode="json", exclude_defaults=True)
    return checked(LearningSource, {"name": name, "maker": maker, "settings": settings})


def _title(maker: str) -> str:
    return TARGETS[maker].title if maker in TARGETS else "The track itself"


def _about(maker: str) -> str:
    return TARGETS[maker].about if maker in TARGETS else "Whether two clips are of one track."


def _pick_settings(preset_name: str) -> dict[str, Any]:
    """Draw what is trained and how, what matters most first."""
    preset, key = PRESETS[preset_name], f"sources {preset_name}"
    return pick_settings(SourceTraining, preset, key, _FIRST, lambda: _pick_network(preset, key))


def _pick_network(preset: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Let the network be chosen among those that are rows of stages, and its numbers be set."""
    names = [name for name, model in NETWORKS.items() if issubclass(model, StagedSettings)]
    usual = preset.get("network", {}).get("network", _USUAL_NETWORK)
    place, *_ = st.columns(4)
    chosen = place.selectbox("Network", names, index=names.index(usual), key=f"{key} network")
    under = settings_over({"network": preset.get("network", {})}, {"network": {"network": chosen}})["network"]
    start = network_settings(under)
    fields = [name for name in type(start).model_fields if name not in ("network", "mels")]

    def of_network(name: str) -> dict[str, Any]:
        return setting_widget(type(start), name, f"{key} {chosen}", getattr(start, name))

    return start.model_dump() | in_columns(fields, of_network, 4)
