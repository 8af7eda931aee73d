"""Ranked horizontal bars: the longest at the top, one bar a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import PALETTE, blank, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_PX = 21
_FRAME_PX = 100
_LABEL_CHARACTERS = 28
_TEXT_ROOM = 1.12


def ranked_bars(
    table: pd.DataFrame,
    label: str,
    value: str,
    title: str,
    axis_title: str,
    shown: Mapping[str, str] | None = None,
    value_format: str = ",",
) -> go.Figure:
    """Draw one bar a row, in the table's order from the top.

    Args:
        table: Has the columns named by `label` (text, shown as it is), `value`, and the keys of `shown`.
        label: Column of the text beside each bar; two rows may hold the same.
        value: Column of its length.
        title: What the figure shows; text from data must have passed through `plain`.
        axis_title: What the length is, with its unit.
        shown: Further columns for the hover: column to d3 format, such as ``{"share": ".1%"}``.
        value_format: d3 format of the number written at each bar.

    Returns:
        A figure whose height grows with the rows; each bar's `customdata` begins with the whole label.
    """
    further = dict(shown or {})
    rows = np.arange(len(table))
    names = [plain(text, _LABEL_CHARACTERS) for text in table[label]]
    whole = [plain(text, 150) for text in table[label]]
    hover = [f"<b>%{{customdata[0]}}</b><br>{axis_title}: %{{x:{value_format}}}"]
    hover += [
        f"{column}: %{{customdata[{at}]:{form}}}" for at, (column, form) in enumerate(further.items(), 1)
    ]
    custom = [list(row) for row in zip(whole, *(table[column] for column in further), strict=True)]
    figure = blank(title, axis_title, height=_FRAME_PX + _ROW_PX * max(len(table), 1))
    figure.add_bar(
        x=table[value].to_numpy(),
        y=rows,
        orientation="h",
        marker={"color": PALETTE[0]},
        customdata=custom,
        hovertemplate="<br>".join(hover) + "<extra></extra>",
        texttemplate=f"%{{x:{value_format}}}",
        textposition="outside",
        textangle=0,
        textfont={"size": 11},
        cliponaxis=False,
    )
    figure.update_layout(bargap=0.25, margin={"l": 10, "r": 45})
    ends = np.append(table[value].to_numpy(float), 0.0)
    figure.update_xaxes(range=[ends.min() * _TEXT_ROOM, (ends.max() or 1.0) * _TEXT_ROOM])
    figure.update_yaxes(
        tickmode="array",
        tickvals=rows,
        ticktext=names,
        range=[len(table) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure
