"""What several verbs open and save, and what they say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from taglab.errors import DataError
from taglab.labels import LabelSpace, label_space_names, list_text, open_label_space, save_label_space
from taglab.labels.importing import read_bytes
from taglab.vectors import Vectors
from taglab.vectors.measures import COSINE

T = TypeVar("T")


def partly_known_notes(vectors: Vectors) -> tuple[str, ...]:
    """Say how many tags have a vector by some of their words only."""
    if not vectors.unknown:
        return ()
    tag, words = next(iter(vectors.unknown.items()))
    return (
        f"{len(vectors.unknown):,} tags have words without a vector, which have no say ({tag!r} without "
        f"{words!r}, …); --fully-known leaves such tags out",
    )


def measure_notes(vectors: Vectors) -> tuple[str, ...]:
    """Say by what vectors are compared, where that is not the cosine."""
    return () if vectors.by.metric == COSINE else (f"compared by {vectors.by.title}",)


def distance_notes(vectors: Vectors) -> tuple[str, ...]:
    """Say by what vectors are compared, and which distance stands for it, where that is not the cosine's."""
    return (*measure_notes(vectors), *filter(None, [vectors.by.note]))


def left_out_notes(vectors: Vectors) -> tuple[str, ...]:
    """Say how many tags have no vector, and how many one by some of their words only."""
    missing = len(vectors.missing)
    left_out = (f"{missing:,} {vectors.kind} have no vector and are left out",) if missing else ()
    return (*left_out, *partly_known_notes(vectors))


def openable(names: Iterable[str], open_one: Callable[[str], T]) -> tuple[list[T], tuple[str, ...]]:
    """Open what is on a shelf; return what opens, and what is wrong with the rest."""
    opened, notes = [], []
    for name in names:
        try:
            opened.append(open_one(name))
        except DataError as error:
            notes.append(str(error))
    return opened, tuple(notes)


def list_notes(*paths: Path | None) -> tuple[str, ...]:
    """Say what was guessed of the encoding of lists of tags."""
    return tuple(
        note for path in paths if path is not None for note in list_text(read_bytes(path), str(path))[1]
    )


def save_space(space: LabelSpace, replace: bool) -> int:
    """Save a label space, over one of the same name only if asked to; return the revision."""
    revision = None
    if replace and space.name in label_space_names():
        revision = open_label_space(space.name)[1]
    return save_label_space(space, revision)
