"""A dry run beside the server: what a training would take, before it is begun."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from taglab.training import RunConfig
from taglab.training.source_config import SourceRun
from taglab.training.spectrum_config import SpectrumRun
from taglab.ui.messages import guard, literal
from taglab.ui.side_process import SideProcess
from taglab.ui.training.watch import duration

_JOB = "dry run"
_EVERY_S = 0.7


class DryRunJob(SideProcess):
    """A dry run in a process of its own.

    Args:
        config: What is tried.
        asked: What the form asked for, to tell whether it has changed since.
    """

    def __init__(self, config: RunConfig | SourceRun | SpectrumRun, asked: str) -> None:
        self.asked, self.epochs = asked, config.train.epochs
        super().__init__("taglab.training.dry_run_process", config.model_dump_json())

    def result(self) -> dict[str, Any]:
        """Return what it found.

        Raises:
            TaglabError: If it could not, with its own words.
        """
        found: dict[str, Any] = json.loads(self.output())
        return found


def begin_dry_run(config: RunConfig | SourceRun | SpectrumRun, asked: str) -> None:
    """Start a dry run; one that is under way is ended."""
    stop_dry_run()
    st.session_state[_JOB] = DryRunJob(config, asked)


def stop_dry_run() -> None:
    """End the dry run, if there is one, and forget it."""
    job: DryRunJob | None = st.session_state.pop(_JOB, None)
    if job is not None and not job.done():
        job.cancel()


def show_dry_run(asked: str) -> None:
    """Show how the dry run goes, or what it found; nothing where there is none.

    Args:
        asked: What the form asks for now.
    """
    job: DryRunJob | None = st.session_state.get(_JOB)
    if job is None:
        return
    st.fragment(_show, run_every=None if job.done() else _EVERY_S)(asked)


@guard()
def _show(asked: str) -> None:
    job: DryRunJob | None = st.session_state.get(_JOB)
    if job is None:
        return
    if not job.done():
        with st.container(horizontal=True, vertical_alignment="center"):
            share, text = job.progress()
            st.progress(share, literal(f"Dry run: {text or 'starting'} ({share:.0%})"))
            st.button("Cancel", key="cancel dry run", on_click=stop_dry_run, icon=":material/stop:")
        return
    if st.session_state.get("dry run shown") != id(job):
        st.session_state["dry run shown"] = id(job)
        st.rerun()  # the page has no need to look every second any more
    if job.asked != asked:
        st.caption("The form has changed since this dry run.")
    _show_found(job.result(), job.epochs)


def _show_found(found: dict[str, Any], epochs: int) -> None:
    minutes = found["minutes_per_epoch"]
    facts = {
        "Parameters": f"{found['parameters']:,}",
        "Memory": f"{found['memory_gib']:.2f} GiB",
        "First loss": f"{found['first_loss']:.3f}",
        "Speed": f"{found['clips_per_s']:,.1f} clips/s",
        "An epoch": duration(60 * minutes),
        f"{epochs} epochs": duration(60 * minutes * epochs),
    }
    with st.container(horizontal=True):
        for label, value in facts.items():
            st.metric(label, value, help=_MEANING.get(label))
    parts = found.get("tracks") or {}
    said = ", ".join(f"{number:,} {part}" for part, number in parts.items())
    st.caption(literal(f"On {found['device']}. Tracks: {said}."))
    if found.get("padded"):
        st.caption(f"{found['padded']:,} of them are shorter than a clip and end in zeros.")
    torn = found.get("torn_copies") or []
    if torn:
        examples = "; ".join(", ".join(same) for same in torn[:3])
        st.caption(literal(f"{len(torn)} sounds lie in several parts under several names: {examples}"))
    without_vector = found.get("without_vector") or []
    if without_vector:
        names = ", ".join(without_vector)
        st.caption(
            literal(f"{len(without_vector)} classes have no vector, and weight 1 in the loss: {names}")
        )
    coverage = found.get("coverage") or []
    if coverage:
        st.caption(f"A clip's vector has {found['representation']:,} numbers. Tracks that a source tells of:")
        st.dataframe(pd.DataFrame(coverage), hide_index=True, key="dry run coverage", alt="Tracks by source")
    left_out = found.get("left_out") or []
    if left_out:
        table = pd.DataFrame(left_out)
        with st.expander(f"Left out: {int(table['tracks'].sum()):,} tracks"):
            st.dataframe(table, hide_index=True, key="dry run left out", alt="Tracks left out")


_MEANING = {
    "Memory": "The most that was held, weights and one batch; of the GPU, or of the process on a CPU.",
    "First loss": "Of the first batch with fresh weights; 0.693 (the logarithm of 2) is knowing nothing.",
    "Speed": "Clips trained per second, loading included, over a few batches.",
    "An epoch": "At this speed, with the validation at its end.",
}
