"""Pictures of clusterings: the map, silhouettes, curves over k, two clusterings side by side, class sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.bars import ranked_bars
from taglab.figures.map_groups import group_colours, group_places
from taglab.figures.theme import (
    ACCENT,
    DIVERGING,
    GREY,
    GRID,
    PALETTE,
    SEQUENTIAL,
    SEQUENTIAL_MARKS,
    SHARES,
    blank,
    colour_scale,
    hue,
    plain,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

# Up to this many tags each has a point to hover over and click on; beyond, a browser would take seconds.
_TAGS_APART = 20_000
_BARS = 30_000
_FAINT = "rgba(140, 143, 148, 0.3)"
_NAME_ROOM_PX = 13
_CURVES = {
    "within_distance": "distance<br>in clusters",
    "silhouette": "mean silhouette",
    "single_points": "clusters of<br>one vector",
}
# Where the number of clusters comes of the data, it is what one wants to see, and whom it leaves out.
_CURVES_WITHOUT_K = {
    "k": "clusters",
    "silhouette": "mean silhouette",
    "left_out": "tags in<br>no cluster",
}
_OUTSIDE = "in no cluster"
_AXIS = {"title": {"text": ""}, "showticklabels": False, "showgrid": False, "zeroline": False}


def tag_map(
    tags: pd.DataFrame,
    positions: npt.NDArray[np.floating],
    names: Sequence[str],
    colour_by: str = "cluster",
    selected: IntArray | None = None,
    title: str = "",
    height: int = 640,
) -> go.Figure:
    """Draw tags where a projection placed them, in two or three dimensions; see `group_colours` for the hues.

    Args:
        tags: One row a tag: `tag`, `count` (tracks), `cluster` (number; below 0, and grey, for none),
            `silhouette` ([-1, 1]; NaN, and grey, for tags in no cluster).
        positions: Array (tags, 2) or (tags, 3).
        names: Of each cluster, as in the data.
        colour_by: "cluster", "silhouette", "count", or "auc_pr" where the table has that column ([0, 1];
            NaN is grey).
        selected: Rows to show in colour while the rest is grey; None or empty for all.
        title: What it shows; its own words only.
        height: In pixels.
    """
    import plotly.graph_objects as go

    chosen = np.zeros(len(tags), bool)
    chosen[np.arange(len(tags)) if selected is None or not len(selected) else selected] = True
    if colour_by == "cluster":
        chosen &= tags["cluster"].to_numpy() >= 0
    elif colour_by != "count":
        chosen &= tags[colour_by].notna().to_numpy()
    marker = _marker(tags, colour_by, group_colours(positions, tags["cluster"].to_numpy(), len(names)))
    axes = dict(zip("xyz", np.asarray(positions, np.float32).T, strict=False))
    kind = go.Scatter3d if positions.shape[1] == 3 else go.Scattergl
    size = 3.5 if positions.shape[1] == 3 else 6
    text = _hover(tags, names)
    figure = blank(title, height=height)
    for lit in (False, True):
        rows = np.flatnonzero(chosen == lit)
        if not len(rows):
            continue
        look = {key: _rows_of(value, rows) for key, value in marker.items()} if lit else {"color": _FAINT}
        figure.add_trace(
            kind(
                **{axis: values[rows] for axis, values in axes.items()},
                mode="markers",
                text=text[rows],
                customdata=rows,
                marker={"size": size, **look},
                hovertemplate="%{text}<extra></extra>",
                showlegend=False,
            )
        )
    if colour_by == "cluster":
        _name_clusters(figure, tags, positions, names)
    _bare_axes(figure, three=positions.shape[1] == 3)
    return figure


def _rows_of(value: Any, rows: IntArray) -> Any:
    return value[rows] if isinstance(value, np.ndarray) else value


def silhouette_span(silhouettes: npt.NDArray[np.floating]) -> float:
    """Return how far a scale of silhouettes reaches to either side of zero: to the farthest, up to a tenth.

    Args:
        silhouettes: Array (tags,), in [-1, 1]; NaN where it is not known.

    >>> silhouette_span(np.array([-0.12, 0.31]))
    0.4
    """
    farthest = np.nanmax(np.abs(silhouettes), initial=0.0)
    return float(max(np.ceil(10 * farthest - 1e-9), 1) / 10)


def _marker(tags: pd.DataFrame, colour_by: str, of_clusters: IntArray) -> dict[str, Any]:
    if colour_by == "cluster":
        return {"color": np.array(PALETTE)[of_clusters[tags["cluster"].to_numpy()]]}
    if colour_by == "silhouette":
        colours: tuple[str, ...] = DIVERGING
        values = tags["silhouette"].to_numpy(float)
        span = (-silhouette_span(values), silhouette_span(values))
        bar: dict[str, Any] = {"title": {"text": "silhouette"}}
    elif colour_by == "auc_pr":
        values = tags["auc_pr"].to_numpy(float)
        colours, span = (
            SEQUENTIAL_MARKS,
            (0.0, float(np.nanmax(values)) if np.isfinite(values).any() else 1.0),
        )
        bar = {"title": {"text": "AUC-PR"}}
    else:
        values = np.log10(np.maximum(tags["count"].to_numpy(float), 1))
        colours, span = SEQUENTIAL_MARKS, (float(values.min(initial=0)), float(values.max(initial=1)))
        ticks = np.arange(int(span[0]), int(np.ceil(span[1])) + 1)
        bar = {"title": {"text": "tracks"}, "tickvals": ticks, "ticktext": [f"{10**t:,}" for t in ticks]}
    scale = {"colorscale": colour_scale(colours), "cmin": span[0], "cmax": span[1]}
    return {"color": values, "showscale": True, "colorbar": {"thickness": 12, **bar}, **scale}


def _hover(tags: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.object_]:
    shown = [plain(name) for name in names]
    columns = (tags[column].to_numpy() for column in ("tag", "cluster", "count", "silhouette"))
    lines = [
        f"<b>{plain(tag)}</b><br>Cluster: {shown[cluster]}<br>{count:,} tracks<br>silhouette {silhouette:.2f}"
        if cluster >= 0
        else f"<b>{plain(tag)}</b><br>{_OUTSIDE}<br>{count:,} tracks"
        for tag, cluster, count, silhouette in zip(*columns, strict=True)
    ]
    if "auc_pr" in tags:
        known = tags["auc_pr"].to_numpy(float)
        ends = ("" if np.isnan(value) else f"<br>AUC-PR {value:.3f}" for value in known)
        lines = [line + end for line, end in zip(lines, ends, strict=True)]
    return np.array(lines, dtype=object)


def _name_clusters(
    figure: go.Figure, tags: pd.DataFrame, positions: npt.NDArray[np.floating], names: Sequence[str]
) -> None:
    """Write the names of the thirty largest clusters; the rest stand in the hover texts."""
    largest = tags.loc[tags["cluster"] >= 0, "cluster"].value_counts().index[:30]
    every_place = group_places(positions, tags["cluster"].to_numpy(), len(names))
    places = dict(zip("xyz", every_place[largest].T, strict=False))
    three = len(places) == 3
    import plotly.graph_objects as go

    figure.add_trace(
        (go.Scatter3d if three else go.Scatter)(
            **places,
            mode="text",
            text=[f"<b>{plain(names[number], 24)}</b>" for number in largest],
            textfont={"size": 12},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _bare_axes(figure: go.Figure, three: bool) -> None:
    if three:
        figure.update_layout(
            scene={f"{axis}axis": {**_AXIS, "showbackground": False, "showgrid": True, "gridcolor": GRID}
                   for axis in "xyz"} | {"aspectmode": "data"},
            uirevision="camera",
            margin={"l": 0, "r": 0, "t": 40, "b": 0},
        )  # fmt: skip
    else:
        figure.update_xaxes(**_AXIS)
        figure.update_yaxes(**_AXIS, scaleanchor="x")


def silhouette_plot(
    tags: pd.DataFrame,
    names: Sequence[str],
    selected: IntArray | None = None,
    colours: IntArray | None = None,
    height: int = 620,
    distance: str = "cosine",
    passing: npt.NDArray[np.bool_] | None = None,
) -> go.Figure:
    """Draw the silhouette of every tag as a bar, sorted within its cluster (thesis, figure 17).

    Clusters stand from the best mean silhouette down; a diamond marks each mean and can be clicked
    (`customdata` = -1 - its number), the dashed line is the mean over all tags. Tags in no cluster have no
    bar, and the title counts them. Up to 20,000 tags each
    can be pointed at and clicked too (`customdata` = row); of more, neighbouring bars are drawn as
    one, which the title says.

    Args:
        tags: One row a tag: `tag`, `cluster` (number; below 0 for none), `silhouette` ([-1, 1]).
        names: Of each cluster, as in the data.
        selected: Rows shown in colour while the rest is grey.
        colours: Array (clusters,): the colour of each, counted in the palette; None for its number.
        height: In pixels.
        distance: What the silhouettes are of, as the axis says it.
        passing: Array (tags,): which are drawn; all where None. The title counts the others.
    """
    hues = (np.arange(len(names)) if colours is None else colours) % len(PALETTE)
    scores, clusters = tags["silhouette"].to_numpy(float), tags["cluster"].to_numpy()
    outside = clusters < 0
    within = np.flatnonzero(~outside if passing is None else ~outside & passing)
    sizes = np.bincount(clusters[within], minlength=len(names))
    means = np.bincount(clusters[within], scores[within], len(names)) / np.maximum(sizes, 1)
    rank = np.empty(len(names), int)
    rank[np.argsort(-means, kind="stable")] = np.arange(len(names))
    order = within[np.lexsort((-scores[within], rank[clusters[within]]))]
    step = max(1, -(-len(order) // _BARS))
    note = f"; each bar stands for up to {step} tags of a cluster" if step > 1 else ""
    note += f"; {outside.sum():,} tags {_OUTSIDE}" if outside.any() else ""
    note += f"; {(~passing).sum():,} tags filtered out" if passing is not None else ""
    figure = blank(f"Silhouette of each tag, by cluster{note}", f"silhouette ({distance})", "", height)
    if selected is not None and len(selected):
        _add_bars(figure, scores, clusters, order, step, None)
        _add_bars(figure, scores, clusters, order, step, hues, np.isin(order, selected))
    else:
        _add_bars(figure, scores, clusters, order, step, hues)
    _add_means(figure, sizes, names, means, rank, hues)
    if len(order) <= _TAGS_APART:
        _add_points(figure, tags, names, order)
    mean = float(scores[order].mean()) if len(order) else 0.0
    figure.add_vline(mean, line={"dash": "dash", "width": 1.5, "color": GREY})
    figure.add_annotation(
        x=mean,
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"mean {mean:.3f}",
        font={"size": 11},
    )
    figure.update_xaxes(
        range=[
            min(-0.25, float(scores[order].min(initial=0)) - 0.02),
            max(0.5, scores[order].max(initial=0) + 0.02),
        ]
    )
    figure.update_yaxes(range=[len(order), 0], showgrid=False, **_name_ticks(sizes, rank, names, height))
    figure.update_layout(hovermode="closest", showlegend=False)
    return figure


def _add_bars(
    figure: go.Figure,
    scores: DoubleArray,
    clusters: IntArray,
    order: IntArray,
    step: int,
    hues: IntArray | None,
    shown: npt.NDArray[np.bool_] | None = None,
) -> None:
    """Add the bars as filled outlines, one trace a hue: thousands of bar elements would stall a browser.

    Without hues of the clusters they are faint.
    """
    place = np.arange(len(order))
    of_cluster = clusters[order]
    starts = np.flatnonzero(np.r_[True, of_cluster[1:] != of_cluster[:-1]])
    within = place - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    drawn = within % step == 0
    ends = np.minimum(
        place + step, np.repeat(np.r_[starts[1:], len(order)], np.diff(np.r_[starts, len(order)]))
    )
    if shown is not None:
        drawn &= (
            shown if step == 1 else np.logical_or.reduceat(shown, np.flatnonzero(drawn))[np.cumsum(drawn) - 1]
        )
    for number, shade in enumerate((_FAINT,) if hues is None else PALETTE):
        rows = np.flatnonzero(drawn if hues is None else drawn & (hues[of_cluster] == number))
        if not len(rows):
            continue
        x = np.zeros((len(rows), 5))
        x[:, 1:3] = scores[order[rows]][:, None]
        x[:, 4] = np.nan
        y = np.c_[rows, rows, ends[rows], ends[rows], np.full(len(rows), np.nan)].astype(float)
        figure.add_scatter(
            x=x.ravel(), y=y.ravel(), mode="lines", fill="toself", fillcolor=shade, hoverinfo="skip",
            line={"width": 0.4, "color": shade},
        )  # fmt: skip


def _add_means(
    figure: go.Figure,
    sizes: IntArray,
    names: Sequence[str],
    means: DoubleArray,
    rank: IntArray,
    hues: IntArray,
) -> None:
    middles = _middles(sizes, rank)
    figure.add_scatter(
        x=means,
        y=middles,
        mode="markers",
        marker={
            "symbol": "diamond", "size": 8, "color": [hue(int(number)) for number in hues],
            "line": {"width": 1, "color": "#ffffff"},
        },
        customdata=-1 - np.arange(len(names)),
        text=[f"<b>{plain(name)}</b><br>{size:,} tags" for name, size in zip(names, sizes, strict=True)],
        hovertemplate="%{text}<br>mean silhouette %{x:.3f}<extra></extra>",
    )  # fmt: skip


def _middles(sizes: IntArray, rank: IntArray) -> DoubleArray:
    """Return where the band of each cluster has its middle, in tags from the top."""
    ordered = np.argsort(rank)
    ends = np.cumsum(sizes[ordered])
    middles = np.empty(len(sizes))
    middles[ordered] = ends - sizes[ordered] / 2
    return middles


def _add_points(figure: go.Figure, tags: pd.DataFrame, names: Sequence[str], order: IntArray) -> None:
    """Lay unseen points over the ends of the bars, for they can be hovered and clicked."""
    shown = [plain(name) for name in names]
    rows = tags.iloc[order]
    unseen = {"marker": {"opacity": 0}}
    figure.add_scattergl(
        x=rows["silhouette"].to_numpy(),
        y=np.arange(len(order)) + 0.5,
        mode="markers",
        marker={"opacity": 0, "size": 8},
        selected=unseen,
        unselected=unseen,
        customdata=order,
        text=[
            f"<b>{plain(tag)}</b><br>{shown[c]}" for tag, c in zip(rows["tag"], rows["cluster"], strict=True)
        ],
        hovertemplate="%{text}<br>silhouette %{x:.3f}<extra></extra>",
    )


def _name_ticks(sizes: IntArray, rank: IntArray, names: Sequence[str], height: int) -> dict[str, Any]:
    """Return ticks with the names of the clusters that have room for one, the largest first."""
    middles = _middles(sizes, rank)
    room = _NAME_ROOM_PX * max(int(sizes.sum()), 1) / max(height - 100, 1)
    taken: list[float] = []
    shown = []
    for number in np.argsort(-sizes, kind="stable"):
        if all(abs(middles[number] - other) >= room for other in taken):
            taken.append(float(middles[number]))
            shown.append(int(number))
    text = [plain(names[number], 28) for number in shown]
    return {"tickvals": taken, "ticktext": text, "tickfont": {"size": 11}, "title": {"text": ""}}


def scan_curves(
    rows: pd.DataFrame,
    value: int | None = None,
    best: int | None = None,
    elbow: int | None = None,
    varied: str = "k",
) -> go.Figure:
    """Draw within-cluster distance, mean silhouette and clusters of one vector over k, one above the other.

    Where something else than k is varied: the number of clusters, the silhouette, and the tags in none.
    Each point can be clicked and holds its k, or other value, in `customdata`.

    Args:
        rows: Columns `embedding`, `min_count`, `k`, `within_distance`, `silhouette`, `over` (what it is the
            mean of), `single_points` (clusters of one distinct vector), or `left_out` (tags in no cluster),
            and what is varied; several seeds are averaged.
        value: The one in use, marked.
        best: The one of the highest silhouette, marked.
        elbow: The k at the elbow, marked.
        varied: What is gone through, by its column.
    """
    from plotly.subplots import make_subplots

    shown = _CURVES if varied == "k" else _CURVES_WITHOUT_K
    what = varied.replace("_", " ")
    grid = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=0.06)
    title = "Clusterings by their number of clusters" if varied == "k" else f"Clusterings by {what}"
    layout = blank(title).layout
    figure = grid.update_layout(
        title=layout.title, modebar=layout.modebar,
        paper_bgcolor=layout.paper_bgcolor, plot_bgcolor=layout.plot_bgcolor,
        height=620, margin={**layout.margin.to_plotly_json(), "t": 96}, hovermode="x",
        legend={"orientation": "h", "y": 1.1, "x": 1, "xanchor": "right"},
    )  # fmt: skip
    curves = rows.dropna(subset=["within_distance"]).groupby(["embedding", "min_count"], sort=False)
    for number, ((embedding, min_count), curve) in enumerate(curves):
        means = curve.groupby(curve[varied].rename("value"))[list(shown)].mean()
        name = f"{plain(str(embedding), 30)}, count ≥ {min_count}"
        ks, opaque = means.index.to_numpy(int), {"marker": {"opacity": 1}}
        for row, column in enumerate(shown, start=1):
            figure.add_scatter(
                x=ks, y=means[column].to_numpy(float), customdata=ks, mode="lines+markers", name=name,
                marker={"size": 9}, selected=opaque, unselected=opaque,
                line={"color": hue(number) if len(curves) > 1 else ACCENT}, legendgroup=name,
                showlegend=row == 1 and len(curves) > 1,
                hovertemplate=f"{what} %{{x}}: %{{y:.3f}}<extra></extra>", row=row, col=1,
            )  # fmt: skip
    in_use = (value, "solid", f"{what} = {value}")
    _mark(figure, (in_use, (best, "dot", "highest silhouette"), (elbow, "dash", "elbow")))
    figure.update_xaxes(gridcolor=GRID, zeroline=False)
    figure.update_xaxes(title_text="clusters, k" if varied == "k" else what, row=len(shown), col=1)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    over = rows["over"].unique()
    for row, text in enumerate(shown.values(), start=1):
        more = f"<br>(over {over[0]})" if row == 2 and len(over) == 1 else ""
        figure.update_yaxes(title_text=f"{text}{more}", row=row, col=1)
    return figure


def _mark(figure: go.Figure, marks: Sequence[tuple[int | None, str, str]]) -> None:
    """Draw one upright line a place, named above the curves by all that is to be said of it.

    Args:
        figure: The curves.
        marks: Place, kind of line and text of each; the first is the one in use.
    """
    texts: dict[int, list[str]] = {}
    for place, dash, text in marks:
        if place is not None:
            if place not in texts:
                colour = PALETTE[1] if place == marks[0][0] else GREY
                figure.add_vline(place, line={"dash": dash, "width": 1.5, "color": colour})
            texts.setdefault(place, []).append(text)
    for level, place in enumerate(sorted(texts)):
        figure.add_annotation(
            x=place, y=1, yref="paper", yanchor="bottom", yshift=14 * (len(texts) - 1 - level),
            text=", ".join(texts[place]), showarrow=False, xanchor="left", font={"size": 11},
        )  # fmt: skip


def flow_heatmap(
    flow: pd.DataFrame, names_a: Sequence[str], names_b: Sequence[str], height: int = 560
) -> go.Figure:
    """Draw how the tags of each cluster of one clustering are spread over the clusters of another.

    Both sides are ordered so that clusters that share most meet on the diagonal.

    Args:
        flow: Columns `cluster_a`, `cluster_b` (numbers), `tags` (how many both hold).
        names_a: Of the first clustering's clusters, as in the data.
        names_b: Of the second's.
        height: In pixels.
    """
    table = np.zeros((len(names_a), len(names_b)))
    table[flow["cluster_a"].to_numpy(int), flow["cluster_b"].to_numpy(int)] = flow["tags"].to_numpy(float)
    rows = np.argsort(-table.sum(axis=1), kind="stable")
    columns = _matched_columns(table, rows)
    sizes = table.sum(axis=1, keepdims=True)
    share = np.divide(table, sizes, out=np.zeros_like(table), where=sizes > 0)
    figure = blank("Where the tags of each cluster go", "second clustering", "first clustering", height)
    figure.add_heatmap(
        z=share[np.ix_(rows, columns)],
        customdata=np.dstack(np.broadcast_arrays(
            np.array([plain(names_a[i]) for i in rows], object)[:, None],
            np.array([plain(names_b[i]) for i in columns], object)[None, :],
            table[np.ix_(rows, columns)].astype(int).astype(object),
        )),
        colorscale=colour_scale(SHARES),
        zmin=0, zmax=1,
        colorbar={"title": {"text": "share of row"}, "tickformat": ".0%", "thickness": 12},
        hovertemplate="%{customdata[0]} → %{customdata[1]}: %{customdata[2]} tags (%{z:.0%})<extra></extra>",
    )  # fmt: skip
    for axis, names, order in (("yaxis", names_a, rows), ("xaxis", names_b, columns)):
        every = max(1, -(-len(order) // 40))
        places = np.arange(0, len(order), every)
        text = [plain(names[order[place]], 16) for place in places]
        figure.update_layout({axis: {"tickvals": places, "ticktext": text, "tickfont": {"size": 10}}})
    figure.update_yaxes(autorange="reversed", showgrid=False, zeroline=False)
    figure.update_xaxes(showgrid=False, zeroline=False, tickangle=-60)
    return figure


def _matched_columns(table: DoubleArray, rows: IntArray) -> IntArray:
    """Return the columns in the order in which the rows claim the one they share most with, top down."""
    free = np.ones(table.shape[1], bool)
    order: list[int] = []
    for row in rows:
        if not free.any():
            break
        best = int(np.where(free, table[row], -1).argmax())
        if table[row, best] > 0:
            order.append(best)
            free[best] = False
    return np.array([*order, *np.flatnonzero(free)], int)


def class_sizes(classes: pd.DataFrame) -> go.Figure:
    """Draw how many tracks each class of a label space has, in the table's order.

    Args:
        classes: Columns `class`, `tags` (number), `tracks`, `imbalance_ratio` (NaN without tracks).
    """
    shown = {"tags": ",", "imbalance_ratio": ".1f"}
    figure = ranked_bars(classes, "class", "tracks", "Tracks in each class", "tracks", shown)
    figure.update_traces(marker={"color": ACCENT})
    return figure


def seed_agreement(matrix: DoubleArray, seeds: Sequence[int], height: int = 360) -> go.Figure:
    """Draw the adjusted Rand index of each pair of seeds.

    Args:
        matrix: Array (seeds, seeds), 1 on the diagonal.
        seeds: Their numbers.
        height: In pixels.
    """
    figure = blank("Agreement of clusterings that differ in their seed", "seed", "seed", height)
    names = [str(seed) for seed in seeds]
    figure.add_heatmap(
        z=matrix, x=names, y=names, colorscale=colour_scale(SEQUENTIAL), zmin=0, zmax=1,
        text=np.round(matrix, 2), texttemplate="%{text}",
        colorbar={"title": {"text": "adjusted Rand"}, "thickness": 12},
        hovertemplate="seeds %{x} and %{y}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return figure
