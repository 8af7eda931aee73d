"""Checksums beside stored values: what rots on a disk is told, and not taken for what was written.

Sizes are compared at every opening, the content of small files too; that of large ones once after every
change of their size, time or place on the disk.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taglab.cache.keys import content_key, file_digest
from taglab.cache.places import derived_path
from taglab.cache.reading import read_object
from taglab.errors import DataError

CHECKSUMS = "checksums.json"

_SMALL_BYTES = 8 << 20


def write_checksums(folder: Path, names: Sequence[str]) -> None:
    """Write the checksums of files beside them.

    Args:
        folder: That of a value, before it takes its place; later changes of its files are damage.
        names: Of files in it.

    Raises:
        OSError: If a file cannot be read, or the checksums not written.
    """
    recorded = {name: checksum(folder / name) for name in names}
    (folder / CHECKSUMS).write_text(json.dumps(recorded, indent=1), encoding="utf-8")


def check_checksums(folder: Path) -> None:
    """Compare the files of a value with their checksums; of one that has none, as before, nothing is known.

    Raises:
        DataError: Naming the first file that is missing, of another size, or not what was written.
    """
    if not (folder / CHECKSUMS).exists():
        return
    for name, recorded in read_object(folder / CHECKSUMS).items():
        check_file(folder / name, recorded)


def read_manifest(folder: Path, name: str, cure: str) -> dict[str, Any]:
    """Return the object in a file of a value whose files are as they were written.

    Args:
        folder: That of the value.
        name: Of the file.
        cure: What to do about damage.

    Raises:
        DataError: As `check_checksums` and `read_object`, with the cure.
    """
    try:
        check_checksums(folder)
        return read_object(folder / name)
    except DataError as error:
        raise DataError(error.path, f"{error.reason}; {cure}") from error


def checksum(path: Path) -> dict[str, Any]:
    """Return a file's size and checksum, as `check_file` takes them; raises OSError."""
    recorded = {"bytes": path.stat().st_size, "blake2b": file_digest(path)}
    _note(path)
    return recorded


def check_file(path: Path, recorded: Any) -> None:
    """Compare a file with what `checksum` returned.

    Args:
        path: The file.
        recorded: Its `bytes` and `blake2b`.

    Raises:
        DataError: If it is missing, of another size, or not what was written.
    """
    if not isinstance(recorded, Mapping) or not {"bytes", "blake2b"} <= set(recorded):
        raise DataError(path, "has no checksum that can be read; what tells it is damaged")
    try:
        size = path.stat().st_size
        if size != recorded["bytes"]:
            raise DataError(path, f"is damaged: it has {size:,} bytes where {recorded['bytes']} were written")
        if size > _SMALL_BYTES and _is_noted(path):
            return
        if file_digest(path) != recorded["blake2b"]:
            raise DataError(path, "is damaged: it is not what was written, by its checksum")
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    _note(path)


def _stamp(path: Path) -> Path:
    """Return where it is noted that a large file, as it is now, was found sound."""
    state = path.stat()
    key = content_key([state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns])
    return derived_path("checked", key, "")


def _is_noted(path: Path) -> bool:
    return _stamp(path).exists()


def _note(path: Path) -> None:
    if path.stat().st_size <= _SMALL_BYTES:
        return
    with contextlib.suppress(OSError):  # where it cannot be noted it is compared again
        stamp = _stamp(path)
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
