"""Runs from one machine to another, as a zip of their files."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from taglab.archives import Limits, Zip, opened_zip
from taglab.cache import replacing
from taglab.errors import DataError, InvalidSetting
from taglab.progress import Progress, between, silent
from taglab.runs import layout
from taglab.runs.checking import FILES, check_run
from taglab.runs.library import open_run, put_run
from taglab.runs.naming import name_of_text
from taglab.runs.published import published_names
from taglab.runs.run import Run
from taglab.runs.status import STATUS_FILE, Status, read_status, write_status

# Only text is packed; arrays and checkpoints are stored as they are.
_LIMITS = Limits(largest_bytes=16 << 30, largest_ratio=200, always_allowed_bytes=1 << 20)
_PACKED = (".json", ".jsonl", ".csv", ".txt")


def export_run(name: str, path: Path, checkpoints: bool = True, progress: Progress = silent) -> Path:
    """Write a run to a zip that `import_run` reads.

    Args:
        name: Of the run.
        path: Where to; its folder is made, and a file there is replaced.
        checkpoints: Whether to take the network's weights along, by far the largest part.
        progress: Told how far it is.

    Returns:
        The path.

    Raises:
        NotFound: If there is no such run.
        InvalidSetting: If it is a published one, which comes with every taglab.
        StorageError: If the zip cannot be written; an earlier one is as it was.
    """
    run = open_run(name)
    if name in published_names():
        raise InvalidSetting(
            f"run {name!r} is published and comes with every taglab; there is nothing to export"
        )
    inside = [file for file in FILES if (run.folder / file).is_file()]
    if not checkpoints:
        inside = [file for file in inside if not file.startswith(layout.CHECKPOINTS)]
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for number, file in enumerate(inside):
            progress(number / len(inside), file)
            packing = zipfile.ZIP_DEFLATED if file.endswith(_PACKED) else zipfile.ZIP_STORED
            archive.write(run.folder / file, f"{name}/{file}", compress_type=packing)
    return path


def import_run(path: Path, name: str | None = None, progress: Progress = silent) -> Run:
    """Read a run from a zip that `export_run` wrote here or elsewhere, trusting nothing in it.

    Args:
        path: The zip.
        name: What to call the run, which must be free; None: as in the zip, with a number where taken.
        progress: Told how far it is.

    Returns:
        The run. Its training is over: a status that says otherwise stays behind.

    Raises:
        DataError: If it is no zip or was cut off; holds a path that leads outside, a link, or a file that is
            none of a run; is larger inside than reasonable; or a file in it is damaged, packed in an unusual
            way, or needs a pickle.
        Conflict: If the name given is taken.
    """
    if path.is_dir():
        raise DataError(path, "is a folder; import_results reads one in the layout of a run")
    with opened_zip(path, _LIMITS) as archive:
        members = _members(archive)
        wanted = name_of_text(_top(members) or path.stem) if name is None else name

        def fill(folder: Path) -> None:
            _unpack(archive, members, folder, between(progress, 0.0, 0.7, "unpacking"))
            progress(0.7, "checking")
            _check(path, folder)

        return put_run(wanted, fill, exact=name is not None)


def _check(path: Path, folder: Path) -> None:
    """Check what was unpacked, and tell what is wrong with it as of the zip."""
    try:
        check_run(folder)
        status = read_status(folder)
    except DataError as error:
        inside = error.path.removeprefix(f"{folder}/")
        raise DataError(path, f"{inside} in it {error.reason}", error.line) from error
    if status is not None:
        _settle(folder, status)


def _settle(folder: Path, status: Status) -> None:
    """Keep how training ended; who trained it, and where, means nothing here."""
    if not status.ended:
        (folder / STATUS_FILE).unlink()
        return
    write_status(folder, status.model_copy(update={"process": None, "job": "", "devices": (), "launch": {}}))


def _members(archive: Zip) -> dict[str, zipfile.ZipInfo]:
    """Return path within the zip → member, of the files of a run in it; raises DataError of anything else."""
    members = {file.filename: file for file in archive.files}
    top = _top(members)
    for name, file in members.items():
        if name.removeprefix(f"{top}/") not in FILES:
            raise DataError(archive.path, f"holds {name!r}, which is no file of a run; nothing was imported")
        limit = layout.LARGEST_JSON_BYTES if name.endswith(".json") else layout.LARGEST_TABLE_BYTES
        if name.endswith(_PACKED) and file.file_size > limit:
            raise DataError(archive.path, f"holds {name!r} of {file.file_size:,} bytes, more than {limit:,}")
    if not any(PurePosixPath(name).name == layout.ABOUT for name in members):
        raise DataError(archive.path, f"holds no {layout.ABOUT}, and so no run")
    return members


def _top(names: dict[str, zipfile.ZipInfo]) -> str:
    """Return the folder in which all files of the zip lie; empty where there is none."""
    tops = {name.split("/")[0] for name in names if "/" in name}
    return tops.pop() if len(tops) == 1 and all("/" in name for name in names) else ""


def _unpack(archive: Zip, members: dict[str, zipfile.ZipInfo], folder: Path, progress: Progress) -> None:
    whole = max(sum(file.file_size for file in members.values()), 1)
    done, top = 0, _top(members)
    for name, file in members.items():
        target = folder / name.removeprefix(f"{top}/")
        target.parent.mkdir(exist_ok=True)
        archive.unpack(file, target, between(progress, done / whole, (done + file.file_size) / whole, name))
        done += file.file_size
