"""A matrix (tracks, tags) as numpy writes it, with the names of its rows and columns beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from taglab.archives import read_arrays
from taglab.encodings import decoded, guessed_note
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.progress import Progress, silent
from taglab.sources.reading import QUOTED, Assignments, existing_file, files_of
from taglab.sources.source import Source

TAG_FILES = ("{stem}_tags", "{stem}.tags", "tags", "labels", "label_names", "tag_names", "classes", "{stem}")
"""What the file of the tags may be called, in the order in which they are looked for."""
TRACK_FILES = ("{stem}_tracks", "{stem}.tracks", "tracks", "track_ids", "ids", "clips", "files")
"""What the file of the tracks may be called."""
_ENDINGS = (".txt", ".json", ".npy")
_ROWS_BETWEEN_REPORTS = 10_000
_LARGEST_NAMES_BYTES = 1 << 30


class MatrixSettings(BaseModel):
    """Options of the reader of matrices.

    Attributes:
        min_weight: Least number kept, inclusive; where it is 0, the track has not got the tag.
        transposed: Whether a row is a tag and a column a track.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_weight: float = Field(default=0.0, ge=0.0)
    transposed: bool = False


def read(path: Path, name: str, settings: MatrixSettings, progress: Progress = silent) -> Folksonomy:
    """Read a matrix; numbers above 0 are the weights of tags on tracks.

    Args:
        path: A `.npy` of numbers with the names of its tags beside it, one a line (`.txt`), as a JSON list or
            as a `.npy` of text, see `TAG_FILES`; and, where there is one, such a file of the tracks, see
            `TRACK_FILES`. Or a folder that holds them; or a `.npz` of all of them, told by their shapes.
        name: What to call the folksonomy. Without names, tracks are numbered by row, from 1.
        settings: What is kept.
        progress: Told now and then.

    Raises:
        DataError: If a file is missing, no such array, holds Python objects (which would have to be
            unpickled), or has another number of names.
    """
    if path.is_dir():
        path = _only_matrix(path)
    progress(0.0, f"reading {path.name}")
    assignments = Assignments()
    is_npz = path.suffix.lower() == ".npz"
    array, tags, tracks = _from_npz(path) if is_npz else _from_npy(path, assignments.reading)
    if settings.transposed:
        array = array.T
    for what, names, size in (("column", tags, array.shape[1]), ("row", tracks, array.shape[0])):
        if names is not None and len(names) != size:
            raise DataError(
                path,
                f"has the shape {array.shape}, but {len(names):,} names, not one a {what}; is a row a tag? "
                "Then set transposed (--transposed)",
            )
        _require_distinct(path, what, names or [])
    if tracks is None:
        tracks = [str(number + 1) for number in range(len(array))]
        assignments.reading.append(
            "Tracks are numbered by row, from 1, for no file beside the matrix names them."
        )
    _assign(assignments, array, tags, tracks, settings.min_weight, progress)
    return assignments.folksonomy(path, name)


