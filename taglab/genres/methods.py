"""Ways to divide one genre side by side: the mean silhouette over k of each."""

from __future__ import annotations

import pandas as pd

from taglab.folksonomy import Folksonomy
from taglab.genres.subgenres import Subgenres, SubgenreSettings, divide
from taglab.labels import LabelClass
from taglab.progress import Progress, between, silent

LINKAGES = ("average", "complete", "single")


def ways(settings: SubgenreSettings, tag_embeddings: bool = True) -> dict[str, SubgenreSettings]:
    """Return what to compare: NPMI with each linkage, and tag embeddings.

    Args:
        settings: What they have in common.
        tag_embeddings: Whether tag embeddings are among them; they take seconds a genre.
    """
    by_name = {
        f"NPMI, {linkage} linkage": settings.model_copy(update={"method": "npmi", "linkage": linkage})
        for linkage in LINKAGES
    }
    if tag_embeddings:
        by_name["tag embeddings"] = settings.model_copy(update={"method": "tag-embeddings"})
    return by_name


def silhouettes_over_k(
    folksonomy: Folksonomy,
    genre: LabelClass,
    settings: dict[str, SubgenreSettings],
    progress: Progress = silent,
) -> pd.DataFrame:
    """Divide a genre in several ways.

    Silhouettes of 1 − NPMI and of the cosine of vectors are both in [−1, 1], but not of one space: the one
    tells which linkage, or which k, and not which of the two is right.

    Args:
        folksonomy: Whose tracks count.
        genre: Its tags.
        settings: Name of a way → its settings; see `ways`.
        progress: Told after each k.

    Returns:
        Columns `way`, `k`, `silhouette` (mean over tags), `chosen` (whether it is the way's highest).

    Source: Ros Perez 2021, section 8.1.
    """
    curves = [
        _curve(way, divide(folksonomy, genre, of_way, _part(progress, number, len(settings))))
        for number, (way, of_way) in enumerate(settings.items())
    ]
    return pd.concat(curves, ignore_index=True)


def _part(progress: Progress, number: int, of: int) -> Progress:
    return between(progress, number / of, (number + 1) / of)


def _curve(way: str, divided: Subgenres) -> pd.DataFrame:
    k = 0 if divided.clustering is None else divided.clustering.k
    curve = divided.curve.assign(way=way, chosen=divided.curve["k"] == k)
    return curve[["way", "k", "silhouette", "chosen"]]
