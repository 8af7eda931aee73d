"""Asking tag vectors: what is near, what relates as that does, what lies between, where two agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.progress import Progress, counted, silent
from taglab.vectors import TagVectors

_ROWS_PER_BLOCK = 8192
_SCORES_PER_BLOCK = 16_000_000
_VANISHED = 1e-5


def neighbours(vectors: TagVectors, tag: str, n: int = 10) -> pd.DataFrame:
    """Return the tags nearest to a tag, found by looking at all.

    Args:
        vectors: Where to look.
        tag: One of its tags; not itself among the results.
        n: How many; all others if there are fewer.

    Returns:
        Columns `tag`, `similarity` (cosine, [-1, 1]), `distance` (1 − similarity), `unknown` (words of the
        tag without a vector, which have no say in it); nearest first, ties in the order of the tags.

    Raises:
        NotFound: If the tag has no vector.
        InvalidSetting: If `n` is below 1.
    """
    row = vectors.row(tag)
    return _nearest(vectors, vectors.vectors[row], [row], n)


def analogy(vectors: TagVectors, a: str, b: str, c: str, n: int = 10) -> pd.DataFrame:
    """Return the tags nearest to a − b + c: what is to `c` as `a` is to `b`.

    Args:
        vectors: Where to look.
        a: Taken as it is.
        b: Taken away.
        c: Added. None of the three is among the results.
        n: How many.

    Returns:
        As `neighbours`.

    Raises:
        NotFound: If one of the tags has no vector.
        InvalidSetting: If `n` is below 1, or the three cancel out.
    """
    rows = [vectors.row(tag) for tag in (a, b, c)]
    first, second, third = vectors.vectors[rows].astype(np.float64)
    wanted = first - second + third
    length = float(np.linalg.norm(wanted))
    if length < _VANISHED:
        raise InvalidSetting(f"{a!r} − {b!r} + {c!r} cancels out; choose other tags")
    return _nearest(vectors, (wanted / length).astype(np.float32), rows, n)


def _nearest(vectors: TagVectors, query: npt.NDArray[np.float32], without: list[int], n: int) -> pd.DataFrame:
    if n < 1:
        raise InvalidSetting(f"n={n} must be at least 1")
    similarity = np.clip(vectors.vectors @ query, -1, 1)
    # Below what a cosine can be, so that these come last and are cut off.
    similarity[without] = -2
    n = min(n, len(vectors) - len(set(without)))
    rows = _highest(similarity, n)
    found = similarity[rows].astype(np.float64)
    table = pd.DataFrame(
        {"tag": [vectors.tags[row] for row in rows], "similarity": found, "distance": 1 - found}
    )
    return vectors.annotated(table.astype({"tag": "str"}))


def _highest(scores: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.intp]:
    """Return the rows of the n highest scores, highest first, ties in the order of rows."""
    if n <= 0:
        return np.empty(0, np.intp)
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    rows = np.flatnonzero(scores >= least)
    return rows[np.argsort(-scores[rows], kind="stable")][:n]


def axis(vectors: TagVectors, from_tag: str, to_tag: str) -> pd.DataFrame:
    """Place every tag along the straight line from one tag to another.

    Args:
        vectors: Where to look.
        from_tag: Where the line is at 0.
        to_tag: Where it is at 1.

    Returns:
        One row a tag, in the order of `vectors`: `tag`, `position` (along the line; below 0 and above 1 lie
        beyond its ends), `distance` (Euclidean, from the line), `unknown` (words without a vector).

    Raises:
        NotFound: If one of the tags has no vector.
        InvalidSetting: If both lie on the same point.

    Source:
        As figure 11 of Ros Perez 2021 looks at pairs of words.
    """
    start, end = (vectors.vectors[vectors.row(tag)].astype(np.float64) for tag in (from_tag, to_tag))
    line = end - start
    length = float(np.linalg.norm(line))
    if length < _VANISHED:
        raise InvalidSetting(
            f"from_tag={from_tag!r} and to_tag={to_tag!r} lie on the same point; an axis needs two"
        )
    position, distance = np.empty(len(vectors)), np.empty(len(vectors))
    for first in range(0, len(vectors), _ROWS_PER_BLOCK):
        block = slice(first, first + _ROWS_PER_BLOCK)
        offset = vectors.vectors[block] - start
        along = offset @ (line / length)
        position[block] = along / length
        distance[block] = np.linalg.norm(offset - np.outer(along, line / length), axis=1)
    table = pd.DataFrame({"tag": vectors.tags, "position": position, "distance": distance})
    return vectors.annotated(table.astype({"tag": "str"}))


def overlap_at_k(
    a: TagVectors,
    b: TagVectors,
    k: int = 10,
    tags: Sequence[str] | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Compare the k nearest neighbours of each tag in two embeddings.

    Neighbours are sought among the tags that have a vector in both. The work grows with the number of asked
    tags times the number of those; memory does not.

    Args:
        a: One embedding.
        b: The other; its dimension may differ.
        k: How many neighbours are compared.
        tags: Tags to ask about; those without a vector in both are left out. All where None.
        progress: Told how far it is.

    Returns:
        One row a tag, in the order of `a`: `tag`, `overlap` (share of the k neighbours in common, [0, 1]).

    Raises:
        InvalidSetting: If `k` is below 1, or fewer than k + 1 tags have a vector in both.
    """
    common = [tag for tag in a.tags if tag in b]
    if not 1 <= k < len(common):
        raise InvalidSetting(
            f"k={k} must be at least 1 and below the {len(common)} tags that have a vector both in "
            f"{a.name or 'the first'} and in {b.name or 'the second'}"
        )
    sides = [side.vectors[[side.row(tag) for tag in common]] for side in (a, b)]
    wanted = set(common if tags is None else tags)
    asked = np.flatnonzero([tag in wanted for tag in common])
    overlap = np.empty(len(asked))
    step = max(1, _SCORES_PER_BLOCK // len(common))
    for start in range(0, len(asked), step):
        progress(start / len(asked), counted("comparing the neighbours of tags", start, len(asked)))
        rows = asked[start : start + step]
        near = [_k_nearest(side, rows, k) for side in sides]
        overlap[start : start + step] = (near[0] & near[1]).sum(axis=1) / k
    return pd.DataFrame({"tag": [common[row] for row in asked], "overlap": overlap}).astype({"tag": "str"})


def _k_nearest(vectors: npt.NDArray[np.float32], rows: npt.NDArray[np.intp], k: int) -> npt.NDArray[np.bool_]:
    """Mark the k nearest of some rows (rows, tags), ties in the order of tags.

    Equal vectors are common; rounding makes their similarities equal too, wherever in a block they stand.
    """
    scores = vectors[rows] @ vectors.T
    np.round(scores, 6, out=scores)
    scores[np.arange(len(rows)), rows] = -2
    least = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k, None]
    near = scores > least
    tied = scores == least
    room = k - near.sum(axis=1, keepdims=True)
    chosen: npt.NDArray[np.bool_] = near | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room))
    return chosen
