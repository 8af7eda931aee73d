"""The MTG-Jamendo dataset: tags given by the artists who uploaded the music, in three categories.

Tab-separated files with the header `TRACK_ID ARTIST_ID ALBUM_ID PATH DURATION TAGS`; each further tag of a
track takes a further column, and a tag is written `genre---rock`. A published split is a folder of files
such as `autotagging_genre-train.tsv`; joining the three categories gives 55,525 tracks and 183 tags.

Source: Bogdanov, Won, Tovstogan, Porter, Serra, "The MTG-Jamendo dataset for automatic music tagging",
ML4MD workshop, ICML 2019; https://github.com/MTG/mtg-jamendo-dataset
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import (
    Assignments,
    Tally,
    delimited_rows,
    files_of,
    open_text,
    part_of,
    split_named,
)
from taglab.sources.source import Remote, Source

_HEADER = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
_COLUMNS = ("artist", "album", "path", "duration_s", "split")


class JamendoSettings(BaseModel):
    """Options of the MTG-Jamendo reader.

    Attributes:
        categories: Only tags of these (genre, instrument, mood/theme); all where empty.
        encoding: How the files are encoded, such as cp1252 or utf-16; where None, told by their mark, else
            UTF-8, else guessed, which is then said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    categories: tuple[str, ...] = ()
    encoding: str | None = None


def read(path: Path, name: str, settings: JamendoSettings, progress: Progress = silent) -> Folksonomy:
    """Read one file, or all files of a folder joined by track.

    The category is kept as a column of the tags, and its prefix taken from the tag. Where two categories
    have a tag of the same name, both keep the category in brackets ("ambient (genre)"): joining them would
    lose which is meant. The split (train, validation, test) is a column of the tracks, taken from the
    files' names.

    Args:
        path: A `.tsv` file or a folder: its files `autotagging*.tsv` are read, all its `.tsv` files where
            none is called so.
        name: What to call the folksonomy.
        settings: Which categories, and how text is encoded.
        progress: Told as the files are read.

    Raises:
        DataError: If a file is missing or has another header.
        InvalidSetting: If the encoding is none.
    """
    files = _files(path)
    found = Assignments(_COLUMNS)
    for number, file in enumerate(files):
        _read_file(file, found, settings, part_of(progress, number, len(files)))

    def tags_table(written: Sequence[str]) -> pd.DataFrame:
        return _tags_table(written, found.tally)

    return found.folksonomy(path, name, tags_table, numbers=("duration_s",))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = files_of(path, ("*.tsv", "*.tsv.gz"))
    return [file for file in files if file.name.startswith("autotagging")] or files


def _read_file(path: Path, found: Assignments, settings: JamendoSettings, progress: Progress) -> None:
    split = split_named(path)
    with open_text(path, settings.encoding) as text:
        found.reading += [f"{path.name}: {note}" for note in text.notes]
        rows = delimited_rows(path, text, "\t", quotes=False, progress=progress)
        _, header = next(rows, (1, []))
        if header[: len(_HEADER)] != _HEADER:
            lacking = [column for column in _HEADER if column not in header] or ["the published order"]
            raise DataError(path, f"lacks the column {lacking[0]}; wanted are {' '.join(_HEADER)}", line=1)
        for line, row in rows:
            if len(row) < len(_HEADER) - 1 or not row[0].strip():
                found.tally.add("fewer columns than the header", "rows", f"{path.name}, line {line}")
                continue
            track = found.track(row[0], (row[1], row[2], row[3], row[4], split))
            _assign(
                found,
                track,
                [tag for tag in row[len(_HEADER) - 1 :] if tag.strip()],
                settings.categories,
                line,
            )


def _assign(found: Assignments, track: int, tags: list[str], categories: Sequence[str], line: int) -> None:
    if not tags:
        found.tally.add("no tag", "rows", f"line {line}")
    for tag in tags:
        if categories and tag.partition("---")[0] not in categories:
            found.tally.add("of another category", "assignments")
        else:
            found.assign(track, tag)


def _tags_table(written: Sequence[str], tally: Tally) -> pd.DataFrame:
    """Split `genre---rock` into category and tag; a name that two categories share keeps its category."""
    pairs = [
        (category, tag.strip()) if tag else (None, category)
        for category, _, tag in (text.partition("---") for text in written)
    ]
    shared = {tag for tag, times in Counter(tag for _, tag in pairs).items() if times > 1}
    names = []
    for category, tag in pairs:
        if tag in shared and category:
            tally.add("named as in another category; the category was added in brackets", "tags", tag)
            names.append(f"{tag} ({category})")
        else:
            names.append(tag)
    categories = pd.array([category for category, _ in pairs], dtype="str")
    return pd.DataFrame({"tag": np.array(names, object), "category": categories})


_COMMIT = "1b4fa8c32e076c73b5175c1703ae805b4109309d"
_FILES = (
    ("genre-train", 3_352_194, "c1cddb195ef94a07e67e227bf38e2a79389c1820950702b8c8894a2096f21e54"),
    ("genre-validation", 1_149_174, "3e203b4c573db6ec63a06c7066cf678dcf673a68ad5694c8fed22637c270dbcf"),
    ("genre-test", 1_178_477, "cf917388eebfa7d17d363c2fca037e2379ac027e31aa6dbe92e8dbf409ac5098"),
    ("instrument-train", 1_620_241, "f844a85f0b40bb31a5d5b448ddfc10a68d7b38ecc760673d23df2bd6e7ca0f4c"),
    ("instrument-validation", 739_141, "a5060020013ac5ba65c6470ee83fc2a9785db1fe554b55065de08aa9b0cca70d"),
    ("instrument-test", 591_244, "8c1ab86f3212b6484106baf2e78f70dd5520b917607487ac98999adbd5d7ab1a"),
    ("moodtheme-train", 994_295, "e5e9e798364b34bd241b773e5011809b24429edf471f27cf21dd8181077ba2d4"),
    ("moodtheme-validation", 367_846, "ecaa279367153476884d84d686479e566234cef1814bd6892a8755ba0a550dbf"),
    ("moodtheme-test", 421_306, "4341b5586bb3e5a80a882ce9ef33cb8b1bdaa7df856246ecc5de188dfe1cf394"),
)

SOURCE = Source(
    name="jamendo",
    title="MTG-Jamendo",
    about="55,000 full tracks under open licences, with tags of genre, instrument and mood by their artists.",
    files="a file such as autotagging.tsv, or a folder of split files such as splits/split-0",
    example="taglab data add jamendo splits/split-0 --name jamendo --categories genre",
    read=read,
    settings=JamendoSettings,
    remote=tuple(
        Remote(
            f"https://raw.githubusercontent.com/MTG/mtg-jamendo-dataset/{_COMMIT}/data/splits/split-0/"
            f"autotagging_{part}.tsv",
            f"autotagging_{part}.tsv",
            size,
            f"sha256:{digest}",
        )
        for part, size, digest in _FILES
    ),
)
