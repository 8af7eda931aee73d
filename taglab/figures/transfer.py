"""What features are worth on tasks: a dot with its interval for each, baselines as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import GREY, blank, hue, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_PX, _FRAME_PX, _GAP_PX = 30, 90, 88
_NAME_CHARACTERS = 24
_DASHES = ("dash", "dot", "dashdot", "longdash")
_IN_A_ROW = 3


def score_dots(table: pd.DataFrame) -> go.Figure:
    """Draw a panel for each task, with the features below one another, three panels in a row at most.

    Args:
        table: Columns `asks`, `measure`, `features`, `baseline`, `mean`, `low`, `high` (NaN where no interval
            is known), one row for each task and features. A baseline's mean is a line through its panel, too.

    Returns:
        A figure whose height grows with features and rows of panels; `customdata` of a dot begins with what
        is asked and the features.
    """
    from plotly.subplots import make_subplots

    tasks = list(dict.fromkeys(table["asks"]))
    names = list(dict.fromkeys(table["features"]))
    columns = min(len(tasks), _IN_A_ROW)
    n_rows = -(-len(tasks) // columns)
    inner = _ROW_PX * max(len(names), 2)
    height = _FRAME_PX + n_rows * inner + (n_rows - 1) * _GAP_PX
    spacing = _GAP_PX / (height - _FRAME_PX) if n_rows > 1 else 0.0
    panels = make_subplots(
        n_rows, columns, shared_yaxes=True, horizontal_spacing=0.04, vertical_spacing=spacing,
        subplot_titles=[plain(task, 28) for task in tasks],
    )  # fmt: skip
    figure = blank("", height=height)
    panels.update_layout(figure.layout)
    panels.update_annotations(font={"size": 13})
    for number, task in enumerate(tasks):
        at = {"row": number // columns + 1, "col": number % columns + 1}
        _add_panel(panels, table[table["asks"] == task], names, at)
    panels.update_yaxes(
        tickvals=np.arange(len(names)), ticktext=[plain(name, _NAME_CHARACTERS) for name in names],
        range=[len(names) - 0.5, -0.5], showgrid=False, zeroline=False, automargin=True,
    )  # fmt: skip
    panels.update_layout(margin={"l": 10, "r": 20, "t": 42, "b": 46}, showlegend=False, title=None)
    return panels


def _add_panel(figure: go.Figure, part: pd.DataFrame, names: list[str], at: dict[str, int]) -> None:
    """Draw one task: lines of the baselines, then a dot for each of the features."""
    places = [names.index(name) for name in part["features"]]
    means = part["mean"].to_numpy(float)
    custom = [
        [plain(str(row["asks"]), 60), plain(str(row["features"]), 60), f"{row['measure']} {row['mean']:.3f}",
         _interval(row["low"], row["high"])]
        for row in part.to_dict("records")
    ]  # fmt: skip
    figure.add_scatter(
        x=means, y=places, mode="markers",
        marker={
            "size": 10, "color": [hue(place) for place in places],
            "symbol": np.where(part["baseline"], "circle-open", "circle"), "line": {"width": 2},
        },
        error_x={
            "type": "data", "symmetric": False, "array": np.nan_to_num(part["high"] - means),
            "arrayminus": np.nan_to_num(means - part["low"]), "thickness": 1.5, "width": 4, "color": GREY,
        },
        customdata=custom,
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[0]}: %{customdata[2]}"
        "<br>95 % interval %{customdata[3]}<extra></extra>",
        **at,
    )  # fmt: skip
    for number, value in enumerate(means[part["baseline"].to_numpy(bool)]):
        dash = _DASHES[number % len(_DASHES)]
        figure.add_vline(x=value, line={"color": GREY, "width": 1.5, "dash": dash}, layer="below", **at)
    figure.update_xaxes(title={"text": str(part["measure"].iloc[0])}, nticks=5, **at)


def _interval(low: float, high: float) -> str:
    return "unknown" if np.isnan(low) or np.isnan(high) else f"{low:.3f} to {high:.3f}"
