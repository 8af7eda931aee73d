"""Work that takes long is done by a process beside the server; the page says how far it is.

It is shared by all visitors: it goes on when a page is left, and whoever comes next sees how far it is.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import streamlit as st

from taglab.errors import TaglabError
from taglab.ui.dialogs import dialog_is_open
from taglab.ui.messages import guard, literal
from taglab.ui.side_process import SideProcess

_SHORT_S = 20.0
_LOOK_EVERY_S = 1.0
_LOCK = threading.Lock()
_UNDER_WAY: dict[str, SideProcess] = {}


@dataclass(frozen=True)
class LongWork:
    """A computation whose result goes to the cache.

    Attributes:
        key: What is computed, by its content: all who want the same wait for one process.
        module: Full name of the module that computes it, as `SideProcess` takes it.
        given: What the module reads.
        title: What is computed, a few words.
        lacking: Sentences that say what is not there yet, the last of them up to "takes about".
        verb: What the button that begins it says.
        meanwhile: A sentence on what can be done until it is there.
        seconds: How long it takes, about, on one core.
    """

    key: str
    module: str
    given: str
    title: str
    lacking: str
    verb: str
    meanwhile: str
    seconds: float


def is_long(seconds: float) -> bool:
    """Return whether a page does not wait for a computation of so many seconds."""
    return seconds > _SHORT_S


def await_work(work: LongWork) -> None:
    """Return where a result that is not there is soon computed; else show the way to it, and stop there."""
    if work.key in _UNDER_WAY:
        _watch(work)
    elif not is_long(work.seconds):
        return
    else:
        _offer(work)
    st.stop()


def _offer(work: LongWork) -> None:
    """Say what the work would take, and let it be begun."""
    minutes = max(round(work.seconds / 60), 1)
    sentences = (
        f"{work.lacking} takes about {minutes:,} minute{'s' if minutes > 1 else ''} of one core, beside this "
        f"page; it can be stopped, after which it begins anew, and what it gives is kept. {work.meanwhile}"
    )
    st.info(literal(sentences), icon=":material/hourglass:")
    if st.button(work.verb, key="begin work", type="primary", icon=":material/play_arrow:"):
        with _LOCK:
            if work.key not in _UNDER_WAY:
                _UNDER_WAY[work.key] = SideProcess(work.module, work.given)
        st.rerun()


@st.fragment(run_every=_LOOK_EVERY_S)
@guard()
def _watch(work: LongWork) -> None:
    """Show how far the work is, and the page anew once it has ended."""
    job = _UNDER_WAY.get(work.key)
    if job is None:
        st.rerun()
    elif not job.done():
        with st.container(horizontal=True, vertical_alignment="center"):
            share, text = job.progress()
            st.progress(share, literal(f"{work.title}: {text or 'starting'} ({share:.0%})"))
            st.button("Stop", key="stop work", icon=":material/stop:", on_click=_stop, args=(work.key,))
        st.caption(literal(f"This goes on when the page is left. {work.meanwhile}"))
    else:
        _show_end(work, job)


def _show_end(work: LongWork, job: SideProcess) -> None:
    try:
        job.output()
    except TaglabError as error:
        st.error(literal(f"{work.title}: {error}"), icon=":material/error:")
        st.button("Try again", key="retry work", on_click=_stop, args=(work.key,))
        return
    if dialog_is_open():
        st.text("It is ready, and is shown when the dialog is closed.")
        return
    _stop(work.key)
    st.rerun()


def _stop(key: str) -> None:
    """End a work, where it has not ended, and forget it."""
    with _LOCK:
        job = _UNDER_WAY.pop(key, None)
    if job is not None and not job.done():
        job.cancel()
