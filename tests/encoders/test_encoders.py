"""Encoders of sound, held against plain NumPy and scikit-learn."""

import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from taglab.audio.decode import Decoded
from taglab.audio.descriptors import descriptor_names, spectral_descriptors
from taglab.audio.library import open_audio
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.encoders import (
    ENCODERS,
    FEATURE_FILES,
    MfccCodebook,
    MfccStatistics,
    SpectralStatistics,
    encode_alike,
    encode_tracks,
    encoder_of,
    learn,
    read_features,
)
from taglab.encoders.cepstra import cepstral_frames, cepstral_transform
from taglab.encoders.quantising import nearest_entries
from taglab.errors import DataError, InvalidSetting
from taglab.runs import open_run
from taglab.training import encode, new_run, train
from taglab.vectors import open_features, open_learned, save_features
from tests.cli.running import Shell
from tests.nets.checkpoints import musicnn_tensors, write_checkpoint
from tests.training.examples import config_of, make_world

RATE_HZ = 16_000
LOW, HIGH = 300, 3_000


def tone(number: int, seconds: float = 1.0) -> Decoded:
    """Return a tone and some noise: even numbers are low, odd ones high."""
    random = np.random.default_rng(number)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * (HIGH if number % 2 else LOW) * time_s)
    samples += 0.01 * random.standard_normal(len(time_s))
    return Decoded(samples.astype(np.float32), RATE_HZ, RATE_HZ)


def store_of(
    folder: Path, numbers: list[int], settings: StoreSettings | None = None, seconds: float = 1.0
) -> AudioStore:
    sounds = [Sound(f"t{number}", f"{number}.wav", "1", partial(tone, number, seconds)) for number in numbers]
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, folder, settings or StoreSettings(min_duration_s=0.05), threads)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> AudioStore:
    return store_of(tmp_path_factory.mktemp("sound") / "store", list(range(8)))


