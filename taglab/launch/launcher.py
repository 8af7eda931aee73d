"""What a launcher is: one way of training runs somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from taglab.launch.settings import LaunchSettings
from taglab.launch.state import RunState
from taglab.runs.status import Status


class Launcher(Protocol):
    """One way of training runs somewhere; `taglab.launch.LAUNCHERS` holds those there are."""

    def require(self, settings: LaunchSettings) -> None:
        """Raise Unavailable if this machine cannot launch anything so."""

    def submit(self, run: str, folder: Path, settings: LaunchSettings, command: Sequence[str]) -> None:
        """Have a command run for a run that is marked as queued.

        Raises:
            Unavailable: If it is refused; a sentence that says why.
        """

    def stop(self, run: str, folder: Path, status: Status, grace_s: float) -> None:
        """End a run's processes, or take it from the queue, and see that it is so.

        Raises:
            Unavailable: If that cannot be done from here.
        """

    def judge(self, statuses: Mapping[str, Status]) -> dict[str, RunState]:
        """Return what is true of runs whose status says queued or running, by name."""
