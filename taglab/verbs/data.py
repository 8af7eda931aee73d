"""Data sets, and what is in them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import Field

from taglab import cache, sources
from taglab.cache import read_object
from taglab.embeddings import selected_tags
from taglab.errors import DataError
from taglab.folksonomy import Folksonomy
from taglab.interactions import Interactions
from taglab.progress import Progress
from taglab.settings import Flag, Group
from taglab.sources import DEMO, SOURCES, Source, open_folksonomy
from taglab.verbs.grown import in_group, question_of_entry
from taglab.verbs.question import Question
from taglab.verbs.report import Report, dropped
from taglab.verbs.shelves import ByName, DataName, Kept, NewName, Removal

_SIZES = ("tracks", "tags", "assignments")
_FIRST = ("tag", "count", "artists")


class List(Question):
    """List the data sets that were added; the demo is always there."""

    returns: ClassVar[str] = "[{name, tracks, tags, assignments}], null where the demo was not yet used"
    examples: ClassVar[str] = "taglab data list\ntaglab data list --json"

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        rows = []
        for name in sources.folksonomy_names():
            manifest = _manifest(cache.Shelf(cache.FOLKSONOMIES).path(name) / "manifest.json")
            rows.append({"name": name, **{key: manifest.get(key) for key in _SIZES}})
        return Report(table=pd.DataFrame(rows).astype(dict.fromkeys(_SIZES, "Int64")))


def _manifest(path: Path) -> dict[str, Any]:
    """Return what a saved data set says of itself; nothing where it is not there or cannot be read."""
    try:
        return read_object(path)
    except DataError:
        return {}


class Sources(Question):
    """List the kinds of data that `taglab data add` reads, and what each needs."""

    returns: ClassVar[str] = "[{source, reads, download, about, files}]"
    examples: ClassVar[str] = "taglab data sources"

    def answer(self, progress: Progress) -> Report:
        """Return a row for each."""
        rows = [
            {
                "source": name,
                "reads": ", ".join(one.reads),
                "download": bool(one.remote),
                "about": one.about,
                "files": one.files,
            }
            for name, one in SOURCES.items()
        ]
        return Report(table=pd.DataFrame(rows))


class Adding(Question):
    """A data set that is read and kept under a name; one of the same name is replaced.

    Attributes:
        name: What to call it from now on.
    """

    returns: ClassVar[str] = (
        "{name, tracks, tags, assignments, read: [text], dropped: [{reason, count, what, examples}], ...}, "
        "and where there are plays users, played_tracks, interactions and density"
    )
    table: ClassVar[bool] = False
    source: ClassVar[Source]

    name: NewName

    def answer(self, progress: Progress) -> Report:
        """Return what was read, and what was not."""
        settings, path = getattr(self, "settings", None), getattr(self, "path", None)
        if settings == self.source.settings():
            settings = None
        data = sources.add(self.source.name, path, self.name, settings, progress)
        facts = {
            "name": data.name,
            "tracks": data.n_tracks,
            "tags": data.n_tags,
            "assignments": data.n_assignments,
            **_how_read(data, sources.plays_of(data.name)),
        }
        return Report(facts)


def adders() -> dict[str, tuple[str, type[Adding]]]:
    """Return for every source what it is, and the question that adds data of it."""
    return {name: (source.about, _adding(source)) for name, source in SOURCES.items()}


@functools.cache
def _adding(source: Source) -> type[Adding]:
    fields = {"settings": in_group(source.settings, Group("how it is read"))}
    if source.files:
        about = source.files + ("; downloaded where it is not given" if source.remote else "")
        path: Any = Annotated[Path | None if source.remote else Path, Flag(metavar="PATH", word=True)]
        fields = {"path": (path, Field(None if source.remote else ..., description=about)), **fields}
    about = f"{source.title}: {source.about}"
    return question_of_entry(Adding, f"data add {source.name}", about, source.example, fields, source=source)


class Show(Question):
    """Show a data set's size, what was dropped when it was read, and its most used tags.

    Attributes:
        data: Data set.
        min_count: Only tags of so many tracks or more.
        find: Only tags that contain this text, whatever the case.
    """

    returns: ClassVar[str] = (
        "{name, tracks, tags, assignments, artists, shown_tags, read: [sentence], dropped: [{count, what, "
        "reason, examples}], rows: [{tag, count, artists, ...}]}, and where there are plays {users, "
        "played_tracks, interactions, density}"
    )
    examples: ClassVar[str] = "taglab data show demo\ntaglab data show demo --min-count 20 --out tags.csv"

    data: Kept = DEMO
    min_count: int = Field(1, ge=1, lt=10**18)
    find: Annotated[str, Flag(metavar="TEXT")] = ""

    def answer(self, progress: Progress) -> Report:
        """Return a row for every tag."""
        data = open_folksonomy(self.data, progress)
        tags = selected_tags(data, self.min_count).tags
        shown = tags[tags["tag"].str.casefold().str.contains(self.find.casefold(), regex=False)]
        facts = {
            "name": data.name,
            "tracks": data.n_tracks,
            "tags": data.n_tags,
            "assignments": data.n_assignments,
            "artists": data.tracks["artist"].nunique() if data.knows_artists else None,
            "shown_tags": len(shown),
            **_how_read(data, sources.plays_of(self.data)),
        }
        return Report(facts, shown[[*_FIRST, *(name for name in shown.columns if name not in _FIRST)]])


def _how_read(data: Folksonomy, plays: Interactions | None) -> dict[str, Any]:
    """Return how many played what, and how all was read, with what was left out."""
    return {
        **({} if plays is None else plays.facts()),
        "read": [*data.reading, *(() if plays is None else plays.reading)],
        "dropped": dropped([*data.dropped, *(() if plays is None else plays.dropped)]),
    }


class Activity(Question):
    """Tell how active users and tracks are, and what filtering by activity leaves, step by step: users of few
    tracks are left out, then tracks of few users, and both again until nothing more goes. `taglab recommend
    train` filters so before it learns.

    Attributes:
        data: Data set with plays or ratings.
        min_tracks: Least number of tracks of a user.
        min_users: Least number of users of a track.
    """

    returns: ClassVar[str] = (
        "{name, kind, users, played_tracks, interactions, density, steps: [{step, users, tracks, "
        "interactions, density}], rows: [{at_least, users, tracks}]}; rows: of all, how many users have so "
        "many tracks or more, and how many tracks so many users"
    )
    examples: ClassVar[str] = "taglab data activity demo --min-tracks 5 --min-users 5"

    data: Kept = DEMO
    min_tracks: int = Field(1, ge=1, lt=10**9)
    min_users: int = Field(1, ge=1, lt=10**9)

    def answer(self, progress: Progress) -> Report:
        """Return a row for every number of tracks or users that there is."""
        plays = sources.open_interactions(self.data)
        steps = plays.activity_steps(self.min_tracks, self.min_users)
        facts = {"name": self.data, "kind": plays.kind, **plays.facts(), "steps": steps.to_dict("records")}
        return Report(facts, plays.activity())


class CoTags(Question):
    """List the tags found on the same tracks as a tag, most shared first.

    Attributes:
        tag: A tag.
        n: How many.
        data: Data set.
    """

    returns: ClassVar[str] = "[{tag, together, share, lift}]"
    examples: ClassVar[str] = "taglab data co-tags rock -n 10"

    tag: Annotated[str, Flag(metavar="TAG", word=True)]
    n: Annotated[int, Flag(named=True)] = Field(20, ge=1)
    data: DataName = DEMO

    def answer(self, progress: Progress) -> Report:
        """Return the most shared first."""
        return Report(table=open_folksonomy(self.data, progress).co_tags(self.tag).head(self.n))


class Remove(Removal):
    """Remove a data set from the cache; the file it was read from is not touched."""

    examples: ClassVar[str] = "taglab data remove mine"
    remove: ClassVar[ByName] = cache.Shelf(cache.FOLKSONOMIES).delete
