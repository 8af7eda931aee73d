"""The baseline: hears timbre, learns from the training part alone, and says what it reaches on real music."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from taglab.audio.decode import Decoded
from taglab.audio.library import add_audio, find_files
from taglab.audio.mfcc import Mfcc, MfccSettings
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.batches import Material, SplitSettings, prepare, split_tracks
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelClass, LabelSpace, from_top_tags
from taglab.metrics.intervals import bootstrap
from taglab.metrics.tagging import tagging_scores
from taglab.studies.baseline import fit_baseline, mfcc_features
from tests.studies.emotify import emotify, emotify_folder

N = 60
RATE_HZ = 8_000


def sound(number: int) -> np.ndarray:
    """Noise, bright in every second track, and trembling in every third."""
    rng = np.random.default_rng(number)
    noise = rng.standard_normal(RATE_HZ).astype(np.float32)
    if number % 2:
        noise = np.diff(noise, append=0)
    if number % 3 == 0:
        noise *= 0.55 + 0.45 * np.sin(2 * np.pi * 6 * np.arange(RATE_HZ) / RATE_HZ)
    return (0.1 * noise).astype(np.float32)


def loaded(number: int) -> Decoded:
    return Decoded(sound(number), RATE_HZ, RATE_HZ)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AudioStore:
    sounds = [Sound(f"t{number}", "noise", "", partial(loaded, number)) for number in range(N)]
    settings = StoreSettings(sample_rate_hz=RATE_HZ, min_duration_s=0.1)
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, tmp_path_factory.mktemp("store"), settings, threads)


@pytest.fixture(scope="module")
def material(store: AudioStore) -> Material:
    tags = ("bright", "trembling", "everything", "rare")
    has = [(True, number % 2, number % 3 == 0, number == 7) for number in range(N)]
    pairs = [
        (row, (2, 0, 1, 3)[at]) for row, listed in enumerate(has) for at, one in enumerate(listed) if one
    ]
    rows, columns = np.array(pairs).T
    tracks = pd.DataFrame({"track": [f"t{number}" for number in range(N)]})
    data = Folksonomy.from_codes("noise", tracks, tags, rows, columns)
    space = LabelSpace("space", tuple(LabelClass(tag, (tag,)) for tag in (*tags, "nothing")))
    return prepare(data, space, store, split_tracks(data, SplitSettings(train=0.5, validation=0.2, test=0.3)))


def test_features_are_statistics_of_the_cepstrum(store: AudioStore) -> None:
    settings = MfccSettings(n_mfcc=13, sample_rate_hz=RATE_HZ, n_fft=512, hop=128, n_mels=32)
    found = mfcc_features(store, np.array([3, 8]), settings)
    assert found.shape == (2, 52)
    with torch.no_grad():
        frames = Mfcc(settings)(torch.from_numpy(store.whole(8).astype(np.float32) / 32_768)[None])[0].numpy()
    change = np.abs(np.diff(frames, axis=1))
    expected = [frames.mean(1), frames.std(1, ddof=1), change.mean(1), change.std(1, ddof=1)]
    np.testing.assert_allclose(found[1], np.concatenate(expected), rtol=1e-4, atol=1e-4)


def test_what_can_be_heard_is_learned(material: Material) -> None:
    predictions = fit_baseline(material)
    scores = tagging_scores(predictions.truth, predictions.scores)
    assert predictions.classes == material.classes
    assert predictions.split == material.split.fingerprint
    assert predictions.tracks == tuple(np.array(material.tracks)[material.of("test")])
    assert scores.average_precision[0] > 0.95
    assert scores.average_precision[1] > 0.8


def test_a_class_without_positives_or_negatives_scores_its_share(material: Material) -> None:
    predictions = fit_baseline(material, Cs=(0.1,))
    assert set(predictions.scores[:, predictions.column("nothing")]) == {0.0}
    assert set(predictions.scores[:, predictions.column("everything")]) == {1.0}


def test_a_track_is_judged_without_the_others_of_its_part(material: Material) -> None:
    features = np.random.default_rng(0).standard_normal((len(material.tracks), 6)).astype(np.float32)
    kept = fit_baseline(material, features=features)
    test = material.of("test")
    changed = features.copy()
    changed[test[1:]] = 1e3
    targets = material.targets.copy()
    targets[test] = ~targets[test]
    other = fit_baseline(replace(material, targets=targets), features=changed)
    np.testing.assert_array_equal(kept.scores[0], other.scores[0])


def test_the_validation_part_decides(material: Material) -> None:
    told: list[str] = []
    predictions = fit_baseline(
        material, Cs=(1e-9, 0.1), progress=lambda fraction, text: told.append(text), part="validation"
    )
    reached = [float(text.rsplit(" ", 1)[1]) for text in told[-2:]]
    found = tagging_scores(predictions.truth, predictions.scores).macro_average_precision
    assert found == pytest.approx(max(reached), abs=5e-4)


def test_wrong_settings_are_sentences(material: Material, store: AudioStore) -> None:
    for cs in ((), (0.0, 1.0)):
        with pytest.raises(InvalidSetting, match="Cs="):
            fit_baseline(material, Cs=cs)
    with pytest.raises(InvalidSetting, match=r"features \(3, 2\) must have"):
        fit_baseline(material, features=np.zeros((3, 2), np.float32))
    with pytest.raises(InvalidSetting, match="track 't0' of 8000 samples is too short"):
        mfcc_features(store, np.array([0]), MfccSettings(hop=2_000))


@pytest.mark.realdata
def test_emotify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over 5 splits of real music the baseline is well above chance; the figures are printed."""
    store = add_audio(find_files(emotify_folder() / "audio"), "emotify")
    data = emotify(tmp_path)
    assert (data.n_tracks, data.n_tags, len(store)) == (300, 13, 300)
    features = mfcc_features(store, store.rows(data.tracks["track"].tolist()))
    reached = []
    for seed in range(5):
        split = split_tracks(data, SplitSettings(seed=seed))
        material = prepare(data, from_top_tags(data, 13), store, split, drop_unlabelled=False)
        predictions = fit_baseline(material, features=features)
        scores = tagging_scores(predictions.truth, predictions.scores)
        interval = bootstrap(predictions.truth, predictions.scores).average_precision.macro
        reached.append(scores.macro_average_precision)
        with capsys.disabled():
            print(  # the figures are the point
                f"\nEmotify, split {seed}: macro average precision {interval.estimate:.3f} "
                f"[{interval.low:.3f}, {interval.high:.3f}], ROC-AUC {scores.macro_roc_auc:.3f}, "
                f"prevalence {np.nanmean(scores.prevalence):.3f}",
                end="",
            )
        assert interval.low > 1.2 * np.nanmean(scores.prevalence)
    assert np.mean(reached) > 0.45
