"""The subgenres of a genre on the screen: its map, tree and silhouettes, and the union over all genres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab.figures.clusters import silhouette_plot
from taglab.figures.cooccurrence import dendrogram, genre_map, silhouette_curves
from taglab.figures.theme import plain, visible
from taglab.folksonomy import Folksonomy
from taglab.genres import (
    Subgenres,
    SubgenreSettings,
    divide,
    divided_table,
    silhouettes_over_k,
    subgenre_space,
    subgenre_table,
    ways,
)
from taglab.labels import LabelClass, LabelSpace
from taglab.progress import Progress
from taglab.projection import Projection, ProjectionSettings, project_distances
from taglab.ui.export import export_panel, picture_config
from taglab.ui.genres.material import Choice, Material, pick_subgenre_settings
from taglab.ui.genres.views import save_panel
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice, choose_among
from taglab.ui.remembered import remembered
from taglab.verbs import genres as verbs

_DISTANCE = {"npmi": "1 − NPMI", "tag-embeddings": "1 − cosine"}
_MEMBERS = 25
_TREE_PX = 640
_LIST_PX = 560
_DONE = "subgenres of all genres"
_SUBGENRE_COLUMNS = {
    "silhouette": st.column_config.NumberColumn("silhouette", format="%.3f", help="Mean over its tags"),
    "count": st.column_config.NumberColumn("count (tracks)"),
    "left_out": st.column_config.NumberColumn("tags left out"),
}


@dataclass(frozen=True, eq=False)
class Divided:
    """A genre divided, with what the views show of it.

    Attributes:
        found: What came of it.
        settings: How.
        genre: The class.
        names: Of each cluster by its number in the clustering, its most used tag.
        tags: One row a tag that has a place: `tag`, `count`, `cluster` (number, −1 for none), `said` (why
            it is in none).
        asked: What divides it.
    """

    found: Subgenres
    settings: SubgenreSettings
    genre: LabelClass
    names: list[str]
    tags: pd.DataFrame
    asked: verbs.Subgenres


def show_subgenres(material: Material, choice: Choice) -> None:
    """What one genre divides into, and the union over all of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choose_among("genre", "Genre", choice.space.names, 0, "genre")
        settings = pick_subgenre_settings()
    divided = _divide(material, choice, choice.space.class_named(name), settings)
    _show_facts(divided.found)
    if divided.found.note:
        st.info(literal(f"{divided.found.note}."))
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_map(divided)
    with right:
        _show_members(material, divided)
    tabs = st.tabs(
        list(_CLOSER), key="closer", bind=bound_choice("closer", "view", list(_CLOSER)), on_change="rerun"
    )
    for tab, show in zip(tabs, _CLOSER.values(), strict=True):
        if tab.open:
            with tab:
                show(material, divided)
    st.subheader("All genres", divider="gray")
    _show_union(material, choice, settings)


def _divide(material: Material, choice: Choice, genre: LabelClass, settings: SubgenreSettings) -> Divided:
    with working("Dividing") as progress:
        found = _divided(material.data, genre, settings, progress)
    asked = _asked(material, choice, settings).model_copy(update={"genre": genre.name})
    clusters = _numbered(found)
    number = {tag: row for row, tags in enumerate(clusters) for tag in tags}
    why = dict(found.left_out[["tag", "reason"]].itertuples(index=False, name=None))
    tags = list(found.tags)
    table = pd.DataFrame(
        {
            "tag": tags,
            "count": material.data.counts().reindex(tags).to_numpy(np.int64),
            "cluster": np.array([-1 if tag in why else number.get(tag, -1) for tag in tags], np.int64),
            "said": [why.get(tag, "") for tag in tags],
        }
    )
    return Divided(found, settings, genre, [tags[0] for tags in clusters], table, asked)


@remembered("small")
def _divided(
    data: Folksonomy, genre: LabelClass, settings: SubgenreSettings, _progress: Progress
) -> Subgenres:
    return divide(data, genre, settings, _progress)


