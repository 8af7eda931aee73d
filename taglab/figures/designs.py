"""Pictures of a design: aliases, scores by number of sources, means, what sources account for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from taglab.figures.theme import DIVERGING, GREY, SEQUENTIAL, blank, colour_scale, faint, hue, plain, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CELL_PX, _FRAME_PX, _ROW_PX = 34, 150, 30
_SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon")
_SPREAD = 0.32  # of a number of sources, over which its groups stand side by side
_LEAST_WRITTEN = 0.005


def alias_heatmap(matrix: pd.DataFrame) -> go.Figure:
    """Draw how far any two main effects are aliased.

    Args:
        matrix: Correlations in [-1, 1], effects by rows and columns, in one order; NaN where an effect is the
            same in all runs.

    Source: Kim 2021, figure 2.7.
    """
    names = [plain(str(name), 24) for name in matrix.columns]
    values = matrix.to_numpy(np.float64).copy()
    np.fill_diagonal(values, np.nan)
    figure = blank("Aliasing of main effects", height=_FRAME_PX + _CELL_PX * len(names))
    figure.add_heatmap(
        z=values,
        x=names,
        y=names,
        zmin=-1,
        zmax=1,
        colorscale=colour_scale(DIVERGING),
        text=_written(values),
        texttemplate="%{text}",
        textfont={"size": 10},
        hoverongaps=False,
        hovertemplate="%{y} and %{x}: r = %{z:.3f}<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0, "title": {"text": "r"}},
    )
    figure.update_xaxes(showgrid=False, tickangle=-45)
    figure.update_yaxes(showgrid=False, autorange="reversed")
    return figure


def _written(values: np.ndarray[Any, Any]) -> list[list[str]]:
    """Return numbers as they are written into cells, those that are nearly nothing as nothing."""
    return [
        ["" if np.isnan(value) or abs(value) < _LEAST_WRITTEN else f"{value:.2f}" for value in row]
        for row in values
    ]


def scores_by_sources(
    points: pd.DataFrame,
    fits: pd.DataFrame,
    single: float | None = None,
    title: str = "Scores by number of sources",
    height: int = 460,
) -> go.Figure:
    """Draw scores over the number of sources, a colour a group, with the groups' fits and their intervals.

    Args:
        points: One row a run: `group` (a strategy, for instance), `n`, `score` (standardised), `run`.
        fits: One row a group and number of sources: `group`, `n`, `estimate`, `low`, `high`; NaN where no
            interval follows.
        single: Mean score of one source, drawn as a line across; None draws none.
        title: What the figure shows; text from data must have passed through `plain`.
        height: In pixels.

    Source: Kim 2021, figures 2.10 and 2.13.
    """
    figure = blank(title, "learning sources", "standardised score", height)
    groups = list(dict.fromkeys([*fits["group"], *points["group"]]))
    shifts = np.linspace(-_SPREAD, _SPREAD, len(groups)) if len(groups) > 1 else np.zeros(1)
    for number, group in enumerate(groups):
        _add_points(figure, points[points["group"] == group], number, float(shifts[number]))
        _add_fit(figure, fits[fits["group"] == group], number, float(shifts[number]))
    if single is not None:
        figure.add_hline(y=single, line={"color": GREY, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=1, xref="paper", y=single, text="mean of one source", showarrow=False, xanchor="right",
            yanchor="bottom", font={"size": 11, "color": GREY},
        )  # fmt: skip
    figure.update_xaxes(dtick=1, showgrid=False)
    figure.update_layout(hovermode="closest", legend={"orientation": "h", "y": -0.2}, margin={"b": 90})
    return figure


def _add_points(figure: go.Figure, rows: pd.DataFrame, number: int, shift: float) -> None:
    if not len(rows):
        return
    group = str(rows["group"].iloc[0])
    figure.add_scatter(
        x=rows["n"].to_numpy(np.float64) + shift,
        y=rows["score"].to_numpy(np.float64),
        mode="markers",
        name=wrapped(group),
        legendgroup=group,
        marker={"color": hue(number), "symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 6, "opacity": 0.55},
        customdata=[[plain(str(run), 80), int(n)] for run, n in zip(rows["run"], rows["n"], strict=True)],
        hovertemplate="run %{customdata[0]}, n = %{customdata[1]}: %{y:.2f}"
        f"<extra>{plain(group)}</extra>",
    )


def _add_fit(figure: go.Figure, rows: pd.DataFrame, number: int, shift: float) -> None:
    if not len(rows):
        return
    rows = rows.sort_values("n")
    group = str(rows["group"].iloc[0])
    estimate = rows["estimate"].to_numpy(np.float64)
    figure.add_scatter(
        x=rows["n"].to_numpy(np.float64) + shift,
        y=estimate,
        mode="lines" if len(rows) > 1 else "markers",
        name=wrapped(f"{group}: fit"),
        legendgroup=group,
        showlegend=False,
        line={"color": hue(number), "width": 2.5},
        marker={"color": hue(number), "symbol": "line-ew-open", "size": 22, "line": {"width": 3}},
        error_y=_whiskers(rows, hue(number)),
        customdata=rows["n"].to_numpy(),
        hovertemplate=f"n = %{{customdata}}: %{{y:.2f}}<extra>{plain(group)}, fit</extra>",
    )


def _whiskers(rows: pd.DataFrame, colour: str) -> dict[str, Any]:
    middle = rows["estimate"].to_numpy(np.float64)
    return {
        "type": "data", "symmetric": False, "thickness": 1.4, "width": 3, "color": colour,
        "array": rows["high"].to_numpy(np.float64) - middle,
        "arrayminus": middle - rows["low"].to_numpy(np.float64),
    }  # fmt: skip


def scores_by_group(
    points: pd.DataFrame, baselines: Mapping[str, float], title: str, axis: str, boxes: bool = False
) -> go.Figure:
    """Draw scores of every group: a dot a run and their mean, or a box; what they are held against as lines.

    Args:
        points: One row a run: `group` (a source or a strategy), `run`, `score`, groups in their order.
        baselines: Name → score.
        title: What the figure shows; text from data must have passed through `plain`.
        axis: What the score is, with its unit.
        boxes: Whether runs are drawn as a box.

    Source: Kim 2021, figures 2.8 and 2.9.
    """
    figure = blank(title, "", axis, 380)
    for number, group in enumerate(dict.fromkeys(points["group"])):
        rows = points[points["group"] == group]
        name, scores = plain(str(group), 24), rows["score"].to_numpy(np.float64)
        texts = [plain(str(run), 80) for run in rows["run"]]
        figure.add_box(
            x=[name] * len(rows),
            y=scores,
            name=name,
            text=texts,
            boxpoints="all",
            pointpos=0,
            jitter=0.5,
            boxmean=boxes,
            fillcolor=faint(hue(number), 0.25) if boxes else "rgba(0,0,0,0)",
            line={"color": hue(number) if boxes else "rgba(0,0,0,0)", "width": 1.5},
            marker={"color": hue(number), "size": 5, "opacity": 0.7},
            hovertemplate="run %{text}: %{y:.3f}<extra>" + name + "</extra>",
            showlegend=False,
        )
        if not boxes:
            figure.add_scatter(
                x=[name], y=[float(scores.mean())], mode="markers", showlegend=False,
                marker={"color": hue(number), "symbol": "line-ew-open", "size": 26, "line": {"width": 3}},
                hovertemplate=f"mean of {len(rows)} runs: %{{y:.3f}}<extra>{name}</extra>",
            )  # fmt: skip
    for name, score in baselines.items():
        figure.add_hline(y=score, line={"color": GREY, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=1, xref="paper", y=score, text=plain(name, 24), showarrow=False, xanchor="right",
            yanchor="bottom", font={"size": 11, "color": GREY},
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    return figure


def parameters_by_sources(table: pd.DataFrame, single: str) -> go.Figure:
    """Draw how many numbers a network has, by strategy and number of sources.

    Args:
        table: `strategy`, `sources`, `parameters`, `times_single` (over those of one source).
        single: The strategy of one source, where every line begins.

    Source: Kim 2021, figure 2.15.
    """
    figure = blank("Trained numbers of a network", "learning sources", "millions of parameters", 420)
    first = table[table["strategy"] == single]
    for number, strategy in enumerate(name for name in dict.fromkeys(table["strategy"]) if name != single):
        rows = pd.concat([first, table[table["strategy"] == strategy]])
        figure.add_scatter(
            x=rows["sources"].to_numpy(),
            y=rows["parameters"].to_numpy(np.float64) / 1e6,
            mode="lines+markers",
            name=wrapped(str(strategy)),
            line={"color": hue(number), "width": 2},
            marker={"color": hue(number), "symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 8},
            customdata=rows["times_single"].to_numpy(np.float64),
            hovertemplate="%{x} sources: %{y:.2f} million, %{customdata:.2f} times one source"
            f"<extra>{plain(str(strategy))}</extra>",
        )
    figure.update_xaxes(dtick=1)
    figure.update_layout(hovermode="closest", yaxis={"rangemode": "tozero"})
    return figure


def interval_dots(table: pd.DataFrame, title: str, axis: str, zero: bool = False) -> go.Figure:
    """Draw estimates with their intervals, a dot a row, in the table's order from the top.

    Args:
        table: One row an estimate: `name`, `estimate`, `low`, `high`; NaN where no interval follows.
        title: What the figure shows, as a plain text (not from data).
        axis: What is estimated, with its unit.
        zero: Whether 0 means that there is no effect, and is marked.

    Source: Kim 2021, figures 2.11 and 2.12.
    """
    figure = blank(title, axis, height=120 + _ROW_PX * max(len(table), 1))
    whiskers = _whiskers(table, hue(0))
    figure.add_scatter(
        x=table["estimate"].to_numpy(np.float64),
        y=[plain(str(name), 40) for name in table["name"]],
        mode="markers",
        marker={"color": hue(0), "size": 9},
        error_x=whiskers,
        customdata=table[["low", "high"]].to_numpy(np.float64),
        hovertemplate="%{y}: %{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<extra></extra>",
        showlegend=False,
    )
    if zero:
        figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dot"})
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(hovermode="closest")
    return figure


def variance_heatmap(variances: pd.DataFrame) -> go.Figure:
    """Draw how much of the variance between runs each source accounts for, by task.

    Args:
        variances: One row a task and source: `task`, `source`, `percent` of all sources' variances together,
            NaN where not known.

    Source: Kim 2021, table 2.6.
    """
    tasks = list(dict.fromkeys(variances["task"]))
    sources = list(dict.fromkeys(variances["source"]))
    table = variances.pivot_table(index="source", columns="task", values="percent", dropna=False)
    values = table.reindex(index=sources, columns=tasks).to_numpy(np.float64)
    figure = blank("What each source accounts for", height=_FRAME_PX + _CELL_PX * len(sources))
    figure.add_heatmap(
        z=values,
        x=[plain(str(task), 24) for task in tasks],
        y=[plain(source, 24) for source in sources],
        zmin=0,
        zmax=100,
        colorscale=colour_scale(SEQUENTIAL),
        text=[["" if np.isnan(value) else f"{value:.0f}" for value in row] for row in values],
        texttemplate="%{text}",
        hoverongaps=False,
        hovertemplate="%{y}, %{x}: %{z:.1f} %<extra></extra>",
        colorbar={"thickness": 10, "outlinewidth": 0, "title": {"text": "%"}},
    )
    figure.update_xaxes(showgrid=False, side="top", title={"text": "target task"})
    figure.update_yaxes(showgrid=False, autorange="reversed", title={"text": "learning source"})
    figure.update_layout(
        title={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}}, margin={"t": 90}
    )
    return figure


def alone_and_among(points: pd.DataFrame, correlation: Mapping[str, float] | None = None) -> go.Figure:
    """Draw what each source accounts for among others over how well it does alone, a mark a source and task.

    Args:
        points: One row a source and task: `source`, `task`, `alone` (standardised score), `percent`.
        correlation: Pearson's `r`, with `low` and `high`, for the title; None where there is none.

    Source: Kim 2021, figure 2.14.
    """
    title = "" if correlation is None else ": r = {r:.2f} [{low:.2f}, {high:.2f}]".format(**correlation)
    figure = blank(
        f"Sources alone and among others{title}",
        "score of one source, standardised",
        "variance among several sources (%)",
        460,
    )
    for number, source in enumerate(dict.fromkeys(points["source"])):
        rows = points[points["source"] == source]
        figure.add_scatter(
            x=rows["alone"].to_numpy(np.float64),
            y=rows["percent"].to_numpy(np.float64),
            mode="markers",
            name=wrapped(source),
            marker={"color": hue(number), "symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 10},
            text=[plain(str(task), 40) for task in rows["task"]],
            hovertemplate=f"%{{text}}: alone %{{x:.2f}}, %{{y:.1f}} %<extra>{plain(source)}</extra>",
        )
    figure.update_layout(hovermode="closest", yaxis={"rangemode": "tozero"})
    return figure
