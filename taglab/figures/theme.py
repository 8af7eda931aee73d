"""Colours, text and layout that all figures share; made to be read on a light and on a dark page.

Tags are what strangers wrote. Every tag that goes into a figure goes through `plain`: Plotly takes part of
HTML in its texts, and a browser must never be given any.
"""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Every colour that a mark is known by has a contrast of 3 to 1 or more with the paper of the light page and
# of the dark one (WCAG 2.2, 1.4.11), so that a figure is read on either, also when saved from the other.
# That leaves hues of a middle lightness. Eight of them, blue and orange first, chosen by maximising the least
# OKLab distance between any two, as seen with normal vision and with protanopia, deuteranopia and tritanopia
# (Machado et al. 2009). The first few lie furthest apart. The test repeats the reckoning.
PALETTE = ("#1665b7", "#d47d00", "#0ba0b7", "#8c5a04", "#bb2075", "#aa76ff", "#930bfe", "#ff3d86")
# For what needs no telling apart.
ACCENT = "#2f78c8"
GREY = "#8c8f94"
GRID = "rgba(128, 128, 128, 0.22)"
# For areas. Lightness rises all the way, from what a dark page still shows to what a white page still shows.
SEQUENTIAL = ("#3c568d", "#24789a", "#1f959b", "#48b09a", "#92c170", "#e2c94a")
# For marks, each of which has to stand out by itself: lightness rises, too, but hue says more.
SEQUENTIAL_MARKS = ("#515cbc", "#1b72c4", "#00889f", "#009a6f", "#929200", "#c68400")
# For matrices: nothing is nearly nothing on either page.
SHARES = ("rgba(47, 120, 200, 0.05)", "rgba(47, 120, 200, 1)")
# From misplaced (orange) over nothing (grey) to well placed (blue).
DIVERGING = ("#c85d02", "#b17b56", "#83868b", "#5d7eb0", "#2e68c6")

_LONGEST_NAME = 400
LEGEND_LINE_PX = 17
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str, at_most: int = 60) -> str:
    """Return a tag as one line of readable characters, for places that show text as text.

    Args:
        text: What people wrote.
        at_most: Number of characters; the middle of a longer tag gives way to an ellipsis.
    """
    line = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(line) <= at_most:
        return line
    head = (at_most - 1) * 2 // 3
    return f"{line[:head]}…{line[len(line) - (at_most - 1 - head) :]}"


def named(text: str, at_most: int = 60) -> str:
    """Return a tag as `visible` does; one of nothing but blanks in quotes, so that it is seen to be there."""
    return visible(text, at_most) if text.strip() else repr(text[:at_most])


def plain(text: str, at_most: int = 60) -> str:
    """Return a tag for any text of a Plotly figure: shortened, on one line, and never markup.

    Args:
        text: What people wrote.
        at_most: Number of characters shown.
    """
    # A text between dollar signs would be set as a formula where MathJax is loaded.
    return html.escape(visible(text, at_most), quote=False).replace("$", "&#36;")


def wrapped(text: str, per_line: int = 52) -> str:
    """Return a name whole for the legend of a Plotly figure: in lines, and never markup.

    Args:
        text: What people wrote.
        per_line: Number of characters on a line; 52 fit beside the sidebar of a window of 800 pixels.

    >>> wrapped("a name <of> several words", 14)
    'a name &lt;of&gt;<br>several words'
    """
    lines = textwrap.wrap(visible(text, _LONGEST_NAME), per_line) or [text]
    return "<br>".join(plain(line, per_line) for line in lines)


def legend_px(figure: go.Figure, a_name: int) -> int:
    """Return the height of a legend below or above a plot, in pixels.

    Args:
        figure: With its traces; names of several lines as `wrapped` gives them.
        a_name: Height of a name of one line.
    """
    names = [trace.name for trace in figure.data if trace.name and trace.showlegend is not False]
    return sum(a_name + LEGEND_LINE_PX * name.count("<br>") for name in names)


def hue(index: int) -> str:
    """Return the colour of the n-th class; hues repeat, so classes also need their names."""
    return PALETTE[index % len(PALETTE)]


def faint(colour: str, opacity: float) -> str:
    """Return a colour that lets through what lies beneath it.

    Args:
        colour: As `#rrggbb`.
        opacity: From 0, not to be seen, to 1.

    >>> faint("#0102ff", 0.5)
    'rgba(1, 2, 255, 0.5)'
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def colour_scale(colours: tuple[str, ...]) -> list[list[Any]]:
    """Return evenly spaced colours as a Plotly colour scale."""
    return [[place / (len(colours) - 1), colour] for place, colour in enumerate(colours)]


def blank(title: str, x: str = "", y: str = "", height: int = 420) -> go.Figure:
    """Return an empty figure in the common layout.

    Args:
        title: What the figure shows, as a plain text (not from data).
        x: Name and unit of the horizontal axis.
        y: Name and unit of the vertical axis.
        height: In pixels.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    axis = {"gridcolor": GRID, "zerolinecolor": GRID, "automargin": True}
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        xaxis={"title": {"text": x}, **axis},
        yaxis={"title": {"text": y}, **axis},
        colorway=list(PALETTE),
        height=height,
        margin={"l": 60, "r": 20, "t": 48, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"namelength": -1},
        modebar={"bgcolor": "rgba(0,0,0,0)"},
    )
    return figure
