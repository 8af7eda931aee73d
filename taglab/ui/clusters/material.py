"""One clustering on the screen: what is asked for, what comes of it, and the map."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import runs
from taglab.cache import content_key
from taglab.clustering import CLUSTERERS, Clusterer, Clustering, cluster, clusterer
from taglab.clustering.describe import cluster_table, names_of_tags
from taglab.clustering.geometry import silhouettes
from taglab.compare.by_tag import TagFigures, auc_pr_by_tag
from taglab.embeddings import Lookup, TagQuestion, whole_vectors
from taglab.embeddings.neighbours import nearest_of_first, nearest_rows
from taglab.figures import clusters as figures
from taglab.figures.map_groups import group_colours, group_places
from taglab.figures.theme import DIVERGING, SEQUENTIAL_MARKS, visible
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, between
from taglab.projection import Projection, ProjectionSettings
from taglab.ui.export import export_panel, picture_config
from taglab.ui.forms import number_bounds, setting_widget
from taglab.ui.loaders import folksonomy_of, selected_folksonomy, tag_vectors
from taglab.ui.map_page import map_page, n_with_neighbours
from taglab.ui.messages import literal, working
from taglab.ui.pickers import (
    bound_choice,
    bound_number,
    choose_among,
    pick_data,
    pick_lookup,
    pick_min_count,
    pick_vectors,
)
from taglab.ui.projecting import explained
from taglab.ui.remembered import identity, remembered
from taglab.ui.selection import select, selected_rows, show_in_link
from taglab.ui.tables import measure_sentence, notes_of, partly_known_notes, track_names
from taglab.ui.tag_map import LOOK, MapClasses, MapPaint, MapPoints, MapScale, map_points, tag_map
from taglab.vectors import Vectors
from taglab.verbs.clusters import Cluster
from taglab.verbs.tags import Project, coverage_of

CLUSTERED_KINDS = ("tags", "artists", "tracks")
_EVERY_K_UP_TO = 120
# How far a round k is from the next, as shares of the power of ten below: 5 from 100 to 200, 10 to 500, 25.
_ROUND_STEPS = ((2, 20), (5, 10), (10, 4))
_MOST_NUMBER = 2**31 - 1
UNCLUSTERED = "in no cluster"
_PATIENCE_S = 0.6
_CLUSTERS_SHARE = 0.6  # of the work; the silhouettes are the rest
_NAMED = 12
_MEANING = {
    "In no cluster": "Tags that lie too thin for a cluster of this size: grey on the map, in no class, and "
    "not in the means.",
    "Mean silhouette": "How much nearer a tag is to its own cluster than to the next, from −1 to 1; "
    "0 where clusters run into each other.",
    "Partly known": "Tags with a word that has no vector, and so no say in where they lie; “Looking up "
    "words” can leave them out.",
    "Sharing a point": "Tags with the very vector of another, earlier tag: no clustering can tell the two "
    "apart, and both look as near to each other as can be.",
    "Silhouette, distinct": "The mean silhouette over distinct vectors, each once: there, tags that share a "
    "point do not make small clusters look good.",
    "Within-cluster distance": "Squared distances of the tags' vectors (scaled to length 1 where they are "
    "compared by cosine) to the mean of their cluster, summed over all tags that are in one. It falls as k "
    "grows: compare it over k (Scan over k), not over sets of tags.",
}
_NEAREST = 10
_BY_RUN = "auc_pr"
_COLOURS = {"cluster": "Cluster", "silhouette": "Silhouette", "count": "Count", _BY_RUN: "A run's AUC-PR"}


@dataclass(frozen=True, eq=False)
class Material:
    """What is to be clustered.

    Attributes:
        name: Of the data set.
        vectors_name: Of the word vectors, or vectors of whole tags, artists or tracks.
        min_count: Least number of tracks a tag has.
        lookup: How the words of tags are looked up.
        data: The data set with these tags only; artists or tracks stand in their place where the vectors are
            of these.
        vectors: Of these tags.
        counts: Array (tags,): tracks by tag, in the order of the vectors.
    """

    name: str
    vectors_name: str
    min_count: int
    lookup: Lookup
    data: Folksonomy
    vectors: Vectors
    counts: npt.NDArray[np.int64]

    @property
    def kind(self) -> str:
        """What is clustered: "tags", "artists" or "tracks"."""
        return self.vectors.kind

    @property
    def question(self) -> TagQuestion:
        """What asks for this."""
        return TagQuestion(
            data=self.name, vectors=self.vectors_name, min_count=self.min_count, lookup=self.lookup
        )

    @cached_property
    def fingerprint(self) -> str:
        """Content key of the tags, their vectors and how these came about; counts are the data's."""
        lookup = self.lookup.model_dump(mode="json")
        return content_key(self.vectors_name, lookup, self.vectors.fingerprint, self.data.fingerprint)


