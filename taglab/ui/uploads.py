"""Files given to a page: uploads laid down in the cache for as long as they are read, or a path."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import streamlit as st

from taglab import cache
from taglab.cache import scratch_folder
from taglab.embeddings.unpack import members, several
from taglab.errors import NO_SUCH_FILE, DataError, InvalidSetting, StorageError
from taglab.figures.theme import visible
from taglab.paths import typed_path
from taglab.ui.visitors import may_read_paths

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_CHUNK_BYTES = 1 << 20
_LONGEST_NAME = 80


class Upload(Protocol):
    """What Streamlit hands over: an open file with the name its sender claims."""

    name: str
    size: int

    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...


def harmless_name(name: str) -> str:
    """Return a file name without folders, leading dots or anything but letters, digits, `.`, `_`, `-`."""
    base = re.split(r"[/\\]", name)[-1]
    safe = _UNSAFE.sub("_", base).lstrip(".-")
    stem, dot, ending = safe.rpartition(".")
    return (stem[: _LONGEST_NAME - len(ending) - 1] + dot + ending)[-_LONGEST_NAME:] or "upload"


@contextlib.contextmanager
def laid_down(uploads: Sequence[Upload]) -> Iterator[Path]:
    """Write uploads to a folder of their own in the cache, removed afterwards.

    Yields:
        The path of the one file, or of the folder where there are several.

    Raises:
        DataError: If one is empty or two bear the same name; also what the body raises about a file, under
            the name its sender gave it.
        StorageError: If the cache cannot take them.
    """
    claimed: dict[str, str] = {}
    with scratch_folder(cache.home() / cache.UPLOADS, "upload") as scratch:
        folder = scratch / "files"
        folder.mkdir()
        try:
            for upload in uploads:
                safe = harmless_name(upload.name)
                if safe in claimed:
                    raise DataError(upload.name, "is there twice; give each file a name of its own")
                claimed[safe] = upload.name
                _write(upload, folder / safe)
            yield folder / next(iter(claimed)) if len(claimed) == 1 else folder
        except DataError as error:
            name = claimed.get(Path(error.path).name)
            if name is None:
                raise
            raise DataError(name, error.reason, error.line) from error


@contextlib.contextmanager
def laid_down_by_number(uploads: Sequence[Upload]) -> Iterator[list[Path]]:
    """Write uploads to a folder of their own in the cache under numbers, empty ones too; removed afterwards.

    For files that are told apart by names which may differ only in letters no file here may have.

    Yields:
        The path of each.

    Raises:
        StorageError: If the cache cannot take them.
    """
    with scratch_folder(cache.home() / cache.UPLOADS, "upload") as folder:
        paths = [
            folder / f"{number:06d}{Path(harmless_name(upload.name)).suffix.lower()}"
            for number, upload in enumerate(uploads)
        ]
        for upload, path in zip(uploads, paths, strict=True):
            _copy(upload, path)
        yield paths


def _write(upload: Upload, path: Path) -> None:
    if upload.size == 0:
        raise DataError(upload.name, "is empty (0 bytes); was it still being written when it was chosen?")
    _copy(upload, path)


def _copy(upload: Upload, path: Path) -> None:
    upload.seek(0)
    try:
        with path.open("wb") as file:
            while chunk := upload.read(_CHUNK_BYTES):
                file.write(chunk)
    except OSError as error:
        raise StorageError(
            f"{path.parent}: cannot keep {upload.name} ({error.strerror}); free some space"
        ) from error


@contextlib.contextmanager
def given_path(text: str) -> Iterator[Path]:
    """Give the path somebody typed, if it is there.

    Raises:
        InvalidSetting: If nothing was typed, a home that is not there, or this visitor may not read files of
            this machine.
        DataError: If there is nothing under that path, or nothing that may be read.
    """
    if not text.strip():
        raise InvalidSetting(
            "path is empty; type where the file or folder lies on the machine taglab runs on"
        )
    if not may_read_paths():
        raise InvalidSetting(
            "path must be left empty: you reach this dashboard from elsewhere and are not logged in, so it "
            "reads uploads only; log in, or have it started with `taglab app --allow-launch`"
        )
    path = typed_path(text.strip())
    try:
        there = path.exists()
    except (OSError, ValueError) as error:
        raise DataError(text.strip(), f"cannot be looked at ({error})") from error
    if not there:
        raise DataError(path, NO_SUCH_FILE)
    yield path


def ask_for_member(key: str) -> str | None:
    """Let one be chosen of several files of vectors in what `ask_for_file` was given under the same key.

    Returns:
        Its name; None where there is nothing to choose. What is wrong with a file is told when it is read.
    """
    uploads = st.session_state.get(f"{key} upload") or []
    path = str(st.session_state.get(f"{key} path") or "")
    names: list[str] = []
    with contextlib.suppress(DataError):
        if len(uploads) == 1:
            names = members(Path(uploads[0].name), uploads[0])
        elif uploads:
            names = several([harmless_name(upload.name) for upload in uploads])
        elif path.strip():
            with given_path(path) as place:
                names = members(place)
    if not names:
        return None
    return st.selectbox("Which of its files", names, key=f"{key} member", format_func=visible)


def ask_for_file(key: str, what: str, several: bool) -> contextlib.AbstractContextManager[Path]:
    """Let a file be uploaded, or its path be typed; the file is there inside a `with` of what is returned.

    Args:
        key: Begins the widgets' keys.
        what: What the file must be, a few words.
        several: Whether more than one file may be uploaded together.
    """
    uploads = st.file_uploader("Upload", key=f"{key} upload", help=what, accept_multiple_files=several)
    path = st.text_input("or path on the machine taglab runs on", key=f"{key} path", placeholder=what)
    chosen = uploads if isinstance(uploads, list) else [uploads] if uploads is not None else []
    return laid_down(chosen) if chosen else given_path(path)
