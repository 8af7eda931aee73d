"""Genre classes that are found on the same tracks, made one."""

from __future__ import annotations

import pandas as pd

from taglab.cooccurrence import Cooccurrence, cooccurrence
from taglab.folksonomy import Folksonomy
from taglab.labels import LabelSpace, Merge
from taglab.progress import Progress, silent

__all__ = ["class_pairs", "merge_correlated"]


def class_pairs(space: LabelSpace, folksonomy: Folksonomy, progress: Progress = silent) -> Cooccurrence:
    """Count the tracks that each two classes of a label space share."""
    return cooccurrence(space.targets(folksonomy), space.names, progress)


def merge_correlated(
    space: LabelSpace, folksonomy: Folksonomy, m: float = 1.5, progress: Progress = silent
) -> tuple[LabelSpace, pd.DataFrame]:
    """Merge the classes that are m-correlated, transitively: a is merged with c where both are with b.

    Counts are those of the classes as they were; what has been merged is not looked at anew.

    Args:
        space: The genres.
        folksonomy: Whose tracks count.
        m: See `Cooccurrence.m_correlated`.
        progress: Told while counting.

    Returns:
        The label space with one edit a group, each class under the name of its most used member; and the
        pairs that caused them, as `m_correlated` returns them.

    Raises:
        InvalidSetting: If m is below 1.

    Source: Ros Perez 2021, section 7.5.1 (model 3.4).
    """
    pairs = class_pairs(space, folksonomy, progress)
    for group in pairs.merge_groups(m):
        space = space.edit(Merge(classes=group))
    return space, pairs.m_correlated(m)
