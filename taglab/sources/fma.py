"""FMA: the Free Music Archive's tracks with their genres, `fma_metadata/` as it is downloaded.

`tracks.csv` has 106,574 rows and three rows of header: a first name over each column (album, artist, set,
track), a second below it, and one that names the column of ids alone. Its columns set/split and set/subset
say which part and which collection a track is in: `small` (8,000 tracks, 8 genres), `medium` (25,000, 16),
`large` (106,574 clips) and `full`, each with all of those before. `genres.csv` beside it names the 163 genres
that tracks give by number.

Source: Defferrard, Benzi, Vandergheynst, Bresson, "FMA: a dataset for music analysis", ISMIR 2017;
https://github.com/mdeff/fma
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from taglab.errors import NO_SUCH_FILE, DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.sources.reading import MISSING, QUOTED, Assignments, delimited_rows, open_text
from taglab.sources.source import Source

TRACKS, GENRES = "tracks.csv", "genres.csv"
SUBSETS = ("small", "medium", "large", "full")
_PARTS = {"training": "train", "validation": "validation", "test": "test"}
_COLUMNS = ("path", "genre", "split", "artist", "title", "album")
_NEEDED = {
    "split": ("set", "split"),
    "subset": ("set", "subset"),
    "genre": ("track", "genre_top"),
    "given": ("track", "genres"),
    "all": ("track", "genres_all"),
    "artist": ("artist", "name"),
    "title": ("track", "title"),
    "album": ("album", "title"),
}
_NUMBER = re.compile(r"\d{1,9}")

Genres = Literal["top", "given", "all"]


class FmaSettings(BaseModel):
    """Options of the FMA reader.

    Attributes:
        subset: Which tracks: those of this collection and of the smaller ones.
        genres: Which of a track's genres are its tags: its one of 16 at the "top", where it has just one; as
            "given" by the artist; or "all", with those that they are below.
        encoding: How the files are encoded, such as cp1252 or utf-16; where None, told by their mark, else
            UTF-8, else guessed, which is then said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subset: Literal["small", "medium", "large", "full"] = "medium"
    genres: Genres = "top"
    encoding: str | None = None


@dataclass(frozen=True, eq=False)
class _Columns:
    """Where the cells of a row lie, by what they hold."""

    place: dict[str, int]
    width: int

    __repr__ = one_line

    def cell(self, row: Sequence[str], name: str) -> str:
        return row[self.place[name]].strip()


def read(path: Path, name: str, settings: FmaSettings, progress: Progress = silent) -> Folksonomy:
    """Read tracks and genres.

    Args:
        path: `tracks.csv`, or the folder that holds it.
        name: What to call the folksonomy. A track is called by its number in six digits, as its file is, and
            its column `path` ("000/000002.mp3") lets `taglab audio add` find it.
        settings: Which tracks, and which genres are their tags.
        progress: Told as the file is read.

    Returns:
        Genres are tags; of tracks `genre` is the one at the top, `split` is as published (train, validation,
        test), and artist, title and album are known.

    Raises:
        DataError: If a file is missing, cut short, or lacks a column.
        InvalidSetting: If the encoding is none.
    """
    path = path / TRACKS if path.is_dir() else path
    assignments = Assignments(_COLUMNS)
    names = {} if settings.genres == "top" else _genre_names(path.with_name(GENRES), settings, progress)
    wanted = SUBSETS[: SUBSETS.index(settings.subset) + 1]
    with _opened(path, settings, assignments, progress) as (columns, rows):
        for line, row in rows:
            if len(row) != columns.width:
                assignments.tally.add("not as many columns as the header", "rows", f"line {line}")
            elif not _NUMBER.fullmatch(row[0].strip()):
                assignments.tally.add("its track has no number", "rows", f"line {line}: {row[0]}")
            elif columns.cell(row, "subset") not in wanted:
                assignments.tally.add(f"not of the subset {settings.subset}", "rows", row[0])
            else:
                _take(assignments, columns, row, settings, names)
    return assignments.folksonomy(path, name)


def _take(
    assignments: Assignments,
    columns: _Columns,
    row: Sequence[str],
    settings: FmaSettings,
    names: dict[str, str],
) -> None:
    """Take a track with its tags; what gives it none is counted."""
    number = f"{int(row[0]):06d}"
    cells = {name: columns.cell(row, name) for name in ("genre", "split", "artist", "title", "album")}
    part = _PARTS.get(cells["split"])
    about = (f"{number[:-3]}/{number}.mp3", cells["genre"], part, *(cells[name] for name in _COLUMNS[3:]))
    track = assignments.track(QUOTED + number, about)
    if track == MISSING:
        return
    if settings.genres == "top":
        tags = [cells["genre"]]
    else:
        codes = _NUMBER.findall(columns.cell(row, settings.genres))
        tags = [names[code] for code in codes if code in names]
        if len(tags) < len(codes):
            assignments.tally.add(f"a number of no genre in {GENRES}", "assignments", number)
    if not any(tags):
        assignments.tally.add("without a genre", "tracks", number)
    for tag in filter(None, tags):
        assignments.assign(track, tag)


@contextmanager
def _opened(
    path: Path, settings: FmaSettings, assignments: Assignments, progress: Progress
) -> Iterator[tuple[_Columns, Iterator[tuple[int, list[str]]]]]:
    """Open the table of tracks, and give where its columns lie and its rows after the header."""
    with open_text(path, settings.encoding) as text:
        assignments.reading += [f"{path.name}: {note}" for note in text.notes]
        rows = delimited_rows(path, text, ",", quotes=True, progress=progress)
        above, below = (next(rows, (1, []))[1] for _ in range(2))
        header = list(zip(map(str.strip, above), map(str.strip, below), strict=False))
        missing = [name for name in _NEEDED.values() if name not in header]
        if missing or len(above) != len(below):
            lacks = f"; it lacks {'/'.join(missing[0])}" if missing else ""
            raise DataError(path, f"must have FMA's two rows of names over its columns{lacks}", line=1)
        place = {what: header.index(name) for what, name in _NEEDED.items()}
        after = (one for one in rows if one[1][0].strip() != "track_id")
        yield _Columns(place, len(header)), after


def _genre_names(path: Path, settings: FmaSettings, progress: Progress) -> dict[str, str]:
    """Return what genres are called, by number."""
    if not path.is_file():
        raise DataError(path, f"{NO_SUCH_FILE}; it names the genres that tracks give by number")
    with open_text(path, settings.encoding) as text:
        rows = delimited_rows(path, text, ",", quotes=True, progress=silent)
        header = next(rows, (1, []))[1]
        if "genre_id" not in header or "title" not in header:
            raise DataError(path, "must have the columns genre_id and title", line=1)
        number, title = header.index("genre_id"), header.index("title")
        return {row[number]: row[title].strip() for _, row in rows if len(row) == len(header)}


SOURCE = Source(
    name="fma",
    title="FMA",
    about="The Free Music Archive: 8,000 to 106,574 tracks with their genres, artists and a published split.",
    files=f"fma_metadata/, or the {TRACKS} in it; {GENRES} beside it names genres given by number",
    example="taglab data add fma fma_metadata/ --name fma --subset medium",
    read=read,
    settings=FmaSettings,
)
