"""Loudness by EBU R 128, and sound brought to that of another."""

from __future__ import annotations

import warnings

import numpy as np

from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting

_BLOCK_S = 0.4  # of the standard's gated measurement


def loudness(samples: Samples, rate_hz: int) -> float:
    """Return how loud sound is as a whole, in LUFS; minus infinity if all of it is below the gate.

    Args:
        samples: Mono (samples,) or stereo (samples, 2), float32.
        rate_hz: Their rate.

    Raises:
        InvalidSetting: If it is shorter than one block of the standard, 0.4 s.

    Source:
        ITU-R BS.1770-4, EBU R 128, as pyloudnorm measures them.
    """
    if len(samples) < _BLOCK_S * rate_hz:
        raise InvalidSetting(
            f"{len(samples) / rate_hz:.2f} s of sound are too short to tell how loud it is; "
            f"{_BLOCK_S:g} s are needed"
        )
    import pyloudnorm

    with warnings.catch_warnings():
        # Blocks below the gate are counted as silence, and it says so of the logarithm of 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(pyloudnorm.Meter(rate_hz).integrated_loudness(samples.astype(np.float64)))


def equally_loud(changed: Samples, original: Samples, rate_hz: int) -> Samples:
    """Return sound as loud as another; as it is where either lies below the standard's gate.

    What is shorter than a block of the standard is measured as if it were repeated until it fills one.
    """
    apart = loudness(_repeated(original, rate_hz), rate_hz) - loudness(_repeated(changed, rate_hz), rate_hz)
    return changed * np.float32(10 ** (apart / 20)) if np.isfinite(apart) else changed


def _repeated(samples: Samples, rate_hz: int) -> Samples:
    missing = int(np.ceil(_BLOCK_S * rate_hz)) - len(samples)
    times = 1 + max(0, -(-missing // len(samples)))
    return np.concatenate([samples] * times) if times > 1 else samples
