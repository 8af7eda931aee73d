"""Names for content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def content_key(*parts: Any) -> str:
    """Return a name for whatever these parts determine: equal parts, equal key.

    Args:
        parts: Arrays (hashed by dtype, shape and bytes), bytes, paths (hashed by content), or anything
            that `json.dumps` takes.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype != object:
            digest.update(f"array {part.dtype.str} {part.shape} ".encode())
            digest.update(np.ascontiguousarray(part).view(np.uint8).reshape(-1).data)
        elif isinstance(part, bytes):
            digest.update(b"bytes %d " % len(part))
            digest.update(part)
        elif isinstance(part, Path):
            digest.update(b"file ")
            digest.update(bytes.fromhex(file_digest(part)))
        else:
            listed = part.tolist() if isinstance(part, np.ndarray) else part
            digest.update(b"json ")
            digest.update(json.dumps(listed, sort_keys=True, ensure_ascii=True).encode())
        digest.update(b"\x00")
    return digest.hexdigest()


def table_key(table: pd.DataFrame) -> str:
    """Return a name for the cells of a table: equal cells under equal column names, equal key.

    The order of columns and the labels of rows are no part of it, nor whether whole numbers are of 32 or 64
    bits or may be missing. A missing text is another than an empty one.
    """
    parts: list[Any] = [len(table)]
    for name in sorted(table.columns, key=str):
        parts += [str(name), *_cells(table[name])]
    return content_key(*parts)


_WIDE = {"i": np.int64, "u": np.uint64, "f": np.float64, "b": np.bool_}


def _cells(column: pd.Series) -> tuple[Any, ...]:
    """Return what a column holds, as `content_key` takes it."""
    missing = column.isna().to_numpy()
    wide = _WIDE.get(column.dtype.kind)
    if wide is not None:
        return missing, column.where(~missing, 0).to_numpy(wide)
    if column.dtype != "str":
        column = column.astype(object)
    texts = list(map(str, column.where(~missing, "").tolist()))
    # All texts in one, and how long each is: a third of the time that writing them as JSON takes.
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return missing, lengths, "".join(texts).encode("utf-8", "surrogatepass")


def file_digest(path: Path) -> str:
    """Return the checksum of a file's bytes: 32 hexadecimal digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def revision(data: bytes) -> int:
    """Return a number that stands for a file's content, so that a change by hand is noticed too."""
    return int(content_key(data)[:12], 16)
