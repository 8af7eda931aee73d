"""What commands open: data sets and tag vectors, by the names given on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from taglab.progress import Progress

if TYPE_CHECKING:
    from taglab.folksonomy import Folksonomy
    from taglab.labels import LabelSpace
    from taglab.vectors import TagVectors

T = TypeVar("T")


def open_data(args: argparse.Namespace, progress: Progress) -> Folksonomy:
    """Return the data set of `--data`, all of its tags."""
    from taglab import sources

    return sources.open_folksonomy(args.data, progress)


def select(data: Folksonomy, min_count: int) -> Folksonomy:
    """Return a data set with the tags of at least so many tracks.

    Raises:
        InvalidSetting: If there is none.
    """
    from taglab.errors import InvalidSetting

    selected = data.select_tags(min_count=min_count)
    if not selected.n_tags:
        most = int(data.tags["count"].max()) if data.n_tags else 0
        raise InvalidSetting(
            f"min-count={min_count} leaves no tag of {data.name}; its most used tag is on {most:,} tracks"
        )
    return selected


def open_selected(args: argparse.Namespace, progress: Progress) -> Folksonomy:
    """Return the data set of `--data` with the tags that `--min-count` leaves."""
    return select(open_data(args, progress), args.min_count)


def open_vectors(
    args: argparse.Namespace, progress: Progress, vectors: str | None = None
) -> tuple[Folksonomy, TagVectors]:
    """Return the selected data set, and the vectors of its tags.

    Vectors of their own are trained on all of its tags, whatever is selected.

    Args:
        args: With `--data`, `--min-count` and `--vectors`.
        progress: Told how far it is.
        vectors: Another name than that of `--vectors`.
    """
    from taglab import embeddings
    from taglab.cli.options import settings_of

    data = open_data(args, progress)
    selected = select(data, args.min_count)
    words = embeddings.resolve(vectors or args.vectors, data, progress)
    lookup = settings_of(args, embeddings.Lookup)
    return selected, embeddings.compose(words, list(selected.tags["tag"]), lookup, progress)


def partly_known_notes(vectors: TagVectors) -> tuple[str, ...]:
    """Say how many tags have a vector by some of their words only."""
    if not vectors.unknown:
        return ()
    tag, words = next(iter(vectors.unknown.items()))
    return (
        f"{len(vectors.unknown):,} tags have words without a vector, which have no say ({tag!r} without "
        f"{words!r}, …); --fully-known leaves such tags out",
    )


def openable(names: Iterable[str], open_one: Callable[[str], T]) -> tuple[list[T], tuple[str, ...]]:
    """Open things by name; return those that open, and what is wrong with the others."""
    from taglab.errors import DataError

    opened, notes = [], []
    for name in names:
        try:
            opened.append(open_one(name))
        except DataError as error:
            notes.append(str(error))
    return opened, tuple(notes)


def save_space(space: LabelSpace, replace: bool) -> int:
    """Save a label space, over one of the same name only if asked to; return the revision."""
    from taglab.labels import label_space_names, open_label_space, save_label_space

    revision = None
    if replace and space.name in label_space_names():
        revision = open_label_space(space.name)[1]
    return save_label_space(space, revision)
