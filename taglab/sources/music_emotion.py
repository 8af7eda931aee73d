"""Emotion in music as MediaEval had it, and DEAM: songs with mean arousal and valence, 1 to 9, of listeners.

As downloaded: the set of 2013 has `static_annotations.csv` (744 songs: song_id, mean_arousal, std_arousal,
mean_valence, std_valence) and `songs_info.csv`, whose last column tells 619 songs of development from 125 of
evaluation. DEAM has `static_annotations_averaged_songs_1_2000.csv` and `…_2000_2058.csv` (1,802 songs:
song_id, valence_mean, valence_std, arousal_mean, arousal_std) and `metadata_2013.csv`, `…2014…`, `…2015…`.

Source: Soleymani, Caro, Schmidt, Sha, Yang, "1000 songs for emotional analysis of music", CrowdMM 2013;
Aljanaki, Yang, Soleymani, "Developing a benchmark for emotional analysis of music", PLoS ONE 12 (2017).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.errors import NO_SUCH_FILE, DataError
from taglab.folksonomy import Folksonomy, mend
from taglab.progress import Progress, silent
from taglab.sources.plays import plain_names
from taglab.sources.reading import Tally, delimited_rows, existing_file, open_text
from taglab.sources.source import Source

_ANNOTATIONS = ("static_annotations.csv", "static_annotations_averaged_songs_*.csv")
_ABOUT = ("songs_info.csv", "metadata_20*.csv")
_NUMBERS = {
    "arousal": ("meanarousal", "arousalmean"),
    "valence": ("meanvalence", "valencemean"),
    "arousal_deviation": ("stdarousal", "arousalstd"),
    "valence_deviation": ("stdvalence", "valencestd"),
}
_TEXTS = {
    "artist": ("artist",),
    "title": ("songtitle", "title", "track"),
    "genre": ("genre",),
    "split": ("mediaeval2013set",),
}
_SONG = ("songid", "id")
_SONG_NUMBER = re.compile(r"\d{1,9}")
_PARTS = {"development": "train", "evaluation": "test"}
_LEAST, _MOST = 1.0, 9.0


class MusicEmotionSettings(BaseModel):
    """Options of the reader of MediaEval's emotions.

    Attributes:
        encoding: How the files are encoded, such as cp1252 or utf-16; where None, told by their mark, else
            UTF-8, else guessed, which is then said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str | None = None


def read(path: Path, name: str, settings: MusicEmotionSettings, progress: Progress = silent) -> Folksonomy:
    """Read what listeners felt of each song, on the whole.

    Args:
        path: The folder that holds the files, however deep; or a file of annotations, those about songs being
            looked for beside it.
        name: What to call the folksonomy. A track is called by the number of its song, as its file is.
        settings: How text is encoded.
        progress: Told as files are read.

    Returns:
        Tracks with `arousal` and `valence`, their deviations over listeners, and where it is told artist,
        title, genre and `split` (development is train, evaluation test). Genres stand as tags, too.

    Raises:
        DataError: If no file of annotations is there, or it lacks a column.
        InvalidSetting: If the encoding is none.
    """
    tally, reading = Tally(), list[str]()
    annotations, about = _files(path)
    numbers = dict[str, tuple[float, ...]]()
    for file in annotations:
        for song, cells in _rows(file, _NUMBERS, _NUMBERS, settings, tally, reading, progress):
            values = tuple(map(_number, cells))
            if not all(_LEAST <= value <= _MOST for value in values[:2]):
                tally.add(f"no arousal and valence of {_LEAST:g} to {_MOST:g}", "rows", f"song {song}")
            elif numbers.setdefault(song, values) != values:
                tally.add("a song seen before; the first row is kept", "rows", f"song {song}")
    if not numbers:
        raise DataError(path, "holds no song with arousal and valence")
    texts = dict[str, tuple[str, ...]]()
    for file in about:
        for song, cells in _rows(file, _TEXTS, (), settings, tally, reading, progress):
            texts.setdefault(song, tuple(cells))
    tally.add("without annotations of the whole", "songs", count=len(texts.keys() - numbers.keys()))
    return _folksonomy(name, numbers, texts, tally, reading)


