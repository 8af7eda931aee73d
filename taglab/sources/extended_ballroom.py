"""Extended Ballroom: 4,180 excerpts of 30 s of thirteen dances, by its `extendedballroom_v1.1.xml`.

Under the root stands an element for each dance, and in it one for each song, with its number `id`, `artist`,
`title`, `album` and `bpm` as attributes; the sound is downloaded to a folder for each dance,
`Chacha/100701.mp3`. Songs that repeat others name them: as `exact` copies, in other `time`, as `karaoke`, or
as another `version`.

Source: Marchand, Peeters, "The Extended Ballroom dataset", ISMIR 2016, late-breaking session; its README.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.sources.reading import QUOTED, Assignments, existing_file, files_of
from taglab.sources.source import Source

REPETITIONS = ("exact", "time", "karaoke", "version")
_COLUMNS = ("path", "dance", "artist", "title", "album", "tempo_bpm", "recording")
_LARGEST_BYTES = 64 << 20
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


class ExtendedBallroomSettings(BaseModel):
    """Options of the Extended Ballroom reader.

    Attributes:
        repetitions: Whether songs stay that repeat another; otherwise the first of each stays alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repetitions: bool = True


@dataclass(frozen=True, eq=False)
class _Song:
    """A song as the file has it; `repeats` are the numbers of songs that it names as the same music."""

    number: str
    dance: str
    about: dict[str, str]
    repeats: tuple[str, ...]

    __repr__ = one_line


def read(
    path: Path, name: str, settings: ExtendedBallroomSettings, progress: Progress = silent
) -> Folksonomy:
    """Read which song is which dance, and how fast.

    Args:
        path: The XML file, or the folder that holds it.
        name: What to call the folksonomy. A track is called by its number, or, where two dances have it, by
            dance and number; its column `path` lets `taglab audio add` find it.
        settings: What becomes of repetitions.
        progress: Told once.

    Returns:
        Dances are tags, and the column `dance`; `tempo_bpm` is in beats a minute; songs that name each other
        as repetitions have one `recording`, the number of the first.

    Raises:
        DataError: If there is no such file, or it is none of Extended Ballroom's.
    """
    progress(0.0, f"reading {path.name}")
    file = files_of(path, ("*.xml",))[0] if path.is_dir() else existing_file(path)
    assignments = Assignments(_COLUMNS)
    songs = list(_songs(file, assignments))
    recordings = _recordings(songs)
    dances = Counter(number for number, _ in {(song.number, song.dance) for song in songs})
    seen = set[str]()
    for song in songs:
        recording = recordings[song.number]
        if not settings.repetitions and recording in seen:
            assignments.tally.add("repeats a song seen before", "rows", song.number)
            continue
        seen.add(recording)
        track = song.number if dances[song.number] == 1 else f"{song.dance}/{song.number}"
        cells = (song.about.get(key) for key in ("artist", "title", "album", "bpm"))
        about = (f"{song.dance}/{song.number}.mp3", song.dance, *cells, recording)
        assignments.assign(assignments.track(QUOTED + track, about), QUOTED + song.dance)
    return assignments.folksonomy(path, name, numbers=("tempo_bpm",))


def _songs(file: Path, assignments: Assignments) -> Iterator[_Song]:
    """Give the songs of the file; what has no number is counted."""
    content = file.read_bytes() if file.stat().st_size <= _LARGEST_BYTES else b"\0"
    if b"\0" in content or _DECLARATION.search(content):  # a zero byte: UTF-16 would hide what is declared
        raise DataError(
            file, "is too large for Extended Ballroom's file, or declares entities; it is not read"
        )
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 (without declarations nothing can swell)
    except ElementTree.ParseError as error:
        raise DataError(file, f"is no XML ({error}); was the download cut short?") from error
    for dance in root:
        for song in dance:
            number = song.get("id", "").strip()
            if not _NUMBER.fullmatch(number):
                assignments.tally.add("without a number (id)", "rows", f"{dance.tag}: {song.get('title')}")
                continue
            repeats = [song.get(kind, "") for kind in REPETITIONS]
            for kind in REPETITIONS:
                repeats += [" ".join((*inner.attrib.values(), inner.text or "")) for inner in song.iter(kind)]
            numbers = tuple(_NUMBER.findall(" ".join(repeats)))
            yield _Song(number, dance.tag, {key: value.strip() for key, value in song.items()}, numbers)


def _recordings(songs: list[_Song]) -> dict[str, str]:
    """Return for each song the number of the first that it is one recording with, directly or by others."""
    first = {song.number: song.number for song in songs}
    order = {number: place for place, number in enumerate(first)}

    def root(number: str) -> str:
        while first[number] != number:
            number = first[number]
        return number

    for song in songs:
        for other in song.repeats:
            if other in first:
                early, late = sorted((root(song.number), root(other)), key=order.__getitem__)
                first[late] = early
    return {number: root(number) for number in first}


SOURCE = Source(
    name="extended-ballroom",
    title="Extended Ballroom",
    about="4,180 excerpts of thirteen dances with their tempi, by the XML file that is handed out.",
    files="extendedballroom_v1.1.xml, or the folder that holds it",
    example="taglab data add extended-ballroom extendedballroom_v1.1/ --name ballroom",
    read=read,
    settings=ExtendedBallroomSettings,
)