def _numbered(found: Subgenres) -> tuple[tuple[str, ...], ...]:
    """Return the tags of each cluster by its number in the clustering, those of one tag among them."""
    if found.clustering is None:
        return found.clusters
    return tuple(found.clustering.members(number) for number in range(found.clustering.k))


def _show_facts(found: Subgenres) -> None:
    k = "–" if found.clustering is None else str(found.clustering.k)
    with st.container(horizontal=True):
        st.metric("Subgenres", f"{len(found.clusters)}", help=f"Clusters of two tags or more; k = {k}.")
        st.metric("Tags in them", f"{sum(map(len, found.clusters))}")
        st.metric("Left out", f"{len(found.left_out)}", help="Listed below with the reason of each.")
        st.metric(
            "Mean silhouette", "–" if np.isnan(found.silhouette) else f"{found.silhouette:.3f}",
            help="The highest over all k tried; near 0 the subgenres run into each other.",
        )  # fmt: skip


def _show_map(divided: Divided) -> None:
    found = divided.found
    if len(found.tags) < 2:
        st.text("There are too few tags for a map.")
        return
    where = _placed(found.distances)
    method = "PCA" if where.method == "pca" else "t-SNE"
    title = f"{plain(found.genre, 40)}: {method} of {_DISTANCE[divided.settings.method]}"
    figure = genre_map(divided.tags, where.positions, divided.names, found.main_tag, title)
    st.plotly_chart(figure, config=picture_config(), key="genre map", alt="Map of the genre's tags")
    st.caption(literal(" ".join([where.quality_sentence, *where.notes])))
    table = divided.tags.assign(x=where.positions[:, 0], y=where.positions[:, 1])
    export_panel(f"{found.genre} map", table, figure, divided.asked)


@remembered("small")
def _placed(distances: npt.NDArray[np.float64]) -> Projection:
    # A few hundred tags at most stand in a genre: no need of a process beside the server.
    return project_distances(distances, ProjectionSettings(method="tsne"))


def _show_members(material: Material, divided: Divided) -> None:
    """Every subgenre with its tags, and what is in none."""
    found = divided.found
    table = subgenre_table([found], material.data)
    with st.container(height=_LIST_PX if len(table) > 8 else "content", border=False):
        for row in table.to_dict("records"):
            score = "" if np.isnan(row["silhouette"]) else f", silhouette {row['silhouette']:.2f}"
            said = f":small[{row['tags']} tags, {row['tracks']:,} tracks{score}]"
            title = f"**{literal(visible(row['subgenre']))}** {said}"
            st.markdown(f"{title}  \n{literal(_few(row['members']))}")
        if table.empty:
            st.text("No subgenres: no two of its tags make a cluster.")
    export_panel(f"{found.genre} subgenres", table, command=divided.asked)
    with st.expander(f"Left out, and why ({len(found.left_out)} tags)"):
        st.dataframe(
            found.left_out,
            hide_index=True,
            height=200,
            key="left out",
            column_config=_SUBGENRE_COLUMNS,
            alt="Tags in no subgenre, and why",
        )
        export_panel(f"{found.genre} left out", found.left_out)


def _few(tags: list[str]) -> str:
    more = f", … {len(tags) - _MEMBERS} more" if len(tags) > _MEMBERS else ""
    return ", ".join(visible(tag, 30) for tag in tags[:_MEMBERS]) + more


def _show_curves(material: Material, divided: Divided) -> None:
    """The mean silhouette over k of each way to divide."""
    both = divided.settings.method == "tag-embeddings" or st.toggle(
        "Tag embeddings too", key="curve of embeddings", help="Trained for this genre; some seconds."
    )
    genre, asked = divided.genre, divided.settings
    with working("Dividing in every way") as progress:
        table = _curves(material.data, genre, asked, both, progress)
    if table.empty:
        st.text("There are too few tags to choose how many clusters.")
        return
    figure = silhouette_curves(table)
    st.plotly_chart(figure, config=picture_config(), key="silhouettes over k", alt="Mean silhouette over k")
    st.caption(
        "A ring is the k each way would take. Silhouettes of 1 − NPMI and of vectors are not of one space: "
        "they tell which linkage or k, not which method is right."
    )
    export_panel(f"{genre.name} silhouettes over k", table, figure)