def _folksonomy(
    name: str,
    numbers: dict[str, tuple[float, ...]],
    texts: dict[str, tuple[str, ...]],
    tally: Tally,
    reading: Sequence[str],
) -> Folksonomy:
    songs = sorted(numbers, key=int)
    columns: dict[str, object] = {"track": pd.array(songs, dtype="str")}
    for at, column in enumerate(_NUMBERS):
        columns[column] = np.array([numbers[song][at] for song in songs], np.float64)
    nothing = ("",) * len(_TEXTS)
    for at, column in enumerate(_TEXTS):
        cells = [texts.get(song, nothing)[at] for song in songs]
        if column == "split":
            cells = [_PARTS.get(cell.lower(), "") for cell in cells]
        if any(cells):
            columns[column] = pd.array([cell or None for cell in cells], dtype="str")
    tracks = pd.DataFrame(columns)
    genres = tracks.get("genre", pd.Series([None] * len(songs), dtype="str"))
    codes, tags = pd.factorize(genres)
    rows = np.flatnonzero(codes >= 0)
    return Folksonomy.from_codes(
        name, tracks, list(tags), rows, codes[rows], dropped=tally.notes(), reading=reading
    )


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """Return files of annotations, and those about songs."""
    if not path.is_dir():
        existing_file(path)
        return [path], _matching(path.parent, _ABOUT, deep=False)
    annotations = _matching(path, _ANNOTATIONS)
    if not annotations:
        raise DataError(path, f"holds no file named like {' or '.join(_ANNOTATIONS)}; {NO_SUCH_FILE}")
    return annotations, _matching(path, _ABOUT)


def _matching(folder: Path, patterns: Sequence[str], deep: bool = True) -> list[Path]:
    look = folder.rglob if deep else folder.glob
    return sorted(file for pattern in patterns for file in look(pattern) if file.is_file())


def _rows(
    path: Path,
    wanted: Mapping[str, Sequence[str]],
    needed: Collection[str],
    settings: MusicEmotionSettings,
    tally: Tally,
    reading: list[str],
    progress: Progress,
) -> Iterator[tuple[str, list[str]]]:
    """Give song and cells, in the order of `wanted`, of each row; empty texts for columns that are not there.

    Rows of DEAM's metadata are of several widths, for some songs have more labels than there are columns.
    """
    with open_text(path, settings.encoding) as text:
        reading += [f"{path.name}: {note}" for note in text.notes]
        first = text.lines.readline()
        delimiter = max(",;\t", key=first.count)
        header = plain_names(first.split(delimiter))
        places = {name: _place(header, names) for name, names in wanted.items()}
        song = _place(header, _SONG)
        lacks = [name for name in needed if places[name] < 0] + ["song_id"] * (song < 0)
        if lacks:
            raise DataError(path, f"lacks a column of {lacks[0]}", line=1)
        for line, row in delimited_rows(path, text, delimiter, quotes=True, progress=silent):
            cells = [mend(row[at]).strip() if 0 <= at < len(row) else "" for at in places.values()]
            number = row[song].strip() if song < len(row) else ""
            if not _SONG_NUMBER.fullmatch(number):
                tally.add("no number of a song", "rows", f"{path.name}, line {line + 1}")
                continue
            yield str(int(number)), cells
    progress(0.5, f"read {path.name}")


def _place(header: Sequence[str], names: Sequence[str]) -> int:
    return next((header.index(name) for name in names if name in header), -1)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


SOURCE = Source(
    name="music-emotion",
    title="Emotion in music (MediaEval, DEAM)",
    about="Songs with mean arousal and valence of listeners: 744 of MediaEval 2013, or the 1,802 of DEAM.",
    files="the folder that holds static_annotations*.csv, or one such; what tells of songs is found beside",
    example="taglab data add music-emotion emoMusic/ --name emotion",
    read=read,
    settings=MusicEmotionSettings,
)
