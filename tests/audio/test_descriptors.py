"""Descriptors of the spectrum against librosa, and of sound that has none."""

import numpy as np
import pytest

from taglab.audio.descriptors import band_edges_hz, descriptor_names, spectral_descriptors
from taglab.errors import InvalidSetting

librosa = pytest.importorskip("librosa")

N_FFT, HOP = 1_024, 368


def sound(rate_hz: int) -> np.ndarray:
    """A tone that rises out of noise."""
    random, time_s = np.random.default_rng(0), np.arange(rate_hz) / rate_hz
    return 0.2 * random.standard_normal(rate_hz) + 0.3 * time_s * np.sin(2 * np.pi * 900 * time_s**2)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_they_are_those_of_librosa(rate_hz: int) -> None:
    samples = sound(rate_hz)
    names = descriptor_names(rate_hz)
    ours = spectral_descriptors(samples, rate_hz, N_FFT, HOP)
    assert ours.shape == (1 + rate_hz // HOP, len(names))
    by_name = dict(zip(names, ours.T, strict=True))
    magnitudes = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP, pad_mode="reflect"))
    of, feature = {"S": magnitudes, "sr": rate_hz}, librosa.feature
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    framed = {"frame_length": N_FFT, "hop_length": HOP, "center": False}
    bands = len(band_edges_hz(rate_hz)) - 1
    theirs = {
        "centroid_hz": feature.spectral_centroid(**of),
        "bandwidth_hz": feature.spectral_bandwidth(**of),
        "rolloff_hz": feature.spectral_rolloff(**of),
        "flatness": feature.spectral_flatness(S=magnitudes),
        "level": feature.rms(y=padded, **framed),
        "zero_crossings": feature.zero_crossing_rate(padded, **framed),
    }
    for name, values in theirs.items():
        np.testing.assert_allclose(by_name[name], values[0], rtol=1e-3, err_msg=name)
    contrast = feature.spectral_contrast(**of, n_bands=bands)
    np.testing.assert_allclose(ours[:, len(theirs) :].T, 2 * contrast, atol=0.01)


def test_silence_and_a_tone_are_what_they_are() -> None:
    silent = spectral_descriptors(np.zeros(8_000), 16_000, N_FFT, HOP)
    names = descriptor_names(16_000)
    expected = [float(name == "flatness") for name in names]
    np.testing.assert_allclose(silent, np.tile(expected, (len(silent), 1)), atol=1e-9)
    tone = np.sin(2 * np.pi * 2_000 * np.arange(16_000) / 16_000)
    by_name = dict(zip(names, spectral_descriptors(tone, 16_000, N_FFT, HOP)[20], strict=True))
    assert by_name["centroid_hz"] == pytest.approx(2_000, rel=0.01)
    assert by_name["level"] == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert by_name["zero_crossings"] == pytest.approx(0.25, rel=0.01)
    assert by_name["flatness"] < 1e-4


def test_octaves_end_below_half_the_rate() -> None:
    assert band_edges_hz(44_100) == (0, 200, 400, 800, 1_600, 3_200, 6_400)
    assert band_edges_hz(8_000) == (0, 200, 400, 800, 1_600, 3_200)
    assert descriptor_names(8_000)[-1] == "contrast_from_3200_hz_db"


def test_frames_too_short_or_too_long_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="n_fft=128 must be at least 160 samples"):
        spectral_descriptors(np.ones(4_000), 16_000, 128, 64)
    with pytest.raises(InvalidSetting, match="512 samples are too few for frames of 1,024"):
        spectral_descriptors(np.ones(512), 16_000, N_FFT, HOP)
