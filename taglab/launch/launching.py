"""Launching, stopping and resuming runs, and what each is doing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from taglab import cache
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound, TaglabError, Unavailable
from taglab.launch.kinds import fitted_launch
from taglab.launch.launcher import Launcher
from taglab.launch.local import LocalLauncher
from taglab.launch.queue_file import read_queue
from taglab.launch.runner import ensure_runner
from taglab.launch.settings import LaunchSettings
from taglab.launch.slurm import SlurmLauncher
from taglab.launch.state import RunState, state_of
from taglab.runs import Run
from taglab.runs.status import Status, change_status, read_status
from taglab.settings import checked

LAUNCHERS: dict[str, Launcher] = {"local": LocalLauncher(), "slurm": SlurmLauncher()}

_GRACE_S = 20.0  # for a checkpoint that is being written


def own_command(*arguments: str) -> list[str]:
    """Return what runs `taglab` with these arguments and this cache folder in a process of its own.

    Standard output is not held back, so that the log shows it at once; files of the current folder do not
    shadow the packages it needs (`-P`).
    """
    home = str(cache.home().absolute())
    return [sys.executable, "-u", "-P", "-m", "taglab", *arguments, "--cache", home]


def train_command(run: str) -> list[str]:
    """Return the command that trains a run, or goes on with it, as an argument list."""
    return own_command("train", run)


def submit(
    run: str, settings: LaunchSettings | None = None, command: Sequence[str] | None = None
) -> RunState:
    """Launch a run, or put it at the end of the queue.

    Args:
        run: Its name.
        settings: Where and with what; this machine where None.
        command: What trains it, as an argument list; `train_command` where None.

    Returns:
        What it is doing now.

    Raises:
        NotFound: If there is no such run, or it was never to be trained.
        Conflict: If it waits, is being trained, or is finished.
        Unavailable: If it cannot be launched so; SLURM is absent, or refused it.
        InvalidSetting: If runs of its kind are trained by one process on the CPU, and more is asked for.
        InputsChanged: If it was launched before, and what it learns from was replaced since.
    """
    folder = _folder(run)
    settings = fitted_launch(Run(run, folder), settings or LaunchSettings())
    launcher = LAUNCHERS[settings.where]
    launcher.require(settings)
    before = read_status(folder)
    now = state(run)
    if now.active or now.state == "finished":
        raise Conflict(f"{run} is {now.state} already" + (f" ({now.detail})" if now.detail else ""))
    if before is not None:
        _require_inputs(Run(run, folder))
    queued = Status(
        state="queued",
        launcher=settings.where,
        launch=settings.model_dump(mode="json"),
        queued_at=time.time(),
    )
    change_status(folder, lambda latest: _unless_launched(run, before, latest, queued))
    try:
        launcher.submit(run, folder, settings, list(command or train_command(run)))
    except TaglabError as error:
        refused = {"state": "failed", "message": str(error), "ended_at": time.time()}
        change_status(folder, lambda latest: (latest or queued).model_copy(update=refused))
        raise
    return state(run)


def _require_inputs(run: Run) -> None:
    from taglab.compare.inputs import require_inputs  # none of it is for the queue's runner, which lives long

    require_inputs(run)


def resume(
    run: str, settings: LaunchSettings | None = None, command: Sequence[str] | None = None
) -> RunState:
    """Launch a run that failed, was stopped or lost, once more: it goes on where its last checkpoint stands.

    Args:
        run: Its name.
        settings: Where and with what; as the last time where None.
        command: As for `submit`.

    Raises:
        NotFound, Conflict, Unavailable, InputsChanged: As `submit`.
    """
    return submit(run, settings or last_settings(run), command)


def last_settings(run: str) -> LaunchSettings:
    """Return how a run was launched the last time; the defaults where it never was.

    Raises:
        NotFound: If there is no such run.
    """
    status = read_status(_folder(run))
    return checked(LaunchSettings, status.launch if status is not None else {})


def stop(run: str, grace_s: float = _GRACE_S) -> RunState:
    """End a run, or take it from the queue; it can be resumed.

    Its processes are asked to end (SIGTERM), after a while ended (SIGKILL), and seen to be gone.

    Args:
        run: Its name.
        grace_s: Seconds they have to end in order.

    Returns:
        What it is doing now: "stopped", or "finished" where it was faster.

    Raises:
        NotFound: If there is no such run.
        Conflict: If it neither waits nor is trained, nor is lost.
        Unavailable: If it cannot be stopped from this machine, or does not end.
    """
    folder = _folder(run)
    before = state(run)
    if not before.active and before.state != "lost":
        raise Conflict(f"{run} is {before.state}: there is nothing to stop")
    status = change_status(folder, _to_be_stopped)
    LAUNCHERS.get(status.launcher, LAUNCHERS["local"]).stop(run, folder, status, grace_s)
    change_status(folder, _stopped)
    return state(run)


def state(run: str) -> RunState:
    """Return what a run is doing.

    Raises:
        NotFound: If there is no such run.
    """
    _folder(run)
    return states([run])[run]


def states(runs: Iterable[str]) -> dict[str, RunState]:
    """Return what runs are doing, by name; those that are not on this machine's shelf are left out.

    What was written is held against the processes, SLURM and the last sign of life, so that a run that
    died is "lost" or "failed", never "running".
    """
    by_run: dict[str, RunState] = {}
    open_ends: dict[str, dict[str, Status]] = {name: {} for name in LAUNCHERS}
    for run in runs:
        try:
            folder = _folder(run)
            status = read_status(folder)
        except (NotFound, InvalidSetting):  # a published one, or deleted just now
            continue
        except DataError as error:
            by_run[run] = RunState("lost", str(error))
            continue
        if status is None:
            by_run[run] = _never_launched(Run(run, folder))
        elif status.ended:
            by_run[run] = state_of(status)
        else:
            open_ends[status.launcher if status.launcher in LAUNCHERS else "local"][run] = status
    for name, statuses in open_ends.items():
        if statuses:
            by_run |= LAUNCHERS[name].judge(statuses)
    return by_run


@dataclass(frozen=True)
class QueueRow:
    """A run in this machine's queue.

    Attributes:
        run: Its name.
        place: 0 while it is trained, else its place among those that wait, from 1.
        gpus: How many it has or wants; 0 for the CPU.
        queued_at: When it was put there, in seconds since 1970.
        devices: GPUs it was given; "cpu" without any.
    """

    run: str
    place: int
    gpus: int
    queued_at: float
    devices: tuple[str, ...]


def queue() -> tuple[QueueRow, ...]:
    """Return this machine's queue: what is trained, then what waits, the next first. SLURM has its own."""
    queue = read_queue()
    if queue.waiting or queue.active:
        ensure_runner()
    doing = states(entry.run for entry in queue.active)
    living = [entry for entry in queue.active if entry.run in doing and doing[entry.run].active]
    numbered = [(0, entry) for entry in living] + list(enumerate(queue.waiting, start=1))
    return tuple(QueueRow(one.run, place, one.gpus, one.queued_at, one.devices) for place, one in numbered)


