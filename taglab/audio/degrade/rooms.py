"""What lies between the music and the ear: a room, or a telephone."""

from __future__ import annotations

import numpy as np
from scipy import signal

from taglab.audio.degrade.degradation import Asked, Degradation
from taglab.audio.streams import Samples

_DECAY = 3 * np.log(10)  # over the reverberation time: by 60 dB
_TELEPHONE_HZ = (300.0, 3400.0)
_TAPS_S = 0.016


def convolved(samples: Samples, response: Samples) -> Samples:
    """Return sound through an impulse response, aligned to the response's largest sample, as long as it was.

    Args:
        samples: (samples,) or (samples, 2), float32.
        response: (taps,), not silent.
    """
    delay = int(np.abs(response).argmax())
    taps = response if samples.ndim == 1 else response[:, None]
    out = signal.fftconvolve(samples, taps, axes=0)[delay : delay + len(samples)]
    return np.asarray(out, np.float32)


def _reverberation(asked: Asked) -> Samples:
    """The direct path, and a tail of noise of the same energy that decays by 60 dB in the time asked for."""
    times = np.arange(1, round(asked.magnitude * asked.rate_hz) + 1) / asked.rate_hz
    tail = asked.random.standard_normal(len(times)) * np.exp(-_DECAY * times / asked.magnitude)
    tail /= np.sqrt(np.sum(tail**2))
    return convolved(asked.samples, np.concatenate([[1.0], tail]).astype(np.float32))


def telephone_response(rate_hz: int) -> Samples:
    """Return the band of a telephone line, 300 to 3,400 Hz, as an impulse response (taps,), without delay.

    Source:
        ITU-T G.712.
    """
    high = min(_TELEPHONE_HZ[1], 0.475 * rate_hz)
    n = 2 * round(_TAPS_S * rate_hz / 2) + 1
    return np.asarray(signal.firwin(n, (_TELEPHONE_HZ[0], high), pass_zero=False, fs=rate_hz), np.float32)


def _telephone(asked: Asked) -> Samples:
    response = telephone_response(asked.rate_hz) if asked.recording is None else asked.recording
    wet = convolved(asked.samples, response)
    powers = [float(np.mean(np.square(one, dtype=np.float64))) for one in (asked.samples, wet)]
    level = np.float32(np.sqrt(powers[0] / powers[1])) if powers[1] else np.float32(0)
    share = np.float32(asked.magnitude)
    return (1 - share) * asked.samples + share * level * wet


REVERBERATION = Degradation(
    "Reverberation",
    "s",
    (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0),
    0.0,
    "low",
    _reverberation,
    "A room that decays by 60 dB in so many seconds, as loud as what comes directly.",
)

TELEPHONE = Degradation(
    "Telephone",
    "of 1",
    (0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
    0.0,
    "low",
    _telephone,
    "A share of the sound goes through the impulse response of a telephone, given or that of a line's band.",
    recording="impulse response",
)
