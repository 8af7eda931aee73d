"""Degraded sound has what was asked for, measured on the sound."""

from __future__ import annotations

import importlib.metadata
import io
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from taglab.audio.degrade import DEGRADATIONS, degradation, degrade
from taglab.audio.degrade.coding import mp3_bit_rates
from taglab.audio.degrade.crowd import crowd
from taglab.audio.degrade.loudness import loudness
from taglab.audio.degrade.noise import excerpt, pink
from taglab.audio.degrade.stretching import stretched
from taglab.errors import InvalidSetting, NotFound

RATE_HZ = 22_050
PROCESSED = {name: kind for name, kind in DEGRADATIONS.items() if not kind.rendered}
ORACLE = Path(__file__).parents[4] / "shared" / "data" / "oracles"


def music(seconds: float = 4.0, rate_hz: int = RATE_HZ, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Return tones, clicks and a little noise, float32."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    tones = sum(np.sin(2 * np.pi * hz * times) / k for k, hz in enumerate((110, 277, 660, 1760), start=1))
    clicks = np.zeros(len(times))
    clicks[:: rate_hz // 2] = 1
    mono = 0.1 * tones + 0.3 * clicks + 0.01 * random.standard_normal(len(times))
    return np.stack([mono, 0.5 * mono[::-1]][:channels], axis=1).squeeze().astype(np.float32)


def lag(changed: np.ndarray, original: np.ndarray) -> int:
    """Return by how many samples one must be moved to lie best on the other."""
    crossed = signal.correlate(changed, original, method="fft")
    return int(crossed.argmax()) - (len(original) - 1)


def ratio_db(signal_: np.ndarray, error: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(signal_.astype(float) ** 2) / np.mean(error.astype(float) ** 2)))


@pytest.mark.parametrize("name", PROCESSED)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_magnitude_gives_sound_of_its_shape_again_and_again(name: str, channels: int) -> None:
    sound = music(1.5, channels=channels)
    kind = DEGRADATIONS[name]
    grid = kind.magnitudes(RATE_HZ)
    for magnitude in {grid[0], grid[len(grid) // 2], grid[-1]}:
        changed = degrade(sound, RATE_HZ, name, magnitude, seed=3)
        assert changed.dtype == np.float32
        assert changed.shape[1:] == sound.shape[1:]
        assert np.isfinite(changed).all()
        if name != "tempo":
            assert changed.shape == sound.shape
            assert not np.array_equal(changed, sound)
        assert np.array_equal(changed, degrade(sound, RATE_HZ, name, magnitude, seed=3))


@pytest.mark.parametrize("name", [name for name, one in DEGRADATIONS.items() if not math.isnan(one.identity)])
def test_the_identity_returns_its_input_bit_for_bit(name: str) -> None:
    sound = music(1)
    before = sound.copy()
    assert degrade(sound, RATE_HZ, name, DEGRADATIONS[name].identity) is sound
    assert np.array_equal(sound, before)


@pytest.mark.parametrize("name", [name for name, one in PROCESSED.items() if one.equal_loudness])
def test_sound_is_as_loud_as_it_was(name: str) -> None:
    sound = music(3)
    for magnitude in (DEGRADATIONS[name].grid[0], DEGRADATIONS[name].magnitudes(RATE_HZ)[-1]):
        changed = degrade(sound, RATE_HZ, name, magnitude)
        assert loudness(changed, RATE_HZ) == pytest.approx(loudness(sound, RATE_HZ), abs=0.1)


def test_loudness_is_that_of_the_standard() -> None:
    # EBU Tech 3341, case 1: a sine of 1 kHz at -23 dBFS in both channels reads -23 LUFS.
    times = np.arange(20 * 48_000) / 48_000
    sine = (10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * times)).astype(np.float32)
    assert loudness(np.stack([sine, sine], axis=1), 48_000) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("name", ["pink-noise", "environmental-noise"])
@pytest.mark.parametrize("asked_db", [-15.0, 3.0, 30.0])
def test_noise_has_its_ratio(name: str, asked_db: float) -> None:
    sound = music()
    changed = degrade(sound, RATE_HZ, name, asked_db)
    # The gain that makes both equally loud is what of the sound is left in the result.
    gain = np.dot(changed.astype(float), sound) / np.dot(sound.astype(float), sound)
    assert ratio_db(gain * sound, changed - gain * sound) == pytest.approx(asked_db, abs=0.5)


def test_short_sound_is_as_loud_as_it_was() -> None:
    sound = music(0.15)
    noisy = degrade(sound, RATE_HZ, "pink-noise", -15.0)
    levels = [loudness(np.tile(one, 20), RATE_HZ) for one in (sound, noisy)]
    assert levels[0] == pytest.approx(levels[1], abs=0.5)
    with pytest.raises(InvalidSetting, match=r"0\.15 s of sound are too short to tell how loud"):
        loudness(sound, RATE_HZ)


def test_pink_noise_falls_by_three_decibel_an_octave() -> None:
    noise = pink(20 * RATE_HZ, RATE_HZ, np.random.default_rng(0))
    hz, power = signal.welch(noise, RATE_HZ, nperseg=4096)
    heard = (hz > 60) & (hz < 10_000)
    slope = np.polyfit(np.log2(hz[heard]), 10 * np.log10(power[heard]), 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.1)
    assert np.mean(noise.astype(float) ** 2) == pytest.approx(1, rel=1e-3)


def test_noise_differs_between_clips_and_seeds() -> None:
    sounds = [music(seed=0), music(seed=1)]
    noises = [degrade(one, RATE_HZ, "pink-noise", 0.0 + 3, seed) - one for one in sounds for seed in (0, 1)]
    correlations = np.corrcoef(noises)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 0.5


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 5))
def test_an_excerpt_is_never_taken_from_a_pause(n: int, silent: int, seed: int) -> None:
    recording = np.concatenate([np.zeros(silent), np.ones(50), np.zeros(silent)]).astype(np.float32)
    taken = excerpt(recording, n, np.random.default_rng(seed))
    assert len(taken) == n
    length = min(n, len(recording))
    assert np.mean(taken[:length] ** 2) >= 0.25 * np.mean(recording**2) * (1 - 1e-6)


