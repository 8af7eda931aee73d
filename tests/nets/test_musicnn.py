"""musicnn, held against its formulas in plain NumPy; and checkpoints read without TensorFlow."""

from importlib.util import find_spec
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from taglab.errors import DataError, InvalidSetting
from taglab.nets.musicnn import musicnn_of, patches_of
from taglab.nets.tensor_bundle import read_tensors
from tests.nets.checkpoints import musicnn_tensors, write_checkpoint

DATA = ".data-00000-of-00001"


def normalised(x: np.ndarray, tensors: dict[str, np.ndarray], number: int) -> np.ndarray:
    """Return batch norm over the last axis, with TensorFlow's epsilon."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    gamma, beta, mean, variance = (
        tensors[f"{name}/{what}"].astype(np.float64)
        for what in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def convolved(x: np.ndarray, tensors: dict[str, np.ndarray], number: int) -> np.ndarray:
    """Return the ReLU of a convolution of (frames, mels) with "same" frames: (frames, mels left, filters)."""
    name = f"conv2d_{number}" if number else "conv2d"
    kernel = tensors[f"{name}/kernel"].astype(np.float64)[:, :, 0]
    frames, mels, _ = kernel.shape
    padded = np.pad(x, (((frames - 1) // 2, frames // 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (frames, mels))
    return np.maximum(np.tensordot(windows, kernel, 2) + tensors[f"{name}/bias"], 0)


def plain_forward(mels: np.ndarray, tensors: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the penultimate layer and the tags of a patch (frames, mels), as models.py of musicnn has it."""
    x = normalised(mels[:, :, None].astype(np.float64), tensors, 0)[:, :, 0]
    front = np.concatenate(
        [normalised(convolved(x, tensors, number), tensors, number + 1).max(axis=1) for number in range(5)],
        axis=1,
    )
    first = normalised(convolved(front, tensors, 5), tensors, 6)[:, 0]
    second = first + normalised(convolved(first, tensors, 6), tensors, 7)[:, 0]
    third = second + normalised(convolved(second, tensors, 7), tensors, 8)[:, 0]
    every = np.concatenate([front, first, second, third], axis=1)
    pooled = np.stack([every.max(axis=0), every.mean(axis=0)], axis=1).ravel()
    hidden = normalised(pooled, tensors, 9) @ tensors["dense/kernel"] + tensors["dense/bias"]
    penultimate = normalised(np.maximum(hidden, 0), tensors, 10)
    logits = penultimate @ tensors["dense_1/kernel"] + tensors["dense_1/bias"]
    return penultimate, 1 / (1 + np.exp(-logits))


def assert_is_the_plain_forward(tensors: dict[str, np.ndarray], mels: np.ndarray) -> None:
    with torch.no_grad():
        heard = musicnn_of(tensors)(torch.from_numpy(mels.T[None]))
    penultimate, tags = plain_forward(mels, tensors)
    np.testing.assert_allclose(heard.penultimate[0], penultimate, atol=2e-3)
    np.testing.assert_allclose(heard.tags[0], tags, atol=1e-4)


def test_the_network_is_that_of_its_formulas() -> None:
    mels = np.random.default_rng(1).random((187, 96)).astype(np.float32)
    assert_is_the_plain_forward(musicnn_tensors(), mels)


@pytest.mark.skipif(find_spec("musicnn") is None, reason="musicnn's weights are not installed")
@pytest.mark.parametrize("trained_on", ["MTT", "MSD"])
def test_published_weights_give_what_the_formulas_give(trained_on: str) -> None:
    from taglab.encoders.musicnn import musicnn_folder

    folder = musicnn_folder(trained_on)
    mels = np.random.default_rng(1).random((187, 96)).astype(np.float32) * 2
    assert_is_the_plain_forward(read_tensors(folder / ".index", folder / DATA), mels)


def test_patches_are_those_of_librosa() -> None:
    samples = (0.1 * np.random.default_rng(0).standard_normal(7 * 16_000)).astype(np.float32)
    patches = patches_of(samples)
    assert patches.shape == (2, 96, 187)
    power = librosa.feature.melspectrogram(
        y=samples, sr=16_000, hop_length=256, n_fft=512, n_mels=96, pad_mode="reflect"
    )
    np.testing.assert_allclose(patches[1], np.log10(10_000 * power + 1)[:, 187:374], atol=1e-3)
    with pytest.raises(InvalidSetting, match="too short for musicnn, which hears 3 s"):
        patches_of(samples[:16_000])


def test_checkpoints_are_read_as_they_were_written(tmp_path: Path) -> None:
    tensors = musicnn_tensors()
    write_checkpoint(tmp_path / "one", tensors)
    read = read_tensors(tmp_path / "one" / ".index", tmp_path / "one" / DATA)
    assert read.keys() == tensors.keys()
    for name, values in tensors.items():
        np.testing.assert_array_equal(read[name], values)


def test_damage_and_other_networks_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    write_checkpoint(folder, {"conv2d/kernel": np.ones((2, 3)), "x": np.ones(4)})
    with pytest.raises(InvalidSetting, match=r"has shape \(3, 2\) where musicnn has"):
        musicnn_of(read_tensors(folder / ".index", folder / DATA) | {"conv2d/bias": np.ones(204)})
    with pytest.raises(InvalidSetting, match="the checkpoint has no 'conv2d/kernel'"):
        musicnn_of({})
    whole = (folder / ".index").read_bytes()
    (folder / DATA).write_bytes(b"1234")
    with pytest.raises(DataError, match="is damaged"):
        read_tensors(folder / ".index", folder / DATA)
    for damaged in (whole[:30], whole[:-1] + b"x", b"", b"\xff" * 60 + whole[-8:], b"\xff" * 40 + whole[40:]):
        (folder / ".index").write_bytes(damaged)
        with pytest.raises(DataError, match="no checkpoint of TensorFlow, or is damaged"):
            read_tensors(folder / ".index", folder / DATA)
    with pytest.raises(DataError, match="cannot be read"):
        read_tensors(folder / "absent", folder / DATA)
