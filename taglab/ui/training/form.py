"""What to train: data, label space, sound, network, and every setting of the training, as one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from taglab import cache, labels
from taglab.audio.mels import MEL_PRESETS, MelSettings
from taglab.embeddings import OWN, vector_names
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelReport, LabelSpace
from taglab.nets import NETWORKS, USUAL_NETWORK, fitting, network_settings
from taglab.progress import Progress
from taglab.settings import checked
from taglab.training import PRESETS, RunConfig, TrainConfig
from taglab.training.label_spaces import READY_SPACES, save_ready
from taglab.ui.forms import in_columns, setting_widget
from taglab.ui.loaders import folksonomy
from taglab.ui.messages import literal, working
from taglab.ui.pickers import choose_among, pick_audio, pick_data
from taglab.ui.remembered import Shelved, remembered
from taglab.verbs.training import Train

_READY = " (new)"
_FIRST = ("epochs", "batch_size", "learning_rate")
_COLUMNS = 3


@dataclass(frozen=True)
class Labels:
    """A label space to train on: a saved one, or one that is made when it is needed.

    Attributes:
        data: Name of the data set.
        saved: Its name on the shelf; empty where it is to be made.
        ready: Its name in `READY_SPACES`; empty where it is saved.
    """

    data: str
    saved: str = ""
    ready: str = ""

    def name(self, progress: Progress) -> str:
        """Return the name of the saved label space, made and saved first where it has to be."""
        return self.saved or save_ready(self.ready, self.data, progress)


@dataclass(frozen=True)
class Asked:
    """What the form asks for.

    Attributes:
        labels: What to train on; its name is not in `values` yet.
        values: Everything else that training is asked, see `Configuring`.
    """

    labels: Labels
    values: Mapping[str, Any]

    @property
    def question(self) -> Train:
        """What is asked, with the label space's future name; raises InvalidSetting."""
        return checked(Train, {**self.values, "labels": self.labels.saved or self.labels.ready})

    def config(self, progress: Progress) -> RunConfig:
        """Return the configuration, the label space made and saved where it has to be.

        Raises:
            InvalidSetting: Naming each field that does not fit.
        """
        preview = self.preview()  # a wrong field is told before anything is made
        return preview.model_copy(update={"labels": self.labels.name(progress)})

    def preview(self) -> RunConfig:
        """Return the configuration with the label space's future name, for showing; raises InvalidSetting."""
        return self.question.config()


def pick_network(preset_name: str) -> str:
    """Let the network be chosen; the preset's to begin with. In the URL as `network`."""
    names = list(NETWORKS)
    at = names.index(_network_of(preset_name))
    about = "; ".join(f"{name}: {model.about}" for name, model in NETWORKS.items())
    return choose_among("network", "Network", names, at, "network", help=about)


def pick_labels(data: str) -> Labels:
    """Let a label space be chosen, one made for this data set first; a ready one if none is saved."""
    ready = {f"{space.title}{_READY}": name for name, space in READY_SPACES.items()}
    saved = _saved_for(data)
    options = [*saved, *ready] if saved else [*ready, *labels.label_space_names()]
    rest = [name for name in labels.label_space_names() if name not in options]
    chosen = choose_among(
        "labels", "Label space", [*options, *rest], 0, "label space",
        help="What the tagger shall predict. Make your own on the Clusters page, under Label space.",
    )  # fmt: skip
    return Labels(data, ready=ready[chosen]) if chosen in ready else Labels(data, saved=chosen)


def _saved_for(data: str) -> list[str]:
    """Return the saved label spaces that were made of a data set."""
    names = labels.label_space_names()
    return [name for name in names if _made_of(Shelved.of(cache.LABEL_SPACES, name, ".json")) == data]


@remembered("tiny")
def _made_of(place: Shelved) -> str:
    try:
        return str(labels.open_label_space(place.name)[0].made_by.get("data", ""))
    except TaglabError:
        return ""  # damaged: it is told where it is opened


def pick_preset(on_gpu: bool) -> str:
    """Let a preset be chosen: tiny first without a GPU. In the URL as `preset`."""
    names = sorted(PRESETS, key=lambda name: (name == "tiny") == on_gpu)
    return choose_among(
        "preset", "Start from", names, 0, "preset",
        help="Fills in the form; each field can be changed. tiny is small enough for a CPU; thesis-… are "
        "the published settings, for a GPU.",
    )  # fmt: skip