def test_a_short_recording_is_repeated_and_not_stretched() -> None:
    recording = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    taken = excerpt(recording, 450, np.random.default_rng(1))
    assert np.array_equal(taken[:100], taken[100:200])
    assert sorted(taken[:100]) == sorted(recording)


def test_the_crowd_is_one_and_talks() -> None:
    assert crowd(RATE_HZ) is crowd(RATE_HZ)
    hz, power = signal.welch(crowd(RATE_HZ), RATE_HZ, nperseg=4096)
    assert power[(hz > 80) & (hz < 4000)].sum() > 0.8 * power.sum()


@pytest.mark.parametrize("tempo", [0.5, 0.92, 1.5])
def test_clicks_come_faster_or_slower(tempo: float) -> None:
    clicks = np.zeros(6 * RATE_HZ, np.float32)
    clicks[RATE_HZ // 4 :: RATE_HZ // 2] = 1
    changed = degrade(clicks, RATE_HZ, "tempo", tempo)
    assert len(changed) == pytest.approx(len(clicks) / tempo, abs=2)
    envelope = np.abs(changed) > 0.3 * np.abs(changed).max()
    starts = np.flatnonzero(np.diff(np.flatnonzero(envelope), prepend=-RATE_HZ) > RATE_HZ // 20)
    period = np.median(np.diff(np.flatnonzero(envelope)[starts]))
    assert period / RATE_HZ == pytest.approx(0.5 / tempo, abs=0.005)


@pytest.mark.parametrize("semitones", [-12.0, 0.25, 4.0])
def test_a_sine_is_higher_or_lower_and_as_long(semitones: float) -> None:
    times = np.arange(4 * RATE_HZ) / RATE_HZ
    sine = (0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    changed = degrade(sine, RATE_HZ, "pitch", semitones)
    spectrum = np.abs(np.fft.rfft(changed * np.hanning(len(changed)), 8 * len(changed)))
    hz = spectrum.argmax() * RATE_HZ / (8 * len(changed))
    assert 12 * np.log2(hz / 440) == pytest.approx(semitones, abs=0.03)
    assert len(changed) == len(sine)


def test_resynthesis_is_close_to_the_original_and_not_it() -> None:
    sound = music()
    changed = stretched(sound, RATE_HZ)
    assert lag(changed, sound) == 0
    assert 15 < ratio_db(sound, changed - sound) < 80


@pytest.mark.parametrize("name", ["mp3", "vorbis", "low-pass", "high-pass", "resampling", "telephone"])
def test_what_is_coded_or_filtered_keeps_its_place(name: str) -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(3 * RATE_HZ)).astype(np.float32)
    for magnitude in (DEGRADATIONS[name].magnitudes(RATE_HZ)[0], DEGRADATIONS[name].magnitudes(RATE_HZ)[-1]):
        assert lag(degrade(noise, RATE_HZ, name, magnitude), noise) == 0


def test_codings_lose_less_at_higher_rates() -> None:
    sound = music()
    lost = [ratio_db(sound, degrade(sound, RATE_HZ, "mp3", rate) - sound) for rate in (8, 32, 160)]
    assert lost == sorted(lost)
    assert lost[-1] > lost[0] + 6
    lost = [ratio_db(sound, degrade(sound, RATE_HZ, "vorbis", c) - sound) for c in (0.0, 0.5, 1.0)]
    assert lost == sorted(lost)


@pytest.mark.parametrize(("rate_hz", "kbps"), [(16_000, 8), (22_050, 160), (44_100, 320)])
def test_the_encoder_writes_the_bit_rate_that_was_asked(rate_hz: int, kbps: int) -> None:
    from taglab.audio.degrade.coding import _write_mp3

    file = io.BytesIO()
    _write_mp3(file, music(5, rate_hz), rate_hz, kbps * 1000)
    assert 8 * len(file.getvalue()) / 5 / 1000 == pytest.approx(kbps, rel=0.05, abs=2)
    with av.open(io.BytesIO(file.getvalue())) as written:
        assert written.streams.audio[0].rate == rate_hz


def test_mp3_has_other_bit_rates_below_32_khz() -> None:
    assert mp3_bit_rates(22_050)[-1] == 160
    assert mp3_bit_rates(44_100)[-1] == 320
    assert mp3_bit_rates(96_000) == ()
    with pytest.raises(InvalidSetting, match=r"320 kb/s is not to be had at 22,050 Hz; there are: 8, 16"):
        degrade(music(1), RATE_HZ, "mp3", 320)


def test_filters_take_away_what_they_say() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(4 * RATE_HZ)).astype(np.float32)
    for name, hz, lost in (("low-pass", 2000.0, 4000), ("high-pass", 2500.0, 1250)):
        bands, power = signal.welch(degrade(noise, RATE_HZ, name, hz), RATE_HZ, nperseg=2048)
        kept = power[(bands > 200) & (bands < 1500)] if name == "low-pass" else power[bands > 4000]
        assert 10 * np.log10(kept.mean() / power[np.abs(bands - lost).argmin()]) > 40
    bands, power = signal.welch(degrade(noise, RATE_HZ, "resampling", 8000.0), RATE_HZ, nperseg=2048)
    assert power[bands > 4500].max() < 1e-4 * power[(bands > 200) & (bands < 3000)].mean()


def test_gain_and_clipping_are_what_they_say() -> None:
    sound = music()
    assert np.allclose(degrade(sound, RATE_HZ, "gain", -6.0), sound * 10 ** (-6 / 20), rtol=1e-6)
    clipped = np.abs(degrade(sound, RATE_HZ, "clipping", 6.0))
    assert (clipped > 0.999 * clipped.max()).sum() > 1
    assert (np.abs(sound) > 0.999 * np.abs(sound).max()).sum() < (clipped > 0.999 * clipped.max()).sum()


def test_a_room_decays_by_sixty_decibel_in_its_time() -> None:
    click = np.zeros(3 * RATE_HZ, np.float32)
    click[10] = 1
    tail = np.square(degrade(click, RATE_HZ, "reverberation", 1.0)[11:], dtype=np.float64)
    left_db = 10 * np.log10(np.cumsum(tail[::-1])[::-1] / tail.sum())  # Schroeder's integral
    times = np.arange(len(left_db)) / RATE_HZ
    fitted = (left_db < -5) & (left_db > -25)
    assert np.polyfit(times[fitted], left_db[fitted], 1)[0] == pytest.approx(-60, rel=0.1)


def test_an_impulse_response_is_taken_as_it_is() -> None:
    sound = music(2)
    response = np.zeros(400, np.float32)
    response[[100, 250]] = 1, 0.5
    changed = degrade(sound, RATE_HZ, "telephone", 1.0, recording=response)
    expected = sound.copy()
    expected[150:] += 0.5 * sound[:-150]
    assert np.corrcoef(changed, expected)[0, 1] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_severity_runs_from_none_to_the_worst(name: str) -> None:
    kind = DEGRADATIONS[name]
    shares = [kind.severity(one, 44_100) for one in kind.magnitudes(44_100)]
    assert all(0 <= one <= 1 for one in shares)
    assert len(shares) == 1 or max(shares) == 1
    assert kind.severity(kind.identity, 44_100) == 0 or math.isnan(kind.identity)
    ordered = {"low": shares, "high": shares[::-1]}.get(kind.least)
    assert ordered is None or ordered == sorted(ordered)


def test_severities_are_worked_out_by_hand() -> None:
    assert degradation("pitch").severity(-6, RATE_HZ) == pytest.approx(0.5)
    assert degradation("tempo").severity(0.5, RATE_HZ) == pytest.approx(math.log(0.5) / math.log(0.3))
    assert degradation("pink-noise").severity(-10, RATE_HZ) == pytest.approx(40 / 45)
    assert degradation("mp3").severity(16, RATE_HZ) == pytest.approx(1 - 1 / math.log2(160 / 8))


@pytest.mark.realdata
def test_bit_rates_are_those_that_an_encoder_was_seen_to_write() -> None:
    table = json.loads((ORACLE / "mp3" / "lame_bitrates.json").read_text())["table"]
    for rate_hz, asked in table.items():
        kept = {float(kbps) for kbps, seen in asked.items() if seen["sr_written"] == int(rate_hz)}
        there = {kbps for kbps in kept if abs(asked[f"{kbps:g}"]["kbps_written"] / kbps - 1) < 0.05}
        assert there <= set(mp3_bit_rates(int(rate_hz))), rate_hz


@pytest.mark.parametrize(
    ("name", "magnitude", "sound", "sentence"),
    [
        ("hum", 1.0, music(1), "no degradation 'hum'; there are: pink-noise"),
        (
            "pitch",
            40.0,
            music(1),
            "pitch by 40 semitones: must lie from -12 to 12 semitones; 0 changes",
        ),
        ("pitch", math.nan, music(1), "must lie from -12 to 12"),
        ("pink-noise", 3.0, np.zeros(RATE_HZ, np.float32), "the sound is silent"),
        ("pink-noise", 3.0, music(1)[:0], "the sound is silent"),
        ("gain", 3.0, np.full(RATE_HZ, np.nan, np.float32), "no numbers"),
        ("gain", 3.0, np.ones((10, 5), np.float32), r"samples \(10, 5\) must be \(samples,\) or"),
        ("low-pass", 16_000.0, music(1), "is not to be had at 22,050 Hz"),
    ],
)
def test_what_cannot_be_is_refused(name: str, magnitude: float, sound: np.ndarray, sentence: str) -> None:
    with pytest.raises((InvalidSetting, NotFound), match=sentence):
        degrade(sound, RATE_HZ, name, magnitude)


def test_recordings_are_checked() -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    with pytest.raises(InvalidSetting, match="the recording of environmental-noise: the sound is silent"):
        degrade(music(1), RATE_HZ, "environmental-noise", 3.0, recording=silence)
    with pytest.raises(InvalidSetting, match="pitch takes no recording"):
        degrade(music(1), RATE_HZ, "pitch", 1.0, recording=silence + 1)


@pytest.mark.parametrize("name", ["tempo", "pitch", "resynthesis"])
def test_a_machine_without_the_stretcher_is_told_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    sentence = "changed by python-stretch, which is not installed; `python -m pip install python-stretch`"
    with pytest.raises(InvalidSetting, match=sentence):
        degrade(music(1), RATE_HZ, name, DEGRADATIONS[name].grid[0])

    def nowhere(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", nowhere)
    with pytest.raises(InvalidSetting, match=sentence):
        DEGRADATIONS[name].release()


@pytest.mark.parametrize(
    ("name", "magnitude", "coder"), [("mp3", 64.0, "LAME"), ("vorbis", 0.5, "libsndfile")]
)
def test_a_machine_without_the_coder_is_told_so(
    name: str, magnitude: float, coder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(av, "codecs_available", frozenset({"mp3", "flac"}))
    monkeypatch.setattr(soundfile, "available_subtypes", lambda _: {"OPUS": "Opus"})
    with pytest.raises(InvalidSetting, match=f"is coded by {coder}.* built without; .*force-reinstall"):
        degrade(music(1), RATE_HZ, name, degradation(name).magnitudes(RATE_HZ)[-1])


def test_a_stereo_file_of_an_encoder_is_read_by_another(tmp_path: Path) -> None:
    """What is degraded can be written and decoded by libsndfile as it is."""
    sound = degrade(music(1, channels=2), RATE_HZ, "vorbis", 0.5)
    soundfile.write(tmp_path / "out.wav", sound, RATE_HZ, "FLOAT")
    back, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert np.array_equal(back, sound)


def test_what_libraries_make_is_known_by_their_release() -> None:
    releases = {name: kind.release() for name, kind in DEGRADATIONS.items() if kind.release()}
    assert set(releases) == {"mp3", "vorbis", "tempo", "pitch", "resynthesis"}
    assert all(any(sign.isdigit() for sign in release) for release in releases.values())
    newer = replace(DEGRADATIONS["mp3"], release=lambda: "another")
    assert newer.edition != DEGRADATIONS["mp3"].edition
