"""Locks against other processes and threads, and scratch folders that tell whether their owner lives."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from taglab.cache.places import storage_error
from taglab.errors import StorageError

if TYPE_CHECKING:
    import filelock

if sys.platform != "win32":
    import fcntl

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a file system answers that keeps no locks: NFS without its lock service, Lustre without `-o flock`."""

_LOCK_TIMEOUT_S = 30.0
ASIDE = ".replaced"
"""In a scratch folder: what stood at the place of what is written there, while neither stands there."""

_OWNER = ".owner"
_SETTLED_S = 60.0  # far longer than from a scratch folder's making to its lock
_ABANDONED_S = 86_400.0  # of one that nobody can tell the owner of


@contextlib.contextmanager
def locked(path: Path, timeout_s: float | None = None) -> Iterator[None]:
    """Hold the lock of a file or folder against other processes and threads while the body runs.

    Where the file system keeps no locks, a file beside it that names its owner stands for one; of an owner
    on this machine that was killed it is taken away.

    Args:
        path: What is locked.
        timeout_s: How long to wait for it, in seconds; half a minute where None.

    Raises:
        StorageError: If the lock is not had within that time, or its folder cannot be written.
    """
    import filelock

    timeout_s = _LOCK_TIMEOUT_S if timeout_s is None else timeout_s
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(path, timeout_s)
    except filelock.Timeout as error:
        raise StorageError(
            f"{path} has been in use by another process for {timeout_s:.0f} s; if there is none any more, "
            f"delete {error.lock_file}"
        ) from error
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _acquired(path: Path, timeout_s: float) -> filelock.BaseFileLock:
    import filelock

    lock: filelock.BaseFileLock = filelock.FileLock(lock_path(path), timeout=timeout_s)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        # An empty file of the first try may lie there: this one has a name of its own.
        lock = filelock.SoftFileLock(path.parent / f".{path.name}.softlock", timeout=timeout_s)
        lock.acquire()
    return lock


def lock_path(path: Path) -> Path:
    """Return the file whose lock stands for a path."""
    return path.parent / f".{path.name}.lock"


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Mark a scratch folder as in use for as long as the body runs and its process lives."""
    owner = os.open(folder / _OWNER, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # without locks its age tells
                fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(owner)


def is_left_over(folder: Path, settled_s: float = _SETTLED_S) -> bool:
    """Return whether a scratch folder's owner has ended without removing it.

    Args:
        folder: As `scratch_folder` makes it; of one without owner, as earlier versions made them, its age
            decides: a day.
        settled_s: Age up to which it may be in the making.
    """
    try:
        age_s = time.time() - folder.stat().st_mtime
        owner = os.open(folder / _OWNER, os.O_RDWR)
    except FileNotFoundError:
        return folder.is_dir() and age_s > _ABANDONED_S
    except OSError:
        return False
    try:
        if sys.platform == "win32":
            return age_s > _ABANDONED_S
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return age_s > settled_s
    except BlockingIOError:
        return False
    except OSError:
        return age_s > _ABANDONED_S
    finally:
        os.close(owner)


def holds_the_only_copy(folder: Path) -> bool:
    """Return whether a scratch folder holds what a killed writer has put aside, and nothing stands there."""
    if not (folder / ASIDE).exists():
        return False
    written = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    return not all((folder.parent / name).exists() for name in written)
