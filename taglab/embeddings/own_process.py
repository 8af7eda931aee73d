"""Own vectors trained beside the dashboard: `python -m taglab.embeddings.own_process`.

The name of a data set is read from standard input. How far the training is goes to standard error, a line
each; what was wrong is the last of them. The vectors go to the cache, where `own_vectors` finds them.
"""

from __future__ import annotations

import os
import sys

from taglab.cache import why_not_kept
from taglab.embeddings.library import own_vectors
from taglab.errors import TaglabError
from taglab.progress import as_lines, between
from taglab.sources import open_folksonomy

_NICENESS = 10


def main() -> int:
    """Train; return the exit status."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)  # the dashboard needs the cores
    report = as_lines(sys.stderr)
    try:
        data = open_folksonomy(sys.stdin.read().strip(), between(report, 0.0, 0.02))
        own_vectors(data, progress=between(report, 0.02, 1.0))
    except TaglabError as error:
        sys.stderr.write(f"{' '.join(str(error).split())}\n")
        return 1
    if why_not_kept():
        sys.stderr.write(f"The vectors are trained but cannot be kept: {why_not_kept()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
