"""What a run's `status.json` says: who trains it, since when, and the last sign of life.

The launcher and the training process both write it, each under its lock. What is written may be out of
date, for a killed process writes nothing more: `taglab.launch.state` holds it against the process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal

import pydantic

from taglab import cache
from taglab.errors import Cancelled, Conflict, DataError, NotFound, StorageError
from taglab.runs.process import ProcessIdentity, first_of_several, identify

STATUS_FILE = "status.json"
HEARTBEAT_EVERY_S = 5.0
SILENT_AFTER_S = 60.0  # without a sign of life: far longer than a busy machine or file server delays one
_STOPPED = "stopped on request; `taglab resume` goes on where the last checkpoint stands"
_ASKED = "SLURM asked it to end; `taglab resume` goes on where the last checkpoint stands"
_LONGEST_MESSAGE = 2000


class Status(pydantic.BaseModel):
    """What was last written of a run.

    Attributes:
        state: What it was then; "queued" and "running" may have become untrue.
        launcher: "foreground" (`taglab train` in a terminal), or a name of `taglab.launch.LAUNCHERS`.
        process: The training process, the first where there are several; None before it was started.
        job: SLURM's number; empty without SLURM.
        devices: GPUs the launcher gave it, as CUDA_VISIBLE_DEVICES names them.
        launch: The launch settings, so that resuming needs none.
        queued_at: When it was put in the queue, in seconds since 1970.
        started_at: When training began, the last time it did.
        ended_at: When it ended.
        heartbeat_at: Last sign of life of the training process.
        stopping: Somebody asked it to stop.
        message: Why it ended, a sentence; empty where there is nothing to say.
        exit_code: Of the process; negative: the signal that ended it; None while unknown.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    state: Literal["queued", "running", "finished", "failed", "stopped"]
    launcher: str = "foreground"
    process: ProcessIdentity | None = None
    job: str = ""
    devices: tuple[str, ...] = ()
    launch: dict[str, Any] = pydantic.Field(default_factory=dict)
    queued_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    heartbeat_at: float | None = None
    stopping: bool = False
    message: str = ""
    exit_code: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the last thing written is an end."""
        return self.state in ("finished", "failed", "stopped")


def read_status(folder: Path) -> Status | None:
    """Return what a run's folder says, or None if nobody has launched or trained it.

    Raises:
        DataError: If the file is there and cannot be used.
    """
    path = folder / STATUS_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})") from error
    try:
        return Status.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise DataError(path, f"is not a run's status: {error.errors()[0]['msg']}") from error


def write_status(folder: Path, status: Status) -> None:
    """Write a run's status, atomically, whatever it was before.

    Raises:
        StorageError: If it cannot be written.
    """
    cache.write_json(folder / STATUS_FILE, status.model_dump(mode="json"))


def change_status(folder: Path, change: Callable[[Status | None], Status]) -> Status:
    """Replace a run's status by what `change` makes of it, while nobody else writes it.

    Args:
        folder: Of the run.
        change: Takes the status there is, or None; what it raises leaves the file as it was.

    Raises:
        StorageError: If it cannot be written, or another process holds its lock for long.
        DataError: If the status there is cannot be used.
    """
    with cache.locked(folder / STATUS_FILE):
        status = change(read_status(folder))
        write_status(folder, status)
    return status


class Heartbeat:
    """Says that a run is being trained by this process, every few seconds, and how that ended.

    `with Heartbeat(run.folder): ...` around the whole of training. Leaving it without an exception is
    "finished", with `Cancelled` or `KeyboardInterrupt` "stopped", with any other "failed". SIGTERM raises
    `Cancelled` in the main thread meanwhile, so that training ends in order. Where several processes
    train one run (DDP), only the first does anything of this.

    Args:
        folder: Of the run.
        every_s: Between two signs of life.

    Raises:
        Conflict: On entering, if another living process trains the run, or it waits in the queue.
    """

    def __init__(self, folder: Path, every_s: float = HEARTBEAT_EVERY_S) -> None:
        self.folder = folder
        self.every_s = every_s
        self._active = first_of_several()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._before: Any = signal.SIG_DFL

    def __enter__(self) -> Heartbeat:
        if self._active:
            change_status(self.folder, self._begun)
            if threading.current_thread() is threading.main_thread():
                self._before = signal.signal(signal.SIGTERM, _cancel)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._active:
            return
        in_main = threading.current_thread() is threading.main_thread()
        if in_main:  # what is written now must be written whole
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            self._over.set()
            self._thread.join()
            if self.folder.is_dir():  # else deleted: writing would bring it back
                change_status(self.folder, lambda status: _ended(status or Status(state="running"), error))
        except StorageError:
            if error is None:  # what training raised says more
                raise
        finally:
            if in_main:
                signal.signal(signal.SIGTERM, self._before)

    def _begun(self, status: Status | None) -> Status:
        """Return the status of a run this process begins to train; refuse if it is another's."""
        own, now = identify(), time.time()
        if status is None:
            status = Status(state="running")
        elif not _ours(status, own):
            _require_free(self.folder.name, status)
            status = Status(state="running", launch=status.launch)
        changed = {"state": "running", "process": own, "started_at": now, "heartbeat_at": now}
        reset = {"ended_at": None, "message": "", "exit_code": None, "stopping": False}
        return status.model_copy(update={**changed, **reset})

    def _beat(self) -> None:
        while not self._over.wait(self.every_s):
            if not self.folder.is_dir():
                return
            # A full disk, say, is told by what training writes; the next sign of life may get through.
            with contextlib.suppress(StorageError, DataError, NotFound):
                change_status(self.folder, _alive)


def _alive(status: Status | None) -> Status:
    if status is None:
        raise NotFound("the run was deleted")
    return status.model_copy(update={"heartbeat_at": time.time()})


def _ours(status: Status, own: ProcessIdentity) -> bool:
    """Whether the launcher wrote a status for this very process."""
    if status.launcher == "slurm":  # the job may start before its number is noted
        job = os.environ.get("SLURM_JOB_ID", "")
        return bool(job) and (status.job == job or (status.state == "queued" and not status.job))
    return status.process is not None and status.process.same(own)


def _require_free(name: str, status: Status) -> None:
    """Raise Conflict if a run is another process's, or waits for one."""
    if status.state == "queued":
        raise Conflict(f"{name} waits in the queue; `taglab stop {name}` takes it out, then train it here")
    if status.state != "running" or status.process is None:
        return
    beats = status.heartbeat_at is not None and time.time() - status.heartbeat_at < SILENT_AFTER_S
    if status.process.living() is not None or (not status.process.here and beats):
        raise Conflict(
            f"{name} is being trained already, by process {status.process.pid} on {status.process.host}; "
            f"`taglab stop {name}` ends it"
        )


def _ended(status: Status, error: BaseException | None) -> Status:
    state, message = "finished", ""
    if isinstance(error, Cancelled | KeyboardInterrupt):
        # SLURM also asks to end when the run's other processes failed: it is left to say which it was.
        by_slurm = status.launcher == "slurm" and not status.stopping
        state, message = ("running", _ASKED) if by_slurm else ("stopped", _STOPPED)
    elif error is not None:
        state, message = "failed", f"{error}" or type(error).__name__
    now = time.time()
    changed = {"state": state, "message": message[:_LONGEST_MESSAGE], "stopping": False}
    return status.model_copy(update={**changed, "ended_at": now, "heartbeat_at": now})


def _cancel(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough; a second would disturb the ending
    raise Cancelled("training was asked to stop (SIGTERM)")
