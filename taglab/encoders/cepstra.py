"""Cepstral coefficients with their differences over time, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.store import AudioStore
from taglab.audio.torchaudio_import import import_torchaudio
from taglab.errors import InvalidSetting

Frames = npt.NDArray[np.float32]

_FULL_SCALE = 32_768
_DELTA_FRAMES = 5  # over which a difference is taken, as HTK's and torchaudio's default


def cepstral_transform(sample_rate_hz: int, n_mfcc: int, window_ms: float, hop_ms: float, window: str) -> Any:
    """Return torchaudio's transform of sound (samples,) to coefficients (n_mfcc, frames).

    Args:
        sample_rate_hz: Of the sound.
        n_mfcc: Coefficients, from the 0th on.
        window_ms: Length of a frame.
        hop_ms: From one frame to the next.
        window: "hamming" or "hann".
    """
    samples = round(window_ms * sample_rate_hz / 1000)
    size = 2 ** (samples - 1).bit_length()
    spectrum = {
        "n_fft": size,
        "win_length": samples,
        "hop_length": round(hop_ms * sample_rate_hz / 1000),
        "n_mels": max(40, n_mfcc),
        "window_fn": getattr(torch, f"{window}_window"),
    }
    return import_torchaudio().transforms.MFCC(sample_rate_hz, n_mfcc, log_mels=True, melkwargs=spectrum)


def cepstral_frames(transform: Any, store: AudioStore, row: int, differences: int) -> Frames:
    """Return coefficients, their differences, and the differences of those, of a whole track, mixed to
    mono.

    Args:
        transform: As `cepstral_transform` gives.
        store: The sound.
        row: Of the track in it.
        differences: How often differences are taken, 0 to 2.

    Returns:
        Array (frames, (1 + differences) · coefficients), float32.

    Raises:
        InvalidSetting: If the track is shorter than a few frames.
    """
    samples = torch.from_numpy(store.mono(row).astype(np.float32) / _FULL_SCALE)
    if len(samples) < transform.MelSpectrogram.n_fft + _DELTA_FRAMES * transform.MelSpectrogram.hop_length:
        raise InvalidSetting(
            f"track {store.tracks['track'].iloc[row]!r} of {len(samples):,} samples is too short for frames "
            f"of {transform.MelSpectrogram.win_length}"
        )
    with torch.no_grad():
        orders = [transform(samples)]
        for _ in range(differences):
            orders.append(import_torchaudio().functional.compute_deltas(orders[-1], _DELTA_FRAMES))
    frames: Frames = torch.cat(orders).T.contiguous().numpy()
    return frames
