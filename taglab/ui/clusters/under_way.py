"""Clusterings of very many go on beside the page: dots first, clusters and colours next, silhouettes last.

A clustering is shared by all visitors who ask for it, and stopped once nobody does: it was moved away from.
"""

from __future__ import annotations

import threading
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from taglab.clustering import Clusterer
from taglab.errors import Cancelled, TaglabError, what_went_wrong
from taglab.projection import Projection
from taglab.ui.clusters.material import (
    Clustered,
    Material,
    clustered,
    clustered_so_far,
    placed,
    plain_paint,
    points_of,
)
from taglab.ui.dialogs import dialog_is_open
from taglab.ui.messages import guard, literal
from taglab.ui.remembered import identity
from taglab.ui.tag_map import tag_map

MANY = 50_000
"""From so many points on a page does not wait for their clusters."""

_PATIENCE_S = 0.5
_LOOK_EVERY_S = 0.7
_STATE = "clustering under way"
_STOPPED = "The clustering was stopped."
_LOCK = threading.Lock()
_UNDER_WAY: dict[str, ClusteringWork] = {}


class ClusteringWork:
    """A clustering in the making, in a thread; what it returns is remembered as any other.

    Attributes:
        key: Of what is clustered, and how.
        fraction: Share done, in [0, 1].
        text: What is being done.
        visitors: Sessions that wait for it, or look at its result.
        left_by: Sessions that do not want it any more and are still at its settings.
        clusters: The clusters without silhouettes, once they are there.
        result: With silhouettes, once they are there.
        error: Why there will be none.
    """

    def __init__(self, key: str, material: Material, settings: Clusterer) -> None:
        self.key = key
        self.fraction, self.text = 0.0, "starting"
        self.visitors: set[str] = set()
        self.left_by: set[str] = set()
        self.clusters: Clustered | None = None
        self.result: Clustered | None = None
        self.error: TaglabError | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._compute, args=(material, settings), name="clustering", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it at the next report of progress; nothing of it is kept."""
        self._stopped.set()

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended, so long at most."""
        self._thread.join(timeout_s)

    def _compute(self, material: Material, settings: Clusterer) -> None:
        try:
            self.clusters = clustered_so_far(material, settings, self._report)
            self.result = clustered(material, settings, self._report)
        except Exception as error:
            self.error = what_went_wrong(error, "clustering")
            if not isinstance(error, (TaglabError, MemoryError)):
                raise

    def _report(self, fraction: float, text: str) -> None:
        if not any(map(_is_here, tuple(self.visitors))):
            with _LOCK:
                _drop_gone()
        if self._stopped.is_set():
            raise Cancelled(_STOPPED)
        self.fraction, self.text = min(max(fraction, 0.0), 1.0), text


def begin(material: Material, settings: Clusterer) -> ClusteringWork | None:
    """Begin a clustering that a page does not wait for, and stop the one it asked for before; None if short.

    A visitor keeps a work, ended or not, as long as the settings are its own.

    Args:
        material: What is clustered.
        settings: How.
    """
    key = f"{identity(material)} {identity(settings)}"
    visitor = _visitor()
    with _LOCK:
        _drop_gone()
        own: ClusteringWork | None = st.session_state.get(_STATE)
        if own is not None and own.key == key and visitor in own.visitors | own.left_by:
            return own
        if own is not None:
            _leave(own, visitor)
            own.left_by.discard(visitor)
            del st.session_state[_STATE]
        if len(material.vectors) < MANY:
            return None
        work = _UNDER_WAY.get(key)
        if work is None or work.error is not None:
            work = _UNDER_WAY[key] = ClusteringWork(key, material, settings)
            work.visitors.add(visitor)
            work.start()
        work.visitors.add(visitor)
        st.session_state[_STATE] = work
    return work


def awaited(
    material: Material, settings: Clusterer, work: ClusteringWork | None, where: Projection
) -> Clustered | None:
    """Return a clustering, placed on the map; where that takes long, None, with its map so far and progress.

    Args:
        material: What is clustered.
        settings: How.
        work: As `begin` gave it.
        where: The map.
    """
    if work is None:
        return placed(material, clustered(material, settings), where)
    if _visitor() not in work.left_by:
        work.wait(_PATIENCE_S)
    if work.result is not None:
        return placed(material, work.result, where)
    so_far = None if work.clusters is None else placed(material, work.clusters, where)
    with st.container():
        _watch(work, work.clusters is not None)
    if where.settings.dimensions == 2:
        tag_map("tag map", points_of(material, where), plain_paint(material, settings, where, so_far))
    return None


@st.fragment(run_every=_LOOK_EVERY_S)
@guard()
def _watch(work: ClusteringWork, coloured: bool) -> None:
    """Show how far a clustering is, and the page anew once there is more to see."""
    left = _visitor() in work.left_by
    if (work.result is not None or (work.clusters is not None) > coloured) and not dialog_is_open():
        st.rerun()
    elif left or work.error is not None:
        st.info(literal(_STOPPED if left else str(work.error)), icon=":material/stop_circle:")
        if st.button("Cluster again", key="cluster again"):
            _ask_again(work)
            st.rerun()
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(work.fraction, literal(f"Clusters: {work.text} ({work.fraction:.0%})"))
            st.button(
                "Stop", key="stop clustering", icon=":material/stop:", on_click=_stop_waiting, args=(work,)
            )


def _stop_waiting(work: ClusteringWork) -> None:
    """Leave a work, which goes on for the other visitors who wait for it, and remember that it was left."""
    visitor = _visitor()
    with _LOCK:
        work.left_by.add(visitor)
        _leave(work, visitor)


def _ask_again(work: ClusteringWork) -> None:
    """Let a work that was left or has failed be asked for anew."""
    visitor = _visitor()
    with _LOCK:
        work.left_by.discard(visitor)
        _leave(work, visitor)
        st.session_state.pop(_STATE, None)


def _leave(work: ClusteringWork, visitor: str) -> None:
    """Take a visitor from a work; nobody's is stopped and forgotten. To be called with the lock held."""
    work.visitors.discard(visitor)
    if not work.visitors:
        work.stop()
        if _UNDER_WAY.get(work.key) is work:
            del _UNDER_WAY[work.key]


def _drop_gone() -> None:
    """Take visitors whose sessions have ended from all works. To be called with the lock held."""
    for work in list(_UNDER_WAY.values()):
        for visitor in [one for one in work.visitors if not _is_here(one)]:
            _leave(work, visitor)


def _is_here(visitor: str) -> bool:
    try:
        return runtime.get_instance().is_active_session(visitor)
    except RuntimeError:  # there is no server
        return True


def _visitor() -> str:
    context: Any = get_script_run_ctx()
    return "" if context is None else str(context.session_id)
