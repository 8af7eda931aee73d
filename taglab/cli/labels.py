"""`taglab labels`: label spaces, the classes a tagger is asked to predict."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.clusters import add_clustering, clustered, made_by
from taglab.cli.label_steps import STEPS
from taglab.cli.loading import open_data, open_selected, openable, save_space
from taglab.cli.options import (
    Parser,
    UsageError,
    add_commands,
    add_data,
    add_tags,
    finish,
    tags_in,
    tags_of,
    whole,
)
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report

if TYPE_CHECKING:
    import pandas as pd

    from taglab.labels import Edit, LabelSpace

_SPACE = "{name, classes, tags, edits, made_by, rows: [{class, size, tags: [tag]}]}"


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "labels",
        help="label spaces: list, show, make, edit, import, export, targets, remove",
        description="Label spaces: classes, each a named set of tags, that a tagger is asked to predict.",
        fill=_fill,
        examples="""
taglab labels make top top50 -n 50
taglab labels make clusters genres -k 40 --holding rock --holding jazz
taglab labels edit genres merge rock metal
taglab labels edit genres undo
taglab labels show genres
taglab labels export genres --out genres.json
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the label spaces there are",
        description="List the saved label spaces.",
        returns="[{name, classes, tags, edits}]",
        fill=lambda own: finish(own, _list),
        examples="taglab labels list",
    )
    commands.add_parser(
        "show",
        help="the classes, and what they cover of a data set",
        description="Show the classes of a label space and what they cover of a data set. The imbalance "
        "ratio of a class is the largest class's tracks over its own.",
        returns="{name, data, share_of_counts, share_of_tracks, mean_imbalance_ratio, empty_classes, "
        "unknown_tags: [tag], shared_tags: [tag], made_by, edits: [text], rows: [{class, tags, known_tags, "
        "tracks, assignments, imbalance_ratio, members: [tag]}]}",
        fill=_fill_show,
        examples="taglab labels show genres --data mine --out classes.csv",
    )
    commands.add_parser(
        "make",
        help="make one of top tags, named tags or clusters",
        description="Make a label space and save it.",
        fill=_fill_make,
        examples="""
taglab labels make top top50 -n 50
taglab labels make tags moods happy sad calm
taglab labels make clusters genres -k 40 --holding rock --holding-file kept.txt
""",
    )
    commands.add_parser(
        "edit",
        help="move tags, rename, merge, drop, undo, redo",
        description="Change a saved label space by one step; every step can be undone.",
        fill=_fill_edit,
        examples="""
taglab labels edit genres move 'nu metal' --to rock
taglab labels edit genres rename rock Rock
taglab labels edit genres merge rock metal
taglab labels edit genres drop-tags --tags-file tags_remove.txt
taglab labels edit genres undo
""",
    )
    _add_exchange(commands)
    commands.add_parser(
        "remove",
        help="remove one for good",
        description="Remove a label space for good, with its steps.",
        returns="{removed}",
        fill=_fill_remove,
        examples="taglab labels remove genres",
    )


def _add_exchange(commands: Any) -> None:
    """Add the commands that read label spaces from elsewhere, or write what other programs take."""
    commands.add_parser(
        "import",
        help="read one from a file",
        description="Make a label space of a file: a label space that was exported, clusters as JSON "
        "(cluster to tags or tag to cluster), or a list with one tag a line (a class each).",
        returns=_SPACE,
        fill=_fill_import,
        examples="""
taglab labels import clusters.json --name published
taglab labels import clusters.json --genres genres.txt --name genres
""",
    )
    commands.add_parser(
        "export",
        help="write one to a file or to standard output",
        description="Write a label space: whole (what `labels import` reads), or its classes only.",
        returns="nothing else than without --json",
        fill=_fill_export,
        examples="taglab labels export genres --out genres.json\ntaglab labels export genres --as clusters",
    )
    commands.add_parser(
        "targets",
        help="which track is in which class",
        description="List which track of a data set is in which class: what a tagger learns from.",
        returns="{name, data, tracks, classes, pairs, rows: [{track, class}]}",
        fill=_fill_targets,
        examples="taglab labels targets genres --out targets.parquet",
    )


