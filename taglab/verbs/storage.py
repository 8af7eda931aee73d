"""What lies in the cache folder, and making room there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, cast

import pandas as pd
from pydantic import AfterValidator, BeforeValidator

from taglab import cache
from taglab.cache import Content, size_of_text
from taglab.progress import Progress
from taglab.settings import Flag
from taglab.verbs.question import Question
from taglab.verbs.report import Report

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 86_400.0, "w": 604_800.0}


def _age_s(text: str) -> float:
    """Return seconds of a text such as 30d."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise ValueError("must be a number with s, m, h, d or w, such as 30d")
    return float(match[1]) * _SECONDS[match[2].lower()]


def _age(text: str) -> str:
    """Let a text pass that tells an age."""
    _age_s(text)
    return text


def _bytes_of(text: object) -> object:
    """Return bytes of a text such as 20G."""
    return size_of_text(text) if isinstance(text, str) else text


class Show(Question):
    """List what the cache folder holds by kind: how much, when it was last used, and whether it is yours
    (never pruned), derived (computed again when it is wanted), downloads (fetched again), trash (deleted
    runs) or left over (of processes that were killed).

    Attributes:
        entries: List every single thing, largest first, not the kinds.
    """

    returns: ClassVar[str] = (
        "{folder, bytes, size, limit, rows: [{what, kind, count, bytes, size, used}]}; with --entries rows "
        "of {what, kind, name, bytes, size, used}"
    )
    examples: ClassVar[str] = "taglab cache show\ntaglab cache show --entries --json"

    entries: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return a row for every kind, or entry."""
        contents = cache.contents()
        limit = cache.limit_bytes()
        size_bytes = sum(one.size_bytes for one in contents)
        facts = {
            "folder": str(cache.home()),
            "bytes": size_bytes,
            "size": cache.size_text(size_bytes),
            "limit": cache.size_text(limit) if limit else "none",
        }
        return Report(facts, _entries(contents) if self.entries else cache.sizes(contents))


class Prune(Question):
    """Remove what killed processes left over, and of derived results what is beyond their limit, the least
    recently used first. What is yours, and what a living process writes, is never touched.

    Attributes:
        what: What may go (may be given again).
        older_than: What was not used for so long: 12h, 30d, 8w.
        keep: Until so much of it is left: 500M, 20G; 0 removes all of it.
        dry_run: Only say what would go.
    """

    returns: ClassVar[str] = "{freed, bytes, removed, dry_run, rows: [{what, kind, name, bytes, size, used}]}"
    examples: ClassVar[str] = """
taglab cache prune --dry-run
taglab cache prune --older-than 30d
taglab cache prune --what derived --to 2G
taglab cache prune --what trash --older-than 90d
"""

    what: Annotated[tuple[Literal["left-over", "derived", "trash", "downloads"], ...], Flag(several=True)] = (
        "left-over",
        "derived",
    )
    older_than: Annotated[str | None, Flag(metavar="AGE"), AfterValidator(_age)] = None
    keep: Annotated[int | None, Flag("--to", metavar="SIZE"), BeforeValidator(_bytes_of)] = None
    dry_run: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what went, or would go."""
        what = cast(Any, [name.replace("-", " ") for name in self.what])
        older_than_s = None if self.older_than is None else _age_s(self.older_than)
        plan = cache.plan_pruning(what, older_than_s, self.keep)
        done = plan if self.dry_run else cache.prune(plan)
        facts = {
            "freed": cache.size_text(done.freed_bytes),
            "bytes": done.freed_bytes,
            "removed": len(done.removed),
            "dry_run": self.dry_run,
        }
        return Report(facts, _entries(done.removed), notes=done.failed)


def _entries(contents: Sequence[Content]) -> pd.DataFrame:
    rows = [
        {
            "what": one.what,
            "kind": one.kind,
            "name": one.path.name,
            "bytes": one.size_bytes,
            "size": cache.size_text(one.size_bytes),
            "used": cache.moment_text(one.used_at),
        }
        for one in sorted(contents, key=lambda one: -one.size_bytes)
    ]
    return pd.DataFrame(rows, columns=["what", "kind", "name", "bytes", "size", "used"])
