"""Descriptors of the spectrum frame by frame: where it lies, how wide, how flat, how its peaks stand out.

Defined as librosa has them (`librosa.feature`), on the spectrum of `taglab.audio.spectra`; but contrast is in
decibels of magnitudes, where librosa takes these for powers and has half of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from taglab.audio.spectra import Spectrum
from taglab.errors import InvalidSetting

Doubles = npt.NDArray[np.float64]

_SHAPE = ("centroid_hz", "bandwidth_hz", "rolloff_hz", "flatness", "level", "zero_crossings")
_ROLLOFF = 0.85  # share of the magnitudes that lie below
_LEAST = 1e-10  # below it a power, or a sample, is silence
_WIDEST_BIN_HZ = 100.0  # so that every octave has a bin
_LOWEST_HZ, _MOST_BANDS = 200.0, 7
_OUTERMOST = 0.02  # share of a band's bins that are its peak, or its valley
_RANGE_DB = 80.0


def band_edges_hz(sample_rate_hz: int) -> tuple[float, ...]:
    """Return the lower edges of the octaves in which peaks are set against valleys, all below half the rate.

    0, 200, 400 … 6,400 Hz, as many of these as there is sound.
    """
    octaves = [0.0, *(_LOWEST_HZ * 2**octave for octave in range(_MOST_BANDS - 1))]
    return tuple(edge for edge in octaves if edge < sample_rate_hz / 2)


def descriptor_names(sample_rate_hz: int) -> tuple[str, ...]:
    """Return what each descriptor is called, with its unit."""
    contrasts = (f"contrast_from_{edge:.0f}_hz_db" for edge in band_edges_hz(sample_rate_hz))
    return (*_SHAPE, *contrasts)


def spectral_descriptors(samples: Doubles, sample_rate_hz: int, n_fft: int, hop: int) -> Doubles:
    """Return descriptors of frames, a Hann window every `hop` samples.

    Centroid and bandwidth are mean and deviation of the frequency, weighed by magnitude; rolloff is the
    frequency below which 85 % of the magnitudes lie; flatness the geometric mean of the power over its
    arithmetic mean; level the root mean square of the samples, and zero crossings their share; contrast, in
    each octave, the loudest 2 % of the bins over the quietest 2 %. Of a silent frame all are 0 but flatness,
    which is 1.

    Args:
        samples: In [-1, 1] (samples,).
        sample_rate_hz: Of the sound.
        n_fft: Length of a frame in samples.
        hop: From one frame to the next in samples.

    Returns:
        Array (frames, descriptors), in the order of `descriptor_names`.

    Raises:
        InvalidSetting: If frames are shorter than 10 ms, or there are fewer samples than half of one, so that
            none can be centred.

    Source: McFee et al., "librosa: Audio and music signal analysis in Python", SciPy 2015; contrast by Jiang
    et al., "Music type classification by spectral contrast feature", ICME 2002.
    """
    if sample_rate_hz > n_fft * _WIDEST_BIN_HZ:
        raise InvalidSetting(
            f"n_fft={n_fft} must be at least {sample_rate_hz / _WIDEST_BIN_HZ:.0f} samples, 10 ms of sound, "
            "to tell octaves apart"
        )
    if len(samples) <= n_fft // 2:
        raise InvalidSetting(f"{len(samples):,} samples are too few for frames of {n_fft:,}")
    waveform = torch.from_numpy(samples.astype(np.float32))
    magnitudes = Spectrum(n_fft, hop)(waveform[None])[0].numpy().astype(np.float64)
    padded = np.pad(samples, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop][: magnitudes.shape[1]]
    frequencies = np.linspace(0, sample_rate_hz / 2, len(magnitudes))
    columns = [*_shape(magnitudes, frequencies), *_levels(frames)]
    contrasts = _contrasts(magnitudes, frequencies, band_edges_hz(sample_rate_hz))
    return np.column_stack([*columns, contrasts.T])


def _shape(magnitudes: Doubles, frequencies: Doubles) -> tuple[Doubles, ...]:
    """Return centroid, bandwidth, rolloff and flatness (frames,) of magnitudes (bins, frames)."""
    total = magnitudes.sum(axis=0)
    shares = np.divide(magnitudes, total, out=np.zeros_like(magnitudes), where=total > _LEAST)
    centroid = frequencies @ shares
    bandwidth = np.sqrt((shares * (frequencies[:, None] - centroid) ** 2).sum(axis=0))
    rolloff = frequencies[(shares.cumsum(axis=0) < _ROLLOFF * shares.sum(axis=0)).sum(axis=0)]
    power = np.maximum(magnitudes**2, _LEAST)
    flatness = np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)
    return centroid, bandwidth, rolloff, flatness


def _levels(frames: Doubles) -> tuple[Doubles, ...]:
    """Return root mean square and share of zero crossings of frames (frames, samples)."""
    crossings: Doubles = np.diff(frames < -_LEAST, axis=1).sum(axis=1) / frames.shape[1]
    # Without a copy of frames that overlap.
    levels: Doubles = np.sqrt(np.einsum("ij,ij->i", frames, frames) / frames.shape[1])
    return levels, crossings


def _contrasts(magnitudes: Doubles, frequencies: Doubles, edges: tuple[float, ...]) -> Doubles:
    """Return how far peaks stand above valleys in every octave, in dB (octaves, frames).

    An octave but the first begins a bin before its lower edge, and all but the last end a bin before their
    upper edge, as librosa's do.
    """
    peaks, valleys = [], []
    for number, lowest in enumerate(edges):
        is_last = number + 1 == len(edges)
        highest = frequencies[-1] if is_last else edges[number + 1]
        first, last = np.flatnonzero((frequencies >= lowest) & (frequencies <= highest))[[0, -1]]
        first -= number > 0
        ordered = np.sort(magnitudes[first : last + is_last], axis=0)
        outermost = max(1, round(_OUTERMOST * (last + 1 - first)))
        peaks.append(ordered[-outermost:].mean(axis=0))
        valleys.append(ordered[:outermost].mean(axis=0))
    return _decibels(np.array(peaks)) - _decibels(np.array(valleys))


def _decibels(magnitudes: Doubles) -> Doubles:
    decibels = 10 * np.log10(np.maximum(magnitudes**2, _LEAST))
    heard: Doubles = np.maximum(decibels, decibels.max() - _RANGE_DB)
    return heard
