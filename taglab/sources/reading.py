"""What the readers share: opening text safely, numbering distinct texts, counting what is left out."""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import numpy.typing as npt
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
from taglab.dropped import Dropped
from taglab.encodings import Encoding, encoding_of, guessed_note, named_encoding, refuse_binary
from taglab.errors import NO_SUCH_FILE, DataError, TaglabError
from taglab.folksonomy import SAME_USER_AGAIN, Folksonomy, mend, users_who_agree, whole_numbers
from taglab.progress import Progress, between

_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 200
_ROWS_BETWEEN_REPORTS = 50_000
_READ_BYTES = 1 << 20
# A table is read as it unpacks and lies nowhere; one of 0 and 1 packs up to a hundred times.
_LIMITS = Limits(largest_ratio=200, always_allowed_bytes=256 << 20)
_SPLIT = re.compile(r"(?:^|[-_.])(train|validation|valid|val|test)\.", re.IGNORECASE)
_UNNAMED = re.compile(r"(Unnamed: \d+(_level_\d+)?|__index_level_\d+__|index_level_\d+)?")
NOT_UNICODE = "not valid Unicode; the bad parts became U+FFFD"
MISSING = -1
MISSING_MARKS = ("NA", "N/A", "n/a", "#N/A", "<NA>", "nan", "NaN", "None", "null", "NULL", "NaT", "\\N")
"""What R, pandas, Excel and databases write where a value is missing."""
ONES, ZEROS = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
"""What a column of a tag says, in small letters, of a track that has it and of one that has not."""
QUOTED = "\ud800"
"""Stands before a field that was in quotes and would else be a mark of a missing value; no text holds it."""


