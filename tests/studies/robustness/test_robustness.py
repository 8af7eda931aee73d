"""Consistency of clips whose features are known: planted ones that hear the change, and ones that do not."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
import soundfile
from pydantic import BaseModel, ConfigDict
from scipy.spatial.distance import cdist

from taglab.audio.decode import Decoded, to_int16
from taglab.audio.degrade import DEGRADATIONS, degrade
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.encoders import ENCODERS, MfccStatistics, encode_tracks
from taglab.encoders.encoder import LearnsNothing
from taglab.errors import DataError, InvalidSetting, NotFound
from taglab.studies.robustness import (
    Clips,
    ClipSettings,
    ConsistencySettings,
    consistency,
    consistency_seconds,
    lacking_share,
)
from taglab.studies.robustness.shares import measure_share, share_table
from taglab.studies.robustness.spaces import FEATURE_DISTANCES
from taglab.vectors import Vectors, open_features, save_features

RATE_HZ = 8_000
SETTINGS = ConsistencySettings(clips=12, clip_s=1.0, degradations=("gain", "pitch"), seed=1)


def tune(number: int, seconds: float) -> Decoded:
    """Return a melody of its own at a level of its own."""
    random = np.random.default_rng(number)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    notes = 200 * 2 ** (random.integers(0, 24, 40) / 12)
    hz = np.repeat(notes, RATE_HZ // 8)[: len(times)]
    phases = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    wave = (0.1 + 0.02 * number) * (np.sin(phases) + 0.4 * np.sin(3 * phases))
    return Decoded((wave + 0.002 * random.standard_normal(len(times))).astype(np.float32), RATE_HZ, RATE_HZ)


def store_of(folder: Path, seconds: list[float], load: Any = tune) -> AudioStore:
    sounds = [Sound(f"tune {n}", "", str(n), partial(load, n, one)) for n, one in enumerate(seconds)]
    channels = 1 if load(0, 1.0).samples.ndim == 1 else 2
    settings = StoreSettings(sample_rate_hz=RATE_HZ, channels=channels, min_duration_s=0, silence_dbfs=-90)
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, folder, settings, threads)


class _Level(LearnsNothing, BaseModel):
    """Hears how loud a clip is and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    measure: ClassVar[str] = "euclidean"
    encoder: Literal["level"] = "level"

    def encode(self, store: AudioStore, rows: Any, learned: Any, progress: Any = None) -> np.ndarray:
        levels = [np.sqrt(np.mean(store.whole(row).astype(float) ** 2)) / 32_768 for row in rows]
        return np.array([[level, 1.0] for level in levels], np.float32)

    def origin(self, split: str) -> dict[str, str]:
        return {"split": split}


class _Contour(_Level):
    """Hears the order in which a clip's loudest moments come, which no gain changes."""

    encoder: Literal["contour"] = "contour"  # type: ignore[assignment]

    def encode(self, store: AudioStore, rows: Any, learned: Any, progress: Any = None) -> np.ndarray:
        spectra = [np.abs(np.fft.rfft(store.whole(row).astype(float)))[:400] for row in rows]
        return np.stack([one / np.linalg.norm(one) for one in spectra]).astype(np.float32)


