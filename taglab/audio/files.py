"""Which audio file is which track's: found below a folder, in an archive, or said by a table."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from taglab import cache
from taglab.archives import Limits, opened_zip
from taglab.audio.decode import AUDIO_SUFFIXES
from taglab.cache import storage_error
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy, mend

__all__ = ["audio_files", "find_files", "read_file_table"]

_LIMITS = Limits(most_files=1_000_000)
_LONGEST_SUFFIX = 12


@contextlib.contextmanager
def audio_files(path: Path, folksonomy: Folksonomy | None = None) -> Iterator[pd.DataFrame]:
    """Give the audio files of a folder, a zip or a table, with the track of each.

    Args:
        path: What `find_files` takes, a .zip with audio files, or what `read_file_table` takes. A zip is
            unpacked into the cache for as long as the body runs.
        folksonomy: As for `find_files`.

    Yields:
        Columns `track` and `path`.

    Raises:
        DataError: If there is nothing of use.
        StorageError: If an archive cannot be unpacked for want of space.
    """
    if path.is_dir():
        yield find_files(path, folksonomy)
    elif path.suffix.lower() == ".zip":
        with _unpacked(path) as members:
            yield named([place for place, _ in members], [lies for _, lies in members], folksonomy)
    else:
        yield read_file_table(path)


def find_files(folder: Path, folksonomy: Folksonomy | None = None) -> pd.DataFrame:
    """Return the audio files below a folder, by their suffix, with the track of each.

    Args:
        folder: Hidden files and folders in it are passed over.
        folksonomy: Where its tracks have a column `path` (MagnaTagATune, MTG-Jamendo), a file at the end of
            that path is that track's.

    Returns:
        Columns `track` and `path`, by path. A track is called as its file without the suffix, or, where two
        files are called so, by its path below the folder ("a/01").

    Raises:
        DataError: If the folder is not there or has no audio file.
    """
    if not folder.is_dir():
        raise DataError(folder, "is not a folder; give the folder that holds the audio files")
    folder = folder.absolute()
    paths = sorted(_audio_files(folder))
    if not paths:
        raise DataError(folder, f"holds no audio file ({', '.join(sorted(AUDIO_SUFFIXES))})")
    return named([path.relative_to(folder).as_posix() for path in paths], paths, folksonomy)


def _audio_files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root, name) for name in names if _is_audio(name))


def _is_audio(name: str) -> bool:
    # macOS leaves files named "._x.mp3" beside x.mp3 that hold no sound.
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES


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
    placed = folksonomy.tracks[["track", "path"]].dropna()
    return {_last_parts(path): track for track, path in placed.astype(str).itertuples(index=False)}


def _last_parts(path: str) -> str:
    """Return folder and name, without suffixes: MTG-Jamendo hands out 14/214.mp3 as 14/214.low.mp3, too."""
    place = PurePosixPath(path)
    return f"{place.parent.name}/{place.name.split('.')[0]}"


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[list[tuple[str, Path]]]:
    """Unpack the audio files of an archive; give name in the archive and where it lies, by name."""
    parent = cache.home() / "uploads"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
    except OSError as error:
        raise storage_error(parent / path.name, error) from error
    try:
        yield _unpack(path, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(path: Path, folder: Path) -> list[tuple[str, Path]]:
    try:
        with opened_zip(path, _LIMITS) as archive:
            members = [member for member in archive.files if _is_wanted(member)]
            if not members:
                raise DataError(path, f"holds no audio file ({', '.join(sorted(AUDIO_SUFFIXES))})")
            found = []
            for number, member in enumerate(members):
                # No name of the archive's own choosing ever becomes a path.
                suffix = PurePosixPath(member.filename).suffix.lower()[:_LONGEST_SUFFIX]
                target = folder / f"{number:06d}{suffix}"
                archive.unpack(member, target)
                found.append((member.filename.replace("\\", "/"), target))
    except OSError as error:
        raise storage_error(folder / path.name, error) from error
    return sorted(found)


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and _is_audio(parts[-1])


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
    table = _read_table(path)
    if not {"track", "path"} <= set(table.columns):
        raise DataError(path, f"must have columns track and path; has {', '.join(map(str, table.columns))}")
    table = table[["track", "path"]]
    empty = np.flatnonzero(table.isna().any(axis=1))
    if len(empty):
        raise DataError(path, "has no track or no path here", line=int(empty[0]) + 2)
    texts = table.astype(str)
    return texts.assign(path=[str(path.parent / Path(each).expanduser()) for each in texts["path"]])


def _read_table(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        with path.open(encoding="utf-8-sig") as file:
            separator = "\t" if "\t" in file.readline() else ","
        return pd.read_csv(
            path, sep=separator, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
        )
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise DataError(path, f"is no table of text or Parquet ({error})") from error
