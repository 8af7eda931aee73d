"""Reading what others may write meanwhile, and JSON that may be damaged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from taglab.cache.locks import locked
from taglab.cache.writing import AWAY_S, TRIES, restore
from taglab.errors import DataError

T = TypeVar("T")

_LARGEST_JSON_BYTES = 64 << 20


def read_whole(folder: Path, read: Callable[[], T]) -> T:
    """Read the files of a folder that may be replaced meanwhile: all of the old one, or all of the new.

    Args:
        folder: What is read.
        read: Reads it; raises DataError where something is missing or does not fit.

    Raises:
        DataError: What `read` raises of a folder that nobody replaces.
        StorageError: If others go on replacing it and the lock is not had.
    """
    for _ in range(TRIES):
        before = _generation(folder)
        if before is None:
            restore(folder.parent)
        try:
            value = read()
        except DataError:
            if _generation(folder) == before:
                raise
        else:
            if _generation(folder) == before:
                return value
        time.sleep(AWAY_S)
    with locked(folder):  # somebody writes again and again: take turns
        return read()


def _generation(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from the one that replaces it; None while there is none."""
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns


def read_json(path: Path, largest_bytes: int = _LARGEST_JSON_BYTES) -> Any:
    """Return what a JSON file holds.

    Raises:
        DataError: If it is missing, too large, no UTF-8, no JSON, or nested too deeply to be read.
    """
    try:
        size = path.stat().st_size
        if size > largest_bytes:
            raise DataError(path, f"is larger than the {largest_bytes >> 20} MiB such a file may have")
        text = path.read_bytes().decode("utf-8")
        return json.loads(text)
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise DataError(path, f"is not UTF-8 text ({error.reason})") from error
    except RecursionError as error:
        raise DataError(path, "is not JSON of taglab: it is nested too deeply") from error
    except ValueError as error:  # also of a number of thousands of digits
        raise DataError(path, f"is not JSON ({error}); was it cut off?") from error


def read_object(path: Path) -> dict[str, Any]:
    """Return the object a JSON file holds; raises DataError."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise DataError(path, f"must hold a JSON object, not {type(value).__name__}")
    return value
