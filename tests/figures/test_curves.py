"""Curves are drawn with their points, told apart by colour and dash, and take no markup from names."""

import numpy as np
import pytest

from taglab.figures.curves import DrawnCurve, DrawnPoint, pr_curves, roc_curves
from tests.figures.shown import shown

HOSTILE = '<img src=x onerror="alert(1)">'
AXIS = np.linspace(0, 1, 5)


def curve(**changed: object) -> DrawnCurve:
    points = (DrawnPoint(0.5, 0.6, 0.4, "best F1", "star"),)
    given = {
        "name": HOSTILE,
        "colour": "#123456",
        "x": AXIS,
        "y": 1 - AXIS,
        "thresholds": np.array([np.inf, 0.8, 0.5, 0.2, 0.0]),
        "shape": "vh",
        "dashed": False,
        "legend_note": "AP 0.5",
        "points": points,
    }
    return DrawnCurve(**{**given, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("draw", [pr_curves, roc_curves])
def test_a_curve_is_drawn_with_its_points_and_no_markup(draw: object) -> None:
    figure = draw([curve(), curve(name="b", dashed=True)], HOSTILE)  # type: ignore[operator]
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [trace.line.dash for trace in lines] == ["solid", "dash"]
    assert lines[0].name.endswith("<br>AP 0.5")
    marked = [trace for trace in figure.data if trace.mode == "markers"]
    assert all("best F1" in trace.hovertemplate for trace in marked)
    assert len(marked) == 2
    assert "<img" not in shown(figure)


def test_too_few_points_are_not_joined() -> None:
    trace = pr_curves([curve(shape="points", points=())], "rock").data[0]
    assert trace.mode == "markers"


def test_chance_is_drawn_once_for_each_prevalence() -> None:
    figure = pr_curves([curve()], "rock", [0.2, 0.2, 0.3, float("nan")])
    assert sorted(shape.y0 for shape in figure.layout.shapes) == [0.2, 0.3]
    assert [shape.y1 for shape in roc_curves([curve()], "rock").layout.shapes] == [1]


def test_an_infinite_threshold_is_told_as_one() -> None:
    assert pr_curves([curve()], "rock").data[0].customdata[0] == 1
