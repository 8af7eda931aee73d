"""`TagMap`: what became of every tag, as a table that can be applied, written and read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from taglab.cleaning.plan import DROP, KEEP, MERGE
from taglab.cleaning.spelling import words
from taglab.dropped import Dropped
from taglab.errors import DataError, NotFound
from taglab.folksonomy import Folksonomy
from taglab.reprs import one_line

_COLUMNS = ("tag", "action", "target", "category", "step", "reason")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_EMPTY = "\\e"  # a tag of no letters; an empty target is none
_UNESCAPES = {written: meant for meant, written in _ESCAPES.items()} | {_EMPTY: ""}


@dataclass(frozen=True, eq=False)
class TagMap:
    """What became of every tag.

    Attributes:
        table: One row a tag: `tag`, `action` (keep, merge, drop), `targets` (tuple: itself where kept,
            nothing where dropped, itself and others where it stays and they are added), `category` (of a tag
            that is among its own targets; empty where it has none), `step` (the steps that changed it, by
            number and kind), `reason`. Tags that are new stand last, as kept. A tag that others merge into is
            kept, so that applying the map again changes nothing.
    """

    table: pd.DataFrame

    __repr__ = one_line

    @property
    def mapping(self) -> dict[str, tuple[str, ...]]:
        """Tags that merge or are dropped → what they become."""
        moved = self.table[self.table["action"] != KEEP]
        return dict(zip(moved["tag"], moved["targets"], strict=True))

    @property
    def categories(self) -> dict[str, str]:
        """Tags that are kept, or stay and add others → their category, where they have one."""
        rows = zip(*(self.table[name] for name in ("tag", "targets", "category")), strict=True)
        return {tag: category for tag, targets, category in rows if category and tag in targets}

    def into(self, target: str) -> pd.DataFrame:
        """Return what went into a tag: the rows of `table` with it among their targets, itself left out.

        Raises:
            NotFound: If nothing has it as its target.
        """
        chosen = [target in targets for targets in self.table["targets"]]
        if not any(chosen):
            raise NotFound(f"no tag became {target!r}; it was merged or dropped itself, or never there")
        rows = self.table[chosen]
        return rows[rows["tag"] != target].reset_index(drop=True)

    def spelling_of(self, tag: str) -> str:
        """Return the target that reads as a tag: itself where it is one, else the one of most tags.

        Case, hyphens and the like are left aside. A tag that none reads as is returned as it is.
        """
        targets = self.table["targets"].explode().dropna().value_counts()
        if tag in targets.index:
            return tag
        form = words(tag)
        return next((target for target in targets.index if words(target) == form), tag)

    def to_tsv(self) -> str:
        """Return text, one row a tag and target; tab, line end and empty tag are written \\t, \\n, \\e."""
        lines = ["\t".join(_COLUMNS)]
        names = ("tag", "action", "targets", "category", "step", "reason")
        for tag, action, targets, *rest in zip(*(self.table[name] for name in names), strict=True):
            for target in [_escaped(one) or _EMPTY for one in targets] or [""]:
                lines.append("\t".join((_escaped(tag) or _EMPTY, action, target, *map(_escaped, rest))))
        return "\n".join(lines) + "\n"


def _escaped(field: str) -> str:
    return re.sub(r"[\\\t\n\r]", lambda match: _ESCAPES[match[0]], field)


def _unescaped(field: str) -> str:
    return re.sub(r"\\[\\tnre]", lambda match: _UNESCAPES[match[0]], field)


def parse_tsv(data: bytes, source: str) -> TagMap:
    """Read what `TagMap.to_tsv` wrote, or any such table made by hand.

    Args:
        data: Content of the file: a head line with at least tag, action and target, then one row a pair.
        source: Its name, for messages.

    Raises:
        DataError: If it is not such a table, says two things of one tag, or has a target that does not go
            with the action: merge must have one, drop none, keep none or the tag itself.
    """
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(source, f"is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    head = lines[0].rstrip("\r").split("\t")
    if not {"tag", "action", "target"} <= set(head):
        raise DataError(source, "must begin with a line that names the columns tag, action and target", 1)
    rows: dict[str, dict[str, str]] = {}
    targets: dict[str, list[str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip("\r"):
            row = _row(line.rstrip("\r"), head, source, number)
            known = rows.setdefault(row["tag"], row)
            if known["action"] != row["action"] or (known is not row and row["action"] != MERGE):
                raise DataError(source, f"says two things of the tag {row['tag']!r}", number)
            targets.setdefault(row["tag"], []).extend([row["target"]] if row["action"] == MERGE else [])
    return TagMap(
        pd.DataFrame(
            {
                "tag": list(rows),
                "action": [row["action"] for row in rows.values()],
                "targets": [
                    (tag,) if row["action"] == KEEP else tuple(dict.fromkeys(targets[tag]))
                    for tag, row in rows.items()
                ],
                **{
                    name: [row.get(name, "") for row in rows.values()]
                    for name in ("category", "step", "reason")
                },
            }
        )
    )


def _row(line: str, head: list[str], source: str, number: int) -> dict[str, str]:
    fields = line.split("\t")
    if len(fields) != len(head):
        raise DataError(source, f"has {len(fields)} fields where the head line has {len(head)}", number)
    written = dict(zip(head, fields, strict=True))
    row = {name: _unescaped(field) for name, field in written.items()}
    action, has_target = row["action"], bool(written["target"])
    if action not in (KEEP, MERGE, DROP):
        raise DataError(source, f"action={action!r} must be keep, merge or drop", number)
    if action == MERGE and not has_target:
        raise DataError(source, f"merges {row['tag']!r} into nothing; name a target, or drop it", number)
    if action == DROP and has_target:
        raise DataError(source, f"drops {row['tag']!r} and names a target; leave it empty, or merge", number)
    if action == KEEP and has_target and row["target"] != row["tag"]:
        raise DataError(source, f"keeps {row['tag']!r} and names another target; merge it instead", number)
    return row


def remap(folksonomy: Folksonomy, mapping: Mapping[str, tuple[str, ...]]) -> Folksonomy:
    """Return the folksonomy with tags replaced by what they become.

    Of a track that had several tags which become one, it has that once, at the largest of their weights.
    Tags that are new come with missing values in whatever columns the source added.

    Args:
        folksonomy: Any.
        mapping: Tag → tags; nothing drops it; a tag not named stays.
    """
    tags = folksonomy.tags["tag"].tolist()
    becomes = [mapping.get(tag, (tag,)) for tag in tags]
    place = {tag: row for row, tag in enumerate(tags)}
    final = dict.fromkeys(target for targets in becomes for target in targets)
    codes = {target: code for code, target in enumerate(final)}
    sizes = np.fromiter(map(len, becomes), np.int64, len(becomes))
    flat = np.fromiter((codes[target] for targets in becomes for target in targets), np.int64, sizes.sum())
    pairs = folksonomy.matrix.tocoo()
    repeats = sizes[pairs.col]
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    starts = np.cumsum(sizes) - sizes
    old = folksonomy.tags.drop(columns=["count", "artists", "tag"])
    table = old.reindex([place.get(tag, -1) for tag in final]).reset_index(drop=True)
    table.insert(0, "tag", pd.Series(list(final), dtype="str"))
    return Folksonomy.from_codes(
        folksonomy.name,
        folksonomy.tracks,
        table,
        np.repeat(pairs.row, repeats),
        flat[np.repeat(starts[pairs.col], repeats) + within],
        np.repeat(pairs.data, repeats),
        (*folksonomy.dropped, *_notes(tags, becomes)),
    )


def _notes(tags: list[str], becomes: list[tuple[str, ...]]) -> list[Dropped]:
    dropped = [tag for tag, targets in zip(tags, becomes, strict=True) if not targets]
    merged = [tag for tag, targets in zip(tags, becomes, strict=True) if targets and tag not in targets]
    return [
        Dropped(reason, len(those), "tags", tuple(those[:5]))
        for reason, those in (("dropped by cleaning", dropped), ("merged by cleaning", merged))
        if those
    ]
