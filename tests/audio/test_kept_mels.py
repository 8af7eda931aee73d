"""Kept mels: the frames of a clip are those made of it, but for its two ends."""

from pathlib import Path

import numpy as np
import pytest
import torch

from taglab.audio.kept_mels import with_kept_mels
from taglab.audio.library import open_audio
from taglab.audio.mels import LogMel, MelSettings
from taglab.audio.windows import Windows, WindowSettings
from taglab.cache import derived_path
from taglab.errors import StorageError
from tests.training.examples import make_world

MELS = MelSettings(n_mels=24, n_fft=512, hop=160, mel_scale="slaney", standardise=False)


@pytest.fixture
def windows(taglab_home: Path) -> Windows:
    make_world(taglab_home)
    return Windows.of(open_audio("small"), WindowSettings(duration_s=0.5))


@pytest.mark.parametrize("compression", ["db", "log10"])
def test_clips_are_cut_as_they_would_be_made(windows: Windows, compression: str) -> None:
    settings = MELS.model_copy(update={"compression": compression})
    kept = with_kept_mels(windows, settings)
    rows, starts = np.array([3, 11, 3]), np.array([0, 1600, 4800])
    cut = kept.crops(rows, starts)
    assert cut.shape == kept.shape(3) == (3, 24, 51)
    assert kept.dtype == cut.dtype
    made = LogMel(settings).logarithms(torch.from_numpy(windows.crops(rows, starts)).float() / 32_768).numpy()
    inner = slice(2, -2)  # a window of 512 samples reaches over two frames of 160
    largest = np.abs(made).max()
    np.testing.assert_allclose(cut[:, :, inner], made[:, :, inner], atol=2e-3 * largest)
    assert np.abs(cut[1:, :, :2] - made[1:, :, :2]).max() > 2e-3 * largest, "what lies beside is known"


def test_starts_are_frames_and_reach_the_end(windows: Windows) -> None:
    kept = with_kept_mels(windows, MELS)
    starts = kept.random_starts(np.zeros(2_000, np.int64), np.random.default_rng(0))
    assert set(starts % 160) == {0}
    assert (starts.min(), starts.max()) == (0, 8_000)
    assert kept.crops(np.zeros(1, np.int64), np.array([8_000])).shape == (1, 24, 51)


def test_they_are_made_once_and_anew_where_damaged(windows: Windows) -> None:
    told: list[str] = []

    def tell(share: float, text: str) -> None:
        told.append(text)

    first = np.array(
        with_kept_mels(windows, MELS, tell).logarithms
    )  # what is mapped is damaged with the file
    made = len(told)
    assert made == len(windows.rows)
    again = with_kept_mels(windows, MELS, tell).logarithms
    assert len(told) == made
    np.testing.assert_array_equal(first, again)
    (path,) = derived_path("mels", "0" * 32, ".npy").parent.parent.rglob("*.npy")
    path.write_bytes(path.read_bytes()[:-100])
    np.testing.assert_array_equal(with_kept_mels(windows, MELS, tell).logarithms, first)
    assert len(told) == 2 * made


def test_where_the_disk_takes_no_more_they_stay_in_memory(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Path:
        raise StorageError(f"{path}: no space left")

    first = np.array(with_kept_mels(windows, MELS).logarithms)
    (path,) = derived_path("mels", "0" * 32, ".npy").parent.parent.rglob("*.npy")
    path.unlink()
    monkeypatch.setattr("taglab.cache.keeping.replacing", refuse)
    np.testing.assert_array_equal(with_kept_mels(windows, MELS).logarithms, first)
    assert not path.exists()
