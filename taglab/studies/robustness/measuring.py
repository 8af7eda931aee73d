"""Consistency of distances, by degradation and magnitude, in sound and in any features."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.audio.degrade import Recording, degradation
from taglab.audio.store import AudioStore
from taglab.metrics.consistency import between_spaces, nearest_other, nearest_own, within_space
from taglab.metrics.intervals import Interval
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line
from taglab.studies.robustness.changes import ConsistencySettings
from taglab.studies.robustness.distances import opened
from taglab.studies.robustness.spaces import Space

DoubleArray = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

_UNCHANGED = "gain"  # by 0 dB it gives back every sample as it was
_PAIR_MS = 0.09  # of three seconds, by both distances, of a core; grows with the square of the length
_CLIP_MS = 40.0  # to degrade and encode a clip


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
        within_of_clips: What each clip adds to the consistency of each row of `within` (rows, clips).
        between_of_clips: What each clip adds to the figures of each row of `between`, in the order of
            `FIGURES` (rows, clips, 4).
    """

    tracks: tuple[str, ...]
    too_short: int
    within: pd.DataFrame
    between: pd.DataFrame
    strays: pd.DataFrame
    within_of_clips: FloatArray
    between_of_clips: FloatArray

    __repr__ = one_line


def consistency(
    store: AudioStore,
    settings: ConsistencySettings,
    recordings: Mapping[str, Recording] | None = None,
    progress: Progress = silent,
    among: Collection[str] | None = None,
) -> Consistencies:
    """Measure distance consistency of degraded clips; what was measured before is kept, by content.

    Args:
        store: The sound.
        settings: See `ConsistencySettings`.
        recordings: By degradation: its noise or impulse response, mono at the rate of the sound.
        progress: Told how far it is; a computation that is stopped is gone on with when asked again.
        among: Clips are drawn of these tracks only; of all where None.

    Raises:
        NotFound: If there are no such features or degradations.
        InvalidSetting: If there is nothing to measure in, features are none of an encoder, or sound is too
            short or of another rate.
        DataError: If a clip cannot be degraded.

    Source: Kim 2021, sections 4.3.1 and 4.3.2.
    """
    clips, measured = opened(store, settings, recordings, among)
    wanted = settings.changes(store.sample_rate_hz)
    within, beside, strays = [], [], []
    own_of_clips, between_of_clips = [], []
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
        own_of_clips += [nearest_own(one).astype(np.float32) for one in distances.values()]
        for row, of_clips in _between(distances, where):
            beside.append(row)
            between_of_clips.append(of_clips.astype(np.float32))
        strays += [_strays(space, one, where, clips.tracks) for space, one in distances.items()]
    return Consistencies(
        clips.tracks,
        clips.too_short,
        pd.DataFrame(within),
        pd.DataFrame(beside, columns=_BETWEEN),
        pd.concat(strays, ignore_index=True),
        np.stack(own_of_clips),
        np.stack(between_of_clips) if beside else np.zeros((0, len(clips.tracks), len(FIGURES)), np.float32),
    )


def consistency_of_originals(
    store: AudioStore,
    settings: ConsistencySettings,
    progress: Progress = silent,
    among: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return how far features and sound agree about the originals alone, as rows of `Consistencies.between`.

    Of their columns `by_item` is the one to read, which leaves each clip's distance to itself out.

    Raises:
        As `consistency`.

    Source: Kim 2021, figure 4.13.
    """
    _, measured = opened(store, settings, None, among)
    distances = measured.distances(_UNCHANGED, degradation(_UNCHANGED).identity, progress)
    where: dict[str, object] = {"degradation": "", "magnitude": np.nan, "unit": "", "severity": 0.0}
    return pd.DataFrame([row for row, _ in _between(distances, where)], columns=_BETWEEN)


def lacking_share(
    store: AudioStore,
    settings: ConsistencySettings,
    recordings: Mapping[str, Recording] | None = None,
    among: Collection[str] | None = None,
) -> float:
    """Return what share of the distances that `consistency` takes is not kept yet, [0, 1].

    Raises:
        NotFound: As `consistency` does.
        InvalidSetting: Likewise.
    """
    _, measured = opened(store, settings, recordings, among)
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


def _between(
    distances: dict[Space, DoubleArray], where: dict[str, object]
) -> Iterator[tuple[dict[str, object], DoubleArray]]:
    for sound in (space for space in distances if not space.features):
        for space in (space for space in distances if space.features):
            both = between_spaces(distances[sound], distances[space])
            intervals = (both.rank_correlation, both.rank_correlation_by_item, both.agreement, both.kappa)
            row: dict[str, object] = {"features": space.features, "distance": space.distance}
            row |= {"sound": sound.distance, **where}
            for figure, interval in zip(FIGURES, intervals, strict=True):
                row |= _ends(figure, interval)
            yield row, both.of_items


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
