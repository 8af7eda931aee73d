"""The projection process: `python -m taglab.projection.worker FOLDER`, started by `taglab.projection.jobs`.

It takes one JSON object a line on its standard input and answers likewise on its standard output:

    in   {"job": ID, "kind": a key of POINTS, "note": sentence on the distance, "input": path of .npy,
          "settings": {...}, "output": path of .npz}
         {"cancel": ID}
    out  {"warm": seconds it took}
         {"job": ID, "fraction": 0.5, "text": "..."}
         {"job": ID, "state": "done" | "cancelled" | "failed", "text": why it failed}

Arrays go through files in the folder, so that nothing is ever unpickled. Jobs run one after the other. While
none needs UMAP, it is compiled in the background. It ends when its input does: with the process that started
it, which may have been killed, so that the folder is removed here.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from taglab.errors import Cancelled, TaglabError, out_of_memory
from taglab.parallel import let_idle_threads_sleep
from taglab.projection.compute import project_points
from taglab.projection.methods import import_without_compiling, warm_up
from taglab.projection.points import POINTS, Points
from taglab.projection.settings import ProjectionSettings

_NICENESS = 10
_REPORT_EVERY_S = 0.1


class Worker:
    """What the process does; its own lines go to `answers`."""

    def __init__(self, answers: TextIO, folder: Path) -> None:
        self.answers = answers
        self.folder = folder
        self.writing = threading.Lock()
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self.cancelled: set[str] = set()
        self.warming = threading.Thread(target=self.warm, name="warm-up", daemon=True)

    def say(self, **message: Any) -> None:
        with self.writing:
            self.answers.write(json.dumps(message) + "\n")
            self.answers.flush()

    def warm(self) -> None:
        started = time.perf_counter()
        warm_up()
        self.say(warm=time.perf_counter() - started)

    def listen(self, requests: TextIO) -> None:
        """Sort requests until the input ends; then end the process, whatever it is at, and its folder."""
        for line in requests:
            request = json.loads(line)
            if "cancel" in request:
                self.cancelled.add(request["cancel"])
            else:
                self.jobs.put(request)
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)

    def run(self, job: dict[str, Any]) -> None:
        """Do one job, and say how it ended."""
        name = job["job"]
        told = 0.0

        def progress(fraction: float, text: str) -> None:
            nonlocal told
            if name in self.cancelled:
                raise Cancelled("The projection was stopped.")
            if time.monotonic() - told >= _REPORT_EVERY_S:
                told = time.monotonic()
                self.say(job=name, fraction=fraction, text=text)

        try:
            settings = ProjectionSettings(**job["settings"])
            if settings.method == "umap" and self.warming.is_alive():
                self.await_warm(progress)
            points: Points = POINTS[job["kind"]](np.load(job["input"], allow_pickle=False))
            project_points(points, settings, progress, job["note"]).save(Path(job["output"]))
        except Cancelled:
            self.say(job=name, state="cancelled", text="")
        except MemoryError as error:
            self.say(job=name, state="failed", text=out_of_memory(error))
        except (TaglabError, OSError) as error:
            self.say(job=name, state="failed", text=str(error))
        else:
            self.say(job=name, state="done", text="")

    def await_warm(self, progress: Any) -> None:
        """Wait until UMAP is compiled: two threads compiling the same would take longer."""
        while self.warming.is_alive():
            progress(0.0, "preparing UMAP (compiled once on each machine)")
            self.warming.join(timeout=0.2)


def main() -> None:
    """Serve until the input ends."""
    let_idle_threads_sleep()  # the dashboard needs the cores
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    # Whatever a library prints must not get between the answers: it goes to the log.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    worker = Worker(answers, Path(sys.argv[1]))
    threading.Thread(target=worker.listen, args=(sys.stdin,), name="listen", daemon=True).start()
    # Both threads import; what they share is imported before the second starts.
    import_without_compiling()
    worker.warming.start()
    while True:
        worker.run(worker.jobs.get())


if __name__ == "__main__":
    main()
