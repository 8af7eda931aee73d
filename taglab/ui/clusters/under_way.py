"""Clusterings of very many go on beside the page: dots first, clusters and colours next, silhouettes last.

A clustering is shared by all visitors who ask for it, and stopped once nobody does: it was moved away from.
"""

from __future__ import annotations

import threading
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from taglab.clustering import Clusterer
from taglab.errors import Cancelled, TaglabError, out_of_memory
from taglab.projection import Projection
from taglab.ui.clusters.material import (
    Clustered,
    Material,
    clustered,
    clustered_so_far,
    compute_clusters,
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
_LOCK = threading.Lock()
_UNDER_WAY: dict[str, ClusteringWork] = {}


class ClusteringWork:
    """A clustering in the making, in a thread; what it returns is remembered as any other.

    Attributes:
        key: Of what is clustered, and how.
        fraction: Share done, in [0, 1].
        text: What is being done.
        visitors: Sessions that wait for it.
        clusters: The clusters without silhouettes, once they are there.
        result: With silhouettes, once they are there.
        error: Why there will be none.
    """

    def __init__(self, key: str, material: Material, settings: Clusterer) -> None:
        self.key = key
        self.fraction, self.text = 0.0, "starting"
        self.visitors: set[str] = set()
        self.clusters: Clustered | None = None
        self.result: Clustered | None = None
        self.error: TaglabError | None = None
        self._stopped = threading.Event()
        self._asked = material, settings
        self._thread = threading.Thread(target=self._compute, name="clustering", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End it at the next report of progress; nothing of it is kept."""
        self._stopped.set()

    def done(self) -> bool:
        """Return whether it has ended, well or not."""
        return self.result is not None or self.error is not None

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended, so long at most."""
        self._thread.join(timeout_s)

    def _compute(self) -> None:
        try:
            clustering = compute_clusters(*self._asked, self._report)
            self.clusters = clustered_so_far(self._asked[0], clustering)
            self._report(0.9, "silhouettes")
            self.result = clustered(*self._asked, self._report)
        except TaglabError as error:
            self.error = error
        except MemoryError as error:
            self.error = TaglabError(out_of_memory(error))
        except Exception as error:
            self.error = TaglabError(f"clustering failed ({type(error).__name__})")
            raise

    def _report(self, fraction: float, text: str) -> None:
        if self._stopped.is_set():
            raise Cancelled("The clustering was stopped.")
        self.fraction, self.text = min(max(fraction, 0.0), 1.0), text


def begin(material: Material, settings: Clusterer) -> ClusteringWork | None:
    """Begin a clustering that a page does not wait for, and stop the one it asked for before; None if short.

    Args:
        material: What is clustered.
        settings: How.
    """
    key = f"{identity(material)} {identity(settings)}"
    visitor = _visitor()
    with _LOCK:
        before = st.session_state.get(_STATE)
        if before != key and before in _UNDER_WAY:
            _leave(_UNDER_WAY[before], visitor)
        if len(material.vectors) < MANY:
            return None
        st.session_state[_STATE] = key
        work = _UNDER_WAY.get(key)
        if work is None:
            work = _UNDER_WAY[key] = ClusteringWork(key, material, settings)
            work.start()
        work.visitors.add(visitor)
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
    work.wait(_PATIENCE_S)
    if work.result is not None:
        _forget(work)
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
    if work.error is not None:
        st.info(literal(str(work.error)), icon=":material/stop_circle:")
        st.button("Cluster again", key="cluster again", on_click=_forget, args=(work,))
    elif (work.result is not None or (work.clusters is not None) > coloured) and not dialog_is_open():
        st.rerun()
    else:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(work.fraction, literal(f"Clusters: {work.text} ({work.fraction:.0%})"))
            st.button("Stop", key="stop clustering", icon=":material/stop:", on_click=work.stop)


def _forget(work: ClusteringWork) -> None:
    """Let a work that has ended be begun anew, or be found among what is remembered."""
    with _LOCK:
        if _UNDER_WAY.get(work.key) is work:
            del _UNDER_WAY[work.key]


def _leave(work: ClusteringWork, visitor: str) -> None:
    work.visitors.discard(visitor)
    if not work.visitors:
        work.stop()
        del _UNDER_WAY[work.key]


def _visitor() -> str:
    context: Any = get_script_run_ctx()
    return "" if context is None else str(context.session_id)
