"""Curves of consistency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from taglab.figures.robustness import consistency_curves, label_curves, voice_places
from tests.figures.shown import shown

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
    assert "<img" not in shown(figure)
    assert figure.layout.xaxis.title.text == "Noise, dB"


def test_labels_have_hues_beside_their_grey_mean() -> None:
    labels = ["(mean of labels)", *(f"label {number}" for number in range(9)), HOSTILE]
    rows = [(label, magnitude, 0.5, 0.4, 0.6) for label in labels for magnitude in (8.0, 2.0)]
    names = ["label", "magnitude", "average_precision", "average_precision_low", "average_precision_high"]
    figure = label_curves(pd.DataFrame(rows, columns=names), [2.0, 8.0], "dB", "Noise", at=8.0)
    curves = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len({(curve.line.color, curve.line.dash) for curve in curves}) == len(labels)
    assert list(curves[0].x) == [0, 1]
    assert [shape.x0 for shape in figure.layout.shapes] == [1]
    assert "<img" not in shown(figure)


def test_windows_are_coloured_by_loudness_and_beside_it_by_song() -> None:
    windows = pd.DataFrame(
        {
            "track": [HOSTILE, HOSTILE, "b"], "start_s": [0.0, 2.0, 0.0], "stem_dbfs": [-20.0, -90.0, -12.5],
            "x": [0.0, 1.0, 2.0], "y": [3.0, 4.0, 5.0],
        }
    )  # fmt: skip
    loudness, songs = voice_places(windows).data
    assert list(loudness.marker.color) == [-20.0, -90.0, -12.5]
    assert loudness.marker.colorbar.title.text == "dBFS"
    first, second, other = songs.marker.color
    assert first == second != other
    assert np.array_equal(loudness.x, songs.x)
    assert [row[2] for row in loudness.customdata] == ["-20.0", "-90.0", "-12.5"]
    assert "<img" not in shown(voice_places(windows))
