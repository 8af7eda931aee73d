"""`taglab runs`: what was trained here, imported or published."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.options import Parser, add_commands, add_settings, finish, settings_of
from taglab.cli.progress import progress_bar
from taglab.verbs.report import Report, records

if TYPE_CHECKING:
    from taglab.runs import Run

_LISTED = ("run", "kind", "group", "tags", "classes", "epochs")
_CHANGED = "{name, title, note, tags, group}"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "runs",
        help="trained, imported and published results: list, show, note, tag, add, export, import, delete",
        description="Runs: what was trained here, results of other programs, and published ones, each with "
        "the figures of every label.",
        fill=_fill,
        examples="""
taglab runs list --published
taglab runs show thesis-3.3-k100-spectrogram
taglab runs add theirs.csv --name theirs
taglab runs note theirs 'trained by the others'
taglab runs export mine --out mine.zip
taglab runs import mine.zip
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the runs there are",
        description="List runs, newest first, with their figures at the best epoch by validation: ap is "
        "exact average precision, auc_pr is interpolated over 200 thresholds. --json and --out tell more.",
        returns="[{run, kind, title, group, tags, note, created, classes, parameters, epochs, best_epoch, "
        "METRIC, METRIC_last, test_METRIC, split, evaluated, problem}], METRIC being the mean of a metric, "
        "as ap_macro, ap_micro",
        fill=_fill_list,
        examples="taglab runs list --tag good --kind trained\ntaglab runs list --published spectrogram",
    )
    commands.add_parser(
        "show",
        help="one run: what it was asked to do, and the figures of every label",
        description="Show a run: configuration, what it was made of and whether that has changed since, "
        "summary, and the figures of every label at one epoch.",
        returns="{name, title, kind, note, notes: [sentence], tags, group, created, split, evaluated, "
        "classes, epochs, best_epoch, parameters, config, best, last, validation, "
        "test, inputs: [{input, name, fingerprint, now}], rows: [{label, "
        "METRIC, positives}]}; of a published one also groups: [{table, group, "
        "auc_pr}], decisions: [{table, label, threshold, tp, tn, fp, fn}], and counts in rows",
        fill=_fill_show,
        examples="taglab runs show mine --epoch best --out labels.csv",
    )
    _add_describing(commands)
    _add_exchange(commands)
    commands.add_parser(
        "delete",
        help="move one to the trash folder",
        description="Move a run to the folder `trash` of the cache; moved back to `runs`, it is a run again.",
        returns="{deleted, moved_to}",
        fill=_fill_delete,
        examples="taglab runs delete RUN",
    )


def _add_describing(commands: Any) -> None:
    """Add the commands that say something about a run."""
    commands.add_parser(
        "note",
        help="write a note to one",
        description="Replace a run's note.",
        returns=_CHANGED,
        fill=lambda own: _fill_words(own, "text", "TEXT", "the note", _note),
        examples="taglab runs note mine 'with the longer window'",
    )
    commands.add_parser(
        "title",
        help="give one a title",
        description="Replace the title that people read in place of a run's name.",
        returns=_CHANGED,
        fill=lambda own: _fill_words(own, "text", "TEXT", "the title", _title),
        examples="taglab runs title mine 'Clusters, k = 100'",
    )
    commands.add_parser(
        "tag",
        help="tag one, to find it by",
        description="Replace a run's tags; without any it has none.",
        returns=_CHANGED,
        fill=_fill_tag,
        examples="taglab runs tag mine good baseline",
    )


def _add_exchange(commands: Any) -> None:
    """Add the commands by which runs come and go."""
    commands.add_parser(
        "add",
        help="add results of another program",
        description="Make a run of results that were computed elsewhere: a CSV of labels, AUC-PR, and where "
        "known AUC-ROC and counts; an .npz of scores and truth; or a folder laid out as a run, with "
        "classes.json, per_label_by_epoch.csv and confusion.npz.",
        returns="{name, title, kind, classes, note, rows: [{label, ...}]}",
        fill=_fill_add,
        examples="""
taglab runs add theirs.csv --name theirs --auc-pr exact
taglab runs add scores.npz --classes rock,jazz,folk
taglab runs add thesis-results/model-1-tags-spectrogram
""",
    )
    commands.add_parser(
        "export",
        help="write one to a zip",
        description="Write a run to a zip that `taglab runs import` reads elsewhere.",
        returns="{name, path, bytes}",
        fill=_fill_export,
        examples="taglab runs export mine --out mine.zip --no-checkpoints",
    )
    commands.add_parser(
        "import",
        help="read one from a zip",
        description="Read a run from a zip that `taglab runs export` wrote. Nothing in it is trusted: paths "
        "that lead outside, links, pickles and files that are of no run are refused.",
        returns="{name, title, kind, classes, note, rows: [{label, ...}]}",
        fill=_fill_import,
        examples="taglab runs import mine.zip --name theirs",
    )


def _fill_list(parser: Parser) -> None:
    parser.add_argument("words", nargs="*", metavar="WORD", help="only runs that tell of all of these words")
    parser.add_argument("--published", action="store_true", help="the published ones, too")
    parser.add_argument(
        "--kind", action="append", default=[], choices=("trained", "imported", "published"), help="only these"
    )
    parser.add_argument("--group", action="append", default=[], metavar="GROUP", help="only of this group")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="only with this tag; several: with all"
    )
    finish(parser, _list)


