"""What the tests of launching share."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from taglab import launch
from taglab.runs import Run

TRAINEE = Path(__file__).with_name("trainee.py")


def trainee(run: Run, epochs: int = 2, seconds: float = 0.0, how: str = "well") -> list[str]:
    """Return the command that stands in for training a run."""
    return [sys.executable, "-u", str(TRAINEE), str(run.folder), str(epochs), str(seconds), how]


def until(condition: Callable[[], bool], within_s: float = 120.0) -> bool:
    """Wait for something; return whether it came."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def comes_to(run: Run, state: str) -> bool:
    """Wait for a run's state."""
    return until(lambda: launch.state(run.name).state == state)


def epochs_done(run: Run) -> int:
    path = run.folder / "epochs.txt"
    return len(path.read_text().split()) if path.exists() else 0
