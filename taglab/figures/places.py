"""A map of tracks with numbered places, of which it is told what lies there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import GREY, PALETTE, blank, hue, plain, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT = 520
_OTHER = "other"
_NOTE_CHARACTERS = 240


def places_map(points: pd.DataFrame, places: pd.DataFrame, title: str) -> go.Figure:
    """Draw tracks where a map has them, a colour a group, and a numbered disc at each place.

    Args:
        points: A row a track: `track`, `x`, `y`, `group` (the largest are told apart, the others are "other";
            empty where it is not known), `note`, shown where the mouse is.
        places: A row a place: `place` (its number), `x`, `y`, `note`, shown where the mouse is.
        title: What the figure shows; text from data must have passed through `plain`.

    Source: Kim 2021, figure 2.16.
    """
    figure = blank(title, height=_HEIGHT)
    largest = points.loc[points["group"] != "", "group"].value_counts().index[: len(PALETTE)]
    groups = points["group"].where(points["group"].isin(largest), _OTHER)
    for number, group in enumerate([*largest, _OTHER]):
        rows = points[groups == group]
        if len(rows):
            colour = hue(number) if number < len(largest) else GREY
            figure.add_scatter(
                x=rows["x"].to_numpy(np.float64), y=rows["y"].to_numpy(np.float64), mode="markers",
                name=wrapped(str(group)), marker={"size": 6, "color": colour, "opacity": 0.75},
                customdata=[[plain(str(track), 80), plain(str(note), _NOTE_CHARACTERS)]
                            for track, note in zip(rows["track"], rows["note"], strict=True)],
                hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
                showlegend=bool(len(largest)),
            )  # fmt: skip
    figure.add_scatter(
        x=places["x"].to_numpy(np.float64), y=places["y"].to_numpy(np.float64), mode="markers+text",
        text=[f"<b>{number}</b>" for number in places["place"]],
        textfont={"size": 14, "color": "#ffffff"},
        marker={"size": 24, "color": "#5f6368", "line": {"width": 1.5, "color": "#ffffff"}},
        customdata=[plain(str(note), _NOTE_CHARACTERS) for note in places["note"]],
        hovertemplate="place %{text}: %{customdata}<extra></extra>", showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(hovermode="closest", legend={"orientation": "h", "y": -0.02}, margin={"b": 60})
    return figure
