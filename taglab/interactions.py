"""`Interactions`: what people played or how they rated it, as users, tracks and a sparse matrix."""

from __future__ import annotations

import json
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
from taglab.cache import content_key, read_json, read_manifest, read_whole, write_checksums
from taglab.dropped import Dropped
from taglab.errors import DataError, InvalidSetting

_FORMAT = 1
_MANIFEST, _USERS, _TRACKS, _MATRIX = _FILES = ("manifest.json", "users.parquet", "tracks.json", "matrix.npz")
_EXAMPLES = 5
_LARGEST_TRACKS_BYTES = 1 << 30
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

        Raises:
            ValueError: As the class, or if codes are out of range.
        """
        rows, columns = np.asarray(user_codes, np.int64), np.asarray(track_codes, np.int64)
        given = np.ones(len(rows)) if values is None else np.asarray(values, np.float64)
        table = (
            users if isinstance(users, pd.DataFrame) else pd.DataFrame({"user": pd.array(users, dtype="str")})
        )
        for what, codes, limit in (("user", rows, len(table)), ("track", columns, len(tracks))):
            if len(codes) and not (codes.min() >= 0 and codes.max() < limit):
                raise ValueError(f"{what} codes must lie in [0, {limit}), not {codes.min()} to {codes.max()}")
        notes = list(dropped)
        flat = rows * max(len(tracks), 1) + columns
        order = np.argsort(flat, kind="stable")
        flat, given = flat[order], given[order]
        starts = np.flatnonzero(np.diff(flat, prepend=-1))
        if len(starts) < len(flat) and kind == "ratings":
            notes.append(
                Dropped("the same user rated the same track again; the last counts", len(flat) - len(starts))
            )
            given = given[np.append(starts[1:], len(flat)) - 1]
        elif len(starts):
            given = np.add.reduceat(given, starts)
        rows, columns = np.divmod(flat[starts], max(len(tracks), 1))
        pointers = np.zeros(len(table) + 1, np.int64)
        np.cumsum(np.bincount(rows, minlength=len(table)), out=pointers[1:])
        matrix = sparse.csr_array(
            (given.astype(np.float32), columns, pointers), shape=(len(table), len(tracks))
        )
        return cls(name, table, tuple(tracks), matrix, kind, tuple(notes), tuple(reading))

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
        """Content key of users, tracks, values and kind; the name is not part of it."""
        return content_key(
            self.kind,
            json.loads(self.users.to_json(orient="split", index=False)),
            list(self.tracks),
            self.matrix.indptr.astype(np.int64),
            self.matrix.indices.astype(np.int64),
            self.matrix.data,
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
        if min(min_tracks, min_users) < 1:
            raise InvalidSetting(f"min_tracks={min_tracks} and min_users={min_users} must be at least 1")
        users, tracks = np.arange(self.n_users), np.arange(self.n_tracks)
        matrix = self.matrix
        while True:
            active = np.flatnonzero(np.diff(matrix.indptr) >= min_tracks)
            matrix, users = sparse.csr_array(matrix[active]), users[active]
            played = np.flatnonzero(np.bincount(matrix.indices, minlength=len(tracks)) >= min_users)
            settled = len(played) == len(tracks)
            matrix, tracks = sparse.csr_array(matrix[:, played]), tracks[played]
            if settled:
                break
        kept = replace(
            self,
            users=self.users.iloc[users].reset_index(drop=True),
            tracks=tuple(self.tracks[at] for at in tracks),
            matrix=matrix,
        )
        return kept._less_than(
            self, f"user of fewer than {min_tracks} tracks", f"track of fewer than {min_users} users"
        )

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
        taken = self.matrix[:, columns].tocoo()
        matrix = sparse.csr_array(
            (taken.data, (taken.row, places[taken.col])), shape=(self.n_users, len(wanted)), dtype=np.float32
        )
        other = tuple(track for track in self.tracks if track not in asked)
        note = Dropped("played, but not among the tracks asked for", len(other), "tracks", other[:_EXAMPLES])
        return replace(
            self, tracks=wanted, matrix=matrix, dropped=(*self.dropped, *([note] if other else []))
        )

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
        manifest = {
            "format": _FORMAT,
            "name": self.name,
            "kind": self.kind,
            **self.facts(),
            "dropped": [asdict(note) for note in self.dropped],
            "reading": list(self.reading),
        }
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        write_checksums(folder, _FILES)

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
            arrays = read_arrays(folder / _MATRIX)
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
            )
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(folder, f"holds no plays or is damaged ({error}); {cure}") from error
