"""How much memory a value holds: what is kept for later is bounded by bytes, not by number alone."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_NOT_LOOKED_INTO = (type, ModuleType, FunctionType, MethodType)


def held_bytes(value: object) -> int:
    """Return about how many bytes of memory a value holds: arrays, tables and texts, wherever in it.

    What is there several times counts once. Arrays mapped from files count nothing: the system takes their
    memory back when it wants it.

    >>> held_bytes({"a": np.zeros(1000), "b": np.zeros((2, 500), np.float32)}) // 1000
    12
    """
    seen: set[int] = set()
    waiting: list[Any] = [value]
    n_bytes = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        own_bytes, parts = _looked_into(one)
        n_bytes += own_bytes
        waiting.extend(parts)
    return n_bytes


def _looked_into(value: Any) -> tuple[int, Iterable[Any]]:
    """Return the bytes of a value itself, and what else it holds."""
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if type(value).__module__.startswith("pandas.") and hasattr(value, "memory_usage"):
        return int(np.sum(value.memory_usage(deep=True))), ()
    if isinstance(value, Mapping):
        return sys.getsizeof(value), [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return sys.getsizeof(value), value
    if isinstance(value, _NOT_LOOKED_INTO):
        return 0, ()
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    parts = [getattr(value, name) for name in slots if name != "__weakref__" and hasattr(value, name)]
    return sys.getsizeof(value), [*parts, *getattr(value, "__dict__", {}).values()]


def _of_array(array: np.ndarray[Any, Any]) -> tuple[int, Iterable[Any]]:
    base: object = array.base
    if isinstance(base, np.ndarray):
        return 0, (base,)
    if isinstance(base, mmap.mmap):
        return 0, ()
    return array.nbytes, array.ravel().tolist() if array.dtype.hasobject else ()
