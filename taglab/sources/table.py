"""Any table of tags: rows of (track, tag[, weight or user]), tracks with all their tags, or a column a tag.

CSV, TSV and the like (plain, gzipped, or alone in a zip archive), Parquet and ARFF. Which columns hold what,
what separates fields and tags, and how text is encoded is detected; every guess can be overridden in
`TableSettings`, and what was taken for what is said in `Folksonomy.reading`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ConfigDict, Field

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.beside_tags import FILES_BESIDE, BesideTags, read_plays_beside, with_columns
from taglab.sources.plays import PlaysFormat
from taglab.sources.reading import (
    MISSING,
    MISSING_MARKS,
    ONES,
    QUOTED,
    ZEROS,
    Assignments,
    files_of,
    is_unnamed,
    part_of,
    split_named,
)
from taglab.sources.source import Source
from taglab.sources.table_files import Row, TableFile, TextFormat, open_table
from taglab.sources.tag_cells import Split, tag_cells

_USUAL_NAMES = {
    "track": "track trackid tid trackname song songid songname item itemid clip clipid recording recordingid "
    "mbid recordingmbid msdid file filename path id",
    "tag": "tag tags label labels genre genres tagname taglist term terms style styles mood moods tagid",
    "weight": "weight count tagcount val value score strength n freq frequency",
    "user": "user userid username listener listenerid annotator annotatorid rater raterid worker workerid",
    "artist": "artist artistname artistid performer band",
    "album": "album albumname albumid release releasename",
    "title": "title tracktitle songtitle",
    "split": "split subset fold partition",
}
_ID_NAMES = "tagid id genreid labelid"
_TEXT_NAMES = "tagvalue tagname name tag label genre title value"
_SEVERAL = {"tags", "labels", "genres", "taglist", "terms", "styles", "moods"}
_ABOUT_TRACKS = ("artist", "album", "title", "split")
_FILES = ("*.csv", "*.tsv", "*.txt", "*.csv.gz", "*.tsv.gz", "*.txt.gz", "*.zip", "*.parquet", "*.arff")
_LARGEST_FLOAT32 = 3.4e38
_SMALLEST_FLOAT32 = 1.2e-38
_LEAST_SHARE_OF_TAG_COLUMNS = 0.5
_MOST_NAMED = 12


class TableSettings(BesideTags):
    """Options of the table reader.

    A column left at None is looked for by its usual names, whatever their case and what stands between words.

    Attributes:
        track: Column that names the track; else the first of track, track id, tid, track name, song, song id,
            song name, item, item id, clip, clip id, recording, recording id, mbid, recording mbid, msd id,
            file, filename, path, id.
        tag: Column that holds a tag, or all tags of a track: between delimiters, as a list (Parquet), or as a
            list written as text, be it Python's, JSON's, numpy's or a set; else the first of tag, tags,
            label, labels, genre, genres, tag name, tag list, term, terms, style, styles, mood, moods, tag id.
        tag_columns: Columns that are a tag each, a number above 0 meaning that the track has it; "*" for all
            that are not taken otherwise. Where there is none and no column of tags either, those that hold
            nothing but 0 and 1 (true and false, yes and no) are taken if they are most. MEKA's ARFF says
            itself which they are (-C in the name of its relation).
        weight: Column of weights above 0; "" where a column that looks like it should not be taken for it.
            Of rows that say the same again the largest weight is kept. Else weight, count, tag count, val,
            value, score, strength, n, freq, frequency.
        user: Column that names who gave the tag: the weight of a tag on a track is then the number of users
            who gave it. Where there is a column of weights, those are taken instead; "" for neither. Else
            user, user id, user name, listener, annotator, rater, worker, or their ids.
        artist: Column that names the artist.
        album: Column that names the album.
        title: Column of titles.
        split: Column that tells train, validation or test. Where there is none and several files are read,
            it is taken from their names.
        header: Whether the first row names the columns. Otherwise they are called "1", "2", "3", and the
            first is the track, the second the tag, the third, if any, the weight.
        delimiter: What separates fields; where None, that of tab, comma, semicolon and bar which splits the
            first row most often.
        quotes: Whether fields may stand in double quotes; where None, yes, but in tab-separated files only
            if fields in quotes are found.
        tag_delimiter: What separates tags within the tag column; "" where a field is one tag. Where None, a
            column named in the plural (`tags`, `genres`) is split at the most frequent of | ; and comma, any
            other is not.
        missing: Marks that stand for a missing value in any column, unless they are in quotes; empty: none.
        encoding: How text is encoded, such as cp1252 or utf-16; where None, told by its mark, else UTF-8,
            else guessed, which is then said.
        tags_table: Table with a column of ids (tag id, id, genre id, label id) and one of names (tag value,
            tag name, name, tag, label, genre, title, value), where the tag column holds ids.
        min_weight: Least weight, or number of users, kept, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    track: str | None = None
    tag: str | None = None
    tag_columns: tuple[str, ...] = ()
    weight: str | None = None
    user: str | None = None
    artist: str | None = None
    album: str | None = None
    title: str | None = None
    split: str | None = None
    header: bool = True
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quotes: bool | None = None
    tag_delimiter: str | None = None
    missing: tuple[str, ...] = MISSING_MARKS
    encoding: str | None = None
    tags_table: Path | None = None
    min_weight: float = Field(default=0.0, ge=0.0)

    def plays_format(self) -> PlaysFormat:
        """Return how the plays are read: encoded, and with what is missing marked, as the tags are."""
        return replace(super().plays_format(), encoding=self.encoding, missing=self.missing)

    @property
    def text_format(self) -> TextFormat:
        """What of it concerns delimited text."""
        return TextFormat(self.header, self.delimiter, self.quotes, self.encoding, self.missing)


