"""The shelf of runs: made, listed, opened, noted, and moved to the trash."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from taglab import cache
from taglab.cache import Shelf, locked, replacing, storage_error, write_json
from taglab.errors import Conflict, DataError, InvalidSetting, NotFound, StorageError
from taglab.labels import LabelSpace, to_json
from taglab.metrics import mean_columns
from taglab.runs import layout
from taglab.runs.inputs import INPUTS, Inputs
from taglab.runs.naming import name_of
from taglab.runs.published import open_published, published_names
from taglab.runs.run import About, Kind, Run
from taglab.runs.status import SILENT_AFTER_S, read_status
from taglab.runs.writer import change_about
from taglab.suffixes import free_name

_SHELF = Shelf(cache.RUNS)


def create_run(
    config: Mapping[str, Any],
    space: LabelSpace | None,
    differs: Mapping[str, Any],
    group: str = "",
    note: str = "",
    kind: Kind = "trained",
    inputs: Inputs | None = None,
    also: Callable[[Path], None] | None = None,
) -> Run:
    """Make a run's folder.

    Args:
        config: What it is asked to do; anything JSON can hold.
        space: The label space, kept in the run as it is now; None of results only.
        differs: What of the configuration differs from the defaults, by dotted name; names the run. A run
            of that name may be there, the new one then gets a number.
        group: Name of the sweep or experiment it belongs to.
        note: Free text.
        kind: See `About`.
        inputs: What it is made of; not known where None.
        also: Writes what else the run keeps into its folder.

    Raises:
        StorageError: If the disk is full or the place cannot be written.
    """

    def fill(folder: Path) -> None:
        about = About(kind=kind, group=group, note=note)
        write_json(folder / layout.ABOUT, about.model_dump(mode="json"))
        write_json(folder / layout.CONFIG, dict(config))
        if inputs is not None:
            write_json(folder / layout.INPUTS, INPUTS.dump_python(dict(inputs), mode="json"))
        if space is not None:
            (folder / layout.LABELS).write_text(to_json(space), encoding="utf-8")
            write_json(folder / layout.CLASSES, list(space.names))
        if also is not None:
            also(folder)

    return put_run(name_of(differs), fill)


def put_run(name: str, fill: Callable[[Path], None], exact: bool = False) -> Run:
    """Put a folder on the shelf, whole or not at all.

    Args:
        name: What to call it; a number is added where that name is taken.
        fill: Writes the run into an empty folder.
        exact: Whether to refuse, rather than to add a number.

    Raises:
        Conflict: If the name is taken and `exact`.
    """
    _SHELF.path(name)
    _free(name, exact)  # what cannot be is told before anything is written
    made = _SHELF.folder / f".made-{uuid.uuid4().hex}"
    try:
        with replacing(made) as folder:
            folder.mkdir()
            fill(folder)
        # Filling may take minutes, in which others make and import theirs.
        with locked(_SHELF.folder / "new"):
            free = _free(name, exact)
            path = _SHELF.path(free)
            try:
                made.rename(path)
            except OSError as error:
                raise storage_error(path, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return Run(free, path)


def _free(name: str, exact: bool) -> str:
    """Return a name that no run has, with a number where this one is taken; raises Conflict if `exact`."""
    free = free_name(name, [*_SHELF.names(), *published_names()], "-{}", any_case=True)
    if exact and free != name:
        raise Conflict(f"there is a run {name!r} already; choose another name, or delete that one first")
    return free


def run_names() -> list[str]:
    """Return the names of the runs that were made or imported here, sorted."""
    return [name for name in _SHELF.names() if (_SHELF.path(name) / layout.ABOUT).is_file()]


def open_run(name: str) -> Run:
    """Return a run by name, be it one of here or a published one.

    Raises:
        NotFound: If there is none of this name.
    """
    if name in published_names():
        return open_published(name)
    return Run(name, _SHELF.find(name))


def set_note(name: str, note: str) -> None:
    """Replace a run's note; raises NotFound, and InvalidSetting of a published one."""
    change_about(_own(name), note=note)


def set_tags(name: str, tags: Iterable[str]) -> None:
    """Replace a run's tags; blank ones and repeats are left out."""
    change_about(_own(name), tags=tuple(dict.fromkeys(filter(None, (tag.strip() for tag in tags)))))


def set_title(name: str, title: str) -> None:
    """Replace a run's title, which people read in place of its name."""
    change_about(_own(name), title=title.strip())


