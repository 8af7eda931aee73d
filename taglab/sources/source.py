"""`Source`: one kind of data set, what its files must be, and the function that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel

from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions


@dataclass(frozen=True)
class Remote:
    """A public file of a data set.

    Attributes:
        url: Where it is.
        filename: What it is called here.
        size_bytes: Its size; None where it is not known for certain.
        known_hash: "sha256:..." or "md5:..."; None where it is not known for certain. The checksum of the
            first download is then recorded, and later ones must agree with it.
    """

    url: str
    filename: str
    size_bytes: int | None = None
    known_hash: str | None = None


@dataclass(frozen=True)
class Source:
    """One kind of data set.

    Attributes:
        name: Key in `taglab.sources.SOURCES`, and what the command takes.
        title: What people call it.
        about: What it is, one sentence.
        files: What the path given to `read` must be; empty where no path is needed.
        example: A command that adds it, shown in its help.
        read: `read(path, name, settings, progress)` gives the folksonomy.
        settings: Options of `read`, all with defaults.
        remote: Public files that can be downloaded instead of giving a path.
        more_files: Settings that are paths of further files.
        interactions: `interactions(settings, folksonomy, progress)` gives who played what of the folksonomy's
            tracks, or None where the settings name no plays; None where the source knows of none.
        plays_beside: `plays_beside(path, settings, folksonomy, progress)` gives them where they lie in the
            path that `read` is given.
    """

    name: str
    title: str
    about: str
    files: str
    example: str
    read: Callable[..., Folksonomy]
    settings: type[BaseModel]
    remote: tuple[Remote, ...] = ()
    more_files: tuple[str, ...] = ()
    interactions: Callable[..., Interactions | None] | None = None
    plays_beside: Callable[..., Interactions] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """What it can read: always a folksonomy, perhaps interactions beside it."""
        return ("folksonomy", "interactions") if self.interactions or self.plays_beside else ("folksonomy",)
