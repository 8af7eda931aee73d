"""Which notes: chord patterns in a key and mode, and where on an instrument a chord is laid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["HARMONIES", "Chord", "chords", "scale", "voicing"]

_SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}

_BLUES = (0, 3, 5, 6, 7, 10)

# Degrees of the scale, one a bar; and of how many stacked thirds the chords are.
_PATTERNS: dict[str, tuple[tuple[int, ...], int]] = {
    "I-V-vi-IV": ((1, 5, 6, 4), 3),
    "I-IV-V": ((1, 4, 5, 1), 3),
    "I-vi-IV-V": ((1, 6, 4, 5), 3),
    "ii-V-I": ((2, 5, 1, 1), 4),
    "circle of fifths": ((6, 2, 5, 1, 4, 7, 3), 3),
    "i-VII-VI": ((1, 7, 6, 7), 3),
    "i-VI-III-VII": ((1, 6, 3, 7), 3),
    "andalusian cadence": ((1, 7, 6, 5), 3),
    "modal vamp": ((1, 4, 1, 4), 4),
    "one-chord groove": ((1,), 4),
    "12-bar blues": ((1, 1, 1, 1, 4, 4, 1, 1, 5, 4, 1, 5), 4),
    "drone": ((1,), 2),
    "phrygian riff": ((1, 2, 1, 3), 2),
}

HARMONIES = (*_PATTERNS, "chromatic riff", "atonal")
"""Every chord pattern."""

# Semitones above the key's note, for what no scale holds.
_CHROMATIC = (0, 1, 6, 3, 0, 5, 1, 7)


@dataclass(frozen=True)
class Chord:
    """Pitch classes of a chord, the root first; 0 is C."""

    classes: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.classes[0]


def _scale_name(harmony: str, mode: str) -> str:
    if harmony == "phrygian riff":
        return "phrygian"
    if harmony in ("modal vamp", "one-chord groove"):
        return "dorian" if mode == "minor" else "mixolydian"
    return mode


def scale(harmony: str, mode: str, key: int) -> tuple[int, ...]:
    """Return the pitch classes melodies are made of."""
    if harmony == "atonal":
        return tuple(range(12))
    steps = _BLUES if harmony == "12-bar blues" else _SCALES[_scale_name(harmony, mode)]
    return tuple((key + step) % 12 for step in steps)


def chords(harmony: str, mode: str, key: int, n_bars: int, rng: np.random.Generator) -> list[Chord]:
    """Return a chord for each bar, beginning anywhere in the pattern."""
    if harmony == "atonal":
        return [Chord(tuple(rng.choice(12, 4, replace=False).tolist())) for _ in range(n_bars)]
    begin = int(rng.integers(0, 12))
    if harmony == "chromatic riff":
        roots = [(key + _CHROMATIC[(begin + bar) % len(_CHROMATIC)]) % 12 for bar in range(n_bars)]
        return [Chord((root, (root + 7) % 12)) for root in roots]
    degrees, size = _PATTERNS[harmony]
    return [_chord(harmony, mode, key, degrees[(begin + bar) % len(degrees)], size) for bar in range(n_bars)]


def _chord(harmony: str, mode: str, key: int, degree: int, size: int) -> Chord:
    steps = _SCALES[_scale_name(harmony, mode)]
    root = (key + steps[degree - 1]) % 12
    if size == 2:
        return Chord((root, (root + 7) % 12))
    if harmony == "12-bar blues":
        return Chord(tuple((root + step) % 12 for step in (0, 4, 7, 10)))
    if harmony == "andalusian cadence" and degree == 5:
        return Chord(tuple((root + step) % 12 for step in (0, 4, 7)))
    return Chord(tuple((key + steps[(degree - 1 + 2 * third) % 7]) % 12 for third in range(size)))


def voicing(chord: Chord, middle: int) -> list[int]:
    """Return the chord's notes near a MIDI note, low to high."""
    return sorted(middle - 6 + (pitch - (middle - 6)) % 12 for pitch in chord.classes)
