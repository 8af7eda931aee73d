"""Pictures of collapsing: what a wider cut finds and spoils, and what stages reach by category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from taglab.figures.theme import GREY, GRID, blank, hue, plain

__all__ = ["category_means", "percentile_curve"]

_CURVES = {"recall": "found, of what is planted", "precision": "right, of what is collapsed", "junk": "junk"}
_TRUTHS = {
    "own": "by its own labels",
    "I": "by those of stage I",
    "published": "as published, by its own",
}


def percentile_curve(table: pd.DataFrame, at: float | None = None, height: int = 420) -> go.Figure:
    """Draw how much a cut finds, and how much of it is right, against its percentile.

    Args:
        table: One row a percentile: `percentile` (a share above 0), `recall`, `precision`, `junk` (shares),
            `merged`.
        at: Percentile to mark.
        height: In pixels.
    """
    figure = blank("What a wider cut collapses", "Share below the cut (logarithmic)", "Share", height)
    for number, (column, name) in enumerate(_CURVES.items()):
        figure.add_scatter(
            x=table["percentile"].to_numpy(np.float64),
            y=table[column].to_numpy(np.float64),
            customdata=table["merged"].to_numpy(np.int64),
            mode="lines+markers",
            name=name,
            line={"color": hue(number), "dash": "dash" if column == "junk" else "solid"},
            hovertemplate=f"%{{x:.2%}}: {name} %{{y:.1%}}<br>%{{customdata:,}} collapsed<extra></extra>",
        )
    if at is not None:
        figure.add_vline(x=at, line={"color": GREY, "dash": "dot"})
    figure.update_xaxes(type="log", tickformat=".2~%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return figure


def category_means(
    means: pd.DataFrame,
    metric: str,
    axis: str,
    categories: Sequence[str],
    stages: Sequence[str],
    height: int = 420,
) -> go.Figure:
    """Draw the mean of a metric over the classes of each category, a bar a stage, a panel a truth.

    Args:
        means: One row a stage, truth and category: `stage`, `truth` ("own", "I", "published"), `category`,
            `labels` (how many), and the metric.
        metric: Its column.
        axis: What it is called.
        categories: In the order in which they are drawn.
        stages: In theirs.
        height: In pixels.
    """
    truths = [truth for truth in _TRUTHS if truth in set(means["truth"])]
    figure = blank(f"Mean {axis} by category and stage", "", axis, height)
    figure.set_subplots(
        rows=1,
        cols=max(len(truths), 1),
        shared_yaxes=True,
        subplot_titles=[_TRUTHS[name] for name in truths],
    )
    for column, truth in enumerate(truths, start=1):
        for number, stage in enumerate(stages):
            rows = means[(means["truth"] == truth) & (means["stage"] == stage)].set_index("category")
            rows = rows.reindex([name for name in categories if name in rows.index])
            figure.add_bar(
                x=[plain(name) for name in rows.index],
                y=rows[metric].to_numpy(np.float64),
                customdata=rows["labels"].to_numpy(np.int64),
                name=f"Stage {plain(stage)}",
                legendgroup=stage,
                showlegend=column == 1,
                marker={"color": hue(number)},
                hovertemplate=f"Stage {plain(stage)}, %{{x}}: %{{y:.4f}} over %{{customdata}} classes"
                "<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_layout(barmode="group")
    figure.update_yaxes(rangemode="tozero", gridcolor=GRID)
    return figure
