"""What the readers share: opening text safely, numbering distinct texts, counting what is left out."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from taglab.archives import (
    GZIP_START,
    START_BYTES,
    ZIP_STARTS,
    Limits,
    LinesWithin,
    opened_gzip,
    opened_zip,
    other_packing,
)
from taglab.errors import NO_SUCH_FILE, DataError, TaglabError
from taglab.folksonomy import Dropped, Folksonomy, mend
from taglab.progress import Progress, between

_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 200
_ROWS_BETWEEN_REPORTS = 50_000
_READ_BYTES = 1 << 20
# A table is read as it unpacks and lies nowhere; one of 0 and 1 packs up to a hundred times.
_LIMITS = Limits(largest_ratio=200, always_allowed_bytes=256 << 20)
_SPLIT = re.compile(r"(?:^|[-_.])(train|validation|valid|val|test)\.", re.IGNORECASE)
NOT_UNICODE = "not valid Unicode; the bad parts became U+FFFD"


def part_of(progress: Progress, number: int, parts: int) -> Progress:
    """Return the progress of one of several equal parts, counted from 0."""
    return between(progress, number / parts, (number + 1) / parts)


def existing_file(path: Path) -> Path:
    """Return the path if something can be read there.

    Raises:
        DataError: If there is no such file, it is a folder, or it is empty.
    """
    if not path.exists():
        raise DataError(path, NO_SUCH_FILE)
    if path.is_dir():
        raise DataError(path, "is a folder; give one of the files in it")
    if not path.is_file():
        raise DataError(path, "is neither a file nor a folder, but a device or the like; give a file")
    if path.stat().st_size == 0:
        raise DataError(path, "is empty (0 bytes); was the upload or download cut short?")
    return path


def files_of(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files of a folder that match one of the patterns, by name.

    Raises:
        DataError: If there is none; names the folders inside, one of which may have been meant.
    """
    files = sorted({file for pattern in patterns for file in folder.glob(pattern) if file.is_file()})
    if not files:
        folders = sorted(inner.name for inner in folder.iterdir() if inner.is_dir())
        inside = f"; it holds the folders {', '.join(folders[:8])}" if folders else ""
        raise DataError(folder, f"is a folder without a file named like {' or '.join(patterns)}{inside}")
    return files


def split_named(file: Path) -> str | None:
    """Return the split that a file's name tells ("genre-train.tsv"): train, validation, test, or None."""
    match = _SPLIT.search(file.name)
    if not match:
        return None
    told = match[1].lower()
    return "validation" if told.startswith("val") else told


class Tally:
    """Counts what is left out, by reason, keeping a few examples of each."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._examples: dict[tuple[str, str], list[str]] = {}

    def add(self, reason: str, what: str = "rows", example: str = "", count: int = 1) -> None:
        """Count one more (or `count` more) left out for this reason."""
        if count == 0:
            return
        key = (reason, what)
        self._counts[key] = self._counts.get(key, 0) + count
        examples = self._examples.setdefault(key, [])
        if example and len(examples) < _EXAMPLES:
            examples.append(mend(example)[:_EXAMPLE_CHARACTERS])

    def notes(self) -> list[Dropped]:
        """Return the counts in the order in which the reasons came up."""
        return [
            Dropped(reason, count, what, tuple(self._examples[reason, what]))
            for (reason, what), count in self._counts.items()
        ]


class Vocabulary:
    """Gives each distinct text a number, in the order of first sight; mends what is not valid Unicode."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self.texts: list[str] = []
        self.mended: list[str] = []

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """Return the number of a text, a new one at first sight."""
        code = self._codes.get(text)
        return self._add(text) if code is None else code

    def _add(self, text: str) -> int:
        whole = mend(text)
        if whole != text:
            self.mended.append(whole)
        code = self._codes.setdefault(whole, len(self.texts))
        if code == len(self.texts):
            self.texts.append(whole)
        self._codes[text] = code
        return code

    def report(self, tally: Tally, what: str) -> None:
        """Tell how many texts had to be mended."""
        for example in self.mended:
            tally.add(NOT_UNICODE, what, example)


