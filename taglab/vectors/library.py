"""The shelf of features: vectors of tracks, artists, users … that were computed, kept under a name."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from taglab import cache
from taglab.cache import (
    Shelf,
    locked,
    read_json,
    read_manifest,
    read_object,
    read_whole,
    replacing,
    write_checksums,
    write_json,
)
from taglab.errors import DataError
from taglab.vectors.measures import MEASURES
from taglab.vectors.value import FloatArray, Vectors

_FORMAT = 1
_MANIFEST, _IDS, _ROWS, _LEARNED = "manifest.json", "ids.json", "vectors.npy", "learned.npz"
# Ids of some ten million tracks.
_LARGEST_IDS_BYTES = 1 << 30
_SHELF = Shelf(cache.FEATURES)


def save_features(
    vectors: Vectors, name: str, learned: Mapping[str, npt.NDArray[np.float32]] | None = None
) -> None:
    """Keep vectors of any kind under a name; earlier ones of that name are replaced whole or not at all.

    Args:
        vectors: Of tracks, artists, users …
        name: Under which.
        learned: What was learned first to make them (a dictionary, a scaling), by name.

    Raises:
        InvalidSetting: If the name could be mistaken for a path.
        StorageError: If the disk is full or the place cannot be written.
    """
    folder = _SHELF.path(name)
    with locked(folder), replacing(folder) as temporary:
        write_vectors(vectors, temporary, learned or {})


def open_features(name: str) -> Vectors:
    """Return what is kept under a name, the array mapped into memory.

    Raises:
        NotFound: If there is none; the message lists those there are.
        DataError: If a file is missing, damaged, or of a newer format.
    """
    folder = _SHELF.find(name)
    return read_whole(folder, lambda: read_vectors(folder, name))


def open_learned(name: str) -> dict[str, npt.NDArray[np.float32]]:
    """Return what was learned to make features, by name; empty where nothing was.

    Raises:
        NotFound, DataError: As `open_features`.
    """
    folder = _SHELF.find(name)
    return read_whole(folder, lambda: _read_learned(folder))


def feature_names(kind: str | None = None) -> list[str]:
    """Return the names of what is kept, sorted.

    Args:
        kind: Only vectors of these, a key of `KINDS`; what does not say of what it is, being damaged, is then
            left out. All where None.
    """
    names = _SHELF.names()
    return names if kind is None else [name for name in names if _kind(name) == kind]


def _kind(name: str) -> str | None:
    """Return of what the vectors of a name are; None if that cannot be read."""
    return _noted(name, "kind")


def feature_measure(name: str) -> str | None:
    """Return by what vectors are compared, without opening them; None if that cannot be read."""
    measure = _noted(name, "measure")
    return measure if measure in MEASURES else None


def _noted(name: str, key: str) -> str | None:
    """Return a text of a manifest; None if it cannot be read."""
    try:
        value = read_object(_SHELF.path(name) / _MANIFEST).get(key)
    except DataError:
        return None
    return value if isinstance(value, str) else None


def remove_features(name: str) -> None:
    """Remove what is kept under a name for good; raises NotFound and StorageError."""
    _SHELF.delete(name)


def write_vectors(
    vectors: Vectors, folder: Path, learned: Mapping[str, npt.NDArray[np.float32]] | None = None
) -> None:
    """Write vectors, and what was learned to make them, to a new folder; raises OSError."""
    folder.mkdir()
    np.save(folder / _ROWS, vectors.vectors, allow_pickle=False)
    ids = {"ids": list(vectors.ids), "missing": list(vectors.missing)}
    (folder / _IDS).write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
    manifest = {
        "format": _FORMAT,
        "kind": vectors.kind,
        "name": vectors.name,
        "measure": vectors.measure,
        "rows": len(vectors),
        "dim": vectors.dim,
        "origin": dict(vectors.origin),
        "fingerprint": vectors.fingerprint,
    }
    write_json(folder / _MANIFEST, manifest)
    files = [_MANIFEST, _IDS, _ROWS]
    if learned:
        np.savez(folder / _LEARNED, allow_pickle=False, **learned)
        files.append(_LEARNED)
    write_checksums(folder, files)


def read_vectors(folder: Path, name: str) -> Vectors:
    """Return what `write_vectors` wrote, under a name, the array mapped into memory; raises DataError."""
    cure = "compute them again"
    try:
        manifest = read_manifest(folder, _MANIFEST, cure)
        if manifest["format"] > _FORMAT:
            raise DataError(folder, f"was written by a newer taglab (format {manifest['format']})")
        ids = read_json(folder / _IDS, _LARGEST_IDS_BYTES)
        return Vectors(
            manifest["kind"],
            tuple(ids["ids"]),
            _rows(folder / _ROWS),
            tuple(ids["missing"]),
            name,
            manifest["measure"],
            manifest["origin"],
            manifest["fingerprint"],
        )
    except DataError:
        raise
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(folder, f"holds no vectors or is damaged ({error}); {cure}") from error


def _read_learned(folder: Path) -> dict[str, npt.NDArray[np.float32]]:
    cure = "compute the features again"
    read_manifest(folder, _MANIFEST, cure)
    if not (folder / _LEARNED).exists():
        return {}
    try:
        with np.load(folder / _LEARNED, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name], np.float32) for name in arrays.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(folder / _LEARNED, f"holds no arrays or is damaged ({error}); {cure}") from error


def _rows(path: Path) -> FloatArray:
    rows: FloatArray = np.load(path, mmap_mode="r", allow_pickle=False)
    return rows if rows.size else np.asarray(rows)
