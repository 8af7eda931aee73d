"""Clips that exist rendered otherwise: at another pitch or tempo, without any processing of sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from taglab.audio.decode import DecodeSettings, decode
from taglab.audio.streams import Samples
from taglab.cache import content_key, file_digest
from taglab.errors import DataError, InvalidSetting
from taglab.reprs import one_line
from taglab.settings import checked

COLUMNS = ("clip", "kind", "magnitude", "file")
_LONGEST_S = 3_600.0
_LACKING_S = 0.05  # what coders and the last note may take from an end


@dataclass(frozen=True, eq=False)
class Variants:
    """Clips rendered otherwise, a file for every clip, kind and magnitude.

    Attributes:
        table: Columns `clip` (id of a track, or the name of its file without ending), `kind`, `magnitude` and
            `file` (its path), each combination of the first three once.
    """

    table: pd.DataFrame

    __repr__ = one_line

    @cached_property
    def key(self) -> str:
        """Content key of the table and of every file."""
        digests = [file_digest(Path(file)) for file in self.table["file"]]
        return content_key([*self.table[["clip", "kind", "magnitude"]].values.tolist()], digests)

    @cached_property
    def fingerprint(self) -> str:
        """See `key`."""
        return self.key

    def magnitudes(self, kind: str) -> tuple[float, ...]:
        """Return the magnitudes of a kind, ascending."""
        return tuple(sorted(set(self.table.loc[self.table["kind"] == kind, "magnitude"])))

    def among(self, tracks: Iterable[str]) -> set[str]:
        """Return the tracks that have every variant of the table: of every kind at every magnitude."""
        whole = {clip for clip, part in self.table.groupby("clip") if len(part) == self._n_changes}
        return {track for track in tracks if self._clip(track) in whole}

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
            DataError: If its file is no sound, or too short.
        """
        path = self._file(kind, magnitude, track)
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
    def _files(self) -> dict[tuple[str, str, float], str]:
        keys = zip(self.table["clip"], self.table["kind"], self.table["magnitude"], strict=True)
        return dict(zip(keys, self.table["file"], strict=True))

    def _file(self, kind: str, magnitude: float, track: str) -> Path:
        key = self._clip(track), kind, magnitude
        if key not in self._files:
            there = ", ".join(f"{one:g}" for one in self.magnitudes(kind)) or "none"
            raise InvalidSetting(
                f"the table of variants has no {kind} {magnitude:g} of {track!r}; of this kind it has {there}"
            )
        return Path(self._files[key])


def checked_variants(path: Path, table: pd.DataFrame, ends: dict[str, tuple[float, float]]) -> Variants:
    """Return variants of a table that was read.

    Args:
        path: Of the table, below whose folder relative paths are.
        table: Of text, with `COLUMNS`.
        ends: Kind → least and greatest magnitude.

    Raises:
        DataError: If a column, a value or a file is missing, a kind is unknown, a magnitude is no number or
            lies outside, or a variant stands twice.
    """
    lacking = [name for name in COLUMNS if name not in table]
    if lacking:
        has = ", ".join(map(str, table.columns))
        raise DataError(path, f"must have columns {', '.join(COLUMNS)}; has {has}")
    numbers = pd.to_numeric(table["magnitude"], errors="coerce")
    files = [path.parent / str(file) for file in table["file"]]
    for row, (kind, number, file) in enumerate(zip(table["kind"], numbers, files, strict=True)):
        why = ""
        if table.loc[table.index[row], list(COLUMNS)].isna().any():
            why = "lacks a value here"
        elif kind not in ends:
            why = f"has the kind {kind!r}, which must be one of {', '.join(ends)}"
        elif not ends[kind][0] <= number <= ends[kind][1]:
            low, high = ends[kind]
            given = table["magnitude"].iloc[row]
            why = f"has the magnitude {given!r}; {kind} must lie from {low:g} to {high:g}"
        elif not file.is_file():
            why = f"names {str(file)!r}, and there is no such file"
        if why:
            raise DataError(path, why, line=row + 2)
    read = pd.DataFrame(
        {
            "clip": table["clip"].astype(str).to_numpy(),
            "kind": table["kind"].astype(str).to_numpy(),
            "magnitude": numbers.to_numpy(np.float64),
            "file": [str(file) for file in files],
        }
    )
    again = read[read.duplicated(["clip", "kind", "magnitude"])]
    if len(again):
        clip, kind, magnitude = again.iloc[0][["clip", "kind", "magnitude"]]
        raise DataError(path, f"has {kind} {magnitude:g} of {clip!r} twice")
    if read.empty:
        raise DataError(path, "has no row")
    return Variants(read)
