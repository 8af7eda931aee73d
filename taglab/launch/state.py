"""What becomes of a run, held against what can be seen of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from taglab.runs.status import Status

State = Literal["queued", "running", "finished", "failed", "stopped", "lost"]
GO_ON = "; resuming goes on where its last checkpoint stands"
RESUMABLE = ("failed", "stopped", "lost")


@dataclass(frozen=True)
class RunState:
    """What a run is doing.

    Attributes:
        state: "queued", "running", "finished", "failed", "stopped", or "lost": it was to be trained, and
            nothing trains it any more.
        detail: A sentence or a few words for people; empty where there is nothing to add.
        since: When that began, in seconds since 1970; None where unknown.
        heartbeat_age_s: Seconds since the training process's last sign of life; None where there was none.
        job: SLURM's number of it, or the process's; empty while there is neither.
    """

    state: State
    detail: str = ""
    since: float | None = None
    heartbeat_age_s: float | None = None
    job: str = ""

    @property
    def active(self) -> bool:
        """Whether it waits or is trained."""
        return self.state in ("queued", "running")


def state_of(status: Status, state: State | None = None, detail: str | None = None) -> RunState:
    """Return the state of a run with this status.

    Args:
        status: What was last written.
        state: What is true of it; what was written where None.
        detail: Words for people; the status's own where None.
    """
    state = state or status.state
    since = {"queued": status.queued_at, "running": status.started_at, "lost": status.heartbeat_at}
    beat = status.heartbeat_at
    return RunState(
        state=state,
        detail=status.message if detail is None else detail,
        since=since.get(state, status.ended_at),
        heartbeat_age_s=None if beat is None else max(time.time() - beat, 0.0),
        job=status.job or (str(status.process.pid) if status.process else ""),
    )


def ago(seconds: float) -> str:
    """Return a span of time in words."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
