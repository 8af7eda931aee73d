"""What is seen of a clustering below its map, one view at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from taglab.clustering import Clusterer
from taglab.clustering.comparison import compare
from taglab.clustering.describe import cluster_tracks
from taglab.clustering.scan import ScanSettings, finished, scan, suggestions
from taglab.clustering.stability import Stability, stability
from taglab.errors import InvalidSetting
from taglab.figures import clusters as figures
from taglab.figures.theme import GREY, hue, visible
from taglab.progress import Progress
from taglab.settings import checked, described, numbers
from taglab.ui.clusters.material import (
    CLUSTERED_KINDS,
    UNCLUSTERED,
    Clustered,
    Material,
    cluster_question,
    clustered,
    open_material,
    pick_method,
    pick_other_vectors,
    pick_value,
)
from taglab.ui.export import export_panel, picture_config
from taglab.ui.loaders import selected_folksonomy, tag_vectors
from taglab.ui.messages import literal, working
from taglab.ui.pickers import bound_choice, bound_number, pick_more_vectors
from taglab.ui.remembered import remembered
from taglab.ui.selection import key_of, listed_rows, select
from taglab.ui.tables import column_labels, swatch, track_names
from taglab.vectors import Vectors
from taglab.verbs import clusters as verbs

if TYPE_CHECKING:
    import plotly.graph_objects as go

Rows = npt.NDArray[np.intp]

_SEEDS = 5
_MEMBERS = 8
_OVER = {"auto": "automatic", "points": "distinct vectors", "tags": "tags"}
_USUAL_COUNTS = (1, 2, 5, 10, 20, 50, 100, 101, 200, 500, 1000, 2000, 5000)
_COLUMNS = {
    "colour": st.column_config.ImageColumn("", help="Its colour on the map", width=36),
    "name": st.column_config.TextColumn("cluster", help="Its most used tag", width="medium"),
    "size": st.column_config.NumberColumn("tags"),
    "tracks": st.column_config.NumberColumn("tracks", help="Those that have at least one of its tags"),
    "passing": st.column_config.NumberColumn("passing (tags)", help="Those that pass the filters"),
    "assignments": st.column_config.NumberColumn(
        "assignments", help="Its tags' tracks, summed: a track that has two of them counts twice"
    ),
    "partly_known": st.column_config.NumberColumn(
        "partly known (tags)", help="Tags with a word that has no vector, and so no say"
    ),
    "unknown": st.column_config.TextColumn("words without a vector"),
    "silhouette": st.column_config.NumberColumn(
        "silhouette", format="%.3f", help="Mean over its tags, −1 to 1"
    ),
    "medoid": st.column_config.TextColumn("medoid", help="The tag nearest its centre"),
    "selected": st.column_config.NumberColumn("selected (tags)"),
    "members": st.column_config.TextColumn("most used tags", width="large"),
}


def show_clusters(material: Material, made: Clustered, rows: Rows) -> None:
    """The cluster table, most used clusters first; ticked clusters are selected."""
    whole = _passing_clusters(
        made.table.assign(tracks=_tracks(material, made.clustering.settings, made)), made
    )
    ranked = whole.sort_values("tracks", ascending=False, kind="stable", ignore_index=True)
    filtered = made.passing is not None
    counted = ["passing"] if filtered else []
    table = ranked[["name", "size", *counted, "tracks", "assignments", "silhouette"]].copy()
    table["name"] = [made.names[cluster] for cluster in ranked["cluster"]]
    if len(rows):
        labels = made.clustering.labels[rows]
        table["selected"] = np.bincount(labels[labels >= 0], minlength=made.clustering.k)[ranked["cluster"]]
    titles = track_names(material.data) if material.kind == "tracks" else {}
    table["members"] = [_members([titles.get(tag, tag) for tag in tags]) for tags in ranked["tags"]]
    table["medoid"] = [titles.get(tag, tag) for tag in ranked["medoid"]]
    if material.vectors.unknown:
        table["partly_known"] = ranked["partly_known"]
    table.insert(0, "colour", [swatch(hue(int(made.colours[cluster]))) for cluster in ranked["cluster"]])
    members = _passing_members(ranked["tags"].tolist(), made)
    left_out = _left_out_by_use(made)
    if left_out:
        members.append(left_out)
        table.loc[len(table)] = _row_of_left_out(table, members[-1], made, rows)
    table = table.drop(columns=_same_for_all(material.kind))
    key = key_of("cluster table")

    def tick() -> None:
        ticked = st.session_state[key].selection.rows
        select((tag for row in ticked for tag in members[row]), "cluster table")

    st.dataframe(
        table, key=key, on_select=tick, selection_mode="multi-row", hide_index=True, height=420,
        column_config=_columns(material.kind),
        alt="Clusters, most used first",
    )  # fmt: skip
    kind = material.kind
    last = (
        f"; the last row are the {len(left_out):,} {kind} {UNCLUSTERED}{' that pass' if filtered else ''}"
        if left_out
        else ""
    )
    which = f"All {made.clustering.k:,} clusters"
    if filtered:
        which = f"The {len(whole):,} of {made.clustering.k:,} clusters with {kind} that pass the filters"
    order = "largest first" if kind == "tracks" else "most used first"
    theirs = f"those of their {kind} that pass" if filtered else f"their {kind}"
    st.caption(f"{which}, {order}{last}; tick some to select {theirs}.")
    export_panel(f"{material.name} clusters", whole, command=cluster_question(material, made))


def _passing_clusters(table: pd.DataFrame, clusters: Clustered) -> pd.DataFrame:
    """Return clusters with tags that pass the filters, where there are any, and how many these are."""
    if clusters.passing is None:
        return table
    labels = clusters.clustering.labels[clusters.passing]
    table = table.copy()
    n_passing = np.bincount(labels[labels >= 0], minlength=clusters.clustering.k)[table["cluster"]]
    table.insert(list(table.columns).index("size") + 1, "passing", list(n_passing))
    return table[n_passing > 0]


def _passing_members(members: list[list[str]], clusters: Clustered) -> list[list[str]]:
    """Return the tags of clusters less those that do not pass the filters."""
    if clusters.passing is None:
        return members
    passes = set(np.asarray(clusters.clustering.tags, object)[clusters.passing])
    return [[tag for tag in tags if tag in passes] for tags in members]


def _same_for_all(kind: str) -> list[str]:
    """Return the columns of the cluster table that say nothing more than the size: a track counts once."""
    return ["tracks", "assignments"] if kind == "tracks" else []


def _columns(kind: str) -> dict[str, Any]:
    """Return how columns are headed where clusters are of artists or tracks."""
    if kind == "tags":
        return _COLUMNS
    one = kind.removesuffix("s")
    name = "Its first track" if kind == "tracks" else "The artist of it with most tracks"
    return {
        **_COLUMNS,
        "name": st.column_config.TextColumn("cluster", help=name, width="medium"),
        "size": st.column_config.NumberColumn(kind),
        "passing": st.column_config.NumberColumn(f"passing ({kind})", help="Those that pass the filters"),
        "tracks": st.column_config.NumberColumn("tracks", help="Those of its artists"),
        "medoid": st.column_config.TextColumn("medoid", help=f"The {one} nearest its centre"),
        "selected": st.column_config.NumberColumn(f"selected ({kind})"),
        "members": st.column_config.TextColumn(kind, width="large"),
    }


@remembered("small")
def _tracks(material: Material, settings: Clusterer, _made: Clustered) -> npt.NDArray[np.intp]:
    return cluster_tracks(_made.clustering, material.data)


def _members(tags: Sequence[str]) -> str:
    shown = ", ".join(visible(tag, 30) for tag in tags[:_MEMBERS])
    return f"{shown}, … {len(tags) - _MEMBERS} more" if len(tags) > _MEMBERS else shown


def _left_out_by_use(made: Clustered) -> list[str]:
    """Return the tags in no cluster that pass the filters, most used first."""
    outside = made.clustering.labels < 0
    shown = made.tags[outside if made.passing is None else outside & made.passing]
    return shown.sort_values("count", ascending=False, kind="stable")["tag"].tolist()


def _row_of_left_out(table: pd.DataFrame, tags: list[str], made: Clustered, rows: Rows) -> list[Any]:
    """Return the last row of the cluster table, of the tags in no cluster; `tags` are those that pass."""
    outside = made.clustering.labels < 0
    known = {
        "colour": swatch(GREY),
        "name": UNCLUSTERED,
        "size": int(outside.sum()),
        "passing": len(tags),
        "assignments": int(made.tags.loc[outside, "count"].sum()),
        "members": _members(tags),
        "selected": int(outside[rows].sum()),
    }
    return [known.get(column) for column in table.columns]


def show_silhouettes(material: Material, made: Clustered, rows: Rows) -> None:
    """The silhouette plot; a diamond selects its cluster, a bar or box its tags."""
    distance = material.vectors.by.distance_title
    figure = figures.silhouette_plot(
        made.tags, made.names, rows, made.colours, distance=distance, passing=made.passing
    )
    key = key_of("silhouette plot")

    def take() -> None:
        chosen = [point.get("customdata") for point in st.session_state[key].selection.points]
        numbers = [int(np.ravel(point)[0]) for point in chosen if point is not None]
        wanted = {number for number in numbers if number >= 0}
        groups = [-1 - number for number in numbers if number < 0]
        wanted |= set(np.flatnonzero(np.isin(made.clustering.labels, groups)).tolist())
        select((material.vectors.ids[row] for row in sorted(wanted)), "silhouette plot")

    st.plotly_chart(
        figure,
        config=picture_config(),
        key=key,
        on_select=take,
        selection_mode=("points", "box"),
        alt=f"Silhouette of each {material.vectors.column}, by cluster",
    )
    one = material.vectors.column
    st.caption(f"Click a diamond to select its cluster, a bar to select its {one}, or draw a box.")
    export_panel(
        f"{material.name} silhouettes",
        made.tags,
        figure,
        cluster_question(material, made, by="tag"),
    )


def titles_of(views: Iterable[str]) -> dict[str, str]:
    """Return what views are called, by what a link may call them: that of members by what is clustered, too.

    Its own name is of no kind, for the view and the link are to stay as what is clustered changes.
    """
    return {name: name for name in views} | {kind.capitalize(): "Members" for kind in CLUSTERED_KINDS}


def show_views(
    views: Mapping[str, Callable[[Material, Clustered, Rows], None]],
    bind: Literal["query-params"],
    material: Material,
    made: Clustered | None,
    rows: Rows | None,
) -> None:
    """Show views as tabs, of which the open one alone is computed; none before there are clusters.

    Args:
        views: Title → what shows it.
        bind: See `bound_choice`.
        material: What is clustered.
        made: The clusters; None while they are under way.
        rows: Those selected on the map; None where there is none yet.
    """
    tabs = st.tabs(list(views), key="view", bind=bind, on_change="rerun")
    for tab, show in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                if made is None or rows is None:
                    st.text("This is shown as soon as the clusters are there.")
                else:
                    show(material, made, rows)


def show_tags(material: Material, made: Clustered, rows: Rows) -> None:
    """The tag table, of the selected tags if there are any; ticked tags are selected."""
    listed = listed_rows(material.vectors)
    kind, one = material.kind, material.vectors.column
    everything = not len(listed) or st.toggle(f"All {kind}", key="all_tags", bind="query-params")
    listed = np.arange(len(made.tags)) if everything else listed
    if made.passing is not None:
        listed = listed[made.passing[listed]]
    shown = made.tags.iloc[listed]
    columns = ["tag", "count", "name", "silhouette", *(["unknown"] if material.vectors.unknown else [])]
    names = np.array([*made.names, UNCLUSTERED], object)  # -1, of none, is the last
    table = shown[columns].assign(name=names[shown["cluster"].to_numpy()])
    if kind == "tracks":
        table["count"] = table["tag"].map(track_names(material.data)).fillna("")
        table = table.rename(columns={"count": "about"})
    key = key_of("tag table")

    def tick() -> None:
        select((table["tag"].iloc[row] for row in st.session_state[key].selection.rows), "tag table")

    config = {
        **_columns(kind),
        "count": st.column_config.NumberColumn("count (tracks)"),
        "about": st.column_config.TextColumn("title – artist"),
        "tag": st.column_config.TextColumn(one),
    }
    st.dataframe(
        table, key=key, on_select=tick, selection_mode="multi-row", hide_index=True, height=420,
        column_config=config,
        alt=f"{kind.capitalize()} with their clusters",
    )  # fmt: skip
    what = (
        f"All {len(table):,} {kind}"
        if everything and len(table) == len(made.tags)
        else f"The {len(table):,} {'' if everything else 'selected '}of {len(made.tags):,} {kind}"
    )
    what += " that pass the filters" if made.passing is not None else ""
    st.caption(f"{what}; tick some to see them on the map.")
    export_panel(
        f"{material.name} {kind} by cluster",
        table.rename(columns={"tag": one}),
        command=cluster_question(material, made, by="tag"),
    )


def show_scan(material: Material, made: Clustered, rows: Rows) -> None:
    """Curves over k, or what else is varied, also of other vectors and minimum counts; a click takes it."""
    names, settings = _pick_scan(material, made)
    scanned = _to_scan(material, names, settings.min_counts)
    if st.button("Scan", key="scan", icon=":material/query_stats:", type="primary"):
        st.button("Stop", key="stop scan", help="What is done is kept.")
        with working("Scanning") as progress:
            scan(scanned.vectors, settings, scanned.counts, progress)
        st.rerun()
    done = finished(scanned.vectors, settings, scanned.counts)
    for note in done.notes:
        st.caption(literal(f"{note}."))
    if done.rows["within_distance"].notna().sum() < 2:
        what = made.clustering.settings.varied.replace("_", " ")
        st.text(f"Nothing scanned yet: press Scan to see how distance and silhouette change with {what}.")
        return
    figure = _show_curves(done.rows, made.clustering.settings)
    if len(done.rows) < done.asked:
        st.caption(f"{len(done.rows)} of {done.asked} clusterings are done; Scan goes on with the rest.")
    export_panel(f"{material.name} scan", done.rows, figure, _scan_question(material, names, settings))


def _pick_scan(material: Material, made: Clustered) -> tuple[list[str], ScanSettings]:
    """Let the values to try be chosen, of which vectors and minimum counts, and what is averaged.

    Raises:
        InvalidSetting: If what was typed makes no scan.
    """
    own = made.clustering.settings
    vectors = material.vectors
    most = min(own.most(len(vectors), vectors.n_points), vectors.n_points)
    spread = np.unique(np.geomspace(2, max(2, min(3 * own.value + 10, most)), 14).round().astype(int))
    text = st.text_input(
        f"{own.varied.replace('_', ' ')} to try", ",".join(map(str, spread)),
        key="ks" if own.takes("k") else f"{own.varied}s", bind="query-params",
        help="10,20,50 or START:STOP:STEP, or both mixed; what was tried before is not computed again. "
        f"Above {most:,}, as far as these tags can be told apart, nothing is tried.",
    )  # fmt: skip
    columns = [column for _ in range(2) for column in st.columns(2)]
    with columns[0]:
        names = [material.vectors_name]
        names += pick_more_vectors(
            "scan_vectors", "Beside these vectors", material.vectors_name, whole=[material.kind]
        )
    with columns[1]:
        counts = (material.min_count, *_pick_min_counts(material))
    with columns[2]:
        over = st.selectbox(
            "Silhouettes over", list(_OVER), format_func=_OVER.__getitem__, key="scan_over",
            bind=bound_choice("scan_over", "way to count", _OVER), help=described(ScanSettings)["distinct"],
        )  # fmt: skip
    with columns[3]:
        least = st.number_input(
            "Least cluster size", 2, 1000, 2, key="scan_least", help=described(ScanSettings)["least_size"],
            bind=bound_number("scan_least", "a least cluster size of", 2, 1000),
        )  # fmt: skip
    asked = {"values": numbers(text), "seeds": (getattr(own, "seed", 0),), "min_counts": counts}
    chosen = {"auto": None, "points": True, "tags": False}[over]
    judged = {"distinct": chosen, "least_size": int(least)}
    return names, checked(ScanSettings, {**asked, **judged, "clusterer": own})


@dataclass(frozen=True, eq=False)
class _Scanned:
    """What a scan goes through: vectors of the tags of the least minimum count, and how used these are."""

    vectors: list[Vectors]
    counts: pd.Series | None


def _to_scan(material: Material, names: Sequence[str], min_counts: Sequence[int]) -> _Scanned:
    least = min(min_counts)
    with working("Preparing the vectors") as progress:
        vectors = [tag_vectors(material.name, name, least, material.lookup, progress) for name in names]
    several = len(min_counts) > 1
    counts = selected_folksonomy(material.name, least, material.kind).counts() if several else None
    return _Scanned(vectors, counts)


def _pick_min_counts(material: Material) -> tuple[int, ...]:
    """Let more minimum counts be chosen than that of the page; in the URL as `scan_counts`.

    Raises:
        InvalidSetting: If what was typed is none.
    """
    most = material.counts.max()
    usual = [count for count in _USUAL_COUNTS if count <= most and count != material.min_count]
    chosen = st.multiselect(
        "Beside this minimum count", list(map(str, usual)), key="scan_counts", bind="query-params",
        accept_new_options=True, placeholder="more minimum counts, chosen or typed",
    )  # fmt: skip
    for text in chosen:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
            raise InvalidSetting(f"minimum count {text!r} must be a whole number of 1 or more")
    return tuple(map(int, chosen))


def _show_curves(rows: pd.DataFrame, settings: Clusterer) -> go.Figure:
    """Draw the curves of a scan; what they speak for is marked on a single one, and listed of several."""
    varied, value = settings.varied, settings.value
    advice = suggestions(rows, varied)
    single = advice if len(advice) == 1 else advice.head(0)
    best, elbow = (
        next(map(int, single[name].dropna()), None) if name in single else None
        for name in (f"best_{varied}", "elbow_k")
    )
    figure = figures.scan_curves(rows, value, best, elbow, varied)
    _offer(advice, settings)
    # A new one for each value, so that the point last clicked can be clicked again.
    key = f"scan curves at {value}"

    def take() -> None:
        chosen = [point.get("customdata") for point in st.session_state[key].selection.points]
        if chosen and chosen[0] is not None:
            _take(varied, int(np.ravel(chosen[0])[0]))

    st.plotly_chart(
        figure,
        config=picture_config(),
        key=key,
        on_select=take,
        selection_mode="points",
        alt=f"Distance, mean silhouette and clusters over {varied.replace('_', ' ')}",
    )
    st.caption(f"Click a point to take its {varied.replace('_', ' ')}.")
    if len(advice) > 1:
        st.dataframe(
            advice,
            hide_index=True,
            key="scan suggestions",
            column_config=column_labels(advice),
            alt="What the scan of each material speaks for",
        )
    return figure


def _offer(advice: pd.DataFrame, settings: Clusterer) -> None:
    """Offer the values that the curves speak for, and say what speaks against them."""
    reasons: dict[int, list[str]] = {}
    for column, reason in ((f"best_{settings.varied}", "highest silhouette"), ("elbow_k", "elbow")):
        for of_curve in advice[column].dropna().unique() if column in advice else ():
            reasons.setdefault(int(of_curve), []).append(reason)
    what = settings.varied.replace("_", " ")
    with st.container(horizontal=True):
        for offered, why in sorted(reasons.items()):
            st.button(
                f"Take {what} = {offered:,} ({', '.join(why)})", key=f"take {what} {offered}", on_click=_take,
                args=(settings.varied, offered), disabled=offered == settings.value,
            )  # fmt: skip
    for row in advice[advice["caution"] != ""].itertuples():
        curve = f"{row.embedding}, count ≥ {row.min_count}: " if len(advice) > 1 else ""
        st.warning(literal(f"{curve}{row.caution}"), icon=":material/warning:")


def _take(varied: str, value: int) -> None:
    """Set the slider of the page, in a callback."""
    st.session_state[varied] = value


def _scan_question(material: Material, names: Sequence[str], settings: ScanSettings) -> verbs.Scan:
    return verbs.Scan(data=material.name, vectors=tuple(names), lookup=material.lookup, scan=settings)


def show_stability(material: Material, made: Clustered, rows: Rows) -> None:
    """How much the clustering owes to its seed."""
    settings = made.clustering.settings
    if not settings.takes("seed"):
        st.text(f"{settings.title} draws nothing at random: the clusters are the same every time.")
        return
    asked = settings.model_copy(update={"seed": 0})
    key = (material.vectors.fingerprint, asked)
    if st.button(f"Cluster with {_SEEDS} seeds", key="stability", icon=":material/casino:"):
        st.session_state["stability asked"] = key
    if st.session_state.get("stability asked") != key:
        st.text("Clusters the same tags with other seeds and compares every pair of results.")
        return
    with working("Clustering with other seeds") as progress:
        agreement = _stability(material.vectors, asked, progress)
    st.metric(
        "Mean adjusted Rand index", f"{agreement.mean:.3f}", help="1: the seed does not matter; 0: it is all."
    )
    figure = figures.seed_agreement(agreement.matrix, agreement.seeds)
    st.plotly_chart(
        figure, config=picture_config(), key="stability matrix", alt="Agreement of each pair of seeds"
    )
    names = [f"seed {seed}" for seed in agreement.seeds]
    table = pd.DataFrame(agreement.matrix, columns=names).assign(seed=names)[["seed", *names]]
    how: Any = settings
    question = verbs.Stability(tags=material.question, seeds=agreement.seeds, clustering=how)
    export_panel(f"{material.name} stability", table, figure, question)


@remembered("small")
def _stability(vectors: Vectors, settings: Clusterer, _progress: Progress) -> Stability:
    return stability(vectors, settings, range(_SEEDS), _progress)


def show_comparison(material: Material, made: Clustered, rows: Rows) -> None:
    """This clustering against another."""
    columns = st.columns(4)
    with columns[0]:
        vectors_name = pick_other_vectors(material, "vectors2", "Other vectors")
    other_material = open_material(material.name, vectors_name, material.min_count, material.lookup)
    with columns[1]:
        settings = pick_method(other_material.vectors, "2", seed=1)
    with columns[2]:
        settings = pick_value(other_material.vectors, settings, "2")
    other = clustered(other_material, settings)
    comparison = compare(made.clustering, other.clustering)
    with columns[3]:
        st.metric("Adjusted Rand index", f"{comparison.adjusted_rand:.3f}", help="1 equal, about 0 by chance")
        st.metric("Normalised mutual information", f"{comparison.normalised_mutual_information:.3f}")
    apart = [
        f"{len(tags):,} only in the {which}"
        for tags, which in ((comparison.only_a, "first"), (comparison.only_b, "second"))
        if tags
    ]
    st.caption(
        ", ".join([f"{comparison.n_tags:,} {material.kind} in a cluster of both", *apart])
        + ". First: the map's; second: chosen here."
    )
    figure = figures.flow_heatmap(comparison.flow, made.names, other.names)
    st.plotly_chart(
        figure,
        config=picture_config(),
        key="flow",
        alt="Share of each cluster's tags in each cluster of the other",
    )
    table = comparison.flow.assign(
        first=[made.names[i] for i in comparison.flow["cluster_a"]],
        second=[other.names[i] for i in comparison.flow["cluster_b"]],
    )[["first", "second", "tags", "cluster_a", "cluster_b"]].sort_values("tags", ascending=False)
    st.dataframe(
        table[["first", "second", "tags"]],
        hide_index=True,
        height=260,
        key="flow table",
        alt="Tags of each cluster in each cluster of the other clustering",
    )
    own: Any = made.clustering.settings
    chosen: Any = settings
    asked = verbs.Compare(
        tags=material.question, clustering=own, other=chosen,
        other_vectors=None if vectors_name == material.vectors_name else vectors_name,
    )  # fmt: skip
    export_panel(f"{material.name} comparison", table, figure, asked)
