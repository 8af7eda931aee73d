"""Sound changed on purpose, by a magnitude that can be told: noise, tempo, pitch, coding, filters, rooms."""

from __future__ import annotations

import numpy as np

from taglab.audio.degrade import coding, filters, levels, noise, rendered, rooms, stretching
from taglab.audio.degrade.degradation import VARIANTS, Asked, Degradation, Recording
from taglab.audio.degrade.loudness import equally_loud
from taglab.audio.degrade.recordings import key_of_recording, read_recording
from taglab.audio.degrade.rendered import read_variants
from taglab.audio.degrade.variants import Variants
from taglab.audio.streams import Samples
from taglab.cache import content_key
from taglab.errors import InvalidSetting, NotFound

__all__ = [
    "DEGRADATIONS",
    "VARIANTS",
    "Degradation",
    "Recording",
    "Variants",
    "degradation",
    "degrade",
    "key_of_recording",
    "read_recording",
    "read_variants",
]

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
    "rendered-pitch": rendered.RENDERED_PITCH,
    "rendered-tempo": rendered.RENDERED_TEMPO,
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
    recording: Recording | None = None,
    track: str = "",
    start_s: float = 0.0,
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
            take one (`Degradation.recording`); or the variants that rendered ones are read from.
        track: Whose sound it is, which says what variants are its own.
        start_s: Where in its track it begins, in seconds; its variants are taken from the same place.

    Returns:
        Float32, shaped as `samples`; shorter or longer where the tempo changes. May overshoot full scale.

    Raises:
        NotFound: If there is no such degradation.
        InvalidSetting: If the magnitude is none, lies outside, or is not to be had at this rate; the sound is
            silent, or no sound; or the recording is missing, silent, or not asked for.
        DataError: If a variant is no sound, or too short.
    """
    kind = degradation(name)
    kind.check(magnitude, rate_hz)
    _check_sound(samples, name)
    variants = recording if isinstance(recording, Variants) else None
    if recording is not None and (not kind.recording or bool(kind.rendered) != (variants is not None)):
        raise InvalidSetting(f"{name} takes no {'recording' if variants is None else VARIANTS}")
    noise_or_room = None if isinstance(recording, Variants) else recording
    if noise_or_room is not None:
        _check_sound(noise_or_room, f"the recording of {name}")
    if magnitude == kind.identity:
        return samples
    random = np.random.default_rng(int(content_key(seed, samples)[:16], 16))
    asked = Asked(samples, rate_hz, magnitude, random, noise_or_room, variants, track, start_s)
    changed = kind.apply(asked)
    changed = equally_loud(changed, samples, rate_hz) if kind.equal_loudness else changed
    return np.ascontiguousarray(changed, np.float32)


def _check_sound(samples: Samples, name: str) -> None:
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] != 2):
        raise InvalidSetting(f"{name}: samples {samples.shape} must be (samples,) or (samples, 2)")
    if not np.isfinite(samples).all():
        raise InvalidSetting(f"{name}: the sound holds samples that are no numbers")
    if not samples.any():
        raise InvalidSetting(f"{name}: the sound is silent, so that nothing can be measured against it")
