"""`taglab data`: data sets, and what is in them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taglab.cli.loading import open_data, select
from taglab.cli.options import (
    Parser,
    add_commands,
    add_data,
    add_settings,
    finish,
    settings_of,
    whole,
)
from taglab.cli.progress import progress_bar
from taglab.cli.report import Report, dropped

if TYPE_CHECKING:
    from taglab.folksonomy import Folksonomy
    from taglab.interactions import Interactions


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "data",
        help="data sets: list, add, show, co-tags, remove",
        description="Data sets: tracks, the tags listeners gave them, and how often.",
        fill=_fill,
        examples="""
taglab data sources
taglab data add lastfm lastfm_tags.db --name lastfm --min-weight 10
taglab data add table listening.csv --name mine --tag genre
taglab data show mine
taglab data co-tags jazz --data mine
""",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "list",
        help="the data sets there are",
        description="List the data sets that were added; the demo is always there.",
        returns="[{name, tracks, tags, assignments}], null where the demo was not yet used",
        fill=lambda own: finish(own, _list),
        examples="taglab data list\ntaglab data list --json",
    )
    commands.add_parser(
        "sources",
        help="the kinds of data that can be read",
        description="List the kinds of data that `taglab data add` reads, and what each needs.",
        returns="[{source, reads, about, files, download}]",
        fill=lambda own: finish(own, _sources),
        examples="taglab data sources",
    )
    commands.add_parser(
        "add",
        help="read a data set and keep it under a name",
        description="Read a data set and keep it under a name; one of the same name is replaced.",
        fill=_fill_add,
        examples="""
