"""Distances of degraded clips to the originals: in sound, and in what encoders make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taglab.audio.store import AudioStore
from taglab.encoders import encode_alike
from taglab.encoders.cepstra import cepstral_frames, cepstral_transform
from taglab.errors import InvalidSetting
from taglab.metrics.sequences import dtw_distances, profile_distances
from taglab.progress import Progress, silent
from taglab.vectors import open_features

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]

# 25 coefficients, the first of which, the level, is left out (section 4.3.2); windows of 1,024 samples at
# 22,050 Hz, a quarter of that apart (section 4.4.1, where the overlap that is printed is the hop).
_N_MFCC = 25
_WINDOW_MS, _HOP_MS = 46.44, 11.61


@dataclass(frozen=True)
class Space:
    """What distances are measured in.

    Attributes:
        features: Name of the features; empty for sound itself.
        distance: Key of `SOUND_DISTANCES` or of `FEATURE_DISTANCES`.
    """

    features: str
    distance: str

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.features or 'sound'}, {_TITLES[self.distance]}"


_TITLES = {"dtw": "DTW", "simple": "SiMPle", "euclidean": "Euclidean", "cosine": "cosine"}


def warped(originals: FloatArray, changed: FloatArray, hop_s: float, progress: Progress) -> DoubleArray:
    """Return exact distances by dynamic time warping (changed, originals)."""
    return dtw_distances(changed, originals, progress)


def profiled(originals: FloatArray, changed: FloatArray, hop_s: float, progress: Progress) -> DoubleArray:
    """Return medians of matrix profiles over stretches of half a second (changed, originals)."""
    return profile_distances(changed, originals, max(1, round(PROFILE_S / hop_s)), progress)


PROFILE_S = 0.5
"""Stretches that SiMPle compares; the paper leaves their length open."""

SOUND_DISTANCES: dict[str, Callable[[FloatArray, FloatArray, float, Progress], DoubleArray]] = {
    "dtw": warped,
    "simple": profiled,
}
"""Name → distances of sequences of cepstral coefficients: originals, changed, hop in seconds, progress."""


def _euclidean(originals: FloatArray, changed: FloatArray) -> DoubleArray:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(*_doubles(changed, originals)))


def _doubles(*features: FloatArray) -> list[DoubleArray]:
    return [one.astype(np.float64) for one in features]


def _cosine(originals: FloatArray, changed: FloatArray) -> DoubleArray:
    """1 - cos, as half the squared distance of directions: a product of matrices need not tie copies."""
    from scipy.spatial.distance import cdist

    directions = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in _doubles(changed, originals)]
    return np.asarray(cdist(*directions, "sqeuclidean")) / 2


FEATURE_DISTANCES: dict[str, Callable[[FloatArray, FloatArray], DoubleArray]] = {
    "euclidean": _euclidean,
    "cosine": _cosine,
}
"""Name → distances of features: originals, changed."""


def sequences(store: AudioStore, progress: Progress = silent) -> FloatArray:
    """Return cepstral coefficients 1 to 24 of every clip (clips, frames, 24).

    Raises:
        InvalidSetting: If clips are shorter than a few frames.
    """
    transform = cepstral_transform(store.sample_rate_hz, _N_MFCC, _WINDOW_MS, _HOP_MS, "hann")
    frames = []
    for row in range(len(store)):
        frames.append(cepstral_frames(transform, store, row, 0)[:, 1:])
        progress((row + 1) / len(store), "cepstral coefficients of clips")
    shortest = min(len(one) for one in frames)
    return np.stack([one[:shortest] for one in frames]).astype(np.float32)


def hop_s() -> float:
    """Return the seconds from one frame of `sequences` to the next."""
    return _HOP_MS / 1000


def features_of(name: str, store: AudioStore, progress: Progress = silent) -> FloatArray:
    """Return features of clips, made as those kept under a name were (clips, numbers).

    Raises:
        NotFound: If there are no such features.
        InvalidSetting: If they cannot be made of other sound, a clip is too short for them, or what is made
            is NaN or of another dimension than before.
    """
    kept, vectors = open_features(name), encode_alike(name, store, progress)
    if vectors.dim != kept.dim:
        raise InvalidSetting(
            f"features {name!r} have {kept.dim:,} dimensions, and of clips {vectors.dim:,} are made; "
            "encode them again"
        )
    tracks = store.tracks["track"].astype(str).tolist()
    present = [track for track in tracks if track in vectors]
    rows = vectors.rows_of(present)
    nothing = len(tracks) - int(rows.any(axis=1).sum())
    if nothing:
        raise InvalidSetting(
            f"features {name!r} are nothing for {nothing} of {len(tracks)} clips, which are too short for "
            "what made them; make clip_s longer"
        )
    return rows
