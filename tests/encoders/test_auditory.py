"""The correlogram and its codebook, held against sums written out and against scikit-learn."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from taglab.audio.decode import Decoded
from taglab.audio.store import Sound, StoreSettings, write_sounds
from taglab.encoders.auditory import AuditoryCodebook, boxes_of_images
from taglab.encoders.correlogram import Correlogram, erb_spaced_hz, gammatone_bank
from taglab.encoders.quantising import nearest_entries
from taglab.errors import InvalidSetting

RATE_HZ = 16_000
BANK = gammatone_bank(erb_spaced_hz(80, 7_200, 32), RATE_HZ)
IMAGES = Correlogram(BANK, 256, 160, RATE_HZ)


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (0.1 * random.standard_normal(n_samples)).astype(np.float32)


def test_filters_lie_evenly_on_the_scale_of_the_ear() -> None:
    frequencies = erb_spaced_hz(80, 7_200, 32)
    assert frequencies[[0, -1]] == pytest.approx([80, 7_200])
    assert (1_000 - frequencies[frequencies < 1_000][-1]) < 200
    # Neighbours are as many bandwidths of 24.7 (4.37 f / 1000 + 1) Hz apart low as high.
    middles = (frequencies[1:] + frequencies[:-1]) / 2
    apart = np.diff(frequencies) / (24.7 * (4.37 * middles / 1_000 + 1))
    assert np.ptp(apart) < 0.03 * apart.mean()


def test_a_filter_passes_what_it_is_tuned_to_within_its_bandwidth() -> None:
    gains = np.abs(np.fft.rfft(gammatone_bank([1_000], RATE_HZ)[0], RATE_HZ))
    assert gains[1_000] == pytest.approx(1, abs=1e-3)
    passed = np.flatnonzero(gains > np.sqrt(0.5))
    # 3 dB below the peak a gammatone of order 4 is 0.887 of an equivalent rectangular bandwidth wide.
    assert np.ptp(passed) == pytest.approx(0.887 * 24.7 * (4.37 + 1), rel=0.03)


def test_frames_are_the_sums_of_products_written_out() -> None:
    samples = noise(RATE_HZ)
    images = np.concatenate(list(IMAGES.images(samples)))
    assert images.shape == (IMAGES.n_frames(RATE_HZ), 32, 256)
    frame, channel = 40, 9
    filtered = np.convolve(samples.astype(np.float64), BANK[channel])[: len(samples)]
    rectified = np.sqrt(np.maximum(filtered, 0))[frame * 160 : frame * 160 + 512]
    sums = np.array([(rectified[:256] * rectified[lag : lag + 256]).sum() for lag in range(256)])
    ours = images[frame, channel].astype(np.float64)
    np.testing.assert_allclose(ours / ours[0], sums / sums[0], atol=1e-4)
    np.testing.assert_allclose(images[:, :, 0].mean(axis=1), 1, rtol=1e-5)


def test_segments_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = noise(3 * RATE_HZ + 7)
    whole = list(IMAGES.images(samples))
    monkeypatch.setattr("taglab.encoders.correlogram._SEGMENT_S", 1)
    pieces = list(IMAGES.images(samples))
    assert (len(whole), len(pieces)) == (1, 3)
    np.testing.assert_allclose(np.concatenate(pieces), whole[0], atol=2e-4)


def test_a_pulse_train_has_its_ridge_at_its_period_and_level_has_no_say() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    pulses = (0.2 * signal.sawtooth(2 * np.pi * 100 * time_s)).astype(np.float32)
    image = next(iter(IMAGES.images(pulses)))[50].mean(axis=0)
    assert 60 + int(image[60:240].argmax()) == pytest.approx(RATE_HZ // 100, abs=1)
    quiet = next(iter(IMAGES.images(0.01 * pulses)))[50].mean(axis=0)
    np.testing.assert_allclose(quiet, image, rtol=1e-3)
    assert not next(iter(IMAGES.images(np.zeros(RATE_HZ, np.float32)))).any()


def test_boxes_are_means_of_rows_and_columns() -> None:
    images = np.random.default_rng(0).random((3, 32, 512)).astype(np.float32)
    boxes = boxes_of_images(images)
    assert boxes.shape == (3, 28, 40)
    # The third band has channels 8 to 15, the second span lags 0 to 127, four to a column.
    part = images[1, 8:16, :128]
    box = boxes[1, 2 * 4 + 1]
    np.testing.assert_allclose(box[:8], part.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(box[8:], part.reshape(8, 32, 4).mean(axis=(0, 2)), rtol=1e-5)


def test_counts_are_those_of_the_nearest_entries_of_every_box(tmp_path: Path) -> None:
    def sound(seed: int) -> Decoded:
        return Decoded(noise(RATE_HZ, seed), RATE_HZ, RATE_HZ)

    sounds = [Sound(f"t{seed}", "s", "1", partial(sound, seed)) for seed in range(3)]
    with ThreadPoolExecutor(1) as threads:
        store = write_sounds(sounds, tmp_path / "store", StoreSettings(min_duration_s=0.05), threads)
    encoder = AuditoryCodebook(n_entries=5)
    learned = encoder.learn(store, np.arange(2))
    counts = encoder.encode(store, np.arange(3), learned).reshape(3, 28, 5)
    frames = 1 + (RATE_HZ - 1_024) // 320
    np.testing.assert_array_equal(counts.sum(axis=2), frames)
    images = Correlogram(BANK, 512, 320, RATE_HZ).images(store.whole(2).astype(np.float32) / 32_768)
    boxes = np.concatenate([boxes_of_images(some) for some in images])[:, 11]
    standard = (boxes - learned["middle"][11]) / learned["spread"][11]
    wanted = np.bincount(nearest_entries(standard, learned["entries"][11]), minlength=5)
    np.testing.assert_array_equal(counts[2, 11], wanted)
    assert AuditoryCodebook().n_entries * 28 == 7_168  # as many as the paper prints
    with pytest.raises(InvalidSetting, match="n_entries=99 must be at most the 47 frames"):
        AuditoryCodebook(n_entries=99).learn(store, np.arange(1))


def test_sound_shorter_than_an_image_is_refused(tmp_path: Path) -> None:
    sounds = [Sound("blip", "s", "1", lambda: Decoded(noise(1_000), RATE_HZ, RATE_HZ))]
    with ThreadPoolExecutor(1) as threads:
        store = write_sounds(sounds, tmp_path / "store", StoreSettings(min_duration_s=0.05), threads)
    with pytest.raises(InvalidSetting, match="'blip' of 1,000 samples is too short for images of 1,024"):
        AuditoryCodebook(n_entries=2).learn(store, np.arange(1))
