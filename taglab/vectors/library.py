"""The shelf of features: vectors of tracks, artists, users … that were computed, kept under a name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from taglab import cache
from taglab.cache import (
    Shelf,
    locked,
    read_json,
    read_manifest,
    read_whole,
    replacing,
    write_checksums,
    write_json,
)
from taglab.errors import DataError
from taglab.vectors.value import FloatArray, Vectors

_FORMAT = 1
_MANIFEST, _IDS, _ROWS = "manifest.json", "ids.json", "vectors.npy"
# Ids of some ten million tracks.
_LARGEST_IDS_BYTES = 1 << 30
_SHELF = Shelf(cache.FEATURES)


def save_features(vectors: Vectors, name: str) -> None:
    """Keep vectors of any kind under a name; earlier ones of that name are replaced whole or not at all.

    Raises:
        InvalidSetting: If the name could be mistaken for a path.
        StorageError: If the disk is full or the place cannot be written.
    """
    folder = _SHELF.path(name)
    with locked(folder), replacing(folder) as temporary:
        write_vectors(vectors, temporary)


def open_features(name: str) -> Vectors:
    """Return what is kept under a name, the array mapped into memory.

    Raises:
        NotFound: If there is none; the message lists those there are.
        DataError: If a file is missing, damaged, or of a newer format.
    """
    folder = _SHELF.find(name)
    return read_whole(folder, lambda: read_vectors(folder, name))


def feature_names() -> list[str]:
    """Return the names of what is kept, sorted."""
    return _SHELF.names()


def remove_features(name: str) -> None:
    """Remove what is kept under a name for good; raises NotFound and StorageError."""
    _SHELF.delete(name)


def write_vectors(vectors: Vectors, folder: Path) -> None:
    """Write vectors to a new folder; raises OSError."""
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
    write_checksums(folder, [_MANIFEST, _IDS, _ROWS])


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


def _rows(path: Path) -> FloatArray:
    rows: FloatArray = np.load(path, mmap_mode="r", allow_pickle=False)
    return rows if rows.size else np.asarray(rows)
