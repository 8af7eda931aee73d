"""Shelves: what people gave names to."""

from __future__ import annotations

import re
import time
from pathlib import Path

from taglab.cache.locks import lock_path, locked
from taglab.cache.places import home
from taglab.cache.writing import AWAY_S, TRIES, restore, scratch_folder
from taglab.errors import InvalidSetting, NotFound, StorageError

_NAME = re.compile(r"[\w][\w .+-]{0,99}", re.UNICODE)
_NAME_BYTES = 200  # file names may have 255, and a lock's or a temporary one's is longer


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
        restore(self.folder)
        files = (entry.name for entry in self.folder.iterdir() if entry.name.endswith(self.suffix))
        return sorted(name for file in files if _is_name(name := file.removesuffix(self.suffix)))

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
        for _ in range(TRIES):
            if not path.exists():
                restore(self.folder)
            if path.exists():
                return path
            if not lock_path(path).exists():  # nobody ever wrote it; otherwise it may be being replaced
                break
            time.sleep(AWAY_S)
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
                with scratch_folder(self.folder, "removed") as scratch:
                    path.rename(scratch / f".{path.name}")
            except OSError as error:
                raise StorageError(
                    f"{path}: cannot be removed ({error.strerror or error}); check its permissions"
                ) from error


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and len(text.encode()) <= _NAME_BYTES
