"""The queue of this machine: which runs wait, in which order, and which are being trained.

It is a file, so that it outlives every process. Each machine has its own, for several may share a cache
folder. `taglab.launch.runner` takes runs from it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pydantic

from taglab import cache
from taglab.errors import DataError, Unavailable
from taglab.runs.process import host_name

_FOLDER = "launch"
_QUEUE = "queue.json"
# Called as they always were: a runner of an earlier version may hold the lock.
_RUNNER_LOCK = "keeper.lock"
_RUNNER_LOG = "keeper.log"


class Entry(pydantic.BaseModel):
    """A run in the queue.

    Attributes:
        run: Its name.
        command: What trains it.
        gpus: How many it wants.
        queued_at: When it was put here, in seconds since 1970.
        devices: What it was given; empty while it waits.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    run: str
    command: tuple[str, ...]
    gpus: int = 1
    queued_at: float
    devices: tuple[str, ...] = ()


class Queue(pydantic.BaseModel):
    """The queue's file.

    Attributes:
        waiting: Runs that wait, the next first.
        active: Runs that were started and are not known to have ended.
    """

    model_config = pydantic.ConfigDict(extra="ignore")

    waiting: tuple[Entry, ...] = ()
    active: tuple[Entry, ...] = ()


def folder() -> Path:
    """Return where this machine's queue lies."""
    return cache.home().absolute() / _FOLDER / host_name()


def runner_log() -> Path:
    """Return where the queue's runner writes what goes wrong with itself."""
    return folder() / _RUNNER_LOG


def runner_lock() -> int | None:
    """Take the lock that the runner holds as long as it lives.

    Returns:
        A file descriptor; the lock is held until it and all copies of it that processes inherited are
        closed. None where there is a runner.

    Raises:
        Unavailable: If the file system keeps no locks.
    """
    import fcntl  # not on every system; nor is there a runner then

    path = folder() / _RUNNER_LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError as error:
        os.close(lock)
        raise Unavailable(
            f"{path.parent} keeps no locks ({error.strerror}), and without one two runners could start a run "
            "twice; set TAGLAB_HOME to a folder on a disk of this machine, launch on SLURM, or train in the "
            "foreground with `taglab train`"
        ) from error
    return lock


def read_queue() -> Queue:
    """Return the queue.

    Raises:
        DataError: If its file cannot be used.
    """
    path = folder() / _QUEUE
    try:
        return Queue.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Queue()
    except (OSError, UnicodeDecodeError, pydantic.ValidationError) as error:
        raise DataError(path, "is not a queue of runs; delete it to begin an empty one") from error


@contextlib.contextmanager
def editing() -> Iterator[Queue]:
    """Give the queue to be changed while nobody else does; on leaving it is saved, if it was changed.

    Raises:
        DataError: If its file cannot be used.
        StorageError: If it cannot be saved, or another process holds it for long.
    """
    path = folder() / _QUEUE
    with cache.locked(path):
        queue = read_queue()
        before = queue.model_dump(mode="json")
        try:
            yield queue
        finally:
            if queue.model_dump(mode="json") != before:
                save_queue(queue)


def save_queue(queue: Queue) -> None:
    """Write the queue's file, which the caller holds; raises StorageError."""
    cache.write_json(folder() / _QUEUE, queue.model_dump(mode="json"))


def environment() -> dict[str, str]:
    """Return this process's environment, in which the cache folder is named whatever the folder."""
    return {**os.environ, "TAGLAB_HOME": str(cache.home().absolute())}
