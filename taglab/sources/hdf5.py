"""Arrays of an HDF5 file, trusting nothing: none that lies in another file, and none of untold size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from taglab.archives import Limits
from taglab.errors import DataError, MissingExtra

_NUMBER_KINDS = "iuf"
# Of all arrays together; HDF5 can announce zeros that take no room in the file.
_LIMITS = Limits(largest_bytes=8 << 30, largest_ratio=200, always_allowed_bytes=64 << 20)


def read_hdf5(
    path: Path, places: Sequence[str], content: str, limits: Limits = _LIMITS
) -> list[npt.NDArray[Any]]:
    """Read arrays of numbers from an HDF5 file.

    An HDF5 file may send its reader to any other file, by links, by raw data kept outside and by virtual data
    sets. All of these are refused, so that a file which somebody sent shows nothing but itself.

    Args:
        path: The file.
        places: Of the arrays, as "group/array".
        content: What the file is meant to be, for the message.
        limits: What the arrays may take together.

    Returns:
        An array for each place, in its own type and shape.

    Raises:
        MissingExtra: If h5py is not installed.
        DataError: If it cannot be read, an array is missing, is none of numbers, lies elsewhere or is too
            large.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "hdf5") from error
    try:
        with h5py.File(path, "r") as file:
            arrays = [_array_at(file, place, path) for place in places]
            n_bytes = sum(_bytes_of(array) for array in arrays)
            allowed = limits.of(path.stat().st_size)
            if n_bytes > allowed:
                raise DataError(
                    path,
                    f"announces arrays of {n_bytes:,} bytes, and of a file of its size at most {allowed:,} "
                    "are read; is it the right file?",
                )
            return [np.asarray(array[()]) for array in arrays]
    except DataError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        raise DataError(path, f"is no {content} in HDF5 ({error}); is it the right file?") from error


def _array_at(file: Any, place: str, path: Path) -> Any:
    """Return the unread array at a place, every step to which and all of which is in this very file."""
    import h5py

    held = file
    for name in place.split("/"):
        link = held.get(name, getlink=True) if isinstance(held, h5py.Group) else None
        if link is None:
            raise ValueError(f"there is no {place}")
        if not isinstance(link, h5py.HardLink):
            raise DataError(path, f"has a link in place of {place}; links are not followed")
        held = held[name]
    if not isinstance(held, h5py.Dataset) or held.shape is None or held.dtype.kind not in _NUMBER_KINDS:
        holds = getattr(held, "dtype", "no array")
        raise DataError(path, f"holds {holds} at {place}, where numbers are meant")
    if held.external or held.is_virtual:
        raise DataError(path, f"keeps {place} in another file, which is not opened")
    return held


def _bytes_of(array: Any) -> int:
    """Return the memory that reading takes: of all, and of one chunk, which may be larger."""
    return int(array.dtype.itemsize * max(math.prod(array.shape), math.prod(array.chunks or (0,))))
