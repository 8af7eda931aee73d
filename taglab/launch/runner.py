"""The queue's runner: `python -m taglab.launch`, one on each machine and cache folder.

It starts the next runs as long as there are GPUs for them (without GPUs: one at a time), notes how each
ended, and ends when nothing is left to do. It is started by whatever puts a run into the queue, and again
by whatever looks at the queue and finds it gone; the runs do not depend on it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from taglab import cache
from taglab.errors import DataError, StorageError, TaglabError, Unavailable
from taglab.launch.devices import CPU, local_gpus
from taglab.launch.processes import end, family, start_detached
from taglab.launch.queue_file import (
    Entry,
    Queue,
    editing,
    environment,
    folder,
    runner_lock,
    runner_log,
    save_queue,
)
from taglab.runs import layout
from taglab.runs.process import ProcessIdentity, identify
from taglab.runs.status import Status, change_status, read_status

_LOOK_EVERY_S = 0.25
_GRACE_S = 5.0  # for what a run that has ended left behind


def ensure_runner() -> None:
    """Start a runner unless there is one."""
    lock = runner_lock()
    if lock is None:
        return
    try:
        # The new process inherits the lock, so that at no moment a second one finds it free.
        command = [sys.executable, "-P", "-m", "taglab.launch", str(lock)]
        process = start_detached(command, runner_log(), folder(), environment(), keep=(lock,))
    finally:
        os.close(lock)
    # Somebody must take note of its end, or it stays as a zombie while this process lives.
    threading.Thread(target=process.wait, name="queue runner", daemon=True).start()


class Runner:
    """Starts the runs that wait, as far as there are devices, and notes how they end.

    Args:
        gpus: GPUs it may give to runs; none: the machine trains one run at a time on its CPU.
    """

    def __init__(self, gpus: tuple[str, ...]) -> None:
        self.gpus = gpus
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.leaving: dict[str, ProcessIdentity] = {}
        """Runs that have ended, and whose other processes are still to be: they keep their GPUs meanwhile."""
        self.given_up: set[str] = set()

    def update(self, queue: Queue, save: Callable[[Queue], None]) -> bool:
        """Note what has ended and start what there is room for.

        Args:
            queue: The queue; changed.
            save: Writes it to its file. A run is taken off those that wait before it is started: should
                the runner be killed in between, the next one finds it not started.

        Returns:
            Whether anything is left.
        """
        self._put_back(queue)
        queue.active = tuple(entry for entry in queue.active if not self._over(entry))
        while queue.waiting:
            entry = queue.waiting[0]
            devices = self._free(entry, queue)
            if devices is None:
                break
            started = entry.model_copy(update={"devices": devices})
            before, queue.waiting, queue.active = queue.active, queue.waiting[1:], (*queue.active, started)
            save(queue)
            try:
                self._start(started)
            except TaglabError as error:
                queue.active = before
                _fail(entry.run, str(error))
        return bool(queue.active or queue.waiting)

    def _put_back(self, queue: Queue) -> None:
        """Let those wait again that an earlier runner took off the queue and did not come to start."""
        waiting = {entry.run for entry in queue.waiting}
        put_back = tuple(
            entry.model_copy(update={"devices": ()})
            for entry in queue.active
            if entry.run not in waiting and entry.run not in self.children and _is_queued(entry.run)
        )
        queue.waiting = put_back + queue.waiting
        queue.active = tuple(one for one in queue.active if one.run not in {back.run for back in put_back})

    def _free(self, entry: Entry, queue: Queue) -> tuple[str, ...] | None:
        """Return the devices a run gets, or None if it has to wait."""
        taken = {device for active in queue.active for device in active.devices}
        if entry.gpus == 0 or (entry.gpus == 1 and not self.gpus):
            return None if CPU in taken else (CPU,)
        free = [gpu for gpu in self.gpus if gpu not in taken]
        if entry.gpus > len(self.gpus):
            return ()  # waiting will not mend it: starting it says so
        return tuple(free[: entry.gpus]) if len(free) >= entry.gpus else None

    def _start(self, entry: Entry) -> None:
        """Start a run; raises TaglabError where that cannot be."""
        if not entry.devices:
            raise Unavailable(
                f"gpus={entry.gpus} must be at most the {len(self.gpus)} that torch finds on this machine"
            )
        place = cache.Shelf(cache.RUNS).find(entry.run)
        visible = "" if entry.devices == (CPU,) else ",".join(entry.devices)
        surroundings = {**environment(), "CUDA_VISIBLE_DEVICES": visible}

        def start(status: Status | None) -> Status:
            if status is None or status.state != "queued" or status.stopping:
                raise Unavailable(f"{entry.run} was taken from the queue")
            # The status is locked meanwhile: the process waits until its number is in there.
            child = start_detached(entry.command, place / layout.LOG, place, surroundings)
            self.children[entry.run] = child
            update = {"state": "running", "process": identify(child.pid), "devices": entry.devices}
            return status.model_copy(update={**update, "started_at": time.time()})

        change_status(place, start)

    def _over(self, entry: Entry) -> bool:
        """Return whether a run's process has ended, and note how."""
        child = self.children.get(entry.run)
        code = child.poll() if child is not None else None
        if child is not None and code is None:
            return False
        try:
            place = cache.Shelf(cache.RUNS).find(entry.run)
            status = read_status(place)
        except TaglabError:  # deleted, or not readable
            return True
        if status is None or status.process is None or status.process.living() is not None:
            return status is None or status.process is None
        if child is not None and child.pid == status.process.pid:
            change_status(place, lambda latest: _settled(status, latest, code))
        self.children.pop(entry.run, None)
        if entry.run not in self.given_up and family(status.process):  # DDP's other processes
            self.leaving[entry.run] = status.process
            return False
        return True

    def end_leftovers(self) -> None:
        """End what runs left behind; it may take seconds, in which others need the queue."""
        for run, process in self.leaving.items():
            try:
                end(process, _GRACE_S)
            except Unavailable as error:
                self.given_up.add(run)
                sys.stderr.write(f"{run}: {error}\n")
        self.leaving.clear()


