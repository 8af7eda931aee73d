"""Pictures of training: what fell and rose by epoch, several runs on one axis; and a sweep's outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from taglab.figures.theme import ACCENT, GREY, GRID, blank, hue, legend_px, plain, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT_PX = 280
_TITLE_PX = 40
_AXIS_PX = 60  # of the horizontal axis: its numbers, its name, and room before the legend
_LEGEND_ROW_PX = 19
_NAMES_IN_A_ROW = 2
_MARKERS_UP_TO = 60
_FAINT = 0.5
_MOST_TICKS = 10


@dataclass(frozen=True)
class Panel:
    """One axis of the training curves.

    Attributes:
        title: What it shows.
        axis: Name and unit of the vertical axis.
        lines: Column of the history → what it is called and how its line is dashed.
        share: Whether the values lie in [0, 1].
        log: Whether the axis is logarithmic.
        judged: Whether it says how good an epoch is, so that the best is marked.
        step: Column of the steps drawn faintly behind, or "".
        folded: Whether it is folded away at first.
        by_line: Whether, of one run, lines are told apart by colours.
    """

    title: str
    axis: str
    lines: Mapping[str, tuple[str, str]]
    share: bool = False
    log: bool = False
    judged: bool = True
    step: str = ""
    folded: bool = False
    by_line: bool = False


def training_curves(
    history: pd.DataFrame,
    panel: Panel,
    steps: pd.DataFrame | None = None,
    best: Mapping[str, int] | None = None,
    colours: Mapping[str, str] | None = None,
    unit: str = "epoch",
) -> go.Figure:
    """Draw one panel of the training curves, a colour a run.

    Args:
        history: One row an epoch and run: `run` (text), `epoch` (from 1), and the columns of `panel.lines`
            as far as they were kept; NaN leaves a gap.
        panel: What to draw.
        steps: Rows within epochs: `run`, `at` (in epochs; 0.5 is the middle of the first), and the column
            `panel.step`. Drawn faintly behind, so that something is seen before the first epoch is over.
        best: Epoch of each run's best checkpoint, marked with a ring on the first line.
        colours: Colour of each run; in the order they come where None.
        unit: What a row of the history is of.

    Returns:
        A figure; `customdata` of a line's points is the run.
    """
    runs = list(dict.fromkeys([*history["run"], *(steps["run"] if steps is not None else ())]))
    # One run needs no telling apart, and the first hue is faint as a thin line on a dark page.
    colour_of = colours or {run: hue(at) if len(runs) > 1 else ACCENT for at, run in enumerate(runs)}
    figure = blank(panel.title, unit, panel.axis, _HEIGHT_PX)
    if steps is not None and panel.step in steps:
        for run, rows in steps.groupby("run", sort=False):
            _add_steps(figure, rows, panel, colour_of[str(run)])
    for run, rows in history.groupby("run", sort=False):
        colour = colour_of[str(run)]
        for at, (column, (name, dash)) in enumerate(panel.lines.items()):
            if column in rows and rows[column].notna().any():
                own = hue(at) if panel.by_line and len(runs) == 1 else colour
                look = {"color": own, "dash": dash, "width": 2}
                _add_line(figure, rows, column, _legend(str(run), name, len(runs)), look, unit)
                if at == 0 and panel.judged and best and str(run) in best:
                    _mark_best(figure, rows, column, best[str(run)], colour, unit)
    _finish(figure, panel, runs)
    return figure


def _legend(run: str, line: str, runs: int) -> str:
    if runs == 1:
        return line
    return wrapped(f"{run}, {line}" if line else run)


def _add_line(
    figure: go.Figure, rows: pd.DataFrame, column: str, name: str, look: Mapping[str, Any], unit: str
) -> None:
    few = len(rows) <= _MARKERS_UP_TO
    run = plain(str(rows["run"].iloc[0]), 80)
    figure.add_scatter(
        x=rows["epoch"].to_numpy(),
        y=rows[column].to_numpy(float),
        mode="lines+markers" if few else "lines",
        line=look,
        marker={"size": 5},
        name=name,
        showlegend=bool(name),
        customdata=[[run]] * len(rows),
        hovertemplate=f"<b>{run}</b><br>{unit} %{{x}}: %{{y:.4g}}<extra>{name}</extra>",
    )


def _add_steps(figure: go.Figure, rows: pd.DataFrame, panel: Panel, colour: str) -> None:
    figure.add_scatter(
        x=rows["at"].to_numpy(float),
        y=rows[panel.step].to_numpy(float),
        mode="lines",
        line={"color": colour, "width": 1},
        opacity=_FAINT,
        name="each step",
        showlegend=False,
        hovertemplate=f"step: %{{y:.4g}}<extra>{plain(str(rows['run'].iloc[0]), 40)}</extra>",
    )


def _mark_best(
    figure: go.Figure, rows: pd.DataFrame, column: str, epoch: int, colour: str, unit: str
) -> None:
    best = rows[rows["epoch"] == epoch]
    if best.empty:
        return
    figure.add_scatter(
        x=best["epoch"].to_numpy(),
        y=best[column].to_numpy(float),
        mode="markers",
        marker={"size": 13, "symbol": "circle-open", "color": colour, "line": {"width": 2}},
        name="best",
        showlegend=False,
        hovertemplate=f"best checkpoint, {unit} %{{x}}: %{{y:.4g}}<extra></extra>",
    )


def _finish(figure: go.Figure, panel: Panel, runs: Sequence[str]) -> None:
    shown = sum(trace.showlegend is not False for trace in figure.data)
    below = legend_px(figure, _LEGEND_ROW_PX)
    legend: dict[str, Any] = {"orientation": "v"}
    if len(runs) == 1:
        # Names in columns of one width: how many rows they take is known, and the plot is not squeezed.
        below = _LEGEND_ROW_PX * math.ceil(shown / _NAMES_IN_A_ROW)
        width = {"entrywidth": 0.98 / _NAMES_IN_A_ROW, "entrywidthmode": "fraction"}
        legend = {"orientation": "h", **(width if shown > _NAMES_IN_A_ROW else {})}
    height = _HEIGHT_PX - _TITLE_PX - _AXIS_PX
    figure.update_layout(
        height=_HEIGHT_PX + below,
        # Zoom and hidden lines stay while the same runs go on.
        uirevision=f"{panel.title} {' '.join(runs)}",
        legend={**legend, "y": -_AXIS_PX / height, "yanchor": "top", "x": 0},
        showlegend=shown > 0,
        margin={"l": 50, "r": 12, "t": _TITLE_PX, "b": _AXIS_PX + below},
    )
    figure.update_xaxes(
        rangemode="tozero", **({} if _last(figure) > _MOST_TICKS else {"tick0": 0, "dtick": 1})
    )
    if panel.log:
        figure.update_yaxes(type="log", exponentformat="power")
    elif panel.share:
        figure.update_yaxes(range=None if len(figure.data) else [0, 1])
    else:
        figure.update_yaxes(rangemode="tozero")


def _last(figure: go.Figure) -> float:
    return max((float(np.max(trace.x)) for trace in figure.data if len(trace.x)), default=0.0)


def sweep_curves(table: pd.DataFrame, field: str, measures: Mapping[str, str], by: str = "") -> go.Figure:
    """Draw how measures of a sweep's runs depend on one of its fields.

    Numbers stand at their places on the axis, anything else side by side in the table's order. Where several
    runs share a value (other fields vary too), the line goes through their mean and each is a dot.

    Args:
        table: One row a run: `run`, the column `field`, those of `measures`; NaN for runs without figures.
        field: What was varied.
        measures: Column → what it is called.
        by: A second column that was varied; a colour each. Empty: a colour each measure.

    Returns:
        A figure; `customdata` of the dots is the run.
    """
    shown = table.dropna(subset=list(measures), how="all")
    figure = blank(f"By {plain(field, 60)}", plain(field, 60), "validation, best epoch", 380)
    numeric = pd.api.types.is_numeric_dtype(shown[field]) and not pd.api.types.is_bool_dtype(shown[field])
    places = shown[field] if numeric else shown[field].astype(str)
    groups = [("", np.ones(len(shown), bool))]
    if by:
        groups = [(str(value), (shown[by] == value).to_numpy()) for value in shown[by].drop_duplicates()]
    dashes = ("solid", "dot", "dash", "longdash")
    for row, (group, held) in enumerate(groups):
        for column, (measure, title) in enumerate(measures.items()):
            colour = hue(row if by else column)
            name = ", ".join(filter(None, (plain(group, 30), title)))
            values = shown[measure].to_numpy(float)[held]
            at = places[held]
            mean = pd.Series(values, index=at.to_numpy()).groupby(level=0, sort=numeric).mean()
            keys = [plain(str(key), 40) for key in mean.index] if not numeric else mean.index.to_numpy()
            figure.add_scatter(
                x=keys, y=mean.to_numpy(), mode="lines", name=name, legendgroup=name, hoverinfo="skip",
                line={"color": colour, "dash": dashes[column % len(dashes)]},
            )  # fmt: skip
            figure.add_scatter(
                x=at.to_numpy() if numeric else [plain(str(value), 40) for value in at],
                y=values,
                mode="markers",
                marker={"color": colour, "size": 8},
                customdata=[[plain(str(run), 80)] for run in shown["run"].to_numpy()[held]],
                hovertemplate=f"<b>%{{customdata[0]}}</b><br>{title}: %{{y:.4f}}<extra></extra>",
                name=name,
                legendgroup=name,
                showlegend=False,
            )
    figure.update_layout(legend={"orientation": "h", "y": -0.22, "yanchor": "top"}, hovermode="closest")
    if shown.empty:
        middle = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
        sentence = "no run of this sweep has figures yet"
        figure.add_annotation(text=sentence, showarrow=False, font={"color": GREY}, **middle)
    figure.update_xaxes(gridcolor=GRID)
    return figure
