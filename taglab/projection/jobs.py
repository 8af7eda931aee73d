"""Projections made by a process of their own, so that the dashboard neither waits for numba nor freezes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import uuid
import weakref
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from taglab.cache import storage_error
from taglab.errors import Cancelled, DataError, StorageError, TaglabError
from taglab.projection.points import DISTANCES, DistancePoints
from taglab.projection.result import Projection
from taglab.projection.settings import ProjectionSettings
from taglab.projection.store import Source, find_projection, keep_projection, projection_path
from taglab.vectors import Vectors

_GRACE_S = 2.0


class WorkerLost(TaglabError):
    """The projection process ended in the middle of a job."""


class _Work:
    """One projection in the making, however many wait for it. Guarded by the worker's lock."""

    def __init__(self, settings: ProjectionSettings, path: Path) -> None:
        self.name = uuid.uuid4().hex
        self.settings = settings
        self.path = path
        self.kind, self.note = DISTANCES, ""
        self.input: Path | None = None
        self.output: Path | None = None
        self.projection: Projection | None = None
        # A page that was left, or drawn anew, drops its claim without a word.
        self.claims: weakref.WeakSet[ProjectionJob] = weakref.WeakSet()
        self.fraction = 0.0
        self.text = "waiting for its turn"
        self.error: TaglabError | None = None
        self.finished = threading.Event()


class ProjectionJob:
    """One session's claim on a projection in the making."""

    def __init__(self, worker: ProjectionWorker, work: _Work) -> None:
        self._worker = worker
        self._work = work
        self._cancelled = False

    @property
    def fraction(self) -> float:
        """Share done, in [0, 1]."""
        return 1.0 if self.done() else self._work.fraction

    @property
    def text(self) -> str:
        """What is being done, a few words."""
        return self._work.text

    def done(self) -> bool:
        """Whether it is there, failed, or was cancelled: `result` will not wait."""
        return self._cancelled or self._work.finished.is_set()

    def result(self, timeout_s: float | None = None) -> Projection:
        """Wait for the projection.

        Args:
            timeout_s: How long at most, seconds; None waits as long as it takes.

        Raises:
            Cancelled: If `cancel` was called.
            WorkerLost: If the process was killed or failed.
            TimeoutError: If it is not there in time.
            TaglabError: If it could not be made; the message says why.
        """
        if not self._cancelled and not self._work.finished.wait(timeout_s):
            raise TimeoutError(f"the projection was not there within {timeout_s} s")
        if self._cancelled:
            raise Cancelled("The projection was stopped.")
        if self._work.projection is None:
            raise self._work.error or WorkerLost("The projection was lost; try again.")
        return self._work.projection

    def cancel(self) -> None:
        """Give up the claim; the computation stops when nobody else waits for it. Twice does no harm."""
        if not self.done():
            self._cancelled = True
            self._worker._release(self._work, self)


