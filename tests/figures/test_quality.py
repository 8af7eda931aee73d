"""Pictures of how good vectors are: bars that say what they rest on, and scores against cosines."""

import numpy as np
import pandas as pd
import pytest

from taglab.figures.quality import quality_bars, score_scatter
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def table(vectors: tuple[str, ...] = ("v",)) -> pd.DataFrame:
    rows = [
        (name, vector, value, value - 0.1, value + 0.1, 100, covered, covered / 100)
        for name, value, covered in ((HOSTILE, 0.6, 97), ("b", -0.2, 5), ("c", np.nan, 0))
        for vector in vectors
    ]
    columns = ["set", "vectors", "value", "low", "high", "asked", "covered", "coverage"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize("vectors", [("v",), ("v", HOSTILE)])
def test_bars_say_how_much_they_rest_on(vectors: tuple[str, ...]) -> None:
    figure = quality_bars(table(vectors), "Title", "set", "measure")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert len(bars) == len(vectors)
    for bar in bars:
        np.testing.assert_allclose(bar.x, [0.6, -0.2, 0])
        np.testing.assert_allclose(bar.error_x.array[:2], 0.1)
        assert list(bar.text) == ["0.60 · 97 % known", "-0.20 · 5 % known", "too few known (0 of 100)"]
        assert bar.marker.opacity[0] > bar.marker.opacity[1] > bar.marker.opacity[2] > 0.2
    assert figure.layout.xaxis.range[0] <= -0.3
    assert "<img" not in shown(figure)
    assert "&lt;img" in shown(figure)


def test_nothing_known_at_all_is_still_a_figure() -> None:
    figure = quality_bars(table().iloc[2:], "Title", "set", "measure")
    assert figure.layout.xaxis.range[0] == 0


def test_pairs_without_a_vector_are_not_drawn_and_the_worst_are_named() -> None:
    pairs = pd.DataFrame(
        {
            "a": [HOSTILE, "b", "c", "d"],
            "b": ["e", "f", "g", "h"],
            "score": [1.0, 5.0, 9.0, 3.0],
            "similarity": [0.9, 0.5, 0.1, np.nan],
        }
    )
    figure = score_scatter([("v", pairs), (HOSTILE, pairs)], "Title", named=1)
    worst, rest = figure.data[:2]
    assert (list(worst.x), list(worst.y)) == ([1.0], [0.9])
    assert list(rest.x) == [5.0, 9.0]
    assert list(worst.textposition) == ["middle right"]
    assert "<img" not in shown(figure)
    assert "&lt;img" in shown(figure)
    assert not len(score_scatter([("v", pairs.iloc[3:])], "Title").data[1].x)
