"""What may be read beside the tags of a data set: who played what, and columns about the tracks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError, unreadable
from taglab.folksonomy import Folksonomy, mend
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.plays import TRACK_NAMES, PlaysFormat, plain_names, read_plays
from taglab.sources.reading import MISSING_MARKS, QUOTED, open_text
from taglab.sources.table_files import Row, TextFormat, is_parquet, open_table

_SEPARATOR = "<SEP>"
_TRACKS_PER_YEAR = ["year", "track", "artist", "title"]
_EXAMPLES = 5


class BesideTags(BaseModel):
    """What is read beside the tags.

    Attributes:
        plays: Table of (user, track[, count or rating]) rows: who played what. Its columns are told by their
            usual names: user, listener, … ; track, song, item, …; count, plays, listens, … or rating, stars,
            score; and timestamp, date, … where it says when. Kept beside the tags.
        plays_header: Whether the first row of that table names the columns; otherwise they are user, track
            and, if there is a third, count.
        plays_layout: "table" as told above; "taste-profile": user, song and count without a header, as
            train_triplets.txt has them; "lastfm-1k": user, time, artist and track with their MusicBrainz ids,
            a row a play without a header; a track without an id is called by artist and title. "lfm-1b-…":
            user, artist, album, track and time, of which one is the track.
        plays_songs: taste_profile_song_to_tracks.txt, where the plays are of songs and the tags of tracks;
            pairs in a sid_mismatches.txt beside it are left out.
        about: Table of one row a track, whose other columns are added to what is known of the tracks: year,
            tempo, …; also tracks_per_year.txt of the Million Song Dataset. Columns the tracks have stay.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    plays: Path | None = None
    plays_header: bool = True
    plays_layout: Literal[
        "table", "taste-profile", "lastfm-1k", "lfm-1b-artists", "lfm-1b-albums", "lfm-1b-tracks"
    ] = "table"
    plays_songs: Path | None = None
    about: Path | None = None

    def plays_format(self) -> PlaysFormat:
        """Return how the plays are read."""
        return PlaysFormat(self.plays_header, layout=self.plays_layout, songs=self.plays_songs)


FILES_BESIDE = ("plays", "plays_songs", "about")
"""Settings that are paths of files."""