@dataclass(frozen=True, eq=False)
class Clustered:
    """A clustering with what the page shows of it.

    Attributes:
        clustering: The clusters.
        silhouettes: Array (tags,); NaN for tags in no cluster.
        over_points: Mean silhouette over distinct vectors that are in a cluster, each once.
        table: One row a cluster, see `taglab.clustering.describe.cluster_table`.
        tags: One row a tag: `tag`, `count`, `cluster` (number, -1 for none), `name` (of the cluster, empty
            for none), `silhouette`, `unknown` (words without a vector).
        names: What each cluster is called on the page: the `name` of the table; of tracks what is known of
            that one, title and artist.
        colours: Array (clusters,): the colour of each in all figures, counted in the palette; by number until
            the clustering is placed on a map (see `placed`).
        places: Array (clusters, dimensions of the map): where the name of each is written.
        passing: Array (tags,): which pass the filters of the page; None where there is no filter.
    """

    clustering: Clustering
    silhouettes: npt.NDArray[np.float64]
    over_points: float
    table: pd.DataFrame
    tags: pd.DataFrame
    names: list[str]
    colours: npt.NDArray[np.intp]
    places: npt.NDArray[np.float32]
    passing: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Colour:
    """What the colours of the map mean.

    Attributes:
        by: "cluster", "silhouette", "count", or "auc_pr" of a run.
        run: Its name; empty for the others, and where no run has figures yet.
    """

    by: str
    run: str = ""


def pick_material() -> Material:
    """Let data, vectors, the least count and the lookup be chosen, in the sidebar, and open them."""
    with st.sidebar:
        name, vectors_name = pick_data(), pick_vectors(whole=CLUSTERED_KINDS)
    kind = whole_vectors().get(vectors_name, "tags")
    with working("Opening the data") as progress:
        whole = folksonomy_of(name, kind, progress)
    with st.sidebar:
        min_count, lookup = pick_min_count(whole, kind), pick_lookup(vectors_name)
    return open_material(name, vectors_name, min_count, lookup)


def open_material(name: str, vectors_name: str, min_count: int, lookup: Lookup) -> Material:
    """Open the tags of a data set with their vectors.

    Raises:
        InvalidSetting: If there are too few tags to cluster.
    """
    with working("Preparing the vectors") as progress:
        vectors = tag_vectors(name, vectors_name, min_count, lookup, progress)
    vectors.require(3)
    data = selected_folksonomy(name, min_count, vectors.kind)
    counts = _counts(vectors, data)
    return Material(name, vectors_name, min_count, lookup, data, vectors, counts)


def pick_other_vectors(material: Material, key: str, label: str) -> str:
    """Let vectors of the same kind be chosen to compare with; the same to begin with. In the URL as `key`.

    Args:
        material: What they are compared with.
        key: Of the widget and in the URL.
        label: What is asked for.
    """
    if key not in st.session_state and key not in st.query_params:
        st.session_state[key] = material.vectors_name
    return pick_vectors(key, label, whole=[material.kind])


@remembered("small")
def _counts(vectors: Vectors, data: Folksonomy) -> npt.NDArray[np.int64]:
    counts: npt.NDArray[np.int64] = data.counts().reindex(list(vectors.ids)).to_numpy(np.int64)
    return counts


