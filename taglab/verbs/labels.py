"""Label spaces, the classes a tagger is asked to predict: made, shown, read and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from taglab.clustering import SphericalKMeans, cluster
from taglab.embeddings import TagQuestion, selected_tags
from taglab.errors import InvalidSetting
from taglab.labels import (
    LabelSpace,
    delete_label_space,
    from_classes,
    from_clusters,
    from_json,
    from_tags,
    from_top_tags,
    is_label_space,
    keep_classes_with,
    label_space_names,
    list_text,
    open_label_space,
    parse_clusters,
    parse_tag_list,
    read_genres_txt,
    read_tag_list,
    select_genres,
    to_json,
)
from taglab.labels.importing import read_bytes
from taglab.progress import Progress, between
from taglab.settings import Flag
from taglab.sources import DEMO, folksonomy_names, open_folksonomy
from taglab.verbs.clusters import Clustered, Clusters
from taglab.verbs.opening import list_notes, save_space
from taglab.verbs.question import Question
from taglab.verbs.report import Report
from taglab.verbs.shelves import (
    ByName,
    DataName,
    Kept,
    Listing,
    Names,
    NewName,
    OneFile,
    Removal,
    written_out,
)

SPACE = "{name, classes, tags, edits, made_by, rows: [{class, size, tags: [tag]}]}"
ItsData = Annotated[str | None, Flag(metavar="NAME")]


class SomeTags(Question):
    """Tags given one by one, or in a file.

    Attributes:
        tags: A tag.
        tags_file: More of them, one a line.
    """

    tags: Annotated[tuple[str, ...], Flag(metavar="TAG", word=True)] = ()
    tags_file: OneFile = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.tags and self.tags_file is None:
            raise ValueError("name at least one tag, or a --tags-file")
        return self

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Both; raises DataError where the file cannot be used."""
        more = read_tag_list(self.tags_file) if self.tags_file is not None else ()
        return tuple(dict.fromkeys((*self.tags, *more)))


def described(space: LabelSpace, notes: tuple[str, ...] = ()) -> Report:
    """Return what a label space holds, a row for every class."""
    table = pd.DataFrame(
        {
            "class": list(space.names),
            "size": [len(one.tags) for one in space.classes],
            "tags": [list(one.tags) for one in space.classes],
        }
    )
    facts = {
        "name": space.name,
        "classes": len(space),
        "tags": len(space.tags),
        "edits": [edit.describe() for edit in space.edits],
        "made_by": dict(space.made_by),
    }
    return Report(facts, table, notes=notes)


class List(Listing):
    """List the saved label spaces."""

    examples: ClassVar[str] = "taglab labels list"
    columns: ClassVar[tuple[str, ...]] = ("name", "classes", "tags", "edits")
    names: ClassVar[Names] = label_space_names

    @staticmethod
    def row(name: str) -> dict[str, Any]:
        """Return the size of a label space."""
        space, _ = open_label_space(name)
        counts = {"classes": len(space), "tags": len(space.tags), "edits": len(space.edits)}
        return {"name": name, **counts}


class _OnData(Question):
    """A saved label space, and a data set that its tags are counted in.

    Attributes:
        name: Label space.
        data: Data set (default: the one it was made from, else demo).
    """

    name: Kept
    data: ItsData = None

    def opened(self) -> tuple[LabelSpace, str]:
        """Return the label space, and the name of the data set."""
        space, _ = open_label_space(self.name)
        origin = space.made_by.get("data")
        return space, self.data or (origin if origin in folksonomy_names() else DEMO)


