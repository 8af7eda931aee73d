"""Archives, opened in one place for all readers: what could do harm in them is refused in a sentence."""

from __future__ import annotations

import contextlib
import gzip
import io
import math
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taglab.errors import DataError, unreadable
from taglab.progress import Progress, silent
from taglab.reprs import one_line

Arrays = dict[str, npt.NDArray[Any]]

START_BYTES = 512
"""How much of a file's beginning tells what it is packed with."""
GZIP_START, ZIP_STARTS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")

_OTHER_STARTS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_TAR, _TAR_AT = b"ustar", 257
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # bit of a member's flags
# Of the record at a zip's end, in its short and its long form: bytes of the list of files.
_LISTING_SIZE = re.compile(rb"(?s)PK\x05\x06(?=.{8}(?P<small>.{4}))|PK\x06\x06(?=.{36}(?P<large>.{8}))")
_SAID_ELSEWHERE = 0xFFFFFFFF
_END_BYTES = 70_000  # more than the records with the longest comment
_LONGEST_ENTRY_BYTES = 1024  # in the mean
_ADDED_BY_SYSTEMS = ("Thumbs.db", "desktop.ini")
_CHUNK_BYTES = 1 << 20
_LONGEST_LINE_BYTES = 16 << 20


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to.

    Attributes:
        largest_bytes: All files of it together.
        largest_ratio: Bytes unpacked for each one packed. Text of numbers packs 2 to 3 times, of coarsely
            rounded ones some 10 times, lists of tags up to 20 times.
        always_allowed_bytes: What is not too large whatever the ratio.
        most_files: How many files it may hold.
    """

    largest_bytes: int = 64 << 30
    largest_ratio: int = 100
    always_allowed_bytes: int = 16 << 20
    most_files: int = 1000

    def of(self, packed_bytes: int) -> int:
        """Return how many bytes may come out of so many."""
        return min(max(packed_bytes * self.largest_ratio, self.always_allowed_bytes), self.largest_bytes)


# Of arrays, zeros and repeated rows are common and pack a thousand times; their memory is what counts.
_ARRAYS = Limits(largest_bytes=4 << 30, always_allowed_bytes=1 << 30)


def other_packing(start: bytes) -> str:
    """Return what a file is packed with, by its beginning, where that is not unpacked here; else empty."""
    if start[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "tar"
    return next((name for magic, name in _OTHER_STARTS.items() if start.startswith(magic)), "")


class _Unpacked(io.RawIOBase):
    """What comes out of an archive, up to a limit; what is wrong with it is told as a DataError."""

    def __init__(
        self, path: Path, packed: IO[bytes] | gzip.GzipFile, inside: str, limit: int, packed_bytes: int
    ) -> None:
        self._path, self._packed, self._inside = path, packed, inside
        self._left, self._limit, self._packed_bytes = limit, limit, packed_bytes

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._limit - self._left

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._packed.read(min(len(buffer), _CHUNK_BYTES))
        except _DAMAGED as error:
            raise DataError(
                self._path, f"{self._inside}is cut off or damaged ({error}); fetch it again"
            ) from error
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large(self._path, self._inside, self._limit, self._packed_bytes)
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _too_large(path: Path, inside: str, limit: int, packed_bytes: int) -> DataError:
    return DataError(
        path,
        f"{inside}unpacks to more than {limit:,} bytes from {packed_bytes:,}, far more than such files do; "
        "if it is sound, unpack it yourself",
    )


Unpacked: TypeAlias = "io.BufferedReader[_Unpacked]"
"""A stream of what an archive holds; reading raises DataError where it is damaged or too large."""


@dataclass(frozen=True, eq=False)
class Zip:
    """An open zip whose files were found to be plain, of sound names, and of reasonable size.

    Attributes:
        path: What messages call it.
        files: Its files, without folders and what systems add; each name once.
    """

    path: Path
    files: tuple[zipfile.ZipInfo, ...]
    _archive: zipfile.ZipFile

    __repr__ = one_line

    @contextlib.contextmanager
    def opened(self, file: zipfile.ZipInfo) -> Iterator[Unpacked]:
        """Open one of its files; reading raises DataError where it is damaged."""
        inside = f"holds {file.filename!r}, which "
        try:
            packed = self._archive.open(file)
        except _DAMAGED as error:
            raise DataError(self.path, f"{inside}is damaged ({error}); fetch it again") from error
        with packed:
            plain = _Unpacked(self.path, packed, inside, file.file_size, file.compress_size)
            with io.BufferedReader(plain, _CHUNK_BYTES) as stream:
                yield stream

    def unpack(self, file: zipfile.ZipInfo, target: Path, progress: Progress = silent) -> None:
        """Write one of its files to a path; names from inside the zip are never paths here."""
        with self.opened(file) as stream:
            copy(stream, target, file.file_size, progress)

    def check(self) -> None:
        """Read all its files against their checksums; raises DataError where one is damaged."""
        for file in self.files:
            with self.opened(file) as stream:
                while stream.read(_CHUNK_BYTES):
                    pass


@contextlib.contextmanager
def opened_zip(path: Path, limits: Limits | None = None, opened: IO[bytes] | None = None) -> Iterator[Zip]:
    """Open a zip to read it, trusting nothing in it.

    Args:
        path: The zip.
        limits: What it may unpack to; the defaults where None.
        opened: The file where it is open already, and `path` only what it is called.

    Raises:
        DataError: If it is not there, no zip, or cut off; if a file in it is encrypted, a link, there twice,
            or packed otherwise than by deflating; has a path that leads outside; or if they are too many,
            or too large for what they are packed into.
    """
    limits = limits or Limits()
    try:
        _refuse_long_listing(path, opened, limits)
        archive = zipfile.ZipFile(opened or path)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise unreadable(path, error) from error
    except _DAMAGED as error:
        raise _no_zip(path, error) from error
    with archive:
        infos = archive.infolist()
        if infos and min(info.header_offset for info in infos) > 0:
            # Arrays and checkpoints are zips themselves: what is found of a file cut off is the last of them.
            raise _no_zip(path, "it does not begin with its first file")
        for info in infos:
            _refuse_strange(path, info)
        files = tuple(info for info in infos if not info.is_dir() and not _is_added(info.filename))
        _refuse_swollen(path, files, _size_of(path, opened), limits)
        yield Zip(path, files, archive)


def _refuse_long_listing(path: Path, opened: IO[bytes] | None, limits: Limits) -> None:
    """Raise DataError where a zip's list of files, which is read whole to open it, would fill the memory."""
    with contextlib.ExitStack() as stack:
        file = opened or stack.enter_context(path.open("rb"))
        file.seek(max(file.seek(0, io.SEEK_END) - _END_BYTES, 0))
        end = file.read(_END_BYTES)
        file.seek(0)
    n_bytes = max((_number_at(end, match) for match in _LISTING_SIZE.finditer(end)), default=0)
    if n_bytes > limits.most_files * _LONGEST_ENTRY_BYTES:
        most = f"{limits.most_files:,} files"
        raise DataError(
            path, f"lists its files in {n_bytes:,} bytes, more than {most} need; unpack it yourself"
        )


