"""What is measured: which clips, by what they are degraded, and in which spaces."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from taglab.audio.degrade import Recording, Variants, degradation, read_variants
from taglab.audio.store import AudioStore
from taglab.errors import InvalidSetting
from taglab.paths import typed_path
from taglab.settings import Flag
from taglab.studies.robustness.clips import Clips, ClipSettings, longest_take
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
        variants: A table of clips that exist rendered otherwise, with columns clip, kind (pitch or tempo),
            magnitude and file, which rendered-pitch and rendered-tempo are read from. Where one is named,
            only tracks that have all of its variants are taken, whatever degrades them.
    """

    degradations: tuple[str, ...] = Field(PAPER, min_length=1)
    grid: Literal["coarse", "thesis"] = "coarse"
    variants: Annotated[str, Flag(metavar="FILE")] = ""

    @property
    def longest_take(self) -> float:
        """As of `ClipSettings`, of the degradations that are asked for."""
        return longest_take(self.degradations)

    def rendered(self) -> Variants | None:
        """Return the clips that exist rendered otherwise, if a table of them is named; raises DataError."""
        return read_variants(typed_path(self.variants)) if self.variants else None

    def available(self, name: str, rate_hz: int) -> tuple[float, ...]:
        """Return the magnitudes of a degradation that there are at a sampling rate, ascending.

        Raises:
            NotFound: If there is no such degradation.
            InvalidSetting: If it is read from a table of variants, and none is named.
            DataError: If the table cannot be read.
        """
        kind = degradation(name)
        if not kind.rendered:
            return kind.magnitudes(rate_hz)
        variants = self.rendered()
        if variants is None:
            raise InvalidSetting(
                f"{name} is read from a table of rendered variants; name it by variants, or leave {name} out"
            )
        return variants.magnitudes(kind.rendered)

    def magnitudes(self, name: str, rate_hz: int) -> tuple[float, ...]:
        """Return the magnitudes of a degradation that are tried at a sampling rate, ascending.

        Raises:
            As `available`.
        """
        there = self.available(name, rate_hz)
        if self.grid == "thesis" or len(there) <= _COARSE:
            return there
        return tuple(there[round(at)] for at in np.linspace(0, len(there) - 1, _COARSE))

    def changes(self, rate_hz: int) -> list[tuple[str, float]]:
        """Return every degradation with every magnitude that is tried at a sampling rate."""
        return [(name, one) for name in self.degradations for one in self.magnitudes(name, rate_hz)]

    def recordings(self, given: Mapping[str, Recording] | None = None) -> dict[str, Recording]:
        """Return recordings by degradation, the variants among them, as `Clips.degraded` takes them."""
        variants = self.rendered()
        takers = [name for name in self.degradations if degradation(name).rendered]
        return {**(given or {}), **({} if variants is None else dict.fromkeys(takers, variants))}

    def drawn(self, store: AudioStore, among: Collection[str] | None = None) -> Clips:
        """Draw clips, as `Clips.drawn`; where variants are named, of tracks that have all of them.

        Raises:
            InvalidSetting: If fewer than three tracks are there and long enough, or several are one clip of
                the table.
            DataError: If the table cannot be read.
        """
        variants = self.rendered()
        if variants is not None:
            having = variants.among(store.tracks["track"].astype(str))
            having = having if among is None else having.intersection(among)
            if not having:
                raise InvalidSetting(
                    f"no track of the sound has all the variants that {self.variants} names; its clips must "
                    "be called as the tracks, or as their files without ending"
                )
            among = having
        return Clips.drawn(store, self, among)


class ConsistencySettings(ChangeSettings):
    """What is measured.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`.
        degradations, grid, variants: See `ChangeSettings`.
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
