"""A map of tracks in a representation, coloured by what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab.cache import content_key
from taglab.encoders import run_of
from taglab.errors import TaglabError
from taglab.factors import TARGETS, make_targets
from taglab.factors.describe import strongest_by_source
from taglab.figures.map_groups import group_colours, group_places
from taglab.figures.theme import SEQUENTIAL_MARKS, visible
from taglab.folksonomy import Folksonomy
from taglab.projection import PROJECTIONS as METHODS
from taglab.projection import Projection, ProjectionSettings
from taglab.runs import open_run
from taglab.runs.kept_targets import read_targets
from taglab.studies.transfer.task import standardised
from taglab.targets import Targets
from taglab.ui.data.targets import maker_settings
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice, choose_among, pick_tag
from taglab.ui.players import sound_of
from taglab.ui.projecting import projected
from taglab.ui.remembered import remembered
from taglab.ui.representations.material import Material
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, MapScale, map_points, tag_map
from taglab.ui.tracks import names_of, show_track
from taglab.vectors import Vectors

_MOST_GROUPS = 24
_STRONGEST = 3
_REST, _UNKNOWN = "other", "not known"
_NOBODY = "—"

Groups = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Colouring:
    """What the points of a map are coloured by.

    Attributes:
        name: What it is.
        texts: Of each track, its group; empty where that is not known.
        numbers: Of each track a number in place of a group, NaN where that is not known; None for groups.
        notes: What is said of some tracks, besides.
        about: A sentence on it.
        rest: What is said of tracks in no group.
    """

    name: str
    texts: tuple[str, ...] = ()
    numbers: npt.NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    about: str = ""
    rest: str = _UNKNOWN


def show_track_map(material: Material) -> None:
    """Show tracks by one of the features; a click lets one be heard."""
    names = [one.name for one in material.features]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = choose_among("by", "Features", names, 0, "features")
        colour = choose_among("colour", "Colour", list(_COLOURS), 0, "colour")
        titles = {name: method.title for name, method in METHODS.items()}
        method = st.segmented_control(
            "Map", list(titles), default="tsne", format_func=titles.__getitem__, key="map",
            bind=bound_choice("map", "map", titles), required=True,
        )  # fmt: skip
    vectors = _of_data(next(one for one in material.features if one.name == shown), material.data)
    vectors.require(3)
    colouring = _COLOURS[colour](material, vectors)
    if colouring is None:
        return
    where = projected(vectors, ProjectionSettings(method=method))
    _draw(material, vectors, where, colouring)
    st.caption(
        literal(
            f"{len(vectors):,} tracks by {shown}, each number scaled as tasks learn from it; the map keeps "
            f"{where.neighbours_kept:.0%} of neighbours. "
            f"{colouring.about} A click lets a track be heard."
        )
    )
    _show_chosen(material, vectors, colouring)


@remembered("large")
def _of_data(vectors: Vectors, data: Folksonomy) -> Vectors:
    """Return the features of a data set's tracks, of mean 0 and deviation 1 as tasks learn from them."""
    tracks = [track for track in data.tracks["track"].astype(str) if track in vectors]
    scaled = standardised(vectors.rows_of(tracks), np.arange(len(tracks)))
    return Vectors.of("tracks", tracks, scaled, vectors.name, "euclidean")


def _by_task(material: Material, vectors: Vectors) -> Colouring | None:
    if not material.tasks:
        st.caption("Choose a task in the sidebar.")
        return None
    title = choose_among("label", "Label of", list(material.tasks), 0, "task")
    task = material.tasks[title]
    name = getattr(task, "column", "")
    if name:
        return _of_column(material.data, name, vectors)
    if task.has_plays:
        heard = (
            dict(zip(material.plays.tracks, material.plays.per_track().tolist(), strict=True))
            if material.plays
            else {}
        )
        numbers = np.array([heard.get(track, 0) for track in vectors.ids], np.float64)
        return Colouring("listeners", numbers=numbers, about="Coloured by the number of listeners.")
    return _of_targets(make_targets("label-space", material.data, _label_space(task.labels)), vectors)


def _label_space(name: str) -> Any:
    return TARGETS["label-space"].settings.model_validate({"labels": name})


