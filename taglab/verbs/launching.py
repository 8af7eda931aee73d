"""Launching runs, stopping and resuming them, and what waits and is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated, ClassVar

import pandas as pd

from taglab import launch
from taglab.launch import LaunchSettings, RunState
from taglab.progress import Progress
from taglab.runs import run_names
from taglab.settings import Flag, Group
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_ROW = "[{run, state, detail, job}]"
_ORDER = ("running", "queued", "lost", "failed", "stopped", "finished")
_WHERE = Group("where, and with what")
Runs = Annotated[tuple[str, ...], Flag(metavar="RUN", word=True)]


def _one_by_one(runs: Sequence[str], act: Callable[[str], RunState]) -> Report:
    """Do something to runs, one after the other; what fails ends it, with those before it done."""
    rows = []
    for run in dict.fromkeys(runs):
        state = act(run)
        rows.append({"run": run, "state": state.state, "detail": state.detail, "job": state.job})
    return Report(table=pd.DataFrame(rows))


class Launch(Question):
    """Train runs in processes of their own that outlive the terminal and the dashboard. Here one run has each
    GPU (without GPUs one run the machine) and the others wait in a queue; with --where slurm each becomes a
    job of the cluster.

    Attributes:
        runs: Name of a run.
        settings: Where, and with what.
    """

    returns: ClassVar[str] = _ROW
    examples: ClassVar[str] = """
taglab launch my-run
taglab launch first second third
taglab launch my-run --where slurm --partition gpu --gpus 4 --nodes 2 --time-minutes 600
"""

    runs: Runs
    settings: Annotated[LaunchSettings, _WHERE] = LaunchSettings()

    def answer(self, progress: Progress) -> Report:
        """Return what they are doing now."""
        return _one_by_one(self.runs, lambda run: launch.submit(run, self.settings))


class Stop(Question):
    """End all processes of runs, or take the runs from the queue. They can be resumed.

    Attributes:
        runs: Name of a run.
    """

    returns: ClassVar[str] = _ROW
    examples: ClassVar[str] = "taglab stop my-run"

    runs: Runs

    def answer(self, progress: Progress) -> Report:
        """Return what they are doing now."""
        return _one_by_one(self.runs, launch.stop)


class Resume(Question):
    """Launch runs once more; each goes on where its last checkpoint stands. What no flag says is as it was
    the last time.

    Attributes:
        runs: Name of a run.
        settings: Where, and with what.
    """

    returns: ClassVar[str] = _ROW
    examples: ClassVar[str] = "taglab resume my-run\ntaglab resume my-run --time-minutes 2000"

    runs: Runs
    settings: Annotated[LaunchSettings | None, _WHERE] = None

    def answer(self, progress: Progress) -> Report:
        """Return what they are doing now."""
        return _one_by_one(self.runs, self._go_on)

    def _go_on(self, run: str) -> RunState:
        if self.settings is None:
            return launch.resume(run, None)
        changed = {name: getattr(self.settings, name) for name in self.settings.model_fields_set}
        return launch.resume(run, LaunchSettings(**{**launch.last_settings(run).model_dump(), **changed}))


class Queue(Question):
    """Tell what runs are doing: those that are trained or wait, here and on SLURM, and those that are lost.
    --ended adds the others.

    Attributes:
        ended: Also runs that have ended.
    """

    returns: ClassVar[str] = "[{run, state, place, job, since, heartbeat_age_s, detail}]"
    examples: ClassVar[str] = "taglab queue\ntaglab queue --ended --json"

    ended: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return a row for every run."""
        places = {row.run: row.place for row in launch.queue()}
        rows = [
            {
                "run": run,
                "state": state.state,
                "place": places.get(run),
                "job": state.job,
                "since": _moment(state.since),
                "heartbeat_age_s": state.heartbeat_age_s,
                "detail": state.detail,
            }
            for run, state in launch.states(run_names()).items()
            if self.ended or state.active or state.state == "lost"
        ]
        rows.sort(key=lambda row: (_ORDER.index(str(row["state"])), row["place"] or 0, row["run"]))
        columns = ["run", "state", "place", "job", "since", "heartbeat_age_s", "detail"]
        return Report(table=pd.DataFrame(rows, columns=columns).astype({"place": "Int64"}))


def _moment(since: float | None) -> str | None:
    return None if since is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
