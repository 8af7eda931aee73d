"""Pictures of a cleaning: before and after, categories, where the counts went, the fit of a cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.theme import ACCENT, GREY, GRID, PALETTE, blank, faint, hue, named, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_BINS = 80
_NAME_CHARACTERS = 26
_NODE_PX = 26
_GAPS = 0.3
_FLOW_OPACITY = 0.55
_BEFORE, _AFTER, _DROPPED = GREY, PALETTE[0], PALETTE[1]


def before_and_after(before: pd.DataFrame, after: pd.DataFrame) -> go.Figure:
    """Draw count over rank before and after, both logarithmic.

    Args:
        before: Columns `tag` and `count` (tracks), most used first.
        after: The same, cleaned.
    """
    figure = blank("Popularity of tags", "rank (1 = the most used tag)", "count (tracks with the tag)", 430)
    for table, name, colour, dash in ((before, "before", _BEFORE, "dot"), (after, "after", _AFTER, "solid")):
        counts = table["count"].to_numpy()
        if not len(counts):
            continue
        first = np.flatnonzero(np.r_[True, counts[1:] != counts[:-1]])
        last = np.r_[first[1:], len(counts)]
        names = [plain(tag) for tag in table["tag"].iloc[first]]
        figure.add_scatter(
            x=np.ravel(np.column_stack([first + 1, last])),
            y=np.repeat(counts[first], 2),
            mode="lines",
            name=f"{name}: {len(counts):,} tags",
            line={"width": 2, "color": colour, "dash": dash},
            customdata=np.repeat(np.asarray(names, dtype=object), 2),
            hovertemplate="%{customdata}<br>rank %{x:,}<br>%{y:,} tracks<extra>" + name + "</extra>",
        )
    decades = math.log10(max(len(before), len(after), 2))
    figure.update_xaxes(type="log", dtick=1, range=[-0.03 * decades, 1.03 * decades])
    figure.update_yaxes(type="log", dtick=1)
    figure.update_layout(hovermode="closest", legend={"x": 1, "y": 1, "xanchor": "right", "yanchor": "top"})
    return figure


def category_bars(table: pd.DataFrame) -> go.Figure:
    """Draw assignments by category before and after.

    Args:
        table: Columns `category`, `counts_before`, `counts_after` ((track, tag) pairs), `tags_before`,
            `tags_after`; drawn in this order from the top.
    """
    rows = np.arange(len(table))
    figure = blank(
        "Assignments by category",
        "assignments (a track and a tag it has)",
        height=120 + 44 * max(len(table), 1),
    )
    for name, colour in (("before", _BEFORE), ("after", _AFTER)):
        figure.add_bar(
            x=table[f"counts_{name}"].to_numpy(),
            y=rows,
            orientation="h",
            name=name,
            marker={"color": colour},
            customdata=np.column_stack(
                [
                    np.array([plain(text) for text in table["category"]], dtype=object),
                    table[f"tags_{name}"].to_numpy(object),
                ]
            ),
            hovertemplate="<b>%{customdata[0]}</b>, "
            + name
            + "<br>%{x:,} assignments of %{customdata[1]:,} tags"
            "<extra></extra>",
            texttemplate="%{x:,}",
            textposition="outside",
            cliponaxis=False,
        )
    most = float(np.max(table[["counts_before", "counts_after"]].to_numpy(float), initial=1.0))
    figure.update_xaxes(range=[0, most * 1.15])
    figure.update_yaxes(
        tickvals=rows, ticktext=[plain(text, _NAME_CHARACTERS) for text in table["category"]],
        range=[len(table) - 0.5, -0.5], showgrid=False, zeroline=False,
    )  # fmt: skip
    figure.update_layout(
        bargap=0.25, margin={"l": 10, "r": 60},
        legend={"orientation": "h", "x": 1, "y": 1.02, "xanchor": "right", "yanchor": "bottom"},
    )  # fmt: skip
    return figure


def count_flow(flow: pd.DataFrame) -> go.Figure:
    """Draw where the assignments of changed tags went: from the step that changed them to what they became.

    Args:
        flow: Columns `step` (text), `target` (a tag; empty where `kind` says all), `kind` ("tag", "other" or
            "dropped"), `counts` (pairs), `tags` (number).
    """
    import plotly.graph_objects as go

    steps = list(dict.fromkeys(flow["step"]))
    ends = list(dict.fromkeys(zip(flow["kind"], flow["target"], strict=True)))
    ends.sort(key=lambda end: ("tag", "other", "dropped").index(end[0]))
    source = [steps.index(step) for step in flow["step"]]
    target = [len(steps) + ends.index(end) for end in zip(flow["kind"], flow["target"], strict=True)]
    colours = [hue(number) for number in range(len(steps))]
    figure = blank(
        "Where the assignments of changed tags went", height=130 + _NODE_PX * max(len(ends), len(steps), 3)
    )
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                **_places(flow, steps, ends),
                "label": [*(plain(step, 40) for step in steps), *(_end_name(*end) for end in ends)],
                "color": [*colours, *(_end_colour(kind) for kind, _ in ends)],
                "pad": 12,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{label}<br>%{value:,} assignments<extra></extra>",
            },
            link={
                "source": source,
                "target": target,
                "value": flow["counts"].to_numpy(float),
                "customdata": flow["tags"].to_numpy(),
                "color": [faint(colours[number], _FLOW_OPACITY) for number in source],
                "hovertemplate": "%{source.label} → %{target.label}<br>%{value:,} assignments of "
                "%{customdata:,} tags<extra></extra>",
            },
        )
    )
    figure.update_layout(margin={"l": 10, "r": 10, "b": 16})
    return figure


def _places(flow: pd.DataFrame, steps: list[str], ends: list[tuple[str, str]]) -> dict[str, list[float]]:
    """Return where nodes stand: steps left, ends right, each as high as what flows through it; y is down."""
    left = flow.groupby("step")["counts"].sum().reindex(steps)
    right = flow.groupby(["kind", "target"])["counts"].sum().reindex(pd.MultiIndex.from_tuples(ends))
    whole, y = float(left.sum()), []
    for side in (left, right):
        heights = np.maximum(side.to_numpy(float) / whole, 0.5 / len(side))
        heights *= (1 - _GAPS) / heights.sum()
        gap = _GAPS / max(len(side) - 1, 1)
        tops = np.cumsum(heights + gap) - heights - gap
        y += np.clip(tops + heights / 2, 0.001, 0.999).tolist()
    return {"x": [0.001] * len(steps) + [0.999] * len(ends), "y": y}


def _end_name(kind: str, target: str) -> str:
    if kind == "tag":
        return plain(named(target, _NAME_CHARACTERS))
    return "other tags" if kind == "other" else "dropped"


def _end_colour(kind: str) -> str:
    return {"tag": _AFTER, "other": GREY}.get(kind, _DROPPED)


def distance_fit(
    distances: npt.NDArray[np.floating[Any]],
    target: str,
    mean: float,
    sd: float,
    cut: float,
    near: pd.DataFrame,
    other_cut: tuple[str, float] | None = None,
) -> go.Figure:
    """Draw how far tags lie from a target, the normal fitted to that, the cut, and the tags around it.

    Args:
        distances: (tags,), L2 between unit vectors, the target itself left out.
        target: From which.
        mean: Of the normal.
        sd: Its standard deviation.
        cut: Tags up to here are collapsed.
        near: Columns `tag`, `distance`, `inside`; some tags just inside and just outside.
        other_cut: Name and place of a cut that is not used, drawn thin.
    """
    from plotly.subplots import make_subplots

    density, edges = np.histogram(distances, _BINS, density=True)
    middles = (edges[1:] + edges[:-1]) / 2
    layout = blank(f"Distances from {plain(target, 40)}").layout
    figure = make_subplots(
        rows=1, cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.16,
        subplot_titles=("all tags that have a vector", "around the cut"),
    )  # fmt: skip
    figure.update_layout(
        title=layout.title, modebar=layout.modebar, paper_bgcolor=layout.paper_bgcolor,
        plot_bgcolor=layout.plot_bgcolor, height=440, margin={**layout.margin.to_plotly_json(), "t": 84},
        bargap=0, legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top"},
    )  # fmt: skip
    figure.add_bar(
        x=middles, y=density, width=np.diff(edges), name="tags", row=1, col=1,
        marker={"color": [ACCENT if middle <= cut else GREY for middle in middles]},
        hovertemplate="%{x:.3f}: density %{y:.2f}<extra></extra>",
    )  # fmt: skip
    if sd > 0:
        x = np.linspace(min(edges[0], cut, mean - 4 * sd), edges[-1], 200)
        y = np.exp(-(((x - mean) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))
        figure.add_scatter(
            x=x, y=y, mode="lines", name="fitted normal", line={"color": _DROPPED, "width": 2},
            hoverinfo="skip", row=1, col=1,
        )  # fmt: skip
    figure.add_vline(cut, line={"width": 2, "color": ACCENT}, row=1, col=1)
    figure.add_annotation(
        x=cut, y=1, yref="y domain", text=f"cut {cut:.3f}", showarrow=False, xanchor="right", yanchor="top",
        font={"size": 11}, row=1, col=1,
    )  # fmt: skip
    if other_cut is not None:
        name, place = other_cut
        figure.add_vline(place, line={"width": 1, "dash": "dot", "color": GREY}, row=1, col=1)
        figure.add_annotation(
            x=place, y=0.9, yref="y domain", text=f"{name} {place:.3f}", showarrow=False, xanchor="right",
            yanchor="top", font={"size": 11, "color": GREY}, row=1, col=1,
        )  # fmt: skip
    _add_names(figure, near, cut)
    for axis in (figure.update_xaxes, figure.update_yaxes):
        axis(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_xaxes(title_text="L2 distance of unit vectors, 0 to 2", row=1, col=1)
    figure.update_yaxes(title_text="density", row=1, col=1)
    figure.update_xaxes(title_text="distance", row=1, col=2)
    return figure


def _add_names(figure: go.Figure, near: pd.DataFrame, cut: float) -> None:
    """Write the tags around the cut, nearest at the top: those inside in colour."""
    rows = np.arange(len(near))
    inside = near["inside"].to_numpy(bool)
    figure.add_scatter(
        x=near["distance"].to_numpy(), y=rows, mode="markers", row=1, col=2, showlegend=False,
        marker={"size": 8, "color": np.where(inside, ACCENT, GREY)},
        customdata=[plain(tag, 150) for tag in near["tag"]],
        hovertemplate="<b>%{customdata}</b><br>%{x:.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(cut, line={"width": 2, "color": ACCENT}, row=1, col=2)
    figure.update_yaxes(
        tickvals=rows, ticktext=[plain(named(tag, 20)) for tag in near["tag"]],
        range=[max(len(near), 1) - 0.5, -0.5], tickfont={"size": 11}, row=1, col=2,
    )  # fmt: skip


def fit_bars(names: Sequence[str], inside: Sequence[int]) -> go.Figure:
    """Draw how many tags lie inside the cut of each target, most first.

    Args:
        names: Of the targets.
        inside: Tags inside, one a target.
    """
    from taglab.figures.bars import ranked_bars

    table = pd.DataFrame({"target": list(names), "inside": list(inside)})
    table = table.sort_values("inside", ascending=False, kind="stable").head(30)
    return ranked_bars(table, "target", "inside", "Tags inside the cut of each target", "tags")
