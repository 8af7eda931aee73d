"""What was found of pairs, genres and subgenres, as tables that people read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from taglab.cooccurrence import Cooccurrence, NpmiSettings
from taglab.folksonomy import Folksonomy
from taglab.genres.subgenres import Subgenres
from taglab.labels import from_classes


def pairs_table(pairs: Cooccurrence, m: float = 1.5, settings: NpmiSettings | None = None) -> pd.DataFrame:
    """Return the pairs met, those that share most first.

    Args:
        pairs: Of tags or classes.
        m: See `Cooccurrence.m_correlated`.
        settings: What PMI and NPMI are measured against; the defaults where None.

    Returns:
        The columns of `Cooccurrence.table`, and `m_correlated` (bool); the largest `normalised` first.

    Raises:
        InvalidSetting: If m is below 1.
    """
    table = pairs.table(settings)
    correlated = pairs.m_correlated(m)[["a", "b"]].assign(m_correlated=True)
    table = table.merge(correlated, how="left", on=["a", "b"])
    table["m_correlated"] = table["m_correlated"].eq(True)
    return table.sort_values("normalised", ascending=False, kind="stable").reset_index(drop=True)


def subgenre_table(divided: Sequence[Subgenres], folksonomy: Folksonomy) -> pd.DataFrame:
    """Return one row a subgenre: `genre`, `subgenre`, `tags`, `tracks`, `silhouette`, `members` (list).

    A subgenre bears the name of its most used tag; `silhouette` is the mean of its tags, NaN where there was
    nothing to choose; of each genre the subgenre with most tracks comes first.
    """
    tables = [_of_genre(of_genre, folksonomy) for of_genre in divided if of_genre.clusters]
    if not tables:
        return pd.DataFrame(columns=["genre", "subgenre", "tags", "tracks", "silhouette", "members"])
    return pd.concat(tables, ignore_index=True)


def _of_genre(divided: Subgenres, folksonomy: Folksonomy) -> pd.DataFrame:
    numbered = {str(row): tags for row, tags in enumerate(divided.clusters)}
    space = from_classes(numbered, folksonomy.counts())
    scores = {}
    if divided.clustering is not None:
        scores = dict(zip(divided.clustering.tags, divided.silhouettes.tolist(), strict=True))
    classes = space.report(folksonomy).classes
    table = pd.DataFrame(
        {
            "genre": divided.genre,
            "subgenre": list(space.names),
            "tags": classes["tags"],
            "tracks": classes["tracks"],
            "silhouette": [
                np.mean([scores.get(tag, np.nan) for tag in label_class.tags])
                for label_class in space.classes
            ],
            "members": pd.Series([list(label_class.tags) for label_class in space.classes], dtype=object),
        }
    )
    return table.sort_values("tracks", ascending=False, kind="stable")


def divided_table(divided: Sequence[Subgenres]) -> pd.DataFrame:
    """Return one row a genre: `genre`, `subgenres`, `k`, `silhouette`, `left_out`, `names` (list), `note`.

    `k` counts clusters of one tag, too; it is NA, and `silhouette` NaN, where the genre could not be divided.
    """
    return pd.DataFrame(
        {
            "genre": [of_genre.genre for of_genre in divided],
            "subgenres": [len(of_genre.clusters) for of_genre in divided],
            "k": [None if of_genre.clustering is None else of_genre.clustering.k for of_genre in divided],
            "silhouette": [of_genre.silhouette for of_genre in divided],
            "left_out": [len(of_genre.left_out) for of_genre in divided],
            "names": pd.Series(
                [[tags[0] for tags in of_genre.clusters] for of_genre in divided], dtype=object
            ),
            "note": [of_genre.note for of_genre in divided],
        }
    ).astype({"k": "Int64"})


def left_out_table(divided: Sequence[Subgenres]) -> pd.DataFrame:
    """Return `genre`, `tag`, `count`, `reason` of every tag that is in no subgenre."""
    tables = [of_genre.left_out.assign(genre=of_genre.genre) for of_genre in divided]
    columns = ["genre", "tag", "count", "reason"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
