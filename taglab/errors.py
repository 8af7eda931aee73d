"""What taglab raises on purpose; pages and the command show these as one sentence, never as a traceback."""

from __future__ import annotations

from pathlib import Path


class TaglabError(Exception):
    """Base of every error that is the user's to mend."""


class DataError(TaglabError, ValueError):
    """A file or upload that cannot be used as it is.

    Args:
        path: The file, or the name under which it was uploaded.
        reason: What is wrong and what to do about it, as a sentence without the file's name.
        line: Line of a text file, counted from 1; None where lines mean nothing.
    """

    def __init__(self, path: str | Path, reason: str, line: int | None = None) -> None:
        where = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{where}: {reason}")
        self.path = str(path)
        self.reason = reason
        self.line = line


NO_SUCH_FILE = "there is no such file; check the path"


def unreadable(path: str | Path, error: OSError) -> DataError:
    """Return what to raise of a file that somebody named and that cannot be opened, or is not there."""
    if isinstance(error, FileNotFoundError):
        return DataError(path, NO_SUCH_FILE)
    return DataError(path, f"cannot be read ({error.strerror or error}); check the path and its permissions")


class MissingExtra(TaglabError, ImportError):
    """An optional package is not installed.

    Args:
        package: The package that failed to import.
        extra: The extra of taglab that brings it, as in ``pip install "taglab[extra]"``.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is not installed; `python -m pip install "taglab[{extra}]"` brings it')


class Unavailable(TaglabError):
    """This machine lacks what was asked for, a GPU for instance."""


class InvalidSetting(TaglabError, ValueError):
    """An argument outside what it may be: name, value, expectation and likely cause."""


class TooManyTags(InvalidSetting):
    """More tags than all pairs of them can be held of."""


class NotFound(TaglabError, LookupError):
    """A name (of a data set, of vectors, of a tag) that is not there; the message lists what is."""


class Conflict(TaglabError):
    """Somebody else saved under the same name since it was opened; nothing was written."""


class InputsChanged(TaglabError):
    """What a run was made of is no longer what lies under its name; nothing was computed."""


class StorageError(TaglabError, OSError):
    """The cache could not be read or written (full disk, no permission); earlier files are untouched."""


def out_of_memory(error: MemoryError) -> str:
    """Return a sentence on memory that could not be had: how much where that is known, and what helps."""
    what = f" ({error})" if str(error) else ""
    return (
        f"not enough memory{what}; ask for less at a time (fewer tags, tracks or words), close other "
        "programs, or compute where there is more memory"
    )


def what_went_wrong(error: Exception, what: str) -> TaglabError:
    """Return the error to show for one that ended a thread beside a page.

    Args:
        error: What was raised.
        what: What it ended, such as "clustering".
    """
    if isinstance(error, TaglabError):
        return error
    if isinstance(error, MemoryError):
        return TaglabError(out_of_memory(error))
    return TaglabError(f"{what} failed ({type(error).__name__})")


class Cancelled(TaglabError):
    """A long computation was stopped on request; nothing of it was kept."""
