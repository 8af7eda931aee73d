"""Training as a job of a SLURM cluster, handed over by submitit.

submitit writes a pickle of the command (a list of strings) and, when it has ended, one of its output, into
a folder of its own under `launch/slurm/` of the cache folder; the job reads the first. This is the one
place where a library taglab uses pickles: nothing here reads either file, the folder is the user's alone
(0700), lies outside the run's, and is never exported or imported. The cache folder must be seen by the
cluster's machines under the same path.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from taglab import cache
from taglab.errors import TaglabError, Unavailable
from taglab.launch.settings import LaunchSettings
from taglab.launch.state import GO_ON, RunState, ago, state_of
from taglab.runs import layout
from taglab.runs.status import SILENT_AFTER_S, Status, change_status

_ASK_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.5
_KILL_WAIT_S = 60.0  # SLURM waits 30 s (KillWait) between SIGTERM and SIGKILL if its administrator lets it
_PENDING = {
    "PENDING",
    "CONFIGURING",
    "REQUEUED",
    "REQUEUE_HOLD",
    "REQUEUE_FED",
    "SPECIAL_EXIT",
    "RESV_DEL_HOLD",
}
_RUNNING = {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"}
_STOPPED = {
    "CANCELLED": "cancelled in SLURM",
    "TIMEOUT": "its time limit was reached",
    "DEADLINE": "SLURM's deadline was reached",
    "PREEMPTED": "SLURM gave its place to another job",
}
_FAILED = {
    "OUT_OF_MEMORY": "it used more memory than SLURM gave it; ask for more",
    "NODE_FAIL": "a machine of the cluster failed",
    "BOOT_FAIL": "a machine of the cluster did not start",
    "FAILED": "its process failed; the end of the log says more",
}


class Job(NamedTuple):
    """What SLURM says of a job: its state, empty where it knows none, and why it waits."""

    state: str = ""
    reason: str = ""


class SlurmLauncher:
    """A SLURM cluster this machine can submit jobs to; see `Launcher`."""

    def require(self, settings: LaunchSettings) -> None:
        """The commands of SLURM must be here."""
        missing = [name for name in ("sbatch", "srun", "squeue", "scancel") if shutil.which(name) is None]
        if missing:
            raise Unavailable(
                f"SLURM is not on this machine (no `{missing[0]}`): launch from a login node of the cluster, "
                'or with where="local"'
            )

    def submit(self, run: str, folder: Path, settings: LaunchSettings, command: Sequence[str]) -> None:
        """Submit a job and note its number."""
        job = _sbatch(run, folder, settings, command)

        def numbered(status: Status | None) -> Status:
            status = status or Status(state="queued", launcher="slurm")
            return status.model_copy(update={"job": job})

        change_status(folder, numbered)

    def stop(self, run: str, folder: Path, status: Status, grace_s: float) -> None:
        """Cancel the job, and wait until SLURM says that it is gone."""
        self.require(LaunchSettings(where="slurm"))
        if not status.job:
            return
        asked = _ask(["scancel", status.job])
        if asked.returncode != 0 and "Invalid job id" not in asked.stderr:
            raise Unavailable(f"SLURM did not cancel job {status.job}: {_reason(asked.stderr)}")
        until = time.monotonic() + grace_s + _KILL_WAIT_S
        while _jobs([status.job]).get(status.job, Job()).state in _PENDING | _RUNNING:
            if time.monotonic() > until:
                raise Unavailable(
                    f"SLURM has not ended job {status.job} yet; `squeue -j {status.job}` shows it"
                )
            time.sleep(_LOOK_EVERY_S)

    def judge(self, statuses: Mapping[str, Status]) -> dict[str, RunState]:
        """Hold what was written against SLURM's queue, or where it does not answer the sign of life."""
        if not statuses:
            return {}
        try:
            self.require(LaunchSettings(where="slurm"))
            jobs = _jobs([status.job for status in statuses.values() if status.job])
        except Unavailable as error:
            return {run: _unasked(status, str(error)) for run, status in statuses.items()}
        return {run: _judged(run, status, jobs.get(status.job, Job())) for run, status in statuses.items()}