def read(path: Path, name: str, settings: TableSettings, progress: Progress = silent) -> Folksonomy:
    """Read a table.

    Args:
        path: A CSV, TSV, Parquet or ARFF file, or a folder whose files of these kinds are all read. Text may
            be gzipped or zipped.
        name: What to call the folksonomy.
        settings: Columns and delimiters, where detection should not decide.
        progress: Told as the file is read.

    Raises:
        DataError: If it is missing, empty, damaged, binary, or has no column for track or tag.
        InvalidSetting: If a column named in the settings is not there.
    """
    files = files_of(path, _FILES) if path.is_dir() else [path]
    beside = (settings.tags_table, *(getattr(settings, name) for name in FILES_BESIDE))
    others = [file for file in beside if file is not None]
    if others and path.is_dir():
        files = [file for file in files if not any(_is_same(file, other) for other in others)] or files
    found = Assignments(_ABOUT_TRACKS, settings.missing)
    notes: dict[str, Path] = {}
    for number, file in enumerate(files):
        split = split_named(file) if len(files) > 1 else None
        for note in _read_file(file, found, settings, split, part_of(progress, number, len(files))):
            notes.setdefault(note, file)
    several = len(files) > 1
    found.reading += [f"{file.name}: {note}" if several else note for note, file in notes.items()]
    tags = None
    if settings.tags_table is not None:
        tags = partial(_named_tags, found, _names_by_id(settings.tags_table, settings, found))
    folksonomy = found.folksonomy(path, name, tags, min_users=settings.min_weight)
    return with_columns(folksonomy, settings.about)


def _is_same(file: Path, other: Path) -> bool:
    return other.exists() and file.samefile(other)


def _read_file(
    path: Path, found: Assignments, settings: TableSettings, split: str | None, progress: Progress
) -> list[str]:
    """Read one file; return what is to be said of how it was understood."""
    with open_table(path, settings.text_format, progress) as table:
        columns = _find_columns(path, table, settings)
        taking = _Taking(
            found, path.name, split, columns.weighted, columns.by_user, settings.min_weight, columns.split
        )
        rows = table.rows([*columns.place.values(), *columns.tags])
        if columns.tags:
            names = [table.header[at] for at in columns.tags]
            for tag in names:
                found.tags.code(QUOTED + tag)  # so that a tag nobody has is told
            taking.one_hot(rows, names, has_tracks=columns.place["track"] is not None)
        else:
            for line, cells in rows:
                taking.row(line, cells)
        return [columns.about(table.header), *table.notes]


