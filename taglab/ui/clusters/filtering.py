"""Filters on what is clustered: charts that filter map, tables and one another, and ways out of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab import labels, runs
from taglab.cleaning import Cleaning, cleaning_names, open_cleaning, save_cleaning
from taglab.cleaning import Filters as FiltersStep
from taglab.clustering import Clusterer
from taglab.compare.by_tag import auc_pr_by_tag
from taglab.crossfilter import (
    LONGEST_TEXT,
    Among,
    Categories,
    Column,
    Filter,
    Filters,
    Numbers,
    Span,
    absent,
    numbers_or_names,
    parsed,
    passing,
    present,
    written,
)
from taglab.errors import TaglabError
from taglab.figures.theme import hue, visible
from taglab.sources.beside_tags import columns_about
from taglab.suffixes import free_name
from taglab.ui.clusters.material import Clustered, Material, runs_with_figures
from taglab.ui.export import export_panel
from taglab.ui.filter_charts import FilterChart, filter_charts
from taglab.ui.messages import literal
from taglab.ui.remembered import remembered
from taglab.ui.selection import select
from taglab.ui.uploads import ask_for_file

_STATE = "filters"
_LINK = "filter"
_OUTCOME = "outcome of filter actions"
_TABLE = "columns of a table"
_BY_RUN = "auc_pr "
_OF_TABLE = "table "
_NAMED = 5
_TITLES = {
    "count": "Count (tracks)",
    "artists": "Distinct artists",
    "silhouette": "Silhouette",
    "cluster": "Cluster",
}
_SHOWN_FIRST = ("count", "silhouette", "cluster", "artists", "category")


def filtered(material: Material, clusters: Clustered) -> Clustered:
    """Return a clustering with which rows pass the filters; what they ask for that is not here is told."""
    filters = _filters()
    if not filters:
        _put_in_link({})
        return clusters
    columns = _columns(material, clusters, filters)
    lacking = absent(columns, filters)
    if lacking:
        filters = present(columns, filters)
        st.session_state[_STATE] = filters
        names = ", ".join(
            f"{name} ({', '.join(sorted(strange)[:_NAMED])})" if strange else name
            for name, strange in lacking.items()
        )
        st.info(
            literal(f"Filtered by what is not here, and so let go: {names}."),
            icon=":material/filter_alt_off:",
        )
    _put_in_link(filters)
    return replace(clusters, passing=passing(columns, filters))


def show_filters(material: Material, clusters: Clustered) -> None:
    """Say in a line what the filters let pass, where there are any, and let them go."""
    if clusters.passing is None:
        return
    n, kind = int(clusters.passing.sum()), material.kind
    with st.container(horizontal=True, vertical_alignment="center", key="filters in force"):
        filters = _filters()
        what = ", ".join(_in_words(name, allowed) for name, allowed in filters.items())
        note = "" if _in_link(filters) else " The link leaves the filters out: too long for an address."
        st.markdown(f"**{n:,} of {len(material.vectors):,} {kind}** pass: {literal(what)}.{note}")
        ids = material.vectors.ids
        rows = np.flatnonzero(clusters.passing)
        st.button(
            "Select them", key="select filtered", type="tertiary", disabled=not n,
            on_click=lambda: select((ids[row] for row in rows), "filters"),
        )  # fmt: skip
        st.button("Let all go", key="clear filters", on_click=_clear, type="tertiary")


def show_charts(material: Material, clusters: Clustered, rows: npt.NDArray[np.intp]) -> None:
    """Charts that filter the map, the tables and one another; what passes can be taken away."""
    titles = _titles(material)
    chosen = _pick_charts(titles)
    filters = _filters()
    columns = _columns(material, clusters, {**filters, **dict.fromkeys(chosen)})
    charts = {
        name: _chart(material, clusters, name, titles[name], columns[name])
        for name in chosen
        if name in columns
    }
    without = [titles[name] for name in chosen if name not in columns]
    if without:
        st.caption(literal(f"Nothing to count: {', '.join(without)}."))
    filter_charts("filter charts", charts, columns, filters, _take)
    st.caption(
        f"Draw over bars, or move the ends, to let only these {material.kind} pass; a click on a bar or a "
        "name takes it alone. Grey: all; in colour: those that pass the filters of the other charts."
    )
    _show_ways_out(material, clusters)
    _show_outcome()
    _show_table(material)


def _filters() -> dict[str, Filter]:
    """Return the filters in force; of a pasted link, those it names."""
    if _STATE not in st.session_state:
        try:
            st.session_state[_STATE] = parsed(st.query_params.get(_LINK, ""))
        except TaglabError as error:
            st.session_state[_STATE] = {}
            st.warning(literal(f"The link filters by what is no filter: {error}"), icon=":material/link_off:")
    filters: dict[str, Filter] = st.session_state[_STATE]
    return filters


def _in_link(filters: Filters) -> str:
    """Return filters as the link has them; nothing where they are too long for it."""
    text = written(filters)
    return text if len(text) <= LONGEST_TEXT else ""


def _put_in_link(filters: Filters) -> None:
    wanted = _in_link(filters)
    if st.query_params.get(_LINK, "") == wanted:
        return
    if wanted:
        st.query_params[_LINK] = wanted
    else:
        del st.query_params[_LINK]


def _take(name: str, allowed: Filter | None) -> None:
    """Take what was brushed, in a callback."""
    filters = {**_filters()}
    filters.pop(name, None)
    if allowed is not None:
        filters[name] = allowed
    st.session_state[_STATE] = filters


def _clear() -> None:
    st.session_state[_STATE] = {}


def _titles(material: Material) -> dict[str, str]:
    """Return the columns that can be charted: title by name, those of use to most first."""
    # A track counts once.
    of_data = [name for name in _data_columns(material) if material.kind != "tracks" or name != "count"]
    here = [*of_data, "silhouette", "cluster"]
    first = [name for name in _SHOWN_FIRST if name in here]
    of_table = [f"{_OF_TABLE}{name}" for name in _own_table().columns]
    by_run = [f"{_BY_RUN}{run}" for run in runs_with_figures()] if material.kind == "tags" else []
    return {name: _title(name) for name in [*first, *here, *of_table, *by_run]}


def _title(name: str) -> str:
    """Return what a column is called on the page."""
    if name.startswith(_OF_TABLE):
        return f"{name.removeprefix(_OF_TABLE)} (your table)"
    if name.startswith(_BY_RUN):
        return f"AUC-PR of {name.removeprefix(_BY_RUN)}"
    return _TITLES.get(name, name)


def _pick_charts(titles: Mapping[str, str]) -> list[str]:
    """Let charts be chosen; those of filters in force are always there. In the URL as `charts`."""
    names = {visible(title, 80): name for name, title in titles.items()}
    usual = [visible(titles[name], 80) for name in _SHOWN_FIRST if name in titles]
    if "charts" in st.session_state:
        st.session_state["charts"] = [title for title in st.session_state["charts"] if title in names]
    shown = st.multiselect("Charts", list(names), usual, key="charts", bind="query-params")
    chosen = [names[title] for title in shown]
    return chosen + [name for name in _filters() if name in titles and name not in chosen]


@remembered("small")
def _about(material: Material) -> pd.DataFrame:
    """Return what the data set knows of each row, in the order of the vectors."""
    ids = pd.Index(material.vectors.ids)
    about = material.data.tags.set_index("tag").reindex(ids)
    if material.kind == "tracks":
        tracks = material.data.tracks.set_index("track").reindex(ids)
        about = pd.concat([about, tracks[[name for name in tracks if name not in about]]], axis=1)
        about = about.drop(columns="artists", errors="ignore")
    return about


@remembered("small")
def _data_columns(material: Material) -> list[str]:
    """Return the columns of the data set with something to count."""
    about = _about(material)
    return [str(name) for name in about.columns if numbers_or_names(about[name]) is not None]


@remembered("small")
def _of_data(material: Material, name: str) -> Column | None:
    about = _about(material)
    return numbers_or_names(about[name]) if name in about else None


@remembered("small")
def _of_clusters(material: Material, settings: Clusterer, name: str, _clusters: Clustered) -> Column:
    if name == "silhouette":
        return Numbers.of(_clusters.silhouettes)
    names = [*_clusters.table["name"].astype(str), None]  # the last for -1, in none
    return Categories.of([names[cluster] for cluster in _clusters.clustering.labels])


@remembered("small")
def _of_run(run: runs.Run, material: Material) -> Column | None:
    values = auc_pr_by_tag(run, material.vectors.ids).values
    return Numbers.of(values) if np.isfinite(values).any() else None


@remembered("small")
def _of_table(values: pd.DataFrame, material: Material) -> Column | None:
    return numbers_or_names(values.iloc[:, 0].reindex(list(material.vectors.ids)))


def _column(material: Material, clusters: Clustered, name: str) -> Column | None:
    if name in ("silhouette", "cluster"):
        return _of_clusters(material, clusters.clustering.settings, name, clusters)
    if name.startswith(_BY_RUN):
        try:
            return _of_run(runs.open_run(name.removeprefix(_BY_RUN)), material)
        except TaglabError:  # a link may name what is no run, or one that cannot be read
            return None
    if name.startswith(_OF_TABLE):
        of_table = name.removeprefix(_OF_TABLE)
        own = _own_table()
        return _of_table(own[[of_table]], material) if of_table in own else None
    return _of_data(material, name)


def _columns(material: Material, clusters: Clustered, names: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns of these names, less those that are not there."""
    columns = {name: _column(material, clusters, name) for name in names}
    return {name: column for name, column in columns.items() if column is not None}