def _sbatch(run: str, folder: Path, settings: LaunchSettings, command: Sequence[str]) -> str:
    """Submit a job and return its number."""
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError
    from submitit.helpers import CommandFunction

    log = str((folder / layout.LOG).absolute()).replace("%", "%%")
    executor = submitit.SlurmExecutor(folder=private_folder(run))
    executor.update_parameters(
        **_parameters(run, settings),
        stderr_to_stdout=True,
        # All processes write the run's own log, and when one fails the others do not wait for it.
        srun_args=["--output", log, "--open-mode", "append", "--kill-on-bad-exit=1"],
        # The signal submitit asks for ahead of the time limit would kill training. This one does nothing: at
        # the limit SLURM sends SIGTERM, and leaves time to end in order (KillWait).
        additional_parameters={"signal": "CONT@1"},
    )
    try:
        return str(executor.submit(CommandFunction(list(command))).job_id)
    except (FailedJobError, FailedSubmissionError) as error:
        raise Unavailable(f"SLURM refused {run}: {_reason(str(error))}") from error


def submit_array(
    name: str, settings: LaunchSettings, commands: Sequence[Sequence[str]], at_once: int | None = None
) -> str:
    """Submit commands as one job array, which SLURM runs side by side as it has room.

    Args:
        name: What the job is called; what they print goes to `launch/slurm/NAME` of the cache folder.
        settings: Of each.
        commands: Argument lists.
        at_once: At most so many at a time; all where None.

    Returns:
        The array's number.

    Raises:
        Unavailable: If SLURM is not here, or refuses them.
    """
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError
    from submitit.helpers import CommandFunction

    SlurmLauncher().require(settings)
    executor = submitit.SlurmExecutor(folder=private_folder(name))
    executor.update_parameters(
        **_parameters(name, settings), stderr_to_stdout=True, array_parallelism=at_once or len(commands)
    )
    try:
        with executor.batch():
            jobs = [executor.submit(CommandFunction(list(command))) for command in commands]
    except (FailedJobError, FailedSubmissionError) as error:
        raise Unavailable(f"SLURM refused {name}: {_reason(str(error))}") from error
    return str(jobs[0].job_id).split("_")[0]


def _parameters(run: str, settings: LaunchSettings) -> dict[str, Any]:
    given = {
        "job_name": f"taglab {run}",
        "nodes": settings.nodes,
        "ntasks_per_node": settings.tasks,
        "time": settings.time_minutes,
        "partition": settings.partition or None,
        "account": settings.account or None,
        "gpus_per_node": settings.gpus or None,
        "cpus_per_task": settings.cpus_per_task,
        "mem": None if settings.memory_gb is None else f"{round(settings.memory_gb * 1024)}M",
    }
    return {name: value for name, value in given.items() if value is not None}


def private_folder(run: str) -> Path:
    """Make the folder in which submitit keeps a run's job, empty and nobody else's; return it.

    Raises:
        Unavailable: If somebody else could write to it.
    """
    place = cache.home().absolute() / "launch" / "slurm" / run
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    properties = place.lstat()
    if (
        properties.st_uid != os.getuid()
        or stat.S_IMODE(properties.st_mode) & 0o077
        or not stat.S_ISDIR(properties.st_mode)
    ):
        raise Unavailable(f"{place} belongs to somebody else or is open to others; remove it")
    return place


