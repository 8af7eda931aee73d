"""Songs whose parts lie apart, as MUSDB18 is published: the mixture of each is its sound, parts are stems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from taglab.audio.files import AudioFiles
from taglab.errors import NO_SUCH_FILE, DataError, InvalidSetting
from taglab.suffixes import PART_NAMES, STEM_FILE

__all__ = ["files_of_parts"]

_MIXTURE = PART_NAMES[0]


def files_of_parts(folder: Path, parts: Sequence[str]) -> tuple[AudioFiles, dict[str, AudioFiles]]:
    """Return the files of all mixtures below a folder, and those of some of their parts.

    Args:
        folder: Holds at any depth a folder for each song with mixture.wav, vocals.wav …, or a file
            SONG.stem.mp4 with five sounds, in the order of `PART_NAMES`. What is hidden is passed over.
        parts: Of `PART_NAMES`, without the mixture.

    Returns:
        The mixtures, then by part its files; a track is called as its song's folder, or its file without
        .stem.mp4. A song that lacks a part's file has no row in that part.

    Raises:
        InvalidSetting: If there is no such part.
        DataError: If there is no such folder, or no song in it.
    """
    for part in parts:
        if part not in PART_NAMES[1:]:
            raise InvalidSetting(f"part={part!r} must be one of {', '.join(PART_NAMES[1:])}")
    if not folder.is_dir():
        reason = "is no folder; unpack it, for songs in parts" if folder.exists() else NO_SUCH_FILE
        raise DataError(folder, reason)
    songs = {
        part: pd.DataFrame(_packed(folder, part) + _apart(folder, part), columns=["track", "path", "stream"])
        for part in (_MIXTURE, *parts)
    }
    if songs[_MIXTURE].empty:
        raise DataError(folder, f"holds no song in parts: neither a {_MIXTURE}.wav nor a file *{STEM_FILE}")
    of_parts = {part: AudioFiles(table) for part, table in songs.items()}
    return of_parts.pop(_MIXTURE), of_parts


def _packed(folder: Path, part: str) -> list[tuple[str, str, int | None]]:
    number = PART_NAMES.index(part)
    files = _visible(folder, f"*{STEM_FILE}")
    return [(file.name.removesuffix(STEM_FILE), str(file), number) for file in files]


def _apart(folder: Path, part: str) -> list[tuple[str, str, int | None]]:
    return [(file.parent.name, str(file), None) for file in _visible(folder, f"{part}.wav")]


def _visible(folder: Path, pattern: str) -> list[Path]:
    files = (file for file in folder.rglob(pattern) if file.is_file())
    return sorted(f for f in files if not any(one.startswith(".") for one in f.relative_to(folder).parts))