@dataclass(frozen=True)
class _Columns:
    """Which columns are in use.

    Attributes:
        place: Kind → position, None where there is none.
        tags: Positions of the columns that are a tag each.
        split: Splits a cell of tags; None where it holds one.
        several: How, in words.
    """

    place: dict[str, int | None]
    tags: tuple[int, ...]
    split: Split | None = None
    several: str = ""

    @property
    def weighted(self) -> bool:
        return self.place["weight"] is not None

    @property
    def by_user(self) -> bool:
        return self.place["user"] is not None

    def about(self, header: Sequence[str]) -> str:
        """Say which column was taken for what, and which were left."""
        parts = [
            f"{kind} is column {header[at]!r}{f' ({self.several})' if kind == 'tag' and self.several else ''}"
            for kind, at in self.place.items()
            if at is not None
        ]
        if self.place["track"] is None:
            parts.insert(0, "tracks are numbered by row, from 1, for no column names them")
        if self.tags:
            parts.append(f"{len(self.tags):,} columns are a tag each ({_listed(header, self.tags)})")
        if self.by_user:
            parts.append("the weight is the number of users who agree")
        used = {*self.place.values(), *self.tags}
        left = [at for at in range(len(header)) if at not in used]
        parts.append(f"left out: {_listed(header, left)}" if left else "no column is left out")
        text = "; ".join(parts)
        return f"{text[0].upper()}{text[1:]}."


def _listed(header: Sequence[str], places: Sequence[int]) -> str:
    names = [repr(header[at]) if header[at] else "one without a name" for at in places[:_MOST_NAMED]]
    more = len(places) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _find_columns(path: Path, table: TableFile, settings: TableSettings) -> _Columns:
    """Find the column of each kind: as told, else by its usual names, else (no header) by place."""
    header = table.header
    place: dict[str, int | None] = {}
    for number, kind in enumerate(_USUAL_NAMES):
        told: str | None = getattr(settings, kind)
        if told == "" or (kind == "tag" and told is None and (settings.tag_columns or table.labels)):
            place[kind] = None
        elif told is not None:
            place[kind] = _named(path, header, kind, told)
        elif not settings.header:
            place[kind] = number if number < min(len(header), 3) else None
        else:
            place[kind] = _usual(
                path, header, _USUAL_NAMES[kind].split(), kind, {*place.values(), *table.labels}
            )
    if place["weight"] is not None and place["user"] is not None:
        if settings.user:
            raise InvalidSetting(
                f"user={settings.user!r} counts people, and weight={header[place['weight']]!r} is a weight; "
                'set one of them to ""'
            )
        place["user"] = None
    tags = _tag_columns(path, table, settings, place) if place["tag"] is None else ()
    if place["track"] is None and tags and (unnamed := [at for at, name in enumerate(header) if not name]):
        place["track"] = unnamed[0]
    for kind in ("track", "tag"):
        if place[kind] is None and not tags:
            raise _no_column(path, header, kind)
    columns = _Columns(place, tags)
    _check_types(path, table, columns)
    if place["tag"] is None:
        return columns
    several = _plain(header[place["tag"]]) in _SEVERAL
    sample = table.sample(place["tag"])
    cells = tag_cells(path, header[place["tag"]], sample, several, settings.tag_delimiter)
    return _Columns(place, (), cells.split, cells.about)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _usual(
    path: Path, header: Sequence[str], names: Sequence[str], kind: str, taken: set[int | None]
) -> int | None:
    """Return the first column that has one of the names, in their order."""
    plain = [_plain(name) for name in header]
    for name in names:
        places = [at for at, one in enumerate(plain) if one == name and at not in taken]
        if places:
            if header.count(header[places[0]]) > 1:
                raise DataError(
                    path,
                    f"has several columns called {header[places[0]]!r}; rename all but one for the {kind}",
                )
            return places[0]
    return None


def _named(path: Path, header: list[str], kind: str, told: str) -> int:
    times = header.count(told.strip())
    if times == 1:
        return header.index(told.strip())
    columns = ", ".join(map(repr, header[:20]))
    raise InvalidSetting(f"{kind}={told!r} must name one column of {path.name}; its columns are {columns}")