class Show(_OnData):
    """Show the classes of a label space and what they cover of a data set. The imbalance ratio of a class is
    the largest class's tracks over its own.
    """

    returns: ClassVar[str] = (
        "{name, data, share_of_counts, share_of_tracks, mean_imbalance_ratio, empty_classes, unknown_tags: "
        "[tag], shared_tags: [tag], made_by, edits: [text], rows: [{class, tags, known_tags, tracks, "
        "assignments, imbalance_ratio, members: [tag]}]}"
    )
    examples: ClassVar[str] = "taglab labels show genres --data mine --out classes.csv"

    def answer(self, progress: Progress) -> Report:
        """Return a row for every class."""
        space, data = self.opened()
        covered = space.report(open_folksonomy(data, progress))
        members = pd.Series([list(one.tags) for one in space.classes], dtype=object)
        facts = {
            "name": space.name,
            "data": data,
            "share_of_counts": covered.share_of_counts,
            "share_of_tracks": covered.share_of_tracks,
            "mean_imbalance_ratio": covered.mean_imbalance_ratio,
            "empty_classes": covered.empty_classes,
            "unknown_tags": list(covered.unknown_tags),
            "shared_tags": list(covered.shared_tags),
            "made_by": dict(space.made_by),
            "edits": [edit.describe() for edit in space.edits],
        }
        return Report(facts, covered.classes.assign(members=members))


class Targets(_OnData):
    """List which track of a data set is in which class: what a tagger learns from."""

    returns: ClassVar[str] = "{name, data, tracks, classes, pairs, rows: [{track, class}]}"
    examples: ClassVar[str] = "taglab labels targets genres --out targets.parquet"

    def answer(self, progress: Progress) -> Report:
        """Return a row for every track and class."""
        space, name = self.opened()
        data = open_folksonomy(name, progress)
        matrix = space.targets(data)
        rows = np.repeat(np.arange(data.n_tracks), np.diff(matrix.indptr))
        names = np.array(space.names, dtype=object)[matrix.indices]
        table = pd.DataFrame({"track": data.tracks["track"].to_numpy()[rows], "class": names})
        facts = {
            "name": space.name, "data": name, "tracks": data.n_tracks, "classes": len(space),
            "pairs": len(table),
        }  # fmt: skip
        return Report(facts, table)


class _Making(Question):
    """A label space that is made.

    Attributes:
        name: What to call it.
        replace: Replace one of the same name.
    """

    returns: ClassVar[str] = SPACE

    name: NewName
    replace: bool = False

    def saved(self, space: LabelSpace, notes: tuple[str, ...] = ()) -> Report:
        """Save what was made, and return what it holds."""
        save_space(space, self.replace)
        return described(space, (*notes, f"saved as {space.name}"))


class MakeTop(_Making):
    """Make a class of each of the most used tags.

    Attributes:
        n: How many.
        without_file: Tags to leave out first, one a line.
        data: Data set.
        min_count: Only tags that at least so many tracks have, inclusive.
    """

    examples: ClassVar[str] = "taglab labels make top --name top50 -n 50"

    n: int = Field(50, ge=1)
    without_file: OneFile = None
    data: DataName = DEMO
    min_count: int = Field(1, ge=1, lt=10**18)

    def answer(self, progress: Progress) -> Report:
        """Return what was made."""
        without = read_tag_list(self.without_file) if self.without_file is not None else ()
        data = selected_tags(open_folksonomy(self.data, progress), self.min_count)
        space = from_top_tags(data.select_tags(without=without), self.n, self.name)
        return self.saved(space, list_notes(self.without_file))


class MakeTags(SomeTags, _Making):
    """Make a class of each named tag.

    Attributes:
        data: Data set.
    """

    examples: ClassVar[str] = "taglab labels make tags --name moods happy sad calm"

    data: DataName = DEMO

    def answer(self, progress: Progress) -> Report:
        """Return what was made."""
        space = from_tags(open_folksonomy(self.data, progress), self.all_tags, self.name)
        return self.saved(space, list_notes(self.tags_file))


class MakeClusters(Clustered, _Making):
    """Cluster tags and make a class of each cluster, named after its most used tag.

    Attributes:
        tags: Which tags, by which vectors.
        clustering: How.
        holding: Keep only clusters that hold one of these tags (may be given several times).
        holding_file: More of them, one a line.
    """

    examples: ClassVar[str] = """
taglab labels make clusters --name genres -k 40 --holding rock --holding jazz
taglab labels make clusters --name genres -k 40 --holding-file kept.txt
"""

    tags: TagQuestion = TagQuestion()
    clustering: Clusters = SphericalKMeans()
    holding: Annotated[tuple[str, ...], Flag(metavar="TAG", several=True)] = ()
    holding_file: OneFile = None

    def answer(self, progress: Progress) -> Report:
        """Return what was made."""
        more = read_tag_list(self.holding_file) if self.holding_file is not None else ()
        material = self.tags.open(between(progress, 0.0, 0.7))
        material.require_tags()
        clustering = cluster(material.vectors, self.clustering, between(progress, 0.7, 1.0))
        record = self.tags.record() | clustering.parameters()
        space = from_clusters(clustering.tags, clustering.labels, material.data.counts(), record, self.name)
        holding = (*self.holding, *more)
        kept = keep_classes_with(space, holding) if holding else space
        return self.saved(kept, list_notes(self.holding_file))


