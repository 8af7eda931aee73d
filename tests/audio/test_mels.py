"""Log-mel spectrograms and cepstral coefficients against librosa."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from taglab.audio.mels import MEL_PRESETS, LogMel, MelSettings
from taglab.audio.mfcc import Mfcc, MfccSettings
from taglab.errors import InvalidSetting

librosa = pytest.importorskip("librosa")

SHAPES = [(512, 256, 64), (512, 256, 96), (2048, 512, 128)]  # n_fft, hop, n_mels


def sound() -> np.ndarray:
    """Return 3 s with a chord that fades, noise, and a second of near silence."""
    rng = np.random.default_rng(0)
    times = np.arange(48_000) / 16_000
    chord = sum(np.sin(2 * np.pi * hz * times) for hz in (220.0, 277.2, 1500.0, 5200.0))
    noise = rng.normal(0, 0.02, len(times))
    return ((0.1 * chord * np.exp(-times) + noise) * (times < 2) + 1e-4 * noise).astype(np.float32)


def librosa_log_mel(samples: np.ndarray, settings: MelSettings) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=samples.astype(np.float64),
        sr=settings.sample_rate_hz,
        n_fft=settings.n_fft,
        hop_length=settings.hop,
        n_mels=settings.n_mels,
        htk=settings.mel_scale == "htk",
        norm="slaney" if settings.mel_scale == "slaney" else None,
        pad_mode="reflect",
    )
    if settings.compression == "log10":
        logged = np.log10(1 + 10_000 * power)
    else:
        logged = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80)
    return (logged - logged.mean()) / logged.std() if settings.standardise else logged


@pytest.mark.parametrize("compression", ["db", "log10"])
@pytest.mark.parametrize("preset", MEL_PRESETS)
def test_every_preset_agrees_when_standardised(preset: str, compression: str) -> None:
    changes = {"compression": compression, "standardise": True}
    settings = MelSettings.model_validate({**MEL_PRESETS[preset].model_dump(), **changes})
    ours = LogMel(settings)(torch.from_numpy(sound())[None])[0].numpy()
    assert ours.shape == (settings.n_mels, settings.frames(48_000))
    np.testing.assert_allclose(ours, librosa_log_mel(sound(), settings), rtol=0, atol=1e-4)


@pytest.mark.parametrize("compression", ["db", "log10"])
@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize(("n_fft", "hop", "n_mels"), SHAPES)
def test_log_mel_agrees(n_fft: int, hop: int, n_mels: int, mel_scale: str, compression: str) -> None:
    settings = MelSettings.model_validate(
        {
            "n_fft": n_fft,
            "hop": hop,
            "n_mels": n_mels,
            "mel_scale": mel_scale,
            "compression": compression,
            "standardise": False,
        }
    )
    ours = LogMel(settings)(torch.from_numpy(sound())[None])[0].numpy()
    assert ours.shape == (n_mels, settings.frames(48_000))
    # A power that is off by 1e-4 of itself is off by as much in dB wherever the scale has its zero.
    atol = 10 * np.log10(1 + 1e-4) if compression == "db" else 1e-4
    np.testing.assert_allclose(ours, librosa_log_mel(sound(), settings), rtol=0, atol=atol)


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize(("n_fft", "hop", "n_mels"), SHAPES)
def test_mfcc_agrees(n_fft: int, hop: int, n_mels: int, mel_scale: str) -> None:
    settings = MfccSettings.model_validate(
        {"n_mfcc": 20, "n_fft": n_fft, "hop": hop, "n_mels": n_mels, "mel_scale": mel_scale}
    )
    ours = Mfcc(settings)(torch.from_numpy(sound())[None])[0].numpy()
    theirs = librosa.feature.mfcc(S=librosa_log_mel(sound(), settings.mels), n_mfcc=20, norm="ortho")
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_a_batch_is_its_clips() -> None:
    clips = torch.from_numpy(np.stack([sound(), 0.3 * sound()[::-1]]))
    mfcc = Mfcc()
    together = mfcc(clips)
    for clip, coefficients in zip(clips, together, strict=True):
        torch.testing.assert_close(mfcc(clip[None])[0], coefficients, rtol=1e-4, atol=1e-3)


def test_louder_moves_only_the_level() -> None:
    quiet = torch.from_numpy(sound())[None]
    difference = (Mfcc()(quiet * 2) - Mfcc()(quiet))[0]
    torch.testing.assert_close(difference[1:], torch.zeros_like(difference[1:]), atol=1e-2, rtol=0)
    expected = torch.full_like(difference[0], 20 * np.log10(2) * np.sqrt(128))
    torch.testing.assert_close(difference[0], expected, atol=1e-2, rtol=0)


def test_more_coefficients_than_mels_are_refused() -> None:
    with pytest.raises((InvalidSetting, ValidationError), match="n_mfcc=65"):
        MfccSettings(n_mfcc=65, n_mels=64, n_fft=1024)
