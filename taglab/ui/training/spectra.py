"""A network that answers with spectrograms as a run: an autoencoder, or one that tells the voice apart."""

from __future__ import annotations

from typing import Any

import streamlit as st

from taglab.nets.kim_4_1 import KimConsistencySettings
from taglab.settings import checked
from taglab.training.spectra import new_spectrum_run
from taglab.training.spectrum_config import PRESETS, SpectrumTraining
from taglab.training.spectrum_tasks import SPECTRUM_TASKS
from taglab.ui.forms import in_columns, setting_widget
from taglab.ui.training.machine import device
from taglab.ui.training.offer import offer_run, pick_settings
from taglab.verbs.spectra import Train

_FIRST = ("epochs", "batch_size", "learning_rate")
_TINY = "tiny-"


def show_new_spectrum_network(data: str, audio: str) -> None:
    """A form of what is learned, of the network and of the training; and the buttons under it.

    Args:
        data: Name of the data set.
        audio: Name of the sound.
    """
    question = pick_spectrum_network(data, audio)
    offer_run(question, question.config(), new_spectrum_run, "spectra")


def pick_spectrum_network(data: str, audio: str) -> Train:
    """Draw a widget for every setting, the task first, and return what is asked for.

    Args:
        data: Name of the data set.
        audio: Name of the sound.

    Raises:
        InvalidSetting: Naming each field that does not fit.
    """
    st.caption(
        "A network that answers with spectrograms (Kim 2021, chapter 4): an autoencoder, which gives a "
        "clip's spectrum back out of the clip's vector, or one that tells the voice from the rest. `taglab "
        "encode` gives the vectors, and the encoder *run*."
    )
    small = device().kind != "GPU"
    names = sorted(PRESETS, key=lambda name: name.startswith(_TINY) != small)
    row = st.columns(3, vertical_alignment="bottom")
    preset_name = row[0].selectbox(
        "Start from", names, key="spectra preset",
        help="Those called tiny are of sound of 16,000 samples a second and small enough for a CPU; the "
        "others have Kim's widths and epochs, and sound of 22,050.",
    )  # fmt: skip
    preset = PRESETS[preset_name]
    key = f"spectra {preset_name}"
    task = _pick_task(str(preset["task"]["task"]), key)
    values = _pick_settings(preset, key)
    sound = None if audio == data else audio
    asked = {"data": data, "audio": sound, "preset": preset_name, "only_make": True, "task": task}
    return checked(Train, {**asked, **values})


def _pick_task(task: str, key: str) -> dict[str, Any]:
    """Draw the settings of the task that a preset is of."""
    model = SPECTRUM_TASKS[task]
    fields = [name for name in model.model_fields if name != "task"]
    return {"task": task} | in_columns(fields, lambda name: setting_widget(model, name, f"{key} {task}"))


def _pick_settings(preset: dict[str, Any], key: str) -> dict[str, Any]:
    """Draw the network and how it is trained, what matters most first."""

    def of_network(name: str) -> dict[str, Any]:
        usual = KimConsistencySettings.model_fields[name].get_default(call_default_factory=True)
        start = preset.get("network", {}).get(name, usual)
        return setting_widget(KimConsistencySettings, name, f"{key} network", start)

    def pick_network() -> dict[str, Any]:
        fields = [name for name in KimConsistencySettings.model_fields if name not in ("network", "mels")]
        return in_columns(fields, of_network, 4)

    return pick_settings(SpectrumTraining, preset, key, _FIRST, pick_network)
