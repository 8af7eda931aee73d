"""The Last.fm tags of the Million Song Dataset, `lastfm_tags.db`.

An SQLite file with the tables `tids(tid)`, `tags(tag)` and `tid_tag(tid, tag, val)`; the first two columns
of `tid_tag` are ROWIDs of the other two tables, `val` a weight from 0 to 100. 505,216 tracks, 522,366 tags
and 8,598,630 pairs.

Source: Bertin-Mahieux, Ellis, Whitman, Lamere, "The Million Song Dataset", ISMIR 2011;
http://millionsongdataset.com/lastfm
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import ConfigDict, Field

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.beside_tags import FILES_BESIDE, BesideTags, read_plays_beside, with_columns
from taglab.sources.reading import Tally, Vocabulary, existing_file, require_assignments
from taglab.sources.source import Remote, Source

ZERO_WEIGHT = 0.5
TAGS = "lastfm_tags.db"
METADATA = "track_metadata.db"
_METADATA_COLUMNS = ("artist", "artist_name", "album", "title", "year")
_CHUNK = 250_000
_ROW = np.dtype([("track", np.int64), ("tag", np.int64), ("weight", np.float64)])
_SELECT_TRACKS = "SELECT ROWID, CAST(tid AS BLOB) FROM tids ORDER BY ROWID"
_SELECT_TAGS = "SELECT ROWID, CAST(tag AS BLOB) FROM tags ORDER BY ROWID"
_SELECT_PAIRS = (
    "SELECT IFNULL(CAST(tid AS INTEGER), -1), IFNULL(CAST(tag AS INTEGER), -1), "
    "IFNULL(CAST(val AS REAL), -1.0) FROM tid_tag"
)
_SELECT_SONGS = (
    "SELECT CAST(track_id AS BLOB), CAST(artist_id AS BLOB), CAST(artist_name AS BLOB), "
    "CAST(release AS BLOB), CAST(title AS BLOB), {year} FROM songs"
)
_YEAR = "CAST(CAST(year AS INTEGER) AS BLOB)"
_HAS_YEAR = "SELECT COUNT(*) FROM pragma_table_info('songs') WHERE name = 'year'"


class LastfmSettings(BesideTags):
    """Options of the Last.fm reader.

    Attributes:
        min_weight: Least weight kept, inclusive, in Last.fm's percent of the track's strongest tag (0 to
            100). At 0 everything is kept, as in the data set's published counts: pairs of weight 0 (less
            than half a percent, rounded) are then stored with weight 0.5, since a stored weight is above 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_weight: float = Field(default=0.0, ge=0.0, le=100.0)


def read(path: Path, name: str, settings: LastfmSettings, progress: Progress = silent) -> Folksonomy:
    """Read `lastfm_tags.db`; artist, album and title come from `track_metadata.db` where it lies beside.

    Args:
        path: The SQLite file, or the folder that holds it; it is opened read-only.
        name: What to call the folksonomy.
        settings: The weight threshold.
        progress: Told after every quarter of a million rows.

    Raises:
        DataError: If it is not such a file, is damaged or cut short, or nothing passes the threshold.
    """
    if path.is_dir():
        path = path / TAGS
    tally = Tally()
    with _database(path) as database:
        progress(0.0, "reading tracks")
        track_rowids, track_codes, tracks = _texts(database, _SELECT_TRACKS)
        progress(0.02, "reading tags")
        tag_rowids, tag_codes, tags = _texts(database, _SELECT_TAGS)
        pairs = _Pairs(track_rowids, track_codes, tag_rowids, tag_codes, tags, settings.min_weight, tally)
        for done, chunk in _chunks(database):
            progress(0.05 + 0.75 * done, "reading tags of tracks")
            pairs.add(chunk)
    tags.report(tally, "tags")
    tracks.report(tally, "tracks")
    codes_of_tracks, codes_of_tags, weights = pairs.arrays()
    require_assignments(path, len(weights), tally)
    progress(0.85, "reading artists and titles")
    table = _with_metadata(pd.DataFrame({"track": tracks.texts}), path.with_name(METADATA), tally)
    progress(0.9, "sorting")
    folksonomy = Folksonomy.from_codes(
        name, table, tags.texts, codes_of_tracks, codes_of_tags, weights, tally.notes()
    )
    return with_columns(folksonomy, settings.about)


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file read-only; whatever SQLite finds wrong with it is told as a DataError."""
    with existing_file(path).open("rb") as file:
        if file.read(16) != b"SQLite format 3\x00":
            raise DataError(path, "is not an SQLite database; lastfm_tags.db is wanted here")
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            yield database
    except sqlite3.OperationalError as error:
        reason = (
            f"cannot be read as {path.name} should be ({error}); tables tids, tags and tid_tag are wanted"
        )
        raise DataError(path, reason) from error
    except sqlite3.Error as error:
        raise DataError(path, f"is damaged or cut short ({error}); download or copy it again") from error


def _texts(
    database: sqlite3.Connection, select: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Vocabulary]:
    """Read a table of texts: its ROWIDs in rising order, the number of each one's text, the texts."""
    vocabulary = Vocabulary()
    rowids: list[int] = []
    codes: list[int] = []
    for rowid, text in database.execute(select):
        rowids.append(rowid)
        codes.append(vocabulary.code((text or b"").decode("utf-8", "surrogateescape")))
    return np.array(rowids, np.int64), np.array(codes, np.int64), vocabulary


