"""Precision over k: a line a model, what bounds it once, and no markup of data."""

import pandas as pd

from taglab.figures.retrieval import precision_curves
from tests.figures.shown import shown

HOSTILE = "<img src=x onerror=alert(1)>"


def test_each_model_has_a_line_and_the_ceiling_one() -> None:
    table = pd.DataFrame(
        {
            "model": ["one", "one", HOSTILE, HOSTILE],
            "k": [1, 3, 1, 3],
            "precision": [1.0, 0.5, 0.0, 1 / 3],
            "ceiling": [1.0, 2 / 3, 1.0, 2 / 3],
        }
    )
    figure = precision_curves(table, HOSTILE)
    assert [list(trace.y) for trace in figure.data] == [[1.0, 0.5], [0.0, 1 / 3], [1.0, 2 / 3]]
    assert figure.data[2].line.dash == "dash"
    assert "<img" not in shown(figure)
    assert figure.layout.yaxis.title.text == "precision at k"
