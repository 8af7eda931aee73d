"""Joint spaces under names: on a shelf of their own, and those of runs that were trained to their end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from taglab.archives import read_arrays
from taglab.cache import JOINT_SPACES, Shelf, locked, read_manifest, read_whole, replacing, write_checksums
from taglab.errors import Conflict, DataError, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.joint_space.space import JointSpace
from taglab.runs import layout, open_run, run_names
from taglab.vectors import Vectors

_SHELF = Shelf(JOINT_SPACES)
_FORMAT = 1
_ABOUT, _VECTORS = "space.json", "vectors.npz"
_PARTS = ("artist_vectors", "tag_vectors", "feature_vectors")
_WORD_MAP = "word_map"  # only of spaces that know words
_LARGEST_BYTES = 8 << 30


def joint_space_names() -> list[str]:
    """Return the names of all joint spaces, sorted; those of runs have the run's name."""
    of_runs = (name for name in run_names() if (open_run(name).folder / layout.SPACE).is_dir())
    return sorted({*_SHELF.names(), *of_runs})


def save_joint_space(space: JointSpace, replace: bool = False) -> None:
    """Put a space on the shelf under its name.

    Args:
        space: The space.
        replace: Whether one of the same name gives way.

    Raises:
        InvalidSetting: If the name could be mistaken for a path.
        Conflict: If there is one of this name that is not to give way.
        StorageError: If the disk is full or the place cannot be written.
    """
    folder = _SHELF.path(space.name)
    with locked(folder):
        if folder.exists() and not replace:
            raise Conflict(
                f"there is a joint space named {space.name!r} already; take another name or replace it"
            )
        write_space(space, folder)


def write_space(space: JointSpace, folder: Path) -> None:
    """Write a space to a folder, whole or not at all; one that is there gives way.

    Raises:
        StorageError: If the disk is full or the place cannot be written.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        _write(space, temporary)


def _write(space: JointSpace, folder: Path) -> None:
    about = {
        "format": _FORMAT,
        "artists": space.artists,
        "tags": space.tags,
        "scaling": space.scaling,
        "about": space.about,
    }
    (folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    arrays = {part: getattr(space, part) for part in (*_PARTS, _WORD_MAP)}
    np.savez(folder / _VECTORS, **{part: array for part, array in arrays.items() if array is not None})
    write_checksums(folder, (_ABOUT, _VECTORS))


def open_joint_space(name: str) -> JointSpace:
    """Return the space of a name, or of the run of that name.

    Raises:
        NotFound: If there is none.
        DataError: If it is damaged, or of a newer format.
    """
    folder = _of_run(name) or _SHELF.find(name)
    return read_whole(folder, lambda: _read(folder, name))


def read_space(folder: Path, name: str = "") -> JointSpace:
    """Return what `write_space` wrote to a folder; raises DataError where that is none."""
    return read_whole(folder, lambda: _read(folder, name))


def _of_run(name: str) -> Path | None:
    """Return the folder of a run's space; None where the shelf has one of that name, or no run has."""
    if name in _SHELF.names() or name not in run_names():
        return None
    folder = open_run(name).folder / layout.SPACE
    return folder if folder.is_dir() else None


def _read(folder: Path, name: str) -> JointSpace:
    about = read_manifest(folder, _ABOUT, "train it again")
    try:
        if about["format"] > _FORMAT:
            raise DataError(folder, f"was written by a newer taglab (format {about['format']})")
        arrays = read_arrays(folder / _VECTORS, _LARGEST_BYTES)
        artist_vectors, tag_vectors, feature_vectors = (arrays[part].astype(np.float32) for part in _PARTS)
        return JointSpace(
            name,
            tuple(about["artists"]),
            tuple(about["tags"]),
            artist_vectors,
            tag_vectors,
            feature_vectors,
            about["scaling"],
            about["about"],
            arrays[_WORD_MAP].astype(np.float32) if _WORD_MAP in arrays else None,
        )
    except DataError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        reason = f"does not hold a joint space or is damaged ({error}); train it again"
        raise DataError(folder, reason) from error


def delete_joint_space(name: str) -> None:
    """Remove a space for good; raises NotFound, StorageError, and InvalidSetting of a run's."""
    if _of_run(name):
        raise InvalidSetting(
            f"joint space {name!r} is part of a run; `taglab runs delete {name}` moves it away"
        )
    _SHELF.delete(name)


def require_unchanged(space: JointSpace, what: str, value: Folksonomy | Vectors) -> None:
    """Raise InvalidSetting unless a value is what a space was trained on.

    Args:
        space: The space.
        what: "data" or "features".
        value: As it is under its name now.
    """
    if value.fingerprint != space.about[what]["fingerprint"]:
        raise InvalidSetting(
            f"{what} {value.name!r} are no longer what the joint space {space.name!r} was trained on; "
            "train it again"
        )
