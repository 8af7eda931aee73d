"""Pictures of what is found together: the heat map, the tree of merges, the map of a genre, curves over k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.theme import GREY, PALETTE, SHARES, blank, colour_scale, hue, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

_NAMES_ON_AXES = 70
_NAME_CHARACTERS = 18
_FRAME_PX = 110
_ROW_PX = 15
_LINK_PX = 1.4
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
# The room a map has in a window that is not wide, and what a letter and a line take of it.
_MAP_PX = (330.0, 330.0)
_LETTER_PX, _LINE_PX = 6.2, 15.0
_MAP_NAME_CHARACTERS = 22


def cooccurrence_heatmap(
    normalised: npt.ArrayLike,
    names: Sequence[str],
    together: npt.ArrayLike,
    order: IntArray | None = None,
    marked: Sequence[tuple[int, int]] = (),
    mark_meaning: str = "",
    height: int | None = None,
) -> go.Figure:
    """Draw n_ij / √(n_i n_j) of every pair (thesis, figure 14).

    The diagonal, 1 by definition, is left blank, and the colours reach as far as the largest pair.

    Args:
        normalised: In [0, 1] (names, names).
        names: Tags or classes, as in the data.
        together: Tracks of each pair, the diagonal those of each name (names, names).
        order: Rows in the order they are drawn; as they come where None.
        marked: Pairs of rows to mark by a small ring.
        mark_meaning: What the rings mean.
        height: In pixels; by the number of names where None.
    """
    n = len(names)
    rows = np.arange(n) if order is None else np.asarray(order)
    values = np.array(normalised, np.float64)
    np.fill_diagonal(values, np.nan)
    reach = float(np.nanmax(values, initial=0)) or 1.0
    side = height or int(np.clip(_FRAME_PX + 60 + _ROW_PX * n, 420, 900))
    figure = blank("Tracks in common, n_ij / √(n_i n_j)", height=side)
    figure.add_heatmap(
        z=values[np.ix_(rows, rows)].astype(np.float32),
        zmin=0, zmax=reach, colorscale=colour_scale(SHARES),
        text=_pair_texts(names, np.asarray(together), rows), hoverongaps=False,
        hovertemplate="%{text}<br>n_ij / √(n_i n_j) = %{z:.3f}<extra></extra>",
        colorbar={"thickness": 10, "tickformat": ".2f", "outlinewidth": 0},
    )  # fmt: skip
    heading = {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}}
    figure.update_layout(title=heading, margin={"t": 78})  # room for a legend of its own line
    _ring(figure, rows, marked, mark_meaning)
    _name_both_axes(figure, [names[int(row)] for row in rows])
    return figure


def _pair_texts(names: Sequence[str], together: npt.NDArray[Any], rows: IntArray) -> list[list[str]]:
    shown = [plain(name, 40) for name in names]
    counts = np.diag(together).tolist()
    return [
        [
            f"<b>{shown[i]}</b> ({counts[i]:,} tracks)<br><b>{shown[j]}</b> ({counts[j]:,} tracks)"
            f"<br>together: {int(together[i, j]):,}"
            for j in rows
        ]
        for i in rows
    ]


def _ring(figure: go.Figure, rows: IntArray, marked: Sequence[tuple[int, int]], meaning: str) -> None:
    place = {int(row): number for number, row in enumerate(rows)}
    pairs = [(place[i], place[j]) for i, j in marked if i in place and j in place]
    if not pairs:
        return
    both = np.array(pairs + [(j, i) for i, j in pairs])
    figure.add_scatter(
        x=both[:, 1], y=both[:, 0], mode="markers", name=meaning, hoverinfo="skip", showlegend=bool(meaning),
        marker={"symbol": "circle-open", "size": 8, "color": PALETTE[1], "line": {"width": 2}},
    )  # fmt: skip
    figure.update_layout(legend={"orientation": "h", "y": 1, "x": 1, "xanchor": "right", "yanchor": "bottom"})


def _name_both_axes(figure: go.Figure, names: Sequence[str]) -> None:
    every = max(1, -(-len(names) // _NAMES_ON_AXES))
    places = np.arange(0, len(names), every)
    axis = {
        "tickvals": places,
        "ticktext": [plain(names[int(place)], _NAME_CHARACTERS) for place in places],
        "tickfont": {"size": 10},
        "showgrid": False,
        "zeroline": False,
    }
    figure.update_xaxes(**axis, tickangle=-60, range=[-0.5, len(names) - 0.5])
    figure.update_yaxes(**axis, range=[len(names) - 0.5, -0.5])


def dendrogram(
    tree: DoubleArray,
    tags: Sequence[str],
    labels: IntArray,
    distance: str,
    title: str = "Which merge first",
) -> go.Figure:
    """Draw the tree of merges, tags from the top, distances to the right.

    Links within one cluster have its colour, those between clusters are grey; the dashed line is where the
    tree was cut.

    Args:
        tree: Of the merges (tags - 1, 4).
        tags: As in the data.
        labels: Cluster of each tag (tags,).
        distance: What the horizontal axis measures.
        title: What it shows.
    """
    from scipy.cluster.hierarchy import leaves_list

    n = len(tags)
    order = np.asarray(leaves_list(tree), np.intp)
    figure = blank(title, distance, height=_FRAME_PX + _ROW_PX * max(n, 8))
    for number, (x, y) in sorted(_links(tree, order, labels).items()):
        colour = GREY if number < 0 else hue(number)
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": _LINK_PX}, hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip
    figure.add_scatter(
        x=np.zeros(n), y=np.arange(n), mode="markers", showlegend=False,
        marker={"size": 5, "color": [hue(int(labels[row])) for row in order]},
        text=[plain(tags[row]) for row in order], hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    cut = _cut_height(tree, len(np.unique(labels)))
    if cut is not None:
        figure.add_vline(cut, line={"dash": "dash", "width": 1.2, "color": GREY})
    names = [plain(tags[row], 28) for row in order]
    figure.update_yaxes(
        tickvals=np.arange(n), ticktext=names, tickfont={"size": 10}, range=[n - 0.5, -0.5], showgrid=False,
        zeroline=False,
    )  # fmt: skip
    reach = float(tree[:, 2].max(initial=0)) or 1.0
    figure.update_xaxes(range=[-0.02 * reach, 1.04 * reach], zeroline=False)
    figure.update_layout(hovermode="closest", margin={"l": 10})
    return figure


def _links(
    tree: DoubleArray, order: IntArray, labels: IntArray
) -> dict[int, tuple[list[float | None], list[float | None]]]:
    """Return the lines of each cluster's links, of -1 those between clusters."""
    n = len(tree) + 1
    place = np.zeros(2 * n - 1)
    place[order] = np.arange(n)
    height = np.r_[np.zeros(n), tree[:, 2]]
    cluster = np.r_[np.asarray(labels, np.int64), np.full(n - 1, -1)]
    lines: dict[int, tuple[list[float | None], list[float | None]]] = {}
    for number, (left, right) in enumerate(tree[:, :2].astype(int).tolist()):
        node = n + number
        place[node] = (place[left] + place[right]) / 2
        cluster[node] = cluster[left] if cluster[left] == cluster[right] else -1
        x, y = lines.setdefault(int(cluster[node]), ([], []))
        x += [height[left], height[node], height[node], height[right], None]
        y += [place[left], place[left], place[right], place[right], None]
    return lines