def _add_name(parser: argparse.ArgumentParser, what: str = "label space") -> None:
    parser.add_argument("name", metavar="NAME", help=what)


def _add_its_data(parser: Parser) -> None:
    parser.add_argument(
        "--data", metavar="NAME", help="data set (default: the one it was made from, else demo)"
    )


def _open(args: argparse.Namespace) -> LabelSpace:
    """Open a label space, and let `--data` be the data set it was made from where none is named."""
    from taglab.labels import open_label_space
    from taglab.sources import DEMO, folksonomy_names

    space, _ = open_label_space(args.name)
    if args.data is None:
        origin = space.made_by.get("data")
        args.data = origin if origin in folksonomy_names() else DEMO
    return space


def _fill_show(parser: Parser) -> None:
    _add_name(parser)
    _add_its_data(parser)
    finish(parser, _show)


def _fill_targets(parser: Parser) -> None:
    _add_name(parser)
    _add_its_data(parser)
    finish(parser, _targets)


def _fill_remove(parser: Parser) -> None:
    _add_name(parser)
    finish(parser, _remove, table=False)


def _fill_make(parser: Parser) -> None:
    commands = add_commands(parser, "made of")
    commands.add_parser(
        "top",
        help="the n most used tags, a class each",
        description="Make a class of each of the most used tags.",
        returns=_SPACE,
        fill=_fill_make_top,
        examples="taglab labels make top top50 -n 50",
    )
    commands.add_parser(
        "tags",
        help="named tags, a class each",
        description="Make a class of each named tag.",
        returns=_SPACE,
        fill=_fill_make_tags,
        examples="taglab labels make tags moods happy sad calm",
    )
    commands.add_parser(
        "clusters",
        help="clusters of tags",
        description="Cluster tags and make a class of each cluster, named after its most used tag.",
        returns=_SPACE,
        fill=_fill_make_clusters,
        examples="taglab labels make clusters genres -k 40 --holding rock --holding jazz",
    )


def _add_new(parser: Parser) -> None:
    _add_name(parser, "what to call it")
    parser.add_argument("--replace", action="store_true", help="replace one of the same name")


def _fill_make_top(parser: Parser) -> None:
    _add_new(parser)
    parser.add_argument("-n", type=whole(1), default=50, metavar="N", help="how many (default: 50)")
    parser.add_argument(
        "--without-file", type=Path, metavar="FILE", help="tags to leave out first, one a line"
    )
    add_data(parser)
    finish(parser, _make_top)


def _fill_make_tags(parser: Parser) -> None:
    _add_new(parser)
    add_tags(parser, "a tag that becomes a class")
    add_data(parser, min_count=False)
    finish(parser, _make_tags)


def _fill_make_clusters(parser: Parser) -> None:
    _add_new(parser)
    add_clustering(parser)
    group = parser.add_argument_group("which clusters")
    group.add_argument(
        "--holding",
        action="append",
        default=[],
        metavar="TAG",
        help="keep only clusters that hold one of these tags (may be given several times)",
    )
    group.add_argument("--holding-file", type=Path, metavar="FILE", help="more of them, one a line")
    finish(parser, _make_clusters)


def _fill_import(parser: Parser) -> None:
    parser.add_argument("path", type=Path, metavar="FILE")
    parser.add_argument("--name", required=True, help="what to call it")
    parser.add_argument(
        "--genres", type=Path, metavar="FILE", help="genres.txt of the thesis code: what to keep and merge"
    )
    parser.add_argument("--data", metavar="NAME", help="order and name classes by use in this data set")
    parser.add_argument("--replace", action="store_true", help="replace one of the same name")
    finish(parser, _import)


