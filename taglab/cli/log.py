"""`taglab log`: what a run writes, while it does."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from taglab.cli.options import Parser, add_cache, whole
from taglab.cli.report import visible


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "log",
        help="the end of a run's log",
        description="Show the last lines of what a run wrote.",
        fill=_fill_log,
        examples="taglab log my-run\ntaglab log my-run --follow",
    )


def _fill_log(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN", help="name of a run")
    parser.add_argument(
        "--lines", "-n", type=whole(1), default=40, metavar="N", help="how many lines (default: 40)"
    )
    parser.add_argument("--follow", "-f", action="store_true", help="go on until the run has ended")
    add_cache(parser)
    parser.set_defaults(run=_log)


def _log(args: argparse.Namespace) -> int:
    from taglab.launch import follow_log, state
    from taglab.runs import layout, open_run

    run = open_run(args.name)
    path = run.folder / layout.LOG
    for line in follow_log(path, lambda: args.follow and state(run.name).active, args.lines):
        sys.stdout.write(visible(line) + "\n")
        sys.stdout.flush()
    return 0
