"""Own vectors trained beside the dashboard: `python -m taglab.embeddings.own_process`.

It reads the name of a data set; the vectors go to the cache, where `own_vectors` finds them.
"""

from __future__ import annotations

import sys

from taglab.beside import run_beside
from taglab.embeddings.library import own_vectors
from taglab.progress import Progress, between
from taglab.sources import open_folksonomy


def train(name: str, progress: Progress) -> None:
    """Train the vectors of the data set of this name."""
    data = open_folksonomy(name, between(progress, 0.0, 0.02))
    own_vectors(data, progress=between(progress, 0.02, 1.0))


if __name__ == "__main__":
    sys.exit(run_beside(train))
