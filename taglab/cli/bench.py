"""`taglab bench`: ours against named peers, in one run."""

from __future__ import annotations

import argparse
from typing import Any

from taglab.cli.options import Parser, finish
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "bench",
        help="time taglab against named peers",
        description="Time what taglab computes against named peers, both in one run. Some peers come with "
        '`python -m pip install "taglab[bench]"`.',
        returns="[{name, ours, peer, ratio, agreement, note}]: seconds, and how many times faster ours is",
        fill=_fill,
        examples="taglab bench --list\ntaglab bench silhouette --json",
    )


def _fill(parser: Parser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all that can run here)")
    parser.add_argument("--list", action="store_true", help="only list their names")
    finish(parser, _bench)


def _bench(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.benchmarks import BENCHMARKS
    from taglab.errors import MissingExtra, NotFound, Unavailable

    for name in args.names:
        if name not in BENCHMARKS:
            raise NotFound(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    if args.list:
        return Report(table=pd.DataFrame({"name": list(BENCHMARKS)}))
    chosen = args.names or list(BENCHMARKS)
    rows: list[dict[str, Any]] = []
    notes = []
    with progress_bar() as progress:
        for number, name in enumerate(chosen):
            progress(number / len(chosen), name)
            try:
                found = BENCHMARKS[name]()
            except (MissingExtra, Unavailable) as error:
                if args.names:
                    raise
                notes.append(f"{name} was left out: {error}")
                continue
            rows += [
                {
                    "name": row.name,
                    "ours": row.ours_s,
                    "peer": row.peer_s,
                    "ratio": row.ratio,
                    "agreement": row.agreement,
                    "note": row.note,
                }
                for row in found
            ]
    columns = ["name", "ours", "peer", "ratio", "agreement", "note"]
    return Report(table=pd.DataFrame(rows, columns=columns), notes=tuple(notes))