class Import(Question):
    """Make a label space of a file: a label space that was exported, clusters as JSON (cluster to tags or tag
    to cluster), or a list with one tag a line (a class each).

    Attributes:
        path: The file.
        name: What to call it.
        genres: Genres.txt of the thesis code: what to keep and merge.
        data: Order and name classes by use in this data set.
        replace: Replace one of the same name.
    """

    returns: ClassVar[str] = SPACE
    examples: ClassVar[str] = """
taglab labels import clusters.json --name published
taglab labels import clusters.json --genres genres.txt --name genres
"""

    path: Annotated[Path, Flag(metavar="FILE", word=True)]
    name: NewName
    genres: OneFile = None
    data: ItsData = None
    replace: bool = False

    def answer(self, progress: Progress) -> Report:
        """Return what was read."""
        counts = None if self.data is None else open_folksonomy(self.data, progress).counts()
        space, notes = self._read(counts)
        save_space(space, self.replace)
        return described(space, (*notes, f"saved as {space.name}"))

    def _read(self, counts: pd.Series | None) -> tuple[LabelSpace, list[str]]:
        """Return what the file holds, whichever of the forms it has, and what to say of how it was read."""
        data, source = read_bytes(self.path), str(self.path)
        origin = {"from": "file", "file": self.path.name}
        if is_label_space(data):
            if self.genres is not None:
                raise InvalidSetting("--genres goes with clusters, and this file is a label space")
            return from_json(data, source).renamed(self.name), []
        _, notes = list_text(data, source)
        if self.path.suffix.lower() != ".json":
            tags = {tag: [tag] for tag in parse_tag_list(data, source)}
            return from_classes(tags, counts, origin, self.name), notes
        clusters = parse_clusters(data, source)
        if self.genres is not None:
            clusters = select_genres(clusters, read_genres_txt(self.genres))
            origin["genres"] = self.genres.name
        return from_classes(clusters, counts, origin, self.name), notes

    @model_validator(mode="after")
    def _of_clusters(self) -> Self:
        if self.genres is not None and self.path.suffix.lower() != ".json":
            raise ValueError("--genres goes with clusters, a .json file")
        return self


def _as_clusters(space: LabelSpace) -> str:
    classes = {one.name: list(one.tags) for one in space.classes}
    return json.dumps(classes, indent=1, ensure_ascii=False) + "\n"


def _as_tags(space: LabelSpace) -> str:
    return "".join(f"{tag}\n" for tag in space.tags)


_FORMS: dict[str, Callable[[LabelSpace], str]] = {
    "space": to_json,
    "clusters": _as_clusters,
    "tags": _as_tags,
}


class Export(Question):
    """Write a label space: whole (what `labels import` reads), or its classes only.

    Attributes:
        name: Label space.
        out: Write to this file instead of standard output.
        form: space: all, with steps; clusters: JSON of class to tags; tags: one tag a line.
    """

    returns: ClassVar[str] = "nothing else than without --json"
    examples: ClassVar[str] = (
        "taglab labels export genres --out genres.json\ntaglab labels export genres --form clusters"
    )
    table: ClassVar[bool] = False
    renamed: ClassVar[dict[str, str]] = {"--as": "--form"}

    name: Kept
    out: OneFile = None
    form: Literal["clusters", "space", "tags"] = "space"

    def answer(self, progress: Progress) -> Report:
        """Return the text, or where it was written."""
        space, _ = open_label_space(self.name)
        return written_out(space.name, _FORMS[self.form](space), self.out)


class Remove(Removal):
    """Remove a label space for good, with its steps."""

    examples: ClassVar[str] = "taglab labels remove genres"
    remove: ClassVar[ByName] = delete_label_space