def _ask(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one of SLURM's commands; raises Unavailable where it does not answer."""
    try:
        return subprocess.run(  # noqa: S603  # an argument list, of our own making
            list(command), capture_output=True, text=True, timeout=_ASK_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"SLURM's `{command[0]}` does not answer") from error


def _jobs(jobs: Collection[str]) -> dict[str, Job]:
    """Return what SLURM says of jobs, by number; what it no longer knows is left out.

    Raises:
        Unavailable: If it does not answer.
    """
    if not jobs:
        return {}
    listed = ",".join(sorted(jobs))
    answer = _ask(["squeue", "--noheader", "--states=all", f"--jobs={listed}", "--format=%i|%T|%r"])
    if answer.returncode != 0 and "Invalid job id" not in answer.stderr:
        raise Unavailable(f"SLURM's `squeue` does not answer: {_reason(answer.stderr)}")
    states = _table(answer.stdout)
    forgotten = sorted(set(jobs) - set(states))
    if forgotten and shutil.which("sacct") is not None:
        # It fails where the cluster keeps no accounts; then nothing more is known.
        kept = _ask(["sacct", "-n", "-P", "-X", "-j", ",".join(forgotten), "-o", "JobID,State"])
        states |= _table(kept.stdout)
    return states


def _table(text: str) -> dict[str, Job]:
    """Read rows of number, state and perhaps why it is so."""
    rows = (line.split("|", 2) for line in text.splitlines() if "|" in line)
    # "CANCELLED by 1000" is told with who did it.
    return {row[0].strip(): Job((row[1].split() or [""])[0].rstrip("+"), *row[2:]) for row in rows}


def _judged(run: str, status: Status, job: Job) -> RunState:
    """Return what is true of a run whose job SLURM knows so."""
    if job.state in _PENDING:
        why = f": {job.reason}" if job.reason not in ("", "None", "Priority") else ""
        waits = status.model_copy(update={"state": "queued"})
        return state_of(waits, detail=f"waits in SLURM's queue as job {status.job}{why}")
    if status.ended_at is not None and (job.state in _RUNNING or not job.state):
        return state_of(status, "stopped")  # in order, and SLURM does not say, or not yet, why
    if job.state in _RUNNING:
        return _in_job(status)
    if not job.state:
        return state_of(status, "lost", f"SLURM no longer knows its job {status.job}".rstrip() + GO_ON)
    ended = _ended(status, job.state)
    folder = cache.Shelf(cache.RUNS).path(run)
    try:  # SLURM forgets after some minutes, so it is noted, unless training has just said so itself
        ended = change_status(folder, lambda now: now if now and now != status else ended)
    except TaglabError:
        return state_of(ended)
    return state_of(ended)


def _in_job(status: Status) -> RunState:
    """Return what is true of a run whose job runs."""
    if status.state == "queued":
        return state_of(status, detail=f"SLURM has started job {status.job}; training begins")
    process = status.process
    if process is not None and process.here and process.living() is None:
        return state_of(status, "lost", f"process {process.pid} ended without a word" + GO_ON)
    now = time.time()
    silent = now - (status.heartbeat_at or now)
    if silent > SILENT_AFTER_S:
        detail = f"job {status.job} has given no sign of life for {ago(silent)}"
        return state_of(status, "lost", detail + GO_ON)
    return state_of(status, detail=f"job {status.job}" + (f" on {process.host}" if process else ""))


def _ended(status: Status, job_state: str) -> Status:
    """Return the status of a run whose job is over and whose training did not say how it ended."""
    if job_state == "COMPLETED":
        state, message = "finished", "done"
    elif status.stopping or job_state in _STOPPED:
        state, message = "stopped", _STOPPED.get(job_state, "stopped on request")
    else:
        state, message = "failed", _FAILED.get(job_state, f"SLURM says {job_state}")
    changed = {"state": state, "message": f"{message} (job {status.job})", "stopping": False}
    return status.model_copy(update={**changed, "ended_at": time.time()})


def _unasked(status: Status, why: str) -> RunState:
    """Return what the sign of life tells of a run while SLURM does not answer."""
    if status.state == "queued":
        return state_of(status, detail=f"as of the last time it was seen; {why}")
    if status.ended_at is not None:
        return state_of(status, "stopped")
    silent = time.time() - (status.heartbeat_at or 0.0)
    if silent > SILENT_AFTER_S:
        return state_of(status, "lost", f"no sign of life for {ago(silent)}; {why}")
    return state_of(status, detail=why)


def _reason(output: str) -> str:
    """Return what SLURM said, without its prefixes, as one line."""
    lines = (line.strip() for line in output.splitlines())
    kept = [line.split("error: ", 1)[-1] for line in lines if line]
    return "; ".join(dict.fromkeys(kept)) or "it does not say why"