def _chart(material: Material, clusters: Clustered, name: str, title: str, column: Column) -> FilterChart:
    if name != "cluster" or not isinstance(column, Categories):
        return FilterChart(title, column)
    number = {str(called): at for at, called in enumerate(clusters.table["name"])}
    numbers = [number[called] for called in column.names]
    colours = [hue(int(clusters.colours[cluster])) for cluster in numbers]
    return FilterChart(title, column, [clusters.names[cluster] for cluster in numbers], colours)


def _in_words(name: str, allowed: Filter) -> str:
    title = _title(name)
    if isinstance(allowed, Among):
        some = sorted(allowed.names)
        more = f" or {len(some) - _NAMED:,} more" if len(some) > _NAMED else ""
        return f"{title} {', '.join(visible(one, 30) for one in some[:_NAMED])}{more}"
    return f"{title} {span_in_words(allowed)}"


def span_in_words(span: Span) -> str:
    """Return a range as text: "2 to under 10"."""
    low, high = (f"{bound:,.6g}".replace("-", "−") for bound in (span.low, span.high))
    if math.isinf(span.high):
        return f"{low} or more"
    return f"under {high}" if math.isinf(span.low) else f"{low} to under {high}"


def _show_ways_out(material: Material, clusters: Clustered) -> None:
    """Let what passes be taken away: as a table, as ids, as a label space, as a step of a cleaning."""
    if clusters.passing is None or not clusters.passing.any():
        return
    one = material.vectors.column
    rows = np.flatnonzero(clusters.passing)
    ids = [material.vectors.ids[row] for row in rows]
    table = clusters.tags.iloc[rows].rename(columns={"tag": one})
    with st.container(horizontal=True):
        export_panel(f"{material.name} filtered {material.kind}", table)
        st.download_button(
            f"Names of the {len(ids):,}", lambda: "\n".join(ids) + "\n", f"{material.name} filtered.txt",
            "text/plain", key="filtered ids", on_click="ignore", icon=":material/list:",
        )  # fmt: skip
        if material.kind == "tags":
            _offer_space(material, clusters, ids)
            _offer_step(material, ids)