class ProjectionWorker:
    """A process that has UMAP compiled ahead, and makes projections one after the other.

    Safe to use from many threads. Results go to the cache, where `find_projection` finds them, or stay in
    memory where it cannot be written; arrays are handed over in a temporary folder. The process is started
    by `start` or by the first `submit`, has a low priority, and ends with this one, however that ends; so
    does the folder.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._queue: deque[_Work] = deque()
        self._current: _Work | None = None
        self._by_path: dict[Path, _Work] = {}
        self._warm = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="taglab-projection-", ignore_cleanup_errors=True)

    @property
    def warm(self) -> bool:
        """Whether UMAP is compiled, so that the next map comes without that wait."""
        return self._warm.is_set()

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> None:
        """Start the process, which begins to compile; returns at once. Does nothing if it runs.

        Raises:
            StorageError: If the system does not let it start.
        """
        with self._lock:
            if self._process is not None:
                return
            self._warm.clear()
            try:
                self._process = subprocess.Popen(  # noqa: S603  # an argument list, of our own making
                    [sys.executable, "-m", "taglab.projection.worker", self._folder.name],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    # Where taglab is found, also in a checkout that is not installed.
                    cwd=Path(__file__).resolve().parents[2],
                    encoding="utf-8",
                    # Not for it are the terminal's signals, such as Ctrl-C: it ends when its input does.
                    start_new_session=True,
                )
            except OSError as error:
                raise StorageError(f"the projection process cannot be started ({error})") from error
            reader = threading.Thread(
                target=self._read, args=(self._process,), name="projection answers", daemon=True
            )
            reader.start()

    def submit(self, source: Source, settings: ProjectionSettings) -> ProjectionJob:
        """Ask for a projection; what is in the cache is done at once, what is under way is shared.

        Raises:
            InvalidSetting: If there is no tag, the method is unknown, or distances are none.
            StorageError: If the vectors cannot be handed over.
        """
        if not isinstance(source, Vectors):
            source = DistancePoints(source).matrix
        path = projection_path(source, settings)
        with self._lock:
            work = self._by_path.get(path)
            if work is None:
                work = _Work(settings, path)
                work.projection = find_projection(source, settings)
                if work.projection is not None:
                    work.finished.set()
                else:
                    self.start()
                    _hand_over(work, source, Path(self._folder.name))
                    self._by_path[path] = work
                    self._queue.append(work)
                    self._next()
            job = ProjectionJob(self, work)
            work.claims.add(job)
            return job

    def wait_until_warm(self, timeout_s: float | None = None) -> bool:
        """Wait until UMAP is compiled; returns whether it is."""
        return self._warm.wait(timeout_s)

    def close(self) -> None:
        """End the process; jobs under way or waiting end as cancelled."""
        with self._lock:
            for work in list(self._by_path.values()):
                self._finish(work, Cancelled("The projection was stopped."))
            self._queue.clear()
            self._kill()

    def _next(self) -> None:
        """Send the next job, if the process is free for it."""
        if self._current is not None or not self._queue:
            return
        try:
            self.start()
        except StorageError as error:
            while self._queue:
                self._finish(self._queue.popleft(), error)
            return
        work = self._current = self._queue.popleft()
        self._send(
            job=work.name,
            kind=work.kind,
            note=work.note,
            input=str(work.input),
            settings=work.settings.model_dump(),
            output=str(work.output),
        )

    def _send(self, **message: Any) -> None:
        # Of a process that has just died, `_read` tells; here a broken pipe says nothing new.
        with contextlib.suppress(BrokenPipeError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(json.dumps(message) + "\n")
                self._process.stdin.flush()

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Follow one process's answers until it ends; runs in a thread of its own."""
        if process.stdout is not None:
            for line in process.stdout:
                if not line.endswith("\n"):  # killed in the middle of it
                    break
                answer = json.loads(line)
                with self._lock:
                    if process is self._process:
                        self._take(answer)
        code = process.wait()
        with self._lock:
            if process is not self._process:
                return
            self._process = None
            self._warm.clear()
            work, self._current = self._current, None
            if work is not None:
                self._finish(work, WorkerLost(_why_lost(code)))
            self._next()

    def _take(self, answer: dict[str, Any]) -> None:
        if "warm" in answer:
            self._warm.set()
            return
        work = self._current
        if work is None or work.name != answer["job"]:
            return
        if "state" not in answer:
            work.fraction, work.text = answer["fraction"], answer["text"]
            return
        self._current = None
        self._finish(work, _outcome(work, answer))
        self._next()

    def _finish(self, work: _Work, error: TaglabError | None) -> None:
        if self._by_path.get(work.path) is work:
            del self._by_path[work.path]
        for path in (work.input, work.output):
            if path is not None:
                path.unlink(missing_ok=True)
        work.error = error
        work.finished.set()

    def _release(self, work: _Work, job: ProjectionJob) -> None:
        """Drop a claim; stop the work when none is left."""
        with self._lock:
            work.claims.discard(job)
            if work.claims or work.finished.is_set():
                return
            if work is not self._current:
                self._queue.remove(work)
                self._finish(work, Cancelled("The projection was stopped."))
                return
            # Whoever asks for the same from now on begins anew.
            del self._by_path[work.path]
            self._send(cancel=work.name)
            timer = threading.Timer(_GRACE_S, self._kill_if_still_at, args=(work,))
            timer.daemon = True
            timer.start()

    def _kill_if_still_at(self, work: _Work) -> None:
        """Between two reports a computation does not hear; a new process is warm again in seconds."""
        with self._lock:
            if self._current is work:
                self._kill()
                self._current = None
                self._finish(work, Cancelled("The projection was stopped."))
                self.start()
                self._next()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()


def _outcome(work: _Work, answer: dict[str, Any]) -> TaglabError | None:
    """Take what the process made, and keep it; return why there is nothing where there is not."""
    if answer["state"] == "cancelled":
        return Cancelled("The projection was stopped.")
    if answer["state"] != "done" or work.output is None:
        return TaglabError(answer["text"])
    try:
        work.projection = Projection.open(work.output)
    except DataError as error:
        return error
    keep_projection(work.path, work.projection)
    return None


def _hand_over(work: _Work, source: Source, folder: Path) -> None:
    """Write what is to be projected where the process finds it; raises StorageError."""
    if isinstance(source, Vectors):
        work.kind, work.note, array = source.by.metric, source.by.note, source.points
    else:
        array = source
    work.input, work.output = folder / f"{work.name}.npy", folder / f"{work.name}.npz"
    try:
        np.save(work.input, array, allow_pickle=False)
    except OSError as error:
        raise storage_error(work.input, error) from error


def _why_lost(code: int) -> str:
    if code == -9:
        return (
            "The projection process was killed, perhaps because memory ran out; nothing was kept of it. "
            "Try again, with fewer tags if it happens anew."
        )
    return (
        f"The projection process ended unexpectedly (exit code {code}); nothing was kept of it, and the "
        "program's log tells more. Try again."
    )


_SHARED_LOCK = threading.Lock()
_SHARED: list[ProjectionWorker] = []


def shared_worker() -> ProjectionWorker:
    """Return this process's one worker, started; every page and session uses the same."""
    with _SHARED_LOCK:
        if not _SHARED:
            _SHARED.append(ProjectionWorker())
    _SHARED[0].start()
    return _SHARED[0]
