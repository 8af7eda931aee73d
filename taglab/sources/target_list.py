"""Lists of tracks with their part and label, as Kim (2021) handed out the target sets of chapter 2.

A line is a number, the sound file's path, its part (train, valid, test, or nothing) and its label, with tabs
between and no header: `0<TAB>genres/disco/disco.00038.au<TAB>test<TAB>disco`. GTZAN has 1,000 lines, FMA
25,000, Extended Ballroom 3,390, IRMAS 6,705; MediaEval's emotions 744, one list for arousal and one for
valence, whose labels are numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy, mend
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.sources.reading import Tally, open_text, part_of
from taglab.sources.source import Source

_FIELDS = 4
_OWN_COLUMNS = ("track", "path", "split")


class TargetListSettings(BaseModel):
    """Options of the reader of lists.

    Attributes:
        column: What the labels are called as a column of the tracks: genre, instrument, arousal …
        also: A second list of numbers on the same tracks.
        also_column: What its numbers are called.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field("label", min_length=1)
    also: Path | None = None
    also_column: str = Field("also", min_length=1)

    @model_validator(mode="after")
    def _labels_have_columns_of_their_own(self) -> Self:
        for name in (self.column, *([self.also_column] if self.also else [])):
            if name in _OWN_COLUMNS:
                raise ValueError(f"labels cannot be called {name!r}: a list has a column of that name")
        if self.also and self.column == self.also_column:
            raise ValueError(f"column and also_column are both {self.column!r}; call one of them otherwise")
        return self


@dataclass(eq=False)
class _List:
    """Lines of a list, in their order."""

    tally: Tally
    tracks: dict[str, int] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    __repr__ = one_line

    def line(self, cells: Sequence[str], where: str) -> None:
        """Take a line; what is no track with a label is counted."""
        if len(cells) != _FIELDS or not cells[1].strip() or not cells[3].strip():
            self.tally.add("no track with its label: not number, path, part and label", "rows", where)
            return
        path = cells[1].strip().lstrip("/")
        track = PurePosixPath(path).stem
        if track in self.tracks:
            self.tally.add("a track seen before; the first is kept", "rows", track)
            return
        self.tracks[track] = len(self.paths)
        self.paths.append(path)
        self.parts.append(cells[2].strip())
        self.labels.append(cells[3].strip())

    def numbers(self) -> list[float] | None:
        """Return the labels as numbers; None where one is none."""
        try:
            values = [float(label) for label in self.labels]
        except ValueError:
            return None
        return values if all(map(math.isfinite, values)) else None


def read(path: Path, name: str, settings: TargetListSettings, progress: Progress = silent) -> Folksonomy:
    """Read a list, and perhaps a second one of numbers on the same tracks.

    Args:
        path: The list.
        name: What to call the folksonomy. A track is called as its file without the suffix; its column `path`
            lets `taglab audio add` find it.
        settings: What the labels are called, and the second list.
        progress: Told as the lists are read.

    Returns:
        Tracks with `path`, `split` as published where there is one, and the labels as a column. Classes stand
        as tags, too; of numbers there are none.

    Raises:
        DataError: If a file is no such list, or the second one holds other labels than numbers.
    """
    tally = Tally()
    first = _read_list(path, tally, part_of(progress, 0, 2))
    numbers = first.numbers()
    tracks = pd.DataFrame(
        {"track": pd.array(list(first.tracks), dtype="str"), "path": pd.array(first.paths, dtype="str")}
    )
    if any(first.parts):
        tracks["split"] = pd.array([part or None for part in first.parts], dtype="str")
    tracks[settings.column] = pd.array(first.labels, dtype="str") if numbers is None else numbers
    if settings.also is not None:
        second = _read_list(settings.also, tally, part_of(progress, 1, 2))
        tracks[settings.also_column] = _aligned(settings.also, second, list(first.tracks))
    tags = [] if numbers is not None else list(dict.fromkeys(first.labels))
    labels = [] if numbers is not None else first.labels
    codes = np.array([tags.index(label) for label in labels], np.int64)
    rows = np.arange(len(codes))
    of_labels = "numbers" if numbers is not None else f"{len(tags)} classes, which are tags, too"
    reading = [f"The labels, column {settings.column}, are {of_labels}."]
    return Folksonomy.from_codes(name, tracks, tags, rows, codes, dropped=tally.notes(), reading=reading)


def _read_list(path: Path, tally: Tally, progress: Progress) -> _List:
    lines = _List(tally)
    with open_text(path, "utf-8") as text:
        progress(0.0, f"reading {path.name}")
        for number, line in enumerate(text.lines, 1):
            if line.strip():
                lines.line([mend(cell) for cell in line.rstrip("\r\n").split("\t")], f"line {number}")
    if not lines.paths:
        raise DataError(path, "holds no line of number, path, part and label with tabs between")
    return lines


def _aligned(path: Path, second: _List, tracks: Sequence[str]) -> list[float]:
    """Return the second list's number of each track, NaN where it has none."""
    numbers = second.numbers()
    if numbers is None:
        raise DataError(path, "holds labels that are no numbers; classes stand in the first list")
    return [numbers[second.tracks[track]] if track in second.tracks else math.nan for track in tracks]


SOURCE = Source(
    name="target-list",
    title="Tracks with part and label",
    about="Lists as Kim (2021) handed them out: GTZAN, FMA, Extended Ballroom, IRMAS, MediaEval's emotions.",
    files="a list of number, path, part and label, with tabs between",
    example="taglab data add target-list GTZAN_filtered_dataset.info --name gtzan --column genre",
    read=read,
    settings=TargetListSettings,
    more_files=("also",),
)
