"""Curves of consistency."""

from __future__ import annotations

import pandas as pd
import pytest

from taglab.figures.robustness import consistency_curves

HOSTILE = "<img src=x>"


def table() -> pd.DataFrame:
    rows = [
        (f"{features or 'sound'}, {distance}", features, distance, magnitude, 1 - magnitude / 10)
        for features, distance in (("", "DTW"), ("", "SiMPle"), (HOSTILE, "cosine"), ("mfcc", "cosine"))
        for magnitude in (8.0, 2.0)
    ]
    frame = pd.DataFrame(rows, columns=["space", "features", "distance", "magnitude", "consistency"])
    return frame.assign(low=frame["consistency"] - 0.1, high=frame["consistency"] + 0.1)


def test_sound_is_grey_and_features_have_hues() -> None:
    figure = consistency_curves(table(), [2.0, 5.0, 8.0], "dB", "Noise", at=5.0)
    curves = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len(curves) == 4
    assert curves[0].line.color == curves[1].line.color != curves[2].line.color != curves[3].line.color
    assert curves[0].line.dash != curves[1].line.dash
    # Magnitudes stand at equal steps, in their order.
    assert list(curves[0].x) == [0, 2]
    assert list(curves[0].y) == pytest.approx([0.8, 0.2])


def test_the_magnitude_looked_at_is_a_line_and_names_are_no_markup() -> None:
    figure = consistency_curves(table(), [2.0, 5.0, 8.0], "dB", "Noise", at=5.0)
    assert [shape.x0 for shape in figure.layout.shapes] == [1]
    assert not consistency_curves(table(), [2.0, 8.0], "dB", "Noise", at=3.0).layout.shapes
    assert "<img" not in figure.to_json()
    assert figure.layout.xaxis.title.text == "Noise, dB"