def _show_outcome() -> None:
    went_well, sentence = st.session_state.pop(_OUTCOME, (True, ""))
    if sentence:
        (st.success if went_well else st.error)(literal(sentence))


def _attempt(act: Callable[[], str]) -> None:
    """Do something in a callback; what comes of it, or what went wrong, is told below the buttons."""
    try:
        st.session_state[_OUTCOME] = (True, act())
    except TaglabError as error:
        st.session_state[_OUTCOME] = (False, str(error))


def _offer_space(material: Material, clusters: Clustered, ids: list[str]) -> None:
    def save() -> str:
        name = st.session_state["filtered space"].strip()
        clustering = clusters.clustering
        whole = labels.from_clusters(
            clustering.tags,
            clustering.labels,
            material.data.counts(),
            material.question.record() | clustering.parameters(),
            name,
        )
        space = whole.edit(labels.KeepTags(tags=tuple(ids)))
        labels.save_label_space(space)
        return f"Saved as {name}: {len(space):,} classes, the clusters less what does not pass."

    with st.popover("Label space", icon=":material/label:"):
        free = free_name(f"{material.name} filtered", labels.label_space_names())
        st.text_input("Name", free, key="filtered space")
        st.button("Save", key="save filtered space", type="primary", on_click=_attempt, args=(save,))


def _offer_step(material: Material, ids: list[str]) -> None:
    def save() -> str:
        name = st.session_state["filtered cleaning"].strip()
        step = FiltersStep(only=tuple(ids), match_case=True)
        if name in cleaning_names():
            cleaning, revision = open_cleaning(name)
            save_cleaning(cleaning.add(step), revision)
            return f"Added to the cleaning {name} as its last step."
        save_cleaning(Cleaning.of(name, [step]))
        return f"Saved as the cleaning {name}; Cleaning shows what it drops."

    with st.popover("Cleaning step", icon=":material/cleaning_services:"):
        st.text_input("Cleaning", f"{material.name} filtered", key="filtered cleaning")
        st.caption("A step that drops every other tag; added to the cleaning of this name, if there is one.")
        st.button("Save", key="save filtered step", type="primary", on_click=_attempt, args=(save,))


def _show_table(material: Material) -> None:
    """Let a table of the visitor's own bring more columns; they stay as long as the visit."""
    one = material.vectors.column

    def take() -> str:
        with file as path:
            own = columns_about(path, material.vectors.ids, one)
        st.session_state[_TABLE] = own
        known = f"{int(own.notna().any(axis=1).sum()):,} of {len(own):,} {material.kind}"
        return f"{len(own.columns)} columns on {known}, to choose under Charts."

    with st.expander("Columns of your own table", icon=":material/table_view:"):
        what = f"CSV, TSV, Parquet or ARFF with a column {one!r} and others, numbers or categories"
        file = ask_for_file("filter table", what, several=False)
        st.button("Take its columns", key="take filter table", on_click=_attempt, args=(take,))
        st.caption("A link with a filter by them works for whoever gives the same table.")


def _own_table() -> pd.DataFrame:
    """Return the columns of the visitor's own table, by id; none where none was given."""
    own: pd.DataFrame = st.session_state.get(_TABLE, pd.DataFrame())
    return own
