"""Pictures of right and wrong decisions: a label's confusion matrix, and label × label tables.

Streamlit hears no click on a heat map. What can be clicked lies over it: unseen squares, each with its cell
in `customdata`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from taglab.figures.theme import DIVERGING, GREY, SHARES, blank, colour_scale, faint, plain, visible

if TYPE_CHECKING:
    import plotly.graph_objects as go

DoubleArray = npt.NDArray[np.float64]

CELLS = ("tp", "fn", "fp", "tn")
"""Cells of a confusion matrix in reading order; `customdata` is the number in this list."""

_NAMES = {"tp": "true positives", "fn": "false negatives", "fp": "false positives", "tn": "true negatives"}
_PLACES = {"tp": (0, 0), "fn": (1, 0), "fp": (0, 1), "tn": (1, 1)}
# Not see-through: one text colour reads on all of them, whichever page lies beneath.
_WRONG_TO_RIGHT = ("#e0813f", "#b4bac3", "#5b95dc")
_ON_CELLS = "#14161a"
MATRIX_PX = 300
"""Width of a confusion matrix."""
_RIGHT = ("tp", "tn")
_TITLE_CHARACTERS = 35
_TITLE_LINES = 3
_LABELS_NAMED = 80
_NAME_CHARACTERS = 18
_SVG_CELLS = 2500
# However large a cell is on the screen, a click in its corner finds its middle.
_REACH_PX = 200


def confusion_matrix(
    shares: npt.ArrayLike, title: str, n_tracks: int | None = None, chosen: str | None = None
) -> go.Figure:
    """Draw one label's confusion matrix at one threshold, as shares of all tracks (thesis, tables 20-25).

    Each cell's shade is its share of the tracks of its row (truly with the label, truly without): blue where
    the decision is right, orange where it is wrong.

    Args:
        shares: TP, TN, FP, FN as shares of all tracks, in [0, 1] (4,).
        title: Whose it is, as in the data.
        n_tracks: Tracks evaluated, for the hover; None where not known.
        chosen: The cell of `CELLS` to put a frame round.

    Returns:
        A figure whose last trace's points can be clicked, `customdata` counting `CELLS`.
    """
    values = _by_cell(shares)
    rates = _rates(values)
    shades = {cell: rate if cell in _RIGHT else -rate for cell, rate in rates.items()}
    written = {cell: f"{share:.4f}" for cell, share in values.items()}
    text = {cell: _cell_text(cell, values[cell], rates[cell], n_tracks) for cell in CELLS}
    return _matrix(visible(title, 90), shades, written, text, 1.0, chosen)


def confusion_difference(first: npt.ArrayLike, second: npt.ArrayLike, titles: tuple[str, str]) -> go.Figure:
    """Draw by how much one confusion matrix differs from another, first minus second.

    Cells hold differences of shares of all tracks. Shades are of shares of the row, as far as the largest of
    these: blue where the first decides rightly more often, orange where it decides wrongly more often.

    Args:
        first: TP, TN, FP, FN as shares of all tracks (4,).
        second: The same of the other.
        titles: Whose they are, as in the data.
    """
    ours, theirs = _by_cell(first), _by_cell(second)
    of_first, of_second = _rates(ours), _rates(theirs)
    apart = {cell: of_first[cell] - of_second[cell] for cell in CELLS}
    shades = {cell: gain if cell in _RIGHT else -gain for cell, gain in apart.items()}
    written = {cell: f"{ours[cell] - theirs[cell]:+.4f}".replace("-", "\N{MINUS SIGN}") for cell in CELLS}
    text = {
        cell: f"<b>{_NAMES[cell]}</b><br>{written[cell]} of all<br>{apart[cell]:+.1%} points of the row"
        for cell in CELLS
    }
    reach = max(map(abs, shades.values())) or 1.0
    heading = f"{visible(titles[0], 40)} \N{MINUS SIGN} {visible(titles[1], 40)}"
    return _matrix(heading, shades, written, text, reach)


def _matrix(
    title: str,
    shades: dict[str, float],
    written: dict[str, str],
    hover: dict[str, str],
    reach: float,
    chosen: str | None = None,
) -> go.Figure:
    """Draw four cells.

    Args:
        title: As one line of readable characters.
        shades: Of each cell, from -reach (orange) to reach (blue).
        written: The number in each cell.
        hover: What is said of each.
        reach: The largest shade.
        chosen: The cell to put a frame round.
    """
    import plotly.graph_objects as go

    lines = textwrap.wrap(title, _TITLE_CHARACTERS)[:_TITLE_LINES]
    lines += [""] * (_TITLE_LINES - len(lines))  # so that matrices side by side stand level
    heading = {"text": "<br>".join(map(plain, lines)), "font": {"size": 13}}
    axis = {
        "tickvals": [0, 1],
        "ticktext": ["yes", "no"],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }
    layout = {
        "title": heading,
        "xaxis": {**axis, "title": {"text": "predicted"}, "range": [-0.5, 1.5]},
        "yaxis": {**axis, "title": {"text": "true"}, "range": [1.5, -0.5]},
        "annotations": [_written(cell, written[cell]) for cell in CELLS],
        "shapes": [] if chosen is None else [_frame(chosen)],
        "width": MATRIX_PX,
        "height": MATRIX_PX + 18 * _TITLE_LINES,
        "margin": {"l": 44, "r": 10, "t": 18 + 18 * _TITLE_LINES, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverdistance": _REACH_PX,
    }
    z = np.array([shades[cell] for cell in CELLS]).reshape(2, 2)
    scale = {"zmin": -reach, "zmax": reach, "colorscale": colour_scale(_WRONG_TO_RIGHT), "showscale": False}
    cells = {"type": "heatmap", "z": z, **scale, "xgap": 2, "ygap": 2, "hoverinfo": "skip"}
    # In one go: a slider draws this once a run at every step, and each later update costs as much again.
    squares = _squares([0, 1, 0, 1], [0, 0, 1, 1], np.arange(4), [hover[cell] for cell in CELLS], 100)
    return go.Figure([cells, squares], layout)


def _by_cell(shares: npt.ArrayLike) -> dict[str, float]:
    return dict(zip(("tp", "tn", "fp", "fn"), np.asarray(shares, np.float64).tolist(), strict=True))


def _written(cell: str, number: str) -> dict[str, Any]:
    x, y = _PLACES[cell]
    font = {"size": 16, "color": _ON_CELLS}
    text = f"{cell.upper()}<br><b>{number}</b>"
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font}


def _frame(cell: str) -> dict[str, Any]:
    x, y = _PLACES[cell]
    corners = {"x0": x - 0.48, "x1": x + 0.48, "y0": y - 0.48, "y1": y + 0.48}
    return {"type": "rect", **corners, "line": {"width": 3, "color": _ON_CELLS}}


def _rates(values: dict[str, float]) -> dict[str, float]:
    """Return each cell as a share of its row; 0 in a row without tracks."""
    positives, negatives = values["tp"] + values["fn"], values["tn"] + values["fp"]
    rows = {"tp": positives, "fn": positives, "tn": negatives, "fp": negatives}
    return {cell: values[cell] / rows[cell] if rows[cell] > 0 else 0.0 for cell in CELLS}


def _cell_text(cell: str, share: float, rate: float, n_tracks: int | None) -> str:
    row = "with" if cell in ("tp", "fn") else "without"
    counted = f" ({round(share * n_tracks):,} tracks)" if n_tracks is not None else ""
    return (
        f"<b>{_NAMES[cell]}</b><br>{share:.4f} of all{counted}<br>{rate:.1%} of those truly {row} the label"
    )


def label_table(
    shares: npt.ArrayLike,
    labels: Sequence[str],
    title: str,
    row_title: str,
    column_title: str,
    together: npt.ArrayLike | None = None,
    difference: bool = False,
    boundaries: Sequence[float] = (),
    height: int | None = None,
) -> go.Figure:
    """Draw a label × label table as a heat map whose cells can be clicked.

    Args:
        shares: Of the row's tracks, in [0, 1], or differences of such in [-1, 1]; NaN where a row has no
            tracks (labels, labels). Rows are drawn from the top.
        labels: In the order of the rows and columns, as in the data.
        title: What it shows, its own words.
        row_title: What a row is.
        column_title: What a column is.
        together: Tracks of each cell, for the hover (labels, labels).
        difference: Whether these are differences; blue then is more, orange less, and the colours reach as
            far as the largest of them.
        boundaries: Places between rows at which a line parts groups of labels: 2.5 is above row 3.
        height: In pixels; by the number of labels where None.

    Returns:
        A figure whose last trace's points can be clicked, `customdata` being row times labels plus column.
    """
    values = np.asarray(shares, np.float64)
    n = len(labels)
    figure = blank(title, column_title, row_title, height or int(np.clip(200 + 15 * n, 420, 900)))
    reach = float(np.nanmax(np.abs(values), initial=0)) or 1.0 if difference else 1.0
    unit = "difference of shares" if difference else "share of row"
    figure.add_heatmap(
        z=values, zmin=-reach if difference else 0, zmax=reach,
        colorscale=colour_scale(_difference_scale() if difference else SHARES), hoverinfo="skip",
        colorbar={"title": {"text": unit, "side": "top"}, "tickformat": "+.0%" if difference else ".0%",
                  "orientation": "h", "thickness": 10, "len": 0.5, "x": 1, "xanchor": "right", "y": 1,
                  "yanchor": "bottom"},
    )  # fmt: skip
    rows, columns = np.divmod(np.arange(n * n), n)
    text = _pair_texts(values, labels, None if together is None else np.asarray(together), difference)
    figure.add_trace(_squares(columns, rows, np.arange(n * n), text, 6))
    figure.update_layout(hovermode="closest", hoverdistance=_REACH_PX)
    line = {"type": "line", "line": {"width": 1, "color": GREY}}
    across = [{**line, "x0": -0.5, "x1": n - 0.5, "y0": place, "y1": place} for place in boundaries]
    upright = [{**line, "y0": -0.5, "y1": n - 0.5, "x0": place, "x1": place} for place in boundaries]
    figure.update_layout(shapes=across + upright)
    _name_axes(figure, labels)
    figure.update_layout(margin={"t": 110})
    figure.update_layout(title={"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}})
    return figure


def _difference_scale() -> tuple[str, ...]:
    """Return the theme's diverging colours with nothing in the middle, as nothing is on either page."""
    worse, better = DIVERGING[0], DIVERGING[-1]
    return worse, faint(worse, 0.35), faint(GREY, 0.05), faint(better, 0.35), better


