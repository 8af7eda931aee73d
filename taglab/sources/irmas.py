"""IRMAS: excerpts of recordings with the instrument that is heard most, as the folders are downloaded.

Training: 6,705 excerpts of 3 s, in a folder for each instrument, with instrument, perhaps drums, and genre
in brackets in the file's name: `cel/008__[cel][nod][cla]0058__1.wav` is excerpt 1 of recording 58. Testing:
2,874 excerpts of 5 to 20 s in three parts, each with a text file of the same name that lists one to five
instruments, one a line.

Source: Bosch, Janer, Fuhrmann, Herrera, "A comparison of sound segregation techniques for predominant
instrument recognition in musical audio signals", ISMIR 2012; https://www.upf.edu/web/mtg/irmas
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, counted, silent
from taglab.reprs import one_line
from taglab.sources.file_tree import FileTree, names_of_sound, opened_tree
from taglab.sources.reading import QUOTED, Assignments
from taglab.sources.source import Source

INSTRUMENTS = {
    "cel": "cello",
    "cla": "clarinet",
    "flu": "flute",
    "gac": "acoustic guitar",
    "gel": "electric guitar",
    "org": "organ",
    "pia": "piano",
    "sax": "saxophone",
    "tru": "trumpet",
    "vio": "violin",
    "voi": "voice",
}
"""What the codes in names of files and folders stand for."""
GENRES = {
    "cla": "classical",
    "cou_fol": "country and folk",
    "jaz_blu": "jazz and blues",
    "lat_sou": "latin and soul",
    "pop_roc": "pop and rock",
}
DRUMS = {"dru": "drums", "nod": "no drums"}
"""Of some it stands as [---] that it is not known."""

_COLUMNS = ("path", "instrument", "genre", "drums", "recording", "split")
_TRAINING = re.compile(r"(?:\d+__)?\[([a-z]+)\](?:\[(dru|nod|---)\])?\[([a-z_]+)\](\d+)__\d+")
_TEXT = ".txt"


class IrmasSettings(BaseModel):
    """Options of the IRMAS reader: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, eq=False)
class _Excerpt:
    """What is known of an excerpt; texts, or None where it is not known."""

    instruments: Sequence[str]
    split: str
    genre: str | None = None
    drums: str | None = None
    recording: str | None = None

    __repr__ = one_line

    def cells(self, place: PurePosixPath) -> tuple[str | None, ...]:
        alone = self.instruments[0] if len(self.instruments) == 1 else None
        return (str(place), alone, self.genre, self.drums, self.recording, self.split)


def read(path: Path, name: str, settings: IrmasSettings, progress: Progress = silent) -> Folksonomy:
    """Read which excerpt has which instruments; no sound is opened.

    Args:
        path: The folder that holds the training folders, the testing parts, or both; or a zip of it.
        name: What to call the folksonomy. A track is called as its file without the suffix, or, where two
            are called so, by its folders too; its column `path` lets `taglab audio add` find it.
        settings: None to make.
        progress: Told as the texts of testing excerpts are read.

    Returns:
        Instruments are tags, by name, with the code in a column of the tags. Of tracks, `instrument` is the
        only one an excerpt has, `split` is train or test as published; of training excerpts `genre`, `drums`
        where it is marked, and `recording`, of which several excerpts may be.

    Raises:
        DataError: If there is no such folder, or no excerpt in it.
    """
    progress(0.0, f"looking into {path.name}")
    assignments = Assignments(_COLUMNS)
    for code in INSTRUMENTS.values():
        assignments.tags.code(code)
    with opened_tree(path) as tree:
        sound = tree.sound()
        texts = {place.with_suffix(""): place for place in tree.places if place.suffix.lower() == _TEXT}
        used = [texts[place.with_suffix("")] for place in sound if place.with_suffix("") in texts]
        tree.tally_others(assignments.tally, used)
        tracks = names_of_sound(sound)
        for number, place in enumerate(sound):
            if number % 500 == 0:
                progress(number / len(sound), counted("reading excerpts", number, len(sound)))
            excerpt = _trained(place) or _tested(tree, place, texts, assignments)
            if excerpt is not None:
                row = assignments.track(QUOTED + tracks[place], excerpt.cells(place))
                for instrument in excerpt.instruments:
                    assignments.assign(row, instrument)
    assignments.reading.append(
        "Instruments are tags; recordings are told apart for training excerpts only, genres and drums as the "
        "names of their files have them."
    )
    return assignments.folksonomy(path, name, _tags)


def _trained(place: PurePosixPath) -> _Excerpt | None:
    """Return what the name of a training excerpt says; None where it is not named as one."""
    match = _TRAINING.fullmatch(place.stem)
    if match is None or match[1] not in INSTRUMENTS:
        return None
    instrument, drums, genre, recording = match.groups()
    return _Excerpt(
        (INSTRUMENTS[instrument],), "train", GENRES.get(genre, genre), DRUMS.get(drums or ""), recording
    )


def _tested(
    tree: FileTree,
    place: PurePosixPath,
    texts: Mapping[PurePosixPath, PurePosixPath],
    assignments: Assignments,
) -> _Excerpt | None:
    """Return what the text beside a testing excerpt says; where it is of no use, count that, return None."""
    if place.with_suffix("") not in texts:
        reason = "not named as training excerpts are, and without a text that lists its instruments"
        assignments.tally.add(reason, "files", str(place))
        return None
    codes = dict.fromkeys(line.strip() for line in tree.text(texts[place.with_suffix("")]).splitlines())
    instruments = [INSTRUMENTS[code] for code in codes if code in INSTRUMENTS]
    for code in codes:
        if code and code not in INSTRUMENTS:
            assignments.tally.add("no code of an instrument", "lines", f"{place.stem}: {code}")
    if not instruments:
        assignments.tally.add("its text lists no instrument", "files", str(place))
        return None
    return _Excerpt(instruments, "test")


def _tags(texts: Sequence[str]) -> pd.DataFrame:
    codes = {name: code for code, name in INSTRUMENTS.items()}
    return pd.DataFrame({"tag": pd.array(texts, dtype="str"), "code": [codes[text] for text in texts]})


SOURCE = Source(
    name="irmas",
    title="IRMAS",
    about="Excerpts with the instruments heard most: one in 6,705 of training, several in 2,874 of testing.",
    files="the folder with the training folders, the testing parts, or both; or a zip of it",
    example="taglab data add irmas IRMAS/ --name irmas",
    read=read,
    settings=IrmasSettings,
)
