"""Paths as people type them."""

from __future__ import annotations

from pathlib import Path

from taglab.errors import InvalidSetting


def typed_path(text: str) -> Path:
    """Return the path that somebody typed; `~` and `~name` stand for people's home folders.

    Raises:
        InvalidSetting: If there is no such home.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise InvalidSetting(
            f"path={text!r} begins with ~, and there is no home folder of that name here; write it in full, "
            "or ./~ for a file that is called so"
        ) from error
