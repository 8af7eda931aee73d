"""Encoders of sound, held against plain NumPy and scikit-learn."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans

from taglab.audio.decode import Decoded
from taglab.audio.store import AudioStore, Sound, StoreSettings, write_sounds
from taglab.encoders import ENCODERS, MfccCodebook, MfccStatistics, encode_tracks, encoder_of
from taglab.encoders.cepstra import cepstral_frames, cepstral_transform
from taglab.encoders.codebook import nearest_entries
from taglab.errors import InvalidSetting

RATE_HZ = 16_000
LOW, HIGH = 300, 3_000


def tone(number: int, seconds: float = 1.0) -> Decoded:
    """Return a tone and some noise: even numbers are low, odd ones high."""
    random = np.random.default_rng(number)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    samples = 0.3 * np.sin(2 * np.pi * (HIGH if number % 2 else LOW) * time_s)
    samples += 0.01 * random.standard_normal(len(time_s))
    return Decoded(samples.astype(np.float32), RATE_HZ, RATE_HZ)


def store_of(folder: Path, numbers: list[int], version: str = "1") -> AudioStore:
    sounds = [Sound(f"t{number}", f"{number}.wav", version, partial(tone, number)) for number in numbers]
    with ThreadPoolExecutor(1) as threads:
        return write_sounds(sounds, folder, StoreSettings(min_duration_s=0.05), threads)


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
    features = settings.encode(store, np.arange(3), np.arange(0))
    assert features.shape == (3, size)
    transform = cepstral_transform(RATE_HZ, settings.n_mfcc, 46, 23, "hann")
    frames = cepstral_frames(transform, store, 1, settings.differences).astype(np.float64)
    column = 1 - settings.first  # the first that is kept
    assert features[1, 0] == pytest.approx(frames[:, column].mean(), rel=1e-5)
    assert features[1, size // 2] == pytest.approx(frames[:, column].std(), rel=1e-4)


def test_counts_sum_to_the_frames_and_tell_tones_apart(store: AudioStore) -> None:
    counts = MfccCodebook(n_entries=6).encode(store, np.arange(8), np.arange(6))
    assert counts.shape == (8, 6)
    np.testing.assert_array_equal(counts.sum(axis=1), 101)
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    likeness = unit @ unit.T
    low, high = [0, 2, 4, 6], [1, 3, 5, 7]
    assert likeness[np.ix_(low, low)].min() > likeness[np.ix_(low, high)].max()


def test_the_dictionary_is_learned_from_training_tracks_alone(tmp_path: Path, store: AudioStore) -> None:
    other = store_of(tmp_path / "store", [0, 1, 2, 3, 4, 5, 17, 16])  # other sound from the seventh on
    encoder = MfccCodebook(n_entries=6)
    here = encoder.encode(store, np.arange(6), np.arange(6))
    np.testing.assert_array_equal(here, encoder.encode(other, np.arange(6), np.arange(6)))
    heard = encoder.encode(other, np.arange(6), np.array([0, 6]))
    assert (here != heard).any()


def test_nearest_entries_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    frames = random.standard_normal((3_000, 39)).astype(np.float32)
    model = KMeans(50, n_init=1, max_iter=5, random_state=0).fit(frames)
    nearest = nearest_entries(frames, model.cluster_centers_.astype(np.float32))
    np.testing.assert_array_equal(nearest, model.predict(frames))
    twice = np.ones((2, 3), np.float32)
    assert nearest_entries(np.zeros((1, 3), np.float32), twice).tolist() == [0]


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_keeps_what_it_was(name: str, store: AudioStore) -> None:
    small = {"n_entries": 4} if name == "mfcc-codebook" else {}
    encoder = encoder_of(name, small)
    vectors = encode_tracks(encoder, store, ["t0", "t1", "unheard"], "a split", "mine")
    assert vectors.kind == "tracks"
    assert vectors.ids == tuple(f"t{number}" for number in range(8))
    assert vectors.origin["encoder"]["encoder"] == name
    assert vectors.origin["split"] == ("a split" if encoder.learns else "")
    again = encode_tracks(encoder, store, ["t0", "t1"], "a split", "mine")
    assert vectors.fingerprint == again.fingerprint


def test_what_cannot_be_encoded_is_refused(tmp_path: Path, store: AudioStore) -> None:
    with pytest.raises(InvalidSetting, match="encoder='mel' must be one of mfcc-statistics, mfcc-codebook"):
        encoder_of("mel")
    with pytest.raises(InvalidSetting, match="none of those has sound"):
        encode_tracks(MfccCodebook(), store, ["unheard"])
    with pytest.raises(InvalidSetting, match="n_entries=2,000 must be at most the 101 frames"):
        MfccCodebook().encode(store, np.arange(1), np.arange(1))
    sounds = [Sound("blip", "blip.wav", "1", partial(tone, 0, 0.06))]
    with ThreadPoolExecutor(1) as threads:
        short = write_sounds(sounds, tmp_path / "short", StoreSettings(min_duration_s=0.05), threads)
    with pytest.raises(InvalidSetting, match="track 'blip' of 960 samples is too short"):
        MfccStatistics().encode(short, np.arange(1), np.arange(0))
