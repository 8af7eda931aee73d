"""Label spaces made on the spot: those the thesis's models ask for, and one for each cell of a grid."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from taglab import embeddings, sources
from taglab.cleaning import PRESETS
from taglab.clustering import CLUSTERERS, Clusterer, cluster, clusterer
from taglab.clustering.result import TooManyClusters
from taglab.errors import Conflict, InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels import (
    LabelSpace,
    from_clusters,
    from_tags,
    from_top_tags,
    keep_classes_with,
    open_label_space,
    save_label_space,
)
from taglab.progress import Progress, between, silent
from taglab.reprs import one_line

_TOP = 100
_NAME_LENGTH = 80
_MOST_NAMES = 1000

Keep = Literal["thesis", "all"]


def filtered_top_tags(folksonomy: Folksonomy, n: int = _TOP) -> tuple[str, ...]:
    """Return the `n` most used tags without the 20 that model 2 leaves out, most used first.

    Of the thesis's data 80 tags remain of 100 (appendix A.3); of others as many as are not on the list, which
    is compared whatever the case.

    Source: Ros Perez 2021, section 6.2.

    Raises:
        InvalidSetting: If none remains.
    """
    left_out = {tag.casefold() for tag in PRESETS["thesis"]}
    tags = [str(tag) for tag in folksonomy.tags["tag"].head(n)]
    kept = tuple(tag for tag in tags if tag.casefold() not in left_out)
    if not kept:
        raise InvalidSetting(f"none of the {len(tags)} most used tags of {folksonomy.name} passes the filter")
    return kept


class LabelGrid(BaseModel):
    """Clusterings to make label spaces of: every combination of `vectors`, `min_counts` and `ks`.

    Attributes:
        vectors: Names of word vectors; "own" are trained on the data set's own tag lists. Model 3.2:
            word2vec, GloVe on Wikipedia, GloVe on Twitter.
        min_counts: Least number of tracks a clustered tag is on, inclusive. Model 3.2: 101 and 501, for the
            thesis takes tags on more than 100 and 500.
        ks: Numbers of clusters before filtering. Model 3.3: 100, 250, 500, 750, 1000.
        keep: Which clusters become classes: "thesis" keeps those that hold one of the 100 most used tags that
            model 2 does not leave out, "all" every one.
        method: A name in `CLUSTERERS`, of a method that takes a number of clusters.
        seed: Of a method that draws at random.
        lookup: How the words of tags are looked up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vectors: tuple[str, ...] = (embeddings.OWN,)
    min_counts: tuple[Annotated[int, Field(ge=1)], ...] = Field((1,), title="Least counts")
    ks: tuple[Annotated[int, Field(ge=1)], ...] = Field((100,), title="k")
    keep: Keep = "thesis"
    method: str = "spherical-k-means"
    seed: int = Field(default=0, ge=0)
    lookup: embeddings.LookedUp = embeddings.Lookup()

    @field_validator("vectors", "min_counts", "ks")
    @classmethod
    def _some(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if not values:
            raise ValueError("must name at least one value")
        return tuple(dict.fromkeys(values))

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        taking_k = [name for name, model in CLUSTERERS.items() if model.takes("k")]
        if method not in taking_k:
            raise ValueError(f"must be one of {', '.join(taking_k)}, which take a number of clusters")
        return method

    def clusterer(self, k: int) -> Clusterer:
        """Return the method with its settings."""
        seed = {"seed": self.seed} if CLUSTERERS[self.method].takes("seed") else {}
        return clusterer({"method": self.method, "k": k, **seed})

    def __len__(self) -> int:
        return len(self.vectors) * len(self.min_counts) * len(self.ks)


@dataclass(frozen=True, eq=False)
class LabelCells:
    """The label spaces of a grid.

    Attributes:
        spaces: One a cell, in the order of the table; not saved yet.
        table: `vectors`, `min_count`, `k`, `classes` (after filtering), `tags` (they hold), `labels` (name).
        left_out: `vectors`, `min_count`, `k`, `reason`: cells that make no label space.
    """

    spaces: tuple[LabelSpace, ...]
    table: pd.DataFrame
    left_out: pd.DataFrame

    __repr__ = one_line


def label_cells(data: str, grid: LabelGrid, progress: Progress = silent) -> LabelCells:
    """Cluster the tags of a data set for each cell of a grid.

    A cell with more clusters than tags, or whose clusters are all filtered out, is listed with the reason and
    costs only itself.

    Source: Ros Perez 2021, sections 7.3 and 7.4.

    Args:
        data: Name of a data set.
        grid: What to go through.
        progress: Told after each cell; raising from it cancels.

    Raises:
        NotFound: If there is no such data set, or no such vectors.
        InvalidSetting: If no cell makes a label space.
    """
    folksonomy = sources.open_folksonomy(data, between(progress, 0.0, 0.1))
    kept = filtered_top_tags(folksonomy) if grid.keep == "thesis" else ()
    spaces, rows, left_out = [], [], []
    groups = list(itertools.product(grid.vectors, grid.min_counts))
    for at, (vectors, min_count) in enumerate(groups):
        share = between(progress, 0.1 + 0.9 * at / len(groups), 0.1 + 0.9 * (at + 1) / len(groups))
        cell: dict[str, Any] = {"vectors": vectors, "min_count": min_count}
        selected = folksonomy.select_tags(min_count=min_count)
        words = embeddings.resolve(vectors, folksonomy, between(share, 0.0, 0.3, f"vectors {vectors}"))
        tags = embeddings.compose(words, list(selected.tags["tag"]), grid.lookup)
        for row, k in enumerate(grid.ks):
            share(0.3 + 0.7 * row / len(grid.ks), f"{vectors}, at least {min_count} tracks, k = {k}")
            try:
                if not len(tags):
                    raise InvalidSetting("none of these tags has a vector")
                made = cluster(tags, grid.clusterer(k))
                space = _space(data, selected, made, cell, kept, grid)
            except InvalidSetting as error:
                left_out.append({**cell, "k": k, "reason": _reason(error)})
                continue
            spaces.append(space)
            held = {"classes": len(space), "tags": len(space.tags), "labels": space.name}
            rows.append({**cell, "k": k, **held})
    if not spaces:
        raise InvalidSetting(f"no cell of the grid makes a label space: {left_out[0]['reason']}")
    columns = ["vectors", "min_count", "k", "classes", "tags", "labels"]
    lost = pd.DataFrame(left_out, columns=["vectors", "min_count", "k", "reason"])
    return LabelCells(tuple(spaces), pd.DataFrame(rows, columns=columns), lost)


def _reason(error: InvalidSetting) -> str:
    if isinstance(error, TooManyClusters):
        return "more clusters than tags with a vector of their own"
    return str(error)


def _space(
    data: str, selected: Folksonomy, made: Any, cell: dict[str, Any], kept: Sequence[str], grid: LabelGrid
) -> LabelSpace:
    record = {"data": data, **cell, **grid.lookup.record(), **made.parameters()}
    ending = ("" if grid.keep == "thesis" else " all") + (" known" if grid.lookup.fully_known else "")
    name = f"{data[:40]} {cell['vectors'][:24]} n{cell['min_count']} k{made.k}{ending}"
    space = from_clusters(made.tags, made.labels, selected.counts(), record, name)
    return keep_classes_with(space, kept) if grid.keep == "thesis" else space


def save_spaces(spaces: Sequence[LabelSpace]) -> list[str]:
    """Save label spaces and return the names they have.

    One that is there already with the same classes is taken as it is; a name that another content has is left
    to it, and a number added.
    """
    return [_save(space) for space in spaces]


def _save(space: LabelSpace) -> str:
    for number in range(1, _MOST_NAMES):
        name = space.name if number == 1 else f"{space.name[:_NAME_LENGTH]} {number}"
        try:
            save_label_space(space.renamed(name))
        except Conflict:
            if open_label_space(name)[0].fingerprint == space.fingerprint:
                return name
            continue
        return name
    raise Conflict(f"there are {_MOST_NAMES:,} other label spaces called {space.name!r}; remove some")


@dataclass(frozen=True)
class ReadySpace:
    """A label space that needs nothing but a data set.

    Attributes:
        title: What it is called on a page.
        about: What it is, in a sentence, and whose model asks for it.
        make: Makes it, from the name of a data set.
    """

    title: str
    about: str
    make: Callable[[str, Progress], LabelSpace]


def _top(n: int) -> Callable[[str, Progress], LabelSpace]:
    def make(data: str, progress: Progress) -> LabelSpace:
        folksonomy = sources.open_folksonomy(data, progress)
        return from_top_tags(folksonomy, min(n, folksonomy.n_tags), f"{data[:60]} top {n}")

    return make


def _filtered(data: str, progress: Progress) -> LabelSpace:
    folksonomy = sources.open_folksonomy(data, progress)
    return from_tags(folksonomy, filtered_top_tags(folksonomy), f"{data[:60]} filtered {_TOP}")


def _clusters(data: str, progress: Progress) -> LabelSpace:
    return label_cells(data, LabelGrid(), progress).spaces[0]


READY_SPACES: dict[str, ReadySpace] = {
    "filtered": ReadySpace(
        "Filtered tags",
        "The 100 most used tags without the 20 that say nothing of the sound (thesis, model 2).",
        _filtered,
    ),
    "top-50": ReadySpace(
        "Top 50 tags", "The 50 most used tags, whatever they mean, as most published taggers.", _top(50)
    ),
    "top-100": ReadySpace(
        "Top 100 tags", "The 100 most used tags, whatever they mean (thesis, model 1).", _top(100)
    ),
    "clusters": ReadySpace(
        "Clusters, k = 100",
        "100 clusters of the tags' own vectors, those without a filtered tag left out (thesis, model 3.3).",
        _clusters,
    ),
}
"""Ready label spaces by name; the first is what a newcomer trains on."""


def save_ready(ready: str, data: str, progress: Progress = silent) -> str:
    """Make a ready label space for a data set, save it, and return its name.

    Raises:
        InvalidSetting: If `ready` is not in `READY_SPACES`, or the data set has no tag that fits.
        NotFound: If there is no such data set.
    """
    if ready not in READY_SPACES:
        raise InvalidSetting(f"ready={ready!r} must be one of {', '.join(READY_SPACES)}")
    return _save(READY_SPACES[ready].make(data, progress))
