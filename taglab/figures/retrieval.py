"""Pictures of how well models rank: precision at k, beside what bounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from taglab.figures.theme import GREY, blank, hue, plain, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go


def precision_curves(table: pd.DataFrame, title: str) -> go.Figure:
    """Draw precision over k, a line a model, and the most it can be, dashed.

    Args:
        table: Columns `model`, `k`, `precision` and `ceiling` (the most it can be, the same for all models),
            in [0, 1].
        title: What is asked; may be text from data.
    """
    figure = blank(plain(title), "k, places looked at", "precision at k", height=340)
    for number, (model, rows) in enumerate(table.groupby("model", sort=False)):
        figure.add_scatter(
            x=rows["k"].to_numpy(),
            y=rows["precision"].to_numpy(),
            name=wrapped(str(model), 30),
            mode="lines+markers",
            line={"color": hue(number)},
            customdata=[plain(str(model))] * len(rows),
            hovertemplate="%{customdata}<br>k = %{x}: %{y:.3f}<extra></extra>",
        )
    most = table.drop_duplicates("k")
    figure.add_scatter(
        x=most["k"].to_numpy(),
        y=most["ceiling"].to_numpy(),
        name="the most it can be",
        mode="lines",
        line={"color": GREY, "dash": "dash"},
        hovertemplate="k = %{x}: at most %{y:.3f}<extra></extra>",
    )
    figure.update_yaxes(range=[0, 1.02])
    figure.update_xaxes(tickvals=most["k"].to_numpy())
    return figure