def _fill_export(parser: Parser) -> None:
    _add_name(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to FILE instead of standard output")
    parser.add_argument(
        "--as",
        dest="form",
        choices=sorted(_FORMS),
        default="space",
        help="space: all, with steps (default); clusters: JSON of class to tags; tags: one tag a line",
    )
    finish(parser, _export, table=False)


def _fill_edit(parser: Parser) -> None:
    _add_name(parser)
    commands = add_commands(parser, "steps")
    for name, (help_text, example, fill) in STEPS.items():
        commands.add_parser(
            name,
            help=help_text,
            description=f"{help_text[0].upper()}{help_text[1:]}.",
            returns=_SPACE,
            examples=f"taglab labels edit genres {name} {example}",
            fill=lambda own, fill=fill: _fill_step(own, fill),
        )


def _fill_step(parser: Parser, fill: Callable[[Parser], None]) -> None:
    fill(parser)
    parser.add_argument("--as", dest="save_as", metavar="NAME", help="save under another, new name")
    finish(parser, _edit)


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.labels import label_space_names, open_label_space

    opened, notes = openable(label_space_names(), open_label_space)
    rows = [(space.name, len(space), len(space.tags), len(space.edits)) for space, _ in opened]
    return Report(table=pd.DataFrame(rows, columns=["name", "classes", "tags", "edits"]), notes=notes)


def _described(space: LabelSpace, notes: tuple[str, ...] = ()) -> Report:
    import pandas as pd

    table = pd.DataFrame(
        {
            "class": list(space.names),
            "size": [len(each.tags) for each in space.classes],
            "tags": [list(each.tags) for each in space.classes],
        }
    )
    facts = {
        "name": space.name,
        "classes": len(space),
        "tags": len(space.tags),
        "edits": [edit.describe() for edit in space.edits],
        "made_by": dict(space.made_by),
    }
    return Report(facts, table, notes=notes)


def _show(args: argparse.Namespace) -> Report:
    import pandas as pd

    space = _open(args)
    with progress_bar() as progress:
        found = space.report(open_data(args, progress))
    members = pd.Series([list(each.tags) for each in space.classes], dtype=object)
    table = found.classes.assign(members=members)
    facts = {
        "name": space.name,
        "data": args.data,
        "share_of_counts": found.share_of_counts,
        "share_of_tracks": found.share_of_tracks,
        "mean_imbalance_ratio": found.mean_imbalance_ratio,
        "empty_classes": found.empty_classes,
        "unknown_tags": list(found.unknown_tags),
        "shared_tags": list(found.shared_tags),
        "made_by": dict(space.made_by),
        "edits": [edit.describe() for edit in space.edits],
    }
    return Report(facts, table)


def _saved(space: LabelSpace, args: argparse.Namespace) -> Report:
    save_space(space, args.replace)
    return _described(space, (f"saved as {space.name}",))


def _make_top(args: argparse.Namespace) -> Report:
    from taglab.labels import from_top_tags

    without = tags_in(args.without_file) if args.without_file is not None else ()
    with progress_bar() as progress:
        data = open_selected(args, progress)
    return _saved(from_top_tags(data.select_tags(without=without), args.n, args.name), args)


def _make_tags(args: argparse.Namespace) -> Report:
    from taglab.labels import from_tags

    tags = tags_of(args)
    with progress_bar() as progress:
        data = open_data(args, progress)
    return _saved(from_tags(data, tags, args.name), args)


def _make_clusters(args: argparse.Namespace) -> Report:
    from taglab.labels import from_clusters, keep_classes_with

    holding = list(args.holding)
    if args.holding_file is not None:
        holding += tags_in(args.holding_file)
    with progress_bar() as progress:
        data, _, clustering = clustered(args, progress)
    parameters = made_by(args, clustering)
    space = from_clusters(clustering.tags, clustering.labels, data.counts(), parameters, args.name)
    return _saved(keep_classes_with(space, holding) if holding else space, args)


def _edit(args: argparse.Namespace) -> Report:
    from taglab.labels import open_label_space, save_label_space

    space, revision = open_label_space(args.name)
    notes: tuple[str, ...] = ()
    if args.step == "undo":
        changed = space.undo()
    elif args.step == "redo":
        changed = space.redo()
    else:
        edit: Edit = args.step(args)
        changed = space.edit(edit)
        notes += _in_no_class(edit, space)
    if args.save_as is not None:
        changed = changed.renamed(args.save_as)
        save_label_space(changed)
    else:
        save_label_space(changed, revision)
    return _described(changed, (*notes, f"saved as {changed.name}"))


def _in_no_class(edit: Edit, space: LabelSpace) -> tuple[str, ...]:
    """Say how many tags of a list are in no class, and so did nothing."""
    from taglab.labels import DropTags, KeepTags

    if not isinstance(edit, (DropTags, KeepTags)):
        return ()
    absent = len(set(edit.tags).difference(space.tags))
    return (f"{absent:,} of the {len(edit.tags):,} tags are in no class and did nothing",) if absent else ()


def _import(args: argparse.Namespace) -> Report:
    with progress_bar() as progress:
        counts = None if args.data is None else open_data(args, progress).counts()
    space, notes = _read(args, counts)
    save_space(space, args.replace)
    return _described(space, (*notes, f"saved as {space.name}"))


def _read(args: argparse.Namespace, counts: pd.Series | None) -> tuple[LabelSpace, list[str]]:
    """Return what a file holds, whichever of the forms it has, and what is to be said of how it was read."""
    from taglab.labels import (
        from_classes,
        from_json,
        is_label_space,
        list_text,
        parse_clusters,
        parse_tag_list,
        read_genres_txt,
        select_genres,
    )
    from taglab.labels.importing import read_bytes

    data, source = read_bytes(args.path), str(args.path)
    origin = {"from": "file", "file": args.path.name}
    if is_label_space(data):
        if args.genres is not None:
            raise UsageError("--genres goes with clusters, and this file is a label space")
        return from_json(data, source).renamed(args.name), []
    _, notes = list_text(data, source)
    if args.path.suffix.lower() != ".json":
        if args.genres is not None:
            raise UsageError("--genres goes with clusters, a .json file")
        tags = {tag: [tag] for tag in parse_tag_list(data, source)}
        return from_classes(tags, counts, origin, args.name), notes
    clusters = parse_clusters(data, source)
    if args.genres is not None:
        clusters = select_genres(clusters, read_genres_txt(args.genres))
        origin["genres"] = args.genres.name
    return from_classes(clusters, counts, origin, args.name), notes


def _as_space(space: LabelSpace) -> str:
    from taglab.labels import to_json

    return to_json(space)


def _as_clusters(space: LabelSpace) -> str:
    import json

    classes = {each.name: list(each.tags) for each in space.classes}
    return json.dumps(classes, indent=1, ensure_ascii=False) + "\n"


def _as_tags(space: LabelSpace) -> str:
    return "".join(f"{tag}\n" for tag in space.tags)


_FORMS: dict[str, Callable[[LabelSpace], str]] = {
    "space": _as_space,
    "clusters": _as_clusters,
    "tags": _as_tags,
}


def _export(args: argparse.Namespace) -> Report:
    from taglab.cache import replacing
    from taglab.labels import open_label_space

    space, _ = open_label_space(args.name)
    text = _FORMS[args.form](space)
    if args.out is None:
        return Report(text=text)
    with replacing(args.out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Report({"name": space.name, "file": str(args.out)})


def _targets(args: argparse.Namespace) -> Report:
    import numpy as np
    import pandas as pd

    space = _open(args)
    with progress_bar() as progress:
        data = open_data(args, progress)
    matrix = space.targets(data)
    rows = np.repeat(np.arange(data.n_tracks), np.diff(matrix.indptr))
    table = pd.DataFrame(
        {
            "track": data.tracks["track"].to_numpy()[rows],
            "class": np.array(space.names, dtype=object)[matrix.indices],
        }
    )
    facts = {
        "name": space.name,
        "data": args.data,
        "tracks": data.n_tracks,
        "classes": len(space),
        "pairs": len(table),
    }
    return Report(facts, table)


def _remove(args: argparse.Namespace) -> Report:
    from taglab.labels import delete_label_space

    delete_label_space(args.name)
    return Report({"removed": args.name})
