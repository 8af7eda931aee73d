"""The demo's sound follows its recipe, and nothing else."""

import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taglab.audio.decode import resample
from taglab.audio.store import open_store
from taglab.audio.synth import RECIPE, synthesise, synthesise_voice, write_demo_audio
from taglab.audio.synth.drums import DRUMS, strike
from taglab.audio.synth.harmony import HARMONIES, chords, scale, voicing
from taglab.audio.synth.line_up import KITS
from taglab.audio.synth.rhythm import beats
from taglab.audio.synth.room import ERAS
from taglab.audio.synth.tones import frequency_hz, play, tones
from taglab.audio.synth.voices import DELIVERIES, syllable
from taglab.errors import Cancelled, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.sources.demo import DemoSettings, read_demo
from taglab.sources.demo.recipes import make_tracks

RATE = 16_000

PLAIN: dict[Any, Any] = {
    "tempo_bpm": 120.0,
    "rhythm": "backbeat",
    "swing": 0.0,
    "key": 0,
    "mode": "major",
    "harmony": "I-IV-V",
    "timbre": "clean guitar",
    "brightness": 0.5,
    "distortion": 0.05,
    "reverb": 0.1,
    "instruments": "piano|bass|drums",
    "voice": "none",
    "delivery": "none",
    "energy": 0.5,
    "valence": 0.5,
    "era_filter": "digital",
    "bandwidth_hz": 7900,
    "noise_db": -78,
    "compression": 0.5,
    "recipe_seed": 1,
}


@cache
def demo() -> Folksonomy:
    return read_demo()


