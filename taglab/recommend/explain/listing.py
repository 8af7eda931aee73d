"""An explanation as tables: of a user's list, tag by tag, beside what leaving the tag out does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from taglab.recommend.explain.direct import LeaveOneOut
from taglab.recommend.explain.explanation import Explanation
from taglab.recommend.recommender import Recommender


def tags_of_items(
    recommender: Recommender, explanation: Explanation, omega: int | None = None, n: int | None = None
) -> pd.DataFrame:
    """Return how much every tag of the items counts.

    Args:
        recommender: Whose items are explained.
        explanation: Of them.
        omega: How many tags of an item count; all where None.
        n: Of the first so many items; of all where None.

    Returns:
        `item`, `score`, `tag`, `weight`, `lost` (the score less that without the tag), a row a tag of an
        item, items in their order and their tags by magnitude. An item without tags has one row, whose tag
        is missing.
    """
    explained = explanation.explained
    theta = explanation.item(omega)
    first, tags = explained.items[:n], sparse.csr_array(explained.tags[:n])
    lost = LeaveOneOut().explain(replace(explained, items=first, tags=tags)).item() if tags.nnz else tags
    parts = []
    for place, item in enumerate(first):
        columns = explained.tags.indices[explained.tags.indptr[place] : explained.tags.indptr[place + 1]]
        weights = theta[[place]].toarray()[0, columns]
        order = np.argsort(-np.abs(weights), kind="stable")
        rows = pd.DataFrame(
            {
                "tag": [recommender.tags.tags[column] for column in columns[order]],
                "weight": weights[order],
                "lost": lost[[place]].toarray()[0, columns[order]],
            }
        )
        if rows.empty:
            rows = pd.DataFrame({"tag": [None], "weight": [np.nan], "lost": [np.nan]})
        name = recommender.tags.items[int(item)]
        parts.append(rows.assign(item=name, score=explained.scores[place]))
    return pd.concat(parts, ignore_index=True)[["item", "score", "tag", "weight", "lost"]]


def tags_of_user(
    recommender: Recommender, explanation: Explanation, omega: int | None = None
) -> pd.DataFrame:
    """Return how much every tag counts for all items together: `tag`, `weight`, `items` that have it.

    Args:
        recommender: Whose items are explained.
        explanation: Of them.
        omega: How many tags count; all where None.
    """
    theta, tags = explanation.user(omega), explanation.explained.tags
    n_items = np.bincount(tags.indices, minlength=len(theta))
    columns = np.flatnonzero(n_items)
    order = columns[np.argsort(-np.abs(theta[columns]), kind="stable")]
    names = [recommender.tags.tags[column] for column in order]
    return pd.DataFrame({"tag": names, "weight": theta[order], "items": n_items[order]})
