"""The views of the Embeddings page: each asks one question of the vectors that were picked."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import embeddings
from taglab.embeddings import Lookup, TagQuestion
from taglab.figures.embeddings import (
    axis_plane,
    coverage_bars,
    neighbour_bars,
    neighbourhood_map,
    overlap_histogram,
    unknown_word_bars,
)
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress
from taglab.projection import Projection
from taglab.ui.embeddings.pairs import show_pairs
from taglab.ui.embeddings.quality import show_quality
from taglab.ui.export import export_panel, picture_config
from taglab.ui.loaders import selected_folksonomy, tag_vectors, word_vectors
from taglab.ui.map_page import map_page
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_number, pick_more_vectors, pick_tag, pick_vectors
from taglab.ui.projecting import explained, pick_projection, projected
from taglab.ui.remembered import remembered
from taglab.ui.tables import column_labels, notes_of, partly_known_notes, track_names
from taglab.ui.tag_map import MapClasses, MapPaint, MapPoints, map_points, tag_map
from taglab.vectors import Vectors
from taglab.verbs.question import Question
from taglab.verbs.tags import Analogy, Axis, Coverage, Neighbours, Overlap, Project

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SHOWN = 20
_NAMED_AT_EACH_END = 10
_NAMED_AMONG = 300


@dataclass(frozen=True)
class Picked:
    """What the pickers of the page hold.

    Attributes:
        data: Name of the data set.
        vectors: Name of the word vectors, or of vectors of whole tags, artists or tracks.
        min_count: Least tracks of a tag, inclusive.
        lookup: How words are looked up.
    """

    data: str
    vectors: str
    min_count: int
    lookup: Lookup

    def folksonomy(self) -> Folksonomy:
        """Return the data set with the tags that are used often enough, or what stands in their place."""
        return selected_folksonomy(self.data, self.min_count, self.kind)

    @property
    def kind(self) -> str:
        """What the vectors are of: "tags", "artists" or "tracks"."""
        return embeddings.whole_vectors().get(self.vectors, "tags")

    def tags(self) -> Vectors:
        """Return the vectors of those tags."""
        return tag_vectors(self.data, self.vectors, self.min_count, self.lookup)

    def names(self) -> dict[str, str]:
        """Return title and artist of tracks, by id; with the id where several share them. Else nothing."""
        if self.kind != "tracks":
            return {}
        names = track_names(self.folksonomy())
        counts = Counter(names.values())
        return {track: name if counts[name] == 1 else f"{name} ({track})" for track, name in names.items()}

    @property
    def question(self) -> TagQuestion:
        """What asks for these tags."""
        return TagQuestion(data=self.data, vectors=self.vectors, min_count=self.min_count, lookup=self.lookup)

    def by(self, vectors: str) -> TagQuestion:
        """Return what asks for the same tags by other vectors."""
        return self.question.by(vectors)


def show_neighbours(picked: Picked) -> None:
    """The tags nearest to one, as bars and on the map."""
    tags = picked.tags()
    left, right = st.columns([2, 3])
    with left:
        tag = _pick(tags)
        n = st.slider("Neighbours", 1, 50, 15, key="n", bind=bound_number("n", "n =", 1, 50))
        near = embeddings.neighbours(tags, tag, n)
        names = picked.names()
        if tag in names:
            st.caption(literal(f"{tag}: {names[tag]}"))
        bars = _bars(tags, near, f"Nearest to {tag}", names=names)
        alt = f"{tags.kind.capitalize()} by {tags.by.title}"
        st.plotly_chart(bars, config=picture_config(), key="neighbour bars", alt=alt)
        _say_partly_known(tags, [tag], near)
        export_panel("neighbours", near, bars, Neighbours(tag=tag, n=n, tags=picked.question))
    with right:
        names_near = [str(name) for name in near[tags.column]]
        drawn, projection = _pick_map(tags, [tag, *names_near])

        def whole_map() -> go.Figure:
            shares = projection.explained_variance
            told = None if shares is None else shares.tolist()
            return neighbourhood_map(
                projection.positions, drawn.ids, tag, names_near, projection.method.upper(), told
            )

        page = _show_map(picked, drawn, projection, tag, names_near, whole_map)
        question = Project(tags=picked.question, projection=projection.settings)
        export_panel(
            "neighbourhood map", figure=whole_map, page=page,
            command=question if len(drawn) == len(tags) else None,
        )  # fmt: skip


def _pick(vectors: Vectors, label: str = "", key: str = "", index: int = 0) -> str:
    """Let a tag be chosen, or an artist or a track where the vectors are of these; in the URL as that."""
    one = vectors.column
    return pick_tag(vectors.ids, label or one.capitalize(), key or one, index)


def _bars(
    vectors: Vectors,
    near: pd.DataFrame,
    title: str,
    common: Collection[str] | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> go.Figure:
    """Draw what is near by what the vectors' measure says of it; ids that have a name go by that."""
    table = near.assign(tag=_named(near[vectors.column], names))
    shared = None if common is None else _named(common, names)
    return neighbour_bars(table, title, shared, _measured(near), vectors.by.title)


