"""Sets to hold word vectors against: read from files, and a small one of our own.

The built-in set was written by the makers of taglab: pairs of music tags that they graded from 0 (nothing to
do with each other) to 10 (the same), and analogies of music and geography. It is small, nobody else was
asked, and no published figure belongs to it: it shows at once whether vectors know such words at all, and
settles nothing between vectors that are nearly as good.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd

from taglab.cache import content_key
from taglab.embeddings.quality import read_analogies, read_word_pairs
from taglab.embeddings.unpack import Member, unpack_all
from taglab.errors import NO_SUCH_FILE, DataError, unreadable
from taglab.reprs import one_line

Kind = Literal["pairs", "analogies"]

_READERS = {"pairs": read_word_pairs, "analogies": read_analogies}
_BUILT_IN: dict[str, Kind] = {"music-pairs": "pairs", "music-analogies": "analogies"}
# The largest published sets have some MB; what is far larger is something else.
_LARGEST_BYTES = 64 << 20
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class QualitySet:
    """Pairs of words with people's scores, or analogies.

    Attributes:
        name: The file's, without its ending.
        kind: "pairs" or "analogies".
        table: As `read_word_pairs` or `read_analogies` returns it.
        ours: Whether it is of the built-in set.
    """

    name: str
    kind: Kind
    table: pd.DataFrame
    ours: bool = False

    __repr__ = one_line

    @cached_property
    def fingerprint(self) -> str:
        """A name for the content; equal content, equal name."""
        return content_key(self.kind, [self.table[column].tolist() for column in self.table.columns])


def built_in_sets() -> tuple[QualitySet, ...]:
    """Return the small set that comes with taglab, see above."""
    with as_file(files("taglab.embeddings") / "sets") as folder:
        read = [_read(name, folder / f"{name}.txt", kind) for name, kind in _BUILT_IN.items()]
    return tuple(replace(one, ours=True) for one in read)


def read_sets(path: Path, kind: Kind | None = None) -> tuple[QualitySet, ...]:
    """Read word-similarity sets and analogies: a file of either, or a folder or a zip of several.

    Args:
        path: Text files, each also packed with gzip.
        kind: What they must be; None tells it from the first line of each.

    Returns:
        One a file, in order of their names; files of one name are told apart by a number.

    Raises:
        DataError: If a file is not such a set, is empty or far too large, or cannot be unpacked safely.
    """
    if not path.exists():
        raise DataError(path, NO_SUCH_FILE)
    with tempfile.TemporaryDirectory() as folder:
        found = sorted(unpack_all(path, Path(folder)), key=lambda member: member.name)
        if not found:
            raise DataError(path, "holds no file")
        return distinct([_read_member(member, kind) for member in found])


def _read_member(member: Member, kind: Kind | None) -> QualitySet:
    try:
        return _read(PurePosixPath(member.name).stem, member.path, kind or _kind_of(member.path))
    except DataError as error:
        if member.path == member.source:
            raise
        where = member.name if error.line is None else f"{member.name}, line {error.line}"
        raise DataError(member.source, f"{where}: {error.reason}") from error


def distinct(sets: Sequence[QualitySet]) -> tuple[QualitySet, ...]:
    """Return sets with names that differ: the second "pairs" becomes "pairs (2)"; the same twice is one."""
    by_content = {one.fingerprint: one for one in reversed(sets)}
    told: dict[str, QualitySet] = {}
    for one in reversed(by_content.values()):
        name, number = one.name, 1
        while name in told:
            number += 1
            name = f"{one.name} ({number})"
        told[name] = replace(one, name=name)
    return tuple(told.values())


def _read(name: str, path: Path, kind: Kind) -> QualitySet:
    table = _READERS[kind](path)
    if kind == "analogies":
        # What was unpacked has a name of its own; a file without sections is one by the name it was given.
        table["section"] = table["section"].where(table["section"] != path.stem, name)
    return QualitySet(name, kind, table)


def _kind_of(path: Path) -> Kind:
    """Tell from the first line with text what a file is; raises DataError."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise DataError(
            path, f"has {path.stat().st_size:,} bytes, far more than any set of pairs or analogies"
        )
    try:
        with path.open(encoding="utf-8-sig") as lines:
            first = next((line for line in lines if line.strip()), "")
    except UnicodeDecodeError as error:
        raise DataError(path, "is not UTF-8 text") from error
    except OSError as error:
        raise unreadable(path, error) from error
    fields = first.strip().split("\t") if "\t" in first.strip() else first.split()
    if first.lstrip().startswith(":") or (len(fields) == 4 and not _NUMBER.fullmatch(fields[-1].strip())):
        return "analogies"
    if len(fields) == 3:
        return "pairs"
    raise DataError(
        path,
        "is neither pairs (two words and a number a line) nor analogies (four words a line): "
        f"its first line has {len(fields)} fields",
    )
