"""A folder as it was downloaded, or a zip of it: which files it holds, and what stands in the small ones."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from taglab.archives import Limits, opened_zip
from taglab.errors import NO_SUCH_FILE, DataError, unreadable
from taglab.reprs import one_line
from taglab.sources.reading import Tally, existing_file
from taglab.suffixes import AUDIO_SUFFIXES

# Only names and small texts in a zip are read, whatever it would unpack to.
_LIMITS = Limits(largest_ratio=1 << 20, largest_bytes=1 << 45, most_files=1_000_000)
# Lists of a thousand files; of many such texts none may be long.
_LARGEST_TEXT_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class FileTree:
    """Files below a folder or in a zip.

    Attributes:
        path: The folder or the zip.
        places: Of the files below the last folder that all of them are in, by name; hidden ones left out.
        around: The folders around all of them; `path` itself where there are none.
        content: Gives the bytes of the file at a place, at most so many.
    """

    path: Path
    places: tuple[PurePosixPath, ...]
    around: PurePosixPath
    content: Callable[[PurePosixPath, int], bytes]

    __repr__ = one_line

    def sound(self) -> list[PurePosixPath]:
        """Return the places of sound, by suffix."""
        return [place for place in self.places if place.suffix.lower() in AUDIO_SUFFIXES]

    def text(self, place: PurePosixPath) -> str:
        """Return what stands in a small file; bytes that are no UTF-8 become U+FFFD.

        Raises:
            DataError: If it is larger than any such file could be, or cannot be read.
        """
        content = self.content(place, _LARGEST_TEXT_BYTES + 1)
        if len(content) > _LARGEST_TEXT_BYTES:
            raise DataError(
                self.path / place, f"is larger than the {_LARGEST_TEXT_BYTES >> 20} MiB it may be"
            )
        return content.decode("utf-8-sig", errors="replace")

    def tally_others(self, tally: Tally, used: Iterable[PurePosixPath] = ()) -> None:
        """Count the files that are neither sound nor of use."""
        taken = {*self.sound(), *used}
        others = Counter(place.suffix.lower() or "no suffix" for place in self.places if place not in taken)
        for suffix, count in others.items():
            tally.add(f"no sound by its suffix ({suffix})", "files", count=count)


@contextmanager
def opened_tree(path: Path) -> Iterator[FileTree]:
    """Open a folder, or a zip of one.

    Raises:
        DataError: If there is no such folder or zip, or a zip is damaged or unsafe.
    """
    if path.is_dir():
        yield _tree(path, _places_below(path), lambda place, most: _bytes_of(path / place, most))
        return
    if not path.exists():
        raise DataError(path, NO_SUCH_FILE)
    with opened_zip(existing_file(path), _LIMITS) as archive:
        members = {PurePosixPath(file.filename.replace("\\", "/")): file for file in archive.files}

        def content(place: PurePosixPath, most: int) -> bytes:
            with archive.opened(members[place]) as stream:
                return stream.read(most)

        yield _tree(path, list(members), content)


def _tree(
    path: Path, places: list[PurePosixPath], content: Callable[[PurePosixPath, int], bytes]
) -> FileTree:
    around = _common_folder(places)
    inner = sorted(place.relative_to(around) for place in places)
    return FileTree(path, tuple(inner), around, lambda place, most: content(around / place, most))


def _places_below(path: Path) -> list[PurePosixPath]:
    places = []
    for root, folders, names in os.walk(path):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        below = PurePosixPath(Path(root).relative_to(path).as_posix())
        places += [below / name for name in names if not name.startswith(".")]
    return places


def _bytes_of(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        raise unreadable(file, error) from error


def _common_folder(places: list[PurePosixPath]) -> PurePosixPath:
    """Return the last folder that all files are in, if there are folders in it."""
    around = PurePosixPath()
    rest = [place.parts for place in places]
    while rest and len({parts[0] for parts in rest}) == 1 and max(map(len, rest)) > 2:
        around /= rest[0][0]
        rest = [parts[1:] for parts in rest]
    return around


def names_of_sound(places: Iterable[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Return what the track of each file is called: as the file without its suffix, or, where two files are
    called so, with its folders ("rock/01").
    """
    listed = list(places)
    stems = Counter(place.stem for place in listed)
    return {place: place.stem if stems[place.stem] == 1 else str(place.with_suffix("")) for place in listed}
