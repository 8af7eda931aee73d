"""Explanations beside what they explain: signed bars of tags, and how true explanations are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from taglab.figures.theme import DIVERGING, GREY, GRID, blank, faint, hue, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_PX, _FRAME_PX = 24, 90
_PANE_PX = 210
_SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star", "hexagon")
_NAME_CHARACTERS, _TITLE_CHARACTERS = 32, 16
_TITLE_PX = 12


def signed_bars(table: pd.DataFrame, weight: str, truth: str = "") -> go.Figure:
    """Draw what tags count as signed bars, and beside them what leaving the tag out does.

    Args:
        table: `tag`, `weight`, `truth` (NaN where a tag is not there), a row a tag, in their order.
        weight: What the bars are, for the axis.
        truth: What the marks are, for the legend; none are drawn where empty.

    Returns:
        A figure; bars to the right speak for the item.
    """
    figure = blank("", x=weight, height=_ROW_PX * len(table) + _FRAME_PX)
    names = [plain(name, _NAME_CHARACTERS) for name in table["tag"]]
    places = np.arange(len(table))
    colours = [DIVERGING[-1] if value >= 0 else DIVERGING[0] for value in table["weight"]]
    figure.add_bar(
        y=places, x=table["weight"], orientation="h", marker={"color": colours}, name=plain(weight),
        customdata=names, hovertemplate="<b>%{customdata}</b><br>%{x:.4f}<extra></extra>",
    )  # fmt: skip
    if truth:
        figure.add_scatter(
            y=places, x=table["truth"], mode="markers", name=plain(truth, 60),
            marker={"symbol": "line-ns", "size": 17, "line": {"width": 3, "color": GREY}},
            customdata=names,
            hovertemplate=f"<b>%{{customdata}}</b><br>{plain(truth)}: %{{x:.4f}}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", zeroline=False)
    figure.update_xaxes(zeroline=True, zerolinewidth=1, zerolinecolor=GREY)
    figure.update_layout(
        showlegend=bool(truth), margin={"l": 10, "r": 10, "t": 36, "b": 40},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "yref": "paper"},
    )  # fmt: skip
    return figure


def fidelity_by_omega(table: pd.DataFrame) -> go.Figure:
    """Draw mean τ_AP,a by the number of tags, a pane a group, a curve an explainer.

    Args:
        table: `group`, `explainer`, `omega`, `tau`, a row a user.

    Returns:
        A figure with 95 % intervals over users.
    """
    figure, places = _panes(table, "tags that count, ω", "mean τ_AP,a")
    for number, explainer in enumerate(dict.fromkeys(table["explainer"])):
        for group, (row, column) in places.items():
            part = table[(table["group"] == group) & (table["explainer"] == explainer)]
            means = part.groupby("omega")["tau"].agg(["mean", "sem"]).reset_index()
            figure.add_scatter(
                x=means["omega"], y=means["mean"], error_y={"array": 1.96 * means["sem"].fillna(0)},
                mode="lines+markers", name=plain(explainer), legendgroup=explainer, row=row, col=column,
                showlegend=(row, column) == (1, 1), line={"color": hue(number), "width": 2},
                marker={"symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 8},
                hovertemplate=f"<b>{plain(explainer)}</b>, {plain(str(group))}<br>ω = %{{x}}: %{{y:.3f}}"
                "<extra></extra>",
            )  # fmt: skip
    omegas = sorted(table["omega"].unique())
    figure.update_xaxes(type="log", tickvals=omegas, ticktext=[f"{omega}" for omega in omegas])
    return figure


def fidelity_by_mainstreaminess(table: pd.DataFrame) -> go.Figure:
    """Draw every user's mean τ_AP,a by how mainstream the user is, with the line of least squares.

    Args:
        table: `group`, `user`, `explainer`, `tau`, `mainstreaminess`, a row a user and number of tags.

    Returns:
        A figure, a pane a group.
    """
    keys = ["group", "explainer", "user", "mainstreaminess"]
    means = table.groupby(keys)["tau"].mean().reset_index()
    figure, places = _panes(table, "mainstreaminess", "mean τ_AP,a")
    for number, explainer in enumerate(dict.fromkeys(table["explainer"])):
        for group, (row, column) in places.items():
            part = means[(means["group"] == group) & (means["explainer"] == explainer)]
            m, tau = part["mainstreaminess"].to_numpy(), part["tau"].to_numpy()
            shared = {"legendgroup": explainer, "row": row, "col": column, "name": plain(explainer)}
            figure.add_scatter(
                x=m, y=tau, mode="markers", showlegend=(row, column) == (1, 1), customdata=part["user"],
                marker={
                    "color": faint(hue(number), 0.6), "size": 6, "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                },
                hovertemplate="user %{customdata}<br>mainstreaminess %{x:.3f}<br>τ %{y:.3f}<extra></extra>",
                **shared,
            )  # fmt: skip
            if np.ptp(m) > 0:
                slope, level = np.polyfit(m, tau, 1)
                ends = np.array([m.min(), m.max()])
                figure.add_scatter(
                    x=ends, y=level + slope * ends, mode="lines", showlegend=False, hoverinfo="skip",
                    line={"color": hue(number), "width": 2}, **shared,
                )  # fmt: skip
    return figure


def accuracy_bars(table: pd.DataFrame) -> go.Figure:
    """Draw nDCG and diversity of recommenders, a colour a data set.

    Args:
        table: `data`, `recommender`, `h`, `ndcg`, `ndcg_low`, `ndcg_high`, `diversity`.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.08)
    _as_blank(figure, 460)
    for number, (data, part) in enumerate(table.groupby("data", sort=False)):
        names = [
            plain(f"{name} {h}" if h else str(name))
            for name, h in zip(part["recommender"], part["h"], strict=True)
        ]
        errors = {
            "array": part["ndcg_high"] - part["ndcg"], "arrayminus": part["ndcg"] - part["ndcg_low"],
        }  # fmt: skip
        shared = {
            "x": names,
            "name": plain(str(data)),
            "legendgroup": str(data),
            "marker": {"color": hue(number)},
        }
        figure.add_bar(y=part["ndcg"], error_y=errors, row=1, col=1, **shared)
        figure.add_bar(y=part["diversity"], row=2, col=1, showlegend=False, **shared)
    figure.update_yaxes(title={"text": "nDCG"}, row=1, col=1)
    figure.update_yaxes(title={"text": "diversity, of its ceiling"}, row=2, col=1)
    return figure


