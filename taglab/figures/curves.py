"""Precision-recall and ROC curves of one label, several models on one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import GREY, LEGEND_LINE_PX, blank, plain, wrapped
from taglab.reprs import one_line

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LEGEND_ROW_PX = 40


@dataclass(frozen=True, eq=False)
class DrawnPoint:
    """An operating point.

    Attributes:
        x: Recall, or false positive rate.
        y: Precision, or true positive rate.
        threshold: At which the decisions are made.
        meaning: What marks it, a few words of our own.
        symbol: Plotly's.
    """

    x: float
    y: float
    threshold: float
    meaning: str
    symbol: str = "circle"

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class DrawnCurve:
    """One model's curve.

    Attributes:
        name: The model's title, as in the data.
        colour: Of line and points.
        x: (points,), ascending.
        y: (points,).
        thresholds: (points,).
        shape: How points are joined, "vh" or "linear"; "points" where they are too few for a line.
        dashed: Whether it comes from counts at thresholds instead of from scores.
        legend_note: What follows the name in the legend, of our own: area and where it comes from.
        points: Operating points.
    """

    name: str
    colour: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    shape: Literal["vh", "linear", "points"]
    dashed: bool
    legend_note: str
    points: Sequence[DrawnPoint] = ()

    __repr__ = one_line


def pr_curves(
    curves: Sequence[DrawnCurve], label: str, prevalence: Sequence[float] = (), height: int = 480
) -> go.Figure:
    """Draw precision over recall.

    Args:
        curves: One a model.
        label: Whose, as in the data.
        prevalence: Share of positive tracks of each curve, at which chance lies; dotted lines.
        height: In pixels, without the legend.
    """
    title = f"Precision and recall of {plain(label)}"
    shares = sorted({round(value, 3) for value in prevalence if not np.isnan(value)})
    chance = [(0, share, 1, share) for share in shares]
    figure = _drawn(curves, title, "recall", "precision", chance, height)
    for number, share in enumerate(shares):
        figure.add_annotation(
            x=number * 0.22 % 0.88, y=share, text=f"chance {share:.3f}", showarrow=False, xanchor="left",
            yanchor="top", font={"size": 11, "color": GREY},
        )  # fmt: skip
    return figure


def roc_curves(curves: Sequence[DrawnCurve], label: str, height: int = 480) -> go.Figure:
    """Draw the true positive rate over the false positive rate.

    Args:
        curves: One a model.
        label: Whose, as in the data.
        height: In pixels, without the legend.
    """
    title = f"ROC of {plain(label)}"
    return _drawn(curves, title, "false positive rate", "true positive rate", [(0, 0, 1, 1)], height)


def _drawn(
    curves: Sequence[DrawnCurve],
    title: str,
    x: str,
    y: str,
    chance: Sequence[tuple[float, float, float, float]],
    height: int,
) -> go.Figure:
    # In one go: a slider draws this at every step, and each later update costs as much again.
    lines = [_line(curve, x, y) for curve in curves]
    legend = sum(_LEGEND_ROW_PX + LEGEND_LINE_PX * (line["name"].count("<br>") - 1) for line in lines)
    figure = blank(title, x, y, height + legend)
    figure.add_traces([*lines, *(_mark(curve, point, x, y) for curve in curves for point in curve.points)])
    dotted = {"type": "line", "line": {"dash": "dot", "width": 1.2, "color": GREY}}
    figure.update_layout(
        shapes=[{**dotted, "x0": x0, "y0": y0, "x1": x1, "y1": y1} for x0, y0, x1, y1 in chance],
        xaxis={"range": [-0.01, 1.01], "constrain": "domain"},
        yaxis={"range": [-0.01, 1.02]},
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0, "font": {"size": 12}},
        margin={"b": 60 + legend},
    )
    return figure


def _line(curve: DrawnCurve, x: str, y: str) -> dict[str, Any]:
    name = wrapped(curve.name)
    look: dict[str, Any] = {
        "mode": "lines",
        "line": {
            "color": curve.colour, "width": 2.2, "dash": "dash" if curve.dashed else "solid",
            "shape": curve.shape,
        },
    }  # fmt: skip
    if curve.shape == "points":
        marker = {"size": 9, "symbol": "x-thin-open", "color": curve.colour, "line": {"width": 2}}
        look = {"mode": "markers", "marker": marker}
    return {
        "type": "scatter",
        "x": curve.x,
        "y": curve.y,
        **look,
        "name": f"{name}<br>{curve.legend_note}",
        "legendgroup": wrapped(curve.name),
        "customdata": np.where(np.isfinite(curve.thresholds), curve.thresholds, 1.0),
        "hovertemplate": f"{x} %{{x:.3f}}, {y} %{{y:.3f}}<br>threshold %{{customdata:.3f}}"
        f"<extra>{name}</extra>",
    }


def _mark(curve: DrawnCurve, point: DrawnPoint, x: str, y: str) -> dict[str, Any]:
    edge = {"width": 1.5, "color": "#ffffff"}
    return {
        "type": "scatter",
        "x": [point.x],
        "y": [point.y],
        "mode": "markers",
        "marker": {"symbol": point.symbol, "size": 12, "color": curve.colour, "line": edge},
        "legendgroup": wrapped(curve.name),
        "showlegend": False,
        "hovertemplate": f"<b>{point.meaning}</b>, threshold {point.threshold:.3f}<br>{x} %{{x:.3f}}, "
        f"{y} %{{y:.3f}}<extra>{wrapped(curve.name)}</extra>",
    }
