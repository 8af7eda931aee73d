"""The sound in a file, block by block, as FFmpeg's libraries decode it.

A header's length is a hint: what is decoded to the end counts. Where a header that counts its frames
announces clearly more than there is, the file was cut off; where it announces less, the file goes on all the
same. MP3 and ADTS files without a count announce nothing, their "length" being a guess from the first frame.

Only the containers named here are opened, and only from the file itself: a playlist or an index that names
other files or addresses is not followed, whatever its ending.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from taglab.errors import DataError, unreadable
from taglab.suffixes import AUDIO_SUFFIXES

__all__ = ["AUDIO_SUFFIXES", "SoundFile"]

Samples = npt.NDArray[np.float32]

_CONTAINERS = "aac,ac3,aiff,ape,asf,au,caf,dsf,flac,matroska,mov,mp3,mpc,mpc8,ogg,tta,w64,wav,wv"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_WITHOUT_A_COUNT = frozenset({"aac", "ac3", "mp3"})
_COUNTING_SAMPLES = frozenset({"aiff", "flac", "tta", "wav", "wv"})
_HEADERLESS = frozenset({".raw", ".pcm"})

_BLOCK = 1 << 17  # frames handed on at a time
_RATES_HZ = (1_000, 1_000_000)
_MOST_CHANNELS = 64
_MOST_LINKS = 10_000
_MOST_CHUNKS = 10_000  # of a RIFF file, before its samples
# A count of frames may be off by the encoder's padding; a file cut off loses more than both.
_TOLERATED_SHARE = 0.02
_PADDING_S = 0.25
_SAMPLE_S = 0.001


class SoundFile:
    """One pass over an audio stream of a file.

    Args:
        path: The file.
        mixed_to: 1 averages all channels; 2 keeps left and right, a single channel being both.
        stream: Which of several audio streams, from 0; the first, and a remark, where None.

    Attributes:
        rate_hz: Rate of the first block, in Hz; 0 before there is one.
        channels: Of the first block.
        duration_s: Decoded so far, in seconds.
        announced_s: What the header says, in seconds; None where it counts nothing.
        peak: Largest absolute sample of any channel so far, 1 being full scale.
        packets: Packets read so far.
        damaged: How many of them could not be decoded, and were passed over.
        streams: Audio streams of the file.
    """

    def __init__(self, path: Path, mixed_to: int = 1, stream: int | None = None) -> None:
        self.path, self.mixed_to, self.stream = path, mixed_to, stream
        self.rate_hz = 0
        self.channels = 0
        self.duration_s = 0.0
        self.announced_s: float | None = None
        self.peak = 0.0
        self.packets = 0
        self.damaged = 0
        self.streams = 0
        self._header_rate_hz = 0
        self._ends = True
        self._padding_s = _PADDING_S

    def blocks(self) -> Iterator[tuple[int, Samples]]:
        """Yield the rate in Hz and the samples of each block: (frames,) mono, or (frames, 2).

        Rate and channels may change on the way, as in files joined from several.

        Raises:
            DataError: If the file is missing, empty, not of a kind that is read, damaged, or cut off, or if
                left and right are wanted of more than two channels.
        """
        self._check_readable()
        for rate_hz, samples, channels in _in_blocks(self._frames()):
            floats, peak = _floats(samples)
            mixed = self._mixed(floats)
            if not self.rate_hz:
                self.rate_hz, self.channels = rate_hz, channels
            self.peak = max(self.peak, peak)
            self.duration_s += len(mixed) / rate_hz
            yield rate_hz, mixed
        self._check_end()

    def _mixed(self, samples: Samples) -> Samples:
        """Return samples (channels, frames) as (frames,), or (frames, 2)."""
        if self.mixed_to == 1:
            mono: Samples = samples.mean(0)
            return mono
        if len(samples) > self.mixed_to:
            reason = f"has {len(samples)} channels, of which left and right are not told; mix it to stereo"
            raise DataError(self.path, reason)
        return np.ascontiguousarray(np.broadcast_to(samples, (self.mixed_to, samples.shape[1])).T)

    def remarks(self) -> list[str]:
        """Return what its owner should know of a file that was read to the end, a sentence each."""
        remarks = []
        if self.damaged:
            remarks.append(f"{self.damaged} of {self.packets} packets are damaged and were passed over")
        if self.announced_s is not None and _clearly_less(self.announced_s, self.duration_s):
            lengths = f"lasts {self.duration_s:.1f} s where its header announces {self.announced_s:.1f} s"
            remarks.append(f"{lengths}, and is kept whole")
        elif self.announced_s is not None and self.announced_s - self.duration_s > self._padding_s:
            lacking_s = self.announced_s - self.duration_s
            remarks.append(f"lacks {lacking_s:.2f} of {self.announced_s:.1f} s, which are damaged or cut off")
        if not self._ends:
            remarks.append("has no last page; it was cut off, or recorded from a stream")
        if self.streams > 1 and self.stream is None:
            remarks.append(f"holds {self.streams} sounds side by side; the first is taken")
        return remarks

    def _check_readable(self) -> None:
        try:
            with self.path.open("rb") as file:
                if not file.read(1):
                    raise DataError(self.path, "the file is empty (0 bytes); copy it again")
        except OSError as error:
            raise unreadable(self.path, error) from error
        if self.path.suffix.lower() in _HEADERLESS:
            reason = "headerless samples say neither rate nor channels; give a WAV file"
            raise DataError(self.path, reason)

    def _frames(self) -> Iterator[av.AudioFrame]:
        links, self._ends = _ogg_links(self.path)
        try:
            if len(links) < 2:
                yield from self._of_one(f"file:{self.path.absolute()}")
            for start, stop in links if len(links) > 1 else []:
                with _Slice(self.path, start, stop) as part:
                    yield from self._of_one(part)
                self.announced_s = None
        except av.FFmpegError as error:
            raise self._refusal(error) from error

    def _of_one(self, source: str | _Slice) -> Iterator[av.AudioFrame]:
        # Titles in other encodings than UTF-8 are of no interest here, and must not be in the way.
        with av.open(source, "r", options=_OPTIONS, metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise DataError(self.path, "holds pictures or text, and no sound")
            self.streams = len(container.streams.audio)
            if (number := self.stream or 0) >= self.streams:
                raise DataError(
                    self.path, f"holds {self.streams} sounds side by side, and none is number {number + 1}"
                )
            stream = container.streams.audio[number]
            if stream.codec_context is None:
                raise DataError(self.path, "its sound is encoded in a way that is not read; is it protected?")
            self.announced_s = _announced_s(self.path, container, stream)
            self._padding_s = _SAMPLE_S if container.format.name in _COUNTING_SAMPLES else _PADDING_S
            self._header_rate_hz = stream.codec_context.sample_rate
            stream.codec_context.thread_count = 1  # the files are shared among threads already
            for packet in container.demux(stream):
                self.packets += 1
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    self.damaged += 1
                    continue
                for frame in frames:
                    self._check_form(frame)
                    yield frame

    def _check_form(self, frame: av.AudioFrame) -> None:
        low, high = _RATES_HZ
        if not low <= frame.sample_rate <= high:
            reason = f"its sample rate is {frame.sample_rate} Hz, outside {low} to {high}; a damaged header?"
            raise DataError(self.path, reason)
        if frame.layout.nb_channels > _MOST_CHANNELS:
            reason = f"has {frame.layout.nb_channels} channels, more than {_MOST_CHANNELS}; a damaged header?"
            raise DataError(self.path, reason)

    def _check_end(self) -> None:
        if not self.duration_s and (self.damaged or not self._header_rate_hz):
            raise self._refusal(None)
        if self.damaged > max(1, _TOLERATED_SHARE * self.packets):
            reason = f"is damaged: {self.damaged} of {self.packets} packets cannot be decoded; copy it again"
            raise DataError(self.path, reason)
        if self.announced_s is not None and _clearly_less(self.duration_s, self.announced_s):
            reason = f"breaks off after {self.duration_s:.1f} of {self.announced_s:.1f} s; copy it again"
            raise DataError(self.path, reason)

    def _refusal(self, error: av.FFmpegError | None) -> DataError:
        if self.duration_s and error is not None:
            reason = f"breaks off after {self.duration_s:.1f} s ({error.strerror}); copy it again"
            return DataError(self.path, reason)
        suffix = self.path.suffix.lower() or "a file without an ending"
        if suffix not in AUDIO_SUFFIXES:
            return DataError(self.path, f"{suffix} is not read; read are {', '.join(sorted(AUDIO_SUFFIXES))}")
        what = "no sound is found in it"
        if error is not None and not isinstance(error, av.error.InvalidDataError | av.error.EOFError):
            what = str(error.strerror)
        return DataError(self.path, f"cannot be decoded ({what}); the file may be damaged")


def _clearly_less(duration_s: float, other_s: float) -> bool:
    return other_s - duration_s > max(_PADDING_S, _TOLERATED_SHARE * other_s)


def _in_blocks(frames: Iterator[av.AudioFrame]) -> Iterator[tuple[int, npt.NDArray[Any], int]]:
    """Yield rate, samples (channels, frames) and number of channels of frames put together to blocks."""

    def form(frame: av.AudioFrame) -> tuple[int, int, str]:
        return frame.sample_rate, frame.layout.nb_channels, frame.format.name

    for (rate_hz, channels, _), alike in groupby(frames, form):
        waiting: list[npt.NDArray[Any]] = []
        length = 0
        for frame in alike:
            samples = frame.to_ndarray()
            waiting.append(samples if frame.format.is_planar else samples.reshape(-1, channels).T)
            length += frame.samples
            if length >= _BLOCK:
                yield rate_hz, np.concatenate(waiting, axis=1), channels
                waiting, length = [], 0
        if waiting:
            yield rate_hz, np.concatenate(waiting, axis=1), channels


def _floats(samples: npt.NDArray[Any]) -> tuple[Samples, float]:
    """Return samples (channels, frames), 1 being full scale, and the largest absolute of any channel."""
    with np.errstate(over="ignore"):  # what no float32 holds becomes infinite, and is refused as such
        floats: Samples = samples.astype(np.float32)
    if samples.dtype.kind == "f":
        return floats, float(np.abs(floats).max(initial=0))
    full_scale = np.float32(2.0 ** (8 * samples.dtype.itemsize - 1))
    if samples.dtype.kind == "u":
        floats -= full_scale
    floats /= full_scale
    return floats, 0.0  # whole numbers cannot pass full scale


def _announced_s(path: Path, container: Any, stream: Any) -> float | None:
    """Return the length that a header counts, in seconds; None where it counts none."""
    name = container.format.name
    if name in _WITHOUT_A_COUNT and not _has_frame_count(path):
        return None
    if name == "wav" and (counted := _riff_bytes(path)) is not None:
        held, announced = counted
        known_s = float(stream.duration * stream.time_base) if stream.duration else 0.0
        return known_s * announced / held if held else None
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _has_frame_count(path: Path) -> bool:
    """Return whether an MP3 begins with a frame that counts the others (Xing, Info, VBRI)."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":  # its length is written in four times seven bits
            file.seek(10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=False)))
        else:
            file.seek(0)
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _riff_bytes(path: Path) -> tuple[int, int] | None:
    """Return how many bytes of samples a RIFF file holds and how many it announces.

    FFmpeg tells the smaller of the two. None where the announcement is none (0 and numbers near 2³¹ and 2³²
    are written by programs that cannot go back to the header) or is kept.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return None
        at = 12
        for _ in range(_MOST_CHUNKS):
            if at + 8 > size:
                break
            file.seek(at)
            name, length = struct.unpack("<4sI", file.read(8))
            at += 8
            if name == b"data":
                held = size - at
                streamed = length == 0 or length >= (1 << 32) - (1 << 16) or abs(length - (1 << 31)) < 1 << 16
                return None if streamed or length <= held else (held, length)
            at += length + length % 2
    return None


def _ogg_links(path: Path) -> tuple[list[tuple[int, int]], bool]:
    """Return where the links of a chained Ogg file begin and end, in bytes, and whether it has a last page.

    FFmpeg does not read on where a later link has another rate or, of Opus, another head. A link begins with
    the first page marked as the beginning of a stream after one that is not. Other files have no links.
    """
    starts: list[int] = []
    size, at, in_heads, ends = path.stat().st_size, 0, False, True
    with path.open("rb") as file:
        while at + 27 <= size:
            file.seek(at)
            page = file.read(27)
            if page[:4] != b"OggS":
                break
            begins = bool(page[5] & 2)
            if begins and not in_heads:
                starts.append(at)
                if len(starts) > _MOST_LINKS:
                    raise DataError(path, f"is joined of more than {_MOST_LINKS:,} pieces; is it damaged?")
            in_heads, ends = begins, bool(page[5] & 4)
            at += 27 + page[26] + sum(file.read(page[26]))
    return list(zip(starts, [*starts[1:], size], strict=True)) if starts else [], ends


class _Slice(io.RawIOBase):
    """The bytes of a file from one place to another, as a file of their own."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self._file = path.open("rb")
        self._start, self._stop, self._at = start, stop, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)[: max(self._stop - self._at, 0)]
        self._file.seek(self._at)
        count = self._file.readinto(view)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._stop}[whence]
        self._at = max(self._start, origin + offset)
        return self._at - self._start

    def close(self) -> None:
        self._file.close()
        super().close()
