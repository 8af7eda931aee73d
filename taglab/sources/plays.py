"""Who played what: tables of (user, track[, count or rating]) beside a folksonomy."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy, whole_numbers
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.reading import MISSING, MISSING_MARKS, Tally, Vocabulary
from taglab.sources.song_ids import MISMATCHES, read_songs, track_of
from taglab.sources.table_files import Row, TextFormat, open_table

_USER = ("user", "userid", "username", "listener", "listenerid")
TRACK_NAMES = (
    *("track", "trackid", "song", "songid", "item", "itemid", "recording", "recordingid", "msdid", "mbid"),
    *("clip", "clipid", "artist", "artistid", "id"),
)
_COUNT = ("count", "plays", "playcount", "listens", "weight", "n", "frequency")
_RATING = ("rating", "stars", "score")
_EXAMPLES = 5


@dataclass(frozen=True)
class PlaysFormat:
    """How a table of plays is read, as far as somebody says so.

    Attributes:
        header: Whether the first row names the columns; else they are user, track and, if any, count.
        encoding: How text is encoded; None where it is told from the file.
        missing: Marks that stand for a missing value.
        layout: A key of `LAYOUTS`, or "table": columns told by their names, or by place where there are none.
        songs: Which tracks songs are (`song_ids`), where the plays are of songs; None where of tracks.
    """

    header: bool = True
    encoding: str | None = None
    missing: tuple[str, ...] = MISSING_MARKS
    layout: str = "table"
    songs: Path | None = None


@dataclass(frozen=True)
class Layout:
    """A file of plays without a header, as it is published, its fields between tabs.

    Attributes:
        width: Number of its columns.
        user: Place of the user.
        track: Place of the track.
        value: Place of the count; None where a row is a play.
        named: Places of artist and title, which stand for a track that is empty.
    """

    width: int
    user: int
    track: int
    value: int | None = None
    named: tuple[int, ...] = ()


LAYOUTS: dict[str, Layout] = {
    "taste-profile": Layout(3, 0, 1, 2),
    "lastfm-1k": Layout(6, 0, 4, named=(3, 5)),
}
"""Name → layout of a published file.

Source: McFee, Bertin-Mahieux, Ellis, Lanckriet, "The Million Song Dataset Challenge" (2012), train_triplets;
Celma, "Music Recommendation and Discovery in the Long Tail" (2008): its README names the six columns.
"""


class _Plays:
    """Collects who played what, row by row."""

    def __init__(self, path: Path, missing: Sequence[str], kind: str) -> None:
        self.path, self.kind, self.tally = path, kind, Tally()
        self.users, self.tracks = Vocabulary(("", *missing)), Vocabulary(("", *missing))
        self.user_codes, self.track_codes, self.values = array("q"), array("q"), array("d")

    def row(self, line: int, cells: Row | None, valued: bool) -> None:
        """Take a row: user, track, and value where there is one."""
        where = f"{self.path.name}, line {line}"
        if cells is None:
            self.tally.add("not as many columns as the header", "plays", where)
            return
        user, track = self.users.code(cells[0] or ""), self.tracks.code(cells[1] or "")
        value = _number(cells[2]) if valued else 1.0
        if MISSING in (user, track):
            self.tally.add("no user or no track", "plays", where)
        elif not math.isfinite(value) or (self.kind == "counts" and value <= 0):
            wanted = "number above 0" if self.kind == "counts" else "number"
            self.tally.add(f"the {self.kind[:-1]} is not a {wanted}", "plays", where)
        else:
            self.user_codes.append(user)
            self.track_codes.append(track)
            self.values.append(value)


def read_plays(
    path: Path,
    folksonomy: Folksonomy,
    form: PlaysFormat | None = None,
    progress: Progress = silent,
) -> Interactions:
    """Read who played what of a folksonomy's tracks.

    Args:
        path: A CSV, TSV, Parquet or ARFF file, also gzipped or alone in a zip archive, of rows of user, track
            and, if there is such a column, how often (`count`, `plays`, …) or how liked (`rating`, `stars`,
            `score`). Rows without either count once; counts of a user and track given again are added up.
        folksonomy: Whose tracks are meant. Plays of others stay, and `reading` names them.
        form: How the file is read.
        progress: Told as it is read.

    Raises:
        DataError: If it is missing, damaged, or has no column of users or tracks, or nothing usable.
    """
    form = form or PlaysFormat()
    layout = LAYOUTS.get(form.layout)
    header = form.header and layout is None
    tabs, quotes = (None, None) if layout is None else ("\t", False)
    text = TextFormat(header, tabs, quotes, form.encoding, form.missing)
    with open_table(path, text, progress) as table:
        if layout is None:
            user, track, value, kind = _columns(path, table.header, header)
        else:
            _check_width(path, table.header, form.layout, layout)
            user, track, value, kind = layout.user, layout.track, layout.value, "counts"
        plays = _Plays(path, form.missing, kind)
        named = () if layout is None else layout.named
        for line, cells in table.rows([user, track, value, *named]):
            plays.row(line, _with_name(cells) if named and cells else cells, value is not None)
        reading = [_about(table.header, user, track, value, kind), *table.notes]
    if not plays.values:
        raise DataError(path, f"holds no usable row of user, track and {kind[:-1]}; is it the right file?")
    plays.users.report(plays.tally, "users")
    plays.tracks.report(plays.tally, "tracks")
    tracks = _texts(plays.tracks)
    codes = np.frombuffer(plays.track_codes, np.int64)
    users, values = np.frombuffer(plays.user_codes, np.int64), np.frombuffer(plays.values, np.float64)
    if form.songs is not None:
        tracks, codes = _of_tracks(form.songs, tracks, codes, folksonomy, plays.tally, reading)
        users, values, codes = users[codes >= 0], values[codes >= 0], codes[codes >= 0]
        if not len(codes):
            raise DataError(path, f"has no song that {form.songs.name} gives a track; are both of one kind?")
    return Interactions.from_codes(
        folksonomy.name,
        _texts(plays.users),
        tracks,
        users,
        codes,
        values,
        kind,
        plays.tally.notes(),
        [*reading, *_unknown(tracks, folksonomy)],
    )


def _check_width(path: Path, header: Sequence[str], name: str, layout: Layout) -> None:
    if len(header) != layout.width:
        raise DataError(
            path, f"has {len(header)} columns between tabs, and a file of {name} has {layout.width}", line=1
        )


def _with_name(cells: Row) -> Row:
    """Return a row whose track, where it is empty, is called by artist and title."""
    user, track, value, artist, title, *rest = cells
    if not (track or "").strip() and (title or "").strip():
        track = f"{(artist or '').strip()} / {(title or '').strip()}"
    return user, track, value, *rest


def _of_tracks(
    path: Path,
    songs: Sequence[str],
    codes: npt.NDArray[np.int64],
    folksonomy: Folksonomy,
    tally: Tally,
    reading: list[str],
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return tracks in place of songs, and the track of every play, -1 where the song has none."""
    tracks_of, n_wrong = read_songs(path)
    known = set(folksonomy.tracks["track"])
    place: dict[str, int] = {}
    track_of_song = np.full(len(songs), -1, np.int64)
    for number, song in enumerate(songs):
        track = track_of(song, tracks_of, known)
        if track is not None:
            track_of_song[number] = place.setdefault(track, len(place))
    of_plays = track_of_song[codes]
    tally.add(f"the song has no track in {path.name}", "plays", count=int((of_plays < 0).sum()))
    tally.add(f"song and track mismatched, by {MISMATCHES}", "pairs", count=n_wrong)
    n_songs = int((track_of_song >= 0).sum())
    reading.append(f"Plays: {n_songs:,} songs are {len(place):,} tracks by {path.name}.")
    return list(place), of_plays


