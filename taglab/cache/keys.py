"""Names for content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np


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


def file_digest(path: Path) -> str:
    """Return the checksum of a file's bytes: 32 hexadecimal digits; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def revision(data: bytes) -> int:
    """Return a number that stands for a file's content, so that a change by hand is noticed too."""
    return int(content_key(data)[:12], 16)