def _of_column(data: Folksonomy, name: str, vectors: Vectors) -> Colouring:
    cells = data.tracks.set_index(data.tracks["track"].astype(str))[name].reindex(list(vectors.ids))
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    if is_number and cells.nunique() > _MOST_GROUPS:
        return Colouring(
            name, numbers=cells.to_numpy(np.float64, na_value=np.nan), about=f"Coloured by {name}."
        )
    texts = cells.astype("str").where(cells.notna(), "")
    return Colouring(name, tuple(texts), about=f"Coloured by {name}.")


def _by_artist(material: Material, vectors: Vectors) -> Colouring | None:
    if not material.data.knows_artists:
        st.caption(literal(f"{material.data.name} names no artists."))
        return None
    return _of_column(material.data, "artist", vectors)


def _by_tag(material: Material, vectors: Vectors) -> Colouring:
    tag = pick_tag(material.data.tags["tag"].astype(str).tolist())
    column = (
        int(material.data.tags.index[material.data.tags["tag"] == tag][0])
        if tag in set(material.data.tags["tag"])
        else -1
    )
    has = (
        set()
        if column < 0
        else set(
            material.data.tracks["track"].astype(str).iloc[material.data.matrix[:, [column]].nonzero()[0]]
        )
    )
    texts = tuple(tag if track in has else "" for track in vectors.ids)
    return Colouring(
        tag, texts, about=f"{sum(map(bool, texts)):,} of the tracks have the tag {tag}.", rest="without it"
    )


def _by_factor(material: Material, vectors: Vectors) -> Colouring | None:
    name = choose_among("factor", "Factors", list(TARGETS), 0, "maker of factors")
    st.caption(literal(TARGETS[name].about))
    settings = maker_settings(TARGETS[name], f"{name}_factors", material.data, in_url=True)
    asked = (material.data.fingerprint, name, settings.model_dump_json())
    if st.button("Colour by them", key="make factors", icon=":material/palette:"):
        with working("Making factors") as progress:
            st.session_state["map factors"] = asked, make_targets(name, material.data, settings, progress)
    of, targets = st.session_state.get("map factors", (None, None))
    return _of_targets(targets, vectors) if of == asked else Colouring("nothing")


def _by_source(material: Material, vectors: Vectors) -> Colouring | None:
    """Return a colouring by what the sources of the run say from which features came."""
    features = next(one for one in material.features if one.name == vectors.name)
    name = run_of(features)
    if not name:
        st.caption(literal(f"{vectors.name} are of no run, and so of no sources; choose features of one."))
        return None
    try:
        kept = read_targets(open_run(name)).of
    except TaglabError as error:
        st.info(literal(f"What {vectors.name} learned from cannot be told: {error}."))
        return None
    if not kept:
        st.caption(literal(f"run {name} learned from clips by twos alone, which say nothing of a track."))
        return None
    source = choose_among("source", "Source", list(kept), 0, "source")
    notes = strongest_by_source(kept, vectors.ids)
    about = f"Where the mouse is, the strongest factors of each source that {name} learned from."
    coloured = _of_targets(kept[source], vectors)
    return replace(coloured, name=source, notes=notes, about=f"{coloured.about} {about}")


@remembered("large")
def _of_targets(targets: Targets, vectors: Vectors) -> Colouring:
    """Return a colouring by the strongest column of each track, or by the number where there is one."""
    chosen = targets.select(vectors.ids)
    values, known = chosen.dense(), chosen.known
    about = f"Coloured by {targets.name or 'them'}, known of {int(known.sum()):,}."
    if targets.kind == "real":
        numbers = np.where(known, values[:, 0].astype(np.float64), np.nan)
        return Colouring(targets.columns[0], numbers=numbers, about=about)
    order = np.argsort(-values, axis=1, kind="stable")[:, :_STRONGEST]
    has = known & (values.max(axis=1) > 0)
    texts = tuple(targets.columns[order[row, 0]] if has[row] else "" for row in range(len(values)))
    notes = tuple(
        ", ".join(
            f"{visible(targets.columns[column], 24)} {values[row, column]:.2f}"
            for column in order[row] if values[row, column] > 0
        )
        for row in range(len(values))
    )  # fmt: skip
    return Colouring("strongest", texts, None, notes, f"{about} The strongest column of each track.")


