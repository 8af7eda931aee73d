"""What the cache holds, by kind, and making room: what can be made again goes, least recently used first."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from taglab.cache.locks import holds_the_only_copy, is_left_over
from taglab.cache.places import (
    AUDIO,
    CLEANINGS,
    DERIVED,
    DESIGNS,
    DOWNLOADS,
    FEATURES,
    FOLKSONOMIES,
    JOINT_SPACES,
    LABEL_SPACES,
    RECOMMENDERS,
    RUNS,
    TRASH,
    UPLOADS,
    VECTORS,
    home,
)
from taglab.errors import InvalidSetting
from taglab.reprs import one_line

if TYPE_CHECKING:
    import pandas as pd

Class = Literal["yours", "derived", "downloads", "trash", "left over", "taglab's own"]
"""What may become of a thing: "yours" and "taglab's own" are never pruned; "derived" is computed again when
it is wanted, "downloads" are fetched again, "trash" holds deleted runs; processes left "left over" behind."""

PRUNABLE: tuple[Class, ...] = ("left over", "derived", "trash", "downloads")
_SHELVES = (
    *(FOLKSONOMIES, VECTORS, FEATURES, LABEL_SPACES, JOINT_SPACES, RECOMMENDERS, DESIGNS, CLEANINGS),
    *(AUDIO, RUNS),
)
_DEFAULT_LIMIT_BYTES = 20 << 30
_SHARE_KEPT = 0.9  # of the limit remains, so that not every result makes room anew
_IN_USE_S = 600.0  # what was used a moment ago may be about to be opened
_LOOK_AGAIN_S = 600.0
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*(|[kmgt]i?b?|b)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


@dataclass(frozen=True, eq=False)
class Content:
    """A thing of the cache, as it is made, used and removed: a data set, a run, a derived result.

    Attributes:
        path: The file or folder.
        what: What may become of it.
        kind: What it is: the name of a shelf, of a kind of derived results, or of another folder.
        size_bytes: What removing it would free; a file that has a second name elsewhere counts once, there
            where it is a user's.
        used_at: When it was last written, and of what is derived, asked for; in seconds since 1970.
    """

    path: Path
    what: Class
    kind: str
    size_bytes: int
    used_at: float

    __repr__ = one_line


def contents() -> list[Content]:
    """Return all that the cache holds."""
    seen: set[tuple[int, int]] = set()
    # What is left over inside of other things is counted first; of the rest, what is the user's.
    places = sorted(_places(home()), key=lambda place: place[1] != "left over")
    return [
        Content(path, what, kind, *_measure(path, seen))
        for path, what, kind in places
        if os.path.lexists(path)
    ]


def _places(root: Path) -> Iterator[tuple[Path, Class, str]]:
    """Give path, what may become of it and kind of everything, what is the user's first."""
    hidden: list[Path] = []
    for kind in _SHELVES:
        for entry in _entries(root / kind):
            if entry.name.startswith("."):
                hidden.append(entry)
                continue
            yield entry, "yours", kind
            hidden += _hidden_in(entry, depth=2)
    for entry in _entries(root / TRASH):
        yield entry, "trash", TRASH
    for entry in _entries(root / DOWNLOADS):
        yield entry, "downloads", DOWNLOADS
    for entry in _entries(root):
        if entry.name not in (*_SHELVES, TRASH, DOWNLOADS, DERIVED, UPLOADS):
            yield entry, "taglab's own", entry.name if entry.is_dir() else "settings"
    for kind_folder in _entries(root / DERIVED):
        for part in _entries(kind_folder):
            for entry in _entries(part) if part.is_dir() else ():
                if entry.name.startswith("."):
                    hidden.append(entry)
                else:
                    yield entry, "derived", kind_folder.name
                    hidden += _hidden_in(entry, depth=1)
    for entry in [*hidden, *_entries(root / UPLOADS)]:
        if entry.is_dir() and _may_go(entry):
            yield entry, "left over", "scratch"


