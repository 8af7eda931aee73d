"""What pages compute once for all visitors: values are known by their content, and not by name alone.

Results are shared and must not be changed in place. All that pages remember is remembered here, so that what
tells two questions apart, and how many answers are kept, is decided once.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import pydantic
import streamlit as st

from taglab import cache, labels
from taglab.cache import content_key, table_key
from taglab.labels import LabelSpace
from taglab.runs import Run
from taglab.ui.memory import bytes_of

P = ParamSpec("P")
R = TypeVar("R")

Size = Literal["one", "large", "medium", "small", "tiny"]

MOST: dict[Size, int] = {
    "one": 1,
    # A data set, vectors, a map of all tags: up to hundreds of MB.
    "large": 6,
    # What a run predicted, the pairs of all classes: up to tens of MB.
    "medium": 24,
    # A clustering, a curve: up to some MB.
    "small": 64,
    # A title, a number, a table of a run's labels: kilobytes.
    "tiny": 1_000,
}
"""How many answers of each function are kept, by how large one is; the longest unused goes first."""

MOST_BYTES = 2 << 30
"""How much all answers may take together, as `bytes_of` estimates them; the longest unused goes first."""


def remembered(
    size: Size, *, ttl_s: float | None = None, keeps_none: bool = True, spinner: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compute once for all visitors what a function returns for the same arguments.

    Arguments are told apart as `identity` tells them. Those whose name begins with an underscore are not
    looked at: what reports progress, and what the others determine already.

    Args:
        size: How large a result is; see `MOST`.
        ttl_s: For how long it holds, in seconds; for ever where None.
        keeps_none: Whether "there is none" is remembered, too.
        spinner: What to say while it is computed; nothing where None.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def unwrapped(*args: Any) -> R:
            values = [one.value if isinstance(one, _Known) else one for one in args]
            return function(*values)  # type: ignore[call-arg]

        kept = st.cache_resource(
            max_entries=MOST[size],
            ttl=ttl_s,
            show_spinner=False if spinner is None else spinner,
            validate=None if keeps_none else lambda value: value is not None,
            hash_funcs={_Known: attrgetter("identity")},
        )(unwrapped)

        @functools.wraps(function)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            known = [
                value if name.startswith("_") else _Known(identity(value), value)
                for name, value in bound.arguments.items()
            ]
            answer = kept(*known)
            told_by = [_Known(one.identity, None) if isinstance(one, _Known) else None for one in known]
            key = (id(kept), *(one.identity for one in told_by if one is not None))
            _ANSWERS.used(key, answer, MOST[size], lambda: kept.clear(*told_by))
            return answer

        return ask

    return decorate


@dataclass(frozen=True, eq=False)
class _Known:
    """An argument, with what Streamlit is to tell it by."""

    identity: str
    value: Any


class _Answers:
    """What is kept just now, the longest unused first, so that all of it can be bounded together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], tuple[int, Callable[[], None]]] = OrderedDict()

    def used(self, key: tuple[Any, ...], answer: Any, most: int, forget: Callable[[], None]) -> None:
        """Note that an answer was asked for, and forget others where all take too much.

        Args:
            key: The function, and what tells its arguments.
            answer: What it returned.
            most: How many of this function Streamlit keeps.
            forget: Makes Streamlit forget this one.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return
            self._kept[key] = bytes_of(answer), forget
            of_function = [other for other in self._kept if other[0] == key[0]]
            for other in of_function[:-most]:
                del self._kept[other]
            too_much = []
            while len(self._kept) > 1 and sum(size for size, _ in self._kept.values()) > MOST_BYTES:
                too_much.append(self._kept.popitem(last=False)[1][1])
        for forget_one in too_much:
            forget_one()


_ANSWERS = _Answers()


@dataclass(frozen=True)
class Shelved:
    """What lies under a name on a shelf just now: another once it is replaced.

    Attributes:
        name: The name.
        path: Where it lies.
        stamp: What tells it from what lies there at another time; empty where nothing does.
    """

    name: str
    path: str
    stamp: tuple[int, ...]

    @classmethod
    def of(cls, kind: str, name: str, suffix: str = "", within: str = "") -> Shelved:
        """Return what lies on the shelf of a kind.

        Args:
            kind: See `taglab.cache.Shelf`.
            name: The name.
            suffix: What its file's name ends with.
            within: The file in its folder that is written last.
        """
        return cls.at(name, cache.Shelf(kind, suffix).path(name) / within)

    @classmethod
    def at(cls, name: str, path: Path) -> Shelved:
        """Return what lies at a path."""
        return cls(name, str(path), _stamp(path))

    def __bool__(self) -> bool:
        return bool(self.stamp)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def identity(value: Any) -> str:
    """Return what tells a value from every other that would give another result.

    Values that have a fingerprint are told apart by it and by their name, runs by their folder and all that
    was written there, settings by what they say, tables and arrays by their cells.

    Raises:
        TypeError: If nothing tells it apart: give it a `fingerprint`, or its argument an underscore.
    """
    kind = type(value).__qualname__
    for known, tell in _KNOWN_BY.items():
        if isinstance(value, known):
            return f"{kind} {tell(value)}"
    fingerprint = getattr(value, "fingerprint", None)
    if isinstance(fingerprint, str):
        return f"{kind} {getattr(value, 'name', '')!r} {fingerprint}"
    if is_dataclass(value) and not isinstance(value, type):
        return f"{kind} {[identity(getattr(value, field.name)) for field in fields(value)]}"
    raise TypeError(
        f"nothing tells one {kind} from another; give it a fingerprint, or its argument an underscore"
    )


def run_identity(run: Run) -> str:
    """Return what changes when anything that pages read is written into a run, or another takes its name."""
    paths = [*run.folder.glob("*.json"), *run.folder.glob("*.csv"), *run.folder.glob("*/*.npz")]
    return content_key(run.name, str(run.folder), [[path.name, *_stamp(path)] for path in sorted(paths)])


_KNOWN_BY: dict[type | tuple[type, ...], Callable[[Any], str]] = {
    (type(None), bool, int, float, str, bytes, Path, np.generic): repr,
    pydantic.BaseModel: lambda model: model.model_dump_json(),
    Run: run_identity,
    LabelSpace: labels.to_json,
    np.ndarray: content_key,
    (pd.DataFrame, pd.Series): lambda table: table_key(table if table.ndim == 2 else table.to_frame()),
    Mapping: lambda mapping: repr([(identity(key), identity(one)) for key, one in mapping.items()]),
    (tuple, list): lambda sequence: repr(list(map(identity, sequence))),
}