class Assignments:
    """Collects who got what, row by row, and makes the folksonomy.

    Args:
        columns: Columns of the tracks table besides `track`.
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.tracks = Vocabulary()
        self.tags = Vocabulary()
        self.tally = Tally()
        self._columns: dict[str, list[str | None]] = {column: [] for column in columns}
        self._track_codes = array("q")
        self._tag_codes = array("q")
        self._weights = array("f")

    def track(self, text: str, values: Sequence[str | None] = ()) -> int:
        """Return the number of a track; what is known of it is kept from where it is first told."""
        known = len(self.tracks)
        code = self.tracks.code(text)
        cells = [self._cell(value) for value in values]
        if code == known:
            for column, cell in zip(self._columns.values(), cells, strict=True):
                column.append(cell)
            return code
        for (name, column), cell in zip(self._columns.items(), cells, strict=True):
            if cell and column[code] is None:
                column[code] = cell
            elif cell and column[code] != cell:
                self.tally.add(f"another {name} for a track seen before; the first is kept", "rows", text)
        return code

    def _cell(self, value: str | None) -> str | None:
        if not value:
            return None
        whole = mend(value)
        if whole != value:
            self.tally.add(NOT_UNICODE, "cells", whole)
        return whole

    def assign(self, track: int, tag: str, weight: float = 1.0) -> None:
        """Note that a track got a tag."""
        self._track_codes.append(track)
        self._tag_codes.append(self.tags.code(tag))
        self._weights.append(weight)

    def _tracks_table(self, numbers: Sequence[str]) -> pd.DataFrame:
        told = {name: column for name, column in self._columns.items() if any(column)}
        table = pd.DataFrame({"track": self.tracks.texts, **told})
        for name in set(numbers) & set(told):
            values = pd.to_numeric(table[name], errors="coerce")
            self.tally.add(
                f"{name} is not a number", "tracks", count=int((values.isna() & table[name].notna()).sum())
            )
            table[name] = values.astype(np.float64)
        return table

    def folksonomy(
        self, path: Path, name: str, tags: pd.DataFrame | None = None, numbers: Sequence[str] = ()
    ) -> Folksonomy:
        """Make the folksonomy; of the tracks table, columns for which nothing was told are left out.

        Args:
            path: What was read, for the message when nothing is left.
            name: What to call it.
            tags: Table with a row for each of `self.tags.texts`, where there is more to say of them.
            numbers: Columns of the tracks table that hold numbers.

        Raises:
            DataError: If no assignment is left; says what became of the rows.
        """
        self.tags.report(self.tally, "tags")
        self.tracks.report(self.tally, "tracks")
        require_assignments(path, len(self._track_codes), self.tally)
        tracks = self._tracks_table(numbers)
        return Folksonomy.from_codes(
            name,
            tracks,
            self.tags.texts if tags is None else tags,
            np.frombuffer(self._track_codes, np.int64),
            np.frombuffer(self._tag_codes, np.int64),
            np.frombuffer(self._weights, np.float32),
            self.tally.notes(),
        )


def require_assignments(path: Path, found: int, tally: Tally) -> None:
    """Raise DataError where nothing was found, saying what was left out and why."""
    if not found:
        reasons = "; ".join(f"{note.count} {note.what}: {note.reason}" for note in tally.notes())
        raise DataError(path, f"holds no tag of any track ({reasons or 'there are no rows'})")


@dataclass(frozen=True)
class OpenText:
    """Text being read, and how far the reading is.

    Attributes:
        lines: The text; bytes that are not UTF-8 stand in it as lone surrogates.
        fraction: Gives the share of the file read, in [0, 1].
    """

    lines: IO[str]
    fraction: Callable[[], float]


@contextmanager
def open_text(path: Path) -> Iterator[OpenText]:
    """Open a text file, plain, gzipped, or alone in a zip archive; UTF-8, or UTF-16 with its mark.

    Raises:
        DataError: If it is missing, empty, unreadable, or a damaged or unsafe archive; also for damage, or a
            line of many megabytes, that comes to light while the body reads.
    """
    size = existing_file(path).stat().st_size
    try:
        with ExitStack() as stack:
            raw, packed = _unpacked(path, stack)
            binary = io.BufferedReader(LinesWithin(path, packed), _READ_BYTES)
            mark = binary.peek(2)[:2]
            utf16 = mark in (b"\xff\xfe", b"\xfe\xff")
            lines = io.TextIOWrapper(
                binary,
                encoding="utf-16" if utf16 else "utf-8-sig",
                errors="replace" if utf16 else "surrogateescape",
                newline="",
            )
            yield OpenText(stack.enter_context(lines), lambda: min(raw.tell() / size, 1.0))
    except TaglabError:
        raise
    except OSError as error:
        raise DataError(path, f"cannot be read ({error})") from error


def _unpacked(path: Path, stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Return a file as it lies, which tells how far it is read, and the bytes in it."""
    raw = stack.enter_context(path.open("rb"))
    start = raw.read(START_BYTES)
    raw.seek(0)
    if start.startswith(GZIP_START):
        return raw, stack.enter_context(opened_gzip(path, _LIMITS, raw))
    if start.startswith(ZIP_STARTS):
        archive = stack.enter_context(opened_zip(path, _LIMITS, raw))
        if len(archive.files) != 1:
            raise DataError(path, f"holds {len(archive.files)} files; it must hold just one table")
        return raw, stack.enter_context(archive.opened(archive.files[0]))
    packer = other_packing(start)
    if packer:
        raise DataError(path, f"is packed with {packer}; unpack it first, or pack it with gzip or zip")
    return raw, raw


def delimited_rows(
    path: Path, text: OpenText, delimiter: str, quotes: bool, progress: Progress, cure: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row that is not blank.

    Args:
        path: What is read, for messages.
        text: The text, just opened.
        delimiter: What separates fields.
        quotes: Whether fields may stand in double quotes.
        progress: Told now and then.
        cure: What to do if quotes are not closed where they should be.

    Raises:
        DataError: If quotes are not closed where they should be; with the line.
    """
    reader = (
        csv.reader(text.lines, delimiter=delimiter, strict=True)
        if quotes
        else csv.reader(text.lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    )
    begun = 1
    try:
        for number, row in enumerate(reader):
            if number % _ROWS_BETWEEN_REPORTS == 0:
                progress(text.fraction(), f"reading {path.name}")
            if len(row) > 1 or (row and row[0].strip()):
                yield begun, row
            begun = reader.line_num + 1
    except csv.Error as error:
        raise DataError(path, _why_malformed(error, reader.line_num > begun, cure), begun) from error


def _why_malformed(error: csv.Error, several_lines: bool, cure: str) -> str:
    """Say what is wrong with a row; a field that is too long where it stands owes nothing to quotes."""
    if "field limit" in str(error) and not several_lines:
        return (
            f"has a field of more than {csv.field_size_limit():,} characters, longer than is read; "
            "is what separates the fields another character, or is this no table?"
        )
    return f"is not well-formed ({error}); {cure or 'is the file cut short?'}"