def read_plays_beside(
    settings: BesideTags, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions | None:
    """Read the plays that the settings name; None where they name none."""
    if settings.plays is None:
        return None
    try:
        return read_plays(settings.plays, folksonomy, settings.plays_format(), progress)
    except OSError as error:
        raise unreadable(settings.plays, error) from error


def with_columns(folksonomy: Folksonomy, path: Path | None, progress: Progress = silent) -> Folksonomy:
    """Return a folksonomy whose tracks have more columns.

    A column of which every cell that is filled is a number holds numbers, others texts. Of a track that comes
    twice the first row counts, of a column's name the first column, which is said.

    Args:
        folksonomy: Whose tracks.
        path: A table (CSV, TSV, Parquet, ARFF) with a column that names the track and others; or
            tracks_per_year.txt. The same folksonomy is returned where None.
        progress: Told as it is read.

    Raises:
        DataError: If it cannot be read, names no track, or has none of the folksonomy's.
    """
    if path is None:
        return folksonomy
    with _opened(path, progress) as (header, rows):
        at = _track_place(path, header)
        places = _new_places(header, at, folksonomy)
        cells, n_taken, others = _aligned(rows, at, places, folksonomy.tracks["track"].tolist())
    if not n_taken:
        raise DataError(path, f"has none of the tracks of {folksonomy.name} in its column {header[at]!r}")
    columns = {header[place]: _typed(column) for place, column in zip(places, cells, strict=True)}
    names = ", ".join(map(repr, columns)) or "none that the tracks did not have"
    note = (
        f"About tracks: {names}, from {path.name}; it has {n_taken:,} of {folksonomy.n_tracks:,} "
        f"tracks{_strangers(others, folksonomy)}.{_repeated(header)}"
    )
    return _with_tables(folksonomy, columns, note)


def _new_places(header: Sequence[str], at: int, folksonomy: Folksonomy) -> list[int]:
    """Return the places of columns that the tracks do not have; of a name that comes again, the first."""
    return [
        place
        for place, name in enumerate(header)
        if name and place != at and name not in folksonomy.tracks.columns and header.index(name) == place
    ]


def _repeated(header: Sequence[str]) -> str:
    """Say which names of columns come again, whose later columns are not taken; nothing where none does."""
    again = [name for name, count in Counter(filter(None, header)).items() if count > 1]
    return (
        f" Columns of one name: {', '.join(map(repr, again))}; the first of each was taken." if again else ""
    )


def columns_about(
    path: Path, ids: Sequence[str], id_column: str, progress: Progress = silent
) -> pd.DataFrame:
    """Return the columns of a table by id, in the order of the ids; of what it does not know, missing.

    A column of which every cell that is filled is a number holds numbers, others texts. Of an id that comes
    twice the first row counts, of a column's name the first column.

    Args:
        path: A table (CSV, TSV, Parquet, ARFF).
        ids: Such as tags.
        id_column: The name of the column that names them, in capitals or not; the first where none has it.
        progress: Told as it is read.

    Raises:
        DataError: If it cannot be read, has one column only, or none of the ids.
    """
    with _opened(path, progress) as (header, rows):
        plain = [name.strip().casefold() for name in header]
        at = plain.index(id_column.casefold()) if id_column.casefold() in plain else 0
        places = [place for place, name in enumerate(header) if name and place != at]
        places = [place for place in places if header.index(header[place]) == place]
        if not places:
            raise DataError(path, f"has no column beside {header[at]!r} to take")
        cells, n_taken, _ = _aligned(rows, at, places, ids)
    if not n_taken:
        raise DataError(path, f"names none of the {len(ids):,} here in its column {header[at]!r}")
    columns = [_typed(column) for column in cells]
    return pd.DataFrame(
        {header[place]: column.to_numpy() for place, column in zip(places, columns, strict=True)},
        index=list(ids),
    )


def _aligned(
    rows: Iterator[Row], at: int, places: Sequence[int], ids: Sequence[str]
) -> tuple[list[list[str | None]], int, list[str]]:
    """Return cells by column and id, how many ids have a row, and what rows name that is none of them."""
    row_of = {one: row for row, one in enumerate(ids)}
    cells: list[list[str | None]] = [[None] * len(ids) for _ in places]
    taken, others = np.zeros(len(ids), bool), dict[str, None]()
    for values in rows:
        one = mend((values[at] or "").removeprefix(QUOTED)).strip()
        row = row_of.get(one, -1)
        if row < 0:
            others[one] = None
        elif not taken[row]:
            taken[row] = True
            for column, place in zip(cells, places, strict=True):
                column[row] = _cell(values[place])
    return cells, int(taken.sum()), list(others)


def _with_tables(folksonomy: Folksonomy, columns: dict[str, pd.Series], note: str) -> Folksonomy:
    tracks = pd.concat([folksonomy.tracks, pd.DataFrame(columns, index=folksonomy.tracks.index)], axis=1)
    reading = (*folksonomy.reading, note)
    if "artist" not in columns:
        return replace(folksonomy, tracks=tracks, reading=reading)
    # Tags tell of how many artists they are.
    pairs, tags = folksonomy.matrix.tocoo(), folksonomy.tags.drop(columns=["count", "artists"])
    weights = (pairs.row, pairs.col, pairs.data)
    return Folksonomy.from_codes(folksonomy.name, tracks, tags, *weights, folksonomy.dropped, reading)


def _strangers(others: Sequence[str], folksonomy: Folksonomy) -> str:
    if not others:
        return ""
    examples = ", ".join(map(repr, others[:_EXAMPLES])) + (", …" if len(others) > _EXAMPLES else "")
    return f", and {len(others):,} that are not in {folksonomy.name} ({examples})"


@contextmanager
def _opened(path: Path, progress: Progress) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """Open a table, and give its header and its rows, those of another width left out."""
    if not is_parquet(path) and _SEPARATOR in _first_line(path):
        with open_text(path) as text:
            split = (line.rstrip("\r\n").split(_SEPARATOR) for line in text.lines)
            yield _TRACKS_PER_YEAR, (row for row in split if len(row) == len(_TRACKS_PER_YEAR))
        return
    form = TextFormat(True, None, None, None, MISSING_MARKS)
    with open_table(path, form, progress) as table:
        for at, name in enumerate(table.header):
            if held := table.types(at, False):
                raise DataError(path, f"column {name!r} holds {held}, no single values; leave it out")
        rows = table.rows(list(range(len(table.header))))
        yield table.header, (cells for _, cells in rows if cells is not None)


def _first_line(path: Path) -> str:
    with open_text(path) as text:
        return text.lines.readline()


def _track_place(path: Path, header: Sequence[str]) -> int:
    plain = plain_names(header)
    place = next((plain.index(name) for name in TRACK_NAMES if name in plain), None)
    if place is None:
        raise DataError(
            path, f"has no column of tracks; its columns are {', '.join(map(repr, header[:20]))}", line=1
        )
    return place


def _cell(text: str | None) -> str | None:
    plain = mend((text or "").removeprefix(QUOTED)).strip()
    return None if not plain or text in MISSING_MARKS else plain


def _typed(cells: Sequence[str | None]) -> pd.Series:
    """Return numbers where all that is filled are numbers, else texts."""
    texts = pd.Series(pd.array(list(cells), dtype="str"))
    numbers = pd.to_numeric(texts, errors="coerce")
    if texts.notna().any() and (numbers.notna() == texts.notna()).all():
        return numbers.astype(np.float64)
    return texts
