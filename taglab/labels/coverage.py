"""What a label space covers of a folksonomy: the targets, and how complete and how even they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.folksonomy import Folksonomy
from taglab.labels.classes import LabelClass
from taglab.metrics.balance import imbalance_ratios, mean_imbalance_ratio
from taglab.reprs import one_line


@dataclass(frozen=True, eq=False)
class LabelReport:
    """How much a label space covers, and how even its classes are.

    Attributes:
        classes: One row a class, in its order: `class`, `tags` (number of tags), `known_tags` (those that
            the folksonomy has), `tracks` (positives), `assignments` ((track, tag) pairs), `imbalance_ratio`
            (NaN for a class without tracks).
        share_of_counts: Of all (track, tag) pairs of the folksonomy, those whose tag is in a class.
        share_of_tracks: Of all tracks, those in at least one class.
        mean_imbalance_ratio: Mean over the classes that have tracks; NaN if none has.
        empty_classes: Classes without a track, left out of that mean.
        unknown_tags: Tags of classes that the folksonomy does not have.
        shared_tags: Tags that are in more than one class.
        n_tags: Distinct tags in classes.
    """

    classes: pd.DataFrame
    share_of_counts: float
    share_of_tracks: float
    mean_imbalance_ratio: float
    empty_classes: int
    unknown_tags: tuple[str, ...]
    shared_tags: tuple[str, ...]
    n_tags: int

    __repr__ = one_line


def membership(classes: Sequence[LabelClass], folksonomy: Folksonomy) -> sparse.csr_array:
    """Return which tag of a folksonomy is in which class: 0/1 (tags, classes), int32."""
    sizes = np.fromiter((len(label_class.tags) for label_class in classes), np.int64, len(classes))
    owners = np.repeat(np.arange(len(classes)), sizes)
    columns = _columns([tag for label_class in classes for tag in label_class.tags], folksonomy)
    known = columns >= 0
    return sparse.csr_array(
        (np.ones(int(known.sum()), np.int32), (columns[known], owners[known])),
        shape=(folksonomy.n_tags, len(classes)),
    )


def _columns(tags: Sequence[str], folksonomy: Folksonomy) -> npt.NDArray[np.intp]:
    """Return each tag's column in the folksonomy's matrix, -1 where it has none."""
    # The few tags of the classes are hashed, and not the half million that a folksonomy may have.
    place = {tag: number for number, tag in enumerate(dict.fromkeys(tags))}
    rows = pd.Index(list(place), dtype="str").get_indexer(pd.Index(folksonomy.tags["tag"]))
    held = np.flatnonzero(rows >= 0)
    column_of = np.full(len(place), -1, np.intp)
    column_of[rows[held]] = held
    return column_of[np.fromiter((place[tag] for tag in tags), np.intp, len(tags))]


def targets(classes: Sequence[LabelClass], folksonomy: Folksonomy) -> sparse.csr_array:
    """Return which track is in which class: it is when it has one of the class's tags.

    Returns:
        Sparse 0/1 matrix (tracks, classes), float32, indices sorted.
    """
    pairs = _tags_per_class(membership(classes, folksonomy), folksonomy)
    return sparse.csr_array((np.ones(pairs.nnz, np.float32), pairs.indices, pairs.indptr), shape=pairs.shape)


def report(classes: Sequence[LabelClass], folksonomy: Folksonomy) -> LabelReport:
    """Return what classes cover of a folksonomy."""
    members = membership(classes, folksonomy)
    pairs = _tags_per_class(members, folksonomy)
    tracks = np.bincount(pairs.indices, minlength=len(classes))
    counts = folksonomy.tags["count"].to_numpy()
    in_a_class = np.diff(members.indptr) > 0
    times = Counter(tag for label_class in classes for tag in label_class.tags)
    held = tuple(times)
    return LabelReport(
        classes=pd.DataFrame(
            {
                "class": [label_class.name for label_class in classes],
                "tags": [len(label_class.tags) for label_class in classes],
                "known_tags": np.bincount(members.indices, minlength=len(classes)),
                "tracks": tracks,
                "assignments": members.T @ counts,
                "imbalance_ratio": imbalance_ratios(tracks),
            }
        ),
        share_of_counts=float(counts[in_a_class].sum() / max(folksonomy.n_assignments, 1)),
        share_of_tracks=float(np.count_nonzero(np.diff(pairs.indptr)) / max(folksonomy.n_tracks, 1)),
        mean_imbalance_ratio=mean_imbalance_ratio(tracks),
        empty_classes=int((tracks == 0).sum()),
        unknown_tags=tuple(held[row] for row in np.flatnonzero(_columns(held, folksonomy) < 0)),
        shared_tags=tuple(tag for tag, number in times.items() if number > 1),
        n_tags=len(held),
    )


def _tags_per_class(members: sparse.csr_array, folksonomy: Folksonomy) -> sparse.csr_array:
    """Return how many of a class's tags a track has, (tracks, classes), indices sorted."""
    matrix = folksonomy.matrix
    # Assignments of tags in no class are left out first, so that the product has less to do.
    kept = (np.diff(members.indptr) > 0)[matrix.indices]
    starts = np.append(0, np.cumsum(kept))[matrix.indptr]
    indices = matrix.indices[kept]
    presence = sparse.csr_array((np.ones(len(indices), np.int32), indices, starts), shape=matrix.shape)
    product = sparse.csr_array(presence @ members)
    product.sort_indices()
    return product
