"""Training on this machine: processes of their own that outlive the dashboard, one for each GPU."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from taglab import cache
from taglab.errors import Unavailable
from taglab.launch.processes import end, require_posix
from taglab.launch.queue_file import Entry, editing, read_queue
from taglab.launch.runner import ensure_runner
from taglab.launch.settings import LaunchSettings
from taglab.launch.state import GO_ON, RunState, ago, state_of
from taglab.runs.process import boot_id
from taglab.runs.status import SILENT_AFTER_S, Status, read_status

_NOTED_WITHIN_S = 1.0
_ENTERED_WITHIN_S = 10.0  # the status is written before the queue, which another process may hold
_LOOK_EVERY_S = 0.05


class LocalLauncher:
    """This machine; see `Launcher`."""

    def require(self, settings: LaunchSettings) -> None:
        """Processes that outlive their parent's session need POSIX."""
        require_posix()

    def submit(self, run: str, folder: Path, settings: LaunchSettings, command: Sequence[str]) -> None:
        """Put a run at the end of the queue."""
        entry = Entry(run=run, command=tuple(command), gpus=settings.gpus, queued_at=time.time())
        with editing() as queue:
            queue.waiting = (*(one for one in queue.waiting if one.run != run), entry)
        ensure_runner()

    def stop(self, run: str, folder: Path, status: Status, grace_s: float) -> None:
        """Take a run out of the queue, and end its processes."""
        process = status.process
        if process is not None and not process.here:
            raise Unavailable(f"{run} belongs to {process.host}; stop it there")
        with editing() as queue:
            queue.waiting = tuple(one for one in queue.waiting if one.run != run)
        if process is not None:
            end(process, grace_s)

    def judge(self, statuses: Mapping[str, Status]) -> dict[str, RunState]:
        """Hold what was written against the queue and the processes."""
        queue = read_queue()
        if queue.waiting or queue.active:
            ensure_runner()  # it may have been killed: nothing is to wait for ever
        kept = {entry.run for entry in queue.active}
        places = dict.fromkeys(kept, 0) | {entry.run: place for place, entry in enumerate(queue.waiting, 1)}
        by_run = {}
        for run, seen in statuses.items():
            # Read before the queue was, it may have left that meanwhile.
            status = seen if seen.state != "queued" or run in places else _latest(run, seen)
            if status.state == "queued":
                by_run[run] = _waiting(status, places.get(run))
                continue
            by_run[run] = state_of(status) if status.ended else _running(status)
            if by_run[run].state == "lost" and run in kept:
                by_run[run] = _as_noted_by_runner(run, status)
        return by_run


def _latest(run: str, seen: Status) -> Status:
    return read_status(cache.Shelf(cache.RUNS).path(run)) or seen


def _as_noted_by_runner(run: str, status: Status) -> RunState:
    """Return the state of a run whose process has just died, once the runner has noted how."""
    until = time.monotonic() + _NOTED_WITHIN_S
    while not status.ended and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
        status = _latest(run, status)
    return state_of(status) if status.ended else _running(status)


def _waiting(status: Status, place: int | None) -> RunState:
    if place is None:
        if time.time() - (status.queued_at or 0.0) < _ENTERED_WITHIN_S:
            return state_of(status, detail="is being put into the queue")
        return state_of(status, "lost", "it was to wait in the queue, and is not there" + GO_ON)
    detail = {0: "begins", 1: "the next in the queue"}.get(place, f"number {place} in the queue")
    return state_of(status, detail=detail)


def _running(status: Status) -> RunState:
    process = status.process
    if process is None:
        return state_of(status, "lost", "it is not known which process trains it" + GO_ON)
    age = time.time() - status.heartbeat_at if status.heartbeat_at is not None else None
    silent = age is not None and age > SILENT_AFTER_S
    if process.here:
        if process.living() is not None:
            detail = (
                f"process {process.pid} lives and has given no sign for {ago(age or 0)}" if silent else ""
            )
            return state_of(status, detail=detail)
        if process.boot_id != boot_id():
            return state_of(status, "lost", "this machine was started anew while it was trained" + GO_ON)
        return state_of(status, "lost", f"process {process.pid} ended without a word" + GO_ON)
    if age is None or silent:
        since = f"for {ago(age)}" if age is not None else "yet"
        return state_of(status, "lost", f"no sign of life from {process.host} {since}" + GO_ON)
    return state_of(status, detail=f"on {process.host}")
