"""Less bandwidth: without highs, without lows, or through a lower sampling rate."""

from __future__ import annotations

import math

import numpy as np
from scipy import signal

from taglab.audio.decode import resample
from taglab.audio.degrade.degradation import Asked, Degradation, of_length
from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting

_ORDER = 4  # run forth and back: 48 dB an octave, and no delay
_LOW_PASS_HZ = (250.0, 500.0, 1000.0, 2000.0, 3000.0, 4000.0, 6000.0, 8000.0, 12_000.0, 16_000.0)
_HIGH_PASS_HZ = (20.0, 40.0, 80.0, 160.0, 315.0, 630.0, 1250.0, 2500.0, 4000.0)
_RATES_HZ = (2000.0, 4000.0, 6000.0, 8000.0, 11_025.0, 12_000.0, 16_000.0, 22_050.0, 32_000.0)


def _below_nyquist(grid: tuple[float, ...], rate_hz: int) -> tuple[float, ...]:
    return tuple(hz for hz in grid if hz < rate_hz / 2)


def _filtered(asked: Asked, kind: str) -> Samples:
    if len(asked.samples) <= 6 * _ORDER:
        raise InvalidSetting(f"{len(asked.samples)} samples are too few to be filtered")
    sections = signal.butter(_ORDER, asked.magnitude, kind, fs=asked.rate_hz, output="sos")
    return np.asarray(signal.sosfiltfilt(sections, asked.samples, axis=0), np.float32)


def _low_pass(asked: Asked) -> Samples:
    return _filtered(asked, "lowpass")


def _high_pass(asked: Asked) -> Samples:
    return _filtered(asked, "highpass")


def _resampling(asked: Asked) -> Samples:
    through = round(asked.magnitude)
    channels = asked.samples[:, None] if asked.samples.ndim == 1 else asked.samples
    back = [resample(resample(one, asked.rate_hz, through), through, asked.rate_hz) for one in channels.T]
    both = [of_length(one, len(asked.samples)) for one in back]
    return both[0] if asked.samples.ndim == 1 else np.stack(both, axis=1)


LOW_PASS = Degradation(
    "Low-pass",
    "Hz",
    _LOW_PASS_HZ,
    math.inf,
    "high",
    _low_pass,
    "What lies above is taken away, 48 dB an octave, without delay.",
    scale=math.log2,
    at_rate=lambda rate_hz: _below_nyquist(_LOW_PASS_HZ, rate_hz),
)

HIGH_PASS = Degradation(
    "High-pass",
    "Hz",
    _HIGH_PASS_HZ,
    0.0,
    "low",
    _high_pass,
    "What lies below is taken away, 48 dB an octave, without delay.",
    scale=math.log2,
    at_rate=lambda rate_hz: _below_nyquist(_HIGH_PASS_HZ, rate_hz),
)

RESAMPLING = Degradation(
    "Resampling",
    "Hz",
    _RATES_HZ,
    math.inf,
    "high",
    _resampling,
    "Brought to a lower sampling rate and back.",
    scale=math.log2,
    at_rate=lambda rate_hz: tuple(hz for hz in _RATES_HZ if hz < rate_hz),
)
