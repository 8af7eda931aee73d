"""Sweeps: a grid over settings as a group of runs, and its table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from taglab.cli.options import (
    Parser,
    UsageError,
    add_commands,
    add_settings,
    checked,
    finish,
    settings_of,
    settings_values,
)
from taglab.cli.progress import progress_bar
from taglab.cli.training import add_config, config_of
from taglab.verbs.report import Report

if TYPE_CHECKING:
    from taglab.launch import LaunchSettings
    from taglab.training.label_spaces import LabelGrid

_GRID_FLAGS = {"ks": "-k", "min_counts": "--min-count"}
_CLUSTER = "cluster-"
_LAUNCH = "launch-"
_TO_BE_MADE = "to be made"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "sweep",
        help="runs over a grid of settings: make, show, list",
        description="Sweeps: every combination of some settings becomes a run, all in one group.",
        fill=_fill,
        examples="""
taglab sweep make model-3.3 --data mine --audio mine -k 100,250,500,750,1000 --min-count 101 --launch
taglab sweep make rates --labels genres --preset tiny --vary train.learning_rate=1e-2,1e-3,1e-4 --launch
taglab sweep show rates
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "make",
        help="make the runs of a grid",
        description="Make a run for every combination. With -k, --min-count or --vectors each combination of "
        "those has a label space of its own, made by clustering as in the thesis's models 3.2 and 3.3; "
        "otherwise all have that of --labels.",
        returns="{group, left_out: [text], rows: [{run, labels, ...}]}",
        fill=_fill_make,
        examples="""
taglab sweep make model-3.2 --data mine --audio mine --vectors w2v,wiki,twitter --min-count 101,501 -k 500
taglab sweep make widths --labels genres --vary network.width=0.25,0.5,1 --vary train.seed=0,1,2
taglab sweep make folds --labels genres --stratified --folds 5 --vary train.fold=0,1,2,3,4 --launch
taglab sweep make rates --labels genres --vary train.learning_rate=1e-2,1e-3 --launch --launch-where slurm
""",
    )
    commands.add_parser(
        "show",
        help="what the runs of a sweep differ in, and their figures",
        description="Show the runs of a group: what they do not have in common, and the figures of each "
        "run's best epoch on the validation tracks.",
        returns="[{run, state, ..., classes, epochs, and the means of every metric, as ap_macro, ap_micro}]",
        fill=_fill_show,
        examples="taglab sweep show model-3.3 --out model-3.3.csv",
    )
    commands.add_parser(
        "list",
        help="the sweeps there are",
        description="List the groups of runs, the latest first.",
        returns="[{group, runs}]",
        fill=lambda own: finish(own, _list),
        examples="taglab sweep list",
    )


def _fill_make(parser: Parser) -> None:
    from taglab.embeddings import Lookup
    from taglab.launch import LaunchSettings
    from taglab.training.label_spaces import LabelGrid

    parser.add_argument("group", metavar="GROUP", help="what to call the sweep")
    add_config(parser)
    grid = parser.add_argument_group("label spaces made by clustering, one for each combination")
    add_settings(grid, LabelGrid, flags=_GRID_FLAGS, omit=("method", "seed", "lookup"))
    add_settings(grid, LabelGrid, omit=("vectors", "min_counts", "ks", "keep", "lookup"), prefix=_CLUSTER)
    add_settings(parser.add_argument_group("looking up tags in the vectors"), Lookup)
    varied = parser.add_argument_group("what else is varied")
    varied.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="FIELD=VALUES",
        help="a setting and its values, as train.learning_rate=1e-3,1e-4; may be given several times",
    )
    parser.add_argument("--note", default="", metavar="TEXT", help="a note of your own, for every run")
    parser.add_argument("--launch", action="store_true", help="train them in the background")
    where = parser.add_argument_group("where, and with what, they are launched")
    add_settings(where, LaunchSettings, prefix=_LAUNCH)
    finish(parser, _make)


def _fill_show(parser: Parser) -> None:
    parser.add_argument("group", metavar="GROUP", help="name of a sweep")
    finish(parser, _show)


def _grid_of(args: argparse.Namespace) -> LabelGrid | None:
    """Return the clusterings asked for; None where no flag of theirs is given."""
    from taglab.embeddings import Lookup
    from taglab.training.label_spaces import LabelGrid

    clustering = settings_values(args, LabelGrid, _CLUSTER)
    given, lookup = settings_values(args, LabelGrid), settings_values(args, Lookup)
    if not given and not clustering and not lookup:
        return None
    if args.labels is not None:
        raise UsageError(
            "--labels names one label space, -k, --min-count and --vectors make others; take one"
        )
    return settings_of(args, LabelGrid, **clustering, lookup=lookup)


def _fields(texts: list[str]) -> dict[str, tuple[Any, ...]]:
    from taglab.errors import InvalidSetting
    from taglab.training.sweeps import parse_values

    fields: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or name in fields:
            raise UsageError(f"--vary {text!r} must be FIELD=VALUES, each field once")
        try:
            fields[name] = parse_values(values)
        except InvalidSetting as error:
            raise UsageError(f"--vary {text!r}: {error}") from error
    return fields


def _launch_of(args: argparse.Namespace) -> LaunchSettings | None:
    """Return where the runs are to be trained, which must be there; None where they are only made."""
    from taglab.launch import LAUNCHERS, LaunchSettings

    given = settings_values(args, LaunchSettings, _LAUNCH)
    if not args.launch:
        if given:
            raise UsageError("where runs are launched means nothing without --launch")
        return None
    settings = checked(LaunchSettings, given)
    LAUNCHERS[settings.where].require(settings)
    return settings


def _make(args: argparse.Namespace) -> Report:
    from taglab.errors import Conflict
    from taglab.training.sweeps import groups, make_runs, sweep_cells, sweep_table

    labels, fields = _grid_of(args), _fields(args.vary)
    if labels is None and not fields:
        raise UsageError("say what is varied: -k, --min-count, --vectors or --vary")
    if args.group in groups():
        raise Conflict(f"there is a sweep {args.group!r} already; choose another name")
    launch = _launch_of(args)
    if labels is not None:
        args.labels = _TO_BE_MADE
    with progress_bar() as progress:
        cells = sweep_cells(config_of(args), fields, labels, progress)
        made = make_runs(cells.configs, args.group, args.note, progress)
    notes = [f"left out: {note}" for note in cells.notes]
    if launch is not None:
        from taglab.launch import submit

        for run in made:
            submit(run.name, launch)
        notes.append("`taglab queue` tells how they go")
    else:
        notes.append(f"`taglab launch {' '.join(run.name for run in made)}` trains them")
    table = sweep_table(args.group).dropna(axis="columns", how="all")
    return Report({"group": args.group, "left_out": cells.notes}, table, notes=tuple(notes))


def _show(args: argparse.Namespace) -> Report:
    from taglab.errors import NotFound
    from taglab.launch import states
    from taglab.training.sweeps import groups, sweep_table, sweep_warning

    if args.group not in groups():
        raise NotFound(f"no sweep named {args.group!r}; there are: {', '.join(groups()) or 'none yet'}")
    table = sweep_table(args.group)
    warning = sweep_warning(table)
    doing = states(table["run"])
    table.insert(1, "state", [doing[run].state if run in doing else "" for run in table["run"]])
    return Report(table=table, notes=(warning,) if warning else ())


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.runs import runs_table
    from taglab.training.sweeps import groups

    counts = runs_table()["group"].value_counts()
    rows = [{"group": group, "runs": int(counts[group])} for group in groups()]
    return Report(table=pd.DataFrame(rows, columns=["group", "runs"]))