def _named(ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Return ids by their names, where they have one."""
    return [names.get(one, one) for one in ids]


def _measured(near: pd.DataFrame) -> str:
    """Return the column by which neighbours are ranked: similarity, or distance where they have none."""
    return "similarity" if "similarity" in near else "distance"


def _say_partly_known(tags: Vectors, asked: Sequence[str], near: pd.DataFrame) -> None:
    """Say which words of tags have no say, of those asked for and of those that are hatched."""
    notes = partly_known_notes(tags)
    for tag in asked:
        if tag in notes:
            st.caption(literal(f"{tag}: {notes[tag]}."))
    hatched = int((near["unknown"] != "").sum()) if "unknown" in near else 0
    if hatched:
        st.caption(
            f"Hatched: {hatched} of these {len(near)} have words without a vector, and so without a say."
        )


def _pick_map(tags: Vectors, near: Sequence[str]) -> tuple[Vectors, Projection]:
    """Let the projection be chosen, and whether all tags or only the near ones are drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        settings = pick_projection()
    only = st.toggle(f"Only these {tags.kind}, projected anew", key="only", bind="query-params")
    drawn = tags.select(near) if only else tags
    return drawn, projected(drawn, settings)


@remembered("large")
def _points(
    name: str, counts: npt.NDArray[np.int64], _drawn: Vectors, _projection: Projection, _data: Folksonomy
) -> MapPoints:
    notes = notes_of(_drawn, _data)
    return map_points(name, _drawn.ids, counts, _projection.positions, notes)


def _show_map(
    picked: Picked,
    drawn: Vectors,
    projection: Projection,
    tag: str,
    near: Sequence[str],
    whole_map: Callable[[], go.Figure],
) -> Callable[[], str] | None:
    """The map, on which a click makes a tag the one whose neighbours are shown; in 3-D it is only seen.

    Returns:
        What makes it as a page; None in 3-D.
    """
    about = (
        f"{len(drawn):,} {drawn.kind} ({len(drawn.missing):,} more have no vector); the map keeps "
        f"{projection.neighbours_kept:.0%} of neighbours, trustworthiness {projection.trustworthiness:.2f}. "
        f"{' '.join([*explained(projection), *projection.notes])}"
    )
    if projection.settings.dimensions == 3:
        st.plotly_chart(
            whole_map(), config=picture_config(), key="map in 3-D", alt=f"{tag} among its neighbours in 3-D"
        )
        st.caption(about)
        return None
    counts = picked.folksonomy().counts().reindex(list(drawn.ids)).to_numpy(np.int64)
    lookup = picked.lookup.model_dump_json()
    name = f"{drawn.fingerprint} {projection.method} {projection.settings.model_dump_json()} {lookup}"
    points = _points(name, counts, drawn, projection, picked.folksonomy())
    named = [other for other in (tag, *near) if other in drawn]
    rows = np.asarray([drawn.row(other) for other in named], np.intp)
    labels = np.zeros(len(drawn), np.int32)
    labels[rows] = [2 if other == tag else 1 for other in named]

    def choose_point(chosen: list[int]) -> None:
        if len(chosen) == 1:
            st.session_state[drawn.column] = drawn.ids[chosen[0]]

    unnamed = MapClasses(labels, ["", "", ""], np.arange(3), np.full((3, 2), np.nan, np.float32), "")
    paint = MapPaint(f"{tag} among its neighbours", tag, unnamed, file="neighbours", kind=drawn.kind)
    tag_map("neighbour map", points, paint, rows, choose_point)
    article = "an" if drawn.kind == "artists" else "a"
    st.caption(f"{about} A click chooses {article} {drawn.column}.")
    return functools.partial(map_page, f"{tag} among its neighbours", points, paint, rows)


def show_coverage(picked: Picked) -> None:
    """What has a vector, which words are unknown, which tags fall together."""
    words = word_vectors(picked.vectors, picked.data)
    found = embeddings.coverage(words, picked.folksonomy(), picked.lookup)
    left, right = st.columns(2)
    with left:
        bars = coverage_bars(found.tags, found.words)
        st.plotly_chart(
            bars,
            config=picture_config(),
            key="coverage",
            alt="Shares of tags and of assignments with a vector",
        )
        st.text(
            f"{found.partly_known:,} tags have a vector by some of their words only; "
            f"{found.share_fully_known:.1%} of all are wholly known, and {found.share_of_words:.1%} of "
            f"{len(found.words):,} words"
        )
        st.text(f"{len(found.duplicates):,} tags lie on the same point as a more used one")
        if len(found.duplicates):
            st.dataframe(
                found.duplicates,
                hide_index=True,
                height=300,
                column_config=column_labels(found.duplicates),
                alt="Tags that share a point with a more used one",
            )
            duplicates = Coverage(by="duplicates", tags=picked.question)
            export_panel("duplicates", found.duplicates, command=duplicates)
    with right:
        _show_unknown_words(found.unknown_words, Coverage(by="words", tags=picked.question))
    for note in words.dropped:
        named = f" ({', '.join(note.examples)})" if note.examples else ""
        st.caption(literal(f"When {words.name} was read, {note.count:,} {note.what}{named}: {note.reason}."))
    st.text("Every tag, the words it was looked up by, and those without a vector")
    st.dataframe(
        found.tags,
        hide_index=True,
        column_config=column_labels(found.tags),
        alt="Tags and the words they were looked up by",
    )
    export_panel("coverage", found.tags, bars, Coverage(tags=picked.question))


def _show_unknown_words(table: pd.DataFrame, command: Question) -> None:
    if table.empty:
        st.text("Every word has a vector.")
        return
    figure = unknown_word_bars(table.head(_SHOWN))
    st.plotly_chart(
        figure, config=picture_config(), key="unknown words", alt="Words without a vector, by weight"
    )
    st.caption(f"the first {min(_SHOWN, len(table))} of {len(table):,}; Export has all")
    export_panel("unknown words", table, figure, command)


@remembered("small")
def _overlap(one: Vectors, other: Vectors, k: int, _progress: Progress) -> pd.DataFrame:
    return embeddings.overlap_at_k(one, other, k, progress=_progress)


def show_comparison(picked: Picked) -> None:
    """Two embeddings side by side: do they agree on neighbours?"""
    tags = picked.tags()
    first, second, third = st.columns(3)
    with first:
        other_name = pick_vectors("other", "Compare with", picked.vectors, whole=[tags.kind])
    if other_name is None:
        st.info("There is nothing to compare with yet: add vectors, or train some, in the side bar.")
        return
    with second:
        bind = bound_number("k_overlap", "k =", 1, 50)
        k = st.slider("Neighbours compared (k)", 1, 50, 10, key="k_overlap", bind=bind)
    with working("Comparing") as progress:
        other = tag_vectors(picked.data, other_name, picked.min_count, picked.lookup, progress)
        overlap = _overlap(tags, other, k, progress)
    with third:
        both = [tag for tag in tags.ids if tag in other]
        tag = _pick(tags.select(both))
    mean, here, there = st.columns(3)
    with mean:
        st.metric(f"Mean overlap@{k}", f"{overlap['overlap'].mean():.1%}")
        histogram = overlap_histogram(overlap, k)
        alt = f"{tags.kind.capitalize()} by neighbours in common"
        st.plotly_chart(histogram, config=picture_config(), key="overlap", alt=alt)
        question = Overlap(
            data=picked.data, min_count=picked.min_count, vectors=(picked.vectors, other_name),
            lookup=picked.lookup, k=k,
        )  # fmt: skip
        export_panel("overlap", overlap, histogram, question)
    names = picked.names()
    near, near_there = (embeddings.neighbours(side.select(both), tag, k) for side in (tags, other))
    common = set(near[tags.column]) & set(near_there[tags.column])
    for column, table, side, key in ((here, near, tags, "this"), (there, near_there, other, "other")):
        bars = _bars(side, table, f"{names.get(tag, tag)} in {side.name}", common, names)
        column.plotly_chart(
            bars, config=picture_config(), key=f"nearest in {key}", alt=f"Nearest {tags.kind} in {key}"
        )
        # The command seeks among all tags of its embedding.
        command = Neighbours(tag=tag, n=k, tags=picked.by(side.name))
        with column:
            _say_partly_known(side, [tag], table)
            export_panel(f"nearest in {key}", table, bars, command if len(both) == len(side) else None)
    among = f"sought among the {len(both):,} {tags.kind} with a vector in both embeddings"
    here.caption(f"{len(common)} of {len(near)} in common, the others grey; {among}")
    st.text(f"The {tags.kind} on which the two agree least come first")
    least = overlap.sort_values("overlap", kind="stable")
    if names:
        least.insert(1, "name", least[tags.column].map(names).fillna(""))
    st.dataframe(
        least,
        hide_index=True,
        column_config=column_labels(least),
        alt=f"{tags.kind.capitalize()} by how far the two embeddings agree",
    )


def show_analogy(picked: Picked) -> None:
    """What is to c as a is to b: the tags nearest to a − b + c."""
    tags = picked.tags()
    first, second, third = st.columns(3)
    with first:
        a = _pick(tags, "a", "a")
    with second:
        b = _pick(tags, "− b", "b", 1)
    with third:
        c = _pick(tags, "+ c", "c", 2)
    near = embeddings.analogy(tags, a, b, c, _SHOWN)
    names = picked.names()
    bars = _bars(tags, near, "{} − {} + {}".format(*_named((a, b, c), names)), names=names)
    st.plotly_chart(
        bars,
        config=picture_config(),
        key="analogy bars",
        alt=f"{tags.kind.capitalize()} nearest to a − b + c",
    )
    _say_partly_known(tags, [a, b, c], near)
    export_panel("analogy", near, bars, Analogy(a=a, b=b, c=c, n=_SHOWN, tags=picked.question))


def show_axis(picked: Picked) -> None:
    """Where tags lie between two tags, and how far off the line."""
    tags = picked.tags()
    left, right = st.columns(2)
    with left:
        start = _pick(tags, "From", "from")
    with right:
        end = _pick(tags, "To", "to", 1)
    table = embeddings.axis(tags, start, end)
    names = picked.names()
    drawn = table.assign(tag=_named(table[tags.column], names))
    ranked = drawn.head(_NAMED_AMONG).sort_values("position", kind="stable")["tag"].tolist()
    start_name, end_name = _named((start, end), names)
    figure = axis_plane(
        drawn, start_name, end_name, ranked[:_NAMED_AT_EACH_END] + ranked[-_NAMED_AT_EACH_END:]
    )
    st.plotly_chart(
        figure,
        config=picture_config(),
        key="axis plane",
        alt=f"{tags.kind.capitalize()} along the line between two",
    )
    st.caption(
        f"all {len(table):,} {tags.kind}; of the {min(_NAMED_AMONG, len(table))} most used, those furthest "
        "to either side are named"
    )
    _say_partly_known(tags, [start, end], table.head(0))
    export_panel("axis", table, figure, Axis(from_tag=start, to_tag=end, tags=picked.question))


def show_side_by_side(picked: Picked) -> None:
    """The tags nearest to one in several embeddings, a column each (table 14 of the thesis)."""
    tags = picked.tags()
    first, second, third = st.columns(3)
    with second:
        others = pick_more_vectors("others", "Beside them", picked.vectors, whole=[tags.kind])
    with working("Looking for neighbours") as progress:
        sides = {picked.vectors: tags}
        for name in others:
            sides[name] = tag_vectors(picked.data, name, picked.min_count, picked.lookup, progress)
    with first:
        every = list(dict.fromkeys(tag for side in sides.values() for tag in side.ids))
        tag = pick_tag(every, tags.column.capitalize(), tags.column)
    with third:
        n = st.slider("Neighbours", 1, 50, 10, key="n", bind=bound_number("n", "n =", 1, 50))
    if not others:
        st.info("Choose other vectors to stand beside these; add or train some in the side bar.")
    found = {name: embeddings.neighbours(side, tag, n) for name, side in sides.items() if tag in side}
    names = picked.names()
    table = pd.DataFrame({"rank": range(1, n + 1)})
    measured = {}
    for name, near in found.items():
        by = sides[name].by.title
        table[name] = near[tags.column].reindex(range(n))
        table[f"{name}, {by}"] = near[_measured(near)].reindex(range(n))
        measured[f"{name}, {by}"] = st.column_config.NumberColumn(by, format="%.3f")
        if "unknown" in near and (near["unknown"] != "").any():
            table[f"{name}, words without a vector"] = near["unknown"].reindex(range(n))
    if tag in names:
        st.caption(literal(f"{tag}: {names[tag]}"))
    st.dataframe(
        table.assign(**{name: _named(table[name], names) for name in found}),
        hide_index=True,
        height="content",
        column_config=measured,
        alt="Neighbours in each embedding, side by side",
    )
    absent = [name for name in sides if name not in found]
    if absent:
        st.caption(literal(f"No vector of {tag!r} in {', '.join(absent)}."))
    st.caption(f"each sought among the {tags.kind} of the data that have a vector in that embedding")
    lines = [Neighbours(tag=tag, n=n, tags=picked.by(name)) for name in found]
    export_panel("nearest in several", table, command=next(iter(lines), None), further=lines[1:])


VIEWS = {
    "Neighbours": show_neighbours,
    "Coverage": show_coverage,
    "Two embeddings": show_comparison,
    "Side by side": show_side_by_side,
    "Analogy": show_analogy,
    "Axis": show_axis,
    "Pairs": show_pairs,
    "Quality": lambda picked: show_quality(picked.data, picked.vectors, picked.lookup),
}