def marginal_means(means: pd.DataFrame) -> go.Figure:
    """Draw marginal means of fidelity by the number of tags, with 95 % intervals.

    Args:
        means: `explainer`, `omega`, `estimate`, `low`, `high`.
    """
    figure = blank("", x="tags that count, ω", y="marginal mean of τ_AP,a")
    for number, (explainer, part) in enumerate(means.groupby("explainer", sort=False)):
        figure.add_scatter(
            x=part["omega"] * (1 + 0.02 * number), y=part["estimate"], mode="lines+markers",
            name=plain(str(explainer)), line={"color": hue(number), "width": 2},
            marker={"symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 8},
            error_y={
                "array": part["high"] - part["estimate"], "arrayminus": part["estimate"] - part["low"],
            },
            customdata=part["omega"],
            hovertemplate="<b>%{fullData.name}</b><br>ω = %{customdata}: %{y:.3f}<extra></extra>",
        )  # fmt: skip
    omegas = sorted(means["omega"].unique())
    figure.update_xaxes(type="log", tickvals=omegas, ticktext=[f"{omega}" for omega in omegas])
    return figure


def effects_of_mainstreaminess(slopes: pd.DataFrame) -> go.Figure:
    """Draw the effect of mainstreaminess on fidelity by group.

    Args:
        slopes: `group`, `effect`.
    """
    ordered = slopes.sort_values("effect")
    figure = blank("", x="effect of mainstreaminess on τ_AP,a", height=_ROW_PX * len(slopes) + _FRAME_PX)
    names = [plain(str(name), _NAME_CHARACTERS) for name in ordered["group"]]
    places = np.arange(len(ordered))
    colours = [DIVERGING[-1] if effect >= 0 else DIVERGING[0] for effect in ordered["effect"]]
    figure.add_bar(
        y=places, x=ordered["effect"], orientation="h", marker={"color": colours}, customdata=names,
        hovertemplate="<b>%{customdata}</b><br>%{x:.3f}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(tickvals=places, ticktext=names)
    return figure


def _panes(table: pd.DataFrame, x: str, y: str) -> tuple[go.Figure, dict[str, tuple[int, int]]]:
    """Return a figure with a pane for every group, and the place of each."""
    from plotly.subplots import make_subplots

    groups = [str(name) for name in dict.fromkeys(table["group"])]
    columns = min(len(groups), 4)
    rows = -(-len(groups) // columns)
    titles = [_on_lines(name) if len(groups) > 1 else "" for name in groups]
    figure = make_subplots(
        rows, columns, shared_yaxes=True, subplot_titles=titles, x_title=x, y_title=y,
        vertical_spacing=0.35 / rows if rows > 1 else 0.1, horizontal_spacing=0.03,
    )  # fmt: skip
    figure.update_annotations(font={"size": _TITLE_PX})
    _as_blank(figure, _PANE_PX * rows + 130)
    places = {name: (place // columns + 1, place % columns + 1) for place, name in enumerate(groups)}
    return figure, places


def _on_lines(group: str) -> str:
    """Return data set and recommender one under the other: panes are narrow."""
    return "<br>".join(plain(part, _TITLE_CHARACTERS) for part in group.rsplit(":", 1))


def _as_blank(figure: go.Figure, height: int) -> None:
    """Give a figure of panes the looks of all others."""
    figure.update_layout(
        height=height, paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 70, "r": 10, "t": 80, "b": 60}, hoverlabel={"namelength": -1},
        legend={"orientation": "h", "y": 1, "yref": "container", "yanchor": "top"},
    )  # fmt: skip
    figure.update_xaxes(gridcolor=GRID, zerolinecolor=GRID)
    figure.update_yaxes(gridcolor=GRID, zerolinecolor=GRID)
