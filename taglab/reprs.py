"""One line for a value: what it is and how large, never what all is in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set
from typing import Any

_LONGEST_TEXT = 40
_LONGEST_LINE = 160


def one_line(value: Any) -> str:
    """Return a dataclass on one line, for its `__repr__`: arrays by shape, tables and texts by their number.

    Examples:
        >>> @dataclasses.dataclass(frozen=True)
        ... class Pair:
        ...     tags: tuple[str, ...]
        ...     k: int
        ...     __repr__ = one_line
        >>> Pair(("rock", "pop"), 2)
        <Pair tags: 2, k: 2>
    """
    parts = [
        f"{field.name}: {_short(getattr(value, field.name))}"
        for field in dataclasses.fields(value)
        if field.repr and getattr(value, field.name) is not None
    ]
    return _line(type(value).__name__, ", ".join(parts))


def _line(name: str, text: str) -> str:
    """Return a value's line, cut where it would be long."""
    line = " ".join(f"{name} {text}".split())
    return f"<{line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + '…'}>"


def _short(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return " × ".join(f"{size}" for size in shape) or str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - 1] + "…")
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping | Set | Sequence) and not isinstance(value, bytes):
        return f"{len(value)}"
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT and "\n" not in text else type(value).__name__
