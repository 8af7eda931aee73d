"""What is known of a degradation: its unit, its grid, where it changes nothing, and how severe it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from taglab.audio.degrade.variants import Variants
from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting
from taglab.reprs import one_line

VARIANTS = "variants"
"""What `Degradation.recording` says of one that is read from a table of rendered clips."""
Recording = Samples | Variants
"""What a degradation may be given besides the sound."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a degradation is asked to change.

    Attributes:
        samples: Mono (samples,) or stereo (samples, 2), float32, not silent.
        rate_hz: Their rate.
        magnitude: In the degradation's unit, never its identity.
        random: What randomness is drawn from.
        recording: Mono (samples,) at the same rate, not silent, if one was given.
        variants: Clips rendered otherwise, if they were given.
        track: Whose sound it is; empty where that is not known.
        start_s: Where in its track it begins, in seconds.
    """

    samples: Samples
    rate_hz: int
    magnitude: float
    random: np.random.Generator
    recording: Samples | None = None
    variants: Variants | None = None
    track: str = ""
    start_s: float = 0.0

    __repr__ = one_line


def _as_it_is(magnitude: float) -> float:
    return magnitude


def _any(_: int) -> None:
    return None


def _our_own() -> str:
    return ""


def _as_long(_: float) -> float:
    return 1.0


@dataclass(frozen=True)
class Degradation:
    """A way in which sound is degraded.

    Attributes:
        title: For people.
        unit: Of the magnitude, as written after a number.
        grid: Magnitudes that are tried, ascending; none beyond its ends is taken.
        identity: The magnitude that changes nothing; may be infinite, as a noise's signal-to-noise ratio, or
            NaN where there is none.
        least: The end of the grid that one hears least, or its middle: "low", "high" or "middle".
        apply: Makes the change.
        equal_loudness: Whether the result is as loud as the sound was, by EBU R 128.
        recording: What it may be given besides: "noise" or "impulse response", or `VARIANTS`, which it must
            be given; empty for nothing.
        rendered: Kind of the variants that it takes; empty where it takes none.
        scale: Magnitude → a scale on which equal steps are alike, such as its logarithm.
        at_rate: Rate in Hz → the only magnitudes there are at it; None for any.
        takes: Magnitude → seconds of sound that a second of the result takes.
        about: A sentence.
        version: Raised where the same magnitude gives other sound than before; nothing older is then used.
        release: Returns which release of a library makes the change; empty where that is all our own.
    """

    title: str
    unit: str
    grid: tuple[float, ...]
    identity: float
    least: str
    apply: Callable[[Asked], Samples]
    about: str
    equal_loudness: bool = True
    recording: str = ""
    rendered: str = ""
    scale: Callable[[float], float] = _as_it_is
    at_rate: Callable[[int], tuple[float, ...] | None] = _any
    takes: Callable[[float], float] = _as_long
    version: int = 1
    release: Callable[[], str] = _our_own

    def __post_init__(self) -> None:
        if list(self.grid) != sorted(set(self.grid)):
            raise ValueError(f"grid={self.grid} must be ascending, each magnitude once")
        if self.least not in ("low", "high", "middle"):
            raise ValueError(f"least={self.least!r} must be low, high or middle")

    @property
    def edition(self) -> str:
        """What is kept of the change is of this alone: our version, and the release of what makes it."""
        return f"{self.version} {self.release()}"

    def check(self, magnitude: float, rate_hz: int) -> None:
        """Refuse a magnitude that there is not.

        Raises:
            InvalidSetting: If it is outside of the grid, or not to be had at this rate.
        """
        if magnitude == self.identity:
            return
        low, high = self.grid[0], self.grid[-1]
        if not low <= magnitude <= high:
            unchanged = "" if math.isnan(self.identity) else f"; {self.identity:g} changes nothing"
            raise InvalidSetting(
                f"{self.title.lower()} by {magnitude:g} {self.unit}: "
                f"must lie from {low:g} to {high:g} {self.unit}{unchanged}"
            )
        there = self.at_rate(rate_hz)
        if there is not None and magnitude not in there:
            listed = ", ".join(f"{one:g}" for one in there) or "none"
            raise InvalidSetting(
                f"{self.title.lower()} by {magnitude:g} {self.unit} is not to be had at {rate_hz:,} Hz; "
                f"there are: {listed}"
            )

    def magnitudes(self, rate_hz: int) -> tuple[float, ...]:
        """Return the magnitudes of the grid that there are at a rate."""
        there = self.at_rate(rate_hz)
        return self.grid if there is None else tuple(one for one in self.grid if one in there)

    def severity(self, magnitude: float, rate_hz: int) -> float:
        """Return how severe a magnitude is, [0, 1].

        It is the distance from what one hears least, on `scale`, as a share of the greatest there is at the
        rate. Magnitudes of different degradations may enter one model only so.
        """
        if magnitude == self.identity:
            return 0.0
        grid = self.magnitudes(rate_hz)
        centre = {"low": grid[0], "high": grid[-1], "middle": self.identity}[self.least]
        worst = max(abs(self.scale(one) - self.scale(centre)) for one in grid)
        return min(1.0, abs(self.scale(magnitude) - self.scale(centre)) / worst) if worst else 0.0


def of_length(samples: Samples, n: int) -> Samples:
    """Return sound cut, or filled up with silence, to n samples: (n,) or (n, 2)."""
    missing = np.zeros((max(0, n - len(samples)), *samples.shape[1:]), np.float32)
    return np.concatenate([samples[:n], missing])
