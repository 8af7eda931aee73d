"""What is measured: which clips, by what they are degraded, and in which spaces."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from taglab.audio.degrade import degradation
from taglab.studies.robustness.clips import ClipSettings, longest_take
from taglab.studies.robustness.spaces import FEATURE_DISTANCES, SOUND_DISTANCES, Space

PAPER = ("pink-noise", "environmental-noise", "tempo", "pitch", "mp3")
"""Degradations of Kim 2021."""
_COARSE = 5


class ChangeSettings(ClipSettings):
    """By what clips are degraded.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`.
        degradations: Keys of `DEGRADATIONS`; the paper's five to begin with.
        grid: "coarse" tries five magnitudes of each, "thesis" all of its grid.
    """

    degradations: tuple[str, ...] = Field(PAPER, min_length=1)
    grid: Literal["coarse", "thesis"] = "coarse"

    @property
    def longest_take(self) -> float:
        """As of `ClipSettings`, of the degradations that are asked for."""
        return longest_take(self.degradations)

    def magnitudes(self, name: str, rate_hz: int) -> tuple[float, ...]:
        """Return the magnitudes of a degradation that are tried at a sampling rate, ascending."""
        there = degradation(name).magnitudes(rate_hz)
        if self.grid == "thesis" or len(there) <= _COARSE:
            return there
        return tuple(there[round(at)] for at in np.linspace(0, len(there) - 1, _COARSE))

    def changes(self, rate_hz: int) -> list[tuple[str, float]]:
        """Return every degradation with every magnitude that is tried at a sampling rate."""
        return [(name, one) for name in self.degradations for one in self.magnitudes(name, rate_hz)]


class ConsistencySettings(ChangeSettings):
    """What is measured.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`.
        degradations, grid: See `ChangeSettings`.
        features: Names of kept features that an encoder made, each a space of its own.
        sound: Whether distances in sound itself are measured, too, which the features are held against.
    """

    features: tuple[str, ...] = ()
    sound: bool = True

    def spaces(self) -> tuple[Space, ...]:
        """Return what distances are measured in."""
        of_sound = [Space("", distance) for distance in SOUND_DISTANCES] if self.sound else []
        return (
            *of_sound,
            *(Space(name, distance) for name in self.features for distance in FEATURE_DISTANCES),
        )
