"""Audio files as other programs write them, awkward ones too; made anew for each test."""

import struct
from pathlib import Path

import av
import numpy as np


def tone(frequency_hz: float, rate_hz: int, duration_s: float = 4.0, channels: int = 1) -> np.ndarray:
    """Return a sine of half full scale, (frames,), or (frames, channels)."""
    times = np.arange(round(rate_hz * duration_s)) / rate_hz
    samples = (0.5 * np.sin(2 * np.pi * frequency_hz * times)).astype(np.float32)
    return samples if channels == 1 else np.stack([samples] * channels, 1)


def encode(
    path: Path, samples: np.ndarray, rate_hz: int, codec: str, bit_rate: int = 128_000, **options: str
) -> Path:
    """Write mono samples with one of FFmpeg's encoders; the ending says the container."""
    return encode_several(path, [samples], rate_hz, codec, bit_rate, **options)


def encode_several(
    path: Path, sounds: list[np.ndarray], rate_hz: int, codec: str, bit_rate: int = 128_000, **options: str
) -> Path:
    """Write several mono sounds side by side into one file."""
    with av.open(path, "w", options=options) as container:
        streams = [container.add_stream(codec, rate=rate_hz, layout="mono") for _ in sounds]
        for stream in streams:
            stream.bit_rate = bit_rate
        for stream, samples in zip(streams, sounds, strict=True):
            frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
            frame.sample_rate = rate_hz
            size = stream.codec_context.frame_size or 1024
            resampler = av.AudioResampler(stream.format, "mono", rate_hz, size)
            for fitting in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(fitting))
            container.mux(stream.encode(None))
    return path


def flac_in_ogg(path: Path, flac: Path) -> Path:
    """Put the frames of a FLAC file into Ogg pages, one a page."""
    streaminfo = flac.read_bytes()[8:42]
    comment = b"\x84\0\0\x08" + bytes(8)
    head = b"\x7fFLAC\1\0" + struct.pack(">H", 1) + b"fLaC" + b"\0\0\0\x22" + streaminfo
    packets = [(2, 0, head), (0, 0, comment)]
    samples = 0
    with av.open(flac) as container:
        for packet in container.demux(container.streams.audio[0]):
            for frame in packet.decode():
                samples += frame.samples
            if packet.size:
                packets.append((0, samples, bytes(packet)))
    packets[-1] = (4, *packets[-1][1:])
    path.write_bytes(b"".join(_page(number, *packet) for number, packet in enumerate(packets)))
    return path


def _page(number: int, kind: int, granule: int, packet: bytes) -> bytes:
    """Return an Ogg page of one packet, of less than 65,025 bytes."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    page = b"OggS\0" + struct.pack("<BqIIIB", kind, granule, 7, number, 0, len(lacing)) + lacing + packet
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if crc >> 31 else crc << 1
    return page[:22] + struct.pack("<I", crc) + page[26:]


def joined(path: Path, *parts: Path) -> Path:
    """Write files one after the other, as ``cat`` does."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def patched(path: Path, at: int, content: bytes) -> Path:
    """Overwrite bytes of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)
    return path
