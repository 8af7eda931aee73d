"""`taglab clean`: lists of cleaning steps; `taglab collapsed`: what went into a tag."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.cleaning_steps import add_steps, given_items, given_steps
from taglab.cli.loading import open_data
from taglab.cli.options import Parser, UsageError, add_commands, add_data, add_vectors, finish, whole
from taglab.cli.progress import progress_bar
from taglab.verbs.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from taglab.cleaning import Cleaned, Cleaning, StepPlan
    from taglab.folksonomy import Folksonomy
    from taglab.progress import Progress
    from taglab.vectors import TagVectors

_LISTED = "{name, steps: [text]}"
_IF_NONE = "name of a saved cleaning (default: the steps given, else those of a new cleaning)"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "clean",
        help="clean tags: new, add, edit, preview, apply, show, list, export, import, remove",
        description="Clean the tags of a data set by a list of steps, which is kept apart from the data. "
        "Nothing changes but what `apply` saves under a new name.",
        fill=_fill,
        examples="""
taglab clean preview --step typos --threshold 0.92 --sort risk
taglab clean new tidy --step normal-form --step typos --step filters --min-count 5 --presets thesis
taglab clean edit tidy reject 2 'some tag'
taglab clean apply tidy --data mine --name mine-tidy
taglab clean export tidy --form map --data mine --out map.tsv
""",
    )
    commands.add_parser(
        "collapsed",
        help="what went into a tag, and why",
        description="Show what went into a tag when the data were cleaned, and why. Of data that no cleaning "
        "made, and without one named, tags are collapsed by words (stage II), then by vectors (stage III), "
        "if there can be any. The tag is found whatever its case.",
        returns="[{tag, count, step, reason}]",
        fill=_fill_collapsed,
        examples="""
taglab collapsed happy
taglab collapsed rock --data mine-tidy
taglab collapsed happy --step collapse-embeddings --percentile 0.01
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the cleanings there are",
        description="List the saved cleanings.",
        returns=f"[{_LISTED}]",
        fill=lambda own: finish(own, _list),
        examples="taglab clean list",
    )
    commands.add_parser(
        "new",
        help="save a list of steps under a name",
        description="Save a list of steps under a name. Without --step: spellings joined, slips mended, "
        "categories; nothing dropped.",
        returns=_LISTED,
        fill=_fill_new,
        examples="taglab clean new tidy --step normal-form --step filters --min-count 3",
    )
    commands.add_parser(
        "add",
        help="add steps to a saved one",
        description="Add steps to a saved cleaning, last or at a position.",
        returns=_LISTED,
        fill=_fill_add,
        examples="taglab clean add tidy --step collapse-words --targets 'rock,pop,jazz' --at 3",
    )
    commands.add_parser(
        "edit",
        help="turn steps on and off, move, drop, reject, accept",
        description="Change a saved cleaning by one thing. Steps are counted from 1.",
        fill=_fill_edit,
        examples="""
taglab clean edit tidy off 2
taglab clean edit tidy move 3 1
taglab clean edit tidy reject 2 'in die'
""",
    )
    _add_using(commands)
    _add_exchange(commands)


def _add_using(commands: Any) -> None:
    """Add the commands that look at data."""
    commands.add_parser(
        "preview",
        help="what each step would do; nothing is changed",
        description="Show what each step would do to a data set, most used tags first: the very merges that "
        "`apply` makes. Nothing is changed.",
        returns="{data, tags, assignments, tags_after, assignments_after, merged, dropped, rounds, "
        "steps: [{step, kind, merges, drops, categories, rejected, counts, tracks, tags_after}], "
        "in_categories: [{step, in_category, junk, uncategorised, of_counts}], "
        "fits: [{step, target, tags, mean, sd, cut, normal_cut, empirical_cut, inside, skewness, "
        "excess_kurtosis, p_normal}], left_out: [{step, target, reason}], "
        "rows: [{step, kind, tag, action, targets: [tag], category, count, score, "
        "risk, reason}]}",
        fill=_fill_preview,
        examples="taglab clean preview tidy --data mine --at 2 --sort risk --out typos.csv",
    )
    commands.add_parser(
        "apply",
        help="clean a data set and save the result under a new name",
        description="Clean a data set and save the result under a new name, which every command then takes "
        "as --data. The data themselves stay as they are.",
        returns="{name, data, tags_before, tags, assignments_before, assignments, merged, dropped, rounds}",
        fill=_fill_apply,
        examples="taglab clean apply tidy --data mine --name mine-tidy",
    )
    commands.add_parser(
        "show",
        help="the steps of one",
        description="Show the steps of a saved cleaning.",
        returns="{name, rows: [{step, kind, on, does, rejected, settings}]}",
        fill=_fill_show,
        examples="taglab clean show tidy",
    )