def test_frames_are_those_of_a_plain_transform(store: AudioStore) -> None:
    """The level of a frame is the mean of its log mels times the root of their number."""
    transform = cepstral_transform(RATE_HZ, 13, 25, 10, "hamming")
    frames = cepstral_frames(transform, store, 0, 2)
    assert frames.shape == (101, 39)  # a second by steps of 10 ms, from its first to its last moment
    samples = store.whole(0).astype(np.float64) / 32_768
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    padded = np.pad(window, 56)  # 400 samples in the middle of 512
    moment = samples[50 * 160 - 256 : 50 * 160 + 256]
    power = np.abs(np.fft.rfft(moment * padded)) ** 2
    mels = power @ transform.MelSpectrogram.mel_scale.fb.numpy().astype(np.float64)
    level = np.log(mels + 1e-6).mean() * np.sqrt(40)
    assert frames[50, 0] == pytest.approx(level, rel=1e-3)
    # A difference over five frames: the slope of a line through them.
    steps = np.array([-2, -1, 0, 1, 2])
    slopes = (frames[48:53, :13] * steps[:, None]).sum(axis=0) / 10
    np.testing.assert_allclose(frames[50, 13:26], slopes, atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        (MfccStatistics(), 120),
        (MfccStatistics(n_mfcc=25, first=False), 144),
        (MfccStatistics(differences=0), 40),
    ],
)
def test_statistics_have_the_sizes_that_papers_print(
    store: AudioStore, settings: MfccStatistics, size: int
) -> None:
    features = settings.encode(store, np.arange(3), {})
    assert features.shape == (3, size)
    transform = cepstral_transform(RATE_HZ, settings.n_mfcc, 46, 23, "hann")
    frames = cepstral_frames(transform, store, 1, settings.differences).astype(np.float64)
    column = 1 - settings.first  # the first that is kept
    assert features[1, 0] == pytest.approx(frames[:, column].mean(), rel=1e-5)
    assert features[1, size // 2] == pytest.approx(frames[:, column].std(), rel=1e-4)


def test_statistics_of_descriptors_are_those_of_their_frames(store: AudioStore) -> None:
    alone, both = (SpectralStatistics(n_mfcc=n).encode(store, np.arange(2), {}) for n in (0, 5))
    names = descriptor_names(RATE_HZ)
    assert (alone.shape, both.shape) == ((2, 5 * len(names)), (2, 5 * (len(names) + 5)))
    samples = store.whole(1).astype(np.float64) / 32_768
    frames = spectral_descriptors(samples, RATE_HZ, 1_024, 368)
    by_statistic = alone[1].reshape(5, len(names))
    expected = [getattr(np, name)(frames, axis=0) for name in ("mean", "std", "median", "min", "max")]
    np.testing.assert_allclose(by_statistic, expected, rtol=1e-5)
    np.testing.assert_array_equal(both[1].reshape(5, -1)[:, : len(names)], by_statistic)
    centroid = dict(zip(names, by_statistic[0], strict=True))["centroid_hz"]
    assert LOW < alone[0, 0] < centroid  # noise draws both to the middle
    cepstra = cepstral_frames(cepstral_transform(RATE_HZ, 5, 46, 23, "hann"), store, 1, 0)
    np.testing.assert_allclose(both[1].reshape(5, -1)[0, len(names) :], cepstra.mean(axis=0), rtol=1e-4)


def test_counts_sum_to_the_frames_and_tell_tones_apart(store: AudioStore) -> None:
    encoder = MfccCodebook(n_entries=6)
    counts = encoder.encode(store, np.arange(8), encoder.learn(store, np.arange(6)))
    assert counts.shape == (8, 6)
    np.testing.assert_array_equal(counts.sum(axis=1), 101)
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    likeness = unit @ unit.T
    low, high = [0, 2, 4, 6], [1, 3, 5, 7]
    assert likeness[np.ix_(low, low)].min() > likeness[np.ix_(low, high)].max()


def test_the_dictionary_is_learned_from_training_tracks_alone(tmp_path: Path, store: AudioStore) -> None:
    other = store_of(tmp_path / "store", [0, 1, 2, 3, 4, 5, 17, 16])  # other sound from the seventh on
    encoder = MfccCodebook(n_entries=6)
    here = encoder.learn(store, np.arange(6))
    for name, values in encoder.learn(other, np.arange(6)).items():
        np.testing.assert_array_equal(here[name], values)
    assert (here["entries"] != encoder.learn(other, np.array([0, 6]))["entries"]).any()


def test_nearest_entries_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    frames = random.standard_normal((3_000, 39)).astype(np.float32)
    model = KMeans(50, n_init=1, max_iter=5, random_state=0).fit(frames)
    nearest = nearest_entries(frames, model.cluster_centers_.astype(np.float32))
    np.testing.assert_array_equal(nearest, model.predict(frames))
    twice = np.ones((2, 3), np.float32)
    assert nearest_entries(np.zeros((1, 3), np.float32), twice).tolist() == [0]


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder with sixty tracks of a second, and a run trained an epoch on them."""
    home = tmp_path_factory.mktemp("trained") / "home"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(home))
        make_world(home)
        run = train(new_run(config_of(epochs=1, window_s=0.3)).name)
        run.folder.rename(run.folder.with_name("trained"))
        yield home


@pytest.fixture
def world(trained_home: Path, taglab_home: Path) -> Path:
    return Path(shutil.copytree(trained_home, taglab_home))


PEAKS = """
import os, sys, wave
import numpy as np
rows = {}
for name in os.listdir(sys.argv[1]):
    with wave.open(os.path.join(sys.argv[1], name)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    rows[name] = np.abs(np.fft.rfft(samples[:4_000].astype(float)))[:900]
np.savez(sys.argv[2], ids=list(rows), vectors=np.array(list(rows.values())))
"""
SMALL = {
    "mfcc-codebook": {"n_entries": 4},
    "auditory-codebook": {"n_entries": 4},
    "run": {"run": "trained"},
    "random": {"run": "trained"},
    "program": {"program": (sys.executable, "-c", PEAKS)},
}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_keeps_what_it_was_and_encodes_other_sound_alike(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_checkpoint(tmp_path / "packages" / "musicnn" / "MTT_musicnn", musicnn_tensors())
    monkeypatch.syspath_prepend(tmp_path / "packages")
    store = store_of(tmp_path / "store", list(range(4)), seconds=3.2)
    encoder = encoder_of(name, SMALL.get(name))
    encoder.permit()
    learned = learn(encoder, store, ["t0", "t1", "unheard"])
    vectors = encode_tracks(encoder, store, learned, "a split", "mine")
    assert (vectors.kind, vectors.measure) == ("tracks", encoder.measure)
    assert vectors.ids == tuple(f"t{number}" for number in range(4))
    assert vectors.origin["encoder"] == encoder.model_dump(mode="json")
    assert vectors.origin["sound"]["fingerprint"] == store.fingerprint
    assert bool(learned) == encoder.learns
    if encoder.learns:
        assert vectors.origin["split"] == "a split"
    again = encode_tracks(encoder, store, learned, "a split", "mine")
    assert vectors.fingerprint == again.fingerprint
    save_features(vectors, "mine", learned)
    assert set(open_learned("mine")) == set(learned)
    alike = encode_alike("mine", store_of(tmp_path / "other", [3, 20], seconds=3.2))
    # Of a run's network, products of matrices of other sizes are summed in another order.
    near = {"rtol": 1e-4, "atol": 1e-6} if hasattr(encoder, "run") else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(alike.rows_of(["t3"]), vectors.rows_of(["t3"]), **near)
    assert alike.ids == ("t3", "t20")
    with pytest.raises(InvalidSetting, match="sound of 8,000 Hz must be of 16,000 Hz"):
        encode_alike("mine", store_of(tmp_path / "slow", [3], settings=StoreSettings(sample_rate_hz=8_000)))


@pytest.mark.usefixtures("world")
def test_networks_are_heard_before_their_head(tmp_path: Path) -> None:
    store, run = open_audio("small"), open_run("trained")
    layer = encode_tracks(encoder_of("run", {"run": "trained"}), store)
    np.testing.assert_array_equal(layer.vectors, encode(run, "all").vectors)
    assert layer.origin["split"] == run.about.split != ""
    fresh = encode_tracks(encoder_of("random", {"run": "trained"}), store)
    np.testing.assert_array_equal(fresh.vectors, encode(run, "all", "untrained").vectors)
    assert fresh.origin["split"] == ""
    sounds = [Sound(f"s{place}", "s", "1", partial(tone, 0, 0.2 + place)) for place in range(2)]
    with ThreadPoolExecutor(1) as threads:
        mixed = write_sounds(sounds, tmp_path / "mixed", StoreSettings(min_duration_s=0.05), threads)
    short = encode_tracks(encoder_of("run", {"run": "trained"}), mixed)
    assert (short.ids, short.missing) == (("s1",), ("s0",))  # the window is of 0.3 s


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("name", ["run", "random"])
def test_deviations_over_windows_follow_the_means(name: str, tmp_path: Path) -> None:
    store = store_of(tmp_path / "store", list(range(3)), seconds=1.0)
    means = encode_tracks(encoder_of(name, {"run": "trained"}), store)
    both = encode_tracks(encoder_of(name, {"run": "trained", "over_windows": "mean-deviation"}), store)
    assert both.dim == 2 * means.dim
    np.testing.assert_allclose(both.vectors[:, : means.dim], means.vectors, rtol=1e-5, atol=1e-6)
    assert (both.vectors[:, means.dim :] >= 0).all()
    assert both.vectors[:, means.dim :].any()
    one_window = store_of(tmp_path / "short", list(range(3)), seconds=0.3)
    of_one = encode_tracks(encoder_of(name, {"run": "trained", "over_windows": "mean-deviation"}), one_window)
    np.testing.assert_allclose(of_one.vectors[:, means.dim :], 0, atol=1e-3)


@pytest.mark.usefixtures("world")
def test_what_changed_since_is_not_encoded_alike(store: AudioStore) -> None:
    save_features(encode_tracks(encoder_of("run", {"run": "trained"}), store), "heard")
    run = open_run("trained")
    shutil.copy(run.checkpoints / "last.pt", run.checkpoints / "best.pt")
    with pytest.raises(InvalidSetting, match="made with what has changed since; encode them again"):
        encode_alike("heard", store)


def test_features_of_other_programs_are_not_encoded_alike(tmp_path: Path, store: AudioStore) -> None:
    (tmp_path / "f.csv").write_text("track,d0\nt1,1\n", encoding="utf-8")
    save_features(read_features(tmp_path / "f.csv", ["t1"]).vectors, "file")
    with pytest.raises(InvalidSetting, match="only by what made them"):
        encode_alike("file", store)


def test_damage_of_what_was_learned_is_told(store: AudioStore, taglab_home: Path) -> None:
    save_features(*_codes(store))
    (taglab_home / "features" / "codes" / "learned.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="damaged"):
        open_learned("codes")


def _codes(store: AudioStore) -> tuple[Any, str, Any]:
    encoder = MfccCodebook(n_entries=4)
    learned = learn(encoder, store, ["t0", "t1"])
    return encode_tracks(encoder, store, learned), "codes", learned


@pytest.mark.parametrize(("numbers", "own"), [("cepstra", slice(0, 13)), ("differences", slice(13, 26))])
def test_a_codebook_of_cepstra_or_differences_alone(numbers: str, own: slice, store: AudioStore) -> None:
    of_all = learn(MfccCodebook(n_entries=4), store, ["t0", "t1"])
    encoder = MfccCodebook(n_entries=4, numbers=numbers)  # type: ignore[arg-type]
    learned = learn(encoder, store, ["t0", "t1"])
    assert learned["entries"].shape == (4, 13)
    np.testing.assert_allclose(learned["middle"], of_all["middle"][own], rtol=1e-4, atol=1e-4)
    counts = encode_tracks(encoder, store, learned).vectors
    assert (counts.sum(axis=1) > 0).all()


@pytest.mark.usefixtures("world")
def test_the_command_encodes_and_exports(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["taglab"])
    shell = Shell(capsys, tmp_path)
    world = ("--audio", "small", "--data", "small")
    told = shell.json("features", "encode", "run", "--run", "trained", "--name", "layer", *world)
    assert (told["ids"], told["encoder"]) == (60, "run")
    shell.json("features", "encode", "mfcc-codebook", "--n-entries", "20", "--name", "codes", *world)
    assert open_learned("codes")["entries"].shape == (20, 39)
    assert open_features("codes").origin["split"]
    for ending in FEATURE_FILES:
        path = tmp_path / f"codes{ending}"
        assert shell.json("features", "export", "codes", path)["file"] == str(path)
        kept = open_features("codes")
        again = read_features(path, kept.ids).vectors
        assert again.ids == kept.ids
        np.testing.assert_array_equal(again.vectors, kept.vectors)
    assert shell.run("features", "export", "codes", tmp_path / "codes.xlsx") == 1
    assert shell.run("features", "encode", "run", "--name", "layer", *world) == 2


def test_what_cannot_be_encoded_is_refused(tmp_path: Path, store: AudioStore) -> None:
    with pytest.raises(InvalidSetting, match="encoder='mel' must be one of mfcc-statistics, spectral"):
        encoder_of("mel")
    with pytest.raises(InvalidSetting, match="none of those has sound"):
        learn(MfccCodebook(), store, ["unheard"])
    with pytest.raises(InvalidSetting, match="n_entries=2,000 must be at most the 101 frames"):
        MfccCodebook().learn(store, np.arange(1))
    sounds = [Sound("blip", "blip.wav", "1", partial(tone, 0, 0.06))]
    with ThreadPoolExecutor(1) as threads:
        short = write_sounds(sounds, tmp_path / "short", StoreSettings(min_duration_s=0.05), threads)
    with pytest.raises(InvalidSetting, match="track 'blip' of 960 samples is too short"):
        MfccStatistics().encode(short, np.arange(1), {})
    with pytest.raises(InvalidSetting, match="track 'blip' of 960 samples is too short"):
        SpectralStatistics().encode(short, np.arange(1), {})
