"""What a program beside the dashboard does around its work: how it reports, fails, and leaves the cores."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from taglab.cache import why_not_kept
from taglab.errors import TaglabError
from taglab.progress import Progress, as_lines

_NICENESS = 10


def run_beside(keep: Callable[[str, Progress], None]) -> int:
    """Run a computation whose result goes to the cache, as a program that was given a text.

    What is wanted is read from standard input. How far it is goes to standard error, a line each; what was
    wrong is the last of them.

    Args:
        keep: Given the text and the progress, computes and keeps.

    Returns:
        The exit status.
    """
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the dashboard needs the cores
    try:
        keep(sys.stdin.read().strip(), as_lines(sys.stderr))
    except TaglabError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    if why_not_kept():
        sys.stderr.write(f"It is computed but cannot be kept: {why_not_kept()}\n")
        return 1
    return 0
