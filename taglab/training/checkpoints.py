"""Checkpoints: written whole or not at all, read without running what they hold."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from taglab.archives import opened_zip
from taglab.cache import replacing
from taglab.errors import DataError
from taglab.training.config import as_of_today

BEST, LAST = "best.pt", "last.pt"
FORMAT = 2
_SINCE_FORMAT_2 = ("train", "inputs")  # of which an earlier checkpoint says nothing

# What refuses a file that would run code is an error of a module that is imported nowhere in taglab.
_REFUSED: type[Exception] = torch.serialization.pickle.UnpicklingError  # type: ignore[attr-defined]
_UNREADABLE = (_REFUSED, RuntimeError, ValueError, LookupError, EOFError, TypeError, AttributeError)


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors, numbers and texts, atomically.

    Raises:
        StorageError: If the disk is full or cannot be written; the earlier checkpoint is as it was.
    """
    # In memory first: what torch raises where a file cannot be written does not say why.
    written = io.BytesIO()
    torch.save({"format": FORMAT, **content}, written)
    with replacing(path) as temporary:
        temporary.write_bytes(written.getbuffer())


def load_checkpoint(path: Path, expected: Mapping[str, Any]) -> dict[str, Any]:
    """Read a checkpoint, onto the CPU.

    Args:
        path: The file.
        expected: What it must say of itself, under "made_for": the network and its classes, for instance.

    Raises:
        DataError: If it is missing, damaged, not taglab's, or of something else than expected.
    """
    if not path.is_file():
        raise DataError(path, "is not there; training ended before the first checkpoint")
    content = _read(path)
    if not isinstance(content, dict) or content.get("format") not in (1, FORMAT):
        raise DataError(path, "is not a checkpoint of this taglab")
    made_for = content.get("made_for", {})
    if "network" in made_for:
        made_for = as_of_today(made_for)
    for name, wanted in expected.items():
        found = made_for.get(name)
        says_nothing = name in _SINCE_FORMAT_2 and content["format"] == 1
        if found != wanted and not says_nothing:
            raise DataError(path, f"is of another run: {_difference(name, found, wanted)}")
    return content


def _read(path: Path) -> Any:
    with opened_zip(path) as archive:
        archive.check()  # torch does not compare the checksums it writes
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror or error})") from error
    except _UNREADABLE as error:
        raise DataError(path, f"is damaged or not a checkpoint ({type(error).__name__})") from error


def _difference(name: str, found: Any, wanted: Any) -> str:
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        parts = [key for key in wanted if found.get(key) != wanted[key]]
        told = ", ".join(f"{key} is {found.get(key)!r}, not {wanted[key]!r}" for key in parts[:3])
        return f"its {name} differs ({told or 'it has more entries'})"
    if isinstance(found, list) and isinstance(wanted, list):
        return f"its {name} ({len(found)}) are not those of this run ({len(wanted)})"
    return f"its {name} is {found!r}, not {wanted!r}"
