"""Somebody sings, raps, shouts, growls or screams: a buzz, shaped by the resonances of vowels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from taglab.audio.synth.tones import TABLE, Samples, cycle, envelope, frequency_hz

__all__ = ["DELIVERIES", "Delivery", "syllable"]

# First three resonances of a man's vowels, in Hz; a woman's vocal tract is shorter by a sixth.
_VOWELS = {
    "a": (750, 1150, 2550),
    "e": (480, 1800, 2500),
    "i": (290, 2200, 2950),
    "o": (450, 850, 2550),
    "u": (320, 750, 2350),
}
VOWELS = tuple(_VOWELS)
_LEVELS_DB = (0.0, -5.0, -11.0)
_WIDTHS_HZ = (90.0, 120.0, 180.0)
_WOMAN = 1.18


@dataclass(frozen=True)
class Delivery:
    """How words are given voice.

    Attributes:
        pattern: When syllables come, as in `rhythm.Beat`, over 16 steps.
        low, high: Range of a man's pitch, MIDI; a woman's is 12 higher for singing (`woman`).
        woman: Semitones by which a woman's lies higher.
        slope: Fall of the buzz's harmonics, dB an octave; effort makes it flatter.
        rough: How much noise tears at the voice.
        vibrato_cents: Depth of the vibrato.
        fall: By how many semitones pitch falls within a syllable, as in speech.
        consonant: Level of the noise that begins a syllable.
        held: Share of the time until the next syllable for which the voice sounds.
    """

    pattern: tuple[str, ...]
    low: int
    high: int
    woman: int
    slope: float
    rough: float
    vibrato_cents: float
    fall: float
    consonant: float
    held: float


DELIVERIES = {
    "sung": Delivery(
        ("x..x..x...x.x...", "..x.x.x.....x...", "x.......x.x.....", "x.x.x...x......."),
        48, 62, 13, -9, 0.0, 28, 0, 0.10, 0.95,
    ),
    "rapped": Delivery(
        ("x.xxx.xxx.xxx.x.", "xxx.x.xxx.x.xxx.", "x.xxxx.xx.xxxx.."),
        43, 47, 9, -8, 0.12, 0, 4, 0.35, 0.7,
    ),
    "shouted": Delivery(
        ("x...x.x.x...x...", "x.x...x.x.x.....", "x...x...x.x.x..."),
        57, 62, 7, -5, 0.35, 0, 2, 0.25, 0.75,
    ),
    "screamed": Delivery(("x.....x.x.......", "x.......x...x..."), 62, 67, 5, -3, 0.9, 0, 1, 0.2, 0.9),
    "growled": Delivery(("x...x.x.x...x.x.", "x..x..x.x...x..."), 31, 36, 5, -5, 0.8, 0, 2, 0.2, 0.9),
}  # fmt: skip


@lru_cache(maxsize=2048)
def _vowel(vowel: str, midi: int, woman: bool, slope: float, rate_hz: int) -> Samples:
    f0 = frequency_hz(midi)
    harmonics = np.arange(1, max(2, int(0.44 * rate_hz / f0)) + 1)
    hz = harmonics * f0
    shift = _WOMAN if woman else 1.0
    mouth = np.full(len(hz), 0.004)
    for centre, level, width in zip(_VOWELS[vowel], _LEVELS_DB, _WIDTHS_HZ, strict=True):
        mouth = mouth + 10 ** (level / 20) / np.sqrt(1 + ((hz - centre * shift) / (width / 2)) ** 2)
    return cycle(mouth * 10 ** ((slope + 6) * np.log2(harmonics) / 20))


def syllable(
    delivery: Delivery, vowel: str, midi: int, woman: bool, n: int, rate_hz: int, rng: np.random.Generator
) -> Samples:
    """Return one syllable, (n,), of a level near 1.

    Args:
        delivery: How.
        vowel: One of `VOWELS`.
        midi: Pitch.
        woman: Whose resonances.
        n: Samples.
        rate_hz: Sample rate.
        rng: Of consonants and roughness.
    """
    times = np.arange(n, dtype=np.float32) / np.float32(rate_hz)
    wave = _vowel(vowel, midi, woman, delivery.slope, rate_hz)
    at = (_turns(delivery, midi, n, rate_hz) * TABLE).astype(np.int64) & (TABLE - 1)
    out = wave[at]
    if delivery.rough:
        out = out * (1 - delivery.rough + 1.6 * delivery.rough * _torn(n, rate_hz, rng))
    out = out * envelope(times, 0.03, 4.0)
    k = min(n, round(0.06 * rate_hz))
    hiss = np.diff(rng.standard_normal(k + 1, np.float32))  # a difference favours the high frequencies
    out[:k] += np.float32(delivery.consonant) * hiss * np.hanning(k).astype(np.float32)
    return np.asarray(out, np.float32)


def _turns(delivery: Delivery, midi: int, n: int, rate_hz: int) -> np.ndarray:
    times = np.arange(n) / rate_hz
    bend = -delivery.fall * times / max(1e-3, n / rate_hz)
    if delivery.vibrato_cents:
        # A singer lets the tone settle before the vibrato sets in.
        depth = delivery.vibrato_cents / 100 * np.minimum(1, times / 0.3)
        bend = bend + depth * np.sin(2 * np.pi * 5.6 * times)
    else:
        bend = bend + 0.5 * np.exp(-times / 0.05)
    return np.asarray(np.cumsum(frequency_hz(midi) * 2 ** (bend / 12)) / rate_hz)


def _torn(n: int, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return noise below some 250 Hz, which smears each harmonic and leaves the vowel: (n,), around 0."""
    points = rng.standard_normal(n * 500 // rate_hz + 2)
    torn = np.interp(np.arange(n) * (500 / rate_hz), np.arange(len(points)), points)
    return np.asarray(torn, np.float32)
