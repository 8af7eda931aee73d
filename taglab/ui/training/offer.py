"""The buttons under the form of a new network: start, dry run, copy as command."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from taglab.runs import Run
from taglab.training.source_config import SourceRun
from taglab.training.spectrum_config import SpectrumRun
from taglab.ui.export import copy_as_command
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