def _no_column(path: Path, header: Sequence[str], kind: str) -> DataError:
    return DataError(
        path,
        f"has no column for the {kind}; its columns are {', '.join(map(repr, header[:20]))}; name "
        f"the right one with the option {kind} (--{kind}), or set header to no (--no-header) if the "
        "first row is data; who played what is a table of its own, given beside that of tags (--plays)",
        line=1,
    )


def _tag_columns(
    path: Path, table: TableFile, settings: TableSettings, place: dict[str, int | None]
) -> tuple[int, ...]:
    """Return the columns that are a tag each: those named, else those of zeros and ones, if they are most."""
    free = [at for at, name in enumerate(table.header) if at not in place.values() and not is_unnamed(name)]
    if settings.tag_columns == ("*",):
        return tuple(free)
    if settings.tag_columns:
        return tuple(_named(path, table.header, "tag_columns", name) for name in settings.tag_columns)
    if table.labels:
        return tuple(at for at in table.labels if at not in place.values())
    if not settings.header:
        return ()
    binary = tuple(at for at in free if _is_binary(table.sample(at)))
    return binary if len(binary) > 1 and len(binary) >= _LEAST_SHARE_OF_TAG_COLUMNS * len(free) else ()


def _is_binary(sample: Sequence[Any]) -> bool:
    texts = {str(cell).strip().lower() for cell in sample if cell is not None} - {""}
    return bool(texts) and texts <= {*ONES, *ZEROS}


def _check_types(path: Path, table: TableFile, columns: _Columns) -> None:
    """Raise DataError where a column in use is there twice, or holds what it cannot stand for."""
    for kind, at in (*columns.place.items(), *(("tag_columns", at) for at in columns.tags)):
        if at is None:
            continue
        name = table.header[at]
        if name and table.header.count(name) > 1:
            raise DataError(path, f"has several columns called {name!r}; rename all but one")
        held = table.types(at, kind == "tag")
        if held:
            raise DataError(
                path,
                f"column {name!r} holds {held}, no single values; name another with the option {kind} "
                f"(--{kind.replace('_', '-')})",
            )


@dataclass(frozen=True)
class _Taking:
    """Takes the rows of one file, or counts why not."""

    found: Assignments
    file: str
    split: str | None
    weighted: bool
    by_user: bool
    min_weight: float
    split_tags: Split | None

    def row(self, line: int, cells: Row | None) -> None:
        """Take a row with a cell of tags."""
        if cells is None:
            self._leave_out("not as many columns as the header", line)
            return
        track, tags, weight, user, *about, own_split, _ = cells
        code = self._track(track, (*about, own_split or self.split), line)
        if code == MISSING:
            return
        value = _weight(weight) if self.weighted else 1.0
        if not _SMALLEST_FLOAT32 < value < _LARGEST_FLOAT32:
            self._leave_out("the weight is not a number above 0", line)
        elif value < self.min_weight and not self.by_user:
            self._leave_out(f"weight below {self.min_weight:g}", line)
        else:
            self._assign(code, tags, value, self._user(user, line), line)

    def one_hot(self, rows: Iterable[tuple[int, Row | None]], names: Sequence[str], has_tracks: bool) -> None:
        """Take rows in which each of these tags has a cell of its own."""
        n_kinds = len(_USUAL_NAMES)
        weights: dict[Any, float] = {"": 0.0, None: 0.0}
        for number, (line, cells) in enumerate(rows, 1):
            if cells is None:
                self._leave_out("not as many columns as the header", line)
                continue
            track, _, _, user, *of_track, own_split = cells[:n_kinds]
            track = track if has_tracks else str(number)
            code = self._track(track, (*of_track, own_split or self.split), line)
            if code == MISSING:
                continue
            person, any_tag = self._user(user, line), False
            for name, cell in zip(names, cells[n_kinds:-1], strict=True):
                value = weights.get(cell)
                if value is None:
                    value = weights[cell] = _presence(cell)
                if value > 0 and (value >= self.min_weight or self.by_user):
                    self.found.assign(code, QUOTED + name, value, person)
                    any_tag = True
                elif not value >= 0:
                    self._leave_out("not a number of 0 or more", line, "cells")
            if not any_tag:
                self._leave_out("no tag", line)

    def _track(self, track: str | None, about: Sequence[str | None], line: int) -> int:
        code = self.found.track(track, about) if track else MISSING
        if code == MISSING:
            self._leave_out(_nothing("track", track), line)
        return code

    def _user(self, user: str | None, line: int) -> str | None:
        if not self.by_user:
            return None
        if not user or not user.strip():
            self.found.tally.add("no user; such rows count as one user", "rows", f"{self.file}, line {line}")
        return user or ""

    def _assign(
        self, track: int, tags: str | list[str | None] | None, weight: float, user: str | None, line: int
    ) -> None:
        assign = self.found.assign
        if isinstance(tags, str):
            if self.split_tags is None:
                if not assign(track, tags, weight, user):
                    self._leave_out(_nothing("tag", tags), line)
                return
            tags = list(self.split_tags(tags))
        missing = [tag for tag in tags or () if not tag or not assign(track, tag, weight, user)]
        if len(missing) == len(tags or ()):
            self._leave_out(_nothing("tag", missing[0] if missing else ""), line)
            return
        for tag in missing:
            if tag and tag.strip():
                self._leave_out(f"{tag.strip()} stands for a missing value", line, "tags")

    def _leave_out(self, reason: str, line: int, what: str = "rows") -> None:
        self.found.tally.add(reason, what, f"{self.file}, line {line}")