def _texts(vocabulary: Vocabulary) -> list[str]:
    whole = whole_numbers(list(vocabulary.texts))
    texts = [text or "" for text in whole or vocabulary.texts]
    return texts if len(set(texts)) == len(texts) else list(vocabulary.texts)


def _columns(path: Path, header: Sequence[str], named: bool) -> tuple[int, int, int | None, str]:
    """Return the places of user, track and value, and of what kind values are."""
    if not named:
        if len(header) < 2:
            raise DataError(path, "has one column; plays need a user and a track in each row")
        return 0, 1, 2 if len(header) > 2 else None, "counts"
    plain = plain_names(header)
    user, track, count, rating = (
        next((plain.index(name) for name in names if name in plain), None)
        for names in (_USER, TRACK_NAMES, _COUNT, _RATING)
    )
    if user is None or track is None:
        what = "users" if user is None else "tracks"
        raise DataError(
            path,
            f"has no column of {what}; its columns are {', '.join(map(repr, header[:20]))}. Name it user or "
            "track, or say that the first row is data (--no-plays-header)",
            line=1,
        )
    if count is not None and rating is not None:
        raise InvalidSetting(
            f"{path.name} has a column of counts, {header[count]!r}, and one of ratings, {header[rating]!r}; "
            "leave one of them out"
        )
    return (user, track, count, "counts") if rating is None else (user, track, rating, "ratings")


def plain_names(header: Sequence[str]) -> list[str]:
    """Return names of columns in small letters, without what stands between words."""
    return ["".join(filter(str.isalnum, name)).lower() for name in header]


def _about(header: Sequence[str], user: int, track: int, value: int | None, kind: str) -> str:
    values = "every row is one play" if value is None else f"the {kind[:-1]} is column {header[value]!r}"
    return f"Plays: user is column {header[user]!r}; track is column {header[track]!r}; {values}."


def _unknown(tracks: Sequence[str], folksonomy: Folksonomy) -> list[str]:
    """Say which of the tracks played are not in the folksonomy."""
    known = set(folksonomy.tracks["track"])
    others = [track for track in tracks if track not in known]
    if not others:
        return []
    examples = ", ".join(map(repr, others[:_EXAMPLES])) + (", …" if len(others) > _EXAMPLES else "")
    return [
        f"Plays: {len(others):,} of {len(tracks):,} tracks played are not in {folksonomy.name} ({examples}); "
        "they are kept, and have no tags."
    ]


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