@remembered("small")
def _curves(
    data: Folksonomy, genre: LabelClass, settings: SubgenreSettings, embeddings: bool, _progress: Progress
) -> pd.DataFrame:
    return silhouettes_over_k(data, genre, ways(settings, embeddings), _progress)


def _show_tree(material: Material, divided: Divided) -> None:
    """The dendrogram of the merges."""
    made = divided.found.clustering
    if made is None or made.tree is None:
        st.text(
            "k-means has no tree; divide by NPMI to see one."
            if made is not None
            else "There are too few tags for a tree."
        )
        return
    distance = f"{_DISTANCE['npmi']}, {divided.settings.linkage} linkage"
    figure = dendrogram(made.tree, made.tags, made.labels, distance)
    with st.container(height=_TREE_PX if figure.layout.height > _TREE_PX else "content"):
        st.plotly_chart(figure, config=picture_config(), key="dendrogram", alt="Tree of merges of the tags")
    table = pd.DataFrame(made.tree, columns=["left", "right", "distance", "tags"])
    export_panel(f"{divided.found.genre} merges", table, figure)


def _show_silhouettes(material: Material, divided: Divided) -> None:
    """The silhouette of every tag."""
    made = divided.found.clustering
    if made is None:
        st.text("There are too few tags to choose how many clusters.")
        return
    table = pd.DataFrame(
        {"tag": list(made.tags), "cluster": made.labels, "silhouette": divided.found.silhouettes}
    )
    figure = silhouette_plot(table, divided.names)
    figure.update_xaxes(title_text=f"silhouette ({_DISTANCE[divided.settings.method]})")
    st.plotly_chart(figure, config=picture_config(), key="silhouette diagram", alt="Silhouette of each tag")
    export_panel(f"{divided.found.genre} silhouettes", table, figure)


_CLOSER: dict[str, Callable[[Material, Divided], None]] = {
    "Silhouette over k": _show_curves,
    "Dendrogram": _show_tree,
    "Silhouette diagram": _show_silhouettes,
}


def _show_union(material: Material, choice: Choice, settings: SubgenreSettings) -> None:
    """Divide every genre; the union of the subgenres can be saved."""
    key = (material.data.fingerprint, choice.space.fingerprint, settings.model_dump_json())
    n = len(choice.space)
    st.caption(f"The union of the subgenres of all {n} genres is a label space to train on.")
    if st.button(f"Divide all {n} genres", key="divide all", icon=":material/account_tree:", type="primary"):
        with working("Dividing") as progress:
            st.session_state[_DONE] = (
                key,
                *subgenre_space(material.data, choice.space, settings, progress=progress),
            )
    done_for, space, found = st.session_state.get(_DONE, ((), None, ()))
    if done_for != key:
        return
    _show_union_table(material, space, found)
    save_panel(space, "subgenres", _asked(material, choice, settings))


def _asked(material: Material, choice: Choice, settings: SubgenreSettings) -> verbs.Subgenres:
    return verbs.Subgenres(**material.asked, **choice.asked, dividing=settings)


def _show_union_table(material: Material, space: LabelSpace, found: tuple[Subgenres, ...]) -> None:
    report = space.report(material.data)
    with st.container(horizontal=True):
        st.metric("Subgenres", f"{len(space)}")
        pairs = sum(len(each.tags) == 2 for each in space.classes)
        st.metric("Of two tags", f"{pairs / len(space):.1%}", help=f"{pairs} of {len(space)} subgenres.")
        st.metric("Tracks covered", f"{report.share_of_tracks:.1%}")
        st.metric("Mean imbalance ratio", f"{report.mean_imbalance_ratio:,.1f}")
    table = divided_table(found)
    shown = table.assign(names=[_few(names) for names in table["names"]])
    config = {**_SUBGENRE_COLUMNS, "names": st.column_config.TextColumn("its subgenres", width="large")}
    st.dataframe(
        shown, hide_index=True, key="all subgenres", column_config=config, alt="Subgenres of every genre"
    )
    export_panel(f"{space.name}", table)
