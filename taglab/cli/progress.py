"""A progress bar on standard error, for a person who waits more than a second."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from taglab.cli.report import visible
from taglab.progress import Progress

_DELAY_S = 1.0
_FORMAT = "{desc}: {percentage:3.0f}%|{bar:30}| {elapsed}<{remaining}"


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a `Progress` that draws a bar after a second, and nothing where standard error is no terminal."""
    bar: Any = None

    def report(fraction: float, text: str) -> None:
        nonlocal bar
        if not sys.stderr.isatty():
            return
        if bar is None:
            from tqdm import tqdm

            bar = tqdm(total=1.0, delay=_DELAY_S, bar_format=_FORMAT, leave=False, file=sys.stderr)
        if text:
            bar.set_description_str(visible(text)[:60], refresh=False)
        step = min(max(fraction, 0.0), 1.0) - bar.n
        # A next stage may begin at 0 again; the bar then does, too.
        bar.update(step) if step >= 0 else bar.reset()

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()
