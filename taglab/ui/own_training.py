"""A data set's own vectors are trained beside the server where that takes long; the page says how far."""

from __future__ import annotations

import threading

import streamlit as st

from taglab import embeddings
from taglab.errors import TaglabError
from taglab.folksonomy import Folksonomy
from taglab.ui.messages import guard, literal
from taglab.ui.side_process import SideProcess

_SHORT_S = 20.0
_LOOK_EVERY_S = 1.0
# Shared by all visitors: the training goes on when a page is left, and whoever comes next sees how far it is.
_LOCK = threading.Lock()
_UNDER_WAY: dict[str, SideProcess] = {}


def await_own_vectors(data: Folksonomy) -> None:
    """Return once a data set's own vectors are there or soon trained; else show the way to them, and stop.

    Args:
        data: Whole, as it is kept under its name.
    """
    if embeddings.own_vectors_are_kept(data):
        return
    seconds = _seconds(data.fingerprint, data)
    if data.fingerprint not in _UNDER_WAY and seconds <= _SHORT_S:
        return
    if data.fingerprint in _UNDER_WAY:
        _watch(data.fingerprint, data.name)
    else:
        _offer(data, seconds)
    st.stop()


@st.cache_data(max_entries=8, show_spinner=False)
def _seconds(fingerprint: str, _data: Folksonomy) -> float:
    return embeddings.training_seconds(_data)


def _offer(data: Folksonomy, seconds: float) -> None:
    """Say what the training would take, and let it be begun."""
    minutes = max(round(seconds / 60), 1)
    said = (
        f"{data.name} has no vectors of its own yet. Training them on its {data.n_assignments:,} assignments "
        f"takes about {minutes:,} minute{'s' if minutes > 1 else ''} of one core, beside this page; it can "
        "be stopped, and what it gives is kept. Other word vectors can be chosen meanwhile."
    )
    st.info(literal(said), icon=":material/model_training:")
    if st.button("Train them", key="train own vectors", type="primary", icon=":material/play_arrow:"):
        with _LOCK:
            _UNDER_WAY.setdefault(data.fingerprint, SideProcess("taglab.embeddings.own_process", data.name))
        st.rerun()


@st.fragment(run_every=_LOOK_EVERY_S)
@guard()
def _watch(fingerprint: str, name: str) -> None:
    """Show how far the training is, and the page anew once it has ended."""
    job = _UNDER_WAY.get(fingerprint)
    if job is None:
        st.rerun()
    elif not job.done():
        with st.container(horizontal=True, vertical_alignment="center"):
            share, text = job.progress()
            st.progress(share, literal(f"Vectors of {name}: {text or 'starting'} ({share:.0%})"))
            st.button(
                "Stop", key="stop own vectors", icon=":material/stop:", on_click=_stop, args=(fingerprint,)
            )
        st.caption("This goes on when the page is left. Other word vectors can be chosen meanwhile.")
    else:
        try:
            job.output()
        except TaglabError as error:
            st.error(literal(f"The training failed: {error}"), icon=":material/error:")
            st.button("Try again", key="retry own vectors", on_click=_stop, args=(fingerprint,))
            return
        _stop(fingerprint)
        st.rerun()


def _stop(fingerprint: str) -> None:
    """End a training, where it has not ended, and forget it."""
    with _LOCK:
        job = _UNDER_WAY.pop(fingerprint, None)
    if job is not None and not job.done():
        job.cancel()
