"""Pictures of how good word vectors are: figures by set, and people's scores against cosines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.theme import GREY, PALETTE, blank, hue, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_PX = 24
_GAP_PX = 8
_TEXT_ROOM = 0.55  # of what the bars may take
_FRAME_PX = 190
_NAME_CHARACTERS = 30
_NOTHING = "too few known"


def quality_bars(table: pd.DataFrame, title: str, of: str, measure: str) -> go.Figure:
    """Draw one bar a set (or section) and embedding, with its 95 % interval and how much it rests on.

    Args:
        table: Columns `vectors`, the one named by `of`, `value` (NaN where nothing can be said), `low`,
            `high`, `asked`, `covered`, `coverage`.
        title: What the figure shows; text from data must have passed through `plain`.
        of: Column with the name beside each group of bars.
        measure: What the length is.

    Returns:
        A figure in which a bar is the paler the less of its set is covered.
    """
    groups = list(dict.fromkeys(table[of]))
    embeddings = list(dict.fromkeys(table["vectors"]))
    gap = 0.2 if len(groups) * len(embeddings) > 3 else 0.5
    height = _FRAME_PX + len(groups) * (_ROW_PX * len(embeddings) + _GAP_PX)
    figure = blank(title, measure, height=height)
    for number, vectors in enumerate(embeddings):
        part = table[table["vectors"] == vectors]
        texts = _texts(part)
        rows = np.array([groups.index(name) for name in part[of]])
        _add_bars(figure, part, part[of].astype(str).tolist(), texts, rows, number)
        beside = rows + _offset(number, len(embeddings), gap)
        figure.add_scatter(
            x=np.nan_to_num(np.fmax(part["high"], part["value"])).clip(0), y=beside, mode="text",
            text=[f" {line}" for line in texts], textposition="middle right", textfont={"size": 11},
            cliponaxis=False, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    several = len(embeddings) > 1
    figure.update_layout(
        barmode="group",
        bargap=gap,
        margin={"l": 10, "r": 20, "t": 76 if several else 48},
        showlegend=several,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )
    lowest = float(np.nanmin([0.0, *table["low"], *table["value"]]))
    figure.update_xaxes(
        range=[lowest * 1.05, 1 + _TEXT_ROOM * (1 - lowest)],
        tickvals=np.arange(-1, 1.01, 0.25),
        tickformat=".2~f",
    )
    figure.update_yaxes(
        tickvals=np.arange(len(groups)),
        ticktext=[plain(str(name), _NAME_CHARACTERS) for name in groups],
        range=[len(groups) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    return figure


def _texts(part: pd.DataFrame) -> list[str]:
    """Return what stands beside the bars of an embedding."""
    return [
        f"{_NOTHING} ({covered:,} of {asked:,})"
        if np.isnan(value)
        else f"{value:.2f} · {_percent(covered, asked)} known"
        for value, covered, asked in zip(
            part["value"].astype(float), part["covered"], part["asked"], strict=True
        )
    ]


def _add_bars(
    figure: go.Figure,
    part: pd.DataFrame,
    names: list[str],
    texts: list[str],
    rows: npt.NDArray[np.integer],
    number: int,
) -> None:
    """Draw the bars of an embedding, the `number`-th, with their intervals."""
    value = part["value"].to_numpy(float)
    vectors = str(part["vectors"].iloc[0])
    figure.add_bar(
        x=np.nan_to_num(value), y=rows, orientation="h", name=plain(vectors, _NAME_CHARACTERS),
        marker={"color": hue(number), "opacity": (0.3 + 0.7 * part["coverage"]).to_numpy()},
        error_x={
            "type": "data", "symmetric": False, "thickness": 1, "width": 3, "color": GREY,
            "array": (part["high"] - value).to_numpy(), "arrayminus": (value - part["low"]).to_numpy(),
        },
        text=texts,
        customdata=[
            [plain(name, 100), plain(vectors, 60), line, _interval(low, high), covered, asked]
            for name, line, low, high, covered, asked in zip(
                names, texts, part["low"], part["high"], part["covered"], part["asked"], strict=True
            )
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}: %{customdata[2]}<br>"
        "95 % interval %{customdata[3]}<br>%{customdata[4]:,} of %{customdata[5]:,}<extra></extra>",
        textposition="none",
    )  # fmt: skip


def score_scatter(tables: Sequence[tuple[str, pd.DataFrame]], title: str, named: int = 5) -> go.Figure:
    """Draw people's score of each pair against the cosine of its vectors.

    Args:
        tables: Per embedding its name and a table with columns `a`, `b`, `score`, `similarity` (cosine; pairs
            without are not drawn), those furthest from people's order first.
        title: What the figure shows; text from data must have passed through `plain`.
        named: How many of the first of each are named on the figure; the others say theirs when pointed at.
    """
    figure = blank(title, "people's score (the set's own scale)", "cosine similarity", 460)
    scores = [score for _, whole in tables for score in whole.loc[whole["similarity"].notna(), "score"]]
    middle = (min(scores, default=0.0) + max(scores, default=0.0)) / 2
    for number, (vectors, whole) in enumerate(tables):
        table = whole[whole["similarity"].notna()]
        names = [
            f"{plain(str(a), 25)} – {plain(str(b), 25)}" for a, b in zip(table["a"], table["b"], strict=True)
        ]
        colour = PALETTE[number % len(PALETTE)]
        for rows, mode, label in (
            (slice(0, named), "markers+text", True),
            (slice(named, None), "markers", False),
        ):
            figure.add_scatter(
                x=table["score"].to_numpy()[rows],
                y=table["similarity"].to_numpy()[rows],
                mode=mode,
                marker={"color": colour, "size": 9 if label else 6, "opacity": 0.9 if label else 0.45},
                text=names[rows],
                textposition=np.where(table["score"] > middle, "middle left", "middle right")[rows],
                textfont={"size": 10},
                name=plain(vectors, 30),
                legendgroup=str(number),
                showlegend=not label and len(tables) > 1,
                hovertemplate="<b>%{text}</b><br>people %{x:.3~g}<br>cosine %{y:.3f}<extra></extra>",
            )
    figure.update_layout(
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    )
    return figure


def _percent(part: int, whole: int) -> str:
    share = part / max(whole, 1)
    if 0 < share < 0.01:
        return "under 1 %"
    return f"{share:.0%}".replace("%", " %") if share < 0.995 or part == whole else "99 %"


def _interval(low: float, high: float) -> str:
    return "unknown" if np.isnan(low) or np.isnan(high) else f"{low:.2f} to {high:.2f}"


def _offset(number: int, of: int, gap: float) -> float:
    """Return where a bar of a group lies from the group's middle, in groups."""
    return (number - (of - 1) / 2) * (1 - gap) / of
