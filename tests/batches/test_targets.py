"""What is computed from a batch: by hand, on a store whose sound is known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.audio.decode import Decoded
from taglab.audio.mels import LogMel, MelSettings
from taglab.audio.spectra import LogSpectrum, Spectrum
from taglab.audio.store import STEMS, AudioStore, Sound, StoreSettings, open_store, write_sounds
from taglab.audio.windows import Windows, WindowSettings
from taglab.batches import (
    CROP_TARGETS,
    Crops,
    LookedUp,
    MixtureAndStem,
    SameTrack,
    Spectrogram,
    StandardSpectrum,
    Stem,
)
from taglab.errors import NotFound

SETTINGS = StoreSettings(sample_rate_hz=16_000, min_duration_s=0.01)
MELS = MelSettings(n_fft=256, hop=64, n_mels=8)


def write(folder: Path, tracks: dict[str, np.ndarray]) -> None:
    sounds = [
        Sound(name, name, "1", lambda samples=samples: Decoded(samples, 16_000, 16_000))
        for name, samples in tracks.items()
    ]
    with ThreadPoolExecutor(1) as threads:
        write_sounds(sounds, folder, SETTINGS, threads)


@pytest.fixture
def store(tmp_path: Path) -> AudioStore:
    """Three tracks of noise; the voice of the first is its negative, that of the second is too short."""
    rng = np.random.default_rng(0)
    tracks = {name: rng.uniform(-0.5, 0.5, 4_000).astype(np.float32) for name in ("a", "b", "c")}
    write(tmp_path, tracks)
    write(tmp_path / STEMS / "voice", {"a": -tracks["a"], "b": tracks["b"][:-1]})
    return open_store(tmp_path)


def crops_of(store: AudioStore, rows: list[int], starts: list[int], length: int = 1_000) -> Crops:
    at, first = np.array(rows), np.array(starts)
    waveform = torch.from_numpy(store.crops(at, first, length))
    return Crops(waveform, at, at, first, Windows.of(store, WindowSettings(duration_s=length / 16_000)))


def test_targets_that_are_looked_up_know_their_tracks(store: AudioStore) -> None:
    crops = crops_of(store, [2, 0, 1], [0, 0, 0])
    every = LookedUp(np.array([[1], [0], [1]], bool))
    assert every.of(crops).tolist() == [[1.0], [1.0], [0.0]]
    assert every.known_rows(crops) is None
    some = LookedUp(np.array([[0.25], [np.nan], [0.75]]), np.array([True, False, True]))
    assert some.of(crops).tolist() == [[0.75], [0.25], [0.0]]
    assert some.known_rows(crops).tolist() == [0, 1]
    with pytest.raises(ValueError, match="must be"):
        LookedUp(np.zeros((3, 1)), np.ones(2, bool))


def test_pairs_are_of_one_track_or_not(store: AudioStore) -> None:
    crops = crops_of(store, [0, 0, 1, 2, 2, 2], [0, 5, 0, 0, 7, 9])
    assert SameTrack().of(crops).tolist() == [[1.0], [0.0], [1.0]]
    assert SameTrack().known_rows(crops) is None


def test_the_spectrogram_is_that_of_the_clip(store: AudioStore) -> None:
    crops = crops_of(store, [1, 0], [100, 200])
    wanted = LogMel(MELS)(crops.waveform.float() / 32_768)
    given = Spectrogram(MELS).of(crops)
    assert given.shape == (2, 8 * MELS.frames(1_000))
    assert torch.equal(given.reshape(wanted.shape), wanted)


def test_the_stem_is_cut_at_the_same_place(store: AudioStore) -> None:
    crops = crops_of(store, [1, 0, 2], [100, 200, 300])
    voice = Stem(store, np.arange(3), "voice")
    assert voice.known_rows(crops).tolist() == [1]
    samples = voice.of(crops)
    assert samples.shape == (3, 1_000)
    assert (samples[1] + crops.waveform[1].float() / 32_768).abs().max() <= 1 / 32_768
    assert not samples[[0, 2]].any()
    mels = Stem(store, np.arange(3), "voice", MELS).of(crops)
    assert torch.allclose(mels[1], LogMel(MELS)(samples[1:2]).flatten(1)[0])
    assert Stem(store, np.array([0]), "voice").known is None
    with pytest.raises(NotFound, match="stem='drums' is not kept"):
        Stem(store, np.arange(3), "drums")


def test_the_own_spectrum_is_standardised_by_bin(store: AudioStore) -> None:
    crops = crops_of(store, [1, 0], [100, 200])
    mean, deviation = torch.arange(129.0), torch.full((129,), 4.0)
    given = StandardSpectrum(256, 64, mean, deviation).of(crops).reshape(2, 129, -1)
    wanted = LogSpectrum(256, 64)(crops.waveform.float() / 32_768)
    torch.testing.assert_close(given * 4 + mean[:, None], wanted)


def test_mixture_and_stem_stand_side_by_side(store: AudioStore) -> None:
    crops = crops_of(store, [1, 0, 2], [100, 200, 300])
    both = MixtureAndStem(Stem(store, np.arange(3), "voice"), 256, 64)
    assert both.known_rows(crops).tolist() == [1]
    mixture, voice = both.of(crops).reshape(3, 2, 129, -1).unbind(1)
    torch.testing.assert_close(mixture, Spectrum(256, 64)(crops.waveform.float() / 32_768))
    torch.testing.assert_close(voice[1], mixture[1], atol=1e-3, rtol=0)  # its negative is as loud
    assert not voice[[0, 2]].any()


def test_sound_comes_back_out_of_its_spectrum(store: AudioStore) -> None:
    clips = crops_of(store, [1, 0], [100, 200]).waveform.float() / 32_768
    spectrum = Spectrum(256, 64)
    ones = torch.ones_like(spectrum(clips))
    torch.testing.assert_close(spectrum.masked(clips, ones), clips, atol=1e-5, rtol=0)
    torch.testing.assert_close(spectrum.masked(clips, ones / 4), clips / 4, atol=1e-5, rtol=0)


def test_every_computed_target_is_tried_here() -> None:
    assert set(CROP_TARGETS.values()) == {SameTrack, Spectrogram, Stem, StandardSpectrum, MixtureAndStem}
