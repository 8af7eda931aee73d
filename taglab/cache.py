"""Where taglab keeps things: content keys, named shelves, atomic writes, locks.

Everything under the cache folder can be made again, but for what the user named (label spaces, runs).
A file appears whole or not at all: it is written beside its place under a temporary name and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from taglab.errors import Conflict, DataError, InvalidSetting, NotFound, StorageError

T = TypeVar("T")

FOLKSONOMIES = "folksonomies"
VECTORS = "vectors"
LABEL_SPACES = "labels"
RUNS = "runs"
TRASH = "trash"
AUDIO = "audio"
CLEANINGS = "cleanings"

_NAME = re.compile(r"[\w][\w .+-]{0,99}", re.UNICODE)
_NAME_BYTES = 200  # file names may have 255, and a lock's or a temporary one's is longer
_LOCK_TIMEOUT_S = 30.0
_TRIES = 5  # of what another process may come between
_AWAY_S = 0.01  # far longer than a folder is away while another takes its place


def home() -> Path:
    """Return the cache folder: TAGLAB_HOME, else `cache/` of a checkout, else a folder of the user's."""
    named = os.environ.get("TAGLAB_HOME")
    if named:
        return Path(named).expanduser()
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "app.py").is_file():
        return checkout / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("taglab")


def content_key(*parts: Any) -> str:
    """Return a name for whatever these parts determine: equal parts, equal key.

    Args:
        parts: Arrays (hashed by dtype, shape and bytes), bytes, paths (hashed by content), or anything
            that `json.dumps` takes.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype != object:
            digest.update(f"array {part.dtype.str} {part.shape} ".encode())
            digest.update(np.ascontiguousarray(part).view(np.uint8).reshape(-1).data)
        elif isinstance(part, bytes):
            digest.update(b"bytes %d " % len(part))
            digest.update(part)
        elif isinstance(part, Path):
            digest.update(b"file ")
            with part.open("rb") as file:
                digest.update(hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest())
        else:
            listed = part.tolist() if isinstance(part, np.ndarray) else part
            digest.update(b"json ")
            digest.update(json.dumps(listed, sort_keys=True, ensure_ascii=True).encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def derived_path(kind: str, key: str, suffix: str) -> Path:
    """Return where a computed result of this kind and content key lives."""
    return home() / "derived" / kind / key[:2] / f"{key}{suffix}"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving, what was written there takes its place.

    The temporary path may be made a file or a folder. When the body raises, it is removed and `path`
    keeps its old content.

    Raises:
        StorageError: If the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=path.parent))
    except OSError as error:
        raise storage_error(path, error) from error
    temporary = scratch / path.name
    try:
        yield temporary
        _sync(temporary)
        _put_in_place(temporary, path, scratch)
    except OSError as error:
        if isinstance(error, StorageError) or error.errno not in _STORAGE_ERRNOS:
            raise
        raise storage_error(path, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _put_in_place(new: Path, path: Path, scratch: Path) -> None:
    """Rename `new` to `path`; a folder cannot be renamed onto another, so the old one steps aside first."""
    if not new.is_dir():
        new.replace(path)
        return
    aside = scratch / "replaced-0"
    try:
        for number in range(_TRIES):
            aside = scratch / f"replaced-{number}"
            if path.is_dir():
                with contextlib.suppress(FileNotFoundError):  # another writer has just moved it
                    path.rename(aside)
            try:
                new.replace(path)
                return
            except OSError as error:
                # Another writer was there first; what that one wrote steps aside in its turn.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or number == _TRIES - 1:
                    raise
    except BaseException:  # an interrupt, too, must not leave the place empty
        if aside.exists() and not path.exists():
            aside.rename(path)
        raise


_STORAGE_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.EFBIG,
    errno.ENAMETOOLONG,
}
_CURES = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ENOTDIR: "A file is where its folder should be: move that",
    errno.EEXIST: "A file is where its folder should be: move that",
}


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return what to raise when a file or folder, of the cache or elsewhere, cannot be written, and why."""
    cure = _CURES.get(error.errno or 0, "Check its permissions")
    other = "choose another place"
    if path.absolute().is_relative_to(home().absolute()):
        other = "set TAGLAB_HOME to a folder that can be written"
    return StorageError(
        f"{path.parent}: cannot save {path.name} ({error.strerror or error}); nothing was changed. "
        f"{cure}, or {other}."
    )


