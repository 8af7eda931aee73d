"""Pictures of a design draw what they are given, and never markup."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures.designs import (
    alias_heatmap,
    alone_and_among,
    interval_dots,
    scores_by_sources,
    variance_heatmap,
)
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_aliases_are_drawn_off_the_diagonal() -> None:
    names = ["tag", HOSTILE, "MSS-CR"]
    values = np.array([[1, 0.25, np.nan], [0.25, 1, 0.001], [np.nan, 0.001, 1]])
    figure = alias_heatmap(pd.DataFrame(values, names, names))
    drawn = figure.data[0]
    assert np.isnan(np.diag(drawn.z)).all()
    assert drawn.z[0][1] == 0.25
    assert (drawn.zmin, drawn.zmax) == (-1, 1)
    assert [list(row) for row in drawn.text] == [["", "0.25", ""], ["0.25", "", ""], ["", "", ""]]
    assert "<img" not in shown(figure)


def by_sources() -> tuple[pd.DataFrame, pd.DataFrame]:
    points = pd.DataFrame(
        {
            "group": ["MSS-CR", "MSS-CR", "MS-CR@2"],
            "n": [2, 3, 2],
            "score": [0.5, 1.0, -1.0],
            "run": [7, 8, HOSTILE],
        }
    )
    fits = pd.DataFrame(
        {"group": ["MSS-CR", "MSS-CR", "MS-CR@2"], "n": [3, 2, 2], "estimate": [0.9, 0.4, -1.0],
         "low": [0.5, 0.0, np.nan], "high": [1.0, 0.6, np.nan]}
    )  # fmt: skip
    return points, fits


def test_groups_stand_side_by_side_with_their_fits() -> None:
    figure = scores_by_sources(*by_sources(), single=-1.4)
    dots, line, others, mark = figure.data
    assert dots.name == "MSS-CR"
    assert list(dots.y) == [0.5, 1.0]
    assert np.unique(np.round(dots.x - np.array([2, 3]), 9)).size == 1
    assert others.x[0] - 2 == pytest.approx(2 - dots.x[0])
    np.testing.assert_allclose(line.x, dots.x)
    assert list(line.y) == [0.4, 0.9]
    np.testing.assert_allclose(line.error_y.array, [0.2, 0.1])
    np.testing.assert_allclose(line.error_y.arrayminus, [0.4, 0.4])
    assert (line.mode, mark.mode) == ("lines", "markers")
    assert figure.layout.shapes[0].y0 == -1.4
    assert "<img" not in shown(figure)


def test_scores_without_fits_and_fits_without_scores() -> None:
    points, fits = by_sources()
    assert len(scores_by_sources(points, fits.head(0)).data) == 2
    assert len(scores_by_sources(points.head(0), fits).data) == 2
    assert len(scores_by_sources(points.head(0), fits.head(0)).data) == 0


def test_intervals_from_the_top() -> None:
    table = pd.DataFrame(
        {"name": ["size", HOSTILE], "estimate": [1.0, 0.0], "low": [0.5, -1], "high": [2.0, 1]}
    )
    figure = interval_dots(table, "Effects", "standardised score", zero=True)
    drawn = figure.data[0]
    assert list(drawn.x) == [1.0, 0.0]
    assert list(drawn.error_x.array) == [1.0, 1.0]
    assert list(drawn.error_x.arrayminus) == [0.5, 1.0]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.shapes[0].x0 == 0
    assert "<img" not in shown(figure)


def test_percents_by_task_and_source() -> None:
    variances = pd.DataFrame(
        {"task": ["b", "b", "a", "a"], "source": ["tag", HOSTILE] * 2, "percent": [100.0, 0.0, np.nan, 3.4]}
    )
    figure = variance_heatmap(variances)
    drawn = figure.data[0]
    assert list(drawn.x) == ["b", "a"]
    np.testing.assert_allclose(drawn.z, [[100, np.nan], [0, 3.4]])
    assert [list(row) for row in drawn.text] == [["100", ""], ["0", "3"]]
    assert "<img" not in shown(figure)


def test_alone_and_among_a_colour_a_source() -> None:
    points = pd.DataFrame(
        {
            "source": ["tag", "bpm", "tag"],
            "task": ["a", "a", HOSTILE],
            "alone": [1.0, -1, 0],
            "percent": [40.0, 3, 9],
        }
    )
    figure = alone_and_among(points, {"r": 0.38, "low": 0.1, "high": 0.6})
    assert [trace.name for trace in figure.data] == ["tag", "bpm"]
    assert list(figure.data[0].y) == [40.0, 9.0]
    assert "r = 0.38 [0.10, 0.60]" in figure.layout.title.text
    assert "r =" not in alone_and_among(points).layout.title.text
    assert "<img" not in shown(figure)
