"""Clips that exist rendered otherwise: at another pitch or tempo, without any processing of sound."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from taglab.audio.decode import DecodeSettings, decode
from taglab.audio.streams import Samples
from taglab.cache import content_key, file_digest
from taglab.errors import DataError, InvalidSetting, unreadable
from taglab.reprs import one_line
from taglab.settings import checked

COLUMNS = ("clip", "kind", "magnitude", "file")
_LONGEST_S = 3_600.0
_LACKING_S = 0.05  # what coders and the last note may take from an end


_SETTLED_S = 2.0
_SHOWN = 100

Stamp = tuple[int, int, int]
"""Of a file: when it was changed (ns), its size in bytes, and its number on the disk."""


def stamp_of(path: Path) -> Stamp:
    """Return what tells a file from what lies under its name at another time; raises DataError."""
    try:
        state = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return state.st_mtime_ns, state.st_size, state.st_ino


def is_settled(stamp: Stamp) -> bool:
    """Return whether a file cannot change again within the clock's grain, and keep its stamp."""
    return time.time() - stamp[0] / 1e9 > _SETTLED_S


@lru_cache(maxsize=100_000)
def _digest(path: Path, _stamp: Stamp) -> str:
    try:
        return file_digest(path)
    except OSError as error:
        raise unreadable(path, error) from error


@dataclass(frozen=True, eq=False)
class Variants:
    """Clips rendered otherwise, a file for every clip, kind and magnitude.

    Attributes:
        table: Columns `clip` (id of a track, or the name of its file without ending), `kind`, `magnitude` and
            `file` (its path), each combination of the first three once.
        stamps: Of the files, by row, when the table was read.
    """

    table: pd.DataFrame
    stamps: tuple[Stamp, ...]

    __repr__ = one_line

    @cached_property
    def key(self) -> str:
        """Content key of the table and of every file; raises DataError where one is gone."""
        files = zip(self.table["file"], self.stamps, strict=True)
        digests = [
            (_digest if is_settled(stamp) else _digest.__wrapped__)(Path(file), stamp)
            for file, stamp in files
        ]
        return content_key([*self.table[["clip", "kind", "magnitude"]].values.tolist()], digests)

    @cached_property
    def fingerprint(self) -> str:
        """See `key`."""
        return self.key

    def magnitudes(self, kind: str) -> tuple[float, ...]:
        """Return the magnitudes of a kind, ascending."""
        return tuple(sorted(set(self.table.loc[self.table["kind"] == kind, "magnitude"])))

    def among(self, tracks: Iterable[str]) -> set[str]:
        """Return the tracks that have every variant of the table: of every kind at every magnitude.

        Args:
            tracks: All of a sound.

        Raises:
            InvalidSetting: If several are one clip of the table: they lie in different folders under one
                name.
        """
        clip_of = {track: clip for track in tracks if (clip := self._clip(track)) in self._names}
        counts = Counter(clip_of.values())
        several = [track for track, clip in clip_of.items() if counts[clip] > 1]
        if several:
            clip = clip_of[several[0]]
            both = [track for track in several if clip_of[track] == clip]
            raise InvalidSetting(
                f"the clip {clip!r} of the table of variants may be {both[0]!r} or {both[1]!r}; write whole "
                "ids of tracks in its column clip"
            )
        whole = {clip for clip, part in self.table.groupby("clip") if len(part) == self._n_changes}
        return {track for track, clip in clip_of.items() if clip in whole}

    def sound(
        self, kind: str, magnitude: float, track: str, start_s: float, n: int, rate_hz: int, channels: int
    ) -> Samples:
        """Return a stretch of a variant.

        Args:
            kind: Of the variant.
            magnitude: In the unit of its kind.
            track: Whose.
            start_s: Where the stretch begins in the variant, in seconds.
            n: How many samples it has.
            rate_hz: Their rate.
            channels: 1, or 2.

        Returns:
            (samples,) or (samples, 2), float32; fewer than n by a twentieth of a second at most.

        Raises:
            InvalidSetting: If the track has no such variant.
            DataError: If its file is no sound, too short, or another than when the table was read.
        """
        path, stamp = self._file(kind, magnitude, track)
        if stamp_of(path) != stamp:
            raise DataError(path, "has changed since the table of variants was read; begin again")
        values = {"sample_rate_hz": rate_hz, "channels": channels, "max_duration_s": _LONGEST_S}
        samples = decode(path, checked(DecodeSettings, values | {"min_duration_s": 0})).samples
        start = round(start_s * rate_hz)
        if start + n > len(samples) + _LACKING_S * rate_hz:
            raise DataError(
                path, f"lasts {len(samples) / rate_hz:.2f} s, and {(start + n) / rate_hz:.2f} s are needed"
            )
        return samples[start : start + n]

    def _clip(self, track: str) -> str:
        return track if track in self._names else PurePath(track).stem

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.table["clip"])

    @cached_property
    def _n_changes(self) -> int:
        return len(self.table[["kind", "magnitude"]].drop_duplicates())

    @cached_property
    def _files(self) -> dict[tuple[str, str, float], tuple[Path, Stamp]]:
        columns = [self.table[name] for name in COLUMNS]
        rows = zip(*columns, self.stamps, strict=True)
        return {(clip, kind, magnitude): (Path(file), stamp) for clip, kind, magnitude, file, stamp in rows}

    def _file(self, kind: str, magnitude: float, track: str) -> tuple[Path, Stamp]:
        key = self._clip(track), kind, magnitude
        if key not in self._files:
            there = ", ".join(f"{one:g}" for one in self.magnitudes(kind)) or "none"
            raise InvalidSetting(
                f"the table of variants has no {kind} {magnitude:g} of {track!r}; of this kind it has {there}"
            )
        return self._files[key]


