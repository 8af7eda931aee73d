"""Pictures of a data set: how steep its popularity, how many tags a track has, how active users are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.bars import ranked_bars
from taglab.figures.theme import GREY, PALETTE, blank, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NAMED_RANKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_HEAD = 100
_EXAMPLES = 4
_FEW_LEVELS = 12


def head_slope(counts: npt.ArrayLike, head: int = _HEAD) -> float:
    """Return the slope of log count over log rank among the most used tags, by least squares.

    Args:
        counts: Tracks per tag, largest first.
        head: How many ranks to fit; the thesis's table 31 lists 100.

    Returns:
        At most 0; NaN for fewer than two tags.
    """
    used = np.asarray(counts, float)[:head]
    used = used[used > 0]
    if len(used) < 2:
        return float("nan")
    return float(np.polyfit(np.log10(np.arange(1, len(used) + 1)), np.log10(used), 1)[0])


def popularity_curve(tags: pd.DataFrame, min_count: int = 1, selected: str | None = None) -> go.Figure:
    """Draw count over rank, both logarithmic; every tag is on the line.

    Tags with the same count are one level stretch of it, so that half a million tags are a few thousand
    corners and nothing is left out.

    Args:
        tags: Columns `tag` and `count` (tracks), most used first.
        min_count: Drawn as a level line with the number of tags that pass it; not drawn at 1.
        selected: A tag to mark.
    """
    counts = tags["count"].to_numpy()
    figure = blank("Popularity of tags", "rank (1 = the most used tag)", "count (tracks with the tag)", 430)
    if len(counts):
        first = np.flatnonzero(np.r_[True, counts[1:] != counts[:-1]])
        last = np.r_[first[1:], len(counts)]
        hover = [
            _level_text(tags["tag"], start, stop, int(counts[start]))
            for start, stop in zip(first.tolist(), last.tolist(), strict=True)
        ]
        figure.add_scatter(
            x=np.ravel(np.column_stack([first + 1, last])),
            y=np.repeat(counts[first], 2),
            mode="lines",
            line={"width": 2, "color": PALETTE[0]},
            customdata=np.repeat(np.asarray(hover, dtype=object), 2),
            hovertemplate="%{customdata}<extra></extra>",
            name="tags",
        )
        _name_some_ranks(figure, tags)
    if min_count > 1:
        passing = int((counts >= min_count).sum())
        figure.add_scatter(
            x=[1, max(len(counts), 2)],
            y=[min_count, min_count],
            mode="lines",
            line={"dash": "dot", "width": 1, "color": GREY},
            hoverinfo="skip",
        )
        figure.add_annotation(
            x=0,
            y=math.log10(min_count),
            text=f"{passing:,} tags on ≥ {min_count:,} tracks",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"size": 12},
        )
    if selected is not None and (tags["tag"] == selected).any():
        rank = int(np.flatnonzero((tags["tag"] == selected).to_numpy())[0])
        figure.add_scatter(
            x=[rank + 1],
            y=[counts[rank]],
            mode="markers",
            marker={"size": 12, "symbol": "circle-open", "color": PALETTE[1], "line": {"width": 3}},
            customdata=[plain(selected)],
            hovertemplate="<b>%{customdata}</b><br>rank %{x:,}<br>%{y:,} tracks<extra></extra>",
        )
    figure.update_layout(showlegend=False, hovermode="closest")
    # Room for the names, which begin at their points.
    decades = math.log10(max(len(counts), 2))
    figure.update_xaxes(type="log", dtick=1, range=[-0.06 * decades, 1.18 * decades])
    figure.update_yaxes(type="log", dtick=1)
    return figure


def activity_curves(activity: pd.DataFrame, min_tracks: int = 1, min_users: int = 1) -> go.Figure:
    """Draw how many users have at least so many tracks, and how many tracks so many users, both logarithmic.

    A curve is also that of all users sorted by their tracks, most first, with the axes exchanged.

    Args:
        activity: Columns `at_least` (ascending), `users`, `tracks`.
        min_tracks: Least number of tracks of a user, drawn as an upright line; not drawn at 1.
        min_users: Least number of users of a track, likewise.
    """
    figure = blank("Activity", "x (tracks of a user, users of a track)", "how many have at least x", 400)
    sides = (
        ("users", "tracks", min_tracks, "solid", PALETTE[0]),
        ("tracks", "users", min_users, "dash", PALETTE[1]),
    )
    for side, others, least, dash, colour in sides:
        there = activity[activity[side] > 0]
        figure.add_scatter(
            x=there["at_least"].to_numpy(),
            y=there[side].to_numpy(),
            mode="lines+markers" if len(there) < _FEW_LEVELS else "lines",
            line={"width": 2, "color": colour, "dash": dash, "shape": "vh"},
            name=f"{side}, by their {others}",
            hovertemplate=f"%{{y:,}} {side} have %{{x:,}} {others} or more<extra></extra>",
        )
        if least > 1 and len(there):
            enough = activity.loc[activity["at_least"] >= least, side].to_numpy()
            text = f"{enough.max(initial=0):,} {side} of ≥ {least:,}"
            _mark_least(figure, least, activity, text, colour)
    figure.update_layout(hovermode="closest", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(type="log", dtick=1)
    figure.update_yaxes(type="log", dtick=1)
    return figure


def _mark_least(figure: go.Figure, least: int, activity: pd.DataFrame, text: str, colour: str) -> None:
    """Draw an upright line where a filter cuts; each further one has its text above those before."""
    highest = float(activity[["users", "tracks"]].to_numpy().max())
    right_half = least**2 > activity["at_least"].max()
    figure.add_scatter(
        x=[least, least], y=[1, highest], mode="lines", line={"dash": "dot", "width": 1, "color": colour},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_annotation(
        x=math.log10(least), y=0.04 * math.log10(max(highest, 2)), yshift=18 * len(figure.layout.annotations),
        text=text, showarrow=False, xanchor="right" if right_half else "left", yanchor="bottom",
        font={"size": 12},
    )  # fmt: skip


def _level_text(names: pd.Series, start: int, stop: int, count: int) -> str:
    """Say which tags lie on one level of the curve."""
    some = ", ".join(plain(name) for name in names.iloc[start : min(start + _EXAMPLES, stop)])
    more = f" and {stop - start - _EXAMPLES:,} more" if stop - start > _EXAMPLES else ""
    ranks = f"rank {start + 1:,}" if stop - start == 1 else f"ranks {start + 1:,} to {stop:,}"
    return f"<b>{some}</b>{more}<br>{ranks}<br>{count:,} tracks" + (" each" if stop - start > 1 else "")


def _name_some_ranks(figure: go.Figure, tags: pd.DataFrame) -> None:
    """Write the tag beside a few ranks, evenly on the logarithmic axis."""
    ranks = np.asarray([rank for rank in _NAMED_RANKS if rank <= len(tags)])
    rows = tags.iloc[ranks - 1]
    figure.add_scatter(
        x=ranks,
        y=rows["count"].to_numpy(),
        mode="markers+text",
        marker={"size": 7, "color": PALETTE[0]},
        text=[plain(name, 30) for name in rows["tag"]],
        textposition="top right",
        textfont={"size": 11},
        hoverinfo="skip",
        cliponaxis=False,
    )


def tags_per_track(per_track: npt.ArrayLike) -> go.Figure:
    """Draw how many tracks have 0, 1, 2, … tags.

    Args:
        per_track: Tags of each track (tracks,), integers.
    """
    tracks = np.bincount(np.asarray(per_track, np.int64)) if np.size(per_track) else np.zeros(1, np.int64)
    figure = blank("Tags per track", "tags on a track", "tracks", 260)
    figure.add_bar(
        x=np.arange(len(tracks)),
        y=tracks,
        marker={"color": PALETTE[0]},
        hovertemplate="%{y:,} tracks have %{x} tags<extra></extra>",
    )
    figure.update_layout(bargap=0.1)
    return figure


def co_tag_bars(table: pd.DataFrame, tag: str) -> go.Figure:
    """Draw the tags that stand beside one tag, ranked by tracks that have both.

    Args:
        table: Columns `tag`, `together` (tracks), `share` (of the tag's tracks), `lift`.
        tag: The one tag.
    """
    title = f"Found together with {plain(tag, 40)}"
    return ranked_bars(table, "tag", "together", title, "tracks with both", {"share": ".1%", "lift": ".2f"})
