"""Pictures of what a tagger says of one track as it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import blank, hue, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_LABELS = 8
"""As many hues as can be told apart."""


def score_course(
    starts_s: npt.ArrayLike, window_s: float, scores: npt.ArrayLike, labels: Sequence[str]
) -> go.Figure:
    """Draw the scores of labels over the time of a track, a point a window, in its middle.

    Args:
        starts_s: Where each window begins, in seconds (windows,), rising.
        window_s: Length of a window, in seconds.
        scores: Probabilities (windows, labels).
        labels: Names, at most `MOST_LABELS`.

    Returns:
        A figure; `customdata` of a point are beginning and end of its window.
    """
    starts, values = np.asarray(starts_s, np.float64), np.asarray(scores, np.float64)
    if values.shape != (len(starts), len(labels)) or len(labels) > MOST_LABELS:
        raise ValueError(f"scores {values.shape} must be (windows, labels), at most {MOST_LABELS} labels")
    figure = blank("Scores over time", "middle of the window (s)", "score", 340)
    for at, label in enumerate(labels):
        figure.add_scatter(
            x=starts + window_s / 2,
            y=values[:, at],
            name=plain(label, 30),
            mode="lines+markers",
            line={"color": hue(at), "width": 2},
            customdata=np.column_stack([starts, starts + window_s]),
            hovertemplate="%{y:.3f} from %{customdata[0]:.1f} to %{customdata[1]:.1f} s",
        )
    figure.update_yaxes(range=[0, 1.02])
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.25})
    return figure
