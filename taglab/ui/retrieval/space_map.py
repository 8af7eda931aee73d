"""The map of a space: tags, artists and tracks as layers, the query and its answers among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import projection
from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound
from taglab.figures.theme import visible
from taglab.folksonomy import Folksonomy
from taglab.joint_space import Answer, JointSpace, Term, ask
from taglab.projection import Projection, ProjectionSettings
from taglab.ui.messages import literal
from taglab.ui.pickers import bound_choice
from taglab.ui.projecting import projected
from taglab.ui.remembered import remembered
from taglab.ui.retrieval.material import Asked, Given
from taglab.ui.retrieval.query import add_term
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, map_points, tag_map
from taglab.ui.tracks import names_of
from taglab.vectors import Vectors

_LAYERS = {"tag": "Tags", "artist": "Artists", "track": "Tracks"}
_QUERY = "The query"
_NEAREST = 5  # what the query is placed between

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Placeable:
    """All that a space places.

    Attributes:
        kinds: Of each, a key of `_LAYERS`.
        names: Of each, as the space has them.
        counts: Tracks that have the tag or are by the artist; 1 for a track.
        vectors: Their directions, under names told apart by kind.
    """

    kinds: npt.NDArray[np.object_]
    names: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    vectors: Vectors


def show_maps(asked: Sequence[Asked], terms: tuple[Term, ...], given: Sequence[Given], n: int) -> None:
    """Show spaces as maps on which the query and what lies nearest stand out; a click adds to the query.

    Args:
        asked: The spaces.
        terms: The query; may be empty.
        given: What each space is given with it.
        n: How many of a kind are its answers.
    """
    titles = {name: method.title for name, method in projection.PROJECTIONS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Map", list(titles), default="tsne", format_func=titles.__getitem__, key="map",
            bind=bound_choice("map", "map", titles), required=True,
        )  # fmt: skip
        layers = st.pills(
            "Layers", list(_LAYERS), selection_mode="multi", default=list(_LAYERS),
            format_func=_LAYERS.__getitem__, key="layers", bind="query-params",
        )  # fmt: skip
    if not layers:
        st.caption("Choose at least one layer.")
        return
    for column, one, vectors in zip(st.columns(len(asked), gap="medium"), asked, given, strict=True):
        with column:
            if len(asked) > 1:
                st.subheader(literal(visible(one.name)), anchor=False)
            _show_map(one, _answered(one, terms, vectors, n), method, layers)


def _show_map(asked: Asked, answer: Answer | None, method: str, layers: Sequence[str]) -> None:
    everything = _placeable(asked.space, asked.tracks, asked.data)
    everything.vectors.require(3)
    where = projected(everything.vectors, ProjectionSettings(method=method))
    shown = np.flatnonzero(np.isin(everything.kinds, layers))
    _draw(asked, everything, where, shown, answer)
    st.caption(
        literal(
            "Placed by direction, since lengths say how sure the space is and not of what. The query stands "
            f"in the middle of the {_NEAREST} that it points at most. The map keeps "
            f"{where.neighbours_kept:.0%} of neighbours. A click adds to the query."
        )
    )


@remembered("large")
def _placeable(space: JointSpace, tracks: Vectors, data: Folksonomy) -> _Placeable:
    """Return all that has a direction in a space, the most used first within a kind."""
    counts = data.counts()
    of_artist = data.tracks["artist"].value_counts() if "artist" in data.tracks else pd.Series(dtype=np.int64)
    layers = {
        "tag": (space.tags, space.tag_vectors, [int(counts.get(tag, 0)) for tag in space.tags]),
        "artist": (
            space.artists,
            space.artist_vectors,
            [int(of_artist.get(one, 0)) for one in space.artists],
        ),
        "track": (tracks.ids, tracks.vectors, [1] * len(tracks)),
    }
    kinds, names, numbers, arrays = [], [], [], []
    for kind, (of_kind, array, used) in layers.items():
        known = np.flatnonzero(array.any(axis=1))
        kinds += [kind] * len(known)
        names += [of_kind[row] for row in known]
        numbers += [used[row] for row in known]
        arrays.append(array[known])
    ids = [f"{kind}: {name}" for kind, name in zip(kinds, names, strict=True)]
    vectors = Vectors.of("entities", ids, np.concatenate(arrays), space.name, "cosine")
    return _Placeable(np.array(kinds, object), tuple(names), np.array(numbers, np.int64), vectors)


def _draw(
    asked: Asked, everything: _Placeable, where: Projection, shown: Rows, answer: Answer | None
) -> None:
    """Draw the layers that are shown, and the query where there is one."""
    titles = names_of(asked.data)
    labels = [_label(everything.kinds[row], everything.names[row], titles) for row in shown]
    positions = where.positions[shown]
    kinds = np.array([list(_LAYERS).index(everything.kinds[row]) for row in shown], np.int32)
    counts = everything.counts[shown]
    lit = np.empty(0, np.intp)
    shows = ""
    if answer is not None:
        query = _place_of(answer, everything, where)
        shows = _written(answer)
        labels, counts = [*labels, visible(shows)], np.append(counts, 1)
        positions = np.concatenate([positions, query[None]]).astype(np.float32)
        kinds = np.append(kinds, np.int32(len(_LAYERS)))
        near = _answers(answer)
        lit = np.array(
            [at for at, row in enumerate(shown) if (everything.kinds[row], everything.names[row]) in near]
            + [len(labels) - 1],
            np.intp,
        )
    name = content_key(
        everything.vectors.fingerprint, where.settings.model_dump(mode="json"), labels, positions
    )
    groups = [*_LAYERS.values(), _QUERY][: int(kinds.max(initial=0)) + 1]
    written_at = np.full((len(groups), 2), np.nan, np.float32)
    if answer is not None:
        written_at[-1] = positions[-1]
    classes = MapClasses(kinds, groups, np.arange(len(groups)), written_at, "Layer")

    def add(rows: list[int]) -> None:
        if len(rows) == 1 and rows[0] < len(shown):
            row = int(shown[rows[0]])
            add_term(Term(everything.names[row], str(everything.kinds[row])))

    about = f"Map of {len(shown):,} tags, artists and tracks of {asked.name}"
    paint = MapPaint(about, shows or where.method, classes, file=f"{asked.name} map")
    tag_map(f"space map {asked.name}", _points(name, labels, counts, positions), paint, lit, add)


@remembered("small")
def _points(
    name: str, _labels: list[str], _counts: npt.NDArray[np.int64], _positions: npt.NDArray[np.float32]
) -> MapPoints:
    return map_points(name, _labels, _counts, _positions)


def _label(kind: str, name: str, titles: Mapping[str, str]) -> str:
    if kind == "track":
        return titles.get(name, name)
    return name


def _written(answer: Answer) -> str:
    parts = (f"{'−' if term.taken_away else '+'} {term.name}" for term in answer.terms)
    return " ".join(parts).removeprefix("+ ")


def _answers(answer: Answer) -> set[tuple[str, str]]:
    """Return what is nearest, and what was asked with, by kind and name."""
    nearest = {(kind, str(name)) for kind in _LAYERS for name in getattr(answer, f"{kind}s")[kind]}
    return nearest | {(term.kind, term.name) for term in answer.terms}


def _place_of(answer: Answer, everything: _Placeable, where: Projection) -> npt.NDArray[np.float32]:
    """Return the middle of the places of what the query points at most, (2,)."""
    cosines = everything.vectors.unit_rows @ answer.vector
    nearest = np.argsort(-cosines, kind="stable")[:_NEAREST]
    middle: npt.NDArray[np.float32] = where.positions[nearest].mean(axis=0)
    return middle


def _answered(asked: Asked, terms: tuple[Term, ...], given: Given, n: int) -> Answer | None:
    """Return the answer; None where nothing is asked, or nothing can be answered, which is told elsewhere."""
    try:
        return ask(asked.space, terms, asked.tracks, n, given) if terms else None
    except (InvalidSetting, NotFound):
        return None