def checked_variants(
    path: Path, table: pd.DataFrame, ranges: dict[str, tuple[float, float, float]]
) -> pd.DataFrame:
    """Return the table of `Variants`, of one that was read.

    Args:
        path: Of the table, below whose folder relative paths are.
        table: With `COLUMNS`, of any content.
        ranges: Kind → least magnitude, the one that changes nothing, and the greatest.

    Raises:
        DataError: If a column, a value or a file is missing or a column stands twice, a kind is unknown, a
            magnitude is no number, lies outside or changes nothing, or a variant stands twice.
    """
    lacking = [name for name in COLUMNS if name not in table]
    if lacking or not table.columns.is_unique:
        has = ", ".join(map(str, table.columns))
        raise DataError(path, f"must have columns {', '.join(COLUMNS)}, each once; has {has}")
    given = table[list(COLUMNS)].reset_index(drop=True)
    if given.empty:
        raise DataError(path, "has no row")
    empty = given.isna().any(axis=1)
    texts = given.map(str)
    numbers = pd.to_numeric(texts["magnitude"], errors="coerce").astype(np.float64)
    files = []
    for row, (kind, text, file) in enumerate(texts[["kind", "magnitude", "file"]].itertuples(index=False)):
        files.append(path.parent / file)
        why = "lacks a value here" if empty[row] else _why_not(kind, text, numbers[row], ranges)
        why = why or _why_no_file(files[-1])
        if why:
            raise DataError(path, why, line=row + 2)
    read = texts.assign(magnitude=numbers, file=[str(file) for file in files])
    again = read[read.duplicated(["clip", "kind", "magnitude"])]
    if len(again):
        clip, kind, magnitude = again.iloc[0][["clip", "kind", "magnitude"]]
        raise DataError(path, f"has {kind} {magnitude:g} of {clip!r} twice")
    return read


def _why_not(kind: str, text: str, number: float, ranges: dict[str, tuple[float, float, float]]) -> str:
    """Return what is wrong with a kind and a magnitude; empty where nothing is."""
    if kind not in ranges:
        return f"has the kind {kind[:_SHOWN]!r}, which must be one of {', '.join(ranges)}"
    low, unchanged, high = ranges[kind]
    if not low <= number <= high:
        return f"has the magnitude {text[:_SHOWN]!r}; {kind} must lie from {low:g} to {high:g}"
    if number == unchanged:
        return f"has {kind} {number:g}, which is the clip as it is and never read; leave the row out"
    return ""


def _why_no_file(file: Path) -> str:
    try:
        there = file.is_file()
    except OSError as error:
        return f"names {file.name[:_SHOWN]!r}, which cannot be read ({error.strerror or error})"
    return "" if there else f"names {str(file)!r}, and there is no such file"
