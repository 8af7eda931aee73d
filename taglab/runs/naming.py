"""Runs are named by what differs from the defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from taglab.cache import content_key

_LONGEST = 72  # of the 100 bytes or more a name may have; a number comes behind, and in the trash a date
_NOTHING = "defaults"


def name_of(differs: Mapping[str, Any]) -> str:
    """Return a name that says what differs from the defaults.

    Args:
        differs: Dotted name of a setting → its value, as {"labels": "genres", "train.epochs": 30}.

    Returns:
        As "labels-genres+epochs-30"; "defaults" where nothing differs. Where it would be too long it is cut
        and ends in a key of the whole.
    """
    short = _short_names(list(differs))
    parts = [_part(short[dotted], value) for dotted, value in differs.items()]
    name = _plain("+".join(part for part in parts if part)) or _NOTHING
    if len(name.encode()) <= _LONGEST:
        return name
    key = content_key(sorted((dotted, str(value)) for dotted, value in differs.items()))[:8]
    return f"{_cut(name, _LONGEST - 9).rstrip('-+.')}+{key}"


def name_of_text(text: str) -> str:
    """Return any text, a file's name for instance, as the name of a run."""
    return _cut(_plain(text), _LONGEST).strip("-.+") or "run"


def _short_names(dotted: Sequence[str]) -> dict[str, str]:
    """Return the last part of each dotted name, or as many as tell it from the others."""
    short = {}
    for name in dotted:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            ending = parts[-length:]
            if sum(other.split(".")[-length:] == ending for other in dotted) == 1:
                break
        short[name] = "-".join(parts[-length:])
    return short


def _part(name: str, value: Any) -> str:
    if value is True:
        return name
    if value is False or value is None:
        return f"no-{name}"
    if isinstance(value, float):
        return f"{name}-{value:g}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"{name}-{'-'.join(map(str, value))}"
    return f"{name}-{value}"


def _plain(text: str) -> str:
    """Return text as a name on a shelf and in a shell: letters, digits, '.', '-' and '+'."""
    return re.sub(r"[^\w.+]+|_+", "-", text).strip("-.+")


def _cut(text: str, n_bytes: int) -> str:
    return text.encode()[:n_bytes].decode("utf-8", "ignore")
