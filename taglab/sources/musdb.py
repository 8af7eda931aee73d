"""MUSDB18: 150 songs with their vocals, drums, bass and the rest apart, as the folders are downloaded.

100 songs are in `train`, 50 in `test`. In the uncompressed edition (HQ) a song is a folder,
`train/ARTIST - TITLE/mixture.wav` with `vocals.wav`, `drums.wav`, `bass.wav` and `other.wav` beside it; in
the other a file, `train/ARTIST - TITLE.stem.mp4`, of five sounds. Lists of another split may lie among the
folders, such as Kim's of 90, 10 and 50: `musdb18_train_0.txt`, a song a line.

Source: Rafii, Liutkus, Stöter, Mimilakis, Bittner, "The MUSDB18 corpus for music separation", 2017;
doi:10.5281/zenodo.1117372
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.file_tree import opened_tree
from taglab.sources.part_lists import listed_parts, part_lists
from taglab.sources.reading import QUOTED, Assignments
from taglab.sources.source import Source
from taglab.suffixes import PART_NAMES, STEM_FILE

_MIXTURE, _WAV = "mixture", ".wav"
_BETWEEN = " - "
_SPLITS = ("train", "test")
_UNNAMED = "not named as MUSDB18's are: ARTIST - TITLE"


class MusdbSettings(BaseModel):
    """Options of the MUSDB18 reader: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read(path: Path, name: str, settings: MusdbSettings, progress: Progress = silent) -> Folksonomy:
    """Read which songs there are; no sound is opened.

    Args:
        path: The folder with `train`, `test` or both, or a zip of it; lists of parts may lie in it.
        name: What to call the folksonomy. A track is called as its folder, or its file without .stem.mp4.
        settings: None to make.
        progress: Told once.

    Returns:
        Artists are tags, for the data set has none of its own. Of tracks, `path` is the mixture's, and
        `artist`, `title`, and `split`: as lists tell it, else train or test as the folders are.

    Raises:
        DataError: If there is no such folder, or no song in it.
    """
    progress(0.0, f"looking into {path.name}")
    assignments = Assignments(("path", "artist", "title", "split"))
    with opened_tree(path) as tree:
        lists = part_lists(tree)
        listed = listed_parts(tree, lists, assignments.tally, _listed)
        tree.tally_others(assignments.tally, lists)
        around = PurePosixPath(path.stem) / tree.around
        sound = tree.sound()
    songs = {place: _song(around / place) for place in sound}
    for place, song in songs.items():
        artist, dash, title = (song.name if song else "").partition(_BETWEEN)
        if song is not None and dash:
            folder = song.parent.name if song.parent.name in _SPLITS else None
            split = listed.get(song.name, folder)
            row = assignments.track(QUOTED + song.name, (str(place), artist, title, split))
            assignments.assign(row, QUOTED + artist)
        elif song is not None or place.stem not in PART_NAMES:
            assignments.tally.add(_UNNAMED, "files", str(place))
    if listed:
        names = ", ".join(str(place) for place in lists)
        assignments.reading.append(f"The split is that of {names}; it has {len(listed):,} songs.")
    assignments.reading.append("Artists are tags; there are no others.")
    return assignments.folksonomy(path, name)


def _song(place: PurePosixPath) -> PurePosixPath | None:
    """Return the place of a song, without suffix, of which a file has the mixture; None of other files."""
    if place.name.endswith(STEM_FILE):
        return place.with_name(place.name.removesuffix(STEM_FILE))
    return place.parent if (place.stem, place.suffix.lower()) == (_MIXTURE, _WAV) else None


def _listed(place: PurePosixPath) -> str:
    return place.stem.removesuffix(f"_{_MIXTURE}")


SOURCE = Source(
    name="musdb",
    title="MUSDB18",
    about="150 songs with vocals, drums, bass and the rest apart, to train and to test; artists for tags.",
    files="the folder with train, test or both, of WAV files (HQ) or .stem.mp4; or a zip of it",
    example="taglab data add musdb musdb18hq/ --name musdb",
    read=read,
    settings=MusdbSettings,
)
