"""Audio files to mono samples at one rate.

Decoding is libsndfile's (WAV, FLAC, Ogg Vorbis, Ogg Opus, MP3 and its other formats), resampling is soxr's at
"high quality": its pass band reaches 0.91 of the lower Nyquist frequency, aliases stay under -120 dB, and it
takes any pair of rates and works on a stream, so that a file of hours needs no more memory than its result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import DataError

__all__ = ["AUDIO_SUFFIXES", "DecodeSettings", "Decoded", "decode", "resample", "to_int16"]

Samples = npt.NDArray[np.float32]

AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"})
"""What a folder is searched for; what a file truly is, its content says."""

_BLOCK = 1 << 17  # frames decoded at a time
_RATES_HZ = (1_000, 1_000_000)
_INT16_SCALE = 32_768

# Headers of MP3 files may promise a few frames more than there are; a file cut off loses far more.
_TOLERATED_LOSS = 0.02


class DecodeSettings(BaseModel):
    """What becomes of a file.

    Attributes:
        sample_rate_hz: Rate of the result, in Hz.
        min_duration_s: A file shorter than this is refused, in seconds.
        max_duration_s: A longer one is, too: hours of silence fit into a small file, and not into memory.
        silence_dbfs: A file whose loudest sample stays below is refused as silent, in dB below full scale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rate_hz: int = Field(16_000, ge=1_000, le=192_000)
    min_duration_s: float = Field(3.0, ge=0, le=3_600)
    max_duration_s: float = Field(7_200.0, gt=0, le=86_400)
    silence_dbfs: float = Field(-60.0, ge=-90, le=-1)


@dataclass(frozen=True, eq=False)
class Decoded:
    """A file's sound.

    Attributes:
        samples: Mono, (samples,) float32, as a rule in [-1, 1]; lossy formats may overshoot.
        sample_rate_hz: Rate of `samples`.
        file_rate_hz: Rate of the file.
        channels: Of the file.
    """

    samples: Samples
    sample_rate_hz: int
    file_rate_hz: int
    channels: int


def decode(path: Path, settings: DecodeSettings | None = None) -> Decoded:
    """Decode a file, average its channels, and resample from its true rate.

    Args:
        path: The file.
        settings: See `DecodeSettings`; its defaults where None.

    Raises:
        DataError: If the file is missing, empty, not audio, broken, cut off, too short or silent, or holds
            samples that are no numbers.
    """
    settings = settings or DecodeSettings()
    try:
        _check_readable(path)
        with _opened(path) as file:
            _check_rate(path, file.samplerate)
            samples = _collect(path, file, settings)
            decoded = Decoded(samples, settings.sample_rate_hz, file.samplerate, file.channels)
    except soundfile.SoundFileError as error:
        raise DataError(path, f"cannot be decoded ({_first_line(error)}); the file may be damaged") from error
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    check_usable(path, samples, settings)
    return decoded


def _check_readable(path: Path) -> None:
    # libsndfile would say no more than "System error".
    with path.open("rb") as file:
        if not file.read(1):
            raise DataError(path, "the file is empty (0 bytes); copy it again")


def _opened(path: Path) -> soundfile.SoundFile:
    # By name, not as a Python file: then nothing holds the lock of Python while libsndfile reads.
    try:
        return soundfile.SoundFile(path)
    except TypeError as error:  # soundfile's answer to a name that ends in .raw: samples without a header
        raise DataError(path, "headerless samples say neither rate nor channels; give a WAV file") from error


def _check_rate(path: Path, rate_hz: int) -> None:
    low, high = _RATES_HZ
    if not low <= rate_hz <= high:
        raise DataError(path, f"its sample rate is {rate_hz} Hz, outside {low} to {high}; a damaged header?")


def _collect(path: Path, file: soundfile.SoundFile, settings: DecodeSettings) -> Samples:
    counted = _Counted(path, file, settings.max_duration_s)
    parts = list(_resampled(counted.mono(), file.samplerate, settings.sample_rate_hz))
    if counted.frames < file.frames * (1 - _TOLERATED_LOSS):
        has, promised = counted.frames / file.samplerate, file.frames / file.samplerate
        raise DataError(path, f"breaks off after {has:.1f} of {promised:.1f} s; copy it again")
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class _Counted:
    """The mono blocks of a file, and how many frames there were; whatever its header says, not too many."""

    def __init__(self, path: Path, file: soundfile.SoundFile, max_duration_s: float) -> None:
        self.path = path
        self.file = file
        self.max_duration_s = max_duration_s
        self.frames = 0

    def mono(self) -> Iterator[Samples]:
        while len(block := self.file.read(_BLOCK, dtype="float32", always_2d=True)):
            self.frames += len(block)
            if self.frames > self.max_duration_s * self.file.samplerate:
                raise DataError(
                    self.path, f"lasts longer than max_duration_s={self.max_duration_s:g}; cut it up"
                )
            yield block.mean(1)


def _resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


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


def _first_line(error: Exception) -> str:
    text = str(error).rsplit(": ", 1)[-1].splitlines() or [type(error).__name__]
    if text[0].startswith("File does not exist"):  # libsndfile's word for an .mp3 without a frame of MP3
        return "no sound is found in it"
    return text[0].rstrip(".")
