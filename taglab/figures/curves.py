"""Precision-recall and ROC curves of one label, several models on one pair of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import GREY, blank, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_LINE_WIDTH = 2.2


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
        said: What follows the name in the legend, of our own: area and where it comes from.
        points: Operating points.
    """

    name: str
    colour: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    shape: Literal["vh", "linear", "points"]
    dashed: bool
    said: str
    points: Sequence[DrawnPoint] = ()


def pr_curves(
    curves: Sequence[DrawnCurve], label: str, prevalence: Sequence[float] = (), height: int = 480
) -> go.Figure:
    """Draw precision over recall.

    Args:
        curves: One a model.
        label: Whose, as in the data.
        prevalence: Share of positive tracks of each curve, at which chance lies; dotted lines.
        height: In pixels.
    """
    figure = _drawn(curves, f"Precision and recall of {plain(label)}", "recall", "precision", height)
    for share in sorted({round(value, 6) for value in prevalence if not np.isnan(value)}):
        figure.add_shape(
            type="line", x0=0, x1=1, y0=share, y1=share, line={"dash": "dot", "width": 1.2, "color": GREY}
        )
        figure.add_annotation(
            x=0, y=share, text=f"chance {share:.3f}", showarrow=False, xanchor="left", yanchor="bottom",
            font={"size": 11, "color": GREY},
        )  # fmt: skip
    return figure


def roc_curves(curves: Sequence[DrawnCurve], label: str, height: int = 480) -> go.Figure:
    """Draw the true positive rate over the false positive rate.

    Args:
        curves: One a model.
        label: Whose, as in the data.
        height: In pixels.
    """
    title = f"ROC of {plain(label)}"
    figure = _drawn(curves, title, "false positive rate", "true positive rate", height)
    figure.add_shape(type="line", x0=0, x1=1, y0=0, y1=1, line={"dash": "dot", "width": 1.2, "color": GREY})
    return figure


def _drawn(curves: Sequence[DrawnCurve], title: str, x: str, y: str, height: int) -> go.Figure:
    figure = blank(title, x, y, height + 22 * len(curves))
    for curve in curves:
        _add_curve(figure, curve, x, y)
    for curve in curves:
        _add_points(figure, curve, x, y)
    figure.update_xaxes(range=[-0.01, 1.01], constrain="domain")
    figure.update_yaxes(range=[-0.01, 1.02])
    figure.update_layout(
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0, "font": {"size": 12}},
        margin={"b": 60 + 22 * len(curves)},
    )
    return figure


def _add_curve(figure: go.Figure, curve: DrawnCurve, x: str, y: str) -> None:
    few = curve.shape == "points"
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        mode="markers" if few else "lines",
        marker={"size": 9, "symbol": "x-thin-open", "color": curve.colour, "line": {"width": 2}},
        line=None
        if few
        else {
            "color": curve.colour,
            "width": _LINE_WIDTH,
            "dash": "dash" if curve.dashed else "solid",
            "shape": curve.shape,
        },
        name=f"{plain(curve.name, 40)}: {curve.said}",
        legendgroup=curve.name,
        customdata=np.where(np.isfinite(curve.thresholds), curve.thresholds, 1.0),
        hovertemplate=f"{x} %{{x:.3f}}, {y} %{{y:.3f}}<br>threshold %{{customdata:.3f}}"
        f"<extra>{plain(curve.name, 40)}</extra>",
    )


def _add_points(figure: go.Figure, curve: DrawnCurve, x: str, y: str) -> None:
    for point in curve.points:
        figure.add_scatter(
            x=[point.x],
            y=[point.y],
            mode="markers",
            marker={
                "symbol": point.symbol, "size": 12, "color": curve.colour,
                "line": {"width": 1.5, "color": "#ffffff"},
            },
            legendgroup=curve.name,
            showlegend=False,
            hovertemplate=f"<b>{point.meaning}</b>, threshold {point.threshold:.3f}<br>{x} %{{x:.3f}}, "
            f"{y} %{{y:.3f}}<extra>{plain(curve.name, 40)}</extra>",
        )  # fmt: skip
