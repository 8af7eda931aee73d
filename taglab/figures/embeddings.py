"""Pictures of tags in a semantic space: neighbours, what has no vector, axes between two tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.figures.bars import ranked_bars
from taglab.figures.theme import GREY, GRID, PALETTE, blank, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CLEAR = "rgba(0, 0, 0, 0)"
_REST = "rgba(140, 143, 148, 0.4)"
_STATES = {"all": "wholly known", "some": "some words unknown", "none": "no vector"}


def neighbour_bars(
    table: pd.DataFrame,
    title: str,
    common: Collection[str] | None = None,
    value: str = "similarity",
    measure: str = "cosine",
) -> go.Figure:
    """Draw tags ranked by how near they are.

    Args:
        table: Columns `tag`, what `value` names, and of tags composed of words `unknown` (words without a
            vector; such tags are hatched), nearest first.
        title: What they are near to, as it is written.
        common: Tags that are near in another embedding too; the others are drawn grey. All alike where None.
        value: Column of the bars' lengths, a similarity or a distance.
        measure: What that is measured by.
    """
    figure = ranked_bars(table, "tag", value, plain(title), measure, value_format=".3f")
    if "unknown" in table:
        _hatch(figure.data[0], table["unknown"])
    if common is not None:
        figure.data[0].marker.color = [PALETTE[0] if tag in common else GREY for tag in table["tag"]]
    return figure


def _hatch(bars: go.Bar, unknown: pd.Series) -> None:
    """Hatch the bars of tags with unknown words, and name these in the hover."""
    bars.marker.pattern.shape = ["/" if words else "" for words in unknown]
    lacking = [f"<br>no vector of: {plain(words)}" if words else "" for words in unknown]
    bars.customdata = [[*row, note] for row, note in zip(bars.customdata, lacking, strict=True)]
    bars.hovertemplate = bars.hovertemplate.replace("<extra>", "%{customdata[1]}<extra>")


def unknown_word_bars(table: pd.DataFrame) -> go.Figure:
    """Draw the words without a vector, by the weight of the tags they stand in.

    Args:
        table: Columns `word`, `count` (assignments of the tags that hold it), `tags` (how many hold it).
    """
    return ranked_bars(
        table, "word", "count", "Words without a vector", "assignments of tags with the word", {"tags": ","}
    )


def coverage_bars(tags: pd.DataFrame, words: pd.DataFrame) -> go.Figure:
    """Draw the shares of tags, of assignments and of words that have a vector wholly, in part or not at all.

    Args:
        tags: Columns `count` (tracks), `state` ("all", "some" or "none" of its words have one).
        words: Columns `count` (assignments of the tags that hold it), `known` (whether it has one).
    """
    figure = blank("How much of the data has a vector", "share", height=300)
    of_words = words.assign(state=np.where(words["known"].to_numpy(bool), "all", "none"))
    totals = np.array([len(tags), tags["count"].sum(), len(words), words["count"].sum()], float)
    for (state, text), colour in zip(_STATES.items(), (PALETTE[0], PALETTE[1], GREY), strict=True):
        chosen = [table[table["state"] == state] for table in (tags, of_words)]
        parts = np.array([part for table in chosen for part in (len(table), table["count"].sum())], float)
        shares = np.divide(parts, totals, out=np.zeros(4), where=totals > 0)
        figure.add_bar(
            x=shares,
            y=["tags", "assignments", "words", "words as used"],
            orientation="h",
            name=text,
            customdata=parts,
            text=[f"{share:.1%}" if share else "" for share in shares],
            hovertemplate=f"{text}: %{{customdata:,}} %{{y}} (%{{x:.2%}})<extra></extra>",
            marker={"color": colour},
        )
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": -0.5, "traceorder": "normal"})
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    return figure


def neighbourhood_map(
    positions: npt.NDArray[np.float32],
    tags: Sequence[str],
    tag: str,
    near: Sequence[str],
    method: str,
    shares: Sequence[float] | None = None,
) -> go.Figure:
    """Draw a map with one tag and its neighbours named and coloured, all others grey.

    Args:
        positions: Array (tags, 2) or (tags, 3).
        tags: One a row of `positions`.
        tag: The tag in the middle of interest; may lack a position.
        near: Its neighbours.
        method: Name of the projection, for the axes.
        shares: Of all variance, that along each axis; not told where None.

    Source:
        Ros Perez 2021, figure 10, in three dimensions.
    """
    import plotly.graph_objects as go

    rows = {name: row for row, name in enumerate(tags)}
    three = positions.shape[1] == 3
    names = _axis_names(method, positions.shape[1], shares)
    figure = blank(f"{plain(tag, 40)} among its neighbours", names[0], names[1], 560 if three else 500)
    many, few = (go.Scatter3d, go.Scatter3d) if three else (go.Scattergl, go.Scatter)
    figure.add_trace(
        many(
            **dict(zip("xyz", positions.T, strict=False)),
            mode="markers",
            marker={"size": 3 if three else 5, "color": _REST},
            text=[plain(name) for name in tags],
            hovertemplate="%{text}<extra></extra>",
            name=f"all {len(tags):,} tags",
        )
    )
    for chosen, label, size, colour in (
        (near, "neighbours", 9, PALETTE[0]),
        ([tag], "the tag", 13, PALETTE[1]),
    ):
        chosen_rows = np.asarray([rows[name] for name in chosen if name in rows], dtype=np.intp)
        figure.add_trace(
            few(
                **dict(zip("xyz", positions[chosen_rows].T, strict=False)),
                mode="markers+text",
                marker={"size": size / 2 if three else size, "color": colour},
                text=[plain(tags[row], 30) for row in chosen_rows],
                textposition="top center",
                hovertemplate="<b>%{text}</b><extra></extra>",
                name=label,
            )
        )
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    )
    figure.update_xaxes(showgrid=False, zeroline=False)
    figure.update_yaxes(showgrid=False, zeroline=False, scaleanchor="x")
    if three:
        axes = {
            f"{axis}axis": {
                "title": {"text": name},
                "showticklabels": False,
                "gridcolor": GRID,
                "backgroundcolor": _CLEAR,
            }
            for axis, name in zip("xyz", names, strict=True)
        }
        figure.update_layout(scene=axes, margin={"l": 0, "r": 0, "b": 0})
    return figure


def _axis_names(method: str, dimensions: int, shares: Sequence[float] | None) -> list[str]:
    """Return a name an axis, with the share of the variance along it where that is known."""
    known = shares is not None and bool(np.isfinite(np.asarray(shares, float)).all())
    ends = (
        [f" ({share:.1%} of variance)" for share in shares]
        if known and shares is not None
        else [""] * dimensions
    )
    return [f"{method} {number}{end}" for number, end in zip(range(1, dimensions + 1), ends, strict=True)]


def axis_plane(table: pd.DataFrame, from_tag: str, to_tag: str, named: Sequence[str]) -> go.Figure:
    """Draw every tag along the line from one tag to another, and off it.

    Args:
        table: Columns `tag`, `position` (0 at `from_tag`, 1 at `to_tag`), `distance` (from the line).
        from_tag: The tag at 0.
        to_tag: The tag at 1.
        named: Tags whose names are written; the others say theirs when pointed at.
    """
    written = table["tag"].isin(list(named)).to_numpy()
    ends = table["tag"].isin([from_tag, to_tag]).to_numpy()
    ends_text = f"position: 0 = {plain(from_tag, 25)}, 1 = {plain(to_tag, 25)}"
    figure = blank("Tags along the axis", ends_text, "distance from the axis", 500)
    for rows, text_too, label, size, colour in (
        (~written & ~ends, False, "tags", 5, _REST),
        (written & ~ends, True, "named", 7, PALETTE[0]),
        (ends, True, "the two ends", 12, PALETTE[1]),
    ):
        part = table[rows]
        figure.add_scattergl(
            x=part["position"].to_numpy(),
            y=part["distance"].to_numpy(),
            mode="markers+text" if text_too else "markers",
            marker={"size": size, "color": colour},
            text=[plain(name, 30) for name in part["tag"]],
            textposition="top center",
            hovertemplate="<b>%{text}</b><br>position %{x:.3f}<br>distance %{y:.3f}<extra></extra>",
            name=label,
        )
    figure.update_layout(
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    )
    return figure


def pairs_plane(
    positions: npt.NDArray[np.float32], tags: Sequence[str], shares: Sequence[float] | None = None
) -> go.Figure:
    """Draw pairs of tags, each joined by a line: parallel lines say that the pairs are alike.

    Args:
        positions: Array (2 × pairs, 2): first and second tag of each pair, one pair after the other.
        tags: One a row of `positions`.
        shares: Of all variance, that along each axis; not told where None.

    Source:
        Ros Perez 2021, figure 11.
    """
    x, y = _axis_names("PCA", 2, shares)
    figure = blank("Pairs of tags", x, y, 500)
    for first in range(0, len(tags) - 1, 2):
        rows = slice(first, first + 2)
        figure.add_scatter(
            x=positions[rows, 0],
            y=positions[rows, 1],
            mode="lines+markers+text",
            line={"color": GREY, "dash": "dot"},
            marker={"size": 9, "color": [PALETTE[0], PALETTE[1]]},
            text=[plain(tag, 30) for tag in tags[rows]],
            textposition="top center",
            hovertemplate="<b>%{text}</b><extra></extra>",
            showlegend=False,
        )
    figure.update_yaxes(scaleanchor="x")
    return figure


def overlap_histogram(table: pd.DataFrame, k: int) -> go.Figure:
    """Draw how many tags share 0, 1, … k of their k nearest neighbours in two embeddings.

    Args:
        table: Column `overlap`, the share of the k neighbours in common, [0, 1].
        k: How many neighbours were compared.
    """
    shared = np.rint(table["overlap"].to_numpy(float) * k).astype(int)
    figure = blank("Do the two agree on neighbours?", f"neighbours in common, of {k}", "tags", 280)
    figure.add_bar(
        x=np.arange(k + 1),
        y=np.bincount(shared, minlength=k + 1),
        marker={"color": PALETTE[0]},
        hovertemplate=f"%{{y:,}} tags share %{{x}} of {k}<extra></extra>",
    )
    figure.update_layout(bargap=0.1)
    return figure
