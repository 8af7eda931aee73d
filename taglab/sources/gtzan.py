"""GTZAN: 1,000 excerpts of 30 s in ten genres, as the folders are downloaded: `blues/blues.00000.wav`.

Lists of its parts may lie among the folders, such as the split without repetitions, distortions and wrong
labels that Kereliuk, Sturm and Larsen published: `train_filtered.txt`, `valid_filtered.txt` and
`test_filtered.txt`, a file a line, of 443, 197 and 290.

Source: Tzanetakis, Cook, "Musical genre classification of audio signals", IEEE Transactions on Speech and
Audio Processing 10 (2002); the split: "Deep learning and music adversaries", IEEE Transactions on Multimedia
17 (2015).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.file_tree import opened_tree
from taglab.sources.part_lists import listed_parts, part_lists
from taglab.sources.reading import Assignments
from taglab.sources.source import Source

_NAME = re.compile(r"([a-z]+)\.\d{5}")
_UNNAMED = "name no excerpt (genre.00000)"


class GtzanSettings(BaseModel):
    """Options of the GTZAN reader.

    Attributes:
        only_listed: Whether excerpts that no list of a part names are left out, as the filtered split does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    only_listed: bool = False


def read(path: Path, name: str, settings: GtzanSettings, progress: Progress = silent) -> Folksonomy:
    """Read which excerpt is of which genre; no sound is opened.

    Args:
        path: The folder with a folder for each genre, or a zip of it; lists of parts may lie in it.
        name: What to call the folksonomy. A track is called as its file without the suffix, "blues.00000".
        settings: What becomes of excerpts that are in no list.
        progress: Told once.

    Returns:
        Genres are tags, and the column `genre`; `split` is train, validation or test where lists tell it.

    Raises:
        DataError: If there is no such folder, or no excerpt in it.
    """
    progress(0.0, f"looking into {path.name}")
    assignments = Assignments(("path", "genre", "split"))
    with opened_tree(path) as tree:
        lists = part_lists(tree)
        parts = listed_parts(tree, lists, assignments.tally, _excerpt, _UNNAMED)
        tree.tally_others(assignments.tally, lists)
        sound = tree.sound()
    for place in sound:
        match = _NAME.fullmatch(place.stem)
        if match is None or match[1] != place.parent.name:
            assignments.tally.add("not named as GTZAN's are: genre/genre.00000", "files", str(place))
        elif settings.only_listed and place.stem not in parts:
            assignments.tally.add("in no list of a part", "files", str(place))
        else:
            row = assignments.track(place.stem, (str(place), match[1], parts.get(place.stem)))
            assignments.assign(row, match[1])
    if parts:
        names = ", ".join(str(place) for place in lists)
        assignments.reading.append(f"The split is that of {names}; it has {len(parts):,} excerpts.")
    return assignments.folksonomy(path, name)


def _excerpt(place: PurePosixPath) -> str | None:
    match = _NAME.match(place.name)
    return None if match is None else match[0]


SOURCE = Source(
    name="gtzan",
    title="GTZAN",
    about="1,000 excerpts of 30 s in folders of ten genres, with the lists of a split where they lie beside.",
    files="the folder with a folder for each genre, or a zip of it",
    example="taglab data add gtzan genres/ --name gtzan",
    read=read,
    settings=GtzanSettings,
)
