"""The demo's instruments: what a note of each sounds like (`tones.csv`)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["TABLE", "Samples", "Tone", "cycle", "frequency_hz", "play", "tones"]

Samples = npt.NDArray[np.float32]

TABLE = 2048
"""Samples of one cycle of a waveform."""

_VIBRATO_HZ = 5.3
_SLIDE_S = 0.05
_RELEASE_S = 0.025
_BREATH = 1 << 17  # samples of noise, of which each pitch begins elsewhere


@dataclass(frozen=True)
class Tone:
    """One instrument.

    Attributes:
        name: What it is called.
        role: "chords", "arpeggio", "pad", "melody", "bass", or "bass riff".
        midi: Middle of its register.
        slope: How harmonics fall at the onset, in dB an octave.
        dulling: By how much more they fall once the onset has faded.
        even: Level of the even harmonics beside the odd ones.
        attack_s: Until full level; `decay_s` until the level is 1/e; `fade_s` until the onset's colour is.
        detune_cents: Of each of the strings, reeds or oscillators that sound together.
        vibrato_cents: Depth of the vibrato.
        breath: Level of noise beside the tone.
        slide: From how many semitones below a note is begun.
        body: Resonances, (frequency in Hz, gain in dB).
    """

    name: str
    role: str
    midi: int
    slope: float
    dulling: float
    even: float
    attack_s: float
    decay_s: float
    fade_s: float
    detune_cents: tuple[float, ...]
    vibrato_cents: float
    breath: float
    slide: float
    body: tuple[tuple[float, float], ...]


@cache
def tones() -> dict[str, Tone]:
    """Return every instrument by name."""
    with Path(__file__).with_name("tones.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: _tone(row) for row in csv.DictReader(file)}


def _tone(row: dict[str, str]) -> Tone:
    numbers = (
        "slope",
        "dulling",
        "even",
        "attack_s",
        "decay_s",
        "fade_s",
        "vibrato_cents",
        "breath",
        "slide",
    )
    resonances = (item.split(":") for item in row["body"].split())
    return Tone(
        name=row["name"],
        role=row["role"],
        midi=int(row["midi"]),
        detune_cents=tuple(map(float, row["detune_cents"].split())),
        body=tuple((float(hz), float(gain)) for hz, gain in resonances),
        **{name: float(row[name]) for name in numbers},
    )


def frequency_hz(midi: float) -> float:
    return float(440.0 * 2 ** ((midi - 69) / 12))


def cycle(levels: npt.NDArray[np.float64]) -> Samples:
    """Return one cycle of a waveform of root mean square 1, (TABLE,), from the levels of its harmonics."""
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    # Phases that grow with the square of the harmonic spread its energy over the cycle: no clicks.
    harmonics = np.arange(1, len(levels) + 1)
    spectrum[harmonics] = levels * np.exp(1j * np.pi * harmonics**2 / max(8, len(levels)))
    wave = np.fft.irfft(spectrum)
    return np.asarray(wave / np.sqrt(np.mean(wave**2)), np.float32)


@lru_cache(maxsize=4096)
def _cycles(tone: Tone, midi: int, rate_hz: int) -> tuple[Samples, Samples]:
    """Return the waveform at the onset and after it."""
    f0 = frequency_hz(midi)
    harmonics = np.arange(1, max(2, min(TABLE // 2, int(0.46 * rate_hz / f0)) + 1))
    octaves = np.log2(harmonics)
    decibels = tone.slope * octaves
    for hz, gain in tone.body:
        decibels = decibels + gain / (1 + ((harmonics * f0 - hz) / (0.25 * hz)) ** 2)
    parity = np.where(harmonics % 2 == 0, tone.even, 1.0)
    onset = parity * 10 ** (decibels / 20)
    return cycle(onset), cycle(onset * 10 ** (tone.dulling * octaves / 20))


@cache
def _breath() -> Samples:
    return np.random.default_rng(7).standard_normal(_BREATH, np.float32)


def play(tone: Tone, midi: int, n: int, rate_hz: int) -> Samples:
    """Return one note, (n,), of a level near 1."""
    times = np.arange(n, dtype=np.float32) / np.float32(rate_hz)
    turns = _turns(tone, midi, n, rate_hz)
    onset, later = _cycles(tone, midi, rate_hz)
    fading = np.exp(-times / np.float32(tone.fade_s))
    out = np.zeros(n, np.float32)
    for number, cents in enumerate(tone.detune_cents):
        detuned = turns * 2 ** (cents / 1200) + 0.37 * number
        at = (detuned * TABLE).astype(np.int64) & (TABLE - 1)
        out += onset[at] * fading + later[at] * (1 - fading) if tone.dulling else onset[at]
    out /= np.float32(len(tone.detune_cents) ** 0.5)
    if tone.breath:
        at = (midi * 997 + np.arange(n)) & (_BREATH - 1)
        out += np.float32(3 * tone.breath) * _breath()[at]
    out *= envelope(times, tone.attack_s, tone.decay_s)
    return out


def _turns(tone: Tone, midi: int, n: int, rate_hz: int) -> npt.NDArray[np.float64]:
    """Return how many cycles have passed at each sample, (n,)."""
    f0 = frequency_hz(midi)
    times = np.arange(n) / rate_hz
    turns = f0 * times
    if tone.vibrato_cents:
        depth = tone.vibrato_cents / 1200 * np.log(2)
        turns += f0 * depth / (2 * np.pi * _VIBRATO_HZ) * (1 - np.cos(2 * np.pi * _VIBRATO_HZ * times))
    if tone.slide:
        below = 1 - 2 ** (-tone.slide / 12)
        turns += f0 * below * _SLIDE_S * (np.exp(-times / _SLIDE_S) - 1)
    return np.asarray(turns + 1.0)


def envelope(times: Samples, attack_s: float, decay_s: float) -> Samples:
    """Return a level that rises, decays, and is let go at the end, (samples,)."""
    left = times[-1] - times if len(times) else times
    level = np.minimum(1, times / np.float32(attack_s)) * np.minimum(1, left / np.float32(_RELEASE_S))
    return np.asarray(level * np.exp(-times / np.float32(decay_s)), np.float32)