def _cut_height(tree: DoubleArray, k: int) -> float | None:
    """Return the middle between the last merge that was done and the first that was not."""
    n = len(tree) + 1
    if not 1 < k < n:
        return None
    return float(tree[n - k - 1 : n - k + 1, 2].mean())


def genre_map(
    tags: pd.DataFrame,
    positions: npt.NDArray[np.floating],
    names: Sequence[str],
    main: str,
    title: str,
    height: int = 620,
) -> go.Figure:
    """Draw a genre's tags where a projection of their distances placed them (thesis, figure 15).

    Args:
        tags: One row a tag: `tag`, `count` (tracks), `cluster` (number; −1 for what is in none), `said` (why
            it is in none, a phrase of our own; empty for the others).
        positions: Array (tags, 2); the axes have no unit.
        names: Of each cluster, as in the data.
        main: The genre's main tag, drawn as a star.
        title: What it shows; text from data must have passed through `plain`.
        height: In pixels.
    """
    figure = blank(title, height=height)
    clusters, is_main = tags["cluster"].to_numpy(), (tags["tag"] == main).to_numpy()
    named = _names_that_fit(tags, positions, is_main)
    text = _map_texts(tags, names)
    for number in (*range(len(names)), -1):
        rows = np.flatnonzero((clusters == number) & ~is_main)
        if len(rows):
            look, name = _look(number, names)
            _add_tags(figure, tags, positions, rows, named, text, {"size": 8, **look}, name)
    star = np.flatnonzero(is_main)
    if len(star):
        size = {"symbol": "star", "size": 19, "color": PALETTE[1], "line": {"width": 1, "color": "#14161a"}}
        _add_tags(
            figure, tags, positions, star, named, text, size, f"{plain(main, 24)}: the genre's main tag"
        )
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
    # Left to itself Plotly makes room for every name beyond the outermost points.
    low, high = positions.min(axis=0), positions.max(axis=0)
    edge = 0.09 * np.maximum(high - low, 1e-9)
    figure.update_xaxes(**bare, range=[low[0] - edge[0], high[0] + edge[0]])
    figure.update_yaxes(**bare, range=[low[1] - edge[1], high[1] + edge[1]], scaleanchor="x")
    legend = {"orientation": "h", "y": -0.02, "yanchor": "top", "font": {"size": 11}}
    figure.update_layout(hovermode="closest", legend=legend, margin={"l": 10, "r": 10})
    return figure


