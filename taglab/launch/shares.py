"""Shares of one piece of work, side by side on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from taglab.errors import Unavailable
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent

__all__ = ["run_shares"]


def run_shares(name: str, commands: Sequence[Sequence[str]], progress: Progress = silent) -> None:
    """Run commands side by side, no more than there are cores, and wait for them.

    Args:
        name: Of what they work on.
        commands: Argument lists, of our own making.
        progress: Told after each.

    Raises:
        Unavailable: With the last line of the first that failed; what the others did is kept.
    """
    one_thread = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")}

    def run(part: slice) -> None:
        done = subprocess.run(  # noqa: S603  # an argument list, of our own making
            list(commands[part.start]), env=one_thread, capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
            raise Unavailable(
                f"a share of {name!r} failed: {last}; the same command goes on with what is left"
            )

    on_every_core(run, blocks(len(commands), 1), progress, "shares")
