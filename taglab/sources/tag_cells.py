"""What stands in a column of tags: one tag a cell, several between delimiters, or a list written as text."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from taglab.errors import DataError
from taglab.sources.reading import QUOTED

TAG_DELIMITERS = "|;,"
_CALL = re.compile(
    r"(?:np\.)?(?:array|frozenset|set|list|tuple)\s*\((.*?)(?:,\s*dtype=[^()\[\]=]*)?\)", re.DOTALL
)
_ITEM = re.compile(r"""[\s,]*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([^\s,'"\[\](){}:]+)|(.))""", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_ESCAPE = re.compile(
    r"""\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-7]{1,3}|[\\'"abfnrtv])"""
)
_LEAST_SHARE_OF_LISTS = 0.5
_LEAST_VECTOR = 3
_MOST_EXAMPLE_CHARACTERS = 60

Split = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class TagCells:
    """How the cells of a column of tags are read.

    Attributes:
        split: Gives the tags of a cell; None where a cell is one tag.
        about: How, in a few words for people.
    """

    split: Split | None
    about: str


def tag_cells(
    path: Path, column: str, sample: Sequence[object], several: bool, delimiter: str | None
) -> TagCells:
    """Tell how a column of tags is to be read.

    Args:
        path: What it is of, for messages.
        column: Its name.
        sample: Some of its cells.
        several: Whether its name is a plural, so that a cell may hold several tags.
        delimiter: What separates tags where somebody says so; "" where a cell is one tag.

    Raises:
        DataError: If it holds vectors or records, and so no tags.
    """
    if delimiter is not None:
        return _delimited(delimiter)
    cells = [cell for cell in sample if isinstance(cell, str) and cell.strip()]
    lists = [items for cell in cells if (items := listed_tags(cell)) is not None]
    if lists and len(lists) >= _LEAST_SHARE_OF_LISTS * len(cells):
        _refuse_vectors(path, column, cells[0], lists)
        return TagCells(_split_list, "lists written as text")
    marks = Counter(mark for cell in cells for mark in TAG_DELIMITERS if mark in cell)
    usual = max(TAG_DELIMITERS, key=lambda mark: marks[mark]) if marks else ""
    if usual:
        _refuse_vectors(path, column, cells[0], [cell.split(usual) for cell in cells])
    _refuse_vectors(path, column, cells[0] if cells else "", [cell.split() for cell in cells])
    if any("{" in cell and _is_record(cell) for cell in cells[:100]):
        raise DataError(
            path,
            f"column {column!r} holds records ({_shortened(cells[0])}), no tags; write the tags alone to one",
        )
    return _delimited(usual if several else "")


def listed_tags(cell: str) -> list[str] | None:
    """Return the items of a list written as text: Python's, JSON's, numpy's, or a set.

    Returns:
        Its items, text; those that stood in quotes with `QUOTED` before them, for they are no marks of
        missing values. None where the cell is no such list: of anything but texts and numbers, or in
        brackets but with words that are not in quotes.

    Examples:
        >>> [item.strip(QUOTED) for item in listed_tags("['hip hop', 'rock']")]
        ['hip hop', 'rock']
        >>> listed_tags("[spoken]"), listed_tags("[]"), listed_tags("[12, 7]")
        (None, [], ['12', '7'])
    """
    inner = _inside_brackets(cell.strip())
    if inner is None:
        return None
    items: list[str] = []
    for item in _ITEM.finditer(inner):
        quoted, word, other = item.groups()
        if quoted:
            items.append(QUOTED + _unquoted(quoted))
        elif word and (_NUMBER.fullmatch(word) or word in ("None", "null", "nan", "NaN")):
            items.append(word)
        elif word or (other and other.strip()):
            return None  # at once: behind an open quote every further one would be sought in vain
    return items


def _inside_brackets(text: str) -> str | None:
    call = _CALL.fullmatch(text)
    if call is not None:
        text = call[1].strip() or "[]"
    return text[1:-1].strip(" \t\r\n,") if text[:1] + text[-1:] in ("[]", "()", "{}") else None


def _unquoted(text: str) -> str:
    if text[0] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    try:
        return _ESCAPE.sub(lambda escape: codecs.decode(escape[0], "unicode_escape"), text[1:-1])
    except ValueError:  # no such character
        return text[1:-1]


def _split_list(cell: str) -> Iterable[str]:
    items = listed_tags(cell)
    return (cell,) if items is None else items


def _delimited(delimiter: str) -> TagCells:
    if not delimiter:
        return TagCells(None, "")
    return TagCells(lambda cell: cell.split(delimiter), f"several a cell, separated by {delimiter!r}")


def _refuse_vectors(path: Path, column: str, example: str, rows: Sequence[Sequence[str]]) -> None:
    """Raise where every cell holds as many numbers, which are measures or zeros and ones."""
    lengths = {len(row) for row in rows if row}
    if len(rows) < 2 or len(lengths) != 1 or lengths.pop() < _LEAST_VECTOR:
        return
    numbers = [item.strip() for row in rows for item in row]
    if not all(map(_NUMBER.fullmatch, numbers)):
        return
    if any("." in number for number in numbers) or set(numbers) <= {"0", "1"}:
        raise DataError(
            path,
            f"column {column!r} holds vectors of {len(rows[0])} numbers ({_shortened(example)}), no tags; "
            "name another with the option tag (--tag), or add a matrix (`taglab data add matrix`)",
        )


def _is_record(cell: str) -> bool:
    return re.search(r"""\{\s*['"][^'"]*['"]\s*:""", cell) is not None


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_EXAMPLE_CHARACTERS else text[:_MOST_EXAMPLE_CHARACTERS] + "…"
