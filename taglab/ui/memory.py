"""About how much memory a value takes."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Set
from itertools import islice
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

_SAMPLED = 100  # items of a long collection that stand for all of it


def bytes_of(value: Any) -> int:
    """Return about how many bytes a value takes, all that it holds included; of mapped files nothing.

    Long collections are sampled, so that this takes no longer than a few arrays' look-up.
    """
    return _bytes(value, set())


def _bytes(value: Any, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    own = sys.getsizeof(value, 0)
    if isinstance(value, np.ndarray):
        return 0 if _is_mapped(value) else int(value.nbytes)
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return int(np.sum(value.memory_usage(deep=False)))
    if isinstance(value, str | bytes | int | float | type(None)):
        return own
    if isinstance(value, dict):
        return own + _sampled(value.keys(), len(value), seen) + _sampled(value.values(), len(value), seen)
    if isinstance(value, ModuleType) or callable(value):  # which belong to the program, and lead anywhere
        return own
    if isinstance(value, tuple | list | Set):
        return own + _sampled(value, len(value), seen)
    return own + sum(_bytes(part, seen) for part in getattr(value, "__dict__", {}).values())


def _sampled(items: Iterable[Any], n: int, seen: set[int]) -> int:
    some = [_bytes(item, seen) for item in islice(items, _SAMPLED)]
    return round(sum(some) * n / len(some)) if some else 0


def _is_mapped(array: np.ndarray[Any, Any]) -> bool:
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)
