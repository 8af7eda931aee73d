"""What commands open by the names given on the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from taglab.progress import Progress

if TYPE_CHECKING:
    from taglab.folksonomy import Folksonomy


def open_data(args: argparse.Namespace, progress: Progress) -> Folksonomy:
    """Return the data set of `--data`, all of its tags."""
    from taglab import sources

    return sources.open_folksonomy(args.data, progress)