def delete_run(name: str) -> Path:
    """Move a run to the trash folder; moved back, it is a run again.

    Returns:
        Where it lies now.

    Raises:
        NotFound: If there is none of this name.
        InvalidSetting: If it is a published one.
        Conflict: If it waits to be trained or is being trained.
        StorageError: If it cannot be moved.
    """
    path = _own(name).folder
    _refuse_while_trained(path)
    trash = cache.home() / cache.TRASH
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    with locked(path):
        try:
            trash.mkdir(parents=True, exist_ok=True)
            there = {entry.name for entry in trash.iterdir()}
            return path.rename(trash / free_name(f"{name}.{moment}", there, "-{}", any_case=True))
        except OSError as error:
            raise StorageError(
                f"{path}: cannot be moved to {trash} ({error.strerror or error}); it is where it was"
            ) from error


def _refuse_while_trained(folder: Path) -> None:
    status = read_status(folder)
    if status is None or status.ended:
        return
    beat_age_s = time.time() - (status.heartbeat_at or status.started_at or status.queued_at or 0.0)
    trained = status.process is not None and status.process.living() is not None
    if trained or beat_age_s < SILENT_AFTER_S:
        raise Conflict(f"run {folder.name!r} is {status.state}; stop it first (`taglab stop {folder.name}`)")


def runs_table(names: Iterable[str] | None = None) -> pd.DataFrame:
    """Return what tells runs apart, a row each, newest first.

    Args:
        names: Which; all that were made or imported here where None. Published ones may be named.

    Returns:
        Columns run, kind, title, group, tags, note, created, classes, parameters, epochs, best_epoch, each
        of `taglab.metrics.mean_columns` at the best epoch, at the last with "_last" behind it, and of the
        test tracks with "test_" before it, split, evaluated, problem (why it cannot be read, else empty).
    """
    rows = [_row(name) for name in (run_names() if names is None else names)]
    figures = [name for part in _PARTS for name in _figures_of(part)]
    table = pd.DataFrame(rows, columns=[*_TEXTS, *_WHOLE, *figures, "split", "evaluated", "problem"])
    table[figures] = table[figures].apply(pd.to_numeric, errors="coerce").astype("float64")
    table[_WHOLE] = table[_WHOLE].apply(pd.to_numeric, errors="coerce").astype("Int64")
    return table.sort_values(["created", "run"], ascending=[False, True], ignore_index=True)


def filter_runs(
    table: pd.DataFrame,
    text: str = "",
    kinds: Collection[str] = (),
    groups: Collection[str] = (),
    tags: Collection[str] = (),
) -> pd.DataFrame:
    """Return the rows of a table of runs that fit.

    Args:
        table: As `runs_table` gives it.
        text: Words, each of which must be in the name, title, group, note or a tag, capitals or not.
        kinds: One of them must be the run's; any where empty.
        groups: The same of the group.
        tags: The run must have all of them.
    """
    places = ["run", "title", "group", "note"]
    told = table[places].fillna("").agg(" ".join, axis=1) + " " + table["tags"].map(" ".join)
    fits = pd.Series(True, table.index)
    for word in text.casefold().split():
        fits &= told.str.casefold().str.contains(word, regex=False)
    for column, wanted in (("kind", kinds), ("group", groups)):
        if wanted:
            fits &= table[column].isin(list(wanted))
    fits &= table["tags"].map(lambda has: set(tags) <= set(has))
    return table[fits].reset_index(drop=True)


_WHOLE = ["classes", "parameters", "epochs", "best_epoch"]
_TEXTS = ["run", "kind", "title", "group", "tags", "note", "created"]
_PARTS = {"best": "{}", "last": "{}_last", "test": "test_{}"}  # of a summary → the name of its columns


def _figures_of(part: str) -> dict[str, str]:
    """Return the columns of one part of a summary in a table of runs, and what they are called there."""
    return {_PARTS[part].format(column): column for column in mean_columns()}


def _row(name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"run": name, "title": name, "tags": (), "created": "", "problem": ""}
    try:
        run = open_run(name)
        about, summary = run.about, run.summary()
    except (DataError, NotFound) as error:
        return {**row, "problem": str(error)}
    row |= about.model_dump(exclude={"auc_pr"}) | {"title": about.title or name}
    row |= {key: summary[key] for key in _WHOLE}
    for part in _PARTS:
        row |= {name: summary[part].get(column) for name, column in _figures_of(part).items()}
    return row


def _own(name: str) -> Run:
    """Return a run that may be changed; raises InvalidSetting of a published one."""
    run = open_run(name)
    if name in published_names():
        raise InvalidSetting(f"run {name!r} is published and part of taglab; it cannot be changed")
    return run