def _number_at(end: bytes, match: re.Match[bytes]) -> int:
    number = int.from_bytes(match["large"] or match["small"], "little")
    return 0 if number == _SAID_ELSEWHERE else number


def _no_zip(path: Path, error: Exception | str) -> DataError:
    return DataError(path, f"is not a zip, was cut off, or is damaged ({error}); fetch it again")


def _size_of(path: Path, opened: IO[bytes] | None) -> int:
    if opened is None:
        return path.stat().st_size
    size = opened.seek(0, io.SEEK_END)
    opened.seek(0)
    return size


def _refuse_strange(path: Path, info: zipfile.ZipInfo) -> None:
    parts = info.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", info.filename):
        raise DataError(
            path,
            f"holds the path {info.filename!r}, which leads outside; nothing was unpacked, do not trust it",
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataError(path, f"holds {info.filename!r}, which is a link; nothing was unpacked")
    if info.flag_bits & _ENCRYPTED:
        raise DataError(path, f"holds {info.filename!r}, which is encrypted; refused")
    if info.compress_type not in _PACKINGS:
        raise DataError(
            path, f"holds {info.filename!r}, which is packed in an unusual way; unpack it yourself"
        )


def _refuse_swollen(path: Path, files: tuple[zipfile.ZipInfo, ...], size: int, limits: Limits) -> None:
    if len(files) > limits.most_files:
        raise DataError(
            path, f"holds {len(files):,} files, more than {limits.most_files:,}; unpack it yourself"
        )
    if len({info.filename for info in files}) < len(files):
        raise DataError(path, "holds a file twice")
    for info in files:
        if info.file_size > limits.of(info.compress_size):
            inside = f"holds {info.filename!r}, which "
            raise _too_large(path, inside, limits.of(info.compress_size), info.compress_size)
    # What files claim to be packed into may be the same bytes many times over.
    if sum(info.file_size for info in files) > limits.of(size):
        raise _too_large(path, "", limits.of(size), size)


def _is_added(name: str) -> bool:
    """Whether a system put a file into a zip beside those that were meant."""
    place = PurePosixPath(name)
    return name.startswith("__MACOSX/") or place.name.startswith(".") or place.name in _ADDED_BY_SYSTEMS


@contextlib.contextmanager
def opened_gzip(
    path: Path, limits: Limits | None = None, opened: IO[bytes] | None = None
) -> Iterator[Unpacked]:
    """Open what a gzip holds; reading raises DataError where it is damaged, or swells beyond reason.

    Args:
        path: The file.
        limits: What it may unpack to; the defaults where None.
        opened: The file where it is open already, and `path` only what it is called.
    """
    packed_bytes = _size_of(path, opened)
    with gzip.open(opened or path) as packed:
        plain = _Unpacked(path, packed, "", (limits or Limits()).of(packed_bytes), packed_bytes)
        with io.BufferedReader(plain, _CHUNK_BYTES) as stream:
            yield stream


def copy(stream: IO[bytes], target: Path, expected_bytes: int, progress: Progress = silent) -> None:
    """Write a stream to a file.

    Args:
        stream: Read to its end.
        target: Where to.
        expected_bytes: About how many there are, for the progress.
        progress: Told after each piece.
    """
    written = 0
    with target.open("wb") as out:
        while chunk := stream.read(_CHUNK_BYTES):
            out.write(chunk)
            written += len(chunk)
            progress(min(written / max(expected_bytes, 1), 1.0), "unpacking")


class LinesWithin(io.RawIOBase):
    """Bytes of text as they are, but for a line so long that reading it would fill the memory.

    Args:
        path: What messages call it.
        stream: The bytes.
        longest_bytes: Of a line.

    Raises:
        DataError: While reading, at a longer line; with its number.
    """

    def __init__(self, path: Path, stream: IO[bytes], longest_bytes: int = _LONGEST_LINE_BYTES) -> None:
        self._path, self._stream, self._longest = path, stream, longest_bytes
        self._line, self._length = 1, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._stream.read(min(len(buffer), self._longest))
        ends = [at for at in (chunk.find(b"\n"), chunk.find(b"\r")) if at >= 0]
        if self._length + (min(ends) if ends else len(chunk)) > self._longest:
            raise DataError(
                self._path,
                f"is longer than {self._longest:,} bytes; is this text, and are its lines ended as usual?",
                self._line,
            )
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._length = len(chunk) - last - 1 + (self._length if last < 0 else 0)
        self._line += chunk.count(b"\n") or chunk.count(b"\r")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def read_arrays(path: Path, largest_bytes: int | None = None) -> Arrays:
    """Read every array of an .npz, trusting nothing: no pickle, and no array larger than its file says.

    Args:
        path: The file.
        largest_bytes: Of all arrays together; 4 GiB where None.

    Returns:
        Name → array; what else the file holds is passed over.

    Raises:
        DataError: If it is missing, damaged, too large, or holds anything but plain arrays.
    """
    limits = _ARRAYS if largest_bytes is None else Limits(largest_bytes, always_allowed_bytes=largest_bytes)
    with opened_zip(path, limits) as archive:
        arrays = {}
        for file in archive.files:
            with archive.opened(file) as stream:
                array = _read_array(path, file, stream)
            if array is not None:
                arrays[file.filename.removesuffix(".npy")] = array
        return arrays


def _read_array(path: Path, file: zipfile.ZipInfo, stream: Unpacked) -> npt.NDArray[Any] | None:
    """Return an array of just the size it announces: memory is taken before it is read."""
    if not stream.peek(6).startswith(np.lib.format.MAGIC_PREFIX):
        return None
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, in_columns, dtype = read(stream)
        if any(size < 0 for size in shape):
            raise ValueError(f"shape {shape}")
    except (ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise DataError(path, f"cannot be read as an .npz of plain arrays ({error})") from error
    if dtype.hasobject:
        raise DataError(path, f"is not an .npz of plain arrays: {file.filename!r} needs a pickle; refused")
    n_bytes = math.prod(shape) * dtype.itemsize
    if stream.tell() + n_bytes != file.file_size:
        raise DataError(
            path,
            f"{file.filename!r} is {file.file_size:,} bytes where its head announces "
            f"{stream.tell() + n_bytes:,}",
        )
    data = bytearray(n_bytes)
    stream.readinto(data)
    stream.read(1)  # the checksum is compared when the end is met
    try:
        return np.ndarray(shape, dtype, data, order="F" if in_columns else "C")
    except ValueError as error:  # more dimensions or elements than numpy counts
        raise DataError(path, f"{file.filename!r} has the shape {shape}, which is none ({error})") from error