def text_table(path: Path, of: str) -> pd.DataFrame:
    """Read a table of texts, tab-separated where it ends in .tsv, else with commas; empty cells are empty.

    Args:
        path: The file.
        of: What its rows are, for the message.

    Raises:
        DataError: If it cannot be read so.
    """
    try:
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        return pd.read_csv(path, sep=separator, dtype="str", keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(path, f"is not a table of {of} ({error})") from error


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


def file_in(folder: Path, name: str) -> Path:
    """Return a file of a folder; raises DataError if it is not there."""
    if not folder.is_dir():
        existing_file(folder)
    file = folder / name
    if not file.is_file():
        raise DataError(folder, f"must be a folder that holds {name}; is it unpacked as published?")
    return file


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
    """Gives each distinct text a number, in the order of first sight.

    Blanks at the edges are left off, and what is not valid Unicode is mended.

    Args:
        missing: Texts that stand for none; their number is `MISSING`.
    """

    def __init__(self, missing: Collection[str] = ()) -> None:
        self._missing = frozenset(missing)
        self._codes: dict[str, int] = dict.fromkeys(missing, MISSING)
        self.texts: list[str] = []
        self._changed: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """Return the number of a text, a new one at first sight."""
        code = self._codes.get(text)
        return self._add(text) if code is None else code

    def _add(self, text: str) -> int:
        mended = mend(text.removeprefix(QUOTED))
        whole = mended.strip()
        if whole in self._missing and not (whole and text.startswith(QUOTED)):
            self._codes[text] = MISSING
            return MISSING
        # A text in quotes that would else be a mark has an entry of its own.
        key = QUOTED + whole if whole in self._missing else whole
        code = self._codes.setdefault(key, len(self.texts))
        if mended != text.removeprefix(QUOTED):
            self._note(NOT_UNICODE, whole)
            if code != len(self.texts):
                self._note("not valid Unicode, and no longer told from another", whole)
        if whole and whole != mended:
            self._note("blanks at its edges; they were left off", mended)
        if code == len(self.texts):
            self.texts.append(whole)
        self._codes[text] = code
        return code

    def _note(self, reason: str, example: str) -> None:
        self._changed.setdefault(reason, []).append(example)

    def report(self, tally: Tally, what: str) -> None:
        """Tell how many texts had to be changed."""
        for reason, examples in self._changed.items():
            for example in examples:
                tally.add(reason, what, example)


def is_unnamed(column: str) -> bool:
    """Whether a column has no name but for what pandas calls such ones."""
    return _UNNAMED.fullmatch(column.strip()) is not None


class Assignments:
    """Collects who got what, row by row, and makes the folksonomy.

    Args:
        columns: Columns of the tracks table besides `track`.
        missing: Texts that stand for a missing value, in every column.
    """

    def __init__(self, columns: Sequence[str] = (), missing: Collection[str] = ()) -> None:
        self._missing = frozenset(missing)
        self.tracks = Vocabulary(("", *missing))
        self.tags = Vocabulary(("", *missing))
        self.users = Vocabulary()
        self.tally = Tally()
        self.reading: list[str] = []
        self._columns: dict[str, list[str | None]] = {column: [] for column in columns}
        self._track_codes = array("q")
        self._tag_codes = array("q")
        self._weights = array("f")
        self._user_codes = array("q")

    def track(self, text: str, values: Sequence[str | None] = ()) -> int:
        """Return the number of a track; what is known of it is kept from where it is first told.

        Returns:
            `MISSING` where the text is blank or stands for a missing value.
        """
        known = len(self.tracks)
        code = self.tracks.code(text)
        if code == MISSING:
            return code
        if code != known and not any(values):
            return code
        cells = [
            self._cell(name, value) if value else None
            for name, value in zip(self._columns, values, strict=True)
        ]
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

    def _cell(self, name: str, value: str) -> str | None:
        if value in self._missing:
            self.tally.add(f"{name}: {value} stands for a missing value", "cells")
            return None
        text = value.removeprefix(QUOTED)
        whole = mend(text)
        if whole != text:
            self.tally.add(NOT_UNICODE, "cells", whole)
        return whole.strip() or None

    def assign(self, track: int, tag: str, weight: float = 1.0, user: str | None = None) -> bool:
        """Note that a track got a tag, and of whom where people are told apart.

        Returns:
            False where the tag is blank or stands for a missing value; nothing is noted then.
        """
        code = self.tags.code(tag)
        if code == MISSING:
            return False
        self._track_codes.append(track)
        self._tag_codes.append(code)
        self._weights.append(weight)
        if user is not None:
            self._user_codes.append(self.users.code(user))
        return True

    def _tracks_table(self, numbers: Sequence[str]) -> pd.DataFrame:
        columns = {name: column for name, column in self._columns.items() if any(column)}
        texts = {
            name: column if name in numbers else self._ids(column, name) for name, column in columns.items()
        }
        table = pd.DataFrame({"track": self._ids(self.tracks.texts, "track"), **texts})
        for name in set(numbers) & set(columns):
            values = pd.to_numeric(table[name], errors="coerce")
            self.tally.add(
                f"{name} is not a number", "tracks", count=int((values.isna() & table[name].notna()).sum())
            )
            table[name] = values.astype(np.float64)
        return table

    def _ids(self, texts: Sequence[str | None], what: str) -> Sequence[str | None]:
        whole = whole_numbers(texts)
        if whole is None:
            return texts
        distinct = {text: number for text, number in zip(texts, whole, strict=True) if text}
        example = next(iter(distinct))
        self.reading.append(
            f"Every {what} is a whole number written with a point, and was read without: {example!r} is "
            f"{distinct[example]!r} ({len(distinct):,} of them)."
        )
        return whole

    def folksonomy(
        self,
        path: Path,
        name: str,
        tags: Callable[[Sequence[str]], pd.DataFrame] | None = None,
        numbers: Sequence[str] = (),
        min_users: float = 0.0,
    ) -> Folksonomy:
        """Make the folksonomy; of the tracks table, columns for which nothing was told are left out.

        Where users are told apart, the weight of a tag on a track is how many of them gave it.

        Args:
            path: What was read, for the message when nothing is left.
            name: What to call it.
            tags: Given the texts of the tags, makes a table with a row for each, where there is more to say.
            numbers: Columns of the tracks table that hold numbers.
            min_users: Least weight kept where users are told apart, inclusive.

        Raises:
            DataError: If no assignment is left; says what became of the rows.
        """
        self.tags.report(self.tally, "tags")
        self.tracks.report(self.tally, "tracks")
        track_codes = np.frombuffer(self._track_codes, np.int64)
        tag_codes = np.frombuffer(self._tag_codes, np.int64)
        weights = np.frombuffer(self._weights, np.float32)
        if len(self.users):
            track_codes, tag_codes, weights = self._counted(track_codes, tag_codes, min_users)
        require_assignments(path, len(track_codes), self.tally)
        texts = [text or "" for text in self._ids(self.tags.texts, "tag")]
        return Folksonomy.from_codes(
            name,
            self._tracks_table(numbers),
            texts if tags is None else tags(texts),
            track_codes,
            tag_codes,
            weights,
            self.tally.notes(),
            self.reading,
        )

    def _counted(
        self, tracks: npt.NDArray[np.int64], tags: npt.NDArray[np.int64], min_users: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return each track and tag once, with the number of its users."""
        users = np.frombuffer(self._user_codes, np.int64)
        tracks, tags, counts, repeated = users_who_agree(tracks, tags, users)
        self.tally.add(SAME_USER_AGAIN, "rows", count=repeated)
        enough = counts >= min_users
        self.tally.add(f"fewer than {min_users:g} users agree", "assignments", count=int((~enough).sum()))
        return tracks[enough], tags[enough], counts[enough]


def require_assignments(path: Path, found: int, tally: Tally) -> None:
    """Raise DataError where nothing was found, saying what was left out and why."""
    if not found:
        reasons = "; ".join(f"{note.count} {note.what}: {note.reason}" for note in tally.notes())
        raise DataError(path, f"holds no tag of any track ({reasons or 'there are no rows'})")


@dataclass(frozen=True)
class OpenText:
    """Text being read, and how far the reading is.

    Attributes:
        lines: The text; bytes that its encoding does not have stand in it as lone surrogates.
        fraction: Gives the share of the file read, in [0, 1].
        encoding: How its bytes are read.
    """

    lines: IO[str]
    fraction: Callable[[], float]
    encoding: Encoding

    @property
    def notes(self) -> list[str]:
        """What is to be said of the encoding."""
        return [guessed_note(self.encoding)] if self.encoding.guessed else []


@contextmanager
def open_text(path: Path, encoding_name: str | None = None) -> Iterator[OpenText]:
    """Open a text file, plain, gzipped, or alone in a zip archive.

    Args:
        path: Where it lies.
        encoding_name: How it is encoded; told from its content where None, see `encoding_of`.

    Raises:
        DataError: If it is missing, empty, unreadable, binary, or a damaged or unsafe archive; also for
            damage, or a line of many megabytes, that comes to light while the body reads.
        InvalidSetting: If the encoding is none.
    """
    size = existing_file(path).stat().st_size
    encoding = None if encoding_name is None else named_encoding(encoding_name)
    with _unreadable_told(path), ExitStack() as stack:
        if encoding is None:
            with ExitStack() as first_look:
                encoding = encoding_of(_unpacked(path, first_look)[1])
        raw, plain = _unpacked(path, stack)
        lines = io.TextIOWrapper(plain, encoding=encoding.name, errors=encoding.errors, newline="")
        yield OpenText(stack.enter_context(lines), lambda: min(raw.tell() / size, 1.0), encoding)


@contextmanager
def _unreadable_told(path: Path) -> Iterator[None]:
    try:
        yield
    except TaglabError:
        raise
    except OSError as error:
        raise DataError(path, f"cannot be read ({error})") from error


Plain: TypeAlias = "io.BufferedReader[LinesWithin]"


def _unpacked(path: Path, stack: ExitStack) -> tuple[IO[bytes], Plain]:
    """Return a file as it lies, which tells how far it is read, and the bytes in it."""
    raw = stack.enter_context(path.open("rb"))
    start = raw.read(START_BYTES)
    raw.seek(0)
    packed: IO[bytes] = raw
    if start.startswith(GZIP_START):
        packed = stack.enter_context(opened_gzip(path, _LIMITS, raw))
    elif start.startswith(ZIP_STARTS):
        archive = stack.enter_context(opened_zip(path, _LIMITS, raw))
        if any(file.filename.startswith("xl/") for file in archive.files):
            raise DataError(path, "is an Excel workbook; save the sheet as CSV and add that")
        if len(archive.files) != 1:
            raise DataError(path, f"holds {len(archive.files)} files; it must hold just one table")
        packed = stack.enter_context(archive.opened(archive.files[0]))
    packer = other_packing(start)
    if packer:
        raise DataError(path, f"is packed with {packer}; unpack it first, or pack it with gzip or zip")
    plain = io.BufferedReader(LinesWithin(path, packed), _READ_BYTES)
    refuse_binary(path, plain.peek(START_BYTES)[:START_BYTES])
    return raw, plain


def _marking_quoted(lines: IO[str], delimiter: str, marks: Collection[str]) -> Iterator[str]:
    """Give lines in which `QUOTED` stands before each mark of a missing value that is in quotes."""
    edge = re.escape(delimiter)
    texts = "|".join(map(re.escape, marks))
    pattern = re.compile(f'(^|(?<={edge}))"(?=(?:{texts})"(?:{edge}|\r|\n|$))')
    put = f'\\1"{QUOTED}'
    return (pattern.sub(put, line) if '"' in line else line for line in lines)


def delimited_rows(
    path: Path,
    text: OpenText,
    delimiter: str,
    quotes: bool,
    progress: Progress,
    cure: str = "",
    missing: Collection[str] = (),
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row that is not blank.

    Args:
        path: What is read, for messages.
        text: The text, just opened.
        delimiter: What separates fields.
        quotes: Whether fields may stand in double quotes.
        progress: Told now and then.
        cure: What to do if quotes are not closed where they should be.
        missing: Marks of a missing value; where quotes may stand, one in quotes begins with `QUOTED`.

    Raises:
        DataError: If quotes are not closed where they should be; with the line.
    """
    lines: Iterator[str] = text.lines
    if quotes and missing:
        lines = _marking_quoted(text.lines, delimiter, missing)
    reader = (
        csv.reader(lines, delimiter=delimiter, strict=True)
        if quotes
        else csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
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
