"""Cleanings under names, safe against two people saving at once; and what they made of which data.

A cleaned folksonomy is kept on the shelf of all folksonomies. Beside the cleanings lies, under the name of
the result, the cleaning that was applied and the map of what became of every tag.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from taglab.cache import (
    CLEANINGS,
    FOLKSONOMIES,
    Shelf,
    locked,
    read_manifest,
    replacing,
    revision,
    save_revision,
    write_checksums,
)
from taglab.cleaning.categories import Categories
from taglab.cleaning.cleaning import Cleaned, Cleaning
from taglab.cleaning.explicit import ExplicitMap
from taglab.cleaning.normal_form import NormalForm
from taglab.cleaning.step import Step
from taglab.cleaning.tag_map import TagMap, parse_tsv
from taglab.cleaning.typos import Typos
from taglab.cleaning.word_forms import WordForms
from taglab.errors import DataError, InvalidSetting, NotFound, unreadable
from taglab.folksonomy import Folksonomy
from taglab.reprs import one_line

_SHELF = Shelf(CLEANINGS, ".json")
_APPLIED = Shelf(f"{CLEANINGS}/applied")
_BUILT_IN = ("demo",)


def first_cleaning(name: str) -> Cleaning:
    """Return what a new cleaning begins with: spellings and forms joined, slips mended, categories.

    Nothing is dropped.
    """
    steps: Iterable[Step] = (NormalForm(), WordForms(), Typos(), Categories())
    return Cleaning.of(name, steps)


def cleaning_names() -> list[str]:
    """Return the names of the saved cleanings, sorted."""
    return _SHELF.names()


def open_cleaning(name: str) -> tuple[Cleaning, int]:
    """Open a saved cleaning.

    Returns:
        The cleaning, and the revision to hand to `save_cleaning` when saving over it.

    Raises:
        NotFound: If there is none of this name.
        DataError: If the file is damaged.
    """
    path = _SHELF.find(name)
    data = _read(path)
    return Cleaning.from_json(data, str(path)).renamed(name), revision(data)


def save_cleaning(cleaning: Cleaning, expected_revision: int | None = None) -> int:
    """Save under its name, unless somebody else did so meanwhile.

    Args:
        cleaning: What to save.
        expected_revision: The revision it was opened at; None if nothing of this name may be there yet.

    Returns:
        The new revision.

    Raises:
        Conflict: If what lies there is not what was opened; nothing was written.
        InvalidSetting: If the name cannot be a file's.
        StorageError: If the disk is full or the place cannot be written; the old file is as it was.
    """
    path = _SHELF.path(cleaning.name)
    return save_revision(path, cleaning.to_json().encode(), expected_revision, f"cleaning {cleaning.name!r}")


def read_cleaning(data: bytes, source: str) -> Cleaning:
    """Read what a person was given: steps as JSON, or a table of what becomes of each tag.

    Args:
        data: Content of the file.
        source: Its name, for messages.

    Raises:
        DataError: If it is neither.
    """
    if data.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{"):
        return Cleaning.from_json(data, source)
    return Cleaning.of(Path(source).stem, [ExplicitMap.of(parse_tsv(data, source))])


def delete_cleaning(name: str) -> None:
    """Remove a saved cleaning for good; what it made stays. Raises NotFound."""
    _SHELF.delete(name)


@dataclass(frozen=True, eq=False)
class Applied:
    """How a cleaned folksonomy came about.

    Attributes:
        cleaning: What was applied.
        data: Name of what it was applied to.
        tag_map: What became of every tag.
    """

    cleaning: Cleaning
    data: str
    tag_map: TagMap

    __repr__ = one_line


def save_cleaned(cleaned: Cleaned, cleaning: Cleaning, data: str, replace: bool = False) -> None:
    """Keep a cleaned folksonomy under its name, with how it came about.

    Args:
        cleaned: What applying gave.
        cleaning: What was applied.
        data: Name of what it was applied to.
        replace: Whether a folksonomy of this name may be replaced.

    Raises:
        InvalidSetting: If the name is taken, is that of the data or of the demo, or cannot be a file's.
        StorageError: If it cannot be saved; what was kept before is untouched.
    """
    name = cleaned.folksonomy.name
    shelf = Shelf(FOLKSONOMIES)
    folder, beside = shelf.path(name), _APPLIED.path(name)
    if name == data or name in _BUILT_IN:
        raise InvalidSetting(f"name={name!r} must be another than that of the data, which stay as they are")
    if not replace and name in shelf.names():
        raise InvalidSetting(f"name={name!r} is taken; choose another name, or say that it may be replaced")
    cleaned.folksonomy.save(folder)
    manifest = {"data": data, "result": cleaned.folksonomy.fingerprint, "cleaning": cleaning.to_json()}
    with locked(beside), replacing(beside) as temporary:
        temporary.mkdir()
        (temporary / "made.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        (temporary / "map.tsv").write_bytes(cleaned.tag_map.to_tsv().encode())
        write_checksums(temporary, ["made.json", "map.tsv"])


def open_applied(folksonomy: Folksonomy) -> Applied:
    """Return how a cleaned folksonomy came about.

    Raises:
        NotFound: If it was not made by a cleaning, or was replaced by something else since.
        DataError: If what is kept of that is damaged.
    """
    name = folksonomy.name
    folder = _APPLIED.path(name)
    nothing = NotFound(f"{name!r} was not made by a cleaning here; apply one to it, or name the one to apply")
    if not folder.is_dir():
        raise nothing
    path = folder / "made.json"
    manifest = read_manifest(folder, path.name, "apply the cleaning again")
    try:
        data, result, text = str(manifest["data"]), manifest["result"], str(manifest["cleaning"])
    except KeyError as error:
        raise DataError(path, f"is damaged ({error}); apply the cleaning again") from error
    # Earlier versions kept the fingerprint of the assignments alone.
    if result not in (folksonomy.fingerprint, folksonomy.assignments_fingerprint):
        raise nothing
    tag_map = parse_tsv(_read(folder / "map.tsv"), str(folder / "map.tsv"))
    return Applied(Cleaning.from_json(text, str(path)), data, tag_map)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
