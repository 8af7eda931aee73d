"""`taglab cache`: what lies in the cache folder, and making room there."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from taglab.cli.options import Parser, add_commands, finish
from taglab.cli.report import Report

if TYPE_CHECKING:
    from taglab.cache import Content

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 86_400.0, "w": 604_800.0}
_WHAT = {"left-over": "left over", "derived": "derived", "trash": "trash", "downloads": "downloads"}


def add_to(commands: Any) -> None:
    """Add the commands of this module."""
    commands.add_parser(
        "cache",
        help="what the cache folder holds, and making room in it",
        description="The cache folder: what is yours, what can be made again, and what is left over. Derived "
        "results are held below TAGLAB_DERIVED_LIMIT (20G where it is not set; 0 keeps all).",
        fill=_fill,
        examples="taglab cache show\ntaglab cache prune --dry-run\ntaglab cache prune --older-than 30d",
    )


def _fill(parser: Parser) -> None:
    commands = add_commands(parser)
    commands.add_parser(
        "show",
        help="how large what is, by kind",
        description="List what the cache folder holds by kind: how much, when it was last used, and whether "
        "it is yours (never pruned), derived (computed again when it is wanted), downloads (fetched again), "
        "trash (deleted runs) or left over (of processes that were killed).",
        returns="{folder, bytes, size, limit, rows: [{what, kind, count, bytes, size, used}]}; with "
        "--entries rows of {what, kind, name, bytes, size, used}",
        fill=_fill_show,
        examples="taglab cache show\ntaglab cache show --entries --json",
    )
    commands.add_parser(
        "prune",
        help="remove what can be made again, least recently used first",
        description="Remove what killed processes left over, and of derived results what is beyond their "
        "limit, the least recently used first. What is yours, and what a living process writes, is never "
        "touched.",
        returns="{freed, bytes, removed, dry_run, rows: [{what, kind, name, bytes, size, used}]}",
        fill=_fill_prune,
        examples="""
taglab cache prune --dry-run
taglab cache prune --older-than 30d
taglab cache prune --what derived --to 2G
taglab cache prune --what trash --older-than 90d
""",
    )


def _fill_show(parser: Parser) -> None:
    parser.add_argument("--entries", action="store_true", help="a row for each thing, largest first")
    finish(parser, _show)


def _fill_prune(parser: Parser) -> None:
    parser.add_argument(
        "--what",
        action="append",
        choices=list(_WHAT),
        help="what may go (may be given again; default: left-over and derived)",
    )
    parser.add_argument(
        "--older-than", type=_age, metavar="AGE", help="what was not used for so long: 12h, 30d, 8w"
    )
    parser.add_argument(
        "--to", type=_size, metavar="SIZE", help="until so much of it is left: 500M, 20G; 0 removes all of it"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    finish(parser, _prune)


def _age(text: str) -> float:
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} must be a number with s, m, h, d or w, such as 30d")
    return float(match[1]) * _SECONDS[match[2].lower()]


def _size(text: str) -> int:
    from taglab.cache import size_of_text
    from taglab.errors import InvalidSetting

    try:
        return size_of_text(text)
    except InvalidSetting as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _show(args: argparse.Namespace) -> Report:
    from taglab import cache

    things = cache.contents()
    limit = cache.limit_bytes()
    facts = {
        "folder": str(cache.home()),
        "bytes": sum(one.size_bytes for one in things),
        "size": cache.size_text(sum(one.size_bytes for one in things)),
        "limit": cache.size_text(limit) if limit else "none",
    }
    return Report(facts, _entries(things) if args.entries else cache.sizes(things))


def _entries(things: list[Content]) -> Any:
    import pandas as pd

    from taglab import cache

    rows = [
        {
            "what": one.what,
            "kind": one.kind,
            "name": one.path.name,
            "bytes": one.size_bytes,
            "size": cache.size_text(one.size_bytes),
            "used": cache.moment_text(one.used_at),
        }
        for one in sorted(things, key=lambda one: -one.size_bytes)
    ]
    return pd.DataFrame(rows, columns=["what", "kind", "name", "bytes", "size", "used"])


def _prune(args: argparse.Namespace) -> Report:
    from taglab import cache

    what = [_WHAT[name] for name in args.what or ("left-over", "derived")]
    plan = cache.plan_pruning(what, args.older_than, args.to)  # type: ignore[arg-type]
    done = plan if args.dry_run else cache.prune(plan)
    facts = {
        "freed": cache.size_text(done.freed_bytes),
        "bytes": done.freed_bytes,
        "removed": len(done.removed),
        "dry_run": args.dry_run,
    }
    return Report(facts, _entries(list(done.removed)), notes=done.failed)