def _folder(run: str) -> Path:
    return cache.Shelf(cache.RUNS).find(run)


def _never_launched(run: Run) -> RunState:
    """Return the state of a run without a status: new, or made elsewhere."""
    try:
        results_only, epochs = run.kind != "trained", run.summary()["epochs"]
    except DataError as error:
        return RunState("lost", str(error))
    if results_only:
        return RunState("finished", "results only")
    if run.finished:
        return RunState("finished")
    return RunState("stopped", f"after {epochs} epochs" if epochs else "not launched yet")


def _unless_launched(run: str, before: Status | None, latest: Status | None, queued: Status) -> Status:
    """Return the status of a newly queued run, unless somebody else was faster."""
    times = [(one.queued_at, one.started_at) if one else (None, None) for one in (before, latest)]
    if times[0] != times[1]:
        raise Conflict(f"{run} has just been launched by somebody else")
    return queued


def _to_be_stopped(status: Status | None) -> Status:
    if status is None:
        raise Unavailable("the run's status has just been removed")
    return status if status.ended else status.model_copy(update={"stopping": True})


def _stopped(status: Status | None) -> Status:
    """Return the status of a run whose processes are gone."""
    status = status or Status(state="stopped")
    if status.state in ("finished", "stopped"):
        return status.model_copy(update={"stopping": False})
    changed = {"state": "stopped", "message": "stopped on request", "stopping": False}
    return status.model_copy(update={**changed, "ended_at": status.ended_at or time.time()})
