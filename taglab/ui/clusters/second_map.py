"""A second map beside the first: the same tags by another projection or other vectors, with one selection."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import streamlit as st

from taglab.cache import content_key
from taglab.figures.map_groups import group_places
from taglab.projection import PROJECTIONS, Projection, ProjectionSettings
from taglab.ui.clusters.material import (
    Clustered,
    Colour,
    Material,
    nearest_of,
    open_material,
    paint_of,
    pick_other_vectors,
    show_map,
)
from taglab.ui.messages import guard, literal
from taglab.ui.pickers import bound_choice
from taglab.ui.projecting import projected
from taglab.ui.remembered import identity, remembered
from taglab.ui.tables import notes_of
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, map_points, tag_map
from taglab.ui.turns import PAGES
from taglab.vectors import Vectors

_SUFFIX = " of the second map"


@dataclass(frozen=True)
class SecondMap:
    """What is asked of a second map.

    Attributes:
        vectors_name: Of the vectors it shows.
        settings: How they are placed.
    """

    vectors_name: str
    settings: ProjectionSettings


def pick_second_map(material: Material, first: ProjectionSettings) -> SecondMap | None:
    """Let a second map be chosen. In the URL as `second_map` and `second_vectors`.

    Args:
        material: What the first shows.
        first: How it is placed; beside a map of three dimensions there is no other.

    Returns:
        None where there is to be none.
    """
    if first.dimensions != 2:
        return None
    titles = {name: method.title for name, method in PROJECTIONS.items()}
    method = st.segmented_control(
        "Second map", list(titles), format_func=titles.__getitem__, key="second_map",
        bind=bound_choice("second_map", "second map", titles),
        help=f"The same {material.kind} placed by another method, or by other vectors, with one selection.",
    )  # fmt: skip
    if method is None:
        return None
    with st.container(width=260):
        vectors_name = pick_other_vectors(material, "second_vectors", "Vectors of the second map")
    return SecondMap(vectors_name, first.model_copy(update={"method": method}))


def show_maps(
    material: Material,
    clusters: Clustered,
    where: Projection,
    colour: Colour,
    classes: MapClasses | None,
    asked: SecondMap | None,
) -> npt.NDArray[np.intp]:
    """Show the map, and the second one, if any, side by side where there is room (frame.css).

    Args:
        material: What is shown.
        clusters: Their clustering, placed on the first map.
        where: The first map.
        colour: What the colours mean.
        classes: Groups to show in place of the clusters.
        asked: The second map.

    Returns:
        Rows of those selected.
    """
    maps = st.container(key="maps")
    with maps.container(key="first map"):
        rows = show_map(material, clusters, where, colour, classes)
        if asked is not None:
            _say_which(material, where)
    PAGES.let_others_first()  # the map is what people wait for
    if asked is not None:
        with maps.container(key="second map"):
            _show_second_map(material, clusters, colour, classes, rows, asked)
    return rows


def _show_second_map(
    material: Material,
    clusters: Clustered,
    colour: Colour,
    classes: MapClasses | None,
    rows: npt.NDArray[np.intp],
    asked: SecondMap,
) -> None:
    """Show a second map, which shares selection, search and legend with the first; a fault in it is its own.

    Args:
        material: What the first map shows.
        clusters: Their clustering, placed on the first map.
        colour: What the colours mean.
        classes: Groups to show in place of the clusters.
        rows: Those selected.
        asked: Which map.
    """
    with guard():
        other = material
        if asked.vectors_name != material.vectors_name:
            lookup, least = material.lookup, material.min_count
            other = open_material(material.name, asked.vectors_name, least, lookup)
        where = projected(other.vectors, asked.settings, _SUFFIX)
        here = _rows_beside(material.vectors, other.vectors)
        points = _points_beside(material, other, where.settings, where)
        tag_map(
            "second tag map",
            points,
            _paint_beside(material, clusters, colour, classes, where, _spread(where, here)),
            rows,
            neighbours=lambda row: _nearest_beside(other, here, row),
            beside="tag map",
        )
        _say_what_it_is(material, other, where, int((here >= 0).sum()))


def _say_which(material: Material, where: Projection) -> None:
    """Say below the first map which it is, where another stands beside it."""
    st.caption(literal(f"{where.method.upper()} of {material.vectors_name}."))


def _say_what_it_is(material: Material, other: Material, where: Projection, n_placed: int) -> None:
    n, kind = len(material.vectors), material.kind
    absent = f" {n - n_placed:,} of {n:,} {kind} have no vector there." if n_placed < n else ""
    said = f"{where.method.upper()} of {other.vectors_name}.{absent} {where.quality_sentence}"
    st.caption(literal(said))


@remembered("small")
def _rows_beside(first: Vectors, second: Vectors) -> npt.NDArray[np.intp]:
    """Return the row that each id of some vectors has in others, array (ids of the first,); -1 for none."""
    return np.fromiter((second.row(one) if one in second else -1 for one in first.ids), np.intp, len(first))


def _spread(where: Projection, here: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return positions (tags, 2) by rows of the first map, NaN for tags that the second has no vector of."""
    positions = where.positions[here]
    positions[here < 0] = np.nan
    return positions


@remembered("large")
def _points_beside(
    material: Material, other: Material, settings: ProjectionSettings, _where: Projection
) -> MapPoints:
    vectors = material.vectors
    name = content_key("beside", identity(material), identity(other), identity(settings))
    positions = _spread(_where, _rows_beside(vectors, other.vectors))
    return map_points(name, vectors.ids, material.counts, positions, notes_of(vectors, material.data))


def _paint_beside(
    material: Material,
    clusters: Clustered,
    colour: Colour,
    classes: MapClasses | None,
    where: Projection,
    positions: npt.NDArray[np.float32],
) -> MapPaint:
    """Return the look of the first map with the names of groups where these lie on the second."""
    paint = paint_of(material, clusters, where, colour, classes)
    if paint.classes is None:
        raise ValueError("a second map stands beside a first that has groups")
    places = _places(positions, paint.classes.labels, len(paint.classes.names))
    # A group without a colour is of those in no other, and is named in the legend only.
    places = np.where(paint.classes.colours[:, None] < 0, np.float32(np.nan), places)
    return replace(
        paint,
        label=f"Second map: {paint.label}",
        shows=f"second {paint.shows}",
        classes=replace(paint.classes, places=places),
    )


@remembered("small")
def _places(
    positions: npt.NDArray[np.float32], labels: npt.NDArray[np.int32], n_groups: int
) -> npt.NDArray[np.float32]:
    placed = np.isfinite(positions).all(axis=1)
    return group_places(positions[placed], labels[placed], n_groups)


def _nearest_beside(
    other: Material, here: npt.NDArray[np.intp], row: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.floating]]:
    """Return what the second vectors have nearest to a row of the first map, as rows of that map."""
    if here[row] < 0:
        return np.empty(0, np.intp), np.empty(0)
    nearest, likeness = nearest_of(other, int(here[row]))
    rows = np.full(len(other.vectors), -1, np.intp)
    rows[here[here >= 0]] = np.flatnonzero(here >= 0)
    on_map = rows[nearest] >= 0
    return rows[nearest][on_map], likeness[on_map]
