"""The views of the Genres page: who shares tracks, which are genres, what they divide into."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from taglab import labels
from taglab.cooccurrence import MAX_TABLE, Cooccurrence, matrix_table, write_matrix
from taglab.figures.cooccurrence import cooccurrence_heatmap
from taglab.figures.theme import visible
from taglab.genres import most_popular_tags, pairs_table
from taglab.labels import LabelSpace
from taglab.metrics.balance import mean_imbalance_ratio
from taglab.metrics.ordering import linkage_order
from taglab.ui.export import copy_as_command, export_panel, picture_config
from taglab.ui.genres.material import Choice, Material, members_column, pairs_of
from taglab.ui.messages import guard, literal
from taglab.ui.pickers import bound_choice, bound_number
from taglab.verbs.genres import Cooccurrences, GenreChoice
from taglab.verbs.question import Question

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MOST_DRAWN = 150
_MOST_LISTED = 5_000
_MEMBERS = 12
_NEAREST = 12
_ORDERS = ("Linkage", "As listed")
_PAIR_COLUMNS = {
    "a": st.column_config.TextColumn("class", width=130, help="The more used of the two"),
    "b": st.column_config.TextColumn("and", width=130),
    "together": st.column_config.NumberColumn("together (tracks)", help="n_ij: tracks with both"),
    "count_a": st.column_config.NumberColumn("first (tracks)"),
    "count_b": st.column_config.NumberColumn("second (tracks)"),
    "normalised": st.column_config.NumberColumn("n_ij / √(n_i n_j)", format="%.3f"),
    "pmi": st.column_config.NumberColumn("PMI (bits)", format="%.2f", help="0 where independent"),
    "npmi": st.column_config.NumberColumn("NPMI", format="%.3f", help="0 where independent, −1 to 1"),
    "share": st.column_config.NumberColumn("share of the rarer", format="percent"),
    "m_correlated": st.column_config.CheckboxColumn("m-correlated"),
    "merged": st.column_config.CheckboxColumn("merged"),
    "m_needed": st.column_config.NumberColumn("merged above m", format="%.2f"),
}


def show_cooccurrence(material: Material, choice: Choice) -> None:
    """Which classes are found on the same tracks."""
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        order = st.segmented_control(
            "Order", _ORDERS, default=_ORDERS[0], key="order",
            bind=bound_choice("order", "order", _ORDERS), required=True,
            help="Linkage puts classes that share tracks side by side; as listed is the most used first.",
        )  # fmt: skip
        threshold = st.slider(
            "Threshold", 0.0, 1.0, 0.5, 0.05, key="above", width=220,
            bind=bound_number("above", "a threshold of", 0, 1),
        )  # fmt: skip
        only = st.toggle("Only the genres, merged", key="only_genres", bind="query-params")
    space = choice.space if only else material.space
    pairs = pairs_of(material, space)
    _show_pair_facts(pairs, float(threshold))
    found = pairs_table(pairs, choice.m)
    figure = _heatmap(pairs, found[found["m_correlated"]], choice.m, order == _ORDERS[0])
    st.plotly_chart(
        figure, config=picture_config(), key="co-occurrence", alt="Tracks in common of each pair of classes"
    )
    if len(pairs.names) > _MOST_DRAWN:
        st.caption(f"The {_MOST_DRAWN} most used of {len(pairs.names):,} classes are drawn; Export has all.")
    st.dataframe(
        found.head(_MOST_LISTED),
        hide_index=True,
        height=380,
        key="pairs",
        column_config=_PAIR_COLUMNS,
        alt="Pairs of classes that share tracks",
    )
    st.caption(
        f"{len(found):,} of {pairs.n_pairs:,} pairs share a track"
        + (f"; the first {_MOST_LISTED:,} are listed" if len(found) > _MOST_LISTED else "")
        + f". m-correlated at m = {choice.m:g}: more than {1 / choice.m:.0%} of the rarer one's tracks."
    )
    genres = {**choice.asked, "merged": True} if only else {"m": choice.m}
    asked = Cooccurrences(**material.asked, **genres, threshold=threshold)
    with st.container(horizontal=True):
        export_panel(f"{space.name} pairs", found, figure, asked)
        _offer_matrix(space.name, pairs)


def _show_pair_facts(pairs: Cooccurrence, threshold: float) -> None:
    above = pairs.pairs_above(threshold)
    share = above / pairs.n_pairs if pairs.n_pairs else 0.0
    with st.container(horizontal=True):
        st.metric("Classes", f"{len(pairs.names):,}")
        st.metric(
            f"Pairs above {threshold:g}", f"{share:.2%}", help=f"{above:,} of {pairs.n_pairs:,} pairs.",
        )  # fmt: skip
        st.metric("Tracks with a class", f"{pairs.n_tracks_with / max(pairs.n_tracks, 1):.1%}")
        st.metric(
            "Mean imbalance ratio", f"{mean_imbalance_ratio(pairs.counts):,.1f}",
            help="The largest class's tracks over each class's, averaged; 1 is even.",
        )  # fmt: skip


def _heatmap(pairs: Cooccurrence, marked: pd.DataFrame, m: float, by_linkage: bool) -> go.Figure:
    kept = np.sort(np.argsort(-pairs.counts, kind="stable")[:_MOST_DRAWN])
    normalised = pairs.normalised()[kept][:, kept].toarray()
    together = pairs.pairs[kept][:, kept].toarray()
    names = [pairs.names[row] for row in kept]
    place = {name: row for row, name in enumerate(names)}
    rings = [
        (place[a], place[b])
        for a, b in marked[["a", "b"]].itertuples(index=False)
        if a in place and b in place
    ]
    order = linkage_order(normalised) if by_linkage else None
    return cooccurrence_heatmap(normalised, names, together, order, rings, f"m-correlated at m = {m:g}")


def _offer_matrix(name: str, pairs: Cooccurrence) -> None:
    """Offer the counts of all pairs, as a sparse matrix and as a table."""

    def npz() -> bytes:
        buffer = io.BytesIO()
        write_matrix(pairs, buffer)
        return buffer.getvalue()

    with st.popover("Matrix", icon=":material/grid_on:"):
        st.caption("Counts n_ij of all pairs; the .npz opens with scipy.sparse.load_npz")
        st.download_button(
            "NPZ", npz, f"{name} co-occurrence.npz", key="matrix npz", on_click="ignore", width="stretch"
        )
        if len(pairs.names) <= MAX_TABLE:
            st.download_button(
                "CSV", lambda: matrix_table(pairs).to_csv(index=False).encode(), f"{name} co-occurrence.csv",
                "text/csv", key="matrix csv", on_click="ignore", width="stretch",
            )  # fmt: skip


def show_genres(material: Material, choice: Choice) -> None:
    """Which classes are genres, which of them were merged, and what tracks have none."""
    genres, space = choice.genres, choice.space
    report = space.report(material.data)
    with st.container(horizontal=True):
        st.metric("Genres", f"{len(space):,}", help=f"Of {len(material.space):,} classes.")
        st.metric("Merged", f"{len(space.base) - len(space):,}", help="Genres that went into another one.")
        st.metric(
            "Tracks with none", f"{genres.tracks_without / max(genres.n_tracks, 1):.1%}",
            help=f"{genres.tracks_without:,} of {genres.n_tracks:,}; training leaves them out.",
        )  # fmt: skip
        st.metric("Mean imbalance ratio", f"{report.mean_imbalance_ratio:,.1f}")
    if len(space) == 1 < len(space.base):
        st.info(
            f"All {len(space.base)} genres became one: a class that most tracks have shares most of every "
            "other's. Take smaller classes (more clusters), or a smaller m."
        )
    st.markdown("**The genres**")
    table = report.classes.assign(
        members=[", ".join(visible(tag, 30) for tag in each.tags[:_MEMBERS]) for each in space.classes]
    )[["class", "tags", "tracks", "imbalance_ratio", "members"]]
    st.dataframe(
        table,
        hide_index=True,
        height=320,
        key="genres",
        column_config=_GENRE_COLUMNS,
        alt="Genres with their tags and tracks",
    )
    whole = report.classes.assign(members=members_column(space))
    asked = GenreChoice(**material.asked, **choice.asked)
    export_panel(f"{space.name} classes", whole, command=asked)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_nearest(material, choice)
    with right:
        st.markdown("**Keep the genres as a label space**")
        save_panel(space, "genres", asked)
        popular = most_popular_tags(space, material.data)
        covered = popular.report(material.data).share_of_tracks
        st.markdown("**Keep each genre's most used tag alone**")
        st.caption(f"What the genres are held against: {len(popular)} tags, on {covered:.1%} of the tracks.")
        save_panel(popular, "popular", asked, "popular_name")


_GENRE_COLUMNS = {
    "class": st.column_config.TextColumn("genre", help="Its most used tag"),
    "tags": st.column_config.NumberColumn("tags"),
    "tracks": st.column_config.NumberColumn("tracks"),
    "imbalance_ratio": st.column_config.NumberColumn("imbalance ratio", format="%.1f"),
    "members": st.column_config.TextColumn("most used tags", width="large"),
}


def _show_nearest(material: Material, choice: Choice) -> None:
    """The pairs that were merged, then those that come next."""
    st.markdown("**Merged, and what comes next**")
    genres = choice.genres
    unmerged = LabelSpace(choice.space.name, choice.space.base)
    pairs = pairs_of(material, unmerged).table()
    if pairs.empty:
        st.text("No two genres share a track.")
        return
    rarer = pairs[["count_a", "count_b"]].min(axis=1)
    pairs["share"] = pairs["together"] / rarer
    pairs["m_needed"] = 1 / pairs["share"]
    pairs["merged"] = pairs["share"] * choice.m > 1
    nearest = pairs.sort_values("share", ascending=False, kind="stable")
    columns = ["merged", "share", "a", "b", "together", "m_needed"]
    n_merged = len(genres.pairs)
    st.dataframe(
        nearest[columns].head(max(n_merged, _NEAREST)), hide_index=True, height=360, key="nearest pairs",
        column_config=_PAIR_COLUMNS,
        alt="Nearest pairs of genres",
    )  # fmt: skip
    said = f"{n_merged} pairs are" if n_merged != 1 else "1 pair is"
    st.caption(f"{said} merged at m = {choice.m:g}; a with b and b with c make one genre of all three.")
    export_panel(f"{choice.space.name} nearest pairs", nearest)


def save_panel(space: LabelSpace, key: str, asked: Question, field: str = "name") -> None:
    """Let a label space be saved under a name, with the shell line that makes it.

    Args:
        space: What is saved.
        key: Begins the widgets' keys.
        asked: What makes it, without the name.
        field: What the name is in that.
    """
    taken = labels.label_space_names()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input("Name", key=f"{key} name", max_chars=100)
        name = typed.strip() or space.name
        replace = name not in taken or st.toggle(
            "Replace", key=f"{key} replace", help="There is a label space of this name already."
        )
        pressed = st.button(
            "Save", key=f"{key} save", type="primary", icon=":material/save:", disabled=not replace
        )
    if not typed.strip():
        st.caption(literal(f"Without one, it is called {space.name}."))
    if pressed:
        with guard():
            revision = labels.open_label_space(name)[1] if name in taken else None
            labels.save_label_space(space.renamed(name), revision)
            st.success(literal(f"Saved as {name}, {len(space):,} classes."), icon=":material/check:")
    copy_as_command(asked.model_copy(update={field: name, "replace": name in taken}))
