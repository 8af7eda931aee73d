"""Where things are, and what is said when they cannot be written there."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from taglab.errors import InvalidSetting, StorageError

FOLKSONOMIES = "folksonomies"
VECTORS = "vectors"
FEATURES = "features"
LABEL_SPACES = "labels"
RUNS = "runs"
TRASH = "trash"
AUDIO = "audio"
CLEANINGS = "cleanings"
JOINT_SPACES = "joint-spaces"
RECOMMENDERS = "recommenders"
DESIGNS = "designs"
DERIVED = "derived"
DOWNLOADS = "downloads"
UPLOADS = "uploads"

_USE_GRAIN_S = 60.0


def home() -> Path:
    """Return the cache folder: TAGLAB_HOME, else `cache/` of a checkout, else a folder of the user's."""
    named = os.environ.get("TAGLAB_HOME")
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            raise InvalidSetting(
                f"TAGLAB_HOME={named!r} begins with ~, and there is no home of that name; write it in full"
            ) from error
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "app.py").is_file():
        return checkout / "cache"
    from platformdirs import user_cache_path

    return user_cache_path("taglab")


def derived_path(kind: str, key: str, suffix: str) -> Path:
    """Return where a computed result of this kind and content key lives; asking counts as its use."""
    path = home() / DERIVED / kind / key[:2] / f"{key}{suffix}"
    with contextlib.suppress(OSError):  # not there, or nobody may note it there
        if time.time() - path.stat().st_mtime > _USE_GRAIN_S:
            os.utime(path)
    return path


STORAGE_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.EFBIG,
    errno.ENAMETOOLONG,
}
_CURES = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "Free some space",
    errno.ENAMETOOLONG: "Choose a shorter name",
    errno.ENOTDIR: "A file is where its folder should be: move that",
    errno.EEXIST: "A file is where its folder should be: move that",
}


def storage_error(path: Path, error: OSError) -> StorageError:
    """Return what to raise when a file or folder, of the cache or elsewhere, cannot be written, and why."""
    cure = _CURES.get(error.errno or 0, "Check its permissions")
    other = "choose another place"
    if path.absolute().is_relative_to(home().absolute()):
        other = "set TAGLAB_HOME to a folder that can be written"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            cure += ", with `taglab cache prune` for instance"
    return StorageError(
        f"{path.parent}: cannot save {path.name} ({error.strerror or error}); nothing was changed. "
        f"{cure}, or {other}."
    )
