"""Zips that came from elsewhere, arrays among them: opened only where they are as plain as taglab's own."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taglab.errors import DataError

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises of a zip, or of a file in it, that is damaged or cannot be read."""

_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # bit of a member's flags


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip to read it.

    Raises:
        DataError: If it is not there, no zip, or damaged; or a file in it is encrypted, or packed otherwise
            than by deflating, as neither taglab nor numpy nor torch does.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise DataError(path, "is not there") from error
    except DAMAGED as error:
        raise no_zip(path, error) from error
    with archive:
        for info in archive.infolist():
            if info.compress_type not in _PACKINGS or info.flag_bits & _ENCRYPTED:
                how = "encrypted" if info.flag_bits & _ENCRYPTED else "packed in an unusual way"
                raise DataError(path, f"holds {info.filename!r}, which is {how}; refused")
        yield archive


def check_zip(path: Path) -> None:
    """Raise DataError unless a file is a zip that `opened_zip` opens."""
    with opened_zip(path):
        pass


def no_zip(path: Path, error: Exception | str) -> DataError:
    """Return what to raise where a file cannot be read as a zip."""
    return DataError(path, f"is not a zip, was cut off, or is damaged ({error}); fetch it again")