def _pair_texts(
    values: DoubleArray, labels: Sequence[str], together: npt.NDArray[np.generic] | None, difference: bool
) -> list[str]:
    names = [plain(label, 40) for label in labels]
    texts = []
    for row, of_row in enumerate(values.tolist()):
        for column, value in enumerate(of_row):
            if np.isnan(value):
                text = "no tracks in the row"
            else:
                text = f"{value:+.1%} points" if difference else f"{value:.1%} of the row"
            counted = f", {int(together[row, column]):,} tracks" if together is not None else ""
            texts.append(f"<b>{names[row]}</b> → <b>{names[column]}</b><br>{text}{counted}")
    return texts


def _squares(
    x: Sequence[int] | npt.NDArray[np.intp],
    y: Sequence[int] | npt.NDArray[np.intp],
    cells: npt.NDArray[np.intp],
    text: list[str],
    size: int,
) -> dict[str, Any]:
    """Return unseen squares to lie over the cells; they can be hovered over and clicked."""
    unseen = {"marker": {"opacity": 0}}
    return {
        "type": "scatter" if len(text) <= _SVG_CELLS else "scattergl",
        "x": np.asarray(x),
        "y": np.asarray(y),
        "mode": "markers",
        "marker": {"symbol": "square", "size": size, "opacity": 0},
        "selected": unseen,
        "unselected": unseen,
        "customdata": cells,
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _name_axes(figure: go.Figure, labels: Sequence[str]) -> None:
    every = max(1, -(-len(labels) // _LABELS_NAMED))
    places = np.arange(0, len(labels), every)
    text = [plain(labels[int(place)], _NAME_CHARACTERS) for place in places]
    axis = {
        "tickvals": places,
        "ticktext": text,
        "tickfont": {"size": 10},
        "showgrid": False,
        "zeroline": False,
    }
    figure.update_xaxes(**axis, tickangle=-60, range=[-0.5, len(labels) - 0.5], constrain="domain")
    figure.update_yaxes(**axis, range=[len(labels) - 0.5, -0.5])
