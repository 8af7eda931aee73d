"""Which audio file is which track's: those below a folder, in an archive, or those that a table names."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from taglab.archives import Limits, opened_zip
from taglab.audio.streams import AUDIO_SUFFIXES
from taglab.cache import UPLOADS, home, scratch_folder, storage_error
from taglab.errors import NO_SUCH_FILE, DataError, InvalidSetting, unreadable
from taglab.folksonomy import Folksonomy, mend
from taglab.paths import typed_path
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line

__all__ = ["AudioFiles", "audio_files", "find_files", "read_file_table", "read_table"]

_LIMITS = Limits(most_files=1_000_000)
_LONGEST_SUFFIX = 12


@dataclass(frozen=True, eq=False)
class AudioFiles:
    """Audio files with the track of each.

    Attributes:
        table: Columns `track` and `path`, one row a file.
        passed_over: How many files beside them have an ending that nothing here reads, by ending, the most
            frequent first; "hidden" stands for those whose name or folder begins with a dot.

    Raises:
        InvalidSetting: If a column is missing.
    """

    table: pd.DataFrame
    passed_over: dict[str, int] = field(default_factory=dict)

    __repr__ = one_line

    def __post_init__(self) -> None:
        if not {"track", "path"} <= set(self.table.columns):
            raise InvalidSetting(f"files must have columns track and path; has {list(self.table.columns)}")


@contextlib.contextmanager
def audio_files(
    path: Path, folksonomy: Folksonomy | None = None, progress: Progress = silent
) -> Iterator[AudioFiles]:
    """Give the audio files of a folder, a zip or a table, with the track of each.

    Args:
        path: What `find_files` takes, a .zip with audio files, or what `read_file_table` takes. A zip is
            unpacked into the cache for as long as the body runs.
        folksonomy: As for `find_files`.
        progress: Told after every file that is unpacked.

    Yields:
        The files.

    Raises:
        DataError: If there is nothing under the path, or nothing of use.
        StorageError: If an archive cannot be unpacked for want of space.
    """
    if path.is_dir():
        yield find_files(path, folksonomy)
    elif path.suffix.lower() == ".zip":
        with _unpacked(path, progress) as (members, passed_over):
            table = named([place for place, _ in members], [lies for _, lies in members], folksonomy)
            yield AudioFiles(table, passed_over)
    else:
        yield AudioFiles(read_file_table(path))


def find_files(folder: Path, folksonomy: Folksonomy | None = None) -> AudioFiles:
    """Return the audio files below a folder, by their suffix, with the track of each.

    Args:
        folder: Hidden files in it are passed over, and counted; hidden folders are not looked into.
        folksonomy: Where its tracks have a column `path` (MagnaTagATune, MTG-Jamendo), a file at the end of
            that path is that track's.

    Returns:
        The files, by path. A track is called as its file without the suffix, or, where two files are called
        so, by its path below the folder ("a/01").

    Raises:
        DataError: If the folder is not there or has no audio file.
    """
    if not folder.exists():
        raise DataError(folder, NO_SUCH_FILE)
    if not folder.is_dir():
        raise DataError(folder, "is not a folder; give the folder that holds the audio files")
    folder = folder.absolute()
    below = list(_files_below(folder))
    paths = sorted(path for path in below if not _why_not(path.name))
    passed_over = _counted_endings(_why_not(path.name) for path in below)
    if not paths:
        raise _no_audio(folder, passed_over)
    table = named([path.relative_to(folder).as_posix() for path in paths], paths, folksonomy)
    return AudioFiles(table, passed_over)


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root, name) for name in names)


def _why_not(name: str) -> str:
    """Return the ending for which a file is passed over, or "hidden"; nothing for an audio file."""
    # macOS leaves files named "._x.mp3" beside x.mp3 that hold no sound.
    if name.startswith("."):
        return "hidden"
    suffix = PurePosixPath(name).suffix.lower()
    return "" if suffix in AUDIO_SUFFIXES else suffix[:_LONGEST_SUFFIX] or "no ending"


def _counted_endings(endings: Iterable[str]) -> dict[str, int]:
    return dict(Counter(sorted(filter(None, endings))).most_common())


def _no_audio(path: Path, passed_over: dict[str, int]) -> DataError:
    others = ", ".join(f"{count:,} {ending}" for ending, count in passed_over.items()) or "nothing"
    return DataError(
        path, f"holds no audio file ({', '.join(sorted(AUDIO_SUFFIXES))}); what it holds: {others}"
    )


def named(places: list[str], paths: list[Path], folksonomy: Folksonomy | None = None) -> pd.DataFrame:
    """Return files with the track of each; see `find_files`.

    Args:
        places: Of the files, as their owner has them, with "/" between folders.
        paths: Where they lie.
        folksonomy: As for `find_files`.
    """
    below = [PurePosixPath(mend(place)) for place in places]
    tracks = pd.Series([path.stem for path in below])
    for longer in ([str(path.with_suffix("")) for path in below], [str(path) for path in below]):
        tracks = tracks.where(~tracks.duplicated(keep=False), pd.Series(longer))
    known = _tracks_by_path(folksonomy)
    if known:
        placed = [
            place if "/" in place else path.absolute().as_posix()
            for place, path in zip(places, paths, strict=True)
        ]
        found = pd.Series([known.get(_last_parts(each)) for each in placed])
        tracks = found.where(found.notna() & ~found.duplicated(keep=False), tracks)
    return pd.DataFrame({"track": tracks, "path": [str(path) for path in paths]})


def _tracks_by_path(folksonomy: Folksonomy | None) -> dict[str, str]:
    if folksonomy is None or "path" not in folksonomy.tracks.columns:
        return {}
    placed = folksonomy.tracks[["track", "path"]].dropna().astype(str)
    parts = placed["path"].map(_last_parts)
    # GTZAN's disco.00001.au and disco.00002.au differ only in what looks like a suffix.
    alone = ~parts.duplicated(keep=False)
    return dict(zip(parts[alone], placed["track"][alone], strict=True))


def _last_parts(path: str) -> str:
    """Return folder and name, without suffixes: MTG-Jamendo hands out 14/214.mp3 as 14/214.low.mp3, too."""
    place = PurePosixPath(path)
    return f"{place.parent.name}/{place.name.split('.')[0]}"


@contextlib.contextmanager
def _unpacked(path: Path, progress: Progress) -> Iterator[tuple[list[tuple[str, Path]], dict[str, int]]]:
    """Unpack the audio files of an archive.

    Yields:
        Name in the archive and where it lies, by name; and the endings of what was passed over.
    """
    if not path.exists():
        raise DataError(path, NO_SUCH_FILE)
    with scratch_folder(home() / UPLOADS, "sound") as folder:
        yield _unpack(path, folder, progress)


def _unpack(path: Path, folder: Path, progress: Progress) -> tuple[list[tuple[str, Path]], dict[str, int]]:
    try:
        with opened_zip(path, _LIMITS) as archive:
            reasons = [_why_no_member(member) for member in archive.files]
            passed_over = _counted_endings(reasons)
            members = [member for member, reason in zip(archive.files, reasons, strict=True) if not reason]
            if not members:
                raise _no_audio(path, passed_over)
            found = []
            for number, member in enumerate(members):
                # No name of the archive's own choosing ever becomes a path.
                suffix = PurePosixPath(member.filename).suffix.lower()[:_LONGEST_SUFFIX]
                target = folder / f"{number:06d}{suffix}"
                archive.unpack(member, target)
                progress((number + 1) / len(members), counted("unpacking files", number + 1, len(members)))
                found.append((member.filename.replace("\\", "/"), target))
    except OSError as error:
        raise storage_error(folder / path.name, error) from error
    return sorted(found), passed_over


def _why_no_member(member: zipfile.ZipInfo) -> str:
    """Return why a file of an archive is passed over, as `_why_not` does."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    hidden = any(part.startswith(".") for part in parts)
    return "hidden" if hidden else _why_not(parts[-1])


