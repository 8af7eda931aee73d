"""LFM-1b: what 120,000 users of Last.fm played, event by event, and genres of the artists.

The unpacked folder has LFM-1b_artists.txt (id, name), LFM-1b_albums.txt and LFM-1b_tracks.txt (id, name, and
id of the artist), LFM-1b_users.txt (with a header), LFM-1b_LEs.txt (user, artist, album, track, seconds since
1970) and LFM-1b_LEs.mat, counts of users by artists as MATLAB 7.3 keeps a sparse matrix, which is HDF5.
LFM-1b_UGP, in or beside it, has genres_allmusic.txt, a genre a line, and LFM-1b_artist_genres_allmusic.txt:
name of an artist and numbers of the lines, from 0; both also of Freebase.

Source: Schedl, "The LFM-1b dataset for music retrieval and recommendation", ICMR 2016; Schedl, Ferwerda,
"Large-scale analysis of group-specific music genre taste from collaborative tags", ISM 2017 (the genres).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.sources.hdf5 import read_hdf5
from taglab.sources.plays import PlaysFormat, plain_names, read_plays
from taglab.sources.reading import (
    MISSING_MARKS,
    Tally,
    existing_file,
    file_in,
    open_text,
    require_assignments,
)
from taglab.sources.source import Source
from taglab.sources.table_files import TextFormat, open_table

_TABS = TextFormat(False, "\t", False, None, ())
_ANY = TextFormat(True, None, None, None, MISSING_MARKS)
_GENRES = "LFM-1b_UGP"
_EVENTS, _MATRIX, _USERS = "LFM-1b_LEs.txt", "LFM-1b_LEs.mat", "LFM-1b_users.txt"
_TAG_COLUMNS, _NAME_COLUMNS, _ID_COLUMNS = (
    ("tag", "genre", "label"), ("artist", "artistname", "name"), ("artistid", "id"),
)  # fmt: skip
_ABOUT_USERS = ("country", "age", "gender")
_LARGEST_WHOLE = 1 << 53  # up to here doubles, as MATLAB has them, are exact


class Lfm1bSettings(BaseModel):
    """How LFM-1b is read.

    Attributes:
        items: What is played: the "artist", "album" or "track" of an event. Albums and tracks have the tags
            of their artist, every one of them.
        genres: Tags are the genres of artists by "allmusic" (20) or "freebase" (thousands), told by name.
        tags: A table in their place, with a column `tag` and one of the artist: `artist` is the name,
            `artist_id` the id, which counts where a row has both.
        plays: "events" reads LFM-1b_LEs.txt, which says when; "matrix" LFM-1b_LEs.mat, counts of artists
            (with `pip install "taglab[hdf5]"`); "auto" the matrix where items are artists and it is there.
            All billion events take some 16 GB of memory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Literal["artist", "album", "track"] = "artist"
    genres: Literal["allmusic", "freebase"] = "allmusic"
    tags: Path | None = None
    plays: Literal["auto", "events", "matrix"] = "auto"


def read_lfm1b(path: Path, name: str, settings: Lfm1bSettings, progress: Progress = silent) -> Folksonomy:
    """Read items whose artist has a tag; albums and tracks have the tags of their artist."""
    artists = dict(_named_rows(file_in(path, "LFM-1b_artists.txt"), 2, between(progress, 0, 0.3)))
    tags_of, rule = _tags_of_artists(path, settings)
    tally = Tally()
    tag_numbers: dict[str, int] = {}
    ids, titles, names, columns = [], [], [], []
    sizes: list[int] = []
    file = path / ("LFM-1b_artists.txt" if settings.items == "artist" else f"LFM-1b_{settings.items}s.txt")
    for item, title, artist in _items(file, settings.items, artists, between(progress, 0.3, 1)):
        tags = tags_of.artist(artist, artists.get(artist, ""))
        if not tags:
            tally.add("the artist has no tag", f"{settings.items}s", title)
            continue
        ids.append(item)
        titles.append(title)
        names.append(artists.get(artist, ""))
        numbers = [tag_numbers.setdefault(tag, len(tag_numbers)) for tag in tags]
        columns += numbers
        sizes.append(len(numbers))
    require_assignments(file, len(columns), tally)
    table = pd.DataFrame({"track": ids, "title": titles, "artist": names}, dtype="str")
    if table["track"].duplicated().any():
        raise DataError(file, f"has the number {table['track'][table['track'].duplicated()].iloc[0]} twice")
    rows = np.repeat(np.arange(len(ids)), sizes)
    return Folksonomy.from_codes(
        name, table, list(tag_numbers), rows, np.array(columns, np.int64), None, tally.notes(), [rule]
    )


