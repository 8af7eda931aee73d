"""Who played what: tables of (user, track[, count or rating]) beside a folksonomy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from taglab.errors import DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.sources.events import Events, Places, read_events
from taglab.sources.reading import MISSING_MARKS, Tally
from taglab.sources.song_ids import MISMATCHES, read_songs, track_of
from taglab.sources.table_files import TextFormat, open_table

_USER = ("user", "userid", "username", "listener", "listenerid")
TRACK_NAMES = (
    *("track", "trackid", "song", "songid", "item", "itemid", "recording", "recordingid", "msdid", "mbid"),
    *("clip", "clipid", "book", "bookid", "movie", "movieid", "artist", "artistid", "id"),
)
_COUNT = ("count", "plays", "playcount", "listens", "weight", "n", "frequency")
_RATING = ("rating", "stars", "score")
_TIME = ("timestamp", "time", "datetime", "date", "playedat", "listenedat", "unixtime")
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
        places: Which of them are which.
    """

    width: int
    places: Places


LAYOUTS: dict[str, Layout] = {
    "taste-profile": Layout(3, Places(0, 1, 2)),
    "lastfm-1k": Layout(6, Places(0, 4, time=1, named=(3, 5))),
    "lfm-1b-artists": Layout(5, Places(0, 1, time=4)),
    "lfm-1b-albums": Layout(5, Places(0, 2, time=4)),
    "lfm-1b-tracks": Layout(5, Places(0, 3, time=4)),
}
"""Name → layout of a published file.

Source: McFee, Bertin-Mahieux, Ellis, Lanckriet, "The Million Song Dataset Challenge" (2012), train_triplets;
Celma, "Music Recommendation and Discovery in the Long Tail" (2008): its README names the six columns; Schedl,
"The LFM-1b dataset for music retrieval and recommendation" (2016), LFM-1b_LEs.txt.
"""


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
            `score`), and when (`timestamp`, `date`, …: seconds or milliseconds since 1970, ISO 8601, or
            numbers as 2012 or 20120131).
            Rows without either count once; counts of a user and track given again are added up.
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
    missing = form.missing if layout is None else ()
    tally = Tally()
    with open_table(path, replace(text, missing=missing), progress) as table:
        if layout is None:
            places, kind = _columns(path, table.header, header)
        else:
            _check_width(path, table.header, form.layout, layout)
            places, kind = layout.places, "counts"
        events = read_events(table, places, kind, missing, tally)
        shown = places if events.times is not None else replace(places, time=None)
        reading = [_about(table.header, shown, kind), *table.notes, *events.notes]
    if not len(events):
        raise DataError(path, f"holds no usable row of user, track and {kind[:-1]}; is it the right file?")
    if form.songs is not None:
        events = _of_tracks(form.songs, events, folksonomy, tally, reading)
        if not len(events):
            raise DataError(path, f"has no song that {form.songs.name} gives a track; are both of one kind?")
    reading += _unknown(events.tracks, folksonomy)
    return events.interactions(folksonomy.name, kind, tally.notes(), reading)


def _check_width(path: Path, header: Sequence[str], name: str, layout: Layout) -> None:
    if len(header) != layout.width:
        raise DataError(
            path, f"has {len(header)} columns between tabs, and a file of {name} has {layout.width}", line=1
        )


def _of_tracks(
    path: Path, events: Events, folksonomy: Folksonomy, tally: Tally, reading: list[str]
) -> Events:
    """Return events of tracks in place of songs; those of songs without a track are left out."""
    tracks_of, n_wrong = read_songs(path)
    known = set(folksonomy.tracks["track"])
    place: dict[str, int] = {}
    track_of_song = np.full(len(events.tracks), -1, np.int32)
    for number, song in enumerate(events.tracks):
        track = track_of(song, tracks_of, known)
        if track is not None:
            track_of_song[number] = place.setdefault(track, len(place))
    of_plays = track_of_song[events.columns]
    tally.add(f"the song has no track in {path.name}", "plays", count=int((of_plays < 0).sum()))
    tally.add(f"song and track mismatched, by {MISMATCHES}", "pairs", count=n_wrong)
    n_songs = int((track_of_song >= 0).sum())
    reading.append(f"Plays: {n_songs:,} songs are {len(place):,} tracks by {path.name}.")
    return events.of_tracks(list(place), of_plays)


def _columns(path: Path, header: Sequence[str], named: bool) -> tuple[Places, str]:
    """Return the places of user, track, value and time, and of what kind values are."""
    if not named:
        if len(header) < 2:
            raise DataError(path, "has one column; plays need a user and a track in each row")
        return Places(0, 1, 2 if len(header) > 2 else None), "counts"
    plain = plain_names(header)
    user, track, count, rating, time = (
        next((plain.index(name) for name in names if name in plain), None)
        for names in (_USER, TRACK_NAMES, _COUNT, _RATING, _TIME)
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
    if rating is None:
        return Places(user, track, count, time), "counts"
    return Places(user, track, rating, time), "ratings"


def plain_names(header: Sequence[str]) -> list[str]:
    """Return names of columns in small letters, without what stands between words."""
    return ["".join(filter(str.isalnum, name)).lower() for name in header]


def _about(header: Sequence[str], places: Places, kind: str) -> str:
    value, time = places.value, places.time
    values = "every row is one play" if value is None else f"the {kind[:-1]} is column {header[value]!r}"
    times = "" if time is None else f"; the time is column {header[time]!r}"
    user, track = header[places.user], header[places.track]
    return f"Plays: user is column {user!r}; track is column {track!r}; {values}{times}."


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