def _add_run(parser: Parser) -> None:
    parser.add_argument("name", metavar="RUN", help="name of a run")


def _fill_show(parser: Parser) -> None:
    _add_run(parser)
    parser.add_argument(
        "--epoch", type=_epoch, default="last", metavar="N", help="its number, best, or last (default: last)"
    )
    finish(parser, _show)


def _epoch(text: str) -> int | str:
    if text not in ("best", "last") and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} must be a number, best or last")
    return int(text) if text.isdecimal() else text


def _fill_words(parser: Parser, name: str, metavar: str, about: str, run: Any) -> None:
    _add_run(parser)
    parser.add_argument(name, metavar=metavar, help=about)
    finish(parser, run, table=False)


def _fill_tag(parser: Parser) -> None:
    _add_run(parser)
    parser.add_argument("tags", nargs="*", metavar="TAG", help="its tags from now on")
    finish(parser, _tag, table=False)


def _fill_delete(parser: Parser) -> None:
    _add_run(parser)
    finish(parser, _delete, table=False)


def _fill_add(parser: Parser) -> None:
    from taglab.runs import ResultsSettings

    parser.add_argument("path", type=Path, metavar="PATH", help="a CSV, an .npz or a folder")
    parser.add_argument("--name", metavar="NAME", help="what to call it (default: as the file)")
    add_settings(parser.add_argument_group("how it is read"), ResultsSettings)
    finish(parser, _add)


def _fill_export(parser: Parser) -> None:
    _add_run(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="the zip (default: RUN.zip in this folder)")
    parser.add_argument(
        "--checkpoints",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="take the network's weights along (default: yes)",
    )
    finish(parser, _export, table=False)


def _fill_import(parser: Parser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE", help="the zip")
    parser.add_argument("--name", metavar="NAME", help="what to call it (default: as in the zip)")
    finish(parser, _import)


def _list(args: argparse.Namespace) -> Report:
    from taglab.metrics import mean_columns
    from taglab.runs import filter_runs, published_names, run_names, runs_table

    published = args.published or "published" in args.kind
    table = runs_table([*run_names(), *(published_names() if published else ())])
    table = filter_runs(table, " ".join(args.words), args.kind, args.group, args.tag)
    notes = tuple(problem for problem in table["problem"] if problem)
    if not args.json and args.out is None:
        metrics = [name for name in mean_columns() if table[name].notna().any()]
        table = table[[*_LISTED, *metrics]]
    return Report(table=table, notes=notes)


def _show(args: argparse.Namespace) -> Report:
    from taglab.compare.inputs import inputs_table
    from taglab.runs import open_run
    from taglab.runs.published import PublishedRun

    run = open_run(args.name)
    about, summary = run.about, run.summary()
    with progress_bar() as progress:
        inputs = inputs_table(run, progress=progress)
    facts = {
        "name": run.name,
        "title": run.title,
        "kind": about.kind,
        "note": about.note,
        "notes": list(run.notes),
        "tags": list(about.tags),
        "group": about.group,
        "created": about.created,
        "split": about.split,
        "evaluated": about.evaluated,
        **{key: summary[key] for key in ("classes", "epochs", "best_epoch", "parameters")},
        "config": run.config,
        "inputs": records(inputs),
        **{key: summary[key] for key in ("best", "last", "validation", "test")},
    }
    if isinstance(run, PublishedRun):
        facts |= {"groups": records(run.groups()), "decisions": records(run.decisions())}
    return Report(facts, run.per_label(args.epoch))


def _described(run: Run, said: str) -> Report:
    about = run.about
    facts = {
        "name": run.name,
        "title": run.title,
        "note": about.note,
        "tags": list(about.tags),
        "group": about.group,
    }
    return Report(facts, notes=(said,))


def _note(args: argparse.Namespace) -> Report:
    from taglab.runs import open_run, set_note

    set_note(args.name, args.text)
    return _described(open_run(args.name), "noted")


def _title(args: argparse.Namespace) -> Report:
    from taglab.runs import open_run, set_title

    set_title(args.name, args.text)
    return _described(open_run(args.name), "titled")


def _tag(args: argparse.Namespace) -> Report:
    from taglab.runs import open_run, set_tags

    set_tags(args.name, args.tags)
    return _described(open_run(args.name), "tagged")


def _delete(args: argparse.Namespace) -> Report:
    from taglab.runs import delete_run

    place = delete_run(args.name)
    return Report({"deleted": args.name, "moved_to": str(place)})


def _arrived(run: Run) -> Report:
    facts = {
        "name": run.name,
        "title": run.title,
        "kind": run.kind,
        "classes": len(run.classes),
        "note": run.about.note,
    }
    return Report(facts, run.per_label(), notes=(f"kept as run {run.name}",))


def _add(args: argparse.Namespace) -> Report:
    from taglab.runs import ResultsSettings, import_results

    with progress_bar() as progress:
        return _arrived(import_results(args.path, args.name, settings_of(args, ResultsSettings), progress))


def _import(args: argparse.Namespace) -> Report:
    from taglab.runs import import_run

    with progress_bar() as progress:
        return _arrived(import_run(args.path, args.name, progress))


def _export(args: argparse.Namespace) -> Report:
    from taglab.runs import export_run

    path = args.out or Path(f"{args.name}.zip")
    with progress_bar() as progress:
        export_run(args.name, path, args.checkpoints, progress)
    facts = {"name": args.name, "path": str(path), "bytes": path.stat().st_size}
    return Report(facts)
