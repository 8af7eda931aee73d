"""`Interactions`: what people played or how they rated it, as users, tracks and a sparse matrix."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.archives import read_arrays
from taglab.cache import content_key, read_json, read_manifest, read_whole, write_checksums
from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting

_FORMAT = 1
_MANIFEST, _USERS, _TRACKS, _MATRIX = _FILES = ("manifest.json", "users.parquet", "tracks.json", "matrix.npz")
_TIMES = "times.npz"
_EXAMPLES = 5
_LARGEST_TRACKS_BYTES = 1 << 30
_LARGEST_ARRAY_BYTES = 16 << 30
_ROWS_AT_ONCE = 1 << 21
KINDS = {
    "counts": "how often each user played each track, above 0",
    "ratings": "what each user gave each track, any number",
}
"""Kind of interactions → what their values are."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Users, tracks, and who played or rated what.

    Attributes:
        name: What they are called: as the data set they belong to.
        users: One row a user. `user` (text, unique) is required; whatever else is known may follow.
        tracks: Ids of what was played, each once; those of a data set that nobody played need not be among
            them.
        matrix: Values (users, tracks), float32; what is not stored did not happen. A rating of 0 is stored.
        kind: "counts" (every value above 0) or "ratings" (finite).
        dropped: What reading and selecting left out.
        reading: How the files were understood, a sentence each.
        times: When each stored value was, in the order of `matrix.data`, (values,) float64: seconds since
            1970-01-01 UTC, of a pair played often the last time; NaN where it is not known. None where the
            data say nothing of time.

    Raises:
        ValueError: If shapes disagree, a user or track stands twice, or a value is not of the kind.
    """

    name: str
    users: pd.DataFrame
    tracks: tuple[str, ...]
    matrix: sparse.csr_array
    kind: str = "counts"
    dropped: tuple[Dropped, ...] = ()
    reading: tuple[str, ...] = ()
    times: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind={self.kind!r} must be one of: {', '.join(KINDS)}")
        if self.matrix.shape != (len(self.users), len(self.tracks)):
            raise ValueError(
                f"matrix is {self.matrix.shape}, but users are {len(self.users)} and "
                f"tracks {len(self.tracks)}"
            )
        if self.matrix.dtype != np.float32:
            raise ValueError(f"matrix must be float32, not {self.matrix.dtype}")
        if "user" not in self.users.columns:
            raise ValueError("users need a column 'user'")
        if self.users["user"].duplicated().any() or len(set(self.tracks)) < len(self.tracks):
            raise ValueError("a user or a track stands twice")
        values = self.matrix.data
        if not np.isfinite(values).all() or (self.kind == "counts" and len(values) and not values.min() > 0):
            raise ValueError(f"values must be {KINDS[self.kind]}, and finite")
        if self.times is not None and self.times.shape != values.shape:
            raise ValueError(f"times are {self.times.shape}, and values {values.shape}")

    @classmethod
    def from_codes(
        cls,
        name: str,
        users: Sequence[str] | pd.DataFrame,
        tracks: Sequence[str],
        user_codes: npt.ArrayLike,
        track_codes: npt.ArrayLike,
        values: npt.ArrayLike | None = None,
        kind: str = "counts",
        dropped: Sequence[Dropped] = (),
        reading: Sequence[str] = (),
        times: npt.ArrayLike | None = None,
    ) -> Interactions:
        """Build from rows given as numbers; the way in for every reader.

        Args:
            name: What they are called.
            users: Distinct users, or the table of them.
            tracks: Distinct tracks.
            user_codes: Row in `users`, one an interaction.
            track_codes: Position in `tracks`, one an interaction.
            values: Count or rating of each; 1 where None. Counts of a pair given again are added up; of
                ratings the last one counts, and the repetition is told in `dropped`.
            kind: A key of `KINDS`.
            dropped: What the reader left out already.
            reading: How the reader understood its files.
            times: When each was, see the class; of a pair given again the last time counts, and of a rating
                given again the time of the one that counts.

        Raises:
            ValueError: As the class, or if codes are out of range.
        """
        rows, columns = _whole(user_codes), _whole(track_codes)
        table = (
            users if isinstance(users, pd.DataFrame) else pd.DataFrame({"user": pd.array(users, dtype="str")})
        )
        for what, codes, limit in (("user", rows, len(table)), ("track", columns, len(tracks))):
            if len(codes) and not (codes.min() >= 0 and codes.max() < limit):
                raise ValueError(f"{what} codes must lie in [0, {limit}), not {codes.min()} to {codes.max()}")
        by_pair = _ByPair.of(rows, columns, (len(table), len(tracks)))
        given = np.broadcast_to(np.float32(1), len(rows)) if values is None else np.asarray(values)
        notes = list(dropped)
        if kind == "ratings" and by_pair.n_again:
            notes.append(
                Dropped("the same user rated the same track again; the last counts", by_pair.n_again)
            )
        merge = _last if kind == "ratings" else _total
        data = by_pair.merged(given, merge, np.float32)
        when = None
        if times is not None:
            latest = _last if kind == "ratings" else _latest
            when = by_pair.merged(np.asarray(times, np.float64), latest, np.float64)
        return cls(name, table, tuple(tracks), by_pair.matrix(data), kind, tuple(notes), tuple(reading), when)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        name: str = "frame",
        *,
        user: str = "user",
        track: str = "track",
        value: str | None = None,
        kind: str = "counts",
    ) -> Interactions:
        """Build from a table in memory, a row an interaction.

        Args:
            frame: One row an interaction; rows without a user or a track are left out and counted.
            name: What they are called.
            user: Column of users.
            track: Column of tracks.
            value: Column of counts or ratings; every row counts once where None.
            kind: A key of `KINDS`.

        Raises:
            InvalidSetting: If a column is not there.
            ValueError: If a value is not of the kind.

        Examples:
            >>> rows = pd.DataFrame({"user": ["u", "u", "v"], "track": ["a", "a", "b"]})
            >>> Interactions.from_frame(rows).matrix.toarray()
            array([[2., 0.],
                   [0., 1.]], dtype=float32)
        """
        wanted = [column for column in (user, track, value) if column is not None]
        missing = [column for column in wanted if column not in frame.columns]
        if missing:
            columns = ", ".join(map(repr, frame.columns[:20]))
            raise InvalidSetting(f"column {missing[0]!r} must be one of the table's, which are {columns}")
        rows = frame[wanted].dropna(subset=wanted)
        reason = f"no {user} or {track}" if value is None else f"no {user}, {track} or {value}"
        notes = [Dropped(reason, len(frame) - len(rows))] if len(rows) < len(frame) else []
        user_codes, users = pd.factorize(rows[user].astype(str))
        track_codes, tracks = pd.factorize(rows[track].astype(str))
        values = None if value is None else rows[value].to_numpy(np.float64)
        return cls.from_codes(name, list(users), list(tracks), user_codes, track_codes, values, kind, notes)

    def __repr__(self) -> str:
        size = f"{self.n_users} users, {self.n_tracks} tracks, {self.matrix.nnz} {self.kind}"
        return f"<Interactions {self.name}: {size}>"

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_tracks(self) -> int:
        return len(self.tracks)

    @property
    def density(self) -> float:
        """Share of all pairs of a user and a track that are stored, [0, 1]; NaN where there are none."""
        pairs = self.n_users * self.n_tracks
        return self.matrix.nnz / pairs if pairs else float("nan")

    @cached_property
    def fingerprint(self) -> str:
        """Content key of users, tracks, values, times and kind; the name is not part of it."""
        return content_key(
            self.kind,
            json.loads(self.users.to_json(orient="split", index=False)),
            list(self.tracks),
            self.matrix.indptr.astype(np.int64),
            self.matrix.indices.astype(np.int64),
            self.matrix.data,
            *(() if self.times is None else (self.times,)),
        )

    def per_user(self) -> npt.NDArray[np.int64]:
        """Return how many tracks each user has played or rated, (users,)."""
        counts: npt.NDArray[np.int64] = np.diff(self.matrix.indptr).astype(np.int64)
        return counts

    def per_track(self) -> npt.NDArray[np.int64]:
        """Return how many users have played or rated each track, (tracks,)."""
        return np.bincount(self.matrix.indices, minlength=self.n_tracks).astype(np.int64)

    def facts(self) -> dict[str, Any]:
        """Return what tables and pages show of it."""
        return {
            "users": self.n_users,
            "played_tracks": self.n_tracks,
            "interactions": int(self.matrix.nnz),
            "density": self.density,
        }

    def select_active(self, min_tracks: int = 1, min_users: int = 1) -> Interactions:
        """Keep users of at least so many tracks, and tracks of at least so many users.

        Leaving out users lowers the numbers of tracks, and the other way round: both are done in turn until
        nothing more goes. What went is counted in `dropped`, once each.

        Args:
            min_tracks: Least number of tracks of a user.
            min_users: Least number of users of a track.

        Raises:
            InvalidSetting: If a number is below 1.
        """
        parts = self._active_parts(min_tracks, min_users)
        _, users, tracks, matrix = deque(parts, maxlen=1).pop()  # memory is held for the last one only
        kept = replace(
            self,
            users=self.users.iloc[users].reset_index(drop=True),
            tracks=tuple(self.tracks[at] for at in tracks),
            **self._values_of(matrix),
        )
        return kept._less_than(
            self, f"user of fewer than {min_tracks} tracks", f"track of fewer than {min_users} users"
        )

    def activity_steps(self, min_tracks: int = 1, min_users: int = 1) -> pd.DataFrame:
        """Return what each step of `select_active` leaves, the first row being all.

        Returns:
            `step`, `users`, `tracks`, `interactions` and `density` of what is left.

        Raises:
            InvalidSetting: If a number is below 1.
        """
        rows = [
            (step, len(users), len(tracks), matrix.nnz)
            for step, users, tracks, matrix in self._active_parts(min_tracks, min_users)
        ]
        table = pd.DataFrame(rows, columns=["step", "users", "tracks", "interactions"])
        pairs = table["users"] * table["tracks"]
        return table.assign(density=table["interactions"] / pairs.where(pairs > 0))

    def _active_parts(
        self, min_tracks: int, min_users: int
    ) -> Iterator[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64], sparse.csr_array]]:
        """Give step, users, tracks and places of values, of all and after every step that leaves out any."""
        if min(min_tracks, min_users) < 1:
            raise InvalidSetting(f"min_tracks={min_tracks} and min_users={min_users} must be at least 1")
        users, tracks, matrix = np.arange(self.n_users), np.arange(self.n_tracks), self._numbered()
        yield "all", users, tracks, matrix
        while True:
            active = np.flatnonzero(np.diff(matrix.indptr) >= min_tracks)
            if len(active) < len(users):
                matrix, users = sparse.csr_array(matrix[active]), users[active]
                yield f"users: ≥ {min_tracks:,} tracks", users, tracks, matrix
            played = np.flatnonzero(np.bincount(matrix.indices, minlength=len(tracks)) >= min_users)
            if len(played) == len(tracks):
                return
            matrix, tracks = sparse.csr_array(matrix[:, played]), tracks[played]
            yield f"tracks: ≥ {min_users:,} users", users, tracks, matrix

    def activity(self) -> pd.DataFrame:
        """Return how many users and tracks are how active.

        Returns:
            `at_least`, every number of tracks that a user has or of users that a track has, ascending; how
            many `users` have so many tracks or more, and how many `tracks` so many users.
        """
        sides = {"users": np.sort(self.per_user()), "tracks": np.sort(self.per_track())}
        levels = np.unique(np.concatenate(list(sides.values())))
        levels = levels[levels > 0]
        counts = {side: len(values) - np.searchsorted(values, levels) for side, values in sides.items()}
        return pd.DataFrame({"at_least": levels, **counts})

    def select_tracks(self, tracks: Iterable[str]) -> Interactions:
        """Return the interactions with these tracks, as columns in this order; all users stay.

        Tracks that nobody played become empty columns; played ones that are not asked for are counted in
        `dropped`.
        """
        wanted = tuple(dict.fromkeys(tracks))
        asked = set(wanted)
        column_of = {track: at for at, track in enumerate(self.tracks)}
        here = [(place, column_of[track]) for place, track in enumerate(wanted) if track in column_of]
        places, columns = (np.array(side, np.int64) for side in zip(*here, strict=True)) if here else (
            np.empty(0, np.int64), np.empty(0, np.int64)
        )  # fmt: skip
        taken = self._numbered()[:, columns].tocoo()
        numbers = sparse.csr_array(
            (taken.data, (taken.row, places[taken.col])), shape=(self.n_users, len(wanted))
        )
        other = tuple(track for track in self.tracks if track not in asked)
        note = Dropped("played, but not among the tracks asked for", len(other), "tracks", other[:_EXAMPLES])
        return replace(
            self,
            tracks=wanted,
            dropped=(*self.dropped, *([note] if other else [])),
            **self._values_of(numbers),
        )

    def select_values(self, kept: npt.NDArray[np.bool_]) -> Interactions:
        """Return the interactions with some of their values; all users and tracks stay.

        Args:
            kept: Of each stored value, in the order of `matrix.data`, whether it stays, (values,).
        """
        before = np.concatenate([[0], np.cumsum(kept)])
        matrix = sparse.csr_array(
            (self.matrix.data[kept], self.matrix.indices[kept], before[self.matrix.indptr]),
            shape=self.matrix.shape,
        )
        return replace(self, matrix=matrix, times=None if self.times is None else self.times[kept])

    def _numbered(self) -> sparse.csr_array:
        """Return the matrix with the place of each value in its stead."""
        whole = np.int32 if self.matrix.nnz <= np.iinfo(np.int32).max else np.int64
        parts = (np.arange(self.matrix.nnz, dtype=whole), self.matrix.indices, self.matrix.indptr)
        return sparse.csr_array(parts, shape=self.matrix.shape)

    def _values_of(self, numbers: sparse.csr_array) -> dict[str, Any]:
        """Return values and times where there is a matrix of their places."""
        parts = (self.matrix.data[numbers.data], numbers.indices, numbers.indptr)
        matrix = sparse.csr_array(parts, shape=numbers.shape)
        return {"matrix": matrix, "times": None if self.times is None else self.times[numbers.data]}

    def _less_than(self, before: Interactions, of_users: str, of_tracks: str) -> Interactions:
        """Return the same, with a note on the users, tracks and values that it has fewer than before."""
        counts = (
            (of_users, before.n_users - self.n_users, "users"),
            (of_tracks, before.n_tracks - self.n_tracks, "tracks"),
            ("of those users or tracks", before.matrix.nnz - self.matrix.nnz, self.kind),
        )
        notes = (Dropped(reason, int(count), what) for reason, count, what in counts if count)
        return replace(self, dropped=(*self.dropped, *notes))

    def write(self, folder: Path) -> None:
        """Write to a new folder; raises OSError."""
        folder.mkdir()
        self.users.to_parquet(folder / _USERS)
        (folder / _TRACKS).write_text(json.dumps(self.tracks, ensure_ascii=False), encoding="utf-8")
        sparse.save_npz(folder / _MATRIX, self.matrix, compressed=False)
        if self.times is not None:
            np.savez(folder / _TIMES, times=self.times)
        manifest = {
            "format": _FORMAT,
            "name": self.name,
            "kind": self.kind,
            **self.facts(),
            "dropped": [asdict(note) for note in self.dropped],
            "reading": list(self.reading),
            "times": self.times is not None,
        }
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        write_checksums(folder, _FILES if self.times is None else (*_FILES, _TIMES))

    @classmethod
    def open(cls, folder: Path) -> Interactions:
        """Read what `write` wrote.

        Raises:
            DataError: If a file is missing, damaged, or of a newer format.
        """
        return read_whole(folder, lambda: cls._read(folder))

    @classmethod
    def _read(cls, folder: Path) -> Interactions:
        cure = "add the data again"
        try:
            manifest = read_manifest(folder, _MANIFEST, cure)
            if manifest["format"] > _FORMAT:
                raise DataError(folder, f"was written by a newer taglab (format {manifest['format']})")
            arrays = read_arrays(folder / _MATRIX, _LARGEST_ARRAY_BYTES)
            timed = manifest.get("times", False)
            matrix = sparse.csr_array(
                (arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(arrays["shape"].tolist())
            )
            matrix.check_format()
            return cls(
                name=manifest["name"],
                users=pd.read_parquet(folder / _USERS),
                tracks=tuple(read_json(folder / _TRACKS, _LARGEST_TRACKS_BYTES)),
                matrix=matrix,
                kind=manifest["kind"],
                dropped=tuple(
                    Dropped(**{**note, "examples": tuple(note["examples"])}) for note in manifest["dropped"]
                ),
                reading=tuple(manifest["reading"]),
                times=read_arrays(folder / _TIMES, _LARGEST_ARRAY_BYTES)["times"] if timed else None,
            )
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(folder, f"holds no plays or is damaged ({error}); {cure}") from error


@dataclass(frozen=True, eq=False)
class _ByPair:
    """Rows of user and track in the order of a matrix, those of one pair as they came.

    Attributes:
        order: The rows, by user, then track, (rows,).
        indices: Their tracks.
        pointers: Where each user's begin, (users + 1,).
        is_first: Whether a row is the first of its pair.
        shape: (users, tracks).
    """

    order: npt.NDArray[np.signedinteger[Any]]
    indices: npt.NDArray[np.signedinteger[Any]]
    pointers: npt.NDArray[np.signedinteger[Any]]
    is_first: npt.NDArray[np.bool_]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls, rows: npt.NDArray[np.signedinteger[Any]], columns: npt.NDArray[np.signedinteger[Any]],
        shape: tuple[int, int],
    ) -> _ByPair:  # fmt: skip
        """Sort by counting, first tracks, then users: in linear time, with 4 bytes a row if they suffice."""
        whole = np.int32 if len(rows) <= np.iinfo(np.int32).max else np.int64
        numbers = sparse.coo_array((np.arange(len(rows), dtype=whole), (rows, columns)), shape=shape)
        numbers.has_canonical_format = True  # else the numbers of one pair are added up
        ordered = numbers.tocsc().tocsr()
        is_first = np.ones(len(rows), bool)
        is_first[1:] = np.diff(ordered.indices) != 0
        begun = ordered.indptr[:-1]
        is_first[begun[begun < len(rows)]] = True
        return cls(ordered.data, ordered.indices, ordered.indptr, is_first, shape)

    @property
    def n_again(self) -> int:
        """How many rows are of a pair that came before."""
        return len(self.is_first) - int(self.is_first.sum())

    def merged(self, given: npt.NDArray[Any], merge: _Merge, kind: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return one value a pair of the values of its rows, a part of the users after the other."""
        values = np.empty(len(self.is_first) - self.n_again, kind)
        done = 0
        marks = np.searchsorted(self.pointers, np.arange(0, len(self.order), _ROWS_AT_ONCE), side="left")
        edges = np.unique(np.append(self.pointers[marks], [0, len(self.order)]))
        for start, stop in itertools.pairwise(edges.tolist()):
            starts = np.flatnonzero(self.is_first[start:stop])
            values[done : done + len(starts)] = merge(given[self.order[start:stop]], starts)
            done += len(starts)
        return values

    def matrix(self, values: npt.NDArray[np.float32]) -> sparse.csr_array:
        """Return the matrix of one value a pair."""
        before = np.zeros(len(self.is_first) + 1, self.pointers.dtype)
        np.cumsum(self.is_first, out=before[1:])
        return sparse.csr_array(
            (values, self.indices[self.is_first], before[self.pointers]), shape=self.shape
        )


_Merge: TypeAlias = Callable[[npt.NDArray[Any], npt.NDArray[np.intp]], npt.NDArray[Any]]


def _total(values: npt.NDArray[Any], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    sums: npt.NDArray[np.float64] = np.add.reduceat(values, starts, dtype=np.float64)
    return sums


def _last(values: npt.NDArray[Any], starts: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    last: npt.NDArray[Any] = values[np.append(starts[1:], len(values)) - 1]
    return last


def _latest(times: npt.NDArray[np.float64], starts: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    latest: npt.NDArray[np.float64] = np.fmax.reduceat(times, starts)
    return latest


def _whole(codes: npt.ArrayLike) -> npt.NDArray[np.signedinteger[Any]]:
    """Return codes as they are where they are 32-bit whole numbers, else as 64-bit ones."""
    given = np.asarray(codes)
    return given if given.dtype == np.int32 else given.astype(np.int64, copy=False)
