"""Sound in folders by class, as GTZAN and others are handed out: rock/song.wav is a track tagged rock."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from taglab.archives import Limits, opened_zip
from taglab.errors import NO_SUCH_FILE, DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import QUOTED, Assignments, existing_file
from taglab.sources.source import Source
from taglab.suffixes import AUDIO_SUFFIXES

# Only the names in a zip are read, whatever it would unpack to.
_LIMITS = Limits(largest_ratio=1 << 20, largest_bytes=1 << 45, most_files=1_000_000)


class FoldersSettings(BaseModel):
    """Options of the reader of folders by class: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read(path: Path, name: str, settings: FoldersSettings, progress: Progress = silent) -> Folksonomy:
    """Read which sound lies in which folder; no sound is opened.

    Args:
        path: The folder that holds a folder for each class, or a zip of it. Where it holds nothing but one
            folder, that is looked into.
        name: What to call the folksonomy. A track is called as its file without the suffix, or, where two
            are called so, by its folders too ("rock/01"); its column `path` lets `taglab audio add` find it.
        settings: None to make.
        progress: Told once.

    Raises:
        DataError: If there is no such folder, or no sound in folders.
    """
    progress(0.0, f"looking into {path.name}")
    places = sorted(_without_common_folder([PurePosixPath(place) for place in _files(path)]))
    sound = [place for place in places if place.suffix.lower() in AUDIO_SUFFIXES]
    assignments = Assignments(("path",))
    others = Counter(place.suffix.lower() or "no suffix" for place in places if place not in set(sound))
    for suffix, count in others.items():
        assignments.tally.add(f"no sound by its suffix ({suffix})", "files", count=count)
    stems = Counter(place.stem for place in sound)
    for place in sound:
        if len(place.parts) == 1:
            assignments.tally.add("not in the folder of a class", "files", str(place))
            continue
        track = place.stem if stems[place.stem] == 1 else str(place.with_suffix(""))
        assignments.assign(assignments.track(QUOTED + track, (str(place),)), QUOTED + place.parts[0])
    n_classes = len(assignments.tags)
    assignments.reading.append(
        f"Each of {n_classes:,} folders is a tag, and the sound in it the tracks that have it."
    )
    return assignments.folksonomy(path, name)


def _files(path: Path) -> list[str]:
    """Return the places of the files below a folder or in a zip, hidden ones left out."""
    if path.is_file():
        with opened_zip(existing_file(path), _LIMITS) as archive:
            return [file.filename.replace("\\", "/") for file in archive.files]
    if not path.is_dir():
        raise DataError(path, NO_SUCH_FILE)
    places = []
    for root, folders, names in os.walk(path):
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        places += [Path(root, one).relative_to(path).as_posix() for one in names if not one.startswith(".")]
    return places


def _without_common_folder(places: list[PurePosixPath]) -> list[PurePosixPath]:
    """Return places below the last folder that all of them are in, if there are folders in it."""
    while (
        places
        and len({place.parts[0] for place in places}) == 1
        and max(len(one.parts) for one in places) > 2
    ):
        places = [place.relative_to(place.parts[0]) for place in places]
    return places


SOURCE = Source(
    name="folders",
    title="Sound in folders by class",
    about="Folders named by genre or another class, each with its sound: a track has the tag of its folder.",
    files="the folder that holds the folders, or a zip of it",
    example="taglab data add folders genres_original/ --name gtzan",
    read=read,
    settings=FoldersSettings,
)