def read_file_table(path: Path) -> pd.DataFrame:
    """Read a table that says which file is which track's.

    Args:
        path: Comma- or tab-separated, or Parquet, with columns `track` and `path`; relative paths are below
            the table's folder.

    Returns:
        Columns `track` and `path`, text.

    Raises:
        DataError: If it cannot be read, lacks a column, or a row lacks a value.
    """
    table = read_table(path)
    if not {"track", "path"} <= set(table.columns):
        raise DataError(path, f"must have columns track and path; has {', '.join(map(str, table.columns))}")
    table = table[["track", "path"]]
    empty = np.flatnonzero(table.isna().any(axis=1))
    if len(empty):
        raise DataError(path, "has no track or no path here", line=int(empty[0]) + 2)
    texts = table.astype(str)
    return texts.assign(path=[str(path.parent / typed_path(each)) for each in texts["path"]])


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of any columns.

    Args:
        path: Comma- or tab-separated text, told apart by its first line, or Parquet.

    Returns:
        Cells of text, or, of Parquet, of whatever it holds; what is empty is NaN.

    Raises:
        DataError: If it is not there, or no such table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        with path.open(encoding="utf-8-sig") as file:
            separator = "\t" if "\t" in file.readline() else ","
        return pd.read_csv(
            path, sep=separator, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
        )
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise DataError(path, f"is no table of text or Parquet ({error})") from error
