"""Lossy coding: written by a real encoder and read again, in memory, its delay and padding undone.

FFmpeg's libraries as `av` has them bring LAME, but not in every release libvorbis; libsndfile has that.
"""

from __future__ import annotations

import io
import math
from typing import Final

import av
import numpy as np
import soundfile

from taglab.audio.degrade.degradation import Asked, Degradation, of_length
from taglab.audio.streams import Samples
from taglab.errors import InvalidSetting

# What MP3 writes: MPEG-1 layer III at 32 kHz and above, MPEG-2 below.
_MPEG1_KBPS = (32.0, 40.0, 48.0, 56.0, 64.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 224.0, 256.0, 320.0)
_MPEG2_KBPS = (8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 64.0, 80.0, 96.0, 112.0, 128.0, 144.0, 160.0)
_MPEG1_HZ = (32_000, 44_100, 48_000)
_MPEG2_HZ = (16_000, 22_050, 24_000)
_VORBIS_QUALITIES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_BLOCK = 1 << 15
_LAME: Final = "libmp3lame"


def mp3_bit_rates(rate_hz: int) -> tuple[float, ...]:
    """Return the bit rates that MP3 has at a sampling rate, kb/s, ascending; none where it has not that rate.

    Source:
        ISO/IEC 11172-3 and 13818-3, table of bit rates of layer III.
    """
    return _MPEG1_KBPS if rate_hz in _MPEG1_HZ else _MPEG2_KBPS if rate_hz in _MPEG2_HZ else ()


def _mp3(asked: Asked) -> Samples:
    if _LAME not in av.codecs_available:
        raise InvalidSetting(
            f"MP3 is coded by LAME ({_LAME}), which FFmpeg of this machine's av {av.__version__} was built "
            "without; `python -m pip install --force-reinstall av` brings one with it"
        )
    file = io.BytesIO()
    try:
        _write_mp3(file, asked.samples, asked.rate_hz, round(asked.magnitude * 1_000))
        decoded = _read_mp3(io.BytesIO(file.getvalue()), asked.samples.ndim)
    except (av.FFmpegError, ValueError) as error:
        raise InvalidSetting(f"LAME does not code this sound at {asked.rate_hz:,} Hz: {error}") from error
    return of_length(decoded, len(asked.samples))


def _write_mp3(file: io.BytesIO, samples: Samples, rate_hz: int, bit_rate: int) -> None:
    layout = "mono" if samples.ndim == 1 else "stereo"
    planes = np.atleast_2d(samples.T)
    with av.open(file, "w", format="mp3") as out:
        stream = out.add_stream(_LAME, rate=rate_hz)
        stream.layout, stream.format, stream.bit_rate = layout, "fltp", bit_rate
        for start in range(0, planes.shape[1], _BLOCK):
            block = np.ascontiguousarray(planes[:, start : start + _BLOCK], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate_hz, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _read_mp3(file: io.BytesIO, ndim: int) -> Samples:
    with av.open(file, "r") as source:
        # The demuxer knows the encoder's delay, and the decoder drops it.
        blocks = [frame.to_ndarray() for frame in source.decode(audio=0)]
    planes = np.concatenate(blocks, axis=1).astype(np.float32, copy=False)
    return planes[0] if ndim == 1 else planes.T


def _vorbis(asked: Asked) -> Samples:
    if "VORBIS" not in soundfile.available_subtypes("OGG"):
        raise InvalidSetting(
            f"Vorbis is coded by libsndfile; this machine's {soundfile.__libsndfile_version__} was built "
            "without; `python -m pip install --force-reinstall soundfile` brings one with it"
        )
    file = io.BytesIO()
    channels = 1 if asked.samples.ndim == 1 else 2
    try:
        with soundfile.SoundFile(
            file, "w", asked.rate_hz, channels, "VORBIS", format="OGG", compression_level=1 - asked.magnitude
        ) as out:
            # libvorbis keeps a block on its stack.
            for start in range(0, len(asked.samples), _BLOCK):
                out.write(asked.samples[start : start + _BLOCK])
        file.seek(0)
        decoded, _ = soundfile.read(file, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise InvalidSetting(f"Vorbis does not code this sound at {asked.rate_hz:,} Hz: {error}") from error
    return of_length(decoded, len(asked.samples))


def _release_of_av() -> str:
    """Return the releases of FFmpeg's libraries; that of LAME within them is not told apart."""
    return f"av {av.__version__} {sorted(av.library_versions.items())}"


def _release_of_libsndfile() -> str:
    return f"libsndfile {soundfile.__libsndfile_version__}"


MP3 = Degradation(
    "MP3",
    "kb/s",
    tuple(sorted({*_MPEG1_KBPS, *_MPEG2_KBPS})),
    math.inf,
    "high",
    _mp3,
    "Coded by LAME at a constant bit rate; below 32 kHz MP3 has 8 to 160 kb/s, above 32 to 320.",
    equal_loudness=False,
    scale=math.log2,
    at_rate=mp3_bit_rates,
    release=_release_of_av,
)

VORBIS = Degradation(
    "Ogg Vorbis",
    "of 1",
    _VORBIS_QUALITIES,
    math.inf,
    "high",
    _vorbis,
    "Coded by libvorbis, from its smallest files at 0 to its best quality at 1.",
    equal_loudness=False,
    release=_release_of_libsndfile,
)
