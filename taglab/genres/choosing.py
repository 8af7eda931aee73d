"""Which classes are genres: made on the spot, chosen by name or kind, merged where they share tracks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from taglab.cleaning import Categories
from taglab.clustering import SphericalKMeans, cluster
from taglab.embeddings import OWN, LookedUp, Lookup, compose, resolve
from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.genres.merging import merge_correlated
from taglab.labels import LabelClass, LabelSpace, from_clusters, from_tags, from_top_tags
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

GENRE = "genre"
_MEANS_GENRE = frozenset({"genre", "genres"})
RESTARTS = 10


class ClassSettings(BaseModel):
    """How classes are made where none were saved.

    Attributes:
        of: "genre-clusters", the tags that say a genre, clustered; "genre-tags", each a class; "top-tags",
            the most used tags of any kind, each a class; "clusters", all tags clustered.
        min_count: Only tags that at least so many tracks have, inclusive.
        n: Most tags that become classes; of "genre-tags" and "top-tags".
        k: Clusters; of the other two. The square root of the number of tags where it is not set.
        vectors: Word vectors to cluster by; "own" are trained on the data set's tag lists.
        lookup: How the words of tags are looked up in them.
        seed: Of the clustering.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["genre-clusters", "genre-tags", "top-tags", "clusters"] = "genre-clusters"
    min_count: int = Field(5, ge=1)
    n: int = Field(50, ge=1)
    k: int | None = Field(None, ge=2)
    vectors: str = OWN
    lookup: LookedUp = Lookup()
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def of_genres(self) -> bool:
        """Whether only tags that say a genre become classes."""
        return self.of.startswith("genre")

    @property
    def clusters(self) -> bool:
        """Whether tags are clustered, by vectors."""
        return self.of.endswith("clusters")


@dataclass(frozen=True, eq=False)
class Genres:
    """Classes chosen as genres.

    Attributes:
        space: The label space, the merges as its edits.
        pairs: Those that were merged, as `Cooccurrence.m_correlated` returns them.
        tracks_without: Tracks that have none of the genres.
        n_tracks: All tracks.
    """

    space: LabelSpace
    pairs: pd.DataFrame
    tracks_without: int
    n_tracks: int

    __repr__ = one_line


def tag_categories(folksonomy: Folksonomy, progress: Progress = silent) -> pd.Series:
    """Return the category of each tag, indexed by tag.

    Where the data set says what kind of thing a tag is (a column `category`), that holds; other tags go by
    the word lists of cleaning.

    Args:
        folksonomy: Whose tags.
        progress: Told how far it is.
    """
    return categories_of(folksonomy.tags, progress)


def categories_of(rows: pd.DataFrame, progress: Progress = silent) -> pd.Series:
    """Return the category of each tag of some rows of a folksonomy's tags; see `tag_categories`."""
    tags = rows["tag"].tolist()
    by_words = pd.Series(Categories().categories(tags, progress), dtype="str").reindex(tags)
    if "category" not in rows.columns:
        return by_words
    given = pd.Series(rows["category"].to_numpy(), index=tags)
    return given.where(given.notna() & (given != ""), by_words).astype("str")


def means_genre(categories: pd.Series) -> pd.Series:
    """Return of each category whether it is one of genres, whatever its case and number."""
    return categories.str.casefold().isin(_MEANS_GENRE)


def genre_tags(folksonomy: Folksonomy, progress: Progress = silent) -> tuple[str, ...]:
    """Return the tags that say a genre, most used first."""
    categories = tag_categories(folksonomy, progress)
    return tuple(categories.index[means_genre(categories)])


def make_classes(
    folksonomy: Folksonomy, settings: ClassSettings | None = None, progress: Progress = silent
) -> LabelSpace:
    """Make a label space on the spot, for a look at how its classes co-occur.

    Raises:
        InvalidSetting: If too few tags are left for it.
        NotFound: If there are no word vectors of the name.
    """
    chosen = settings or ClassSettings()
    used = folksonomy.select_tags(min_count=chosen.min_count)
    opening = between(progress, 0.0, 0.1)
    tags = genre_tags(used, opening) if chosen.of_genres else tuple(map(str, used.tags["tag"]))
    if len(tags) < 2:
        raise InvalidSetting(
            f"{len(tags)} tags of {folksonomy.name} are on {chosen.min_count} tracks or more"
            + (" and say a genre" if chosen.of_genres else "")
            + ", and it takes 2; lower the minimum count, or take classes of another kind"
        )
    if chosen.of == "top-tags":
        return from_top_tags(used, min(chosen.n, len(tags)))
    if chosen.of == "genre-tags":
        return from_tags(used, tags[: chosen.n], f"{folksonomy.name} genre tags")
    return _clustered(folksonomy, tags, chosen, between(progress, 0.1, 1.0))


