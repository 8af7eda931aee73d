"""Tempo without pitch, and pitch without tempo.

By Signalsmith's stretch (`python-stretch`, MIT), which works on the phases of a short-time spectrum, leaves
no delay in its result and runs some two hundred times as fast as the sound lasts. Rubber Band is under the
GPL and a program of its own.
"""

from __future__ import annotations

import importlib.metadata
import math

import numpy as np

from taglab.audio.degrade.degradation import Asked, Degradation
from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting

_PACKAGE = "python-stretch"
# As Kim's released settings have them.
_TEMPI = (
    0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.92, 0.94, 0.96, 0.98, 1.02, 1.04, 1.06, 1.08, 1.1, 1.2, 1.3, 1.4, 1.5
)  # fmt: skip
_UPWARDS = (0.25, 0.5, 0.75, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
_SEMITONES = (*(-step for step in reversed(_UPWARDS)), *_UPWARDS)


def stretched(
    samples: Samples, rate_hz: int, tempo: float = 1.0, semitones: float = 0.0, seed: int = 0
) -> Samples:
    """Return sound at another tempo and pitch, resynthesised even where neither changes.

    Args:
        samples: (samples,) or (samples, 2), float32.
        rate_hz: Their rate.
        tempo: Times as fast.
        semitones: Higher.
        seed: Of the phases, some of which are drawn where sound lasts twice as long or longer.

    Returns:
        (samples / tempo,), or with two channels.

    Raises:
        InvalidSetting: If the library that does it is not installed.
    """
    try:
        import python_stretch
    except ImportError as error:
        raise _lacking() from error

    stretch = python_stretch.Signalsmith.Stretch(seed)
    stretch.preset(1 if samples.ndim == 1 else samples.shape[1], rate_hz)
    stretch.setTimeFactor(tempo)
    stretch.setTransposeSemitones(semitones)
    changed = stretch.process(np.ascontiguousarray(np.atleast_2d(samples.T), np.float32))
    return np.asarray(changed[0] if samples.ndim == 1 else changed.T, np.float32)


def _release() -> str:
    try:
        return f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}"
    except importlib.metadata.PackageNotFoundError as error:
        raise _lacking() from error


def _lacking() -> InvalidSetting:
    return InvalidSetting(
        f"tempo and pitch are changed by {_PACKAGE}, which is not installed; "
        f"`python -m pip install {_PACKAGE}` brings it"
    )


def _seed(asked: Asked) -> int:
    return int(asked.random.integers(1 << 31))


def _tempo(asked: Asked) -> Samples:
    return stretched(asked.samples, asked.rate_hz, tempo=asked.magnitude, seed=_seed(asked))


def _pitch(asked: Asked) -> Samples:
    return stretched(asked.samples, asked.rate_hz, semitones=asked.magnitude, seed=_seed(asked))


def _resynthesis(asked: Asked) -> Samples:
    return stretched(asked.samples, asked.rate_hz, seed=_seed(asked))


TEMPO = Degradation(
    "Tempo",
    "times",
    _TEMPI,
    1.0,
    "middle",
    _tempo,
    "Faster or slower at the same pitch.",
    scale=math.log2,
    takes=lambda tempo: tempo,
    release=_release,
)

PITCH = Degradation(
    "Pitch",
    "semitones",
    _SEMITONES,
    0.0,
    "middle",
    _pitch,
    "Higher or lower at the same tempo.",
    release=_release,
)

RESYNTHESIS = Degradation(
    "Resynthesis",
    "semitones",
    (0.0,),
    math.nan,
    "low",
    _resynthesis,
    "Taken apart as for tempo and pitch and put together as it was: what that costs by itself.",
    release=_release,
)