def _is_queued(run: str) -> bool:
    try:
        status = read_status(cache.Shelf(cache.RUNS).find(run))
    except TaglabError:  # deleted, or not readable
        return False
    return status is not None and status.state == "queued" and not status.stopping


def _settled(seen: Status, status: Status | None, code: int | None) -> Status:
    """Return the status of a run whose process ended with this code, where it did not say so itself.

    Args:
        seen: The status when the process was found ended.
        status: What it is now; somebody may have resumed the run meanwhile.
        code: Of the process.
    """
    if status is None or status.process != seen.process:
        return status or seen
    changed: dict[str, Any] = {"exit_code": code, "ended_at": status.ended_at or time.time()}
    if status.ended:
        return status.model_copy(update=changed)
    if status.stopping:
        changed |= {"state": "stopped", "message": "stopped on request", "stopping": False}
    elif code == 0:
        changed |= {"state": "finished"}
    else:
        changed |= {"state": "failed", "message": ended_by(code)}
    return status.model_copy(update=changed)


def ended_by(code: int | None) -> str:
    """Return how a process ended that did not say why, in words."""
    if code is None:
        return "the process ended without saying why"
    if code == -signal.SIGKILL:
        return "the process was killed (SIGKILL): by somebody, or by the system for want of memory"
    if code < 0:
        names = {one.value: one.name for one in signal.Signals}
        return f"the process was ended by {names.get(-code, f'signal {-code}')}"
    return f"the process ended with exit code {code}; the end of the log says more"


def _fail(run: str, message: str) -> None:
    """Note that a run could not be started, unless somebody has noted otherwise."""

    def failed(status: Status | None) -> Status:
        if status is None or status.state != "queued" or status.stopping:
            raise Unavailable(f"{run} is no longer queued")
        return status.model_copy(update={"state": "failed", "message": message, "ended_at": time.time()})

    try:
        change_status(cache.Shelf(cache.RUNS).find(run), failed)
    except TaglabError as error:  # deleted, or stopped meanwhile
        sys.stderr.write(f"{error}\n")


def run_queue(lock: int) -> None:
    """Start what waits in the queue until nothing is left in it.

    Args:
        lock: What `runner_lock` gave.
    """
    runner = Runner(local_gpus())
    while True:
        try:
            with editing() as queue:
                if not runner.update(queue, save_queue):
                    # Given up while the queue is held: who adds to it afterwards finds no runner.
                    os.close(lock)
                    return
            runner.end_leftovers()
        except (StorageError, DataError) as error:  # a full disk may have room again
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
        time.sleep(_LOOK_EVERY_S)
