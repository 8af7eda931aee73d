"""Noise at a signal-to-noise ratio: pink, or a recording of a place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taglab.audio.degrade.crowd import crowd
from taglab.audio.degrade.degradation import Asked, Degradation
from taglab.audio.streams import Samples

# As Kim's released settings have them.
_GRID_DB = (
    -15.0, -10.0, -6.0, -3.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 27.5, 28.0, 28.5, 29.0, 29.5,
    30.0,
)  # fmt: skip
_LOWEST_HZ = 20.0
_DRAWS = 32  # of a place, until one is loud enough
_ROUNDED = 1 - 1e-9  # running sums lose a little
_QUIETEST = 0.5  # of a recording's level: what a place is like is not heard in its pauses


def pink(n: int, rate_hz: int, random: np.random.Generator) -> Samples:
    """Return noise whose power falls as 1 / frequency from 20 Hz on, (n,), float32, of unit power."""
    hz = np.fft.rfftfreq(max(n, 2), 1 / rate_hz)
    spectrum = np.fft.rfft(random.standard_normal(max(n, 2)))
    spectrum *= 1 / np.sqrt(np.maximum(hz, _LOWEST_HZ))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, max(n, 2))[:n]
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float32)


def excerpt(recording: Samples, n: int, random: np.random.Generator) -> Samples:
    """Return n samples of a recording, (n,): from a place where it is no pause, repeated where it ends.

    Args:
        recording: Mono (samples,), not silent.
        n: How many.
        random: Chooses the place.
    """
    length = min(n, len(recording))
    needed = _QUIETEST**2 * _energy(recording) * length / len(recording)
    for start in random.integers(len(recording), size=_DRAWS).tolist():
        if _energy(_from(recording, start, length)) >= needed:
            return _from(recording, start, n)
    return _from(recording, int(random.choice(_loud(recording, length, needed))), n)


def _energy(samples: Samples) -> float:
    return float(np.sum(np.square(samples, dtype=np.float64)))


def _from(recording: Samples, start: int, n: int) -> Samples:
    return np.take(recording, np.arange(start, start + n), mode="wrap")


def _loud(recording: Samples, length: int, needed: float) -> npt.NDArray[np.intp]:
    """Return every place from which on so many samples have an energy; takes long of a long recording."""
    energy = np.square(recording, dtype=np.float64)
    running = np.concatenate([[0.0], np.cumsum(np.concatenate([energy, energy[: length - 1]]))])
    return np.flatnonzero(running[length:] - running[:-length] >= needed * _ROUNDED)


def at_ratio(samples: Samples, noise: Samples, ratio_db: float) -> Samples:
    """Return sound with noise below it by a ratio of their powers over the whole, in dB.

    Args:
        samples: (samples,) or (samples, 2), not silent.
        noise: (samples,), not silent; the same in both channels.
        ratio_db: Signal to noise.
    """
    powers = [float(np.mean(np.square(one, dtype=np.float64))) for one in (samples, noise)]
    factor = np.float32(np.sqrt(powers[0] / powers[1] / 10 ** (ratio_db / 10)))
    return samples + factor * (noise if samples.ndim == 1 else noise[:, None])


def _pink(asked: Asked) -> Samples:
    noise = pink(len(asked.samples), asked.rate_hz, asked.random)
    return at_ratio(asked.samples, noise, asked.magnitude)


def _environmental(asked: Asked) -> Samples:
    place = crowd(asked.rate_hz) if asked.recording is None else asked.recording
    return at_ratio(asked.samples, excerpt(place, len(asked.samples), asked.random), asked.magnitude)


PINK = Degradation(
    "Pink noise",
    "dB",
    _GRID_DB,
    np.inf,
    "high",
    _pink,
    "Noise of equal power in every octave.",
)

ENVIRONMENTAL = Degradation(
    "Environmental noise",
    "dB",
    _GRID_DB,
    np.inf,
    "high",
    _environmental,
    "A recording of a place below the sound; without one, a crowd made of synthetic voices.",
    recording="noise",
)
