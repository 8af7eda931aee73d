"""Results that are computed once and kept; in memory where they cannot be written."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from taglab.cache.holding import held_bytes
from taglab.cache.places import home
from taglab.cache.writing import replacing
from taglab.errors import StorageError

T = TypeVar("T")

_MOST_BYTES = 1 << 30

_memory: OrderedDict[Path, tuple[Any, int]] = OrderedDict()  # with the bytes that each holds
_lock = threading.Lock()
_unwritable: dict[Path, str] = {}  # cache folder → why the last result was not written to it


def kept(
    path: Path, read: Callable[[Path], T | None], compute: Callable[[], T], write: Callable[[Path, T], None]
) -> T:
    """Return what is kept under a path, or compute it and keep it.

    On a disk that is full or may not be written it is kept in this process's memory, the last of them, a
    gigabyte at most; `why_not_kept` then says so.

    Args:
        path: As `derived_path` gives it.
        read: Reads it; None where nothing is there, or something damaged.
        compute: Computes it.
        write: Writes it to a temporary path, which then takes its place.
    """
    value = recalled(path, read)
    if value is None:
        value = compute()
        keep(path, value, write)
    return value


def recalled(path: Path, read: Callable[[Path], T | None]) -> T | None:
    """Return what `kept` has by now, None where it would compute."""
    value = read(path)
    if value is not None:
        return value
    with _lock:
        return cast("T | None", _memory.get(path, (None, 0))[0])


def keep(path: Path, value: T, write: Callable[[Path, T], None]) -> None:
    """Keep what was computed; see `kept`."""
    try:
        with replacing(path) as temporary:
            write(temporary, value)
    except StorageError as error:
        with _lock:
            _unwritable[home()] = str(error)
            _memory[path] = value, held_bytes(value)
            _memory.move_to_end(path)
            while len(_memory) > 1 and sum(n_bytes for _, n_bytes in _memory.values()) > _MOST_BYTES:
                _memory.popitem(last=False)
    else:
        with _lock:
            _unwritable.pop(home(), None)


def why_not_kept() -> str:
    """Return why the last result of this process was not written to the cache folder; empty where it was."""
    with _lock:
        return _unwritable.get(home(), "")
