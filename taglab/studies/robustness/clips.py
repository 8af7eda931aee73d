"""Clips of tracks, and the same clips degraded: stores of sound that encoders hear as any other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.decode import Decoded
from taglab.audio.degrade import DEGRADATIONS, Recording, degradation, degrade, key_of_recording
from taglab.audio.degrade.degradation import of_length
from taglab.audio.store import AudioStore, Sound, StoreSettings, decoders, write_sounds
from taglab.audio.streams import Samples
from taglab.cache import content_key, derived_path
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, silent
from taglab.reprs import one_line

_FORMAT = 1  # raised where clips are cut otherwise than before
_FULL_SCALE = 32_768
_FEWEST = 3


class ClipSettings(BaseModel):
    """Which clips are degraded.

    Attributes:
        clips: How many tracks, drawn from those that are long enough.
        clip_s: Length of each, from the middle of its track, in seconds.
        seed: Of the draw, and of what is random in a degradation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: int = Field(100, ge=_FEWEST, le=100_000)
    clip_s: float = Field(3.0, ge=0.5, le=600)
    seed: int = Field(0, ge=0)

    @property
    def longest_take(self) -> float:
        """Seconds of a track that a second of a degraded clip takes at most, whatever it is degraded by."""
        return longest_take(DEGRADATIONS)


def longest_take(names: Iterable[str]) -> float:
    """Return how many seconds of sound a second takes at most of what some degradations give; 1 or more.

    Raises:
        NotFound: If there is no such degradation.
    """
    kinds = [degradation(name) for name in names]
    return max(1.0, *(kind.takes(one) for kind in kinds for one in kind.grid))


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips of some tracks, to be had as they are and degraded.

    Attributes:
        store: The sound they are cut from.
        settings: Which.
        tracks: Those drawn.
        too_short: How many of the sound's tracks are too short.
    """

    store: AudioStore
    settings: ClipSettings
    tracks: tuple[str, ...]
    too_short: int

    __repr__ = one_line

    @classmethod
    def drawn(cls, store: AudioStore, settings: ClipSettings, among: Collection[str] | None = None) -> Clips:
        """Draw clips from sound.

        Args:
            store: The sound.
            settings: How many, and how long; a track must last for all that they may be degraded by.
            among: Only of these tracks; of all where None.

        Raises:
            InvalidSetting: If fewer than three tracks are long enough.
            NotFound: If there is no such degradation.
        """
        takes = settings.longest_take
        needed = round(settings.clip_s * takes * store.sample_rate_hz) + (takes > 1)
        tracks = store.tracks["track"].astype(str)
        asked = np.full(len(tracks), True) if among is None else tracks.isin(set(among)).to_numpy()
        names = tracks.to_numpy()[asked & (store.samples >= needed)]
        if len(names) < _FEWEST:
            faster = ", to be made faster" if takes > 1 else ""
            raise InvalidSetting(
                f"clip_s={settings.clip_s:g} needs tracks of {settings.clip_s * takes:g} s{faster}; "
                f"{len(names)} of {asked.sum():,} tracks are as long, and {_FEWEST} are needed"
            )
        random = np.random.default_rng(settings.seed)
        chosen = random.choice(len(names), min(settings.clips, len(names)), replace=False)
        return cls(store, settings, tuple(names[np.sort(chosen)]), int(asked.sum()) - len(names))

    @cached_property
    def key(self) -> str:
        """Content key of the clips as they are."""
        return content_key(
            "clips", _FORMAT, self.store.fingerprint_of(self.tracks), list(self.tracks), self.settings.clip_s
        )

    def original(self, progress: Progress = silent) -> AudioStore:
        """Return a store of the clips as they are."""
        return self._kept(self.key, self._cut, progress)

    def degraded(
        self, name: str, magnitude: float, recording: Recording | None = None, progress: Progress = silent
    ) -> AudioStore:
        """Return a store of the clips, degraded; equally long ones.

        Args:
            name: Key in `DEGRADATIONS`.
            magnitude: In its unit.
            recording: As `degrade` takes it.
            progress: Told after every clip.

        Raises:
            NotFound: If there is no such degradation.
            InvalidSetting: If the magnitude is not to be had at the sound's rate.
            DataError: If a clip cannot be degraded, such as a silent one.
        """
        kind = degradation(name)
        kind.check(magnitude, self.store.sample_rate_hz)
        given = key_of_recording(recording)
        key = content_key(self.key, name, kind.edition, magnitude, self.settings.seed, given)

        def changed(row: int) -> Decoded:
            return self._decoded(self.degraded_clip(row, name, magnitude, recording))

        return self._kept(key, changed, progress)

    def clip(self, row: int) -> Samples:
        """Return one of the clips as it is, (samples,) or (samples, 2)."""
        return self._excerpt(row, takes=1.0)[0]

    def degraded_clip(
        self, row: int, name: str, magnitude: float, recording: Recording | None = None
    ) -> Samples:
        """Return one of the clips as `degraded` has it, before it is stored, (samples,) or (samples, 2).

        Raises:
            NotFound: If there is no such degradation.
            DataError: If the clip cannot be degraded.
        """
        excerpt, start_s = self._excerpt(row, degradation(name).takes(magnitude))
        rate_hz, track = self.store.sample_rate_hz, self.tracks[row]
        try:
            changed = degrade(
                excerpt, rate_hz, name, magnitude, self.settings.seed, recording, track, start_s
            )
        except InvalidSetting as error:
            raise DataError(self.tracks[row], str(error)) from error
        return of_length(changed, self._n_samples)

    @cached_property
    def _rows(self) -> list[int]:
        """Rows of the clips' tracks in the sound they are cut from."""
        return [int(row) for row in self.store.rows(self.tracks)]

    @property
    def _n_samples(self) -> int:
        return round(self.settings.clip_s * self.store.sample_rate_hz)

    def _cut(self, row: int) -> Decoded:
        return self._decoded(self.clip(row))

    def _excerpt(self, row: int, takes: float) -> tuple[Samples, float]:
        """Return what becomes a clip of `clip_s`, from the middle of its track, and where it begins (s)."""
        pcm = self.store.whole(self._rows[row])
        n = round(self._n_samples * takes)
        if n > len(pcm):
            seconds = n / self.store.sample_rate_hz
            raise DataError(
                self.tracks[row], f"is shorter than the {seconds:g} s that {takes:g} times its tempo takes"
            )
        start = (len(pcm) - n) // 2
        samples = pcm[start : start + n].astype(np.float32) / np.float32(_FULL_SCALE)
        return samples, start / self.store.sample_rate_hz

    def _decoded(self, samples: Samples) -> Decoded:
        return Decoded(samples, self.store.sample_rate_hz, self.store.sample_rate_hz, self.store.channels)

    def _kept(self, key: str, load: Callable[[int], Decoded], progress: Progress) -> AudioStore:
        folder: Path = derived_path("clips", key, "")
        settings = StoreSettings(
            sample_rate_hz=self.store.sample_rate_hz,
            channels=1 if self.store.channels == 1 else 2,
            min_duration_s=0,
            silence_dbfs=-90,
        )
        sounds = [Sound(track, track, key, partial(load, row)) for row, track in enumerate(self.tracks)]
        with decoders(None) as threads:
            store = write_sounds(sounds, folder, settings, threads, progress, doing="degrading clips")
        if len(store.refused):
            first = store.refused.iloc[0]
            raise DataError(
                str(first["track"]),
                f"{first['reason']}; {len(store.refused)} of {len(sounds)} clips are refused",
            )
        return store
