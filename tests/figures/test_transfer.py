"""Dots of scores by task."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures.theme import PALETTE
from taglab.figures.transfer import score_dots

HOSTILE = "<img src=x onerror=alert(1)>"


def scores(tasks: tuple[str, ...] = ("genre", HOSTILE)) -> pd.DataFrame:
    rows = [
        (task, "accuracy", features, baseline, mean, mean - 0.1, mean + 0.1)
        for task in tasks
        for features, baseline, mean in (("mfcc", True, 0.4), ("random", True, 0.3), (HOSTILE, False, 0.6))
    ]
    return pd.DataFrame(rows, columns=["asks", "measure", "features", "baseline", "mean", "low", "high"])


def test_every_task_has_a_panel_with_a_dot_for_all_features() -> None:
    figure = score_dots(scores())
    assert len(figure.data) == 2
    for dots in figure.data:
        np.testing.assert_allclose(dots.x, [0.4, 0.3, 0.6])
        np.testing.assert_allclose(dots.error_x.array, 0.1)
        assert list(dots.y) == [0, 1, 2]
        assert list(dots.marker.color) == list(PALETTE[:3])
        assert list(dots.marker.symbol) == ["circle-open", "circle-open", "circle"]
    assert figure.layout.xaxis.title.text == figure.layout.xaxis2.title.text == "accuracy"


def test_baselines_are_lines_through_their_own_panel() -> None:
    lines = score_dots(scores()).layout.shapes
    assert [(line.x0, line.xref) for line in lines] == [(0.4, "x"), (0.3, "x"), (0.4, "x2"), (0.3, "x2")]
    assert len({line.line.dash for line in lines[:2]}) == 2


def test_text_from_data_is_never_markup() -> None:
    text = score_dots(scores()).to_json()
    assert "<img" not in text
    assert "&lt;img" in text


@pytest.mark.parametrize(("n", "rows"), [(1, 1), (3, 1), (4, 2), (7, 3)])
def test_three_panels_stand_in_a_row_at_most(n: int, rows: int) -> None:
    figure = score_dots(scores(tuple(f"task {number}" for number in range(n))))
    heights = {tuple(figure.layout[f"yaxis{number or ''}"].domain) for number in [0, *range(2, n + 1)]}
    assert len(heights) == rows
    assert len(figure.layout.annotations) == n


def test_a_score_without_an_interval_is_a_dot() -> None:
    table = scores(("genre",)).assign(low=np.nan, high=np.nan)
    figure = score_dots(table)
    np.testing.assert_array_equal(figure.data[0].error_x.array, 0)
    assert figure.data[0].customdata[0][3] == "unknown"
