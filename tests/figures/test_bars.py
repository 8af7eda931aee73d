"""Ranked bars: order, labels that differ only beyond where they are clipped, hostile text."""

import numpy as np
import pandas as pd

from taglab.figures.bars import ranked_bars
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_a_row_is_a_bar_from_the_top() -> None:
    table = pd.DataFrame({"tag": ["a", "b", "c"], "count": [5, 3, 1]})
    figure = ranked_bars(table, "tag", "count", "Tags", "tracks")
    assert list(figure.data[0].x) == [5, 3, 1]
    assert list(figure.layout.yaxis.ticktext) == ["a", "b", "c"]
    low, high = figure.layout.yaxis.range
    assert low > high


def test_labels_alike_after_clipping_stay_two_bars() -> None:
    table = pd.DataFrame({"tag": ["x" * 400 + "1", "x" * 400 + "1"], "count": [2, 1]})
    figure = ranked_bars(table, "tag", "count", "Tags", "tracks")
    assert len(set(figure.data[0].y)) == 2
    assert all(len(label) < 60 for label in figure.layout.yaxis.ticktext)


def test_text_from_data_is_never_markup() -> None:
    table = pd.DataFrame({"tag": [HOSTILE], "count": [2], "share": [0.5]})
    figure = ranked_bars(table, "tag", "count", "Tags", "tracks", {"share": ".1%"})
    assert "<img" not in shown(figure)
    assert "&lt;img" in figure.layout.yaxis.ticktext[0]


def test_no_rows_is_an_empty_figure() -> None:
    figure = ranked_bars(pd.DataFrame({"tag": [], "count": []}), "tag", "count", "Tags", "tracks")
    assert len(figure.data[0].x) == 0
    assert np.isfinite(figure.layout.height)