taglab data add lastfm lastfm_tags.db --name lastfm --min-weight 10
taglab data add table tags.csv --name mine --plays listening.csv
taglab data add jamendo splits/ --name jamendo --categories genre
""",
    )
    commands.add_parser(
        "show",
        help="what a data set holds",
        description="Show a data set's size, what was dropped when it was read, and its most used tags.",
        returns="{name, tracks, tags, assignments, artists, shown_tags, read: [sentence], "
        "dropped: [{count, what, reason, examples}], rows: [{tag, count, artists, ...}]}, and where there "
        "are plays {users, played_tracks, interactions, density}",
        fill=_fill_show,
        examples="taglab data show demo\ntaglab data show demo --min-count 20 --out tags.csv",
    )
    commands.add_parser(
        "co-tags",
        help="the tags found on the same tracks as a tag",
        description="List the tags found on the same tracks as a tag, most shared first.",
        returns="[{tag, together, share, lift}]",
        fill=_fill_co_tags,
        examples="taglab data co-tags rock -n 10",
    )
    commands.add_parser(
        "remove",
        help="remove a data set from the cache",
        description="Remove a data set from the cache; the file it was read from is not touched.",
        returns="{removed}",
        fill=_fill_remove,
        examples="taglab data remove mine",
    )


def _fill_add(parser: Parser) -> None:
    from taglab.sources import SOURCES

    commands = parser.add_subparsers(title="sources", metavar="SOURCE", required=True, parser_class=Parser)
    for name, source in SOURCES.items():
        commands.add_parser(
            name,
            help=source.about,
            description=f"{source.title}: {source.about}",
            returns="{name, tracks, tags, assignments, read: [sentence], "
            "dropped: [{reason, count, what, examples}]}, and where there are plays {users, played_tracks, "
            "interactions, density}",
            examples=source.example,
            fill=lambda own, source=source: _fill_source(own, source),
        )


def _fill_source(parser: Parser, source: Any) -> None:
    if source.files:
        download = "; downloaded where it is not given" if source.remote else ""
        parser.add_argument(
            "path",
            type=Path,
            metavar="PATH",
            nargs="?" if source.remote else None,
            help=f"{source.files}{download}".replace("%", "%%"),
        )
    parser.add_argument("--name", required=True, help="what to call it from now on")
    add_settings(parser.add_argument_group("how it is read"), source.settings)
    parser.set_defaults(source=source, path=None)
    finish(parser, _add, table=False)


def _fill_show(parser: Parser) -> None:
    parser.add_argument("data", metavar="NAME", nargs="?", default="demo", help="data set (default: demo)")
    parser.add_argument(
        "--min-count", type=whole(1), default=1, metavar="N", help="only tags of N tracks or more"
    )
    parser.add_argument(
        "--find", default="", metavar="TEXT", help="only tags that contain TEXT, whatever the case"
    )
    finish(parser, _show)


def _fill_co_tags(parser: Parser) -> None:
    parser.add_argument("tag", metavar="TAG")
    parser.add_argument("-n", type=whole(1), default=20, metavar="N", help="how many (default: 20)")
    add_data(parser, min_count=False)
    finish(parser, _co_tags)


def _fill_remove(parser: Parser) -> None:
    parser.add_argument("data", metavar="NAME", help="data set")
    finish(parser, _remove, table=False)


def _list(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab import cache, sources

    rows = []
    for name in sources.folksonomy_names():
        path = cache.Shelf(cache.FOLKSONOMIES).path(name) / "manifest.json"
        manifest = _manifest(path)
        rows.append({"name": name, **{key: manifest.get(key) for key in ("tracks", "tags", "assignments")}})
    return Report(
        table=pd.DataFrame(rows).astype({"tracks": "Int64", "tags": "Int64", "assignments": "Int64"})
    )


def _manifest(path: Path) -> dict[str, Any]:
    """Return what a saved data set says of itself; nothing where it is not there or cannot be read."""
    from taglab.cache import read_object
    from taglab.errors import DataError

    try:
        return read_object(path)
    except DataError:
        return {}


def _sources(args: argparse.Namespace) -> Report:
    import pandas as pd

    from taglab.sources import SOURCES

    rows = [
        {
            "source": name,
            "reads": ", ".join(one.reads),
            "download": bool(one.remote),
            "about": one.about,
            "files": one.files,
        }
        for name, one in SOURCES.items()
    ]
    return Report(table=pd.DataFrame(rows))


def _add(args: argparse.Namespace) -> Report:
    from taglab import sources

    settings = settings_of(args, args.source.settings)
    if settings == args.source.settings():
        settings = None
    with progress_bar() as progress:
        data = sources.add(args.source.name, args.path, args.name, settings, progress)
    return Report(
        {
            "name": data.name,
            "tracks": data.n_tracks,
            "tags": data.n_tags,
            "assignments": data.n_assignments,
            **_how_read(data, sources.plays_of(data.name)),
        }
    )


def _how_read(data: Folksonomy, plays: Interactions | None) -> dict[str, Any]:
    """Return how many played what, and how all was read, with what was left out."""
    return {
        **({} if plays is None else plays.facts()),
        "read": [*data.reading, *(() if plays is None else plays.reading)],
        "dropped": dropped([*data.dropped, *(() if plays is None else plays.dropped)]),
    }


def _show(args: argparse.Namespace) -> Report:
    from taglab import sources

    with progress_bar() as progress:
        data = open_data(args, progress)
        selected = select(data, args.min_count)
    first = ["tag", "count", "artists"]
    shown = selected.tags[selected.tags["tag"].str.casefold().str.contains(args.find.casefold(), regex=False)]
    artists = data.tracks["artist"].nunique() if data.knows_artists else None
    return Report(
        {
            "name": data.name,
            "tracks": data.n_tracks,
            "tags": data.n_tags,
            "assignments": data.n_assignments,
            "artists": artists,
            "shown_tags": len(shown),
            **_how_read(data, sources.plays_of(args.data)),
        },
        shown[first + [name for name in shown.columns if name not in first]],
    )


def _co_tags(args: argparse.Namespace) -> Report:
    with progress_bar() as progress:
        return Report(table=open_data(args, progress).co_tags(args.tag).head(args.n))


def _remove(args: argparse.Namespace) -> Report:
    from taglab import cache

    cache.Shelf(cache.FOLKSONOMIES).delete(args.data)
    return Report({"removed": args.data})