def _require_distinct(path: Path, what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for number, one in enumerate(names, 1):
        plain = one.strip()
        if not plain or plain in seen:
            wrong = f"{plain!r} is there before" if plain else "is blank"
            raise DataError(path, f"needs a name of its own for each {what}, but name {number} {wrong}")
        seen.add(plain)


def _assign(
    assignments: Assignments,
    array: npt.NDArray[Any],
    tags: Sequence[str],
    tracks: Sequence[str],
    min_weight: float,
    progress: Progress,
) -> None:
    for tag in tags:
        assignments.tags.code(QUOTED + tag)  # so that a tag nobody has is told
    for row, track in enumerate(tracks):
        if row % _ROWS_BETWEEN_REPORTS == 0:
            progress(row / len(tracks), "reading rows")
        code = assignments.track(QUOTED + track)
        weights = np.asarray(array[row], np.float32)
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        assignments.tally.add("not a number of 0 or more", "cells", f"row {row + 1}", int(wrong.sum()))
        kept = np.flatnonzero(~wrong & (weights > 0) & (weights >= min_weight))
        for column in kept.tolist():
            assignments.assign(code, QUOTED + tags[column], float(weights[column]))
        if not len(kept):
            assignments.tally.add("no tag", "rows", f"row {row + 1}")


def _only_matrix(folder: Path) -> Path:
    arrays = files_of(folder, ("*.npy", "*.npz"))
    matrices = [file for file in arrays if file.suffix == ".npz" or _opened(file).ndim == 2]
    if len(matrices) != 1:
        names = ", ".join(file.name for file in matrices) or "none"
        raise DataError(folder, f"must hold one matrix, and holds {names}; give the file")
    return matrices[0]


def _opened(path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(existing_file(path), mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(
            path,
            f"is no .npy of plain numbers or text ({error}); save .astype(float) or .astype(str)",
        ) from error
    return array


def _from_npy(path: Path, reading: list[str]) -> tuple[npt.NDArray[Any], list[str], list[str] | None]:
    array = _opened(path)
    _require_matrix(path, array)
    tags = _names_beside(path, TAG_FILES, reading)
    if tags is None:
        raise DataError(
            path,
            f"holds numbers only, and the names of its tags are not beside it; put them, one a line, into "
            f"{TAG_FILES[0].format(stem=path.stem)}.txt",
        )
    return array, tags, _names_beside(path, TRACK_FILES, reading)


def _from_npz(path: Path) -> tuple[npt.NDArray[Any], list[str], list[str] | None]:
    arrays = read_arrays(existing_file(path))
    matrices = [array for array in arrays.values() if array.ndim == 2 and array.dtype.kind in "biuf"]
    if len(matrices) != 1:
        raise DataError(path, f"must hold one array of numbers (tracks, tags), not {len(matrices)}")
    texts = {key: array for key, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "US"}
    tags = next((texts[key] for key in (*TAG_FILES, "Y_names") if key in texts), None)
    tracks = next((texts[key] for key in TRACK_FILES if key in texts), None)
    if tags is None:
        raise DataError(path, f"must hold the names of its tags as an array of text called {TAG_FILES[2]}")
    return matrices[0], _as_texts(tags), None if tracks is None else _as_texts(tracks)


def _require_matrix(path: Path, array: npt.NDArray[Any]) -> None:
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise DataError(
            path, f"holds {array.dtype} of shape {array.shape}; it should be numbers of shape (tracks, tags)"
        )


def _names_beside(path: Path, forms: Sequence[str], reading: list[str]) -> list[str] | None:
    for form in forms:
        for ending in _ENDINGS:
            file = path.with_name(form.format(stem=path.stem) + ending)
            if file.is_file() and file != path:
                return _names(file, reading)
    return None


def _names(path: Path, reading: list[str]) -> list[str]:
    """Read names: lines of text, a JSON list, or an array of text; what was guessed goes to `reading`."""
    if path.suffix == ".npy":
        return _as_texts(_opened(path))
    if existing_file(path).stat().st_size > _LARGEST_NAMES_BYTES:
        raise DataError(path, "is too large for a file of names")
    text, encoding = decoded(path.read_bytes())
    if encoding.guessed:
        reading.append(f"{path.name}: {guessed_note(encoding)}")
    if path.suffix == ".txt":
        return text.splitlines()
    try:
        names = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(path, f"is not JSON ({error})") from error
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise DataError(path, "must hold a list of names")
    return names


def _as_texts(array: npt.NDArray[Any]) -> list[str]:
    if array.dtype.kind == "S":
        return [one.decode("utf-8", "surrogateescape") for one in array.tolist()]
    return [str(one) for one in array.tolist()]


SOURCE = Source(
    name="matrix",
    title="A matrix with names beside it",
    about="Tracks by tags as numpy saves them, 0 and 1 or weights, and the names of tags and tracks.",
    files="a .npy with tags.txt and perhaps tracks.txt beside it, the folder of these, or a .npz of all",
    example="taglab data add matrix labels.npy --name mine",
    read=read,
    settings=MatrixSettings,
)