def read_whole(folder: Path, read: Callable[[], T]) -> T:
    """Read the files of a folder that may be replaced meanwhile: all of the old one, or all of the new.

    Args:
        folder: What is read.
        read: Reads it; raises DataError where something is missing or does not fit.

    Raises:
        DataError: What `read` raises of a folder that nobody replaces.
        StorageError: If others go on replacing it and the lock is not had.
    """
    for _ in range(_TRIES):
        before = _generation(folder)
        try:
            found = read()
        except DataError:
            if _generation(folder) == before:
                raise
        else:
            if _generation(folder) == before:
                return found
        time.sleep(_AWAY_S)
    with locked(folder):  # somebody writes again and again: take turns
        return read()


def _generation(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from the one that replaces it; None while there is none."""
    try:
        state = folder.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns


def _sync(path: Path) -> None:
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def revision(data: bytes) -> int:
    """Return a number that stands for a file's content, so that a change by hand is noticed too."""
    return int(content_key(data)[:12], 16)


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
        found = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    if revision(found) != expected:
        raise Conflict(
            f"{what} was saved by somebody else since it was opened; nothing was written. "
            "Save under another name, or open it anew and edit again."
        )


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = _LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the lock of a file or folder against other processes and threads while the body runs.

    Args:
        path: What is locked.
        timeout_s: How long to wait for it, in seconds.

    Raises:
        StorageError: If the lock is not had within that time, or its folder cannot be written.
    """
    import filelock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(_lock_path(path), timeout=timeout_s)
        lock.acquire()
    except filelock.Timeout as error:
        raise StorageError(f"{path} has been in use by another process for {timeout_s:.0f} s") from error
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _lock_path(path: Path) -> Path:
    return path.parent / f".{path.name}.lock"


class Shelf:
    """The named things of one kind: folksonomies, vectors, label spaces.

    Args:
        kind: Name of the folder under the cache.
        suffix: What each thing's file name ends with; empty where each is a folder.
    """

    def __init__(self, kind: str, suffix: str = "") -> None:
        self.kind = kind
        self.suffix = suffix

    @property
    def folder(self) -> Path:
        return home() / self.kind

    def names(self) -> list[str]:
        """Return what is on the shelf, sorted; what else lies in the folder is passed over."""
        if not self.folder.is_dir():
            return []
        found = (entry.name for entry in self.folder.iterdir() if entry.name.endswith(self.suffix))
        return sorted(name for one in found if _is_name(name := one.removesuffix(self.suffix)))

    def path(self, name: str) -> Path:
        """Return where the thing of this name lies or would lie.

        Raises:
            InvalidSetting: If the name could be mistaken for a path.
        """
        if not _is_name(name):
            raise InvalidSetting(
                f"name={name!r} must be 1 to 100 letters, digits, spaces, '.', '_', '+' or '-', "
                "beginning with a letter, digit or '_' (fewer where letters take several bytes)"
            )
        return self.folder / f"{name}{self.suffix}"

    def find(self, name: str) -> Path:
        """Return where an existing thing lies.

        Raises:
            NotFound: If there is none of this name; the message lists those there are.
        """
        path = self.path(name)
        for _ in range(_TRIES):
            if path.exists():
                return path
            if not _lock_path(path).exists():  # nobody ever wrote it; otherwise it may be being replaced
                break
            time.sleep(_AWAY_S)
        known = ", ".join(self.names()) or "none yet"
        raise NotFound(f"no {self.kind} named {name!r}; there are: {known}")

    def delete(self, name: str) -> None:
        """Remove a thing for good.

        Raises:
            NotFound: If there is none of this name.
            StorageError: If it cannot be removed.
        """
        path = self.find(name)
        with locked(path):
            path = self.find(name)
            try:
                # Out of sight first, so that nobody meets half of it.
                with tempfile.TemporaryDirectory(
                    prefix=".removed.", dir=self.folder, ignore_cleanup_errors=True
                ) as scratch:
                    path.rename(Path(scratch) / path.name)
            except OSError as error:
                raise StorageError(
                    f"{path}: cannot be removed ({error.strerror or error}); check its permissions"
                ) from error


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and len(text.encode()) <= _NAME_BYTES
