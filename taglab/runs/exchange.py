"""Runs from one machine to another, as a zip of their files."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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
from taglab.runs.zips import DAMAGED, no_zip, opened_zip

_LARGEST_BYTES = 16 << 30  # of all files of a run together
_LARGEST_RATIO = 200  # of text, packed; arrays and checkpoints are stored as they are
_SMALL_BYTES = 1 << 20
_MOST_ENTRIES = 1000
_CHUNK_BYTES = 1 << 20
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
    with opened_zip(path) as archive:
        members = _members(path, archive)
        wanted = name_of_text(_top(members) or path.stem) if name is None else name

        def fill(folder: Path) -> None:
            _unpack(path, archive, members, folder, between(progress, 0.0, 0.7, "unpacking"))
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


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return path within the zip → member, of the files of a run in it; raises DataError of anything else."""
    infos = archive.infolist()
    if infos and min(info.header_offset for info in infos) > 0:
        # Arrays and checkpoints are zips themselves: what is found of a file cut off is the last of them.
        raise no_zip(path, "it does not begin with its first file")
    if len(infos) > _MOST_ENTRIES:
        raise DataError(path, f"holds {len(infos)} files; a run has at most {len(FILES)}")
    for info in infos:
        _refuse_outside(path, info)
    kept = [info for info in infos if not info.is_dir() and not _is_junk(info.filename)]
    members = {info.filename: info for info in kept}
    if len(members) < len(kept):
        raise DataError(path, "holds a file twice")
    top = _top(members)
    for name, info in members.items():
        if name.removeprefix(f"{top}/") not in FILES:
            raise DataError(path, f"holds {name!r}, which is no file of a run; nothing was imported")
        _refuse_swollen(path, info)
    if sum(info.file_size for info in kept) > _LARGEST_BYTES:
        raise DataError(path, f"unpacks to more than the {_LARGEST_BYTES >> 30} GiB a run may have")
    if not any(PurePosixPath(name).name == layout.ABOUT for name in members):
        raise DataError(path, f"holds no {layout.ABOUT}, and so no run")
    return members


def _refuse_outside(path: Path, info: zipfile.ZipInfo) -> None:
    parts = info.filename.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", info.filename):
        raise DataError(
            path,
            f"holds the path {info.filename!r}, which leads outside; nothing was imported, do not trust it",
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataError(path, f"holds {info.filename!r}, which is a link; nothing was imported")


def _refuse_swollen(path: Path, info: zipfile.ZipInfo) -> None:
    limit = _LARGEST_BYTES
    if info.filename.endswith(_PACKED):
        limit = layout.LARGEST_JSON_BYTES if info.filename.endswith(".json") else layout.LARGEST_TABLE_BYTES
    reasonable = max(info.compress_size * _LARGEST_RATIO, _SMALL_BYTES)
    if info.file_size > min(limit, reasonable):
        raise DataError(
            path,
            f"holds {info.filename!r}, {info.file_size:,} bytes packed into {info.compress_size:,}; refused",
        )


def _is_junk(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in (".DS_Store", "Thumbs.db")


def _top(names: dict[str, zipfile.ZipInfo]) -> str:
    """Return the folder in which all files of the zip lie; empty where there is none."""
    tops = {name.split("/")[0] for name in names if "/" in name}
    return tops.pop() if len(tops) == 1 and all("/" in name for name in names) else ""


def _unpack(
    path: Path,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    folder: Path,
    progress: Progress,
) -> None:
    whole = max(sum(info.file_size for info in members.values()), 1)
    done, top = 0, _top(members)
    for name, info in members.items():
        target = folder / name.removeprefix(f"{top}/")
        target.parent.mkdir(exist_ok=True)
        with target.open("wb") as out:
            for chunk in _chunks(path, archive, info):
                out.write(chunk)
                done += len(chunk)
                progress(done / whole, name)


def _chunks(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as packed:
            while chunk := packed.read(_CHUNK_BYTES):
                yield chunk
    except DAMAGED as error:
        raise DataError(
            path, f"holds {info.filename!r}, which is damaged ({error}); fetch it again"
        ) from error
