"""What forms of new networks share: how one is trained and split, and the buttons to start, try and copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from taglab.batches import SplitSettings
from taglab.runs import Run
from taglab.training.source_config import SourceRun, SourceTraining
from taglab.training.spectrum_config import SpectrumRun, SpectrumTraining
from taglab.ui.export import copy_as_command
from taglab.ui.forms import in_columns, setting_widget
from taglab.ui.messages import working
from taglab.ui.training.dry_run import begin_dry_run, show_dry_run
from taglab.ui.training.start import (
    launch_runs,
    pick_launch_and_note,
    require_allowed,
    say_refusal,
    start_button,
)
from taglab.ui.visitors import refusal
from taglab.verbs.question import Question


def pick_settings(
    training: type[SourceTraining] | type[SpectrumTraining],
    preset: Mapping[str, Any],
    key: str,
    first: Sequence[str],
    pick_network: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Draw how a network is trained, what matters most first, then network and split; return their values.

    Args:
        training: The settings of its training.
        preset: What the form starts from.
        key: Begins the widgets' keys: the kind of network, and the preset's name.
        first: Settings of the training that stand above all others.
        pick_network: Draws the settings of the network.
    """

    def of_training(name: str) -> dict[str, Any]:
        usual = training.model_fields[name].get_default(call_default_factory=True)
        return setting_widget(training, name, key, preset.get("train", {}).get(name, usual))

    split_key = f"{key.split()[0]} split"
    train = in_columns(first, of_training)
    with st.expander("All settings", icon=":material/tune:"):
        st.markdown("**Network**")
        network = pick_network()
        for title, names in training.sections.items():
            st.markdown(f"**{title}**")
            train |= in_columns(names, of_training)
        st.markdown("**Split**")
        fields = tuple(SplitSettings.model_fields)
        split = in_columns(fields, lambda name: setting_widget(SplitSettings, name, split_key), 4)
    return {"network": network, "train": {**preset.get("train", {}), **train}, "split": split}


def offer_run(
    question: Question, config: SourceRun | SpectrumRun, make: Callable[..., Run], key: str
) -> None:
    """Show where a run goes, and the buttons that start it, try it out, and copy its command.

    Args:
        question: Makes the run in a shell.
        config: Of the run.
        make: Makes it of `config`, `note` and `progress`.
        key: Ends the widgets' keys.
    """
    say_refusal()
    settings, note = pick_launch_and_note()
    reason = refusal()
    with st.container(horizontal=True, vertical_alignment="center"):
        start = start_button("Start training", f"start {key}")
        try_out = st.button(
            "Dry run", key=f"dry run {key}", icon=":material/science:", disabled=reason is not None,
            help=reason or "Trains a few steps and throws them away: parameters, memory, clips per second, "
            "how long an epoch takes, and of how many tracks there is something to learn.",
        )  # fmt: skip
        with st.popover("Copy as command", icon=":material/terminal:"):
            copy_as_command(question)
            st.caption("makes the run; `taglab launch` with its name trains it")
    if start:
        require_allowed()
        with working("Making the run") as progress:
            run = make(config, note=note, progress=progress)
        launch_runs([run.name], settings)
    now = config.model_dump_json()
    if try_out:
        require_allowed()
        begin_dry_run(config, now)
    show_dry_run(now)
