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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from taglab.errors import InvalidSetting, NotFound, StorageError

FOLKSONOMIES = "folksonomies"
VECTORS = "vectors"
LABEL_SPACES = "labels"

_NAME = re.compile(r"[\w][\w .+-]{0,99}", re.UNICODE)
_NAME_BYTES = 200  # file names may have 255, and a lock's or a temporary one's is longer
_LOCK_TIMEOUT_S = 30.0


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
        _put_in_place(temporary, path, scratch / "replaced")
    except OSError as error:
        if isinstance(error, StorageError) or error.errno not in _STORAGE_ERRNOS:
            raise
        raise storage_error(path, error) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _put_in_place(new: Path, path: Path, aside: Path) -> None:
    """Rename `new` to `path`; a folder cannot be renamed onto another, so the old one steps aside first."""
    try:
        if new.is_dir() and path.is_dir():
            path.rename(aside)
        new.replace(path)
    except BaseException:  # an interrupt, too, must not leave the place empty
        if aside.exists() and not path.exists():
            aside.rename(path)
        raise


_STORAGE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EFBIG}


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return what to raise when a file or folder of the cache cannot be written, and why."""
    cure = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check its permissions"
    return StorageError(
        f"{path.parent}: cannot save {path.name} ({error.strerror or error}); nothing was changed. "
        f"{cure[0].upper()}{cure[1:]}, or set TAGLAB_HOME to a folder that can be written."
    )


def _sync(path: Path) -> None:
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file or folder against other processes and threads while the body runs.

    Raises:
        StorageError: If the lock is not had within 30 s, or its folder cannot be written.
    """
    import filelock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path.parent / f".{path.name}.lock", timeout=_LOCK_TIMEOUT_S)
        lock.acquire()
    except filelock.Timeout as error:
        raise StorageError(
            f"{path} has been in use by another process for {_LOCK_TIMEOUT_S:.0f} s"
        ) from error
    except OSError as error:
        raise storage_error(path, error) from error
    try:
        yield
    finally:
        lock.release()


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
        """Return what is on the shelf, sorted."""
        if not self.folder.is_dir():
            return []
        found = (entry.name for entry in self.folder.iterdir() if not entry.name.startswith("."))
        return sorted(name.removesuffix(self.suffix) for name in found if name.endswith(self.suffix))

    def path(self, name: str) -> Path:
        """Return where the thing of this name lies or would lie.

        Raises:
            InvalidSetting: If the name could be mistaken for a path.
        """
        if not _NAME.fullmatch(name) or len(name.encode()) > _NAME_BYTES:
            raise InvalidSetting(
                f"name={name!r} must be 1 to 100 letters, digits, spaces, '.', '_', '+' or '-', "
                "beginning with a letter or digit (fewer where letters take several bytes)"
            )
        return self.folder / f"{name}{self.suffix}"

    def find(self, name: str) -> Path:
        """Return where an existing thing lies.

        Raises:
            NotFound: If there is none of this name; the message lists those there are.
        """
        path = self.path(name)
        if not path.exists():
            known = ", ".join(self.names()) or "none yet"
            raise NotFound(f"no {self.kind} named {name!r}; there are: {known}")
        return path

    def delete(self, name: str) -> None:
        """Remove a thing for good."""
        path = self.find(name)
        with locked(path):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
