"""Sound in folders by class, as GTZAN and others are handed out: rock/song.wav is a track tagged rock."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.file_tree import names_of_sound, opened_tree
from taglab.sources.reading import QUOTED, Assignments
from taglab.sources.source import Source


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
    assignments = Assignments(("path",))
    with opened_tree(path) as tree:
        sound = tree.sound()
        tree.tally_others(assignments.tally)
    tracks = names_of_sound(sound)
    for place in sound:
        if len(place.parts) == 1:
            assignments.tally.add("not in the folder of a class", "files", str(place))
            continue
        row = assignments.track(QUOTED + tracks[place], (str(place),))
        assignments.assign(row, QUOTED + place.parts[0])
    n_classes = len(assignments.tags)
    assignments.reading.append(
        f"Each of {n_classes:,} folders is a tag, and the sound in it the tracks that have it."
    )
    return assignments.folksonomy(path, name)


SOURCE = Source(
    name="folders",
    title="Sound in folders by class",
    about="Folders named by genre or another class, each with its sound: a track has the tag of its folder.",
    files="the folder that holds the folders, or a zip of it",
    example="taglab data add folders genres_original/ --name gtzan",
    read=read,
    settings=FoldersSettings,
)
