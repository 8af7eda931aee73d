"""Sound changed on purpose, by a magnitude that can be told: noise, tempo, pitch, coding, filters, rooms."""

from __future__ import annotations

import numpy as np

from taglab.audio.degrade import coding, filters, levels, noise, rooms, stretching
from taglab.audio.degrade.degradation import Asked, Degradation
from taglab.audio.degrade.loudness import equally_loud
from taglab.audio.degrade.recordings import read_recording
from taglab.audio.streams import Samples
from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound

__all__ = ["DEGRADATIONS", "Degradation", "degradation", "degrade", "read_recording"]

DEGRADATIONS: dict[str, Degradation] = {
    "pink-noise": noise.PINK,
    "environmental-noise": noise.ENVIRONMENTAL,
    "tempo": stretching.TEMPO,
    "pitch": stretching.PITCH,
    "resynthesis": stretching.RESYNTHESIS,
    "mp3": coding.MP3,
    "vorbis": coding.VORBIS,
    "gain": levels.GAIN,
    "clipping": levels.CLIPPING,
    "low-pass": filters.LOW_PASS,
    "high-pass": filters.HIGH_PASS,
    "resampling": filters.RESAMPLING,
    "reverberation": rooms.REVERBERATION,
    "telephone": rooms.TELEPHONE,
}
"""Name → degradation."""


def degradation(name: str) -> Degradation:
    """Return a degradation by its name; raises NotFound."""
    if name not in DEGRADATIONS:
        raise NotFound(f"no degradation {name!r}; there are: {', '.join(DEGRADATIONS)}")
    return DEGRADATIONS[name]


def degrade(
    samples: Samples,
    rate_hz: int,
    name: str,
    magnitude: float,
    seed: int = 0,
    recording: Samples | None = None,
) -> Samples:
    """Return sound, degraded by one magnitude.

    What is random is drawn from `seed` and the sound itself: the same noise never lies under two clips, and
    always under the same one.

    Args:
        samples: Mono (samples,) or stereo (samples, 2), float32, full scale being 1.
        rate_hz: Their rate.
        name: Key in `DEGRADATIONS`.
        magnitude: In the degradation's unit; its identity returns `samples` themselves, bit for bit.
        seed: Of what is random.
        recording: Mono (samples,) at the same rate: the noise, or the impulse response, of degradations that
            take one (`Degradation.recording`).

    Returns:
        Float32, shaped as `samples`; shorter or longer where the tempo changes. May overshoot full scale.

    Raises:
        NotFound: If there is no such degradation.
        InvalidSetting: If the magnitude is none, lies outside, or is not to be had at this rate; the sound is
            silent, or no sound; or the recording is missing, silent, or not asked for.
    """
    kind = degradation(name)
    kind.check(magnitude, rate_hz)
    _check_sound(samples, name)
    if recording is not None:
        if not kind.recording:
            raise InvalidSetting(f"{name} takes no recording")
        _check_sound(recording, f"the recording of {name}")
    if magnitude == kind.identity:
        return samples
    random = np.random.default_rng(int(content_key(seed, samples)[:16], 16))
    changed = kind.apply(Asked(samples, rate_hz, magnitude, random, recording))
    changed = equally_loud(changed, samples, rate_hz) if kind.equal_loudness else changed
    return np.ascontiguousarray(changed, np.float32)


def _check_sound(samples: Samples, name: str) -> None:
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] != 2):
        raise InvalidSetting(f"{name}: samples {samples.shape} must be (samples,) or (samples, 2)")
    if not np.isfinite(samples).all():
        raise InvalidSetting(f"{name}: the sound holds samples that are no numbers")
    if not samples.any():
        raise InvalidSetting(f"{name}: the sound is silent, so that nothing can be measured against it")
