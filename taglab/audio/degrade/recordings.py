"""Recordings of noise and of impulse responses, read from files of any format."""

from __future__ import annotations

from pathlib import Path

from taglab.audio.decode import DecodeSettings, decode
from taglab.audio.degrade.degradation import Recording
from taglab.audio.degrade.variants import Variants
from taglab.audio.streams import Samples
from taglab.cache import content_key
from taglab.settings import checked

LONGEST_S = 600.0
"""A longer recording is refused: an excerpt as long as a clip is all that is taken of it."""


def read_recording(path: Path, rate_hz: int) -> Samples:
    """Return a recording as `degrade` takes it, mono (samples,), at a rate.

    Raises:
        DataError: If it is not sound, silent, longer than ten minutes, or holds samples that are no numbers.
        InvalidSetting: If nothing can be decoded to that rate.
    """
    values = {"sample_rate_hz": rate_hz, "channels": 1, "min_duration_s": 0, "max_duration_s": LONGEST_S}
    return decode(path, checked(DecodeSettings, values)).samples


def key_of_recording(recording: Recording | None) -> str:
    """Return a content key of a recording, or of variants; empty of none."""
    if recording is None:
        return ""
    return recording.key if isinstance(recording, Variants) else content_key(recording)
