"""Drums and percussion, struck once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from taglab.audio.synth.tones import Samples

__all__ = ["DRUMS", "strike"]


def _times(duration_s: float, rate_hz: int) -> Samples:
    return np.arange(round(duration_s * rate_hz), dtype=np.float32) / np.float32(rate_hz)


def _noise(n: int, low_hz: float, high_hz: float, rate_hz: int) -> Samples:
    """Return noise of a band, (n,), of root mean square 1; the same each time."""
    spectrum = np.fft.rfft(np.random.default_rng(n).standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / rate_hz)
    band = 1 / (1 + (low_hz / np.maximum(hz, 1)) ** 8) / (1 + (hz / high_hz) ** 8)
    wave = np.fft.irfft(spectrum * band, n)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)), np.float32)


def _drop(
    duration_s: float, from_hz: float, to_hz: float, fall_s: float, ring_s: float, rate_hz: int
) -> Samples:
    """Return a sine that falls in pitch and dies away: a struck skin."""
    times = _times(duration_s, rate_hz)
    turns = to_hz * times + (from_hz - to_hz) * fall_s * (1 - np.exp(-times / fall_s))
    return np.asarray(np.sin(2 * np.pi * turns) * np.exp(-times / ring_s), np.float32)


def _hiss(duration_s: float, low_hz: float, high_hz: float, ring_s: float, rate_hz: int) -> Samples:
    times = _times(duration_s, rate_hz)
    return np.asarray(_noise(len(times), low_hz, high_hz, rate_hz) * np.exp(-times / ring_s), np.float32)


def _ring(hz: tuple[float, ...], duration_s: float, ring_s: float, rate_hz: int) -> Samples:
    times = _times(duration_s, rate_hz)
    waves = sum(np.sin(2 * np.pi * f * times) for f in hz)
    return np.asarray(waves * np.exp(-times / ring_s) / len(hz), np.float32)


def _snare(rate_hz: int) -> Samples:
    return 0.7 * _drop(0.2, 240, 185, 0.02, 0.06, rate_hz) + 0.45 * _hiss(0.2, 900, 6500, 0.07, rate_hz)


def _machine_snare(rate_hz: int) -> Samples:
    return 0.5 * _drop(0.25, 330, 200, 0.01, 0.04, rate_hz) + 0.55 * _hiss(0.25, 1800, 7500, 0.09, rate_hz)


def _clap(rate_hz: int) -> Samples:
    out = np.zeros(round(0.25 * rate_hz), np.float32)
    for delay_s in (0.0, 0.011, 0.022):
        burst = _hiss(0.22, 900, 3000, 0.015 if delay_s < 0.02 else 0.06, rate_hz)
        at = round(delay_s * rate_hz)
        out[at : at + len(burst)] += 0.5 * burst[: len(out) - at]
    return out


DRUMS: dict[str, Callable[[int], Samples]] = {
    "kick": lambda r: 1.1 * _drop(0.22, 160, 58, 0.02, 0.08, r) + 0.05 * _hiss(0.22, 1500, 5000, 0.006, r),
    "machine kick": lambda r: 1.3 * _drop(0.4, 220, 48, 0.025, 0.16, r),
    "metal kick": lambda r: (
        0.9 * _drop(0.12, 180, 65, 0.01, 0.05, r) + 0.25 * _hiss(0.12, 2500, 6500, 0.008, r)
    ),
    "snare": _snare,
    "machine snare": _machine_snare,
    "brush": lambda r: 0.3 * _hiss(0.22, 1500, 5500, 0.09, r),
    "clap": _clap,
    "hat": lambda r: 0.3 * _hiss(0.06, 5500, 7900, 0.02, r),
    "machine hat": lambda r: 0.35 * _hiss(0.05, 6300, 7900, 0.012, r),
    "open hat": lambda r: 0.3 * _hiss(0.3, 5200, 7900, 0.12, r),
    "ride": lambda r: 0.14 * _hiss(0.5, 3800, 7900, 0.2, r) + 0.12 * _ring((3120, 4270, 5310), 0.5, 0.12, r),
    "crash": lambda r: 0.3 * _hiss(0.6, 2600, 7900, 0.3, r),
    "pedal": lambda r: 0.22 * _hiss(0.05, 4000, 7500, 0.015, r),
    "shaker": lambda r: 0.14 * _hiss(0.07, 4500, 7500, 0.03, r),
    "tambourine": lambda r: 0.22 * _hiss(0.18, 5500, 7800, 0.07, r),
    "cowbell": lambda r: 0.5 * _ring((562, 845, 1690), 0.2, 0.07, r),
    "clave": lambda r: 0.6 * _ring((2500,), 0.08, 0.02, r),
    "congas": lambda r: 0.9 * _drop(0.25, 260, 215, 0.02, 0.08, r) + 0.1 * _hiss(0.25, 800, 3000, 0.01, r),
    "bodhran": lambda r: 0.9 * _drop(0.25, 140, 95, 0.03, 0.09, r) + 0.1 * _hiss(0.25, 500, 2500, 0.02, r),
    "scratch": lambda r: (
        0.4 * _hiss(0.16, 700, 2600, 0.3, r) * np.sin(2 * np.pi / 0.16 * _times(0.16, r)) ** 2
    ),
}
"""Sounds by name, from the sample rate in Hz."""


@lru_cache(maxsize=256)
def strike(name: str, rate_hz: int) -> Samples:
    """Return one stroke, (samples,)."""
    return DRUMS[name](rate_hz)
