"""Ways to make a label space: top tags, named tags, clusters, classes given outright."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.folksonomy import Folksonomy
from taglab.labels.classes import named_classes
from taglab.labels.space import LabelSpace


def from_top_tags(folksonomy: Folksonomy, n: int, name: str = "") -> LabelSpace:
    """Make a class of each of the `n` most used tags.

    Source: Ros Perez, section 7.1, model 1 (n = 100).

    Raises:
        InvalidSetting: If there are fewer tags, or `n` is below 1.
    """
    if not 1 <= n <= folksonomy.n_tags:
        raise InvalidSetting(f"n={n} must lie in 1 to {folksonomy.n_tags}, the tags of {folksonomy.name}")
    tags = folksonomy.tags["tag"].head(n)
    return LabelSpace(
        name or f"{folksonomy.name} top {n}",
        named_classes([[tag] for tag in tags]),
        {"from": "top-tags", "data": folksonomy.name, "n": n},
    )


def from_tags(folksonomy: Folksonomy, names: Iterable[str], name: str = "") -> LabelSpace:
    """Make a class of each named tag, most used first.

    Raises:
        NotFound: If one is not a tag of the folksonomy.
    """
    rows = sorted({folksonomy.tag_row(tag) for tag in names})
    tags = [str(tag) for tag in folksonomy.tags["tag"].iloc[rows]]
    return LabelSpace(
        name or f"{folksonomy.name} tags",
        named_classes([[tag] for tag in tags]),
        {"from": "named-tags", "data": folksonomy.name, "tags": tags},
    )


def from_clusters(
    tags: Sequence[str],
    labels: npt.ArrayLike,
    counts: pd.Series | None = None,
    made_by: Mapping[str, Any] | None = None,
    name: str = "clusters",
) -> LabelSpace:
    """Make a class of each cluster, named after its most used tag, most used class first.

    Args:
        tags: Tags, each once (tags,).
        labels: Cluster of each tag (tags,); tags with a label below 0 are in no cluster, and in no class.
        counts: Tracks per tag, indexed by tag; tags it lacks count 0. None: the order of `tags` stands
            for popularity, and clusters come in the order of their numbers.
        made_by: The parameters of the clustering. How many tags are in no class is added as `left_out`, where
            there are any.
        name: What the label space is called.

    Raises:
        InvalidSetting: If lengths differ or no tag is in a cluster.
    """
    numbers = np.asarray(labels)
    if len(numbers) != len(tags):
        raise InvalidSetting(f"labels must be one a tag: {len(numbers)} labels for {len(tags)} tags")
    clusters: dict[str, list[str]] = {}
    for number, tag in sorted(zip(numbers.tolist(), tags, strict=True), key=lambda pair: pair[0]):
        if number >= 0:
            clusters.setdefault(str(number), []).append(tag)
    n_left_out = int(np.count_nonzero(numbers < 0))
    left_out = {"left_out": n_left_out} if n_left_out else {}
    return from_classes(clusters, counts, {"from": "clusters", **(made_by or {}), **left_out}, name)


def from_classes(
    classes: Mapping[str, Sequence[str]],
    counts: pd.Series | None = None,
    made_by: Mapping[str, Any] | None = None,
    name: str = "classes",
) -> LabelSpace:
    """Make label classes of tag sets under names or numbers.

    Args:
        classes: Name → tags. Where every name is a number, classes are named after their most used tag.
        counts: As for `from_clusters`: orders classes and the tags in each, most used first. None: both
            stay in the order given.
        made_by: Where they are from.
        name: What the label space is called.

    Raises:
        InvalidSetting: If no class has a tag, or one has a tag twice.
    """
    sets = [tuple(tags) for tags in classes.values()]
    wanted: list[str] | None = list(classes)
    if all(key.isdecimal() for key in classes):
        wanted = None
    if counts is not None:
        known = _counts_of({tag for tags in sets for tag in tags}, counts)
        sets = [tuple(sorted(tags, key=lambda tag: -known[tag])) for tags in sets]
        totals = [sum(known[tag] for tag in tags) for tags in sets]
        order = sorted(range(len(sets)), key=lambda row: -totals[row])
        sets = [sets[row] for row in order]
        wanted = [wanted[row] for row in order] if wanted is not None else None
    return LabelSpace(name, named_classes(sets, wanted), made_by or {})


def _counts_of(tags: set[str], counts: pd.Series) -> dict[str, int]:
    listed = sorted(tags)
    tracks = counts.reindex(listed).fillna(0).to_numpy()
    return dict(zip(listed, tracks.astype(np.int64).tolist(), strict=True))
