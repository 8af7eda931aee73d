"""Writing: whole or not at all, also when the process is killed in the middle."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from taglab.cache.keys import revision
from taglab.cache.locks import ASIDE, is_left_over, locked, owned
from taglab.cache.places import DERIVED, STORAGE_ERRNOS, home, storage_error
from taglab.cache.tidying import heed_limit
from taglab.errors import Conflict, DataError, StorageError

TRIES = 5  # of what another process may come between
AWAY_S = 0.01  # far longer than a folder is away while another takes its place
_PREFIX_CHARACTERS = 40
_AT_FDCWD, _RENAME_EXCHANGE, _RENAME_SWAP = -100, 2, 2
_CANNOT_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def scratch_folder(parent: Path, name: str) -> Iterator[Path]:
    """Give an empty folder to write in, removed afterwards.

    It is hidden and held by a lock: should the process be killed, `prune` tells by it that it is left over.

    Args:
        parent: Where it is made; made itself if need be.
        name: What is written, for its name.

    Raises:
        StorageError: If it cannot be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{name[:_PREFIX_CHARACTERS]}.", dir=parent))
    except OSError as error:
        raise storage_error(parent / name, error) from error
    try:
        with owned(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving, what was written there takes its place.

    The temporary path may be made a file or a folder. When the body raises, it is removed and `path`
    keeps its old content. Killed at any moment, `path` is the old or the new, whole. Derived results
    that are beyond their limit make room for one.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    with scratch_folder(path.parent, path.name) as scratch:
        temporary = scratch / path.name
        try:
            yield temporary
            _sync(temporary)
            _put_in_place(temporary, path, scratch / ASIDE)
        except OSError as error:
            if isinstance(error, StorageError) or error.errno not in STORAGE_ERRNOS:
                raise
            raise storage_error(path, error) from error
    if path.is_relative_to(home() / DERIVED):
        heed_limit(path)


def _put_in_place(new: Path, path: Path, aside: Path) -> None:
    """Let `new` stand at `path`; a folder there is exchanged for it, for it cannot be renamed onto."""
    if not new.is_dir():
        new.replace(path)
        return
    for number in range(TRIES):
        try:
            if not path.is_dir():
                new.rename(path)
            elif not _exchange(new, path):
                _step_aside(new, path, aside)
            return
        except OSError as error:
            # Another writer came between: its folder is there now, or just away.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT) or number == TRIES - 1:
                raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two paths in one step; return False where system or file system cannot."""
    rename = _exchange_of_system()
    if rename is None:
        return False
    if rename(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(other))


@functools.cache
def _exchange_of_system() -> Callable[[bytes, bytes], int] | None:
    """Return the system's call that exchanges two paths, None where it has none."""
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):  # Linux
        return lambda one, other: int(
            library.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, ctypes.c_uint(_RENAME_EXCHANGE))
        )
    if hasattr(library, "renamex_np"):  # macOS
        return lambda one, other: int(library.renamex_np(one, other, ctypes.c_uint(_RENAME_SWAP)))
    return None


def _step_aside(new: Path, path: Path, aside: Path) -> None:
    """Replace a folder in two steps; between them `restore` finds both, should the process be killed."""
    if not aside.exists():
        path.rename(aside)
    try:
        new.rename(path)
    except BaseException:  # an interrupt, too, must not leave the place empty
        if not path.exists():
            aside.rename(path)
        else:  # another writer's: what was there before is to be removed in any case
            shutil.rmtree(aside, ignore_errors=True)
        raise


def restore(folder: Path) -> None:
    """Finish what writers that were killed between two renames had begun: the new takes its place.

    Args:
        folder: In which things are replaced. What a living writer has just moved is left alone.
    """
    with contextlib.suppress(OSError):
        for scratch in folder.glob(".*"):
            if not (scratch / ASIDE).is_dir() or not is_left_over(scratch, settled_s=0.0):
                continue
            for new in scratch.iterdir():
                if not new.name.startswith(".") and not (folder / new.name).exists():
                    new.rename(folder / new.name)


def _sync(path: Path) -> None:
    """See to it that all was written to the disk before it takes its place."""
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_revision(path: Path, data: bytes, expected: int | None, what: str) -> int:
    """Write a file, unless somebody else did so since it was opened.

    Args:
        path: Where.
        data: All of it.
        expected: The revision it was opened at; None if nothing may be there yet.
        what: What it is, for messages: "label space 'genres'".

    Returns:
        The new revision.

    Raises:
        Conflict: If what lies there is not what was opened; nothing was written.
        StorageError: If the disk is full or the place cannot be written; the old file is as it was.
    """
    with locked(path):
        _require_revision(path, expected, what)
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    return revision(data)


def _require_revision(path: Path, expected: int | None, what: str) -> None:
    if not path.exists():
        if expected is not None:
            raise Conflict(f"{what} was removed since it was opened; save it under a new name")
        return
    if expected is None:
        raise Conflict(f"there is a {what} already; choose another name, or open that one first")
    try:
        there = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    if revision(there) != expected:
        raise Conflict(
            f"{what} was saved by somebody else since it was opened; nothing was written. "
            "Save under another name, or open it anew and edit again."
        )
