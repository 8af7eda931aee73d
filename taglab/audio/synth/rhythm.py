"""When: rhythm patterns (`rhythms.csv`) laid out in time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from taglab.reprs import one_line

__all__ = ["Beat", "Grid", "Hit", "beats"]

_LOOSE = {"free": 0.3, "rubato": 0.22, "fingerpicking": 0.03}
_HUMAN = 0.012


@dataclass(frozen=True)
class Beat:
    """One bar of a rhythm; a pattern has a character a step, "." for none.

    Attributes:
        name: As in the recipes.
        beats: Beats a bar.
        kick, snare, hat, extra: Strokes, "X" with an accent.
        extra_sound: What plays `extra`.
        bass: "x" root, "l" root held, "t" third, "f" fifth, "o" octave.
        chords: "x" short, "l" held, "a" one note of the chord after the other.
    """

    name: str
    beats: float
    kick: str
    snare: str
    hat: str
    extra_sound: str
    extra: str
    bass: str
    chords: str


@cache
def beats() -> dict[str, Beat]:
    """Return every rhythm by name."""
    with Path(__file__).with_name("rhythms.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["name"]: Beat(beats=float(row.pop("beats")), **row) for row in rows}


@dataclass(frozen=True)
class Hit:
    """Something is to sound: in which bar and step, what (the pattern's character), and for how long."""

    bar: int
    step: int
    sign: str
    at_s: float
    until_next_s: float


@dataclass(frozen=True, eq=False)
class Grid:
    """Bars in time.

    Attributes:
        beat: The rhythm.
        beat_s: Length of a beat.
        swing: Delay of the off-beat, 0 straight to 1 triplet.
        n_bars: Number of bars.
        rng: Of the players' small liberties.
    """

    beat: Beat
    beat_s: float
    swing: float
    n_bars: int
    rng: np.random.Generator

    __repr__ = one_line

    @property
    def bar_s(self) -> float:
        return self.beat.beats * self.beat_s

    def hits(self, pattern: str, first_bar: int = 0) -> Iterator[Hit]:
        """Yield the hits of a pattern that is played in every bar."""
        steps = [step for step, sign in enumerate(pattern) if sign != "."]
        if not steps:
            return
        liberty_s = _LOOSE.get(self.beat.name, _HUMAN) * self.beat_s
        starts = [self._offset_s(step, len(pattern)) for step in steps]
        lengths = np.diff([*starts, starts[0] + self.bar_s])
        for bar in range(first_bar, self.n_bars):
            moved = self.rng.normal(0, liberty_s, len(steps))
            for step, start, length, move in zip(steps, starts, lengths, moved, strict=True):
                at_s = max(
                    0.0, bar * self.bar_s + start + float(np.clip(move, -3 * liberty_s, 3 * liberty_s))
                )
                yield Hit(bar, step, pattern[step], at_s, float(length))

    def _offset_s(self, step: int, n_steps: int) -> float:
        position = step / n_steps * self.beat.beats
        whole, part = divmod(position, 1.0)
        middle = 0.5 + self.swing / 6
        bent = part * middle / 0.5 if part < 0.5 else middle + (part - 0.5) * (1 - middle) / 0.5
        return (whole + bent) * self.beat_s