_COLOURS: dict[str, Callable[[Material, Vectors], Colouring | None]] = {
    "Task": _by_task,
    "Tag": _by_tag,
    "Artist": _by_artist,
    "Factor": _by_factor,
    "Source": _by_source,
}


def _draw(material: Material, vectors: Vectors, where: Projection, colouring: Colouring) -> None:
    names = names_of(material.data)
    labels = [names.get(track, track) for track in vectors.ids]
    key = content_key(
        vectors.fingerprint,
        where.settings.model_dump(mode="json"),
        where.method,
        labels,
        list(colouring.notes),
    )
    notes = dict(zip(labels, colouring.notes, strict=True)) if colouring.notes else {}
    points = _points(key, labels, where.positions, notes)
    facts = {}
    classes, scale = None, None
    if colouring.numbers is not None:
        facts = {colouring.name: colouring.numbers}
        known = colouring.numbers[np.isfinite(colouring.numbers)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        scale = MapScale(colouring.name, colouring.name, SEQUENTIAL_MARKS, low, high)
    elif colouring.texts:
        classes = _classes(colouring, where.positions)
    called = _called(material.data)
    chosen = {label: track for track, label in called.items()}.get(st.session_state.get("track", ""), "")
    lit = np.array([vectors.row(chosen)] if chosen in vectors else [], np.intp)

    def hear(rows: list[int]) -> None:
        st.session_state["track"] = called[vectors.ids[rows[0]]] if len(rows) == 1 else _NOBODY

    about = f"Map of {len(vectors):,} tracks by {vectors.name}, coloured by {colouring.name}"
    file = f"{vectors.name} by {colouring.name}"
    paint = MapPaint(about, f"{where.method} {colouring.name}", classes, scale, facts, file, "tracks")
    tag_map(f"track map {vectors.name}", points, paint, lit, hear)


@remembered("large")
def _called(data: Folksonomy) -> dict[str, str]:
    """Return what every track is called where it is chosen: its name, and its id, which no other has."""
    names = names_of(data)
    return {track: track if name == track else f"{visible(name)} · {track}" for track, name in names.items()}


@remembered("small")
def _points(
    name: str, _labels: list[str], _positions: npt.NDArray[np.float32], _notes: dict[str, str]
) -> MapPoints:
    return map_points(name, _labels, np.ones(len(_labels), np.int64), _positions, _notes)


def _classes(colouring: Colouring, positions: npt.NDArray[np.float32]) -> MapClasses:
    """Return the largest groups, coloured apart; the others, and what is not known, grey."""
    sizes = pd.Series([text for text in colouring.texts if text], dtype="str").value_counts()
    largest = list(sizes.index[:_MOST_GROUPS])
    row_of = {text: row for row, text in enumerate(largest)}
    labels = np.array([row_of.get(text, -1) for text in colouring.texts], np.int32)
    colours = group_colours(positions, labels, len(largest))
    places = group_places(positions, labels, len(largest))
    rest = _REST if len(sizes) > len(largest) else colouring.rest
    return MapClasses.with_rest(labels, largest, colours, places, rest, colouring.name.capitalize())


def _show_chosen(material: Material, vectors: Vectors, colouring: Colouring) -> None:
    """Let the track that was clicked, or chosen by name, be heard."""
    called = _called(material.data)
    options = {called[track]: track for track in vectors.ids}
    if st.session_state.get("track", _NOBODY) not in (_NOBODY, *options):
        st.session_state["track"] = _NOBODY
    chosen = st.selectbox("Track", [_NOBODY, *options], key="track", bind="query-params")
    if chosen == _NOBODY:
        return
    track = options[chosen]
    store, why = sound_of(material.data, material.audio)
    if store is None:
        st.caption(literal(why))
    with st.container(width=420, border=True):
        show_track(material.data, store, track, _fact(colouring, vectors.row(track)))


def _fact(colouring: Colouring, row: int) -> str:
    """Return what a track is coloured by, in words; nothing where no colour is chosen."""
    if colouring.numbers is not None:
        value = colouring.numbers[row]
        return f"{colouring.name}: {value:g}" if np.isfinite(value) else f"{colouring.name}: {_UNKNOWN}"
    if not colouring.texts:
        return ""
    note = f"; {colouring.notes[row]}" if colouring.notes and colouring.notes[row] else ""
    return f"{colouring.name}: {colouring.texts[row] or colouring.rest}{note}"
