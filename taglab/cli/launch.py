"""Launching runs, stopping and resuming them, what waits and what is trained, and their logs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from taglab.cli.options import Parser, add_cache, add_settings, finish, settings_of, settings_values, whole
from taglab.cli.report import Report, visible

if TYPE_CHECKING:
    from taglab.launch import RunState

_ROW = "{run, state, detail, job}"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "launch",
        help="train runs in the background, here or on SLURM",
        description="Train runs in processes of their own that outlive the terminal and the dashboard. Here "
        "one run has each GPU (without GPUs one run the machine) and the others wait in a queue; with "
        "--where slurm each becomes a job of the cluster.",
        returns=f"[{_ROW}]",
        fill=_fill_launch,
        examples="""
taglab launch my-run
taglab launch first second third
taglab launch my-run --where slurm --partition gpu --gpus 4 --nodes 2 --time-minutes 600
""",
    )
    commands.add_parser(
        "stop",
        help="end runs, or take them from the queue",
        description="End all processes of runs, or take the runs from the queue. They can be resumed.",
        returns=f"[{_ROW}]",
        fill=_fill_stop,
        examples="taglab stop my-run",
    )
    commands.add_parser(
        "resume",
        help="go on with runs that were stopped, failed or lost",
        description="Launch runs once more; each goes on where its last checkpoint stands. What no flag says "
        "is as it was the last time.",
        returns=f"[{_ROW}]",
        fill=_fill_resume,
        examples="taglab resume my-run\ntaglab resume my-run --time-minutes 2000",
    )
    commands.add_parser(
        "queue",
        help="what is trained and what waits",
        description="Tell what runs are doing: those that are trained or wait, here and on SLURM, and those "
        "that are lost. --ended adds the others.",
        returns="[{run, state, place, job, since, heartbeat_age_s, detail}]",
        fill=_fill_queue,
        examples="taglab queue\ntaglab queue --ended --json",
    )
    commands.add_parser(
        "log",
        help="the end of a run's log",
        description="Show the last lines of what a run wrote.",
        fill=_fill_log,
        examples="taglab log my-run\ntaglab log my-run --follow",
    )


def _add_runs(parser: Parser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="name of a run")


def _fill_launch(parser: Parser) -> None:
    from taglab.launch import LaunchSettings

    _add_runs(parser)
    add_settings(parser.add_argument_group("where, and with what"), LaunchSettings)
    finish(parser, _launch)


def _fill_stop(parser: Parser) -> None:
    _add_runs(parser)
    finish(parser, _stop)


def _fill_resume(parser: Parser) -> None:
    from taglab.launch import LaunchSettings

    _add_runs(parser)
    add_settings(parser.add_argument_group("where, and with what"), LaunchSettings)
    finish(parser, _resume)


def _fill_queue(parser: Parser) -> None:
    parser.add_argument("--ended", action="store_true", help="also runs that have ended")
    finish(parser, _queue)


def _fill_log(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN", help="name of a run")
    parser.add_argument(
        "--lines", "-n", type=whole(1), default=40, metavar="N", help="how many lines (default: 40)"
    )
    parser.add_argument("--follow", "-f", action="store_true", help="go on until the run has ended")
    add_cache(parser)
    parser.set_defaults(run=_log)


def _each(runs: list[str], do: Callable[[str], RunState]) -> Report:
    """Do something to runs, one after the other; what fails ends it, with those before it done."""
    import pandas as pd

    rows = []
    for run in dict.fromkeys(runs):
        state = do(run)
        rows.append({"run": run, "state": state.state, "detail": state.detail, "job": state.job})
    return Report(table=pd.DataFrame(rows))


def _launch(args: argparse.Namespace) -> Report:
    from taglab.launch import LaunchSettings, submit

    settings = settings_of(args, LaunchSettings)
    return _each(args.runs, lambda run: submit(run, settings))


def _stop(args: argparse.Namespace) -> Report:
    from taglab.launch import stop

    return _each(args.runs, stop)


def _resume(args: argparse.Namespace) -> Report:
    from taglab.launch import LaunchSettings, last_settings, resume

    given = settings_values(args, LaunchSettings)

    def go_on(run: str) -> RunState:
        before = last_settings(run).model_dump() if given else {}
        return resume(run, settings_of(args, LaunchSettings, **{**before, **given}) if given else None)

    return _each(args.runs, go_on)


def _queue(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.launch import queue, states
    from taglab.runs import run_names

    places = {row.run: row.place for row in queue()}
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
        for run, state in states(run_names()).items()
        if args.ended or state.active or state.state == "lost"
    ]
    order = ("running", "queued", "lost", "failed", "stopped", "finished")
    rows.sort(key=lambda row: (order.index(row["state"]), row["place"] or 0, row["run"]))
    columns = ["run", "state", "place", "job", "since", "heartbeat_age_s", "detail"]
    return Report(table=pd.DataFrame(rows, columns=columns).astype({"place": "Int64"}))


def _moment(since: float | None) -> str | None:
    return None if since is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))


def _log(args: argparse.Namespace) -> int:
    from taglab.launch import follow_log, state
    from taglab.runs import layout, open_run

    run = open_run(args.name)
    path = run.folder / layout.LOG
    for line in follow_log(path, lambda: args.follow and state(run.name).active, args.lines):
        sys.stdout.write(visible(line) + "\n")
        sys.stdout.flush()
    return 0
