"""Splits that others published as files: which track is in which part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.reprs import one_line
from taglab.sources.reading import text_table
from taglab.split import PARTS, PUBLISHED_AS, Split

_COLUMNS = ("track", "part")


@dataclass(frozen=True, eq=False)
class ReadSplit:
    """A split of a file, matched with the tracks of a data set.

    Attributes:
        data: The data set's tracks that the file names.
        split: Of these.
        absent: Tracks of the file that the data set does not have, in its order.
    """

    data: Folksonomy
    split: Split
    absent: tuple[str, ...]

    __repr__ = one_line


def read_split(path: Path, folksonomy: Folksonomy, validation: float = 0.1, seed: int = 0) -> ReadSplit:
    """Read which track is in which part.

    Args:
        path: A table with the columns `track` and `part`, tab-separated where it ends in .tsv; a part is
            train, validation or test, or what is usual for them (valid, dev, eval …). Other tracks are left
            out.
        folksonomy: The data set.
        validation: Where the file names no validation track: share of the training tracks that are drawn to
            be.
        seed: Of that drawing.

    Raises:
        DataError: If the file cannot be read so, a track stands twice, a part is none, or a part is left
            without tracks.
    """
    table = _table(path)
    known = set(folksonomy.tracks["track"])
    present = table[table["track"].isin(known)]
    absent = tuple(table.loc[~table["track"].isin(known), "track"])
    data = folksonomy.select_tracks(present["track"])
    part_of = dict(zip(present["track"], present["part"], strict=True))
    tracks = tuple(data.tracks["track"])
    parts = np.array([part_of[track] for track in tracks], dtype=f"<U{max(map(len, PARTS))}")
    if "validation" not in set(table["part"]):
        parts = _with_validation(parts, validation, seed)
    empty = [part for part in PARTS if not (parts == part).any()]
    if empty:
        raise DataError(path, f"leaves the {empty[0]} part without a track of {folksonomy.name!r}")
    return ReadSplit(data, Split(tracks, parts), absent)


def _table(path: Path) -> pd.DataFrame:
    table = text_table(path, "tracks and parts")
    absent = [column for column in _COLUMNS if column not in table]
    if absent:
        raise DataError(path, f"lacks the column {absent[0]!r}; it must have track and part")
    twice = table["track"].duplicated()
    if twice.any():
        raise DataError(path, f"holds {table.loc[twice, 'track'].iloc[0]!r} twice; a track is in one part")
    parts = table["part"].str.strip().str.lower().map(PUBLISHED_AS)
    if parts.isna().any():
        word = table.loc[parts.isna(), "part"].iloc[0]
        raise DataError(path, f"holds the part {word!r}, which is none of {', '.join(PARTS)}")
    return table.assign(part=parts)[list(_COLUMNS)]


def _with_validation(parts: npt.NDArray[np.str_], share: float, seed: int) -> npt.NDArray[np.str_]:
    """Return parts of which some of the training tracks are validation tracks, by chance."""
    train = np.flatnonzero(parts == "train")
    n = round(share * len(train))
    drawn = parts.copy()
    drawn[np.random.default_rng(seed).choice(train, n, replace=False)] = "validation"
    return drawn