def _add_exchange(commands: Any) -> None:
    """Add the commands that read and write files, and `remove`."""
    commands.add_parser(
        "export",
        help="write the steps (JSON), or what becomes of every tag (TSV)",
        description="Write the steps as JSON, or, as applied to a data set, what becomes of every tag.",
        returns="nothing else than without --json",
        fill=_fill_export,
        examples="taglab clean export tidy --out tidy.json\n"
        "taglab clean export tidy --form map --data mine --out map.tsv",
    )
    commands.add_parser(
        "import",
        help="read steps (JSON), or a table of what becomes of each tag (TSV)",
        description="Save what a file holds as a cleaning: steps that were exported, or a table with the "
        "columns tag, action (keep, merge, drop) and target.",
        returns=_LISTED,
        fill=_fill_import,
        examples="taglab clean import map.tsv --name theirs",
    )
    commands.add_parser(
        "remove",
        help="remove one for good",
        description="Remove a saved cleaning for good; what it made stays.",
        returns="{removed}",
        fill=_fill_remove,
        examples="taglab clean remove tidy",
    )


def _fill_new(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--replace", action="store_true", help="replace one of this name")
    add_steps(parser)
    finish(parser, _new, table=False)


def _fill_add(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--at", type=whole(1), metavar="N", help="as the N-th step (default: last)")
    add_steps(parser)
    finish(parser, _add, table=False)


def _fill_edit(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    commands = add_commands(parser, "changes")
    for word, about, more, example in (
        ("on", "turn a step on", (), "2"),
        ("off", "turn a step off", (), "2"),
        ("drop", "take a step out", (), "3"),
        ("move", "put a step at another position", ("to",), "3 1"),
        ("reject", "leave tags alone in a step", ("tags",), "2 'in die'"),
        ("accept", "let a step have tags that were rejected", ("tags",), "2 'in die'"),
        ("assign", "put tags into a category by hand", ("category", "tags"), "1 mood 'rainy day'"),
    ):
        commands.add_parser(
            word, help=about, description=f"Change a saved cleaning: {about}.", returns=_LISTED,
            examples=f"taglab clean edit tidy {word} {example}",
            fill=lambda own, word=word, more=more: _fill_change(own, word, more),
        )  # fmt: skip


def _fill_change(parser: Parser, word: str, more: tuple[str, ...]) -> None:
    parser.add_argument("step", type=whole(1), metavar="N", help="which step, counted from 1")
    if "to" in more:
        parser.add_argument("to", type=whole(1), metavar="TO", help="where to")
    if "category" in more:
        parser.add_argument("category", metavar="CATEGORY")
    if "tags" in more:
        parser.add_argument("tags", nargs="+", metavar="TAG")
    parser.set_defaults(change=word)
    finish(parser, _edit, table=False)


def _fill_preview(parser: Parser) -> None:
    _add_cleaning(parser)
    parser.add_argument("--at", type=whole(1), metavar="N", help="rows of the N-th step that is on only")
    parser.add_argument(
        "--sort", choices=("impact", "risk"), default="impact", help="most used, or most doubtful, first"
    )
    finish(parser, _preview)


def _fill_apply(parser: Parser) -> None:
    _add_cleaning(parser)
    parser.add_argument("--name", dest="new", required=True, metavar="NEW", help="name of the result")
    parser.add_argument("--replace", action="store_true", help="replace data of this name")
    finish(parser, _apply, table=False)


def _add_cleaning(parser: Parser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help=_IF_NONE)
    add_data(parser, min_count=False)
    add_steps(parser)
    add_vectors(parser)


def _fill_show(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    finish(parser, _show)


def _fill_export(parser: Parser) -> None:
    _add_cleaning(parser)
    parser.add_argument("--form", choices=("steps", "map"), default="steps", help="what to write")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    finish(parser, _export, table=False)


def _fill_import(parser: Parser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE")
    parser.add_argument("--name", required=True, metavar="NAME", help="what to call it")
    parser.add_argument("--replace", action="store_true", help="replace one of this name")
    finish(parser, _import, table=False)


def _fill_remove(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME")
    finish(parser, _remove, table=False)


def _fill_collapsed(parser: Parser) -> None:
    parser.add_argument("tag", metavar="TAG")
    parser.add_argument("--cleaning", dest="name", metavar="NAME", help="apply this saved one")
    add_data(parser, min_count=False)
    add_steps(parser)
    add_vectors(parser)
    finish(parser, _collapsed)


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.cleaning import cleaning_names, open_cleaning
    from taglab.verbs.opening import openable

    opened, notes = openable(cleaning_names(), lambda name: open_cleaning(name)[0])
    rows = [(each.name, _said(each)) for each in opened]
    return Report(table=pd.DataFrame(rows, columns=["name", "steps"]), notes=notes)


def _said(cleaning: Cleaning) -> list[str]:
    return [("" if item.on else "(off) ") + item.step.describe() for item in cleaning.items]


def _saved(cleaning: Cleaning, revision: int | None) -> Report:
    from taglab.cleaning import save_cleaning

    save_cleaning(cleaning, revision)
    return Report({"name": cleaning.name, "steps": _said(cleaning)}, notes=(f"saved as {cleaning.name}",))


def _revision(name: str, replace: bool) -> int | None:
    from taglab.cleaning import cleaning_names, open_cleaning

    return open_cleaning(name)[1] if replace and name in cleaning_names() else None


def _new(args: argparse.Namespace) -> Report:
    return _saved(_of_steps(args, args.name), _revision(args.name, args.replace))


def _of_steps(args: argparse.Namespace, name: str) -> Cleaning:
    """Return the steps given, or those of a new cleaning."""
    from taglab.cleaning import Cleaning, first_cleaning

    items = given_items(args)
    return Cleaning(name, items) if items else first_cleaning(name)


def _asked(args: argparse.Namespace) -> Cleaning:
    """Return the cleaning that is named, or that is given by its steps.

    Raises:
        UsageError: If both are.
    """
    from taglab.cleaning import open_cleaning

    if args.name is None:
        return _of_steps(args, "cleaning")
    if given_steps(args):
        raise UsageError("--step goes without a saved cleaning; `taglab clean add` adds steps to one")
    return open_cleaning(args.name)[0]


def _add(args: argparse.Namespace) -> Report:
    from taglab.cleaning import open_cleaning

    items = given_items(args)
    if not items:
        raise UsageError("name at least one --step")
    cleaning, revision = open_cleaning(args.name)
    place = len(cleaning.items) if args.at is None else _position(cleaning, args.at, 1)
    for number, item in enumerate(items):
        cleaning = cleaning.add(item.step, place + number)
    return _saved(cleaning, revision)


def _position(cleaning: Cleaning, number: int, more: int = 0) -> int:
    """Return a step's position counted from 0; raises UsageError where there is none."""
    if number > len(cleaning.items) + more:
        raise UsageError(f"{cleaning.name} has {len(cleaning.items)} steps, and no step {number}")
    return number - 1


def _edit(args: argparse.Namespace) -> Report:
    from taglab.cleaning import open_cleaning

    cleaning, revision = open_cleaning(args.name)
    at = _position(cleaning, args.step)
    if args.change in ("on", "off"):
        changed = cleaning.turn(at, args.change == "on")
    elif args.change == "drop":
        changed = cleaning.remove(at)
    elif args.change == "move":
        changed = cleaning.move(at, _position(cleaning, args.to))
    else:
        changed = cleaning.replace_step(at, _changed_step(cleaning, at, args))
    return _saved(changed, revision)


def _changed_step(cleaning: Cleaning, at: int, args: argparse.Namespace) -> Any:
    from taglab.cleaning import Categories

    step = cleaning.items[at].step
    if args.change == "reject":
        return step.reject(*args.tags)
    if args.change == "accept":
        return step.accept(*args.tags)
    if not isinstance(step, Categories):
        raise UsageError(f"step {at + 1} of {cleaning.name} is {step.kind}, not categories")
    for tag in args.tags:
        step = step.assign(tag, args.category)
    return step


def _material(
    args: argparse.Namespace, cleaning: Cleaning, progress: Progress
) -> tuple[Folksonomy, TagVectors | None]:
    """Return the data, and the vectors of all tags where a step needs them."""
    from taglab import embeddings
    from taglab.cli.options import settings_of

    data = open_data(args, progress)
    if not any(step.needs_vectors for step in cleaning.steps):
        return data, None
    words = embeddings.resolve(args.vectors, data, progress)
    lookup = settings_of(args, embeddings.Lookup)
    return data, embeddings.compose(words, list(data.tags["tag"]), lookup, progress)


def _preview(args: argparse.Namespace) -> Report:
    from taglab.cleaning.review import review_table, step_effects

    cleaning = _asked(args)
    with progress_bar() as progress:
        data, vectors = _material(args, cleaning, progress)
        cleaned = cleaning.apply(data, vectors, progress=progress)
    plans = cleaned.plans
    if args.at is not None and args.at > len(plans):
        raise UsageError(f"--at {args.at}: {len(plans)} steps are on")
    facts = {
        "data": args.data,
        "tags": data.n_tags,
        "assignments": data.n_assignments,
        "tags_after": cleaned.folksonomy.n_tags,
        "assignments_after": cleaned.folksonomy.n_assignments,
        **_changes(cleaned),
        "steps": step_effects(plans).to_dict("records"),
    }
    chosen = range(len(plans)) if args.at is None else [args.at - 1]
    facts |= _further(plans, chosen)
    tables = [_numbered(review_table(plans[at], args.sort), at + 1, plans[at]) for at in chosen]
    return Report(facts, _together(tables), notes=("nothing was changed; `taglab clean apply` does",))


def _further(plans: Sequence[StepPlan], chosen: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Return what only some kinds of steps tell: shares by category, how cuts came about."""
    from taglab.cleaning.review import category_shares

    found: dict[str, list[dict[str, Any]]] = {}
    for at in chosen:
        if plans[at].categories:
            shares = {"step": at + 1, **category_shares(plans[at])}
            found.setdefault("in_categories", []).append(shares)
        for name, table in plans[at].details.items():
            rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
            found.setdefault(name, []).extend({"step": at + 1, **row} for row in rows)
    return found


def _numbered(table: pd.DataFrame, number: int, plan: StepPlan) -> pd.DataFrame:
    table.insert(0, "kind", plan.kind)
    table.insert(0, "step", number)
    return table


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    from taglab.cleaning.review import REVIEW_COLUMNS

    if not tables:
        return pd.DataFrame(columns=["step", "kind", *REVIEW_COLUMNS])
    return pd.concat(tables, ignore_index=True)


def _apply(args: argparse.Namespace) -> Report:
    from taglab.cleaning import save_cleaned

    cleaning = _asked(args)
    with progress_bar() as progress:
        data, vectors = _material(args, cleaning, progress)
        cleaned = cleaning.apply(data, vectors, args.new, progress)
    save_cleaned(cleaned, cleaning, args.data, args.replace)
    return Report(_counted(cleaned, data, args.data), notes=(f"saved as {args.new}",))


def _changes(cleaned: Cleaned) -> dict[str, int]:
    actions = cleaned.tag_map.table["action"].value_counts()
    return {
        "merged": int(actions.get("merge", 0)),
        "dropped": int(actions.get("drop", 0)),
        "rounds": cleaned.rounds,
    }


def _counted(cleaned: Cleaned, data: Folksonomy, name: str) -> dict[str, Any]:
    return {
        "name": cleaned.folksonomy.name,
        "data": name,
        "tags_before": data.n_tags,
        "tags": cleaned.folksonomy.n_tags,
        "assignments_before": data.n_assignments,
        "assignments": cleaned.folksonomy.n_assignments,
        **_changes(cleaned),
    }


def _show(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.cleaning import open_cleaning

    cleaning, _ = open_cleaning(args.name)
    rows = [
        (
            number, item.step.kind, item.on, item.step.describe(), len(item.step.rejected),
            item.step.model_dump(mode="json", exclude_defaults=True, exclude={"kind", "rejected", "entries"}),
        )
        for number, item in enumerate(cleaning.items, start=1)
    ]  # fmt: skip
    columns = ["step", "kind", "on", "does", "rejected", "settings"]
    return Report({"name": cleaning.name}, pd.DataFrame(rows, columns=columns))


def _export(args: argparse.Namespace) -> Report:
    from taglab.cache import replacing

    cleaning = _asked(args)
    if args.form == "map":
        with progress_bar() as progress:
            data, vectors = _material(args, cleaning, progress)
            text = cleaning.apply(data, vectors, progress=progress).tag_map.to_tsv()
    else:
        text = cleaning.to_json() + "\n"
    if args.out is None:
        return Report(text=text)
    with replacing(args.out) as temporary:
        temporary.write_bytes(text.encode())
    return Report({"name": cleaning.name, "file": str(args.out)})


def _import(args: argparse.Namespace) -> Report:
    from taglab.cleaning import read_cleaning
    from taglab.labels.importing import read_bytes

    cleaning = read_cleaning(read_bytes(args.path), str(args.path)).renamed(args.name)
    return _saved(cleaning, _revision(args.name, args.replace))


def _remove(args: argparse.Namespace) -> Report:
    from taglab.cleaning import delete_cleaning

    delete_cleaning(args.name)
    return Report({"removed": args.name})


def _collapsed(args: argparse.Namespace) -> Report:
    from taglab.cleaning import went_into

    with progress_bar() as progress:
        tag_map, data, notes = _tag_map(args, progress)
    target = tag_map.spelling_of(args.tag)
    written = () if target == args.tag else (f"it is written {target}",)
    return Report(table=went_into(tag_map, target, data), notes=(*notes, *written))


def _tag_map(args: argparse.Namespace, progress: Progress) -> tuple[Any, Folksonomy | None, tuple[str, ...]]:
    """Return the map to look into, the data before it where they are known, and what to say of it."""
    from taglab import sources
    from taglab.cleaning import open_applied
    from taglab.errors import NotFound

    if args.name is not None or given_steps(args):
        cleaning = _asked(args)
        data, vectors = _material(args, cleaning, progress)
        return cleaning.apply(data, vectors, progress=progress).tag_map, data, ()
    data = open_data(args, progress)
    try:
        applied = open_applied(data)
    except NotFound:
        return _by_stages(args, data, progress)
    known = applied.data in sources.folksonomy_names()
    before = sources.open_folksonomy(applied.data, progress) if known else None
    said = f"{args.data} was made of {applied.data} by the cleaning {applied.cleaning.name}"
    return applied.tag_map, before, (said,)


def _by_stages(
    args: argparse.Namespace, data: Folksonomy, progress: Progress
) -> tuple[Any, Folksonomy, tuple[str, ...]]:
    """Return the map of stages II and III; of II alone where there can be no vectors."""
    from taglab.cleaning import Cleaning, CollapseEmbeddings, CollapseWords, NormalForm
    from taglab.errors import InvalidSetting

    said = "no cleaning named: spellings joined, then tags collapsed by words"
    two = (NormalForm(), CollapseWords())
    three = Cleaning.of("stage III", [*two, CollapseEmbeddings()])
    try:
        _, vectors = _material(args, three, progress)
        tag_map = three.apply(data, vectors, progress=progress).tag_map
        note = f"{said} and by the vectors {args.vectors} into the 50 of stage I"
    except InvalidSetting as error:
        tag_map = Cleaning.of("stage II", two).apply(data, progress=progress).tag_map
        note = f"{said} into the 50 of stage I; not by vectors: {error}"
    return tag_map, data, (note,)
