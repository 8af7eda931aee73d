"""Audio files to samples at one rate, mono or stereo.

Decoding is FFmpeg's (`taglab.audio.streams`), resampling is soxr's at "high quality": its pass band reaches
0.91 of the lower Nyquist frequency, aliases stay under -120 dB, and it takes any pair of rates and works on a
stream, so that a file of hours needs no more memory than its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soxr
from pydantic import BaseModel, ConfigDict, Field

from taglab.audio.streams import Samples, SoundFile
from taglab.errors import DataError
from taglab.reprs import one_line

__all__ = ["DecodeSettings", "Decoded", "decode", "resample", "to_int16"]

_INT16_SCALE = 32_768

# Lossy codecs and mixes overshoot a little, and are clipped as players do; no mix is 42 dB too loud.
_MILD_OVERSHOOT = 2.0
_LOUDEST_MIX = 128.0
_INTEGER_BITS = (16, 24, 32)


class DecodeSettings(BaseModel):
    """What becomes of a file.

    Attributes:
        sample_rate_hz: Rate of the result, in Hz.
        channels: 1 mixes to mono; 2 keeps left and right, a file of one channel being both.
        min_duration_s: A file shorter than this is refused, in seconds.
        max_duration_s: A longer one is, too: hours of silence fit into a small file, and not into memory.
        silence_dbfs: A file whose loudest sample stays below is refused as silent, in dB below full scale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int = Field(16_000, ge=1_000, le=192_000)
    channels: Literal[1, 2] = 1
    min_duration_s: float = Field(3.0, ge=0, le=3_600)
    max_duration_s: float = Field(7_200.0, gt=0, le=86_400)
    silence_dbfs: float = Field(-60.0, ge=-90, le=-1)


@dataclass(frozen=True, eq=False)
class Decoded:
    """A file's sound.

    Attributes:
        samples: Mono (samples,) or stereo (samples, 2), float32, as a rule in [-1, 1]; lossy formats may
            overshoot.
        sample_rate_hz: Rate of `samples`.
        file_rate_hz: Rate of the file; where it changes on the way, that of its beginning.
        channels: Of the file, likewise.
        remarks: What its owner should know of it, a sentence each; as a rule none.
    """

    samples: Samples
    sample_rate_hz: int
    file_rate_hz: int
    channels: int = 1
    remarks: tuple[str, ...] = ()

    __repr__ = one_line


def decode(path: Path, settings: DecodeSettings | None = None, stream: int | None = None) -> Decoded:
    """Decode a file to its end, mix its channels, and resample from its true rate.

    Args:
        path: The file.
        settings: See `DecodeSettings`; its defaults where None.
        stream: Which of several sounds in it, from 0; the first, and a remark, where None.

    Raises:
        DataError: If the file is missing, empty, not audio, broken, cut off, too short, too long or silent,
            or holds samples that are no numbers.
    """
    settings = settings or DecodeSettings()
    file = SoundFile(path, settings.channels, stream)
    parts = list(_at_one_rate(_not_too_long(file, settings.max_duration_s), settings))
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    remarks = file.remarks()
    full_scale = _full_scale(path, file.peak)
    if full_scale != 1:
        samples /= np.float32(full_scale)
        remarks.append(_told_scale(file.peak, full_scale))
    check_usable(path, samples, settings)
    beyond = int((np.abs(samples) > 1).sum())
    if beyond:
        loudest = np.abs(samples).max()
        remarks.append(f"{beyond:,} samples beyond full scale are clipped, the loudest at {loudest:.2f}")
    return Decoded(samples, settings.sample_rate_hz, file.rate_hz, file.channels, tuple(remarks))


def _not_too_long(file: SoundFile, max_duration_s: float) -> Iterator[tuple[int, Samples]]:
    for block in file.blocks():
        if file.duration_s > max_duration_s:
            raise DataError(file.path, f"lasts longer than max_duration_s={max_duration_s:g}; cut it up")
        yield block


def _full_scale(path: Path, peak: float) -> float:
    """Return what full scale is in a file whose largest sample is `peak`.

    Floating-point files may hold the whole numbers of another format: their full scale is the smallest of 16,
    24 and 32 bits that the samples pass no more than mildly. What is merely too loud is brought down by its
    peak. Infinite peaks are left to `check_usable`.
    """
    if peak <= _MILD_OVERSHOOT or not np.isfinite(peak):
        return 1.0
    if peak <= _LOUDEST_MIX:
        return peak
    for scale in (2.0 ** (bits - 1) for bits in _INTEGER_BITS):
        if peak <= _MILD_OVERSHOOT * scale:
            return scale
    raise DataError(path, f"its samples reach {peak:.3g} times full scale; are they sound?")


def _told_scale(peak: float, full_scale: float) -> str:
    times = f"samples reach {peak:,.6g} times full scale"
    if full_scale == peak:
        return f"{times} and were brought down by that"
    bits = round(np.log2(full_scale)) + 1
    return f"{times}, as whole numbers of {bits} bits do, and were divided by {full_scale:,.0f}"


def _at_one_rate(blocks: Iterator[tuple[int, Samples]], settings: DecodeSettings) -> Iterator[Samples]:
    for from_hz, alike in groupby(blocks, itemgetter(0)):
        samples = (samples for _, samples in alike)
        yield from _resampled(samples, from_hz, settings.sample_rate_hz, settings.channels)


def _resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int, channels: int = 1) -> Iterator[Samples]:
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    ending = np.zeros(0 if channels == 1 else (0, channels), np.float32)
    yield stream.resample_chunk(ending, last=True)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Return the same sound at another rate, (samples · to_hz / from_hz,), as `decode` does it."""
    parts = list(_resampled(iter([np.ascontiguousarray(samples, np.float32)]), from_hz, to_hz))
    return np.concatenate(parts)


def check_usable(path: Path | str, samples: Samples, settings: DecodeSettings) -> None:
    """Refuse what cannot be learned from.

    Raises:
        DataError: If there are no samples, too few, some that are no numbers, or only silence.
    """
    duration_s = len(samples) / settings.sample_rate_hz
    if not len(samples):
        raise DataError(path, "holds no samples")
    if duration_s < settings.min_duration_s:
        raise DataError(
            path, f"lasts {duration_s:.2f} s, less than min_duration_s={settings.min_duration_s:g}"
        )
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        raise DataError(path, "holds samples that are no numbers (NaN or infinite); encode it again")
    if peak < 10 ** (settings.silence_dbfs / 20):
        raise DataError(
            path,
            f"is silent: no sample reaches {settings.silence_dbfs:g} dB below full scale "
            "(channels of opposite sign cancel each other)",
        )


def to_int16(samples: Samples) -> npt.NDArray[np.int16]:
    """Return samples in 1/32768 of full scale, rounded; what overshoots is clipped."""
    scaled = np.rint(samples * np.float32(_INT16_SCALE))
    clipped: npt.NDArray[np.int16] = np.clip(scaled, -_INT16_SCALE, _INT16_SCALE - 1).astype(np.int16)
    return clipped
