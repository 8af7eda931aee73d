"""A cache folder of its own for what a benchmark keeps."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_cache() -> Iterator[Path]:
    """Let TAGLAB_HOME name an empty folder while the body runs; it is removed afterwards."""
    before = os.environ.get("TAGLAB_HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["TAGLAB_HOME"] = home
        try:
            yield Path(home)
        finally:
            os.environ.pop("TAGLAB_HOME")
            if before is not None:
                os.environ["TAGLAB_HOME"] = before