def _may_go(scratch: Path) -> bool:
    return is_left_over(scratch) and not holds_the_only_copy(scratch)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _hidden_in(folder: Path, depth: int) -> list[Path]:
    """Return hidden folders in a folder, where files of a value are replaced one by one."""
    if not folder.is_dir() or not depth:
        return []
    inside = [entry for entry in _entries(folder) if entry.is_dir()]
    below = [
        path for entry in inside if not entry.name.startswith(".") for path in _hidden_in(entry, depth - 1)
    ]
    return [entry for entry in inside if entry.name.startswith(".")] + below


def _measure(path: Path, seen: set[tuple[int, int]]) -> tuple[int, float]:
    """Return bytes that were not counted before, and the time of the last use."""
    size, used_at = 0, 0.0
    for state in _states(path):
        used_at = max(used_at, state.st_mtime)
        if (state.st_dev, state.st_ino) not in seen:
            seen.add((state.st_dev, state.st_ino))
            size += state.st_size
    return size, used_at


def _states(path: Path) -> Iterator[os.stat_result]:
    for place in [path, *(path.rglob("*") if path.is_dir() and not path.is_symlink() else ())]:
        try:
            state = place.lstat()
        except OSError:  # removed meanwhile
            continue
        yield state


def limit_bytes() -> int:
    """Return how much derived results may take: TAGLAB_DERIVED_LIMIT ("50G"), else 20 GiB; 0 keeps all.

    Raises:
        InvalidSetting: If it is no size.
    """
    text = os.environ.get("TAGLAB_DERIVED_LIMIT", "")
    return size_of_text(text) if text.strip() else _DEFAULT_LIMIT_BYTES


def size_of_text(text: str) -> int:
    """Return the bytes of a size as people write it: "500M", "20 GiB", "1000000".

    Raises:
        InvalidSetting: If it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidSetting(f"size={text!r} must be a number, and a unit if need be: 500M, 20G, 1.5T")
    return int(float(match[1]) * _UNITS[match[2][:1].lower()])


def size_text(size_bytes: float) -> str:
    """Return a size as people read it: "1.5 GiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} TiB"


def sizes(of: Sequence[Content]) -> pd.DataFrame:
    """Return what the cache holds by kind.

    Args:
        of: As `contents` gives it.

    Returns:
        Columns `what`, `kind`, `count`, `bytes`, `size` (as text) and `used` (the last time, ISO 8601, UTC);
        the largest kinds first.
    """
    import pandas as pd

    kinds: dict[tuple[str, str], list[Content]] = {}
    for one in of:
        kinds.setdefault((one.what, one.kind), []).append(one)
    rows = [
        {
            "what": what,
            "kind": kind,
            "count": len(ones),
            "bytes": sum(one.size_bytes for one in ones),
            "size": size_text(sum(one.size_bytes for one in ones)),
            "used": moment_text(max(one.used_at for one in ones)),
        }
        for (what, kind), ones in kinds.items()
    ]
    table = pd.DataFrame(rows, columns=["what", "kind", "count", "bytes", "size", "used"])
    return table.sort_values("bytes", ascending=False, kind="stable", ignore_index=True)


