"""Features that another program computed (MERT, CLAP, OpenL3, VGGish …): arrays with ids, or tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.cache import replacing
from taglab.embeddings import read_vectors
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, silent
from taglab.reprs import one_line
from taglab.vectors import Vectors

_TABLES = (".csv", ".tsv", ".parquet")
Slices = Literal["none", "mean", "mean-deviation"]
"""What a track has whose slices stand in several rows."""
FEATURE_FILES = (".npz", ".npy", *_TABLES)
"""Endings of the files that features are written to."""


@dataclass(frozen=True, eq=False)
class ReadFeatures:
    """Features of a file, matched with the tracks of a data set.

    Attributes:
        vectors: Of the tracks that have features; the others are `missing`.
        unknown: Ids of the file that are no track, in its order; they are left out.
    """

    vectors: Vectors
    unknown: tuple[str, ...]

    __repr__ = one_line


def read_features(
    path: Path,
    tracks: Sequence[str],
    name: str = "",
    measure: str = "cosine",
    progress: Progress = silent,
    slices: Slices = "none",
) -> ReadFeatures:
    """Read features of tracks.

    Args:
        path: A table (`.csv`, `.tsv`, `.parquet`) with a column `track`, or else ids in its first column,
            and a number in every other; or what word vectors are read from (`.npy` beside a list of ids,
            `.npz`, text), with ids in place of words.
        tracks: Of the data set.
        name: What the features are called.
        measure: By which they are compared, a key of `taglab.vectors.MEASURES`.
        progress: Told how far it is.
        slices: What a track has whose slices stand in several rows: their "mean", or their mean and then
            their deviation (Kim 2021, section 2.4.4); "none" where every row is a whole track.

    Raises:
        DataError: If the file cannot be read so, an id stands twice, a cell is no finite number, or no id is
            a track.
    """
    ids, features = rows_by_id(path, progress)
    if slices != "none":
        ids, features = _over_slices(ids, features, slices == "mean-deviation")
    elif len(set(ids)) < len(ids):
        again = pd.Index(ids)
        raise DataError(
            path,
            f"holds {again[again.duplicated()][0]!r} twice; a track has one row, or say what is taken "
            "of its slices (mean, mean-deviation)",
        )
    finite = np.isfinite(features).all(axis=1)
    if not finite.all():
        raise DataError(path, f"holds NaN or infinity, of {ids[int(np.argmin(finite))]!r} for instance")
    known = set(tracks)
    rows = [row for row, one in enumerate(ids) if one in known]
    if not rows:
        raise DataError(path, f"has features of {ids[0]!r} and others, none of them a track of the data set")
    read = Vectors.of("tracks", [ids[row] for row in rows], features[rows], name, measure)
    absent = known.difference(read.ids)
    missing = tuple(track for track in tracks if track in absent)
    unknown = tuple(one for one in ids if one not in known)
    origin = {"encoder": {"encoder": "file", "file": path.name, "slices": slices}, "split": ""}
    return ReadFeatures(Vectors("tracks", read.ids, read.vectors, missing, name, measure, origin), unknown)


def rows_by_id(path: Path, progress: Progress = silent) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return the ids of a file as `read_features` takes it, and their numbers (ids, numbers), unchecked.

    Raises:
        DataError: If it cannot be read so.
    """
    return _table(path) if path.suffix.lower() in _TABLES else _array(path, progress)


def _over_slices(
    ids: Sequence[str], features: npt.NDArray[np.float64], with_deviations: bool
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Return each id once, with the mean of its rows, and their deviation after it where asked for."""
    codes, distinct = pd.factorize(pd.Index(ids))
    counts = np.bincount(codes)[:, None]
    means = np.zeros((len(distinct), features.shape[1]))
    np.add.at(means, codes, features)
    means /= counts
    if not with_deviations:
        return list(distinct), means
    squares = np.zeros_like(means)
    np.add.at(squares, codes, (features - means[codes]) ** 2)
    return list(distinct), np.concatenate([means, np.sqrt(squares / counts)], axis=1)


def write_features(vectors: Vectors, path: Path) -> None:
    """Write features to a file that `read_features`, and most other programs, read.

    Args:
        vectors: Of tracks, or of anything else.
        path: `.npz` of the arrays `ids` and `vectors`, `.npy` beside a `.txt` of ids, or a table with a
            column of ids (`track` for tracks) and a column `d0`, `d1` … for every number: `.csv`, `.tsv`,
            `.parquet`.

    Raises:
        InvalidSetting: If it ends otherwise.
        StorageError: If it cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in FEATURE_FILES:
        raise InvalidSetting(f"{path.name!r} must end in {', '.join(FEATURE_FILES)}")
    if ending == ".npy":
        if any(one.splitlines() != [one] for one in vectors.ids):
            raise InvalidSetting("an id holds a line break, and .npy has its ids by lines; write .npz")
        with replacing(path.with_suffix(".txt")) as temporary:
            temporary.write_text("".join(f"{one}\n" for one in vectors.ids), encoding="utf-8")
    with replacing(path) as temporary, temporary.open("wb") as file:
        if ending == ".npz":
            np.savez(file, ids=np.array(vectors.ids), vectors=vectors.vectors)
        elif ending == ".npy":
            np.save(file, vectors.vectors, allow_pickle=False)
        elif ending == ".parquet":
            feature_table(vectors).to_parquet(file)
        else:
            feature_table(vectors).to_csv(file, sep="\t" if ending == ".tsv" else ",", index=False)


def feature_table(vectors: Vectors) -> pd.DataFrame:
    """Return features as a table: the column of ids, and `d0`, `d1` …"""
    numbers = pd.DataFrame(vectors.vectors, columns=[f"d{place}" for place in range(vectors.dim)])
    numbers.insert(0, vectors.column, list(vectors.ids))
    return numbers


def _table(path: Path) -> tuple[list[str], npt.NDArray[np.float64]]:
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path)
        else:
            table = pd.read_csv(path, sep="\t" if path.suffix.lower() == ".tsv" else ",", dtype={0: "str"})
    except (OSError, ValueError) as error:
        raise DataError(path, f"is not a table of features ({error})") from error
    if table.shape[1] < 2 or table.empty:
        raise DataError(path, "must have a column of ids and at least one of numbers, and a row")
    column: Any = "track" if "track" in table else table.columns[0]
    numbers = table.drop(columns=column)
    words = [str(name) for name in numbers if not pd.api.types.is_numeric_dtype(numbers[name])]
    if words:
        raise DataError(path, f"holds text in column {words[0]!r}; all but the column of ids must be numbers")
    return table[column].astype("str").tolist(), numbers.to_numpy(np.float64)


def _array(path: Path, progress: Progress) -> tuple[list[str], npt.NDArray[np.float64]]:
    read = read_vectors(path, path.stem, progress)
    return list(read.words), np.asarray(read.vectors, np.float64)