def _nothing(kind: str, text: str | None) -> str:
    """Say why there is no track or tag: the cell is empty, or holds a mark."""
    mark = (text or "").strip()
    return f"no {kind} ({mark} stands for a missing value)" if mark else f"no {kind}"


def _weight(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _presence(cell: str) -> float:
    text = cell.strip().lower()
    if text in ONES or text in ZEROS:
        return float(text in ONES)
    value = _weight(text) if text else 0.0
    return value if value < _LARGEST_FLOAT32 else math.nan


def _names_by_id(path: Path, settings: TableSettings, found: Assignments) -> dict[str, str]:
    """Read ids and names of tags from a table of their own; how it was read is added to what is found.

    Raises:
        DataError: If its columns cannot be told, or an id stands for two names.
    """
    form = TextFormat(True, None, None, settings.encoding, ())
    with open_table(path, form, silent) as table:
        ids = _usual(path, table.header, _ID_NAMES.split(), "id", set())
        names = _usual(path, table.header, _TEXT_NAMES.split(), "name", {ids})
        if ids is None or names is None:
            raise DataError(
                path,
                f"must have a column of ids ({_ID_NAMES.replace(' ', ', ')}) and one of names "
                f"({_TEXT_NAMES.replace(' ', ', ')}); has {', '.join(map(repr, table.header[:20]))}",
                line=1,
            )
        rows = [(cells[0], cells[1]) for _, cells in table.rows([ids, names]) if cells is not None]
        found.reading += [f"{path.name}: {note}" for note in table.notes]
    by_id: dict[str, str] = {}
    for one, name in rows:
        key = re.sub(r"^(-?\d+)\.0$", r"\1", str(one or "").strip())
        if by_id.setdefault(key, name or "") != (name or ""):
            raise DataError(path, f"gives the id {key!r} two names, {by_id[key]!r} and {name!r}")
    return {key: name.strip() for key, name in by_id.items() if name.strip()}


def _named_tags(found: Assignments, names: dict[str, str], ids: Sequence[str]) -> pd.DataFrame:
    """Return the tags that ids stand for, telling of those without a name."""
    for one in ids:
        if one not in names:
            found.tally.add("not in the table of tags; the id stands as the tag", "tags", one)
    return pd.DataFrame({"tag": [names.get(one, one) for one in ids]})


SOURCE = Source(
    name="table",
    title="A table of your own",
    about="Rows of track, tag and perhaps weight or user, tracks with all their tags, or a column a tag.",
    files="a CSV, TSV, Parquet or ARFF file, also gzipped or alone in a zip archive; or a folder of them",
    example="taglab data add table listening.csv --name mine --tag genre",
    read=read,
    settings=TableSettings,
    more_files=("tags_table", *FILES_BESIDE),
    interactions=read_plays_beside,
)
