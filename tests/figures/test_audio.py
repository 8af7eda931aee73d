"""Spectrograms and lengths: what is drawn is what was given, with its units."""

import numpy as np
import pytest

from taglab.figures.audio import spectrogram, track_lengths
from tests.figures.shown import shown

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_a_spectrogram_has_seconds_and_hertz() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    figure = spectrogram(values, 0.032, [100.0, 300.0, 1_000.0], "dB", HOSTILE)
    (map_,) = figure.data
    np.testing.assert_array_equal(map_.z, values)
    assert map_.dx == 0.032
    assert map_.colorbar.title.text == "dB"
    assert list(figure.layout.yaxis.ticktext) == ["100", "200", "500", "1,000"]
    assert figure.layout.yaxis.tickvals == pytest.approx((0, 0.5, 1 + 2 / 7, 2))
    assert "(s)" in figure.layout.xaxis.title.text
    assert "<img" not in shown(figure)


@pytest.mark.parametrize("lengths", [[8.0], [8.0] * 500, [3.0, 4.5, 30.0], np.linspace(1, 400, 10_000)])
def test_every_track_is_in_one_bar(lengths) -> None:
    (bars,) = track_lengths(lengths).data
    assert sum(bars.y) == len(lengths)
    assert (np.asarray(bars.width) > 0).all()
    assert bars.customdata[0][0] <= min(lengths)
    assert bars.customdata[-1][1] >= max(lengths)
