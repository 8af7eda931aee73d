"""Lists that tell which track is of which part of a split: texts whose names say the part, a track a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from taglab.sources.file_tree import FileTree
from taglab.sources.reading import Tally

_PART = re.compile(r"(?:^|[-_.])(train|valid|validation|test)(?:[-_.]|$)", re.IGNORECASE)
_PARTS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}
_TEXT = ".txt"


def part_lists(tree: FileTree) -> dict[PurePosixPath, str]:
    """Return the lists among some files, by place; each with its part: train, validation or test."""
    texts = [place for place in tree.places if place.suffix.lower() == _TEXT]
    matches = {place: _PART.search(place.stem) for place in texts}
    return {place: _PARTS[match[1].lower()] for place, match in matches.items() if match is not None}


def listed_parts(
    tree: FileTree,
    lists: Mapping[PurePosixPath, str],
    tally: Tally,
    track_of: Callable[[PurePosixPath], str | None],
    unnamed: str = "",
) -> dict[str, str]:
    """Return the part of each track that a list names; in two of them, the first counts.

    Args:
        tree: Where the lists lie.
        lists: As `part_lists` gives them.
        tally: Told of tracks in lists of two parts.
        track_of: Returns the track of a file that a line names; None where it names none.
        unnamed: What is told of such lines.
    """
    parts: dict[str, str] = {}
    for place, part in lists.items():
        for line in filter(None, map(str.strip, tree.text(place).splitlines())):
            track = track_of(PurePosixPath(line.replace("\\", "/")))
            if track is None:
                tally.add(unnamed, "lines", f"{place.name}: {line}")
            elif parts.setdefault(track, part) != part:
                tally.add("in lists of two parts; the first counts", "lines", track)
    return parts
