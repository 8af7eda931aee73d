"""`taglab targets`: what each track should be given, by every maker there is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data
from taglab.cli.options import Parser, add_commands, add_data, add_settings, finish, settings_of
from taglab.cli.progress import progress_bar
from taglab.verbs.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.targets import Targets


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "targets",
        help="what each track should be given: classes, numbers, factors",
        description="Make targets: what a model could be asked of each track, and of which it is known.",
        fill=_fill,
        examples="""
taglab targets column --data demo --column artist
taglab targets factors --data demo --k 20 --by-track --out factors.parquet
""",
    )


def _fill(parser: Parser) -> None:
    from taglab.factors import TARGETS

    commands = add_commands(parser)
    for name, maker in TARGETS.items():
        commands.add_parser(
            name,
            help=maker.about,
            description=f"{maker.title}: {maker.about}",
            returns="{kind, tracks, known, columns, fingerprint, rows: [{column, sum, mean}]}, with "
            "--by-track rows: [{track, COLUMN ...}]",
            examples=maker.example,
            fill=lambda own, name=name: _fill_maker(own, name),
        )


def _fill_maker(parser: Parser, name: str) -> None:
    from taglab.factors import TARGETS

    maker = TARGETS[name]
    add_data(parser)
    add_settings(parser.add_argument_group("what is asked for"), maker.settings)
    parser.add_argument(
        "--by-track",
        action="store_true",
        help="a row for each track that is known, in place of one for each column",
    )
    parser.set_defaults(maker=name)
    finish(parser, _make)


def _make(args: argparse.Namespace) -> Report:
    from taglab.embeddings import selected_tags
    from taglab.factors import TARGETS, make_targets

    settings = settings_of(args, TARGETS[args.maker].settings)
    with progress_bar() as progress:
        data = selected_tags(open_data(args, progress), args.min_count)
        targets = make_targets(args.maker, data, settings, progress)
    facts = {
        "kind": targets.kind,
        "tracks": len(targets),
        "known": int(targets.known.sum()),
        "columns": len(targets.columns),
        "fingerprint": targets.fingerprint,
    }
    return Report(facts, _values(targets) if args.by_track else targets.table())


def _values(targets: Targets) -> pd.DataFrame:
    """Return a row a track that is known, a column for each of the targets'."""
    import numpy as np
    import pandas as pd

    rows = np.flatnonzero(targets.known)
    table = pd.DataFrame(targets.dense(rows), columns=list(targets.columns))
    table.insert(0, "track", [targets.tracks[row] for row in rows], allow_duplicates=True)
    return table