def pick_method(vectors: Vectors, suffix: str = "", **start: int) -> Clusterer:
    """Let the method and its settings be chosen; what it varies comes from `pick_value`. In the URL by name.

    Args:
        vectors: What is to be clustered; only methods that suit their measure are to choose from.
        suffix: Of the keys, where two methods are chosen on one page.
        start: What settings are to begin with, in place of their defaults.
    """
    suited = [name for name, model in CLUSTERERS.items() if model.suits(vectors)]
    key = f"method{suffix}"
    if st.session_state.get(key, suited[0]) not in suited:
        st.session_state[key] = suited[0]
    unsuited = ", ".join(model.title for model in CLUSTERERS.values() if not model.suits(vectors))
    titles = {name: CLUSTERERS[name].title for name in suited}
    method = st.selectbox(
        "Method", suited, format_func=titles.__getitem__, key=key, bind=bound_choice(key, "method", titles),
        help=f"Not for vectors compared by {vectors.by.title}: {unsuited}." if unsuited else None,
    )  # fmt: skip
    model = CLUSTERERS[method]
    values: dict[str, Any] = {"method": method}
    for name in model.model_fields:
        if name in ("method", model.varied, *model.seldom):
            continue
        more: dict[str, Any] = {"key": f"{name}{suffix}", "bind": "query-params"}
        bounds = number_bounds(model, name)
        if bounds is not None:
            low, high = bounds[0] or 0, _MOST_NUMBER if bounds[1] is None else bounds[1]
            more["bind"] = bound_number(more["key"], f"the {name.replace('_', ' ')}", low, high)
        if name in start:
            more["start"] = start[name]
        values |= setting_widget(model, name, more["key"], **more)
    return clusterer(values)


def pick_value(
    vectors: Vectors,
    settings: Clusterer,
    suffix: str = "",
    width: int | Literal["stretch"] = "stretch",
) -> Clusterer:
    """Let be chosen what the method varies: one by one at first, then by round numbers. In the URL by name.

    Args:
        vectors: Of the tags.
        settings: The method and its other settings.
        suffix: Of the key, where two numbers are chosen on one page.
        width: Of the slider, in pixels.
    """
    name = settings.varied
    key = f"{name}{suffix}"
    most = settings.most(len(vectors), vectors.n_points)
    asked = st.session_state.get(key, st.query_params.get(key, ""))
    values = k_steps(most, int(asked) if str(asked)[:9].isdecimal() else None)
    bound_number(key, f"{name.replace('_', ' ')} =", values[0], values[-1])
    if key in st.session_state and st.session_state[key] not in values:
        st.session_state[key] = values[-1]
    # Of half a million tags 100 clusters, the least of the thesis, take seconds; 700 would take minutes.
    usual = min(np.sqrt(most), settings.value)
    value = st.select_slider(
        settings.varied_title,
        values,
        min(values, key=lambda step: abs(step - usual)),
        key=key,
        bind="query-params",
        width=width,
    )
    return settings.model_copy(update={name: int(value)})


def k_steps(most: int, asked: int | None = None) -> list[int]:
    """Return the numbers of clusters a slider offers: 2 to `most`, and `asked` if it is between them.

    Above the first they are round, 2 to 5 % apart: 70 for each power of ten.
    """
    steps = {*range(2, _EVERY_K_UP_TO + 1), *_round_numbers(most), most}
    if asked is not None:
        steps.add(asked)
    return sorted(step for step in steps if 2 <= step <= most) or [1]


