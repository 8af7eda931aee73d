"""Which piece of each track a tagger hears at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.store import AudioStore, Rows
from taglab.errors import InvalidSetting
from taglab.reprs import one_line

__all__ = ["LONGEST_DEFAULT_S", "WindowSettings", "Windows"]

LONGEST_DEFAULT_S = 15.0
"""Length of a window where every track is that long, in seconds, as Pons et al. 2018 have it."""


class WindowSettings(BaseModel):
    """How long a window is, and what happens to tracks that are shorter.

    Attributes:
        duration_s: In seconds; None takes 15 s, or the shortest track of the store where that is less.
        short_tracks: "refuse" leaves tracks shorter than the window out, "pad" adds zeros at their end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration_s: float | None = Field(None, gt=0, le=3_600)
    short_tracks: Literal["refuse", "pad"] = "refuse"


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows on the tracks of a store.

    Attributes:
        store: The store.
        length: Samples of a window.
        rows: Rows of the store that have windows, (usable tracks,).
        refused: Rows left out because their track is shorter than a window.
        padded: Rows whose only window ends in zeros.
    """

    store: AudioStore
    length: int
    rows: Rows
    refused: Rows
    padded: Rows

    __repr__ = one_line

    @classmethod
    def of(cls, store: AudioStore, settings: WindowSettings | None = None) -> Windows:
        """Return the windows of a store.

        Raises:
            InvalidSetting: If no track is as long as the window, and short tracks are refused.
        """
        settings = settings or WindowSettings()
        length = _length(store, settings)
        short = store.samples < length
        refusing = settings.short_tracks == "refuse"
        if not len(store) or (refusing and short.all()):
            longest_s = store.samples.max(initial=0) / store.sample_rate_hz
            raise InvalidSetting(
                f"duration_s={length / store.sample_rate_hz:g} must not exceed the longest of the "
                f"{len(store)} tracks, {longest_s:g} s; take a shorter window or pad"
            )
        none = np.zeros(0, np.int64)
        return cls(
            store=store,
            length=length,
            rows=np.flatnonzero(~short) if refusing else np.arange(len(store)),
            refused=np.flatnonzero(short) if refusing else none,
            padded=none if refusing else np.flatnonzero(short),
        )

    def random_starts(self, rows: npt.ArrayLike, rng: np.random.Generator) -> Rows:
        """Return a start for each row, (batch,), every one that fits equally likely."""
        return np.asarray(rng.integers(0, self._last_starts(rows) + 1), np.int64)

    def middle_starts(self, rows: npt.ArrayLike) -> Rows:
        """Return the start of the middle window of each row, (batch,)."""
        return self._last_starts(rows) // 2

    def consecutive_starts(self, row: int) -> Rows:
        """Return the starts of windows side by side that cover a track, (windows,).

        What is left over at the end is covered by a last window that ends with the track.
        """
        last = int(self._last_starts([row])[0])
        starts = np.arange(0, last + 1, self.length)
        return np.append(starts, last) if starts[-1] < last else starts

    def shape(self, batch: int) -> tuple[int, ...]:
        """Return the shape of so many windows."""
        return self.store.crop_shape(batch, self.length)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what `crops` returns."""
        return np.dtype(np.int16)

    def crops(
        self, rows: npt.ArrayLike, starts: npt.ArrayLike, out: npt.NDArray[Any] | None = None
    ) -> npt.NDArray[Any]:
        """Return windows as `AudioStore.crops` does, put into `out` where it is given."""
        return self.store.crops(rows, starts, self.length, pad=bool(len(self.padded)), out=out)

    def _last_starts(self, rows: npt.ArrayLike) -> Rows:
        return np.maximum(self.store.samples[np.asarray(rows, np.int64)] - self.length, 0)


def _length(store: AudioStore, settings: WindowSettings) -> int:
    if settings.duration_s is not None:
        return max(1, round(settings.duration_s * store.sample_rate_hz))
    shortest = int(store.samples.min(initial=round(LONGEST_DEFAULT_S * store.sample_rate_hz)))
    return max(1, shortest)
