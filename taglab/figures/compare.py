"""Pictures of several models side by side: histograms of a metric, pairs of labels, counts, tag groups.

All take one table of results, a row for each run and label, with the columns `run` (its title), `label`,
`value` (of the metric), `count` (tracks with the label), `prevalence` (share of tracks) and `group` (of
tags); what is not known is NaN. A class without a value is not drawn, and the legend counts those that are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.theme import GREY, GRID, blank, hue, legend_px, plain, wrapped

if TYPE_CHECKING:
    import plotly.graph_objects as go

DoubleArray = npt.NDArray[np.float64]
Colours = Mapping[str, str]

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "hexagon", "triangle-down")
# More histograms than these hide one another; their densities do not.
MOST_BARS = 6
MOST_STRIPS = 12
_GRID_POINTS = 200
_ROW_PX = 19
_LEGEND_ROW_PX = 24
_PALE = 0.35
_LABEL_LENGTH = 28
_SHORT_NAME = 30  # characters


def density(values: npt.ArrayLike, at: npt.ArrayLike, low: float = 0.0, high: float = 1.0) -> DoubleArray:
    """Return the estimated density of values within bounds.

    Gaussian kernels of Scott's width, the usual one, reflected at the bounds: no share lies outside, as it
    would where values crowd at 0. The area between the bounds is 1, unless kernels are about as wide.

    Args:
        values: (values,), within the bounds, none of them NaN.
        at: Where to estimate (points,).
        low: Lower bound. The least value for one: then nothing is drawn where no value lies.
        high: Upper bound, or the greatest value.

    Returns:
        (points,), 0 beyond the bounds; NaN everywhere if there are fewer than 2 values or they are all the
        same, of which no width follows.

    Source: Scott 1992; Ros Perez 2021, figures 9, 12 and 13.
    """
    given, points = np.asarray(values, np.float64), np.asarray(at, np.float64)
    width = given.std(ddof=1) * len(given) ** -0.2 if len(given) > 1 else 0.0
    if not width > 0:
        return np.full(points.shape, np.nan)
    mirrored = np.concatenate([given, 2 * low - given, 2 * high - given])
    kernels = np.exp(-0.5 * ((points[:, None] - mirrored[None, :]) / width) ** 2)
    inside = (points >= low) & (points <= high)
    return np.where(inside, kernels.sum(axis=1) / (len(given) * width * np.sqrt(2 * np.pi)), 0.0)


def histograms(
    results: pd.DataFrame,
    colours: Colours,
    metric: str,
    bin_width: float = 0.05,
    chance: float | Literal["prevalence"] | None = "prevalence",
    top: float = 1.0,
    height: int = 440,
) -> go.Figure:
    """Draw how a metric is distributed over labels, one normalised histogram and density a run.

    Below, each run has a strip with a tick at every label (to hover over), and under it, where that is what
    chance reaches, as in AUC-PR, in grey at every label's prevalence, with a dotted line at its mean. Of many
    runs only the densities are drawn.

    Args:
        results: As this module tells.
        colours: Title of each run → its colour, in the order in which they are drawn.
        metric: Its name, for the axis.
        bin_width: Of the histograms, in the metric's unit.
        chance: What chance reaches: the class's prevalence, or in every class this number (ROC-AUC: 0.5), at
            which a dotted line stands; None where that is not known.
        top: The most the metric can be, or is.
        height: In pixels, without strips and legend.

    Source: Ros Perez 2021, figures 9, 12 and 13.
    """
    few = len(colours) <= MOST_STRIPS
    figure = _with_strips(f"{metric}: how labels are distributed", metric, len(colours), height)
    edges = np.arange(round(np.ceil(top / bin_width - 1e-9)) + 1) * bin_width
    edges[-1] = max(edges[-1], top)
    parts = dict(tuple(results[results["value"].notna()].groupby("run", sort=False)))
    for number, (run, colour) in enumerate(colours.items()):
        rows = parts.get(run, results.iloc[:0])
        prevalence = float(rows["prevalence"].mean()) if chance == "prevalence" else np.nan
        _add_distribution(figure, run, colour, rows, edges, len(colours) <= MOST_BARS)
        if few:
            _add_strip(figure, rows, run, colour, number, chance == "prevalence")
        if few and not np.isnan(prevalence):
            _add_chance(figure, prevalence, colour)
    if isinstance(chance, float):
        _add_chance(figure, chance, GREY)
    _legend_above(figure, len(colours))
    highest = results["value"].max()
    if not np.isnan(highest):
        figure.update_xaxes(range=[-0.01 * top, min(top, float(highest) + 2 * bin_width) * 1.01])
    return figure


def _with_strips(title: str, metric: str, runs: int, height: int) -> go.Figure:
    """Return an empty figure with room for strips below, as two pairs of axes."""
    strips = 34 * runs + 30 if runs <= MOST_STRIPS else 0
    figure = blank(title, "", "density (share of labels per unit)", height + strips)
    split = strips / (height + strips)
    figure.update_layout(
        barmode="overlay",
        hovermode="closest",
        bargap=0,
        yaxis={"domain": [split + 0.06 if strips else 0, 1], "rangemode": "tozero"},
        xaxis={"anchor": "y2" if strips else "y", "title": {"text": metric}},
    )
    if strips:
        figure.update_layout(
            yaxis2={"domain": [0, split - 0.01], "range": [runs - 0.4, -0.6], "showgrid": False,
                    "zeroline": False, "showticklabels": False}
        )  # fmt: skip
    return figure


def _legend_above(figure: go.Figure, runs: int) -> None:
    """Put the legend between title and plot, a name below the other; of many runs beside it, to scroll."""
    if runs > MOST_STRIPS:
        figure.update_layout(legend={"font": {"size": 10}})
        return
    room = legend_px(figure, _LEGEND_ROW_PX)
    height = figure.layout.height + room
    figure.update_layout(
        height=height,
        margin={"t": 48 + room},
        title={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}},
        legend={"x": 0, "yref": "container", "y": 1 - 40 / height, "yanchor": "top"},
    )


def _with_facts(run: str, facts: str) -> str:
    """Return the name of a run for a legend, and facts behind it, on a line of their own where it is long."""
    name = wrapped(run)
    return f"{name}{'<br>' if len(run) > _SHORT_NAME else ' '}({facts})"


def _add_distribution(
    figure: go.Figure,
    run: str,
    colour: str,
    rows: pd.DataFrame,
    edges: DoubleArray,
    with_bars: bool,
) -> None:
    values = rows["value"].to_numpy(np.float64)
    if not len(values):
        return
    chance = rows["prevalence"].mean()
    text = f"{len(values):,} labels, mean {values.mean():.3f}"
    text += "" if np.isnan(chance) else f"; mean prevalence {chance:.3f}"
    if with_bars:
        _add_bars(figure, run, colour, values, edges)
    # From the least label to the greatest, and no further: beyond them there is none.
    points = np.linspace(values.min(), values.max(), _GRID_POINTS + 1)
    estimate = density(values, points, points[0], points[-1])
    known = not np.isnan(estimate).any()
    figure.add_scatter(
        x=points if known else [None],
        y=estimate if known else [None],
        mode="lines",
        line={"color": colour, "width": 2.5},
        name=_with_facts(run, text),
        legendgroup=wrapped(run),
        hovertemplate=f"density %{{y:.2f}} at %{{x:.2f}}<extra>{wrapped(run)}</extra>",
    )


def _add_bars(figure: go.Figure, run: str, colour: str, values: DoubleArray, edges: DoubleArray) -> None:
    counts, _ = np.histogram(values, edges)
    width = edges[1] - edges[0]
    share = counts / len(values)
    figure.add_bar(
        x=edges[:-1] + width / 2,
        y=share / width,
        width=width,
        marker={"color": colour, "opacity": 0.38, "line": {"width": 1, "color": colour}},
        legendgroup=wrapped(run),
        showlegend=False,
        customdata=np.c_[counts, share, edges[:-1], edges[1:]],
        hovertemplate="%{customdata[2]:.2f} to %{customdata[3]:.2f}: %{customdata[0]} labels "
        f"(%{{customdata[1]:.1%}})<extra>{wrapped(run)}</extra>",
    )


def _add_strip(
    figure: go.Figure, rows: pd.DataFrame, run: str, colour: str, number: int, with_prevalence: bool
) -> None:
    marks = [("value", "", number - 0.15, colour, 9)]
    if with_prevalence and rows["prevalence"].notna().any():
        marks.append(("prevalence", "prevalence ", number + 0.2, GREY, 6))
    shown = [plain(label) for label in rows["label"]]
    for column, word, level, shade, size in marks:
        figure.add_scatter(
            x=rows[column].to_numpy(np.float64),
            y=np.full(len(rows), level),
            yaxis="y2",
            mode="markers",
            marker={"symbol": "line-ns-open", "size": size, "color": shade, "line": {"width": 1.5}},
            text=shown,
            hovertemplate=f"<b>%{{text}}</b>: {word}%{{x:.4f}}<extra>{wrapped(run)}</extra>",
            legendgroup=wrapped(run),
            showlegend=False,
        )


def _add_chance(figure: go.Figure, at: float, colour: str) -> None:
    line = {"dash": "dot", "width": 1.5, "color": colour}
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="y domain", line=line)


def paired_plot(
    pairs: pd.DataFrame,
    colours: Colours,
    metric: str,
    difference: tuple[str, str],
    counts_from: float = 0.05,
    higher_is_better: bool = True,
) -> go.Figure:
    """Draw one row a label, a dot a run; beside it the difference of two runs, coloured by which is ahead.

    Args:
        pairs: One row a label, drawn from the top: `label`, `group`, for each run a column of its title with
            the value, and, where there are intervals, "low TITLE" and "high TITLE"; `difference`, and where
            there is an interval, `difference_low`, `difference_high` and `difference_p`. NaN draws nothing.
        colours: Title of each run → its colour.
        metric: Its name, for the axis.
        difference: Titles of the two runs whose difference (first minus second) is drawn.
        counts_from: Differences of which p is no less than this, or not known where others are, are paler.
        higher_is_better: Whether the run with more is ahead.

    Source: Ros Perez 2021, table 34.
    """
    figure = blank("", "", "")
    shown = [plain(label) for label in pairs["label"]]
    offsets = np.zeros(len(colours))
    if "difference_low" in pairs:  # intervals that overlap are told apart by their height
        offsets = np.linspace(-0.2, 0.2, len(colours))
    else:
        _join_pairs(figure, pairs, difference)
    for number, (run, colour) in enumerate(colours.items()):
        figure.add_scatter(
            x=pairs[run].to_numpy(np.float64),
            y=np.arange(len(pairs)) + offsets[number],
            mode="markers",
            name=wrapped(run),
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[number // 8 % len(SYMBOLS)]},
            error_x=_whiskers(pairs, run, f"low {run}", f"high {run}", colour),
            text=shown,
            hovertemplate=f"<b>%{{text}}</b>: %{{x:.4f}}<extra>{wrapped(run)}</extra>",
        )
    ahead = difference if higher_is_better else difference[::-1]
    _add_differences(figure, pairs, colours, ahead, counts_from)
    _lay_out_pairs(figure, pairs, metric)
    return figure


def _join_pairs(figure: go.Figure, pairs: pd.DataFrame, difference: tuple[str, str]) -> None:
    """Draw a line between the two dots whose difference is shown, so that they are seen as a pair."""
    x = np.full((len(pairs), 3), np.nan)
    x[:, :2] = pairs[list(difference)].to_numpy(np.float64)
    y = np.repeat(np.arange(len(pairs), dtype=np.float64), 3)
    figure.add_scatter(
        x=x.ravel(), y=y, mode="lines", line={"color": GREY, "width": 1.5}, hoverinfo="skip", showlegend=False
    )


def _whiskers(pairs: pd.DataFrame, middle: str, low: str, high: str, colour: str) -> dict[str, Any] | None:
    if low not in pairs.columns:
        return None
    centre = pairs[middle].to_numpy(np.float64)
    return {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 0, "color": colour,
        "array": pairs[high].to_numpy(np.float64) - centre,
        "arrayminus": centre - pairs[low].to_numpy(np.float64),
    }  # fmt: skip


def _add_differences(
    figure: go.Figure,
    pairs: pd.DataFrame,
    colours: Colours,
    ahead: tuple[str, str],
    counts_from: float,
) -> None:
    """Add the second panel: a bar from 0 in the colour of who is ahead, and the interval where one is.

    `ahead` names who that is where the difference is not below 0, and where it is.
    """
    values = pairs["difference"].to_numpy(np.float64)
    certain = np.ones(len(pairs), np.bool_)
    if "difference_p" in pairs:
        certain = pairs["difference_p"].to_numpy(np.float64) < counts_from
    for run, rows in zip(ahead, (np.flatnonzero(values >= 0), np.flatnonzero(values < 0)), strict=True):
        part = pairs.iloc[rows]
        figure.add_bar(
            x=values[rows],
            y=rows,
            orientation="h",
            xaxis="x2",
            width=0.62,
            marker={"color": colours[run], "opacity": np.where(certain[rows], 1.0, _PALE)},
            error_x=_whiskers(part, "difference", "difference_low", "difference_high", GREY),
            showlegend=False,
            text=[plain(label) for label in part["label"]],
            customdata=[plain(group) for group in part["group"]],
            textposition="none",
            hovertemplate="<b>%{text}</b> (%{customdata}): %{x:+.4f}"
            f"<extra>{wrapped(run)} is ahead</extra>",
        )


def _lay_out_pairs(figure: go.Figure, pairs: pd.DataFrame, metric: str) -> None:
    """Place, from the top: the legend of runs, the axes, the rows."""
    above = 68 + min(legend_px(figure, _LEGEND_ROW_PX), _LEGEND_ROW_PX * MOST_STRIPS)
    # A legend is placed in heights of the plot, at most 3 of them up, and would else push it together.
    rows = max(_ROW_PX * len(pairs), above / 1.8)
    axis = {"gridcolor": GRID, "zerolinecolor": GREY, "side": "top", "nticks": 5, "tickangle": 0}
    names = [
        f'{plain(label, _LABEL_LENGTH)} <span style="font-size:10px;color:{GREY}">{plain(group)}</span>'
        for label, group in zip(pairs["label"], pairs["group"], strict=True)
    ]
    figure.update_layout(
        height=above + rows + 16,
        margin={"t": above, "b": 16, "l": 8, "r": 8},
        hovermode="closest",
        bargap=0,
        xaxis={**axis, "domain": [0, 0.6], "title": {"text": metric, "font": {"size": 13}}},
        xaxis2={**axis, "domain": [0.65, 1], "title": {"text": "difference", "font": {"size": 13}},
                "zerolinewidth": 1.5, "nticks": 4},
        yaxis={"tickvals": np.arange(len(pairs)), "range": [len(pairs) - 0.4, -0.6],
               "ticktext": names},
        legend={"x": 0, "yanchor": "top", "y": 1 + (above - 4) / rows},
    )  # fmt: skip


def against_counts(results: pd.DataFrame, colours: Colours, metric: str, height: int = 480) -> go.Figure:
    """Draw a metric over the number of tracks of each label, one colour a run.

    Args:
        results: As this module tells; labels without tracks or value are not drawn.
        colours: Title of each run → its colour.
        metric: Its name, for the axis.
        height: In pixels.

    Source: Ros Perez 2021, end of section 8.2.
    """
    figure = blank(f"{metric} against label counts", "tracks with the label (log)", metric, height)
    for number, (run, colour) in enumerate(colours.items()):
        rows = results[(results["run"] == run) & results["value"].notna() & (results["count"] > 0)]
        figure.add_scattergl(
            x=rows["count"].to_numpy(np.float64),
            y=rows["value"].to_numpy(np.float64),
            mode="markers",
            name=_with_facts(run, f"{len(rows):,} labels"),
            marker={"color": colour, "size": 8, "opacity": 0.75,
                    "symbol": SYMBOLS[number // 8 % len(SYMBOLS)]},
            text=[plain(label) for label in rows["label"]],
            hovertemplate=f"<b>%{{text}}</b><br>%{{x:,}} tracks<br>%{{y:.4f}}<extra>{wrapped(run)}</extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis={"type": "log"},
        yaxis={"rangemode": "tozero"},
        hovermode="closest",
    )
    _legend_above(figure, len(colours))
    return figure


def group_means(means: pd.DataFrame, colours: Colours, metric: str, height: int = 420) -> go.Figure:
    """Draw the mean of a metric over the labels of each tag group, a bar a run.

    Args:
        means: One row a run and group: `run`, `group`, `value`, `labels` (how many; NaN: not told).
        colours: Title of each run → its colour.
        metric: Its name, for the axis.
        height: In pixels.

    Source: Ros Perez 2021, tables 10 and 13.
    """
    figure = blank(f"Mean {metric} by tag group", "", metric, height)
    for run, colour in colours.items():
        rows = means[means["run"] == run]
        figure.add_bar(
            x=[plain(group) for group in rows["group"]],
            y=rows["value"].to_numpy(np.float64),
            name=wrapped(run),
            marker={"color": colour},
            customdata=[f"mean of {n:.0f} labels" if n > 0 else "as printed" for n in rows["labels"]],
            hovertemplate=f"<b>%{{x}}</b>: %{{y:.4f}}<br>%{{customdata}}<extra>{wrapped(run)}</extra>",
        )
    figure.update_layout(
        barmode="group",
        hovermode="closest",
    )
    _legend_above(figure, len(colours))
    return figure


def query_means(means: pd.DataFrame, colours: Colours, over: str) -> go.Figure:
    """Draw means over queries, a row a metric, a dot a run with its interval.

    Args:
        means: One row a run and metric: `run`, `metric` (its name, for the axis), `value`, `low` and `high`
            (NaN where there is no interval). All of them shares.
        colours: Title of each run → its colour.
        over: What a query is, in the plural, for the title.
    """
    metrics = list(dict.fromkeys(means["metric"]))
    height = 140 + len(metrics) * (24 + 12 * len(colours))
    figure = blank(f"Rankings, mean over {over}", "mean (95 % interval)", "", height)
    for number, (run, colour) in enumerate(colours.items()):
        rows = means[means["run"] == run]
        figure.add_scatter(
            x=rows["value"].to_numpy(np.float64),
            y=rows["metric"].tolist(),
            mode="markers",
            marker={"color": colour, "size": 9},
            error_x=_whiskers(rows, "value", "low", "high", colour),
            name=wrapped(run),
            offsetgroup=str(number),
            hovertemplate=f"%{{y}}: %{{x:.4f}}<extra>{wrapped(run)}</extra>",
        )
    figure.update_layout(
        scattermode="group",
        hovermode="closest",
        xaxis={"range": [0, 1]},
        yaxis={"categoryorder": "array", "categoryarray": metrics[::-1], "automargin": True},
    )
    _legend_above(figure, len(colours))
    return figure


def run_colours(titles: Sequence[str]) -> dict[str, str]:
    """Return a colour for each run, in order; hues repeat after eight."""
    return {title: hue(number) for number, title in enumerate(titles)}