def _round_numbers(most: int) -> Iterator[int]:
    """Yield round numbers from 100 on, until one is above `most`."""
    number, decade = 100, 100
    while number <= most:
        yield number
        number += next(decade // parts for times, parts in _ROUND_STEPS if number < times * decade)
        decade = 10 * decade if number == 10 * decade else decade


def clustered(material: Material, settings: Clusterer, progress: Progress | None = None) -> Clustered:
    """Return the clustering of these settings, with silhouettes and tables; its progress is on the page."""
    if progress is not None:
        return _clustered(material, settings, progress)
    with working("Clustering") as on_page:
        return _clustered(material, settings, _patient(on_page))


def _patient(progress: Progress) -> Progress:
    """Return a progress that stays quiet as long as nobody would read it."""
    begun = time.monotonic()

    def report(fraction: float, text: str) -> None:
        if time.monotonic() - begun > _PATIENCE_S:
            progress(fraction, text)

    return report


@remembered("small")
def _clustered(material: Material, settings: Clusterer, _progress: Progress) -> Clustered:
    clustering = _clusters(material, settings, between(_progress, 0.0, _CLUSTERS_SHARE))
    left = between(_progress, _CLUSTERS_SHARE, 1.0)
    return _with_tables(material, clustering, *_silhouettes(material.vectors, clustering, left))


def clustered_so_far(material: Material, settings: Clusterer, progress: Progress) -> Clustered:
    """Return clusters whose silhouettes are not there yet; they are NaN.

    Args:
        material: What is clustered.
        settings: How.
        progress: Of the clustering with its silhouettes; raising from it cancels.
    """
    return _clustered_so_far(material, settings, between(progress, 0.0, _CLUSTERS_SHARE))


@remembered("small")
def _clustered_so_far(material: Material, settings: Clusterer, _progress: Progress) -> Clustered:
    clustering = _clusters(material, settings, _progress)
    return _with_tables(material, clustering, np.full(len(material.vectors), np.nan), float("nan"))


@remembered("small")
def _clusters(material: Material, settings: Clusterer, _progress: Progress) -> Clustering:
    return cluster(material.vectors, settings, _progress)


def _with_tables(
    material: Material, clustering: Clustering, silhouettes: npt.NDArray[np.float64], over_points: float
) -> Clustered:
    counts = pd.Series(material.counts, list(clustering.tags))
    table = cluster_table(clustering, counts, silhouettes, material.vectors.unknown)
    tags = pd.DataFrame(
        {
            "tag": list(clustering.tags),
            "count": material.counts,
            "cluster": clustering.labels,
            "name": names_of_tags(clustering, table["name"].tolist()),
            "silhouette": silhouettes,
        }
    )
    tags = material.vectors.annotated(tags)
    k = clustering.k
    nowhere = np.full((k, 2), np.nan, np.float32)
    titles = track_names(material.data) if material.kind == "tracks" else {}
    names = [titles.get(name, name) for name in table["name"].astype(str)]
    return Clustered(clustering, silhouettes, over_points, table, tags, names, np.arange(k), nowhere)


def _silhouettes(
    vectors: Vectors, clustering: Clustering, progress: Progress
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the silhouette of each tag, and the mean over distinct vectors that are in a cluster."""
    if clustering.k == 1:
        return np.where(clustering.labels < 0, np.nan, 0.0), 0.0
    rows = vectors.point_rows
    labels = clustering.labels[rows]
    apart = len(rows) < len(vectors) and len(np.unique(labels[labels >= 0])) > 1
    first = between(progress, 0.0, 0.5 if apart else 1.0)
    of_tags = silhouettes(vectors, clustering.labels, first)
    over = silhouettes(vectors, labels, between(progress, 0.5, 1.0), rows) if apart else of_tags[rows]
    return of_tags, float(np.nanmean(over))


def placed(material: Material, made: Clustered, where: Projection) -> Clustered:
    """Return a clustering with its clusters' colours and the places of their names on a map."""
    colours, places = _placed(material, made.clustering.settings, where.settings, made, where)
    return replace(made, colours=colours, places=places)


@remembered("small")
def _placed(
    material: Material,
    settings: Clusterer,
    projection: ProjectionSettings,
    _made: Clustered,
    _where: Projection,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    groups = _where.positions, _made.clustering.labels, _made.clustering.k
    return group_colours(*groups), group_places(*groups)


def cluster_question(
    material: Material, made: Clustered, by: Literal["cluster", "tag"] = "cluster"
) -> Cluster:
    """Return what asks for this clustering in a shell."""
    settings: Any = made.clustering.settings
    return Cluster(tags=material.question, clustering=settings, by=by)


def pick_colour(kind: str = "tags") -> Colour:
    """Let the colours' meaning be chosen. In the URL as `colour` and `colour_run`.

    Args:
        kind: What is clustered; a run has figures of tags only, and a track counts once.
    """
    meanings = [
        by for by in _COLOURS if (by != _BY_RUN or kind == "tags") and (by != "count" or kind != "tracks")
    ]
    if st.session_state.get("colour", "cluster") not in meanings:
        st.session_state["colour"] = "cluster"
    by = st.segmented_control(
        "Colour", meanings, default="cluster", format_func=_COLOURS.__getitem__, key="colour",
        bind=bound_choice("colour", "colour", {name: _COLOURS[name] for name in meanings}), required=True,
    )  # fmt: skip
    if by != _BY_RUN:
        return Colour(str(by))
    names = runs_with_figures()
    said = "Tags get the AUC-PR of the class that holds them, at the run's best epoch on validation."
    return Colour(str(by), choose_among("colour_run", "Run", names, 0, "run", help=said))


def runs_with_figures() -> list[str]:
    """Return runs that have figures by label, those of here first, newest first."""
    own = runs.runs_table()
    shown = own.loc[own["epochs"].fillna(0) > 0, "run"]
    return [*map(str, shown), *_published_with_figures()]


@remembered("one")
def _published_with_figures() -> list[str]:
    return [name for name in runs.published_names() if len(runs.open_run(name).per_label())]


def _figures_of(colour: Colour, material: Material) -> TagFigures | None:
    """Return the chosen run's figures by tag; None where the colours mean something else."""
    if not colour.run:
        return None
    return _by_tag(runs.open_run(colour.run), material.vectors)


@remembered("small")
def _by_tag(run: runs.Run, vectors: Vectors) -> TagFigures:
    return auc_pr_by_tag(run, vectors.ids)


def _auc_pr_scale(found: TagFigures) -> MapScale:
    highest = np.nanmax(found.values) if found.known else 1.0
    # Up to a round number that is reached: 1 would leave most of the colours unused.
    return MapScale(
        "AUC-PR", f"AUC-PR ({found.basis})", SEQUENTIAL_MARKS, 0.0, float(np.ceil(highest * 10) / 10) or 1.0
    )


def show_map(
    material: Material,
    made: Clustered,
    where: Projection,
    colour: Colour,
    classes: MapClasses | None = None,
) -> npt.NDArray[np.intp]:
    """Show the map, let tags be selected on it, and return the selected rows.

    Args:
        material: The tags.
        made: Their clustering, placed on the map.
        where: The map.
        colour: What the colours mean.
        classes: Groups to show in place of the clusters; on a map of two dimensions only.
    """
    rows = selected_rows(material.vectors)
    title = f"{where.method.upper()} of {material.name}, {made.clustering.settings.brief}"
    if where.settings.dimensions == 3:
        table = _with_figures(material, made, colour)
        figure = figures.tag_map(table, where.positions, made.names, colour.by, rows, title)
        st.plotly_chart(figure, config=picture_config(), key="map in 3-D", alt=_said(material, made, where))
        st.caption(
            f"In 3-D the map shows what is selected elsewhere; {material.kind} are selected in 2-D only."
        )
        return rows
    tags = material.vectors.ids
    tag_map(
        "tag map",
        points_of(material, where),
        paint_of(material, made, where, colour, classes),
        rows,
        lambda chosen: select([tags[row] for row in chosen if row < len(tags)], "map"),
        _take_colour,
        lambda row: nearest_of(material, row),
    )
    _say_figures(material, colour)
    return rows


def _take_colour(of: str) -> None:
    """Have the page's own choice follow what the browser shows already."""
    by = {"class": "cluster", "AUC-PR": _BY_RUN}.get(of, of)
    if by in _COLOURS:
        st.session_state["colour"] = by


@remembered("small")
def nearest_of(material: Material, row: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.floating]]:
    """Return the rows nearest to one, without it, nearest first, and their similarity or distance."""
    vectors = material.vectors
    query = vectors.rows_of([vectors.ids[row]])
    rows, scores = nearest_rows(vectors, query, min(_NEAREST + 1, len(vectors)))
    others = rows[0] != row
    figures_by_name = vectors.by.columns(scores[0, others].astype(np.float64))
    return rows[0, others][:_NEAREST], next(iter(figures_by_name.values()))[:_NEAREST]


def _with_figures(material: Material, made: Clustered, colour: Colour) -> pd.DataFrame:
    """Return the table of tags, with the run's `auc_pr` where it is what the colours mean."""
    found = _figures_of(colour, material)
    return made.tags if found is None else made.tags.assign(auc_pr=found.values)


def _say_figures(material: Material, colour: Colour) -> None:
    found = _figures_of(colour, material)
    if found is not None:
        said = (
            f"{found.known:,} of {len(material.vectors):,} tags are in a class of {colour.run} that has a "
            "figure; the others are grey."
        )
        st.caption(literal(said))


def points_of(material: Material, where: Projection) -> MapPoints:
    """Return what the map is sent once."""
    return _made_points(material, where.settings, where)


@remembered("large")
def _made_points(material: Material, settings: ProjectionSettings, _where: Projection) -> MapPoints:
    vectors = material.vectors
    name = content_key(identity(material), identity(settings))
    return map_points(name, vectors.ids, material.counts, _where.positions, notes_of(vectors, material.data))


def _said(material: Material, made: Clustered, where: Projection) -> str:
    n_left_out = made.clustering.n_left_out
    without = f", {n_left_out:,} in none, in grey" if n_left_out else ""
    what = f"{len(material.vectors):,} {material.kind}"
    return f"Map of {what} by {where.method}, in {made.clustering.k:,} clusters{without}"


def plain_paint(
    material: Material, settings: Clusterer, where: Projection, clusters: Clustered | None
) -> MapPaint:
    """Return the look of a map whose clusters are under way, or are there without their silhouettes."""
    what = f"Map of {len(material.vectors):,} {material.kind} by {where.method}, clusters under way"
    shows = f"under way, {settings.varied}={settings.value} {where.method}"
    groups = None
    if clusters is not None:
        shows += ", coloured"
        groups = MapClasses.with_rest(
            clusters.clustering.labels, clusters.names, clusters.colours, clusters.places, UNCLUSTERED
        )
    return MapPaint(label=what, shows=shows, classes=groups, file=material.name, kind=material.kind)


def paint_of(
    material: Material, made: Clustered, where: Projection, colour: Colour, classes: MapClasses | None
) -> MapPaint:
    """Return the look of a map; see `show_map`."""
    groups = classes or MapClasses.with_rest(
        made.clustering.labels, made.names, made.colours, made.places, UNCLUSTERED
    )
    settings = made.clustering.settings
    span = figures.silhouette_span(made.silhouettes)
    by_number = {"silhouette": MapScale("silhouette", "silhouette", DIVERGING, -span, span)}
    if material.kind != "tracks":  # a track counts once
        low, high = float(material.counts.min()), float(material.counts.max())
        by_number["count"] = MapScale("count", "tracks (log)", SEQUENTIAL_MARKS, low, high, log=True)
    scale = by_number.get(colour.by)
    facts: dict[str, npt.NDArray[np.float64]] = {"silhouette": made.silhouettes}
    found = _figures_of(colour, material)
    if found is not None:
        scale = _auc_pr_scale(found)
        facts["AUC-PR"] = found.values
    return MapPaint(
        label=_said(material, made, where),
        shows=f"{settings.varied}={settings.value} {where.method} {colour.by}"
        + (f" of {groups.word}" if classes else ""),
        classes=groups,
        scale=scale,
        scales=tuple(by_number.values()),
        facts=facts,
        file=f"{material.name} {settings.varied}={settings.value} {where.method}",
        kind=material.kind,
        kept=made.passing,
    )


def show_selection(material: Material, made: Clustered, rows: npt.NDArray[np.intp]) -> None:
    """Say which tags are selected, and let go of them."""
    linked = show_in_link(rows)
    if not len(rows):
        return
    tags = material.vectors.ids
    named = ", ".join(literal(visible(tags[row], 40)) for row in rows[:_NAMED])
    rest = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    labels = made.clustering.labels[rows]
    groups, n_outside = len(np.unique(labels[labels >= 0])), int((labels < 0).sum())
    with st.container(horizontal=True, vertical_alignment="center"):
        where = f"{groups:,} cluster{'' if groups == 1 else 's'}"
        where += f", {n_outside:,} in none" if n_outside else ""
        note = "" if linked else " The link leaves them out: too many for an address."
        st.markdown(f"**{len(rows):,} selected** in {where}: {named}{rest}.{note}")
        st.button("Clear", key="clear selection", on_click=select, args=((), "button"), type="tertiary")
    notes = partly_known_notes(material.vectors)
    partly = [f"{visible(tags[row], 40)} ({notes[tags[row]]})" for row in rows if tags[row] in notes]
    if partly:
        more = f" and {len(partly) - _NAMED:,} more" if len(partly) > _NAMED else ""
        st.caption(literal(f"Partly known: {', '.join(partly[:_NAMED])}{more}."))


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _of_left_out(clustering: Clustering) -> dict[str, str]:
    return {"Clusters": f"{clustering.k:,}", "In no cluster": f"{clustering.n_left_out:,}"}


def show_facts(material: Material, made: Clustered, where: Projection) -> None:
    """Say in a few figures what the map shows, what it leaves out, and how far it can be trusted."""
    vectors, clustering = material.vectors, made.clustering
    sharing = len(vectors) - vectors.n_points
    facts = {
        material.kind.capitalize(): f"{len(vectors):,}",
        "Without a vector": f"{len(vectors.missing):,}",
        **({"Partly known": f"{len(vectors.unknown):,}"} if material.kind == "tags" else {}),
        "Sharing a point": f"{sharing:,}",
        **(_of_left_out(clustering) if clustering.settings.may_leave_out else {}),
        "Mean silhouette": _signed(float(np.nanmean(made.silhouettes))),
        **({"Silhouette, distinct": _signed(made.over_points)} if sharing else {}),
        "Within-cluster distance": f"{clustering.within_distance:,.1f}",
        "Largest cluster": f"{clustering.sizes.max():,} {material.kind}",
        f"Clusters of one {vectors.column}": f"{(clustering.sizes == 1).sum():,}",
    }
    with st.container(key="facts", horizontal=True):
        for label, value in facts.items():
            st.metric(label, value, help=_MEANING.get(label), width="content")
    caption = [measure_sentence(vectors), where.quality_sentence, *explained(where), *where.notes]
    st.caption(literal(" ".join(caption)))
    if not clustering.converged:
        st.caption("k-means used up its rounds before it settled.")
    if vectors.missing:
        some = len(vectors.missing) > 1
        sentence = (
            f"{material.kind} have no vector; they are in no cluster"
            if some
            else f"{vectors.column} has no vector; it is in no cluster"
        )
        with st.expander(f"{len(vectors.missing):,} {sentence}"):
            absent = material.data.tags[material.data.tags["tag"].isin(vectors.missing)][["tag", "count"]]
            absent = absent.rename(columns={"tag": vectors.column})
            st.dataframe(
                absent, hide_index=True, key="tags without a vector",
                alt=f"{material.kind.capitalize()} without a vector",
            )  # fmt: skip
            export_panel(
                f"{material.name} {material.kind} without a vector",
                absent,
                command=coverage_of(material.question),
            )


def export_map(
    material: Material,
    made: Clustered,
    where: Projection,
    colour: Colour,
    classes: MapClasses | None = None,
) -> None:
    """Offer the map as a page of its own, its positions as a table, and the command that makes these."""
    axes = pd.DataFrame(where.positions, columns=list("xyz")[: where.settings.dimensions])
    tags = _with_figures(material, made, colour)
    table = pd.concat([tags, axes], axis=1)
    rows = selected_rows(material.vectors)
    title = f"{where.method.upper()}, {made.clustering.settings.brief}"
    flat = where.settings.dimensions == 2
    export_panel(
        f"{material.name} map",
        table,
        lambda: figures.tag_map(tags, where.positions, made.names, colour.by, rows, title),
        Project(tags=material.question, projection=where.settings),
        page=functools.partial(_map_page, material, made, where, colour, classes) if flat else None,
        page_note=_what_is_not_taken_away(material),
    )


def _what_is_not_taken_away(material: Material) -> str:
    """Return a sentence on the neighbours that a map to take away lacks; nothing where it has all."""
    vectors, kind = material.vectors, material.kind
    n = n_with_neighbours(len(vectors), vectors.dim)
    if n == len(vectors):
        return ""
    most = "first" if kind == "tracks" else "most used"
    return f"; neighbours are listed of the {n:,} {most} {kind} only"


def _map_page(
    material: Material, made: Clustered, where: Projection, colour: Colour, classes: MapClasses | None
) -> str:
    title = f"{material.name}: {where.method.upper()}, {made.clustering.settings.brief}"
    paint = paint_of(material, made, where, colour, classes)
    look = st.query_params.get(LOOK, "")
    points, rows = points_of(material, where), selected_rows(material.vectors)
    return map_page(title, points, paint, rows, look, _nearest_to_take_away(material.vectors))


@remembered("medium")
def _nearest_to_take_away(vectors: Vectors) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the rows nearest to each of the first, and their similarity or distance."""
    k = min(_NEAREST, len(vectors) - 1)
    rows, scores = nearest_of_first(vectors, n_with_neighbours(len(vectors), vectors.dim), k)
    return rows, next(iter(vectors.by.columns(scores).values())).astype(np.float32)
