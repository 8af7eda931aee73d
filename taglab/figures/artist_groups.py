"""Pictures of learning from groups of artists: scores by number of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import blank, hue

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SYMBOLS = ("circle", "square", "diamond")
_DASHES = ("solid", "dash", "dot")
_PANELS = (("log_loss", "log-loss (nats), lower is better"), ("f1", "macro F1, higher is better"))
_HEIGHT = 380


def figures_by_number(means: pd.DataFrame, title: str = "Mean figures by number of tasks") -> go.Figure:
    """Draw mean log-loss and mean F1 over the number of tasks, a line an architecture.

    Args:
        means: `n`, `architecture`, `rows` (how many combinations a mean is of), `log_loss`, `f1`.
        title: What the figure shows; text from data must have passed through `plain`.

    Source: Kim 2021, figure 3.3.
    """
    figure = blank(title, "tasks", _PANELS[0][1], _HEIGHT)
    second = {**figure.layout.yaxis.to_plotly_json(), "title": {"text": _PANELS[1][1]}, "anchor": "x2"}
    figure.update_layout(
        xaxis={"domain": [0, 0.44], "dtick": 1, "showgrid": False},
        xaxis2={
            **figure.layout.xaxis.to_plotly_json(),
            "domain": [0.56, 1],
            "dtick": 1,
            "showgrid": False,
            "anchor": "y2",
        },
        yaxis2=second,
        legend={"orientation": "h", "y": -0.2},
        margin={"b": 90},
    )
    for panel, (measure, about) in enumerate(_PANELS, 1):
        for number, architecture in enumerate(dict.fromkeys(means["architecture"])):
            rows = means[means["architecture"] == architecture].sort_values("n")
            figure.add_scatter(
                x=rows["n"].to_numpy(),
                y=rows[measure].to_numpy(np.float64),
                mode="lines+markers",
                name=str(architecture),
                legendgroup=str(architecture),
                showlegend=panel == 1,
                line={"color": hue(number), "dash": _DASHES[number % len(_DASHES)], "width": 2},
                marker={"color": hue(number), "symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 8},
                customdata=rows[["rows"]].to_numpy(),
                hovertemplate=f"{architecture}, %{{x}} tasks: %{{y:.4f}} ({about.partition(',')[0]}), "
                "mean of %{customdata[0]}<extra></extra>",
                xaxis="x" if panel == 1 else "x2",
                yaxis="y" if panel == 1 else "y2",
            )
    return figure
