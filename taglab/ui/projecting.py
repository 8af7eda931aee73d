"""Maps that take their time are made beside the server, with progress and a stop button; PCA meanwhile."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Literal

import numpy as np
import streamlit as st

from taglab import projection
from taglab.errors import TaglabError, what_went_wrong
from taglab.progress import Progress
from taglab.projection import Projection, ProjectionJob, ProjectionSettings
from taglab.ui.dialogs import dialog_is_open
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice
from taglab.ui.remembered import remembered
from taglab.vectors import Vectors

_JOBS = "projections under way"
_SHORT_S = 30.0
_MANY = 50_000  # points whose PCA is shown before it is known how far it can be trusted
_LOCK = threading.Lock()
_JUDGING: dict[str, _Judging] = {}
_DIMENSIONS: dict[Literal[2, 3], str] = {2: "2-D", 3: "3-D"}


def pick_projection() -> ProjectionSettings:
    """Let the map be chosen. In the URL as `map` and `dimensions`.

    t-SNE comes first: of the three it keeps most neighbours, and PCA stands in until it is there.
    """
    titles = {name: method.title for name, method in projection.PROJECTIONS.items()}
    method = st.segmented_control(
        "Map", list(titles), default="tsne", format_func=titles.__getitem__, key="map",
        bind=bound_choice("map", "map", titles), required=True,
    )  # fmt: skip
    dimensions = st.segmented_control(
        "Dimensions", list(_DIMENSIONS), default=2, format_func=_DIMENSIONS.__getitem__, key="dimensions",
        bind=bound_choice("dimensions", "number of dimensions", _DIMENSIONS), required=True,
    )  # fmt: skip
    return ProjectionSettings(method=method, dimensions=dimensions)


def explained(where: Projection) -> list[str]:
    """Return a sentence on how much of the variance each axis holds; nothing where that is not known."""
    shares = where.explained_variance
    if shares is None or not np.isfinite(shares).all():
        return []
    each = ", ".join(f"{share:.1%}" for share in shares)
    return [f"The {len(shares)} axes hold {each} of the variance, {shares.sum():.1%} together."]


def projected(vectors: Vectors, settings: ProjectionSettings, suffix: str = "") -> Projection:
    """Return the projection asked for, or PCA as long as it is not there, with word of its progress.

    Args:
        vectors: What is placed.
        settings: How.
        suffix: Of the keys, where two maps stand on one page.
    """
    # What is said takes one place whether there is something to say or not: a map that moved down in the
    # page would be taken down and set up again.
    with st.container():
        return _projected(vectors, settings, suffix)


def _projected(vectors: Vectors, settings: ProjectionSettings, suffix: str) -> Projection:
    found = _kept(vectors, settings)
    if found is not None:
        return found
    if settings.method != "pca":
        _offer(vectors, settings, suffix)
        return _projected(vectors, settings.model_copy(update={"method": "pca"}), suffix)
    with working(f"Placing the {vectors.kind}") as progress:
        if len(vectors) >= _MANY:
            placed = _dots_first(vectors, settings, progress)
        else:
            return projection.cached_projection(vectors, settings, progress)
    return _judged(vectors, settings, placed, suffix)


@remembered("large")
def _dots_first(vectors: Vectors, settings: ProjectionSettings, _progress: Progress) -> Projection:
    """Return a map that is not judged yet."""
    return projection.project(vectors, settings, _progress, judge=False)


class _Judging:
    """Finds out in a thread how far a map can be trusted; the judged map is kept, where the next run looks.

    Attributes:
        error: Why it could not be found out.
    """

    def __init__(self, name: str, vectors: Vectors, settings: ProjectionSettings, placed: Projection) -> None:
        self.error: TaglabError | None = None
        asked = name, vectors, settings, placed
        threading.Thread(target=self._judge, args=asked, name="quality of a map", daemon=True).start()

    def _judge(self, name: str, vectors: Vectors, settings: ProjectionSettings, placed: Projection) -> None:
        try:
            judged = projection.judged(vectors, placed)
            projection.keep_projection(projection.projection_path(vectors, settings), judged)
            with _LOCK:
                _JUDGING.pop(name, None)
        except Exception as error:
            self.error = what_went_wrong(error, "judging the map")
            if not isinstance(error, (TaglabError, MemoryError)):
                raise


def _judged(vectors: Vectors, settings: ProjectionSettings, placed: Projection, suffix: str) -> Projection:
    """Return a map as it is as long as a thread judges it; one that could not be judged says why."""
    name = str(projection.projection_path(vectors, settings))
    with _LOCK:
        judging = _JUDGING.get(name)
        if judging is None:
            kept = _kept(vectors, settings)
            if kept is not None:
                return kept
            judging = _JUDGING[name] = _Judging(name, vectors, settings, placed)
    if judging.error is None:
        return placed
    if st.button("Judge the map again", key=f"judge again{suffix}", icon=":material/replay:"):
        with _LOCK:
            _JUDGING.pop(name, None)
        st.rerun()
    return replace(placed, why_not_judged=str(judging.error).rstrip("."))


@remembered("large", keeps_none=False)
def _kept(vectors: Vectors, settings: ProjectionSettings) -> Projection | None:
    return projection.find_projection(vectors, settings)


def _offer(vectors: Vectors, settings: ProjectionSettings, suffix: str) -> None:
    """Begin a projection, at once if it is short, and show how far it is."""
    jobs: dict[str, ProjectionJob] = st.session_state.setdefault(_JOBS, {})
    name = str(projection.projection_path(vectors, settings))
    cost = projection.cost(len(vectors), vectors.dim, settings)
    if name not in jobs and cost.seconds <= _SHORT_S:
        jobs[name] = projection.shared_worker().submit(vectors, settings)
    if name in jobs:
        _watch(name, suffix)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{cost.sentence} The map below is PCA.")
        if st.button("Make it", key=f"make projection{suffix}", icon=":material/play_arrow:"):
            jobs[name] = projection.shared_worker().submit(vectors, settings)
            st.rerun()


@st.fragment(run_every=0.7)
def _watch(name: str, suffix: str) -> None:
    """Show the progress of a projection, and the page anew once it is there."""
    job = st.session_state[_JOBS][name]
    if not job.done():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.fraction, f"PCA for now; {literal(job.text)} ({job.fraction:.0%})")
            if st.button("Stop", key=f"stop projection{suffix}", icon=":material/stop:"):
                job.cancel()
        return
    try:
        job.result()
    except TaglabError as error:
        st.info(literal(str(error)))
        if st.button("Try again", key=f"retry projection{suffix}"):
            del st.session_state[_JOBS][name]
            st.rerun()
        return
    if dialog_is_open():
        st.text("The map is ready; it is shown when the dialog is closed.")
        return
    del st.session_state[_JOBS][name]
    st.rerun()