def moment_text(seconds: float) -> str:
    """Return a moment, in seconds since 1970, in ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Pruning:
    """What pruning removes, or would.

    Attributes:
        removed: In the order in which it goes.
        failed: Sentences on what could not be removed.
    """

    removed: tuple[Content, ...]
    failed: tuple[str, ...] = field(default=())

    __repr__ = one_line

    @property
    def freed_bytes(self) -> int:
        return sum(content.size_bytes for content in self.removed)


def plan_pruning(
    what: Sequence[Class] = ("left over", "derived"),
    older_than_s: float | None = None,
    to_bytes: int | None = None,
    of: Sequence[Content] | None = None,
) -> Pruning:
    """Return what `prune` would remove.

    What is left over of killed processes goes whole. Of the rest goes what was not used for `older_than_s`,
    and, least recently used first, what is beyond `to_bytes`. With neither, derived results are brought
    within their limit, and of the trash and the downloads, named on purpose, everything goes.

    Args:
        what: Some of `PRUNABLE`.
        older_than_s: Seconds since the last use.
        to_bytes: How much of it may remain.
        of: The contents, where they are known.

    Raises:
        InvalidSetting: If something is named that is never pruned.
    """
    never = [one for one in what if one not in PRUNABLE]
    if never:
        raise InvalidSetting(f"what={never[0]!r} is never pruned; there are: {', '.join(PRUNABLE)}")
    candidates = sorted((one for one in (of or contents()) if one.what in what), key=lambda one: one.used_at)
    removed = [one for one in candidates if one.what == "left over"]
    rest = [one for one in candidates if one.what != "left over"]
    if older_than_s is None and to_bytes is None:
        removed += [one for one in rest if one.what != "derived"]
        limit = limit_bytes()
        rest = [one for one in rest if one.what == "derived"]
        removed += _beyond(rest, limit, limit) if limit else []
    else:
        old = [one for one in rest if older_than_s is not None and time.time() - one.used_at > older_than_s]
        removed += old
        going = {one.path for one in old}
        left = [one for one in rest if one.path not in going]
        removed += _beyond(left, to_bytes, to_bytes) if to_bytes is not None else []
    return Pruning(tuple(removed))


def _beyond(oldest_first: Sequence[Content], limit: int, down_to: float) -> list[Content]:
    """Return what must go, the least recently used first, for the rest to be small enough."""
    size = sum(one.size_bytes for one in oldest_first)
    beyond: list[Content] = []
    if size <= limit:
        return beyond
    for one in oldest_first:
        if size <= down_to:
            break
        beyond.append(one)
        size -= one.size_bytes
    return beyond


def prune(plan: Pruning) -> Pruning:
    """Remove what a plan names; what cannot be removed is told, and the rest goes all the same."""
    removed, failed = [], []
    for content in plan.removed:
        if content.what == "left over" and not _may_go(content.path):
            continue  # its name was given anew meanwhile
        try:
            if content.what == "derived" and content.path.lstat().st_mtime > content.used_at:
                continue  # somebody has asked for it since
            _remove(content.path)
            removed.append(content)
        except FileNotFoundError:
            continue
        except OSError as error:
            failed.append(f"{content.path}: cannot be removed ({error.strerror or error})")
    return Pruning(tuple(removed), tuple(failed))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


class _Watch:
    """How much derived results take, about: measured now and then, and added to in between."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.root: Path | None = None
        self.measured_at = 0.0
        self.bytes = 0


_watch = _Watch()


def heed_limit(path: Path) -> None:
    """Make room after a derived result was written, where all of them take more than their limit.

    Args:
        path: What was written; neither it nor what was used in the last minutes goes.
    """
    limit = limit_bytes()
    if not limit or not _watch.lock.acquire(blocking=False):  # somebody makes room already
        return
    try:
        now, root = time.monotonic(), home()
        if _watch.root == root and now - _watch.measured_at < _LOOK_AGAIN_S:
            _watch.bytes += _measure(path, set())[0]
            if _watch.bytes <= limit:
                return
        derived = sorted((one for one in contents() if one.what == "derived"), key=lambda one: one.used_at)
        unused = [one for one in derived if time.time() - one.used_at > _IN_USE_S and one.path != path]
        in_use = sum(one.size_bytes for one in derived) - sum(one.size_bytes for one in unused)
        going = prune(Pruning(tuple(_beyond(unused, limit - in_use, _SHARE_KEPT * limit - in_use))))
        _watch.root, _watch.measured_at = root, now
        _watch.bytes = sum(one.size_bytes for one in derived) - going.freed_bytes
    finally:
        _watch.lock.release()
