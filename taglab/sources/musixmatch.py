"""Words of the Million Song Dataset's songs, by musiXmatch: `mxm_dataset_train.txt`, `mxm_dataset_test.txt`.

Lines that begin with # are comments; one that begins with % holds the words, stemmed, with commas between,
the most used first. Every other line is a song: the track's id, musiXmatch's id, and pairs of a word's
number, from 1, and how often it comes (`TRAAAAV128F421A322,4623710,1:6,2:4`). 237,662 tracks, 5,000 words.
Words stand as tags, their counts as weights.

Source: Bertin-Mahieux, Ellis, Whitman, Lamere, "The Million Song Dataset", ISMIR 2011;
http://millionsongdataset.com/musixmatch
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import (
    Tally,
    Vocabulary,
    files_of,
    open_text,
    part_of,
    require_assignments,
    split_named,
)
from taglab.sources.source import Source

_FILES = ("mxm_dataset*.txt", "mxm_dataset*.txt.gz", "mxm_dataset*.zip", "mxm_dataset*.txt.zip")
_LARGEST_COUNT = 1_000_000
_LINES_BETWEEN = 2_000


class MusixmatchSettings(BaseModel):
    """Options of the musiXmatch reader.

    Attributes:
        min_count: Least number of times that a word comes in a song to be kept with it, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_count: int = Field(default=1, ge=1)


class _Songs:
    """Collects songs and their words."""

    def __init__(self, min_count: int) -> None:
        self.min_count, self.tally = min_count, Tally()
        self.words: list[str] = []
        self.tracks = Vocabulary(("",))
        self.mxm: list[str] = []
        self.splits: list[str | None] = []
        self.track_codes, self.word_codes, self.counts = array("q"), array("q"), array("f")

    def line(self, cells: list[str], split: str | None, where: str) -> None:
        """Take a song."""
        if not cells[0].strip() or len(cells) < 2:
            self.tally.add("no track, or nothing but a track", "rows", where)
            return
        known = len(self.tracks)
        track = self.tracks.code(cells[0])
        if track != known:
            self.tally.add("a track seen before; the first is kept", "rows", cells[0])
            return
        self.mxm.append(cells[1].strip())
        self.splits.append(split)
        for pair in filter(None, map(str.strip, cells[2:])):
            self._pair(track, pair, where)

    def _pair(self, track: int, pair: str, where: str) -> None:
        number, _, times = pair.partition(":")
        # Plain digits: int alone would read "1_0", and digits of other scripts.
        if not (number.isascii() and number.isdigit() and times.isascii() and times.isdigit()):
            self.tally.add("no pair of a word's number and how often it comes", "assignments", where)
        elif len(number) > len(str(len(self.words))) or not 1 <= int(number) <= len(self.words):
            self.tally.add("number of no word", "assignments", where)
        elif len(times) > len(str(_LARGEST_COUNT)) or not 1 <= int(times) <= _LARGEST_COUNT:
            self.tally.add(f"a count outside 1 to {_LARGEST_COUNT:,}", "assignments", where)
        elif int(times) < self.min_count:
            self.tally.add(f"comes fewer than {self.min_count} times", "assignments")
        else:
            self.track_codes.append(track)
            self.word_codes.append(int(number) - 1)
            self.counts.append(int(times))


def read(path: Path, name: str, settings: MusixmatchSettings, progress: Progress = silent) -> Folksonomy:
    """Read one of the files, or a folder that holds both.

    Args:
        path: The file, also gzipped or alone in a zip archive, or the folder; there the file a track is from
            becomes its column `split`.
        name: What to call the folksonomy.
        settings: The least count.
        progress: Told as the files are read.

    Returns:
        Tracks with musiXmatch's id (`mxm`); words as tags, and how often each comes as weights.

    Raises:
        DataError: If it is not such a file, is damaged, or the files have different words.
    """
    files = files_of(path, _FILES) if path.is_dir() else [path]
    songs = _Songs(settings.min_count)
    for number, file in enumerate(files):
        split = split_named(file) or _split_of(file) if len(files) > 1 else None
        _read_file(file, songs, split, part_of(progress, number, len(files)))
    songs.tracks.report(songs.tally, "tracks")
    require_assignments(path, len(songs.counts), songs.tally)
    table = pd.DataFrame(
        {
            "track": songs.tracks.texts,
            "mxm": pd.array(songs.mxm, dtype="str"),
            "split": pd.array(songs.splits, dtype="str"),
        }
    )
    return Folksonomy.from_codes(
        name,
        table if any(songs.splits) else table.drop(columns="split"),
        songs.words,
        np.frombuffer(songs.track_codes, np.int64),
        np.frombuffer(songs.word_codes, np.int64),
        np.frombuffer(songs.counts, np.float32),
        songs.tally.notes(),
    )


def _split_of(file: Path) -> str | None:
    return next((part for part in ("train", "test") if part in file.name.lower()), None)


def _read_file(path: Path, songs: _Songs, split: str | None, progress: Progress) -> None:
    with open_text(path, "utf-8") as text:
        has_words = False
        progress(0.0, f"reading {path.name}")
        for number, line in _lines(text.lines):
            if number % _LINES_BETWEEN == 0:
                progress(text.fraction(), f"reading {path.name}")
            if line.startswith("%"):
                _take_words(path, songs, line[1:].split(","), number)
                has_words = True
            elif not has_words:
                raise DataError(
                    path,
                    "has a song before the line that begins with % and holds the words; musiXmatch's "
                    "mxm_dataset_train.txt is wanted here",
                    number,
                )
            else:
                songs.line(line.split(","), split, f"{path.name}, line {number}")
    if not has_words:
        raise DataError(path, "has no line that begins with % and holds the words; was it cut short?")


def _lines(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Give number and text of the lines that are neither blank nor a comment."""
    for number, line in enumerate(lines, 1):
        plain = line.strip()
        if plain and not plain.startswith("#"):
            yield number, plain


def _take_words(path: Path, songs: _Songs, words: Sequence[str], number: int) -> None:
    vocabulary = Vocabulary(("",))
    for word in words:
        if vocabulary.code(word) != len(vocabulary) - 1:
            raise DataError(path, f"lists the word {word.strip()!r} twice, or an empty one", number)
    if songs.words and songs.words != vocabulary.texts:
        raise DataError(path, "has other words than the file before; give files of one release", number)
    songs.words = vocabulary.texts


SOURCE = Source(
    name="musixmatch",
    title="Lyrics of the Million Song Dataset",
    about="The words of a quarter of a million songs as bags of 5,000 stems, by musiXmatch.",
    files="mxm_dataset_train.txt or mxm_dataset_test.txt, also gzipped or zipped, or a folder with both",
    example="taglab data add musixmatch mxm_dataset_train.txt --name lastfm-lyrics",
    read=read,
    settings=MusixmatchSettings,
)