def _items(
    file: Path, kind: str, artists: dict[str, str], progress: Progress
) -> Iterator[tuple[str, str, str]]:
    """Give id, name and id of the artist of every item."""
    if kind == "artist":
        yield from ((artist, name, artist) for artist, name in artists.items())
        progress(1.0, "artists")
        return
    yield from _named_rows(existing_file(file), 3, progress)


def _named_rows(file: Path, width: int, progress: Progress) -> Iterator[tuple[Any, ...]]:
    """Give the cells of every row of a table without a header; raises DataError at another width."""
    with open_table(file, _TABS, progress) as table:
        if len(table.header) != width:
            raise DataError(file, f"has {len(table.header)} columns between tabs, not {width}", line=1)
        for line, cells in table.rows(list(range(width))):
            if cells is None:
                raise DataError(file, f"has not {width} columns between tabs", line=line)
            yield tuple(cell.strip() for cell in cells[:width])
    progress(1.0, f"reading {file.name}")


class _TagsOf:
    """Tags of artists, by their name or by their id: an artist may be called as another's id is."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[str, None]] = {}
        self._by_id: dict[str, dict[str, None]] = {}

    def add(self, tag: str, name: str, artist: str = "") -> None:
        """Take a tag of the artist of an id or, where that is empty, of all artists of a name."""
        known, key = (self._by_id, artist) if artist else (self._by_name, name)
        if key and tag:
            known.setdefault(key, {})[tag] = None

    def artist(self, artist: str, name: str) -> list[str]:
        """Return the tags of the artist of an id and a name, each once."""
        return list(self._by_id.get(artist, {}) | self._by_name.get(name, {}))


def _tags_of_artists(path: Path, settings: Lfm1bSettings) -> tuple[_TagsOf, str]:
    """Return tags of artists and a sentence on where they come from."""
    inherited = "" if settings.items == "artist" else f"; {settings.items}s have those of their artist"
    if settings.tags is not None:
        return _tags_of_table(settings.tags), f"Tags are those of artists in {settings.tags.name}{inherited}."
    genres = _genre_file(path, f"genres_{settings.genres}.txt")
    with open_text(genres) as text:
        names = [line.strip() for line in text.lines]
    file = _genre_file(path, f"LFM-1b_artist_genres_{settings.genres}.txt")
    tags = _TagsOf()
    with open_text(file) as text:
        for number, line in enumerate(text.lines, 1):
            artist, *codes = line.rstrip("\r\n").split("\t")
            for code in filter(None, map(str.strip, codes)):
                if not (code.isascii() and code.isdigit() and len(code) < 10 and int(code) < len(names)):
                    raise DataError(
                        file, f"has {code[:20]!r} where a line of {genres.name} is meant", line=number
                    )
                tags.add(names[int(code)], artist.strip())
    return tags, f"Tags are the genres of artists by {settings.genres}, by the artist's name{inherited}."


def _genre_file(path: Path, name: str) -> Path:
    """Return a file of genres, which are unpacked into a folder of their own."""
    places = (path / name, path / _GENRES / name, path.parent / _GENRES / name)
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise DataError(
            path,
            f"has no {name}, nor has {_GENRES} in or beside it; unpack LFM-1b_UGP.zip there, or give a table "
            "of artist and tag (--tags)",
        )
    return file


def _tags_of_table(path: Path) -> _TagsOf:
    with open_table(path, _ANY, silent) as table:
        plain = plain_names(table.header)
        tag, name, artist = (
            next((plain.index(column) for column in columns if column in plain), None)
            for columns in (_TAG_COLUMNS, _NAME_COLUMNS, _ID_COLUMNS)
        )
        if tag is None or (name is None and artist is None):
            columns = ", ".join(map(repr, table.header[:20]))
            raise DataError(
                path, f"has no columns tag and artist (or artist_id); its columns are {columns}", line=1
            )
        tags = _TagsOf()
        for _, cells in table.rows([tag, name, artist]):
            if cells is not None:
                tags.add(*((cell or "").strip() for cell in cells[:3]))
    return tags


def _plays_of_lfm1b(
    path: Path, settings: Lfm1bSettings, folksonomy: Folksonomy, progress: Progress = silent
) -> Interactions:
    if settings.plays == "matrix" and settings.items != "artist":
        raise DataError(
            path, f"has counts of artists in {_MATRIX}, not of {settings.items}s; read the events"
        )
    of_matrix = settings.plays == "matrix" or (
        settings.plays == "auto" and settings.items == "artist" and (path / _MATRIX).is_file()
    )
    if of_matrix:
        plays = read_matrix(file_in(path, _MATRIX), folksonomy.name)
    else:
        form = PlaysFormat(layout=f"lfm-1b-{settings.items}s")
        plays = read_plays(file_in(path, _EVENTS), folksonomy, form, progress)
    file = path / _USERS
    return replace(plays, users=_about_users(file, plays.users)) if file.is_file() else plays


def read_matrix(file: Path, name: str) -> Interactions:
    """Read counts of users by artists from LFM-1b_LEs.mat.

    Args:
        file: HDF5 with `idx_users`, `idx_artists`, and `LEs` of `data`, `ir` (row of each value) and `jc`
            (where each column's values begin).
        name: What to call them.

    Raises:
        MissingExtra: If h5py is not installed.
        DataError: If it is no such file, or holds no count.
    """
    users, artists, values, rows, pointers = (
        array.ravel()
        for array in read_hdf5(
            file,
            ("idx_users", "idx_artists", "LEs/data", "LEs/ir", "LEs/jc"),
            "sparse matrix of users by artists",
        )
    )
    users, artists = _whole(users, "users", file), _whole(artists, "artists", file)
    for what, ids in (("users", users), ("artists", artists)):
        if len(np.unique(ids)) < len(ids):
            raise DataError(file, f"has one of its {len(ids):,} {what} twice")
    rows, pointers = _whole(rows, "rows (ir)", file), _whole(pointers, "beginnings of columns (jc)", file)
    per_artist = np.diff(pointers)
    fits = len(pointers) == len(artists) + 1 and pointers[0] == 0 and (per_artist >= 0).all()
    if not fits or not pointers[-1] == len(rows) == len(values) or not (rows < len(users)).all():
        raise DataError(
            file,
            f"has {len(users):,} users and {len(artists):,} artists, and a matrix that is not of so many; "
            "is it damaged?",
        )
    columns = np.repeat(np.arange(len(artists), dtype=np.int32), per_artist)
    good = (values > 0) & (values <= _LARGEST_WHOLE)
    if not good.any():
        raise DataError(file, "holds no count above 0; is it the right file?")
    tally = Tally()
    tally.add("the count is not a number above 0", "plays", count=int((~good).sum()))
    reading = (f"Plays: counts of artists by user, of {file.name}; it does not say when.",)
    return Interactions.from_codes(
        name, _ids(users), _ids(artists), rows[good].astype(np.int32), columns[good],
        values[good].astype(np.float32), "counts", tally.notes(), reading,
    )  # fmt: skip


def _whole(numbers: npt.NDArray[Any], what: str, file: Path) -> npt.NDArray[np.int64]:
    """Return numbers as int64; raises DataError where one is not whole, below 0, or too large to be exact."""
    good = (numbers >= 0) & (numbers <= _LARGEST_WHOLE)
    if numbers.dtype.kind == "f":
        good &= numbers == np.floor(numbers)
    if not good.all():
        wrong = numbers[~good][0].item()
        raise DataError(file, f"has {wrong!r} among its {what}, which are whole numbers from 0")
    return numbers.astype(np.int64)


def _ids(numbers: npt.NDArray[np.int64]) -> list[str]:
    return list(map(str, numbers.tolist()))


def _about_users(file: Path, users: pd.DataFrame) -> pd.DataFrame:
    """Return users with what the file knows of them; -1 and an empty cell are nothing known."""
    try:
        rows = pd.read_csv(file, sep="\t", dtype="str", keep_default_na=False, quoting=3)
    except (OSError, ValueError) as error:
        raise DataError(file, f"is no table of users ({error})") from error
    missing = {"user_id", *_ABOUT_USERS} - set(rows.columns)
    if missing:
        raise DataError(file, f"has no column {min(missing)!r}", line=1)
    about = rows.drop_duplicates("user_id").set_index("user_id")[list(_ABOUT_USERS)]
    about = about.reindex(users["user"]).reset_index(drop=True)
    about = about.mask(about.isin(["", "-1"]))
    about["age"] = pd.to_numeric(about["age"], errors="coerce").astype(np.float64)
    return pd.concat([users, about], axis=1)


SOURCE = Source(
    name="lfm-1b",
    title="LFM-1b",
    about="What users of Last.fm played, event by event, and genres of the artists.",
    files="The unpacked folder, LFM-1b_UGP in or beside it.",
    example="taglab data add lfm-1b LFM-1b/ --name lfm",
    read=read_lfm1b,
    settings=Lfm1bSettings,
    more_files=("tags",),
    plays_beside=_plays_of_lfm1b,
)
