"""A run's log, as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

_TAIL_BYTES = 1 << 20


def follow_log(path: Path, going: Callable[[], bool], lines: int = 40, every_s: float = 0.5) -> Iterator[str]:
    """Yield the last lines of a log, then each new one, until nothing writes it any more.

    Args:
        path: Of the log; it may not be there yet.
        going: Whether there may be more.
        lines: How many of those there are already.
        every_s: Between two looks.
    """
    position, rest = 0, b""
    if path.exists():
        with path.open("rb") as file:
            position = max(file.seek(0, 2) - _TAIL_BYTES, 0)
            file.seek(position)
            *there, rest = file.read().split(b"\n")
            position = file.tell()
        yield from map(_text, there[-lines:])
    more = True
    while more:
        more = going()  # asked before reading: what is written up to its end is still read
        if path.exists():
            with path.open("rb") as file:
                file.seek(position)
                *new, rest = (rest + file.read()).split(b"\n")
                position = file.tell()
            yield from map(_text, new)
        if more:
            time.sleep(every_s)
    if rest:
        yield _text(rest)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")
