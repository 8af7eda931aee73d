"""Distances of degraded clips to the originals, in several spaces, kept by content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taglab.archives import read_arrays
from taglab.audio.degrade import Recording, degradation, key_of_recording
from taglab.audio.store import AudioStore
from taglab.cache import content_key, derived_path, kept, recalled
from taglab.encoders import ENCODERS
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, between
from taglab.studies.robustness.changes import ConsistencySettings
from taglab.studies.robustness.clips import Clips
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

_FORMAT = 1  # raised where distances are measured otherwise than before


def opened(
    store: AudioStore,
    settings: ConsistencySettings,
    recordings: Mapping[str, Recording] | None,
    among: Collection[str] | None = None,
) -> tuple[Clips, Measured]:
    """Return the clips that are measured, and their distances, computed where they are not kept.

    Raises:
        As `consistency`.
    """
    _check(settings)
    clips = settings.drawn(store, among)
    for name in settings.degradations:
        if not settings.magnitudes(name, store.sample_rate_hz):
            cure = "a table that has it" if degradation(name).rendered else "sound of another rate"
            raise InvalidSetting(
                f"{name} has no magnitude at {store.sample_rate_hz:,} Hz; leave it out, or take {cure}"
            )
    return clips, Measured(clips, settings.spaces(), settings.recordings(recordings))


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


class Measured:
    """Distances in several spaces, computed where they are not kept.

    Args:
        clips: Of which clips.
        spaces: In which spaces.
        recordings: By degradation, its noise, impulse response or variants.
    """

    def __init__(self, clips: Clips, spaces: Sequence[Space], recordings: Mapping[str, Recording]) -> None:
        self._clips, self._spaces, self._recordings = clips, spaces, recordings
        self._originals: dict[str, npt.NDArray[np.float32]] = {}
        names = {space.features for space in spaces if space.features}
        self._identities = {name: _identity(name) for name in names}
        self._keys_of_recordings = {name: key_of_recording(one) for name, one in recordings.items()}

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
            degradation(name).edition,
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
