"""What happens to the sound on its way to the listener: amplifier, room, and the recording of its time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from taglab.audio.synth.tones import Samples

__all__ = ["ERAS", "Era", "colour", "compress", "distort", "gate", "record"]


@dataclass(frozen=True)
class Era:
    """How a time recorded, beside the bandwidth, noise and compression that recipes name.

    Attributes:
        low_hz: Lower limit of the band.
        tilt_db: Brightness, in dB an octave.
        scoop_db: How far the middle of the band is turned down.
        crackles: A second.
        gated: Whether drums have the thick reverb that stops short.
    """

    low_hz: float
    tilt_db: float = 0.0
    scoop_db: float = 0.0
    crackles: float = 0.0
    gated: bool = False


ERAS = {
    "shellac": Era(260.0, tilt_db=-0.5, crackles=30.0),
    "mono tape": Era(130.0, tilt_db=-0.8),
    "stereo tape": Era(80.0, tilt_db=-0.4),
    "analogue console": Era(50.0, tilt_db=-0.8),
    "early digital": Era(45.0, tilt_db=0.9, gated=True),
    "digital": Era(30.0, tilt_db=0.3, scoop_db=5.0),
    "loud digital": Era(20.0, tilt_db=0.3),
}
"""By the name that recipes give it."""

_SCOOP_HZ = 1100.0
_REFERENCE_HZ = 800.0


def distort(samples: Samples, amount: float, rate_hz: int) -> Samples:
    """Return samples driven into an amplifier and through its loudspeaker; `amount` in [0, 1]."""
    if amount < 0.12:
        return samples
    level = float(np.sqrt(np.mean(samples**2))) or 1.0
    driven = np.tanh(samples * np.float32(0.35 * 60**amount / level))
    spectrum = np.fft.rfft(driven)
    hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    cabinet = 1 / (1 + (hz / 5200) ** 6) / (1 + (90 / np.maximum(hz, 1)) ** 4)
    out = np.fft.irfft(spectrum * cabinet.astype(np.float32), len(samples))
    return np.asarray(out * np.float32(level / (float(np.sqrt(np.mean(out**2))) or 1.0)), np.float32)


def colour(samples: Samples, n: int, reverb: float, tilt_db: float, rate_hz: int) -> Samples:
    """Return samples in a room and through a tone control.

    Args:
        samples: (at least n,).
        n: Samples wanted.
        reverb: In [0, 1], dry to a cathedral.
        tilt_db: Gain in dB an octave above 800 Hz, and the loss below.
        rate_hz: Sample rate.
    """
    size = _fast(len(samples) + rate_hz)
    spectrum = np.fft.rfft(samples, size)
    spectrum *= _room(round(reverb, 2), size, rate_hz)
    hz = np.maximum(np.fft.rfftfreq(size, 1 / rate_hz), 40.0)
    spectrum *= ((hz / _REFERENCE_HZ) ** (tilt_db / 6.02)).astype(np.float32)
    return np.asarray(np.fft.irfft(spectrum, size)[:n], np.float32)


def _fast(n: int) -> int:
    """Return a length of at least n that transforms quickly."""
    power = 1 << (n - 1).bit_length()
    return min(size for size in (power, power * 3 // 4, power * 5 // 8, power * 9 // 16) if size >= n)


@lru_cache(maxsize=128)
def _room(reverb: float, size: int, rate_hz: int) -> npt.NDArray[np.complex64]:
    ring_s = 0.05 + 0.35 * reverb
    times = np.arange(rate_hz, dtype=np.float32) / np.float32(rate_hz)
    tail = np.random.default_rng(11).standard_normal(rate_hz, np.float32) * np.exp(-times / ring_s)
    tail *= times > 0.012
    tail /= np.sqrt(np.sum(tail**2))
    impulse = np.float32(1.1 * reverb) * tail
    impulse[0] = 1 - 0.4 * reverb
    return np.asarray(np.fft.rfft(impulse, size), np.complex64)


def gate(samples: Samples, rate_hz: int) -> Samples:
    """Return samples with the thick reverb of the 1980s, which stops after a fifth of a second."""
    n = round(0.2 * rate_hz)
    tail = np.random.default_rng(5).standard_normal(n, np.float32) * np.float32(0.9 / n**0.5)
    tail[0] = 1.0
    size = _fast(len(samples) + n)
    return np.asarray(
        np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)], np.float32
    )


def compress(samples: Samples, amount: float, rate_hz: int) -> Samples:
    """Return samples whose loud and quiet moments are brought together; `amount` in [0, 1]."""
    hop = rate_hz // 50
    frames = len(samples) // hop
    power = np.sqrt(np.mean(samples[: frames * hop].reshape(frames, hop) ** 2, 1)) + 1e-6
    smooth = np.convolve(np.pad(power, 4, mode="edge"), np.full(9, 1 / 9), mode="valid")
    reference = float(np.sqrt(np.mean(smooth**2)))
    gain = (np.maximum(smooth, 0.05 * reference) / reference) ** (-0.8 * amount)
    at = np.arange(len(samples)) / hop - 0.5
    out = samples * np.interp(at, np.arange(frames), gain).astype(np.float32) / np.float32(reference)
    drive = np.float32(0.25 + 0.75 * amount)
    return np.asarray(np.tanh(drive * out) / drive, np.float32)


def record(
    samples: Samples,
    era: str,
    bandwidth_hz: float,
    noise_db: float,
    rate_hz: int,
    rng: np.random.Generator,
    part: Samples | None = None,
) -> tuple[Samples, Samples | None]:
    """Return samples as their time recorded them: its band, its noise, its crackle; peak 0.9.

    Args:
        samples: (n,).
        era: A name in `ERAS`.
        bandwidth_hz: Upper limit of the band.
        noise_db: Level of the noise, in dB of the samples' peak.
        rate_hz: Sample rate.
        rng: Of noise and crackle.
        part: What of the samples is wanted apart (n,), as the voice.

    Returns:
        All of it, and what the part is of that; noise is no part of any.
    """
    made = ERAS[era]
    n = len(samples)
    peak = np.float32(np.abs(samples).max() or 1.0)
    noise = rng.standard_normal(n, np.float32) * np.float32(10 ** (noise_db / 20))
    count = round(made.crackles * n / rate_hz)
    noise[rng.integers(0, n, count)] += 0.25 * rng.standard_normal(count, np.float32)
    size = _fast(n)
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    # A hiss goes on above the band of the music, as a carrier's own noise does.
    band = 1 / (1 + (hz / bandwidth_hz) ** 24) / (1 + (made.low_hz / np.maximum(hz, 1)) ** 6)
    octaves = np.log2(np.maximum(hz, 20.0) / _SCOOP_HZ)
    band *= 10 ** (-made.scoop_db / 20 * np.exp(-(octaves**2)))

    def limited(sound: Samples) -> np.ndarray:
        spectrum = np.fft.rfft(sound / peak, size) * band.astype(np.float32)
        return np.fft.irfft(spectrum, size)[:n]

    out = limited(samples) + noise
    loudest = np.abs(out).max()
    apart = None if part is None else np.asarray(0.9 * limited(part) / loudest, np.float32)
    return np.asarray(0.9 * out / loudest, np.float32), apart