def pick_what(on_gpu: bool) -> tuple[Labels, str, str, str]:
    """Draw the choices of what to train, and return label space, audio, preset and network."""
    data = pick_data()
    if _changed("data", data):  # what was chosen for another data set does not fit this one
        for key in ("audio", "labels"):
            st.session_state.pop(key, None)
    chosen = pick_labels(data)
    audio = pick_audio(data)
    preset_name = pick_preset(on_gpu)
    if _changed("preset", preset_name):
        st.session_state["network"] = _network_of(preset_name)
    return chosen, audio, preset_name, pick_network(preset_name)


def _changed(key: str, value: str) -> bool:
    """Return whether a choice is another than in the run of the page before."""
    before = st.session_state.get(f"{key} before", value)
    st.session_state[f"{key} before"] = value
    return bool(before != value)


def _network_of(preset_name: str) -> str:
    return str(_of_preset(preset_name, "network").get("network", USUAL_NETWORK))


def _of_preset(preset_name: str, part: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = PRESETS[preset_name].get(part, {})
    return found


def pick_settings(chosen: Labels, audio: str, preset_name: str, network: str) -> Asked:
    """Draw a widget for every setting, what matters most first, and return what is asked for."""
    train = in_columns(_FIRST, lambda name: _train_widget(name, preset_name))
    with st.expander("All settings", icon=":material/tune:"):
        st.caption("What is filled in comes from the preset; hover over a name to read why.")
        st.markdown("**Network**")
        net = _network_widgets(preset_name, network)
        for title, names in TrainConfig.sections.items():
            st.markdown(f"**{title}**")
            train |= in_columns(names, lambda name: _train_widget(name, preset_name))
    given = {**net, "train": {**_of_preset(preset_name, "train"), **train}}
    sound = None if audio == chosen.data else audio
    return Asked(chosen, {"data": chosen.data, "audio": sound, "preset": preset_name, **given})


def _train_widget(name: str, preset_name: str) -> dict[str, Any]:
    default = TrainConfig.model_fields[name].get_default(call_default_factory=True)
    start = _of_preset(preset_name, "train").get(name, default)
    choices = [OWN, *vector_names()] if name == "loss_vectors" else ()
    return setting_widget(TrainConfig, name, f"train {preset_name}", start, choices, persist_state="session")


def _network_widgets(preset_name: str, network: str) -> dict[str, Any]:
    """Draw a widget for every setting that the network has, and return what they ask for."""
    start = network_settings(fitting(_of_preset(preset_name, "network"), network))
    values: dict[str, Any] = {"network": network}
    asked: dict[str, Any] = {"network": values}
    names = [name for name in type(start).model_fields if name not in values]
    columns = st.columns(max(len(names), _COLUMNS), vertical_alignment="bottom")
    for column, name in zip(columns, names, strict=False):
        with column:
            mels = getattr(start, name)
            if isinstance(mels, MelSettings):
                asked["mels"] = _pick_mels(preset_name, mels)
                values["mels"] = MEL_PRESETS[asked["mels"]] if asked["mels"] else mels
            else:
                values |= setting_widget(
                    type(start), name, f"network {preset_name}", getattr(start, name), persist_state="session"
                )
    return asked


def _pick_mels(preset_name: str, mels: MelSettings) -> str | None:
    """Let other settings of the spectrogram be chosen; None where they are to stay."""
    others = [name for name, settings in MEL_PRESETS.items() if settings != mels]
    same = next((name for name, settings in MEL_PRESETS.items() if settings == mels), preset_name)
    choice = st.selectbox(
        "Spectrogram", [same, *others], key=f"mels {preset_name}", persist_state="session",
        help="How sound becomes a spectrogram: pons (96 mels), thesis-code (128 mels), thesis-text.",
    )  # fmt: skip
    return choice if choice in others else None


@remembered("small")
def _report(space: LabelSpace, data: Folksonomy) -> LabelReport:
    return space.report(data)


def say_labels(chosen: Labels) -> None:
    """Say in a sentence what the label space is, and what of the data set it covers."""
    if chosen.ready:
        st.caption(literal(READY_SPACES[chosen.ready].about))
        return
    with working("Opening the data") as progress:
        data = folksonomy(chosen.data, progress)
    space, _ = labels.open_label_space(chosen.saved)
    report = _report(space, data)
    empty = f", {report.empty_classes} of them without a track" if report.empty_classes else ""
    said = f"{len(space):,} classes{empty}; {report.share_of_tracks:.0%} of the tracks are in one or more."
    st.caption(literal(said))
