"""Consistency of distances, by degradation and magnitude, in sound and in any features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from taglab.archives import read_arrays
from taglab.audio.degrade import degradation
from taglab.audio.store import AudioStore
from taglab.audio.streams import Samples
from taglab.cache import content_key, derived_path, kept, recalled
from taglab.encoders import ENCODERS
from taglab.errors import DataError, InvalidSetting
from taglab.metrics.consistency import between_spaces, nearest_other, nearest_own, within_space
from taglab.metrics.intervals import Interval
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.studies.robustness.clips import Clips, ClipSettings
from taglab.studies.robustness.spaces import (
    FEATURE_DISTANCES,
    SOUND_DISTANCES,
    Space,
    features_of,
    hop_s,
    sequences,
)
from taglab.vectors import open_features, open_learned

DoubleArray = npt.NDArray[np.float64]

_PAPER = ("pink-noise", "environmental-noise", "tempo", "pitch", "mp3")
_COARSE = 5
_FORMAT = 1  # raised where distances are measured otherwise than before
_PAIR_MS = 0.09  # of three seconds, by both distances, of a core; grows with the square of the length
_CLIP_MS = 40.0  # to degrade and encode a clip


class ChangeSettings(ClipSettings):
    """By what clips are degraded.

    Attributes:
        clips, clip_s, seed: See `ClipSettings`.
        degradations: Keys of `DEGRADATIONS`; the paper's five to begin with.
        grid: "coarse" tries five magnitudes of each, "thesis" all of its grid.
    """

    degradations: tuple[str, ...] = Field(_PAPER, min_length=1)
    grid: Literal["coarse", "thesis"] = "coarse"

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


@dataclass(frozen=True, eq=False)
class Consistencies:
    """What was measured.

    Attributes:
        tracks: Whose clips, in the order of all distances.
        too_short: Tracks of the sound that are too short for a clip.
        within: One row a space, degradation and magnitude: `space`, `features`, `distance`, `degradation`,
            `magnitude`, `unit`, `severity`, `consistency`, `low`, `high`.
        between: Features beside sound: `features`, `distance`, `sound` (its distance), `degradation`,
            `magnitude`, `severity`, and `rank_correlation`, `by_item`, `agreement`, `kappa`, each with `_low`
            and `_high`.
        strays: Clips that are nearer to another original, or as near: `space`, `degradation`, `magnitude`,
            `track`, `nearest` (whose original), `own` and `other` (distances).
    """

    tracks: tuple[str, ...]
    too_short: int
    within: pd.DataFrame
    between: pd.DataFrame
    strays: pd.DataFrame

    __repr__ = one_line


def consistency(
    store: AudioStore,
    settings: ConsistencySettings,
    recordings: dict[str, Samples] | None = None,
    progress: Progress = silent,
) -> Consistencies:
    """Measure distance consistency of degraded clips; what was measured before is kept, by content.

    Args:
        store: The sound.
        settings: See `ConsistencySettings`.
        recordings: By degradation: its noise or impulse response, mono at the rate of the sound.
        progress: Told how far it is; a computation that is stopped is gone on with when asked again.

    Raises:
        NotFound: If there are no such features or degradations.
        InvalidSetting: If there is nothing to measure in, features are none of an encoder, or sound is too
            short or of another rate.
        DataError: If a clip cannot be degraded.

    Source: Kim 2021, sections 4.3.1 and 4.3.2.
    """
    clips, measured = _opened(store, settings, recordings)
    wanted = settings.changes(store.sample_rate_hz)
    within, beside, strays = [], [], []
    for done, (name, magnitude) in enumerate(wanted):
        kind = degradation(name)
        doing = f"{name} {magnitude:g} {kind.unit}"
        part = between(progress, done / len(wanted), (done + 1) / len(wanted), doing)
        distances = measured.distances(name, magnitude, part)
        where = {
            "degradation": name,
            "magnitude": magnitude,
            "unit": kind.unit,
            "severity": kind.severity(magnitude, store.sample_rate_hz),
        }
        within += [_within(space, one, where) for space, one in distances.items()]
        beside += list(_between(distances, where))
        strays += [_strays(space, one, where, clips.tracks) for space, one in distances.items()]
    return Consistencies(
        clips.tracks,
        clips.too_short,
        pd.DataFrame(within),
        pd.DataFrame(beside, columns=_BETWEEN),
        pd.concat(strays, ignore_index=True),
    )


def lacking_share(
    store: AudioStore, settings: ConsistencySettings, recordings: dict[str, Samples] | None = None
) -> float:
    """Return what share of the distances that `consistency` takes is not kept yet, [0, 1].

    Raises:
        NotFound: As `consistency` does.
        InvalidSetting: Likewise.
    """
    _, measured = _opened(store, settings, recordings)
    lacking = [measured.lacking(*change) for change in settings.changes(store.sample_rate_hz)]
    return float(np.mean(lacking))


def consistency_seconds(settings: ConsistencySettings, n_tracks: int, rate_hz: int) -> float:
    """Return about how long `consistency` takes on one core, in seconds, where nothing is kept yet."""
    n_clips = min(settings.clips, n_tracks)
    n_changes = len(settings.changes(rate_hz))
    pairs = n_clips**2 * (settings.clip_s / 3) ** 2 * _PAIR_MS * settings.sound
    return (
        n_changes * (pairs + n_clips * _CLIP_MS * settings.clip_s / 3 * (1 + len(settings.features))) / 1000
    )


def _opened(
    store: AudioStore, settings: ConsistencySettings, recordings: dict[str, Samples] | None
) -> tuple[Clips, _Measured]:
    _check(settings)
    clips = Clips.drawn(store, settings)
    for name in settings.degradations:
        if not settings.magnitudes(name, store.sample_rate_hz):
            raise InvalidSetting(
                f"{name} has no magnitude at {store.sample_rate_hz:,} Hz; leave it out, or take sound of "
                "another rate"
            )
    return clips, _Measured(clips, settings.spaces(), recordings or {})


def _check(settings: ConsistencySettings) -> None:
    if not settings.spaces():
        raise InvalidSetting("there is no space to measure in; name features, or leave sound in")
    for name in settings.degradations:
        degradation(name)
    for name in settings.features:
        encoder = open_features(name).origin.get("encoder", {})
        if encoder.get("encoder") not in ENCODERS:
            raise InvalidSetting(
                f"features {name!r} come from elsewhere, and degraded sound can be encoded only by what made "
                "them; take features that `taglab features encode` made"
            )


class _Measured:
    """Distances in several spaces, computed where they are not kept.

    Args:
        clips: Of which clips.
        spaces: In which spaces.
        recordings: By degradation, its noise or impulse response.
    """

    def __init__(self, clips: Clips, spaces: Sequence[Space], recordings: dict[str, Samples]) -> None:
        self._clips, self._spaces, self._recordings = clips, spaces, recordings
        self._originals: dict[str, npt.NDArray[np.float32]] = {}
        names = {space.features for space in spaces if space.features}
        self._identities = {name: _identity(name) for name in names}
        self._keys_of_recordings = {name: content_key(one) for name, one in recordings.items()}

    def distances(self, name: str, magnitude: float, progress: Progress) -> dict[Space, DoubleArray]:
        """Return the distances of changed clips to the originals in every space (changed, originals)."""
        changed: dict[str, npt.NDArray[np.float32]] = {}
        distances = {}
        for at, space in enumerate(self._spaces):
            part = between(progress, at / len(self._spaces), (at + 1) / len(self._spaces))
            compute = partial(self._compute, space, name, magnitude, changed, part)
            distances[space] = kept(self._path(space, name, magnitude), _read, compute, _write)
        return distances

    def lacking(self, name: str, magnitude: float) -> float:
        """Return in what share of the spaces the distances are not kept yet, [0, 1]."""
        paths = [self._path(space, name, magnitude) for space in self._spaces]
        return float(np.mean([recalled(path, _is_there) is None for path in paths]))

    def _path(self, space: Space, name: str, magnitude: float) -> Path:
        key = content_key(
            "distances",
            _FORMAT,
            self._clips.key,
            self._clips.settings.seed,
            name,
            degradation(name).version,
            magnitude,
            self._keys_of_recordings.get(name, ""),
            self._identities.get(space.features, ""),
            space.distance,
        )
        return derived_path("distances", key, ".npz")

    def _compute(
        self,
        space: Space,
        name: str,
        magnitude: float,
        changed: dict[str, npt.NDArray[np.float32]],
        progress: Progress,
    ) -> DoubleArray:
        if space.features not in self._originals:
            store = self._clips.original(progress)
            self._originals[space.features] = _heard(space.features, store, progress)
        if space.features not in changed:
            store = self._clips.degraded(
                name, magnitude, self._recordings.get(name), between(progress, 0, 0.3)
            )
            changed[space.features] = _heard(space.features, store, between(progress, 0.3, 0.6))
        both = self._originals[space.features], changed[space.features]
        if space.features:
            return FEATURE_DISTANCES[space.distance](*both)
        return SOUND_DISTANCES[space.distance](*both, hop_s(), between(progress, 0.6, 1))


def _heard(features: str, store: AudioStore, progress: Progress) -> npt.NDArray[np.float32]:
    return features_of(features, store, progress) if features else sequences(store, progress)


def _identity(name: str) -> str:
    """Return a key of what features are and of what made them: their encoder and what it had learned."""
    features, learned = open_features(name), open_learned(name)
    arrays = [part for key in sorted(learned) for part in (key, learned[key])]
    return content_key(features.fingerprint, dict(features.origin), *arrays)


def _is_there(path: Path) -> bool | None:
    return path.exists() or None


def _read(path: Path) -> DoubleArray | None:
    if not path.exists():
        return None
    try:
        return read_arrays(path)["distances"]
    except (DataError, KeyError):
        return None  # damaged: computed anew


def _write(path: Path, distances: DoubleArray) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, distances=distances)


def _named(space: Space) -> dict[str, str]:
    return {"space": space.title, "features": space.features, "distance": space.distance}


def _within(space: Space, distances: DoubleArray, where: dict[str, object]) -> dict[str, object]:
    interval = within_space(distances)
    shares = {"consistency": interval.estimate, "low": interval.low, "high": interval.high}
    return {**_named(space), **where, **shares}


FIGURES = ("rank_correlation", "by_item", "agreement", "kappa")
"""How two spaces agree, columns of `Consistencies.between`."""
_BETWEEN = [
    *("features", "distance", "sound", "degradation", "magnitude", "unit", "severity"),
    *(f"{figure}{end}" for figure in FIGURES for end in ("", "_low", "_high")),
]


def _between(distances: dict[Space, DoubleArray], where: dict[str, object]) -> Iterator[dict[str, object]]:
    for sound in (space for space in distances if not space.features):
        for space in (space for space in distances if space.features):
            both = between_spaces(distances[sound], distances[space])
            intervals = (both.rank_correlation, both.rank_correlation_by_item, both.agreement, both.kappa)
            row: dict[str, object] = {"features": space.features, "distance": space.distance}
            row |= {"sound": sound.distance, **where}
            for figure, interval in zip(FIGURES, intervals, strict=True):
                row |= _ends(figure, interval)
            yield row


def _ends(figure: str, interval: Interval) -> dict[str, float]:
    return {figure: interval.estimate, f"{figure}_low": interval.low, f"{figure}_high": interval.high}


def _strays(
    space: Space, distances: DoubleArray, where: dict[str, object], tracks: Sequence[str]
) -> pd.DataFrame:
    rows = np.flatnonzero(~nearest_own(distances))
    nearest = nearest_other(distances)[rows]
    names = np.array(tracks, dtype=object)
    return pd.DataFrame(
        {
            **_named(space),
            **{key: where[key] for key in ("degradation", "magnitude")},
            "track": names[rows],
            "nearest": names[nearest],
            "own": distances[rows, rows],
            "other": distances[rows, nearest],
        },
        columns=[*_named(space), "degradation", "magnitude", "track", "nearest", "own", "other"],
    )
