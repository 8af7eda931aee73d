"""What is asked of every shelf: what lies on it, and to take something off it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd

from taglab.cache import replacing
from taglab.progress import Progress
from taglab.settings import Flag
from taglab.verbs.opening import openable
from taglab.verbs.question import Question
from taglab.verbs.report import Report

Kept = Annotated[str, Flag(metavar="NAME", word=True)]
"""Name of something that is kept."""
NewName = Annotated[str, Flag(metavar="NAME")]
"""Name of something that is made."""
DataName = Annotated[str, Flag(metavar="NAME", named=True)]
"""Name of a data set that is used."""
OneFile = Annotated[Path | None, Flag(metavar="FILE")]
"""A file, if any."""
Names = Callable[[], Iterable[str]]
ByName = Callable[[str], object]


class Listing(Question):
    """A row for each of what is kept; what cannot be read is told, and hides nothing else.

    Attributes:
        columns: Of the rows.
        names: Returns the names of all that is kept.
    """

    columns: ClassVar[tuple[str, ...]]
    names: ClassVar[Names]

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Tell in the help what the rows are."""
        super().__pydantic_init_subclass__(**more)
        if "returns" not in vars(cls):
            cls.returns = f"[{{{', '.join(cls.columns)}}}]"

    @staticmethod
    def row(name: str) -> Mapping[str, Any]:
        """Return what is told of one; raises DataError where it cannot be read."""
        raise NotImplementedError

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        rows, notes = openable(type(self).names(), self.row)
        return Report(table=pd.DataFrame(rows, columns=list(self.columns)), notes=notes)


class Removal(Question):
    """Something that is taken off its shelf.

    Attributes:
        name: What to remove.
        remove: Removes it; raises NotFound where there is none.
    """

    returns: ClassVar[str] = "{removed}"
    table: ClassVar[bool] = False
    remove: ClassVar[ByName]

    name: Kept

    def answer(self, progress: Progress) -> Report:
        """Return what was removed."""
        type(self).remove(self.name)
        return Report({"removed": self.name})


def written_out(name: str, text: str, out: Path | None) -> Report:
    """Return a text for standard output; or write it to a file, and return where it is."""
    if out is None:
        return Report(text=text)
    with replacing(out) as temporary:
        temporary.write_bytes(text.encode())
    return Report({"name": name, "file": str(out)})