def _clustered(
    folksonomy: Folksonomy, tags: Sequence[str], settings: ClassSettings, progress: Progress
) -> LabelSpace:
    words = resolve(settings.vectors, folksonomy, between(progress, 0.0, 0.4))
    vectors = compose(words, tags, settings.lookup, between(progress, 0.4, 0.5))
    vectors.require(2)
    k = settings.k or max(2, round(math.sqrt(len(vectors))))
    means = SphericalKMeans(k=min(k, len(vectors)), seed=settings.seed, restarts=RESTARTS)
    clustering = cluster(vectors, means, between(progress, 0.5, 1.0))
    what = "genre clusters" if settings.of == "genre-clusters" else "clusters"
    asked = settings.model_dump(exclude={"n", "lookup"})
    made_by = {"data": folksonomy.name, **asked, **settings.lookup.record(), **clustering.parameters()}
    what = "genre clusters" if settings.of == "genre-clusters" else "clusters"
    asked = settings.model_dump(exclude={"n", "lookup"})
    made_by = {"data": folksonomy.name, **asked, **settings.lookup.record(), **clustering.parameters()}
    return from_clusters(
        clustering.tags,
        clustering.labels,
        folksonomy.counts(),
        made_by,
        f"{folksonomy.name} {what} k{clustering.k}",
    )


def classes_of_category(
    space: LabelSpace, folksonomy: Folksonomy, category: str = GENRE, categories: pd.Series | None = None
) -> tuple[str, ...]:
    """Return the names of the classes whose most used tag is of a category.

    Args:
        space: Any classes.
        folksonomy: Whose counts tell the most used tag.
        category: In any case.
        categories: As `tag_categories` gives them, where they are known.
    """
    if categories is None:
        categories = tag_categories(folksonomy)
    main = most_used_tags(space, folksonomy)
    wanted = _MEANS_GENRE if category.casefold() in _MEANS_GENRE else {category.casefold()}
    return tuple(name for name, tag in main.items() if tag and categories[tag].casefold() in wanted)


def most_used_tags(space: LabelSpace, folksonomy: Folksonomy) -> dict[str, str]:
    """Return each class's most used tag, by its name.

    On a tie it is the earlier tag; empty where the data have none of the class's tags.
    """
    counts = folksonomy.counts()
    of_class = {one.name: counts.reindex(list(one.tags)).fillna(0) for one in space.classes}
    return {name: str(held.idxmax()) if held.max() > 0 else "" for name, held in of_class.items()}


def classes_named(space: LabelSpace, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the classes that a list means: those of such a name, and those that hold such a tag.

    Returns:
        Names of classes in the order of the label space, and what of the list means none.
    """
    known = set(space.names)
    kept: set[str] = set()
    absent = []
    for name in dict.fromkeys(names):
        meant = (name,) if name in known else space.classes_of(name)
        kept.update(meant)
        if not meant:
            absent.append(name)
    return tuple(name for name in space.names if name in kept), tuple(absent)


def choose_genres(
    space: LabelSpace,
    folksonomy: Folksonomy,
    keep: Sequence[str] | None = None,
    m: float = 1.5,
    name: str = "",
    progress: Progress = silent,
) -> Genres:
    """Make a label space of the classes that are genres, the m-correlated ones merged.

    Args:
        space: Any classes.
        folksonomy: Whose tracks count.
        keep: Names of the classes that are genres; all of them where None.
        m: See `Cooccurrence.m_correlated`; 1 merges nothing.
        name: What to call it.
        progress: Told while counting.

    Raises:
        InvalidSetting: If no class is left, or m is below 1.
        NotFound: If a name is of no class.

    Source: Ros Perez 2021, section 7.5.1 (model 3.4).
    """
    names = space.names if keep is None else keep
    wanted = {space.class_named(chosen).name for chosen in names}
    if not wanted:
        raise InvalidSetting(f"none of the {len(space)} classes of {space.name!r} is chosen as a genre")
    kept = tuple(label_class for label_class in space.classes if label_class.name in wanted)
    made_by: dict[str, Any] = {
        "from": "genres",
        "data": folksonomy.name,
        "classes": space.name,
        "kept": [label_class.name for label_class in kept],
        "m": m,
        "classes_made_by": dict(space.made_by),
    }
    chosen = LabelSpace(name or f"{space.name} genres", kept, made_by)
    merged, pairs = merge_correlated(chosen, folksonomy, m, progress)
    having = int((np.diff(merged.targets(folksonomy).indptr) > 0).sum())
    return Genres(merged, pairs, folksonomy.n_tracks - having, folksonomy.n_tracks)


def most_popular_tags(space: LabelSpace, folksonomy: Folksonomy, name: str = "") -> LabelSpace:
    """Return a label space of each class's most used tag alone, what a label space of genres is held against.

    Classes of whose tags the data have none are left out.

    Raises:
        InvalidSetting: If none is left.

    Source: Ros Perez 2021, section 7.5.1 (the comparison of model 3.4).
    """
    tags = [tag for tag in most_used_tags(space, folksonomy).values() if tag]
    classes = tuple(LabelClass(tag, (tag,)) for tag in dict.fromkeys(tags))
    made_by = {"from": "most-popular-tags", "data": folksonomy.name, "classes": space.name}
    return LabelSpace(name or f"{space.name} most used tags", classes, made_by)
