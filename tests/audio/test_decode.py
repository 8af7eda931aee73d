"""A file's sound arrives at its true pitch, in mono, or is refused with a reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from taglab.audio.decode import DecodeSettings, decode, resample, to_int16
from taglab.errors import DataError

# What soundfile writes, another program than the one that decodes.
FORMATS: dict[str, dict[str, Any]] = {
    "wav": {},
    "aiff": {},
    "au": {},
    "caf": {},
    "flac": {},
    "ogg": {},
    "opus": {"format": "OGG", "subtype": "OPUS"},
    "mp3": {},
}


def tone(frequency_hz: float, rate_hz: int, duration_s: float = 4.0) -> np.ndarray:
    times = np.arange(round(rate_hz * duration_s)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)


def loudest_hz(samples: np.ndarray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate_hz / len(samples))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 22_050])
def test_a_tone_keeps_its_frequency_and_length(tmp_path: Path, suffix: str, rate_hz: int) -> None:
    if suffix == "opus" and rate_hz != 48_000:
        rate_hz = {44_100: 24_000, 22_050: 12_000}[rate_hz]  # the rates Opus has
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(1234.0, rate_hz), rate_hz, **FORMATS[suffix])
    decoded = decode(path)
    assert decoded.sample_rate_hz == 16_000
    assert decoded.file_rate_hz == (48_000 if suffix == "opus" else rate_hz)  # whatever went into it
    assert len(decoded.samples) == pytest.approx(4 * 16_000, abs=1_200)  # codecs pad by up to a frame
    assert loudest_hz(decoded.samples, 16_000) == pytest.approx(1234.0, abs=0.5)
    assert np.abs(decoded.samples[8_000:-8_000]).max() == pytest.approx(0.5, abs=0.05)  # lossy


def test_what_is_above_the_new_nyquist_frequency_does_not_fold_back() -> None:
    assert np.abs(resample(tone(10_000.0, 44_100), 44_100, 16_000)[500:-500]).max() < 1e-4


def test_resampling_in_blocks_is_resampling_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 5 * 44_100).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", noise, 44_100, subtype="FLOAT")
    np.testing.assert_allclose(
        decode(tmp_path / "noise.wav").samples, resample(noise, 44_100, 16_000), atol=1e-6
    )


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(300.0, 16_000), tone(700.0, 16_000)
    soundfile.write(tmp_path / "two.wav", np.stack([left, right], 1), 16_000, subtype="FLOAT")
    decoded = decode(tmp_path / "two.wav")
    assert decoded.channels == 2
    np.testing.assert_allclose(decoded.samples, (left + right) / 2, atol=1e-7)


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=300))
def test_16_bit_samples_survive_unchanged(values: list[int]) -> None:
    pcm = np.array(values, np.int16)
    np.testing.assert_array_equal(to_int16(pcm.astype(np.float32) / 32_768), pcm)


def test_overshoot_is_clipped_not_wrapped() -> None:
    np.testing.assert_array_equal(to_int16(np.array([1.5, -1.5], np.float32)), [32_767, -32_768])


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"RIFF", "cannot be decoded"), (b"not a sound " * 999, "cannot be decoded")],
)
@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_no_sound_is_refused(tmp_path: Path, suffix: str, content: bytes, reason: str) -> None:
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        decode(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut.{suffix}"
    rate_hz = 48_000 if suffix == "opus" else 44_100
    soundfile.write(path, tone(440.0, rate_hz), rate_hz, **FORMATS[suffix])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"breaks off|cannot be decoded|lasts|no samples"):
        decode(path)


def test_missing_folder_and_headerless_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.raw").write_bytes(bytes(1000))
    for path, reason in [
        (tmp_path / "none.wav", "there is no such file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "x.raw", "headerless"),
    ]:
        with pytest.raises(DataError, match=reason):
            decode(path)


def test_silent_short_and_not_numbers_are_refused(tmp_path: Path) -> None:
    cases = {
        "is silent": np.full(80_000, 1e-4, np.float32),
        "less than min_duration_s=3": tone(440.0, 16_000, 2.9),
        "no numbers": np.full(80_000, np.nan, np.float32),
        "no samples": np.zeros(0, np.float32),
    }
    for reason, samples in cases.items():
        soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
        with pytest.raises(DataError, match=reason):
            decode(tmp_path / "a.wav")
    opposite = np.stack([tone(440.0, 16_000), -tone(440.0, 16_000)], 1)
    soundfile.write(tmp_path / "a.wav", opposite, 16_000)
    with pytest.raises(DataError, match="opposite sign"):
        decode(tmp_path / "a.wav")


def test_a_lower_bound_of_nothing_takes_short_files(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(440.0, 16_000, 0.1), 16_000)
    assert len(decode(tmp_path / "a.wav", DecodeSettings(min_duration_s=0)).samples) == 1_600


def test_a_file_too_long_to_hold_is_refused_while_it_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(16_000 * 20), 16_000)
    with pytest.raises(DataError, match="lasts longer than max_duration_s=10"):
        decode(tmp_path / "a.flac", DecodeSettings(max_duration_s=10))


def test_a_rate_no_sound_has_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(100.0, 800, 10.0), 800)
    with pytest.raises(DataError, match="sample rate is 800 Hz"):
        decode(tmp_path / "a.wav")
