"""Curves under degradation, of spaces and of labels; and windows of songs by how loud the voice is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import (
    GREY,
    PALETTE,
    SEQUENTIAL_MARKS,
    blank,
    colour_scale,
    faint,
    hue,
    legend_px,
    plain,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT_PX = 420
_NAME_CHARACTERS = 40
_LEGEND_ROW_PX = 11  # two names a row
_DASHES = ("solid", "dash", "dot", "dashdot")
_MOST_TICKS = 12


def consistency_curves(
    table: pd.DataFrame, magnitudes: Sequence[float], unit: str, title: str, at: float
) -> go.Figure:
    """Draw the share of clips that stay nearest to their own original, by magnitude.

    Args:
        table: Columns `space`, `features` (empty of sound itself), `distance`, `magnitude`, `consistency`,
            `low`, `high`, of one degradation.
        magnitudes: All of its grid, ascending; they stand at equal steps.
        unit: Of the magnitudes.
        title: Of the degradation.
        at: The magnitude looked at, a line.

    Returns:
        A figure; features of one name share a hue, their distances differ in dashes.
    """
    places = {magnitude: place for place, magnitude in enumerate(magnitudes)}
    figure = blank("", height=_HEIGHT_PX)
    names = dict.fromkeys(name for name in table["features"] if name)
    hues = {name: hue(number) for number, name in enumerate(names)}
    for space, part in table.groupby("space", sort=False):
        features, distance = part["features"].iloc[0], part["distance"].iloc[0]
        alike = list(dict.fromkeys(table.loc[table["features"] == features, "distance"]))
        colour, dash = hues.get(features, GREY), _DASHES[alike.index(distance) % len(_DASHES)]
        _add_curve(figure, part.sort_values("magnitude"), str(space), colour, dash, places)
    figure.update_yaxes(title={"text": "nearest to its own original"}, tickformat=".0%", range=[-0.03, 1.03])
    _lay_out(figure, magnitudes, f"{title}, {unit}", at)
    return figure


def label_curves(
    table: pd.DataFrame, magnitudes: Sequence[float], unit: str, title: str, at: float
) -> go.Figure:
    """Draw the average precision of labels, by magnitude.

    Args:
        table: Columns `label`, `magnitude`, `average_precision`, `average_precision_low`,
            `average_precision_high`, of one degradation; the first label is grey, as their mean is.
        magnitudes: All of its grid, ascending; they stand at equal steps.
        unit: Of the magnitudes.
        title: Of the degradation.
        at: The magnitude looked at, a line.
    """
    places = {magnitude: place for place, magnitude in enumerate(magnitudes)}
    figure = blank("", height=_HEIGHT_PX)
    ends = {"average_precision_low": "low", "average_precision_high": "high"}
    renamed = table.rename(columns={"average_precision": "consistency", **ends})
    for number, (label, part) in enumerate(renamed.groupby("label", sort=False)):
        colour = hue(number - 1) if number else GREY
        dash = _DASHES[number // len(PALETTE) % len(_DASHES)]
        _add_curve(figure, part.sort_values("magnitude"), str(label), colour, dash, places)
    figure.update_yaxes(title={"text": "average precision"}, tickformat=".2f", range=[-0.03, 1.03])
    _lay_out(figure, magnitudes, f"{title}, {unit}", at)
    return figure


def _lay_out(figure: go.Figure, magnitudes: Sequence[float], title: str, at: float) -> None:
    """Let magnitudes stand at equal steps, that looked at marked, and names below."""
    step = -(-len(magnitudes) // _MOST_TICKS)
    shown = list(range(0, len(magnitudes), step))
    figure.update_xaxes(
        tickvals=shown, ticktext=[f"{magnitudes[place]:g}" for place in shown],
        title={"text": title}, range=[-0.5, len(magnitudes) - 0.5], zeroline=False,
    )  # fmt: skip
    if at in magnitudes:
        figure.add_vline(x=list(magnitudes).index(at), line={"color": GREY, "width": 1, "dash": "dot"})
    below = legend_px(figure, _LEGEND_ROW_PX)
    figure.update_layout(
        height=_HEIGHT_PX + below, margin={"l": 10, "r": 10, "t": 10, "b": 48 + below},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
    )  # fmt: skip


def _add_curve(
    figure: go.Figure, part: pd.DataFrame, name: str, colour: str, dash: str, places: dict[float, int]
) -> None:
    group = plain(name, len(name))
    x = [places[magnitude] for magnitude in part["magnitude"]]
    ends = np.concatenate([part["high"].to_numpy(float), part["low"].to_numpy(float)[::-1]])
    figure.add_scatter(
        x=[*x, *x[::-1]], y=ends, mode="lines", line={"width": 0}, fill="toself",
        fillcolor=faint(colour, 0.15), hoverinfo="skip", showlegend=False, legendgroup=group,
    )  # fmt: skip
    custom = [
        [f"{row['magnitude']:g}", f"{row['consistency']:.1%}", f"{row['low']:.1%} to {row['high']:.1%}"]
        for row in part.to_dict("records")
    ]
    figure.add_scatter(
        x=x, y=part["consistency"], mode="lines+markers", name=plain(name, _NAME_CHARACTERS),
        legendgroup=group,
        line={"color": colour, "dash": dash, "width": 2}, marker={"size": 7},
        customdata=custom,
        hovertemplate="<b>%{fullData.name}</b><br>at %{customdata[0]}: %{customdata[1]}"
        "<br>95 % interval %{customdata[2]}<extra></extra>",
    )  # fmt: skip


def voice_places(windows: pd.DataFrame) -> go.Figure:
    """Draw windows of songs where a map has them, by how loud the voice is, and beside it by song.

    Args:
        windows: A row each: `track`, `start_s`, `stem_dbfs` (of the voice, in dB below full scale), `x`, `y`.

    Source: Kim 2021, figure 4.14.
    """
    from plotly.subplots import make_subplots

    grid = make_subplots(rows=1, cols=2, subplot_titles=("by loudness of the voice", "by song"))
    songs, codes = np.unique(windows["track"].to_numpy(str), return_inverse=True)
    levels = windows["stem_dbfs"].to_numpy(np.float64)
    custom = [
        [plain(track, _NAME_CHARACTERS), f"{start:.1f}", f"{level:.1f}"]
        for track, start, level in zip(windows["track"], windows["start_s"], levels, strict=True)
    ]
    loudness = {
        "color": levels, "colorscale": colour_scale(SEQUENTIAL_MARKS), "showscale": True,
        "colorbar": {"title": {"text": "dBFS"}, "thickness": 12, "x": 0.44},
    }  # fmt: skip
    hues = [hue(number) for number in range(len(songs))]
    for column, marker in ((1, loudness), (2, {"color": [hues[code] for code in codes]})):
        grid.add_scatter(
            x=windows["x"].to_numpy(np.float64), y=windows["y"].to_numpy(np.float64), mode="markers",
            marker={"size": 6, "opacity": 0.8, **marker}, customdata=custom, showlegend=False,
            hovertemplate="<b>%{customdata[0]}</b>, from %{customdata[1]} s"
            "<br>voice %{customdata[2]} dBFS<extra></extra>",
            row=1, col=column,
        )  # fmt: skip
    grid.update_xaxes(visible=False)
    grid.update_yaxes(visible=False)
    grid.update_layout(blank("", height=_HEIGHT_PX).layout)
    grid.update_layout(hovermode="closest", margin={"l": 10, "r": 10, "t": 40, "b": 10})
    return grid