def spectrum(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies in Hz and the mean power of windows of 4,096 samples."""
    windows = samples[: len(samples) // 4096 * 4096].reshape(-1, 4096) * np.hanning(4096)
    power = (np.abs(np.fft.rfft(windows)) ** 2).mean(0)
    return np.fft.rfftfreq(4096, 1 / RATE), power


def centroid_hz(samples: np.ndarray) -> float:
    hz, power = spectrum(samples)
    return float((hz * power).sum() / power.sum())


def test_one_track_of_every_style_plays() -> None:
    for recipe in demo().tracks.groupby("style").head(1).to_dict("records"):
        sound = synthesise(recipe, duration_s=2.0)
        assert sound.dtype == np.float32
        assert sound.shape == (2 * RATE,)
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(0.9, abs=1e-6)
        assert np.sqrt(np.mean(sound**2)) > 0.02, recipe["style"]


def test_whatever_recipes_hold_can_be_played() -> None:
    tracks = make_tracks(np.random.default_rng(3), 2_000, 300)
    assert set(RECIPE) <= set(tracks.columns)
    assert set(tracks["rhythm"]) <= set(beats())
    assert set(tracks["harmony"]) <= set(HARMONIES)
    assert set(tracks["delivery"]) <= {*DELIVERIES, "none"}
    assert set(tracks["era_filter"]) <= set(ERAS)
    struck = {"drums", "drum machine", "percussion", "congas", "turntables"}
    assert set(tracks["instruments"].str.split("|").explode()) <= {*tones(), *struck}


def test_patterns_fit_their_bars() -> None:
    for beat in beats().values():
        parts = [beat.kick, beat.snare, beat.hat, beat.extra, beat.bass, beat.chords]
        assert len({len(part) for part in parts if part}) == 1, beat.name
        assert set("".join(parts[:4])) <= set("xX."), beat.name
        assert set(beat.bass) <= set("xltfo."), beat.name
        assert set(beat.chords) <= set("xla."), beat.name
        assert not beat.extra or beat.extra_sound in DRUMS, beat.name
    assert {sound for kit in KITS.values() for sound in kit.values()} <= set(DRUMS)


def test_the_same_recipe_gives_the_same_samples_in_every_process() -> None:
    code = (
        "import hashlib; from tests.audio.test_synth import *; "
        "print(hashlib.sha256(b''.join(synthesise(r, 1.0).tobytes() "
        "for r in demo().tracks.iloc[::300].to_dict('records'))).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
    here = [synthesise(recipe, 1.0).tobytes() for recipe in demo().tracks.iloc[::300].to_dict("records")]
    assert done.stdout.strip() == hashlib.sha256(b"".join(here)).hexdigest()


def test_what_is_not_in_the_recipe_is_not_heard() -> None:
    recipe = demo().tracks.iloc[5].to_dict()
    other = {
        **recipe,
        "artist": "somebody",
        "title": "else",
        "nationality": "dutch",
        "cover": True,
        "year": 1,
    }
    np.testing.assert_array_equal(synthesise(recipe, 2.0), synthesise(other, 2.0))
    heard = {name: recipe[name] for name in RECIPE}
    np.testing.assert_array_equal(synthesise(recipe, 2.0), synthesise(heard, 2.0))


@pytest.mark.parametrize("name", sorted(tones()))
def test_every_instrument_sounds_its_pitch(name: str) -> None:
    tone = tones()[name]
    wave = play(tone, tone.midi, RATE, RATE)[1600:9600]
    power = np.abs(np.fft.rfft(wave, 1 << 15)) ** 2
    alike = np.fft.irfft(power, 8 << 15)  # the autocorrelation, at eight times the rate
    period = 8 * RATE / frequency_hz(tone.midi)
    near = alike[round(0.98 * period) : round(1.02 * period) + 1].max() / alike[0]
    assert near > 0.35
    for semitones in (-5, 4):
        assert near > 1.5 * alike[round(period * 2 ** (semitones / 12))] / alike[0]


def test_drums_lie_where_drums_lie() -> None:
    centre = {name: centroid_hz(np.resize(strike(name, RATE), 8192)) for name in DRUMS}
    assert centre["kick"] < 300
    assert centre["machine kick"] < centre["congas"] < centre["snare"] < centre["hat"]
    assert all(
        np.abs(strike(name, RATE)[-40:]).max() < 0.25 * np.abs(strike(name, RATE)).max() for name in DRUMS
    )


@pytest.mark.parametrize("delivery", ["sung", "rapped", "shouted"])
def test_a_woman_sings_above_a_man(delivery: str) -> None:
    how = DELIVERIES[delivery]
    rng = np.random.default_rng(0)
    man = syllable(how, "a", how.low, False, RATE, RATE, rng)
    woman = syllable(how, "a", how.low + how.woman, True, RATE, RATE, rng)
    assert np.isfinite(man).all()
    assert centroid_hz(woman) > centroid_hz(man)


def test_vowels_are_where_their_resonances_are() -> None:
    hz, power = spectrum(
        syllable(DELIVERIES["sung"], "a", 45, False, 2 * RATE, RATE, np.random.default_rng(0))
    )
    a = power[(hz > 600) & (hz < 1300)].sum() / power.sum()
    hz, power = spectrum(
        syllable(DELIVERIES["sung"], "u", 45, False, 2 * RATE, RATE, np.random.default_rng(0))
    )
    u = power[(hz > 600) & (hz < 1300)].sum() / power.sum()
    assert a > 2 * u


def test_tempo_is_heard() -> None:
    """Onsets of a four-on-the-floor come back after a beat."""
    for tempo_bpm in (100.0, 125.0, 150.0):
        machine = {"rhythm": "four-on-the-floor", "instruments": "drum machine", "reverb": 0.0, "energy": 0.9}
        sound = synthesise({**PLAIN, **machine, "tempo_bpm": tempo_bpm}, 8.0)
        spectra = np.log1p(100 * np.abs(np.fft.rfft(sound[: len(sound) // 160 * 160].reshape(-1, 160))))
        onsets = np.maximum(np.diff(spectra, axis=0), 0).sum(1)
        onsets -= onsets.mean()
        similar = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
        lags = np.arange(35, 70)
        best_s = lags[similar[lags].argmax()] / 100
        assert best_s == pytest.approx(60 / tempo_bpm, abs=0.011)


def test_eras_have_their_band_and_noise() -> None:
    old = synthesise({**PLAIN, "era_filter": "shellac", "bandwidth_hz": 4200, "noise_db": -30}, 4.0)
    new = synthesise(PLAIN, 4.0)
    bands = {}
    for name, sound in (("old", old), ("new", new)):
        hz, power = spectrum(sound)
        bands[name] = [power[(hz > low) & (hz < low + 400)].mean() for low in (40, 3500, 5000)]
    assert bands["old"][0] < 0.4 * bands["new"][0]  # no bass
    assert bands["old"][2] < 0.5 * bands["old"][1]  # nothing but hiss above the band
    hiss = []
    for noise_db in (-30, -50):
        hz, power = spectrum(synthesise({**PLAIN, "bandwidth_hz": 4200, "noise_db": noise_db}, 4.0))
        hiss.append(power[hz > 6500].mean())
    assert 10 * np.log10(hiss[0] / hiss[1]) == pytest.approx(20, abs=2)


@pytest.mark.parametrize(("column", "low", "high"), [("brightness", 0.1, 0.9), ("energy", 0.1, 0.9)])
def test_brighter_and_more_energetic_sound_brighter(column: str, low: float, high: float) -> None:
    assert centroid_hz(synthesise({**PLAIN, column: high}, 4.0)) > 1.15 * centroid_hz(
        synthesise({**PLAIN, column: low}, 4.0)
    )


def test_distortion_fills_the_spectrum() -> None:
    guitar = {"instruments": "electric guitar", "rhythm": "none"}
    flat = {}
    for amount in (0.05, 0.9):
        hz, power = spectrum(synthesise({**PLAIN, **guitar, "distortion": amount}, 4.0))
        inside = power[(hz > 100) & (hz < 4500)] + 1e-12
        flat[amount] = np.exp(np.log(inside).mean()) / inside.mean()
    assert flat[0.9] > 2 * flat[0.05]


def test_reverb_lengthens_the_sound() -> None:
    sparse = {"instruments": "drums", "rhythm": "half-time", "compression": 0.0, "tempo_bpm": 70.0}
    levels = [
        np.median(np.abs(synthesise({**PLAIN, **sparse, "reverb": reverb}, 6.0))) for reverb in (0.0, 0.9)
    ]
    assert levels[1] > 2 * levels[0]


def test_chords_are_in_their_key() -> None:
    rng = np.random.default_rng(0)
    for harmony in sorted(
        set(HARMONIES) - {"chromatic riff", "atonal", "12-bar blues", "andalusian cadence"}
    ):
        for mode in ("major", "minor"):
            for chord in chords(harmony, mode, 5, 8, rng):
                assert set(chord.classes) <= {*scale(harmony, mode, 5), (chord.root + 7) % 12}
    (chord,) = set(chords("one-chord groove", "minor", 9, 3, rng))
    assert chord.classes == (9, 0, 4, 7)  # A minor seventh
    assert voicing(chord, 60) == [55, 57, 60, 64]


def test_other_rates_play_the_same_music() -> None:
    sound = synthesise({**PLAIN, "instruments": "piano", "rhythm": "none"}, 4.0, 22_050)
    at_16 = synthesise({**PLAIN, "instruments": "piano", "rhythm": "none"}, 4.0)
    assert sound.shape == (88_200,)
    assert centroid_hz(resample(sound, 22_050, RATE)) == pytest.approx(centroid_hz(at_16), rel=0.2)
    assert np.isfinite(synthesise(PLAIN, 1.0, 8_000)).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rhythm": "polka"}, "rhythm='polka' must be one of backbeat"),
        ({"harmony": "serial"}, "harmony="),
        ({"delivery": "whispered"}, "delivery="),
        ({"voice": "dog"}, "voice="),
        ({"era_filter": "wax"}, "era_filter="),
        ({"instruments": "theremin"}, "'theremin' has none"),
        ({"tempo_bpm": 0.0}, "tempo_bpm="),
    ],
)
def test_unknown_recipes_are_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidSetting, match=reason):
        synthesise({**PLAIN, **change})


def test_incomplete_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="recipe must have key"):
        synthesise({name: value for name, value in PLAIN.items() if name != "key"})
    with pytest.raises(InvalidSetting, match="duration_s=0"):
        synthesise(PLAIN, 0.0)
    plain = demo()
    other = Folksonomy.from_codes(
        "other", plain.tracks[["track", "artist", "title"]], plain.tags, *_codes(plain)
    )
    with pytest.raises(InvalidSetting, match="must be the demo"):
        write_demo_audio(other, tmp_path / "pcm")


def _codes(folksonomy: Folksonomy) -> tuple[Any, Any, Any]:
    found = folksonomy.matrix.tocoo()
    return found.row, found.col, found.data


def test_the_demo_becomes_a_store_and_a_stopped_one_goes_on(tmp_path: Path) -> None:
    small = read_demo(DemoSettings(tracks=200, artists=30, listeners=60, tags=500))

    told: list[str] = []

    def stop(fraction: float, text: str) -> None:
        told.append(text)
        if fraction > 0.05:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        write_demo_audio(small, tmp_path / "pcm", 0.5, progress=stop)
    assert told[:2] == ["making the demo's sound: 1 of 200", "making the demo's sound: 2 of 200"]
    store = write_demo_audio(small, tmp_path / "pcm", 0.5)
    assert len(store) == 200
    assert store.tracks["track"].tolist() == small.tracks["track"].tolist()
    assert set(store.samples) == {RATE // 2}
    expected = np.rint(synthesise(small.tracks.iloc[7].to_dict(), 0.5) * 32_768).astype(np.int16)
    np.testing.assert_array_equal(store.whole(7), expected)
    assert open_store(tmp_path / "pcm").checksums == store.checksums


def test_what_can_be_heard_is_learned_and_what_cannot_is_not() -> None:
    """Logistic regression on cepstral means and deviations, artists kept apart."""
    import torch

    from taglab.audio.mfcc import Mfcc

    rows = np.arange(0, 1_200, 4)
    tracks = demo().tracks.iloc[rows]
    sounds = np.stack([synthesise(recipe, 2.0) for recipe in tracks.to_dict("records")])
    coefficients = torch.cat([Mfcc()(batch) for batch in torch.from_numpy(sounds).split(100)])
    heard = torch.cat([coefficients.mean(2), coefficients.std(2)], 1).numpy()
    artists = tracks["artist"].to_numpy()
    audible = {
        "metal": tracks["family"] == "metal",
        "electronic": tracks["family"] == "electronic",
        "a man": tracks["voice"] == "male",
        "nobody": tracks["voice"] == "none",
        "rapped": tracks["delivery"] == "rapped",
        "electric guitar": tracks["instruments"].str.contains("electric guitar"),
        "1980s": tracks["year"] // 10 == 198,
        "1990s": tracks["year"] // 10 == 199,
        "energetic": tracks["energy"] > 0.6,
    }
    for name, truth in audible.items():
        assert _roc_auc(heard, truth.to_numpy(), artists) > 0.75, name
    matrix = demo().matrix.tocsc()
    junk = np.flatnonzero(demo().tags["basis"] == "listener")
    given = matrix[rows][:, junk].sum(1) > 0
    assert given.sum() > 30
    assert abs(_roc_auc(heard, given, artists) - 0.5) < 0.12


def _roc_auc(features: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    apart = StratifiedGroupKFold(3)
    scores = cross_val_predict(model, features, truth, groups=groups, cv=apart, method="decision_function")
    return float(roc_auc_score(truth, scores))


def test_the_voice_is_had_apart_from_the_rest() -> None:
    # Little compression: more turns both down where they agree, and so lets them disagree.
    sung = {**PLAIN, "voice": "female", "delivery": "sung", "compression": 0.1, "reverb": 0.5}
    mixture, voice = synthesise(sung, 4.0), synthesise_voice(sung, 4.0)
    rest = mixture - voice
    assert 0.3 < np.std(voice) / np.std(rest) < 3
    # Any of the voice that were left in the rest, or taken twice, would show in both.
    assert abs(np.corrcoef(voice, rest)[0, 1]) < 0.05
    assert abs(np.corrcoef(voice, mixture - 0.8 * voice)[0, 1]) > 0.1
    assert not synthesise_voice(PLAIN, 1.0).any()