def _chunks(database: sqlite3.Connection) -> Iterator[tuple[float, npt.NDArray[np.void]]]:
    """Yield the share done, and rows of `tid_tag` as a structured array."""
    (total,) = database.execute("SELECT IFNULL(MAX(ROWID), 0) FROM tid_tag").fetchone()
    cursor = database.execute(_SELECT_PAIRS)
    done = 0
    while rows := cursor.fetchmany(_CHUNK):
        done += len(rows)
        yield min(done / max(total, 1), 1.0), np.array(rows, _ROW)


class _Pairs:
    """Turns ROWIDs into codes, chunk by chunk, and counts what points at nothing."""

    def __init__(
        self,
        track_rowids: npt.NDArray[np.int64],
        track_codes: npt.NDArray[np.int64],
        tag_rowids: npt.NDArray[np.int64],
        tag_codes: npt.NDArray[np.int64],
        tags: Vocabulary,
        min_weight: float,
        tally: Tally,
    ) -> None:
        self._tracks = (track_rowids, track_codes)
        self._tags = (tag_rowids, tag_codes)
        self._blank = np.array([not text.strip() for text in tags.texts], bool)
        self._min_weight = min_weight
        self._tally = tally
        self._kept: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]] = []

    def add(self, rows: npt.NDArray[np.void]) -> None:
        """Take one chunk of `tid_tag`."""
        track = _codes_at(*self._tracks, rows["track"])
        tag = _codes_at(*self._tags, rows["tag"])
        weight = rows["weight"]
        blank = np.zeros(len(rows), bool)
        blank[tag >= 0] = self._blank[tag[tag >= 0]]
        reasons = [
            ("points at no track", track < 0),
            ("points at no tag", tag < 0),
            ("the tag is blank", blank),
            ("the weight is not a number from 0 to 100", ~((weight >= 0) & (weight <= 100))),
            (f"weight below {self._min_weight:g}", weight < self._min_weight),
        ]
        keep = np.ones(len(rows), bool)
        for reason, wrong in reasons:
            self._tally.add(reason, "rows", count=int((wrong & keep).sum()))
            keep &= ~wrong
        zero = keep & (weight == 0)
        self._tally.add(f"weight 0, kept as {ZERO_WEIGHT}", "assignments", count=int(zero.sum()))
        kept_weight = np.where(zero, ZERO_WEIGHT, weight)[keep].astype(np.float32)
        self._kept.append((track[keep].astype(np.int32), tag[keep].astype(np.int32), kept_weight))

    def arrays(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return track codes, tag codes and weights of all that was kept."""
        tracks, tags, weights = zip(*self._kept, strict=True) if self._kept else ((), (), ())
        empty = np.empty(0, np.int32)
        return (
            np.concatenate([empty, *tracks]),
            np.concatenate([empty, *tags]),
            np.concatenate([empty.astype(np.float32), *weights]),
        )


def _codes_at(
    rowids: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the code at each wanted ROWID, -1 where there is no such row: ROWIDs may have holes."""
    if not len(rowids):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(rowids, wanted), len(rowids) - 1)
    return np.where(rowids[place] == wanted, codes[place], -1)


def _with_metadata(tracks: pd.DataFrame, path: Path, tally: Tally) -> pd.DataFrame:
    """Add artists, albums and titles from the Million Song Dataset's `track_metadata.db`, if it is there."""
    if not path.is_file():
        return tracks
    row_of = {track: row for row, track in enumerate(tracks["track"])}
    columns: dict[str, list[str | None]] = {name: [None] * len(tracks) for name in _METADATA_COLUMNS}
    with _database(path) as database:
        (has_year,) = database.execute(_HAS_YEAR).fetchone()
        for track, *values in database.execute(_SELECT_SONGS.format(year=_YEAR if has_year else "NULL")):
            row = row_of.get((track or b"").decode("utf-8", "replace"))
            if row is not None:
                for column, value in zip(columns.values(), values, strict=True):
                    column[row] = value.decode("utf-8", "replace") if value else None
    tally.add(f"not in {path.name}: artist and title unknown", "tracks", count=columns["artist"].count(None))
    years = pd.to_numeric(pd.Series(columns.pop("year"), dtype="str")).astype(np.float64)
    table = pd.concat([tracks, pd.DataFrame(columns)], axis=1)
    # 0 where it is not known: as published.
    return table if not has_year else table.assign(year=years)


SOURCE = Source(
    name="lastfm",
    title="Last.fm tags of the Million Song Dataset",
    about="Half a million tracks with half a million free tags and their weights, by Last.fm's listeners.",
    files=f"{TAGS} (SQLite), or the folder it is in; {METADATA} beside it adds artists, titles and years",
    example="taglab data add lastfm lastfm_tags.db --name lastfm --min-weight 10",
    read=read,
    settings=LastfmSettings,
    more_files=FILES_BESIDE,
    interactions=read_plays_beside,
    remote=(Remote(f"http://millionsongdataset.com/sites/default/files/lastfm/{TAGS}", TAGS),),
)