@pytest.fixture
def store(taglab_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AudioStore:
    """Fourteen tunes, one of them short, and features that two planted encoders made of them."""
    for name, encoder in (("level", _Level), ("contour", _Contour)):
        monkeypatch.setitem(ENCODERS, name, encoder)
    sound = store_of(tmp_path / "store", [2.0] * 13 + [0.9])
    for one in (_Level(), _Contour()):
        save_features(encode_tracks(one, sound, name=one.encoder), one.encoder)
    return sound


def test_who_ignores_a_change_is_consistent_and_who_hears_nothing_else_is_not(store: AudioStore) -> None:
    result = consistency(store, SETTINGS.model_copy(update={"features": ("contour", "level")}))
    assert len(result.tracks) == 12
    assert result.too_short == 1
    within = result.within.set_index(["space", "degradation", "magnitude"])["consistency"].sort_index()
    gains = within.xs("gain", level="degradation")
    assert (gains["contour, cosine"] == 1).all()
    # At -40 dB all are softer than the softest original, which is the nearest to all.
    assert gains["level, Euclidean"].loc[-40.0] == pytest.approx(1 / 12)
    assert (within.loc["sound, DTW", "pitch"].loc[[-12.0, 12.0]] < 1).all()
    assert set(result.within["severity"].between(0, 1)) == {True}


def test_strays_are_named_with_whom_they_came_to(store: AudioStore) -> None:
    result = consistency(store, SETTINGS.model_copy(update={"features": ("level",), "sound": False}))
    strays = result.strays[
        (result.strays["space"] == "level, Euclidean") & (result.strays["magnitude"] == -40)
    ]
    assert len(strays) == 11
    assert set(strays["nearest"]) == {min(result.tracks, key=lambda track: int(track.split()[1]))}
    assert (strays["other"] <= strays["own"]).all()


def test_features_are_held_against_sound(store: AudioStore) -> None:
    result = consistency(store, SETTINGS.model_copy(update={"features": ("contour",)}))
    assert len(result.between) == 2 * 2 * 10  # two distances of each, ten magnitudes
    alike = result.between[
        (result.between["degradation"] == "gain") & (result.between["distance"] == "cosine")
    ]
    assert (alike["agreement"] == 1).all()
    assert alike["kappa"].isna().all()  # both are right about every clip
    assert result.between["rank_correlation"].between(-1, 1).all()


def test_what_was_measured_is_not_measured_again(store: AudioStore, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS.model_copy(update={"features": ("level",)})
    before = consistency(store, settings)
    monkeypatch.setattr(Clips, "degraded", lambda *_: pytest.fail("degraded anew"))
    again = consistency(store, settings)
    assert again.within.equals(before.within)
    changed = store_of(store.folder.parent / "other", [2.0] * 13, partial(lambda n, s: tune(n + 50, s)))
    with pytest.raises(pytest.fail.Exception, match="degraded anew"):
        consistency(changed, settings)


def test_features_made_anew_under_the_name_are_measured_anew(store: AudioStore) -> None:
    settings = ConsistencySettings(
        clips=5, clip_s=1, degradations=("gain",), features=("level",), sound=False
    )
    consistency(store, settings)
    save_features(encode_tracks(_Contour(), store, name="level"), "level")
    assert (consistency(store, settings).within["consistency"] == 1).all()


def test_features_with_other_learned_parts_are_measured_anew(
    store: AudioStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ConsistencySettings(clips=5, clip_s=1, degradations=("gain",), features=("level",))
    assert lacking_share(store, settings) == 1
    consistency(store, settings)
    assert lacking_share(store, settings) == 0
    save_features(open_features("level"), "level", {"dictionary": np.ones((2, 2), np.float32)})
    assert lacking_share(store, settings) == 0.5  # of sound nothing has changed
    newer = replace(DEGRADATIONS["gain"], version=2)
    monkeypatch.setitem(DEGRADATIONS, "gain", newer)
    assert lacking_share(store, settings) == 1


def both_channels(number: int, seconds: float) -> Decoded:
    mono = tune(number, seconds).samples
    return Decoded(np.stack([mono, 0.25 * mono], axis=1), RATE_HZ, RATE_HZ, 2)


def test_stereo_is_measured_mixed_to_mono(store: AudioStore, tmp_path: Path) -> None:
    stereo = store_of(tmp_path / "stereo", [2.0] * 4, both_channels)
    save_features(encode_tracks(MfccStatistics(), stereo, name="mfcc"), "mfcc")
    settings = ConsistencySettings(clips=4, clip_s=1, degradations=("gain",), features=("mfcc",))
    within = consistency(stereo, settings).within
    assert set(within["space"]) == {"sound, DTW", "sound, SiMPle", "mfcc, Euclidean", "mfcc, cosine"}
    assert within["consistency"].max() == 1


class _Broken(_Level):
    """Makes what no distance can be taken of, once it is told to."""

    encoder: Literal["broken"] = "broken"  # type: ignore[assignment]
    answers: ClassVar[Any] = None

    def encode(self, store: AudioStore, rows: Any, learned: Any, progress: Any = None) -> np.ndarray:
        features = super().encode(store, rows, learned)
        return features if self.answers is None else self.answers(features)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (lambda features: features * np.nan, "NaN or infinity of 5 of 5 tracks, such as 'tune"),
        (lambda features: features[:, :1], "have 2 dimensions, and of clips 1 are made"),
        (np.zeros_like, "are nothing for 5 of 5 clips, which are too short"),
    ],
)
@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
def test_what_an_encoder_must_not_make_is_refused(
    store: AudioStore, monkeypatch: pytest.MonkeyPatch, answers: Any, sentence: str, measure: str
) -> None:
    monkeypatch.setitem(ENCODERS, "broken", _Broken)
    monkeypatch.setattr(_Broken, "measure", measure)
    save_features(encode_tracks(_Broken(), store, name="broken"), "broken")
    monkeypatch.setattr(_Broken, "answers", staticmethod(answers))
    settings = ConsistencySettings(
        clips=5, clip_s=1, degradations=("gain",), features=("broken",), sound=False
    )
    with pytest.raises(InvalidSetting, match=sentence):
        consistency(store, settings)


def test_copies_are_as_near_as_one_another_by_cosine() -> None:
    random = np.random.default_rng(0)
    originals = random.standard_normal((301, 97)).astype(np.float32)
    changed = originals + 0.1 * random.standard_normal(originals.shape).astype(np.float32)
    twice = FEATURE_DISTANCES["cosine"](np.concatenate([originals, originals]), changed)
    assert np.array_equal(twice[:, :301], twice[:, 301:])
    reference = cdist(changed.astype(float), originals.astype(float), "cosine")
    assert np.allclose(twice[:, :301], reference, atol=1e-12)


def test_a_clip_by_itself_is_that_of_the_store(store: AudioStore) -> None:
    clips = Clips.drawn(store, ClipSettings(clips=4, clip_s=1.0))
    assert np.array_equal(to_int16(clips.clip(2)), clips.original().whole(2))
    slower = to_int16(clips.degraded_clip(1, "tempo", 0.5))
    assert np.array_equal(slower, clips.degraded("tempo", 0.5).whole(1))


def test_clips_are_the_middle_of_their_tracks_and_degraded_ones_as_long(store: AudioStore) -> None:
    clips = Clips.drawn(store, ClipSettings(clips=4, clip_s=1.0))
    original = clips.original()
    row = int(store.rows([clips.tracks[2]])[0])
    assert np.array_equal(original.whole(2), store.whole(row)[4_000:12_000])
    slower = clips.degraded("tempo", 0.5)
    assert slower.whole(2).shape == (8_000,)
    middle = store.whole(row)[6_000:10_000].astype(np.float32) / 32_768
    assert np.abs(slower.whole(2) / 32_768 - degrade(middle, RATE_HZ, "tempo", 0.5)).max() < 1e-4


def test_only_what_is_to_be_made_faster_takes_longer_tracks(tmp_path: Path) -> None:
    short = store_of(tmp_path / "short", [1.0] * 3 + [0.9])
    clips = Clips.drawn(short, SETTINGS)
    assert (clips.tracks, clips.too_short) == (("tune 0", "tune 1", "tune 2"), 1)
    assert np.array_equal(clips.original().whole(1), short.whole(1))
    with pytest.raises(DataError, match=r"is shorter than the 1\.5 s that 1\.5 times its tempo takes"):
        clips.degraded_clip(0, "tempo", 1.5)
    faster = SETTINGS.model_copy(update={"degradations": ("gain", "tempo")})
    with pytest.raises(InvalidSetting, match=r"needs tracks of 1\.5 s, to be made faster; 0 of 4 tracks"):
        Clips.drawn(short, faster)
    with pytest.raises(InvalidSetting, match=r"clip_s=1\.1 needs tracks of 1\.1 s; 0 of 4 tracks"):
        Clips.drawn(short, SETTINGS.model_copy(update={"clip_s": 1.1}))


def test_the_thesis_grid_is_whole_and_the_coarse_one_has_both_ends() -> None:
    assert ConsistencySettings(grid="thesis").magnitudes("pitch", RATE_HZ)[0] == -12
    assert len(ConsistencySettings(grid="thesis").magnitudes("pitch", RATE_HZ)) == 20
    coarse = ConsistencySettings().magnitudes("pitch", RATE_HZ)
    assert len(coarse) == 5
    assert (coarse[0], coarse[-1]) == (-12, 12)
    few, many = (consistency_seconds(ConsistencySettings(clips=n), 2_000, 22_050) for n in (100, 1_000))
    assert 10 < many / few < 100


def silence(number: int, seconds: float) -> Decoded:
    wave = np.zeros(round(seconds * RATE_HZ), np.float32)
    wave[0] = 0.5  # outside of the clip, so that the track itself is no silence
    return Decoded(wave, RATE_HZ, RATE_HZ)


def test_what_cannot_be_measured_is_refused_in_a_sentence(store: AudioStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no space to measure in"):
        consistency(store, ConsistencySettings(sound=False))
    with pytest.raises(NotFound, match="no degradation 'hum'"):
        consistency(store, ConsistencySettings(degradations=("hum",)))
    with pytest.raises(NotFound):
        consistency(store, ConsistencySettings(features=("nosuch",)))
    with pytest.raises(InvalidSetting, match="0 of 14 tracks are as long, and 3 are needed"):
        consistency(store, ConsistencySettings(clip_s=60))
    save_features(Vectors.of("tracks", ["tune 1"], np.ones((1, 2), np.float32), "theirs", "cosine"), "theirs")
    with pytest.raises(InvalidSetting, match="'theirs' come from elsewhere"):
        consistency(store, ConsistencySettings(features=("theirs",)))
    silent = store_of(tmp_path / "silent", [3.0] * 3, silence)
    with pytest.raises(DataError, match="silent"):
        consistency(silent, SETTINGS)
    for measure in (consistency, lacking_share):
        with pytest.raises(InvalidSetting, match="mp3 has no magnitude at 8,000 Hz; leave it out"):
            measure(store, ConsistencySettings(clip_s=1, degradations=("gain", "mp3")))


def test_shares_measure_what_is_then_read(store: AudioStore, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ConsistencySettings(
        clips=5, clip_s=1, degradations=("gain", "clipping"), features=("level",), sound=False
    )
    before = share_table(store, settings, 3)
    assert before["changes"].sum() == 10
    assert (before["kept"] == 0).all()
    assert before["lacking"].iloc[0].startswith("gain -40, ")
    assert [measure_share(store, settings, share, 3) for share in (0, 2)] == [4, 3]
    after = share_table(store, settings, 3)
    assert after["kept"].tolist() == [4, 0, 3]
    assert after["core_s"].tolist()[0] == 0
    assert measure_share(store, settings, 1, 3) == 3
    assert measure_share(store, settings, 1, 3) == 0
    monkeypatch.setattr(Clips, "degraded", lambda *_: pytest.fail("degraded anew"))
    assert len(consistency(store, settings).within) == 20
    with pytest.raises(InvalidSetting, match="share=3 must lie in 0 to 2, for shares=3"):
        measure_share(store, settings, 3, 3)


def test_the_identity_leaves_clips_as_they_are_kept(store: AudioStore) -> None:
    clips = Clips.drawn(store, ClipSettings(clips=3, clip_s=1.0))
    before = clips.original()
    for name, kind in DEGRADATIONS.items():
        if not math.isnan(kind.identity):
            after = clips.degraded(name, kind.identity)
            assert all(np.array_equal(after.whole(row), before.whole(row)) for row in range(3)), name


def test_variants_are_measured_as_any_degradation_of_the_clips_that_have_them(
    store: AudioStore, tmp_path: Path
) -> None:
    rows = []
    for number in range(5):
        sound = store.whole(number)
        for semitones, samples in ((1, sound), (2, sound[::-1])):
            file = f"tune {number} {semitones}.wav"
            soundfile.write(tmp_path / file, samples, RATE_HZ)
            rows.append((f"tune {number}", "pitch", semitones, file))
    soundfile.write(tmp_path / "odd.wav", store.whole(5), RATE_HZ)
    rows.append(("tune 5", "pitch", 1, "odd.wav"))  # and no 2
    table = tmp_path / "variants.csv"
    pd.DataFrame(rows, columns=["clip", "kind", "magnitude", "file"]).to_csv(table, index=False)
    names = ("rendered-pitch", "gain")
    settings = SETTINGS.model_copy(update={"degradations": names, "variants": str(table)})
    assert settings.magnitudes("rendered-pitch", RATE_HZ) == (1, 2)
    result = consistency(store, settings)
    assert set(result.tracks) == {f"tune {number}" for number in range(5)}
    shares = result.within[result.within["degradation"] == "rendered-pitch"]
    shares = shares.set_index(["space", "magnitude"])["consistency"]
    assert shares.loc["sound, DTW", 1] == 1  # the very same sound
    assert shares.loc["sound, DTW", 2] < 1  # backwards
    assert lacking_share(store, settings) == 0
    soundfile.write(tmp_path / "tune 0 1.wav", store.whole(1), RATE_HZ)
    assert 0 < lacking_share(store, settings) < 1
    with pytest.raises(InvalidSetting, match="rendered-pitch is read from a table of rendered variants"):
        consistency(store, SETTINGS.model_copy(update={"degradations": names}))
    tempo = settings.model_copy(update={"degradations": ("rendered-tempo",)})
    with pytest.raises(InvalidSetting, match=r"rendered-tempo has no magnitude.* take a table that has it"):
        consistency(store, tempo)
    others = pd.read_csv(table).assign(clip=lambda part: part["clip"].str.replace("tune", "song"))
    others.to_csv(table, index=False)
    with pytest.raises(InvalidSetting, match="no track of the sound has all the variants"):
        consistency(store, settings)
