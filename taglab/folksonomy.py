"""`Folksonomy`: what people wrote, as tracks, tags and the sparse matrix between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.archives import read_arrays
from taglab.cache import (
    content_key,
    locked,
    read_manifest,
    read_whole,
    replacing,
    table_key,
    write_checksums,
)
from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting, NotFound

_FORMAT = 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE_FLOAT = re.compile(r"-?\d+\.0")
_ABOUT_TRACKS = ("artist", "album", "title", "split")
SAME_USER_AGAIN = "the same tag on the same track by the same user again"


def mend(text: str) -> str:
    """Replace what is not valid Unicode (lone surrogates, as from undecodable bytes) by U+FFFD.

    Such text can be neither saved nor sent to a browser; anything else comes through as it is.
    """
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


@dataclass(frozen=True, eq=False)
class Folksonomy:
    """Tracks, tags, and who got what.

    Attributes:
        name: What it is called.
        tracks: One row a track. `track` (text, unique) is required; `artist`, `album`, `title`, `split`
            and whatever else the source knows may follow.
        tags: One row a tag, most used first, ties by tag. `tag` (text, unique), `count` (tracks that have
            it), `artists` (distinct artists among them, <NA> where artists are not known); a source may add
            columns such as `category`.
        matrix: Weights (tracks, tags), float32, every stored entry above 0.
        dropped: What reading and selecting left out.
        reading: How the files were understood (which column was taken for what), a sentence each.

    Raises:
        ValueError: If shapes, counts or order disagree.
    """

    name: str
    tracks: pd.DataFrame
    tags: pd.DataFrame
    matrix: sparse.csr_array
    dropped: tuple[Dropped, ...] = ()
    reading: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.tracks), len(self.tags)):
            raise ValueError(
                f"matrix is {self.matrix.shape}, but tracks are {len(self.tracks)} and tags {len(self.tags)}"
            )
        if not {"tag", "count", "artists"} <= set(self.tags.columns) or "track" not in self.tracks.columns:
            raise ValueError("tracks need a column 'track'; tags need 'tag', 'count' and 'artists'")
        if self.tracks["track"].duplicated().any() or self.tags["tag"].duplicated().any():
            raise ValueError("a track or a tag stands twice")
        if self.matrix.nnz and not self.matrix.data.min() > 0:
            raise ValueError("weights must be above 0")
        counts = self.tags["count"].to_numpy()
        if not np.array_equal(_counts(self.matrix), counts):
            raise ValueError("tags['count'] disagrees with the matrix")
        if (np.diff(counts) > 0).any():
            raise ValueError("tags must stand most used first")

    @classmethod
    def from_codes(
        cls,
        name: str,
        tracks: pd.DataFrame,
        tags: Sequence[str] | pd.DataFrame,
        track_codes: npt.NDArray[Any],
        tag_codes: npt.NDArray[Any],
        weights: npt.NDArray[Any] | None = None,
        dropped: Sequence[Dropped] = (),
        reading: Sequence[str] = (),
    ) -> Folksonomy:
        """Build from assignments given as row numbers; the way in for every reader.

        Args:
            name: What it is called.
            tracks: As the attribute `tracks`; tracks without a tag stay.
            tags: Distinct tags, or a table with a column `tag` and others to keep; those that no track
                has are left out and counted.
            track_codes: Row in `tracks`, one an assignment.
            tag_codes: Position in `tags`, one an assignment.
            weights: Weight of each, above 0; 1 where None. Of a pair given twice the larger is kept, and
                the repetition counted in `dropped`.
            dropped: What the reader left out already.
            reading: How the reader understood its files.
        """
        rows = np.asarray(track_codes, np.int64)
        columns = np.asarray(tag_codes, np.int64)
        values = np.ones(len(rows), np.float32) if weights is None else np.asarray(weights, np.float32)
        _check_assignments(rows, columns, values, len(tracks), len(tags))
        notes = list(dropped)
        table, columns = _distinct_tags(tags, columns, notes)
        flat = rows * max(len(table), 1) + columns
        order = np.argsort(flat, kind="stable")
        flat, values = flat[order], values[order]
        starts = np.flatnonzero(np.diff(flat, prepend=-1))
        if len(starts) < len(flat):
            repeated = len(flat) - len(starts)
            notes.append(Dropped("the same tag on the same track again", repeated, "assignments"))
            flat, values = flat[starts], np.maximum.reduceat(values, starts)
        rows, columns = np.divmod(flat, max(len(table), 1))
        matrix = sparse.csr_array(
            (values, columns.astype(np.int32), _row_pointers(rows, len(tracks))),
            shape=(len(tracks), len(table)),
        )
        return cls._sorted(name, _storable(tracks), table, matrix, notes, reading)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        name: str = "frame",
        *,
        track: str = "track",
        tag: str = "tag",
        weight: str | None = None,
        user: str | None = None,
    ) -> Folksonomy:
        """Build from a table in memory: a row for each tag of a track, or a list of tags a row.

        Files are read by `taglab.sources.read`, which knows more shapes of tables.

        Args:
            frame: One row an assignment. Where the cells of `tag` are lists or arrays, each item is a tag.
                Columns artist, album, title and split, where there are any, are kept with the track, of
                which the first that is not missing counts.
            name: What it is called.
            track: Column of track ids; whole floats ("1.0"), as pandas makes of integers beside a gap, count
                as whole numbers.
            tag: Column of tags; blanks at their edges are left off.
            weight: Column of weights above 0. Of a pair given twice the larger is kept.
            user: Column of who gave the tag: the weight is then the number of users who did.

        Raises:
            InvalidSetting: If a column is not there, or both weights and users are named.
            ValueError: If a weight is not above 0.

        Examples:
            >>> rows = pd.DataFrame({"track": ["a", "b", "b"], "tag": [["rock", "pop"], ["rock"], []]})
            >>> Folksonomy.from_frame(rows).counts().to_dict()
            {'rock': 2, 'pop': 1}
        """
        wanted = [column for column in (track, tag, weight, user) if column is not None]
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            columns = ", ".join(map(repr, frame.columns[:20]))
            raise InvalidSetting(f"column {missing[0]!r} must be one of the table's, which are {columns}")
        if weight is not None and user is not None:
            raise InvalidSetting(f"weight={weight!r} and user={user!r} exclude one another; name one of them")
        about = [column for column in _ABOUT_TRACKS if column in frame.columns and column not in wanted]
        rows = _texts_of_rows(frame[[*wanted, *about]], track, tag, about)
        known = rows.dropna(subset=[track])
        tagged = known.dropna(subset=[tag])
        notes = [
            Dropped(reason, count, "rows")
            for reason, count in (("no track", len(rows) - len(known)), ("no tag", len(known) - len(tagged)))
            if count
        ]
        tracks = known.groupby(track, sort=False)[about].first().rename_axis("track").reset_index()
        row_of = pd.Series(range(len(tracks)), index=tracks["track"])
        track_codes: npt.NDArray[np.int64] = np.asarray(row_of.loc[tagged[track]], np.int64)
        codes, tags = pd.factorize(tagged[tag])
        tag_codes = codes.astype(np.int64)
        weights = None if weight is None else tagged[weight].to_numpy(np.float32)
        if user is not None:
            people: npt.NDArray[np.int64] = pd.factorize(tagged[user])[0].astype(np.int64)
            track_codes, tag_codes, weights, repeated = users_who_agree(track_codes, tag_codes, people)
            if repeated:
                notes.append(Dropped(SAME_USER_AGAIN, repeated, "rows"))
        return cls.from_codes(name, tracks, list(tags), track_codes, tag_codes, weights, notes)

    @classmethod
    def _sorted(
        cls,
        name: str,
        tracks: pd.DataFrame,
        tags: pd.DataFrame,
        matrix: sparse.csr_array,
        dropped: Sequence[Dropped],
        reading: Sequence[str],
    ) -> Folksonomy:
        """Count, leave out tags without tracks, and put the most used first."""
        counts = _counts(matrix)
        table = tags.assign(count=counts, artists=_distinct_artists(tracks, matrix))
        used = table[counts > 0].sort_values(["count", "tag"], ascending=[False, True], kind="stable")
        notes = list(dropped)
        if len(used) < len(table):
            unused = table.loc[counts == 0, "tag"]
            notes.append(Dropped("no track has it", len(unused), "tags", tuple(unused.head(5))))
        place = np.zeros(len(table), np.int32)
        place[used.index.to_numpy()] = np.arange(len(used), dtype=np.int32)
        ordered = sparse.csr_array(
            (matrix.data, place[matrix.indices], matrix.indptr), shape=(len(tracks), len(used))
        )
        ordered.sort_indices()
        return cls(name, tracks, used.reset_index(drop=True), ordered, tuple(notes), tuple(reading))

    def __repr__(self) -> str:
        size = f"{self.n_tracks} tracks, {self.n_tags} tags, {self.n_assignments} assignments"
        return f"<Folksonomy {self.name}: {size}>"

    @property
    def n_tracks(self) -> int:
        return len(self.tracks)

    @property
    def n_tags(self) -> int:
        return len(self.tags)

    @property
    def n_assignments(self) -> int:
        """Distinct (track, tag) pairs."""
        return int(self.matrix.nnz)

    @cached_property
    def fingerprint(self) -> str:
        """Content key of every column of tracks and tags, and of the matrix; the name is not part of it."""
        return content_key(self.assignments_fingerprint, table_key(self.tracks), table_key(self.tags))

    @cached_property
    def assignments_fingerprint(self) -> str:
        """Content key of who got what, and nothing else that is known of tracks and tags."""
        return content_key(
            self.tracks["track"].tolist(),
            self.tags["tag"].tolist(),
            self.matrix.indptr.astype(np.int64),
            self.matrix.indices.astype(np.int64),
            self.matrix.data,
        )

    @cached_property
    def _tag_rows(self) -> dict[str, int]:
        return {tag: row for row, tag in enumerate(self.tags["tag"].tolist())}

    @property
    def knows_artists(self) -> bool:
        """Whether at least one track names its artist."""
        return "artist" in self.tracks.columns and bool(self.tracks["artist"].notna().any())

    def counts(self) -> pd.Series:
        """Return tracks per tag, indexed by tag, most used first."""
        return self.tags.set_index("tag")["count"]

    def tag_row(self, tag: str) -> int:
        """Return the column of a tag in `matrix`.

        Raises:
            NotFound: If no track has it; names tags that differ by case only.
        """
        try:
            return self._tag_rows[tag]
        except KeyError:
            folded = tag.casefold()
            near = [other for other in self._tag_rows if other.casefold() == folded][:3]
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise NotFound(f"no tag {tag!r} in {self.name}{hint} (tags are case-sensitive)") from None

    def of_kind(self, kind: str) -> Folksonomy:
        """Return the same tracks with what else belongs to each in the place of its tags.

        Args:
            kind: "tags" for what is there, "artists" for the artist of each track, "tracks" for itself.

        Raises:
            InvalidSetting: If artists are asked for and none is known.
        """
        if kind == "tags":
            return self
        if kind == "artists" and not self.knows_artists:
            raise InvalidSetting(f"{self.name} names no artists; choose other vectors, or other data")
        codes, names = pd.factorize(self.tracks[{"artists": "artist", "tracks": "track"}[kind]])
        rows = np.flatnonzero(codes >= 0)
        return Folksonomy.from_codes(self.name, self.tracks, list(names), rows, codes[rows])

    def select_tags(
        self,
        *,
        min_count: int = 1,
        min_artists: int = 0,
        top: int | None = None,
        names: Iterable[str] | None = None,
        without: Iterable[str] = (),
    ) -> Folksonomy:
        """Keep the tags that pass every condition; all tracks stay.

        Args:
            min_count: Least number of tracks, inclusive.
            min_artists: Least number of distinct artists, inclusive; 0 asks nothing.
            top: At most this many, the most used.
            names: Only these.
            without: None of these.

        Raises:
            InvalidSetting: If `min_artists` is asked where artists are not known.
            NotFound: If one of `names` is not a tag here.
        """
        if min_artists > 0 and not self.knows_artists:
            raise InvalidSetting(f"min_artists={min_artists} needs artists, and {self.name} names none")
        keep = (self.tags["count"] >= min_count).to_numpy(bool)
        if min_artists > 0:
            keep = keep & (self.tags["artists"].fillna(0) >= min_artists).to_numpy(bool)
        if names is not None:
            chosen = np.zeros(self.n_tags, bool)
            chosen[[self.tag_row(tag) for tag in names]] = True
            keep = keep & chosen
        keep = keep & ~self.tags["tag"].isin(list(without)).to_numpy(bool)
        if top is not None:
            keep = keep & (np.cumsum(keep) <= top)
        return replace(
            self,
            tags=self.tags[keep].reset_index(drop=True),
            matrix=sparse.csr_array(self.matrix[:, np.flatnonzero(keep)]),
            dropped=self._and_dropped("left out by selection", int((~keep).sum()), "tags"),
        )

    def _and_dropped(self, reason: str, count: int, what: str) -> tuple[Dropped, ...]:
        return (*self.dropped, Dropped(reason, count, what)) if count else self.dropped

    def select_tracks(self, keep: npt.NDArray[np.bool_] | Iterable[str]) -> Folksonomy:
        """Keep these tracks, given as a mask (tracks,) or by name; tags are counted and ordered anew."""
        if isinstance(keep, np.ndarray) and keep.dtype == bool:
            mask = keep
        else:
            mask = self.tracks["track"].isin(list(keep)).to_numpy(bool)
        rows = np.flatnonzero(mask)
        tracks = self.tracks.iloc[rows].reset_index(drop=True)
        tags = self.tags.drop(columns=["count", "artists"])
        dropped = self._and_dropped("left out by selection", self.n_tracks - len(rows), "tracks")
        matrix = sparse.csr_array(self.matrix[rows])
        return self._sorted(self.name, tracks, tags, matrix, dropped, self.reading)

    def co_tags(self, tag: str) -> pd.DataFrame:
        """Return the tags found on the same tracks as a tag.

        Returns:
            Columns `tag`, `together` (tracks that have both), `share` (of the tracks that have `tag`),
            `lift` (`share` over the other tag's own share of all tracks); most shared first.
        """
        column = self.tag_row(tag)
        entries = np.flatnonzero(self.matrix.indices == column)
        rows = np.searchsorted(self.matrix.indptr, entries, side="right") - 1
        together = _counts(sparse.csr_array(self.matrix[rows]))
        counts = self.tags["count"].to_numpy()
        found = np.flatnonzero((together > 0) & (np.arange(self.n_tags) != column))
        share = together[found] / max(len(rows), 1)
        table = pd.DataFrame(
            {
                "tag": self.tags["tag"].to_numpy()[found],
                "together": together[found],
                "share": share,
                "lift": share / (counts[found] / self.n_tracks),
            }
        )
        return table.sort_values("together", ascending=False, kind="stable").reset_index(drop=True)

    def save(self, folder: Path) -> None:
        """Write to a folder, atomically: an earlier one is replaced whole or not at all.

        Raises:
            StorageError: If the disk is full or the place cannot be written.
        """
        with locked(folder), replacing(folder) as temporary:
            self.write(temporary)

    def write(self, folder: Path) -> None:
        """Write to a new folder; raises OSError."""
        manifest = {
            "format": _FORMAT,
            "name": self.name,
            "tracks": self.n_tracks,
            "tags": self.n_tags,
            "assignments": self.n_assignments,
            "dropped": [asdict(note) for note in self.dropped],
            "reading": list(self.reading),
        }
        folder.mkdir()
        self.tracks.to_parquet(folder / "tracks.parquet")
        self.tags.to_parquet(folder / "tags.parquet")
        sparse.save_npz(folder / "matrix.npz", self.matrix, compressed=False)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        write_checksums(folder, ["tracks.parquet", "tags.parquet", "matrix.npz", "manifest.json"])

    @classmethod
    def open(cls, folder: Path) -> Folksonomy:
        """Read what `save` wrote.

        Raises:
            DataError: If a file is missing, damaged, or of a newer format.
        """
        return read_whole(folder, lambda: cls._read(folder))

    @classmethod
    def _read(cls, folder: Path) -> Folksonomy:
        try:
            manifest = read_manifest(folder, "manifest.json", "add the data again")
            if manifest["format"] > _FORMAT:
                raise DataError(folder, f"was written by a newer taglab (format {manifest['format']})")
            return cls(
                name=manifest["name"],
                tracks=pd.read_parquet(folder / "tracks.parquet"),
                tags=pd.read_parquet(folder / "tags.parquet"),
                matrix=_read_matrix(folder / "matrix.npz"),
                dropped=tuple(
                    Dropped(**{**note, "examples": tuple(note["examples"])}) for note in manifest["dropped"]
                ),
                reading=tuple(manifest.get("reading", ())),
            )
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                folder, f"is not a saved folksonomy or is damaged ({error}); add the data again"
            ) from error


def _read_matrix(path: Path) -> sparse.csr_array:
    """Read what `scipy.sparse.save_npz` wrote of a matrix of rows."""
    arrays = read_arrays(path)
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    matrix = sparse.csr_array(parts, shape=tuple(arrays["shape"].tolist()))
    matrix.check_format()
    return matrix


def whole_numbers(texts: Sequence[str | None]) -> list[str | None] | None:
    """Return ids as whole numbers where all are written as floats ("12.0"), as pandas does beside a gap.

    Returns:
        None where they are not.
    """
    if not any(texts) or not all(text is None or _WHOLE_FLOAT.fullmatch(text) for text in texts):
        return None
    return [text and text[:-2] for text in texts]


def users_who_agree(
    tracks: npt.NDArray[np.int64], tags: npt.NDArray[np.int64], users: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32], int]:
    """Count the users of each pair of a track and a tag.

    Args:
        tracks: Number of the track, one a row.
        tags: Number of the tag.
        users: Number of who gave it.

    Returns:
        Track, tag and number of distinct users of each pair, by track and tag; and how many rows only said
        again what the same user had said.
    """
    rows = np.stack([tracks, tags, users])
    rows = rows[:, np.lexsort(rows[::-1])]
    fresh = np.r_[True, (np.diff(rows) != 0).any(axis=0)][: rows.shape[1]]
    rows = rows[:, fresh]
    starts = np.flatnonzero(np.r_[True, (np.diff(rows[:2]) != 0).any(axis=0)][: rows.shape[1]])
    counts = np.diff(np.r_[starts, rows.shape[1]]).astype(np.float32)
    return rows[0, starts], rows[1, starts], counts, int((~fresh).sum())


def _texts_of_rows(frame: pd.DataFrame, track: str, tag: str, about: Sequence[str]) -> pd.DataFrame:
    """Return a row a tag, its track, tag and what is told of the track as text, missing where blank."""
    rows = frame.explode(tag, ignore_index=True)
    for column in (track, tag, *about):
        texts = [None if pd.isna(cell) else mend(str(cell)).strip() or None for cell in rows[column]]
        rows[column] = pd.Series(whole_numbers(texts) or texts, dtype="str")
    return rows


def _check_assignments(
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32],
    n_tracks: int,
    n_tags: int,
) -> None:
    if not len(rows) == len(columns) == len(weights):
        raise ValueError(f"{len(rows)} track codes, {len(columns)} tag codes and {len(weights)} weights")
    for what, codes, limit in (("track", rows, n_tracks), ("tag", columns, n_tags)):
        if len(codes) and not (codes.min() >= 0 and codes.max() < limit):
            raise ValueError(f"{what} codes must lie in [0, {limit}), not {codes.min()} to {codes.max()}")
    if len(weights) and not (weights.min() > 0 and np.isfinite(weights.max())):
        raise ValueError("weights must be finite and above 0")


def _distinct_tags(
    tags: Sequence[str] | pd.DataFrame, codes: npt.NDArray[np.int64], notes: list[Dropped]
) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Return the tags as a table of valid, distinct texts, and the codes that point at its rows."""
    if isinstance(tags, pd.DataFrame):
        table = _storable(tags)
    else:
        table = pd.DataFrame({"tag": pd.array([mend(tag) for tag in tags], dtype="str")})
    firsts, distinct = pd.factorize(table["tag"])
    if len(distinct) < len(table):
        again = table["tag"].duplicated()
        examples = tuple(table.loc[again, "tag"].head(5))
        notes.append(Dropped("the same text as another tag; joined", int(again.sum()), "tags", examples))
        table, codes = table[~again].reset_index(drop=True), firsts[codes]
    return table, codes


def _storable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose columns of text are text throughout, valid Unicode, missing where empty."""
    columns = {
        str(name): pd.array([None if pd.isna(cell) else mend(str(cell)) for cell in column], dtype="str")
        for name, column in table.items()
        if column.dtype == object or name in ("track", "tag")
    }
    return table.reset_index(drop=True).assign(**columns)


def _row_pointers(rows: npt.NDArray[np.int64], n_rows: int) -> npt.NDArray[np.int32]:
    """Return where each row begins among sorted row numbers, as CSR wants it."""
    pointers = np.zeros(n_rows + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=pointers[1:])
    return pointers


def _counts(matrix: sparse.csr_array) -> npt.NDArray[np.int64]:
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)


def _distinct_artists(tracks: pd.DataFrame, matrix: sparse.csr_array) -> pd.api.extensions.ExtensionArray:
    """Return distinct artists per tag, <NA> throughout where no track names one."""
    if "artist" not in tracks.columns or not tracks["artist"].notna().any():
        return pd.array([pd.NA] * matrix.shape[1], dtype="Int64")
    codes, artists = pd.factorize(tracks["artist"])
    known = np.flatnonzero(codes >= 0)
    by_artist = sparse.csr_array(
        (np.ones(len(known), np.int32), (codes[known], known)), shape=(len(artists), len(tracks))
    )
    presence = sparse.csr_array(
        (np.ones(matrix.nnz, np.int32), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    return pd.array(_counts(sparse.csr_array(by_artist @ presence)), dtype="Int64")