def _look(number: int, names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Return the marker of a cluster and its name in the legend."""
    if number < 0:
        return {"symbol": "circle-open", "color": GREY}, "in no subgenre"
    symbol = _SYMBOLS[number // len(PALETTE) % len(_SYMBOLS)]
    return {"symbol": symbol, "color": hue(number)}, plain(names[number], 24)


def _add_tags(
    figure: go.Figure,
    tags: pd.DataFrame,
    positions: npt.NDArray[np.floating],
    rows: IntArray,
    named: set[int],
    text: Sequence[str],
    marker: dict[str, Any],
    name: str,
) -> None:
    shown = [plain(tags["tag"].iloc[row], _MAP_NAME_CHARACTERS) if int(row) in named else "" for row in rows]
    figure.add_scatter(
        x=positions[rows, 0], y=positions[rows, 1], mode="markers+text", text=shown, name=name, marker=marker,
        textposition="top center", textfont={"size": 11}, cliponaxis=False, customdata=rows,
        hovertext=[text[row] for row in rows], hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _map_texts(tags: pd.DataFrame, names: Sequence[str]) -> list[str]:
    lines = []
    columns = (tags[column] for column in ("tag", "count", "cluster", "said"))
    for tag, count, cluster, reason in zip(*columns, strict=True):
        where = f"in: {plain(names[cluster])}" if cluster >= 0 else plain(reason, 120)
        lines.append(f"<b>{plain(tag)}</b><br>{count:,} tracks<br>{where}")
    return lines


def _names_that_fit(
    tags: pd.DataFrame, positions: npt.NDArray[np.floating], first: npt.NDArray[np.bool_]
) -> set[int]:
    """Return the rows whose names can be written without running into each other, the most used first."""
    span = np.ptp(positions, axis=0)
    scale = min(_MAP_PX / np.where(span > 0, span, 1))  # one scale for both axes
    places = (positions - positions.min(axis=0)) * scale
    widths = [_LETTER_PX * min(len(tag), _MAP_NAME_CHARACTERS) for tag in tags["tag"]]
    taken: list[tuple[float, float, float]] = []
    named = set()
    for row in np.lexsort((-tags["count"].to_numpy(), ~first)).tolist():
        x, y, width = float(places[row, 0]), float(places[row, 1]), widths[row]
        free = all(
            abs(x - other_x) > (width + other_width) / 2 or abs(y - other_y) > _LINE_PX
            for other_x, other_y, other_width in taken
        )
        if free:
            taken.append((x, y, width))
            named.add(row)
    return named


def silhouette_curves(table: pd.DataFrame, height: int = 380) -> go.Figure:
    """Draw the mean silhouette over k, a line for each way to divide; a ring marks the k each would take.

    Args:
        table: Columns `way` (words of our own), `k`, `silhouette`, `chosen` (bool).
        height: In pixels.
    """
    figure = blank("Mean silhouette over the number of subgenres", "k", "mean silhouette", height)
    for number, (way, rows) in enumerate(table.groupby("way", sort=False)):
        figure.add_scatter(
            x=rows["k"].to_numpy(), y=rows["silhouette"].to_numpy(), mode="lines+markers", name=str(way),
            line={"color": hue(number)}, marker={"size": 5},
            hovertemplate="k = %{x}: %{y:.3f}<extra>" + str(way) + "</extra>",
        )  # fmt: skip
        best = rows[rows["chosen"]]
        figure.add_scatter(
            x=best["k"].to_numpy(), y=best["silhouette"].to_numpy(), mode="markers", showlegend=False,
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 14, "color": hue(number), "line": {"width": 2}},
        )  # fmt: skip
    if len(table) and np.ptp(table["k"].to_numpy()) < 20:
        figure.update_xaxes(dtick=1)
    figure.update_layout(legend={"orientation": "h", "y": -0.22, "yanchor": "top"})
    return figure
