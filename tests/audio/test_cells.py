"""Sound cut into bands and segments."""

import numpy as np
import pytest

from taglab.audio.cells import cells_of
from taglab.errors import InvalidSetting

RATE_HZ = 16_000


def test_cells_add_up_to_the_sound_and_have_what_is_in_their_band_and_segment() -> None:
    """A tone of 440 Hz in the first half, one of 5 kHz in the second; two channels, the second silent."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tones = np.where(time_s < 0.5, np.sin(2 * np.pi * 440 * time_s), np.sin(2 * np.pi * 5_000 * time_s))
    sound = np.stack([10_000 * tones, np.zeros(RATE_HZ)]).astype(np.int16)
    cells = cells_of(RATE_HZ, RATE_HZ, 4, 2)
    sounds = cells.sounds(sound)
    assert sounds.shape == (8, 2, RATE_HZ)
    np.testing.assert_allclose(sounds.sum(axis=0), sound, atol=0.5)
    energy = np.square(sounds[:, 0]).sum(axis=1)
    by_band_and_segment = {
        (band, part): at for at, (band, part) in enumerate(zip(cells.band, cells.segment, strict=True))
    }
    bands = np.searchsorted(cells.edges_hz, [440, 5_000]) - 1
    assert bands.tolist() == [0, 3]
    heard = energy[[by_band_and_segment[0, 0], by_band_and_segment[3, 1]]]
    assert heard.sum() > 0.95 * energy.sum()
    assert heard.min() > 0.4 * energy.sum()


def test_bands_are_of_equal_width_on_the_mel_scale() -> None:
    cells = cells_of(RATE_HZ, RATE_HZ, 2, 5)
    half = 2595 * np.log10(1 + 8_000 / 700) / 2
    np.testing.assert_allclose(cells.edges_hz, [0, 700 * (10 ** (half / 2595) - 1), 8_000])
    np.testing.assert_allclose(cells.edges_s, [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert cells.share.sum(dim=0).eq(1).all()


def test_what_sound_is_too_short_for_is_told() -> None:
    with pytest.raises(InvalidSetting, match="segments=9 must lie from 1 to 5"):
        cells_of(300, RATE_HZ, 2, 9)
    with pytest.raises(InvalidSetting, match="bands=128 leaves one without"):
        cells_of(300, RATE_HZ, 128, 1)
    with pytest.raises(InvalidSetting, match="must lie from 1 to 0"):
        cells_of(1, RATE_HZ, 1, 1)
