"""Checkpoints of TensorFlow read without TensorFlow: a table of names, and the numbers they stand for.

The index is a sorted string table as LevelDB writes it: blocks of entries whose keys share their beginnings,
a block that lists the blocks, and a footer that says where that lies. Each value is a protocol buffer of
type, shape, place and checksum of an array, which lies in the data file as plain numbers.

Source: TensorFlow, core/util/tensor_bundle, core/protobuf/tensor_bundle.proto; LevelDB, table_format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.errors import DataError

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_LARGEST_INDEX_BYTES = 1 << 26
_LARGEST_DATA_BYTES = 1 << 31
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # wire types of protocol buffers
_TYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    9: np.dtype("<i8"),
}
_DTYPE, _SHAPE, _SHARD, _OFFSET, _SIZE = 1, 2, 3, 4, 5  # fields of an entry


class _Damaged(Exception):
    """The bytes are not what they should be."""


@dataclass(frozen=True)
class _Entry:
    dtype: int
    shape: tuple[int, ...]
    offset: int
    size: int


def read_tensors(index: Path, data: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a checkpoint by name; those of other types than numbers are left out.

    Args:
        index: Its `.index`.
        data: Its only `.data-00000-of-00001`.

    Raises:
        DataError: If a file is missing or damaged, compressed, or one of several data files.
    """
    table, numbers = _bytes(index, _LARGEST_INDEX_BYTES), _bytes(data, _LARGEST_DATA_BYTES)
    try:
        entries = {key.decode(): _entry(value) for key, value in _pairs(table) if key}
        return {name: _array(numbers, entry) for name, entry in entries.items() if entry.dtype in _TYPES}
    except (_Damaged, IndexError, ValueError, struct.error) as error:
        raise DataError(index, f"is no checkpoint of TensorFlow, or is damaged ({error})") from error


def _bytes(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise DataError(
                path, f"has more than {most:,} bytes, too many for a checkpoint that is read here"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error


def _array(numbers: bytes, entry: _Entry) -> npt.NDArray[Any]:
    dtype = _TYPES[entry.dtype]
    count = int(np.prod(entry.shape, dtype=np.int64))
    if entry.size != count * dtype.itemsize or entry.offset + entry.size > len(numbers):
        raise _Damaged(f"an array of {entry.shape} has {entry.size} bytes at {entry.offset}")
    array: npt.NDArray[Any] = np.frombuffer(numbers, dtype, count, entry.offset)
    return array.reshape(entry.shape)


def _pairs(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of a sorted string table."""
    if len(table) < _FOOTER_BYTES or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise _Damaged("it does not end as a table of LevelDB")
    footer = table[-_FOOTER_BYTES:]
    at = 0
    for _ in range(2):  # where the block of metadata lies, which nothing here needs
        _, at = _varint(footer, at)
    for _, handle in _block(table, *_handle(footer, at)):
        yield from _block(table, *_handle(handle, 0))


def _handle(data: bytes, at: int) -> tuple[int, int]:
    offset, at = _varint(data, at)
    return offset, _varint(data, at)[0]


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of a block; a key begins as many bytes of the one before as it says."""
    if offset + size + 5 > len(table):
        raise _Damaged("a block lies beyond its end")
    if table[offset + size]:
        raise _Damaged("a block is compressed, which is not read here")
    block = table[offset : offset + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 7 bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, 64, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _Damaged("a number has more than ten bytes")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer: number, and a number or bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_FOUR_BYTES, _EIGHT_BYTES):
            length = 4 if kind == _FOUR_BYTES else 8
        else:
            raise _Damaged(f"a field is of the unknown kind {kind}")
        yield tag >> 3, message[at : at + length]
        at += length


def _entry(message: bytes) -> _Entry:
    values = dict(_fields(message))
    if values.get(_SHARD, 0):
        raise _Damaged("its arrays lie in several files")
    shape = values.get(_SHAPE, b"")
    sizes = [dict(_fields(one)).get(1, 0) for _, one in _fields(_as_bytes(shape)) if isinstance(one, bytes)]
    numbers = [values.get(field, 0) for field in (_DTYPE, _OFFSET, _SIZE)]
    return _Entry(
        _as_number(numbers[0]), tuple(map(_as_number, sizes)), _as_number(numbers[1]), _as_number(numbers[2])
    )


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise _Damaged("a shape is a number")
    return value


def _as_number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise _Damaged("a number is bytes")
    return value
