"""Asking vectors: what is near, what relates as that does, what lies between, where two agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from taglab.errors import InvalidSetting
from taglab.progress import Progress, counted, silent
from taglab.vectors import Vectors

_ROWS_PER_BLOCK = 8192
_SCORES_PER_BLOCK = 16_000_000
_CANDIDATES_PER_BLOCK = 2_000_000
_VANISHED = 1e-5


def neighbours(vectors: Vectors, of: str, n: int = 10) -> pd.DataFrame:
    """Return what is nearest to a tag, a track, or whatever the vectors are of, found by looking at all.

    Args:
        vectors: Where to look.
        of: One of its ids; not itself among the results.
        n: How many; all others if there are fewer.

    Returns:
        The column of ids (`tag`, `track`, …) and what `Measure.columns` says of the vectors' measure: by
        cosine `similarity` ([-1, 1]) and `distance` (1 − similarity), by dot product `similarity`, else
        `distance`; of tags `unknown` too (words of the tag without a vector, which have no say in it).
        Nearest first, ties in the order of the ids.

    Raises:
        NotFound: If it has no vector.
        InvalidSetting: If `n` is below 1.
    """
    return nearest_to(vectors, vectors.rows_of([of])[0], n, without=[of])


def analogy(vectors: Vectors, a: str, b: str, c: str, n: int = 10) -> pd.DataFrame:
    """Return what is nearest to a − b + c: what is to `c` as `a` is to `b`.

    Compared by cosine, the three are taken at length 1.

    Args:
        vectors: Where to look.
        a: Taken as it is.
        b: Taken away.
        c: Added. None of the three is among the results.
        n: How many.

    Returns:
        As `neighbours`.

    Raises:
        NotFound: If one of them has no vector.
        InvalidSetting: If `n` is below 1, or the three cancel out.
    """
    terms = vectors.points_at([a, b, c]).astype(np.float64)
    query = terms[0] - terms[1] + terms[2]
    vanished = np.linalg.norm(query) < _VANISHED * np.linalg.norm(terms, axis=1).max()
    if vanished and not vectors.by.by_place:
        raise InvalidSetting(f"{a!r} − {b!r} + {c!r} cancels out; choose other {vectors.kind}")
    return nearest_to(vectors, query.astype(np.float32), n, without=[a, b, c])


def nearest_to(
    vectors: Vectors, query: npt.NDArray[np.float32], n: int = 10, without: Sequence[str] = ()
) -> pd.DataFrame:
    """Return what is nearest to a vector.

    Args:
        vectors: Where to look.
        query: Array (dim,), float32; compared by cosine, not all zeros.
        n: How many; all there are if these are fewer.
        without: Ids that are not to be among the results.

    Returns:
        As `neighbours`.

    Raises:
        InvalidSetting: If `n` is below 1.
    """
    if n < 1:
        raise InvalidSetting(f"n={n} must be at least 1")
    hidden = set(without) & set(vectors.ids)
    rows, scores = nearest_rows(vectors, query[None], min(n + len(hidden), len(vectors)))
    shown = [place for place, row in enumerate(rows[0]) if vectors.ids[row] not in hidden][:n]
    columns = vectors.by.columns(scores[0, shown].astype(np.float64))
    table = pd.DataFrame({vectors.column: [vectors.ids[row] for row in rows[0, shown]], **columns})
    return vectors.annotated(table.astype({vectors.column: "str"}))


def nearest_rows(
    vectors: Vectors, queries: npt.NDArray[np.float32], n: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.floating]]:
    """Return the n nearest rows of each query, exactly, a block of vectors at a time.

    Args:
        vectors: Where to look; may be larger than memory.
        queries: Array (queries, dim), float32.
        n: From 1 to the number of vectors.

    Returns:
        Rows (queries, n), nearest first, ties in the order of rows; and their scores by the vectors' measure.
    """
    step = max(n, _CANDIDATES_PER_BLOCK // max(len(queries), 1))
    rows = np.empty((len(queries), 0), np.intp)
    scores = np.empty((len(queries), 0), np.float32)
    for start in range(0, len(vectors), step):
        block = vectors.by.score(queries, np.asarray(vectors.vectors[start : start + step]))
        # Those kept stand before the block's, so that of equal scores the earlier row comes first.
        scores = np.hstack([scores, block])
        rows = np.hstack([rows, np.tile(np.arange(start, start + block.shape[1]), (len(queries), 1))])
        kept = np.stack([_highest(one, min(n, scores.shape[1])) for one in scores])
        rows, scores = np.take_along_axis(rows, kept, 1), np.take_along_axis(scores, kept, 1)
    return rows, scores


def nearest_of_first(
    vectors: Vectors, n_queries: int, k: int, progress: Progress = silent
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return the k nearest others of each of the first rows, exactly; of a folksonomy's tags, the most used.

    Args:
        vectors: Where to look.
        n_queries: Of how many rows.
        k: From 1 to one less than the number of vectors.
        progress: Told after each block.

    Returns:
        Rows (n_queries, k), nearest first, ties in the order of rows; and their scores by the vectors'
        measure.
    """
    everything = np.asarray(vectors.vectors)
    rows = np.empty((n_queries, k), np.int32)
    scores = np.empty((n_queries, k), np.float32)
    # The k-th highest of a part is a bound that few pass: selecting among these costs a tenth of selecting
    # among all.
    stride = max(1, int(np.sqrt(len(vectors) / k)))
    step = max(1, _SCORES_PER_BLOCK // len(vectors))
    for start in range(0, n_queries, step):
        queries = np.arange(start, min(start + step, n_queries))
        block = vectors.by.score(everything[queries], everything)
        block[np.arange(len(queries)), queries] = -np.inf
        bounds = np.partition(block[:, ::stride], -k, axis=1)[:, -k]
        for query, others, bound in zip(queries, block, bounds, strict=True):
            near = np.flatnonzero(others >= bound)
            rows[query] = near[np.argsort(-others[near], kind="stable")[:k]]
            scores[query] = others[rows[query]]
        done = int(queries[-1]) + 1
        progress(done / n_queries, counted("nearest neighbours of tags", done, n_queries))
    return rows, scores


def _highest(scores: npt.NDArray[np.floating], n: int) -> npt.NDArray[np.intp]:
    """Return the places of the n highest scores, highest first, ties in the order given."""
    least = np.partition(scores, len(scores) - n)[len(scores) - n]
    rows = np.flatnonzero(scores >= least)
    return rows[np.argsort(-scores[rows], kind="stable")][:n]


def axis(vectors: Vectors, from_tag: str, to_tag: str) -> pd.DataFrame:
    """Place every tag, or whatever the vectors are of, along the straight line from one tag to another.

    Args:
        vectors: Where to look.
        from_tag: Where the line is at 0.
        to_tag: Where it is at 1.

    Returns:
        One row a tag, in the order of `vectors`: `tag` (or `track`, …), `position` (along the line; below 0
        and above 1 lie beyond its ends), `distance` (Euclidean, from the line), `unknown` (words without a
        vector).

    Raises:
        NotFound: If one of the tags has no vector.
        InvalidSetting: If both lie on the same point.

    Source:
        As figure 11 of Ros Perez 2021 looks at pairs of words.
    """
    start, end = vectors.points_at([from_tag, to_tag]).astype(np.float64)
    line = end - start
    length = float(np.linalg.norm(line))
    if length <= _VANISHED * max(np.linalg.norm(start), np.linalg.norm(end)):
        raise InvalidSetting(
            f"from_tag={from_tag!r} and to_tag={to_tag!r} lie on the same point; an axis needs two"
        )
    position, distance = np.empty(len(vectors)), np.empty(len(vectors))
    for first in range(0, len(vectors), _ROWS_PER_BLOCK):
        block = slice(first, first + _ROWS_PER_BLOCK)
        offset = vectors.points[block] - start
        along = offset @ (line / length)
        position[block] = along / length
        distance[block] = np.linalg.norm(offset - np.outer(along, line / length), axis=1)
    table = pd.DataFrame({vectors.column: vectors.ids, "position": position, "distance": distance})
    return vectors.annotated(table.astype({vectors.column: "str"}))


def overlap_at_k(
    a: Vectors,
    b: Vectors,
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
    common = [tag for tag in a.ids if tag in b]
    if not 1 <= k < len(common):
        raise InvalidSetting(
            f"k={k} must be at least 1 and below the {len(common)} tags that have a vector both in "
            f"{a.name or 'the first'} and in {b.name or 'the second'}"
        )
    sides = [side.select(common) for side in (a, b)]
    wanted = set(common if tags is None else tags)
    asked = np.flatnonzero([tag in wanted for tag in common])
    overlap = np.empty(len(asked))
    step = max(1, _SCORES_PER_BLOCK // len(common))
    for start in range(0, len(asked), step):
        progress(start / len(asked), counted("comparing the neighbours of tags", start, len(asked)))
        rows = asked[start : start + step]
        near = [_k_nearest(side, rows, k) for side in sides]
        overlap[start : start + step] = (near[0] & near[1]).sum(axis=1) / k
    table = pd.DataFrame({a.column: [common[row] for row in asked], "overlap": overlap})
    return table.astype({a.column: "str"})


def _k_nearest(vectors: Vectors, rows: npt.NDArray[np.intp], k: int) -> npt.NDArray[np.bool_]:
    """Mark the k nearest of some rows (rows, tags), ties in the order of tags.

    Equal vectors are common; rounding makes their similarities equal too, wherever in a block they stand.
    """
    scores = vectors.by.score(vectors.vectors[rows], vectors.vectors)
    np.round(scores / _magnitude(scores), 6, out=scores)
    scores[np.arange(len(rows)), rows] = -np.inf
    least = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k, None]
    near = scores > least
    tied = scores == least
    room = k - near.sum(axis=1, keepdims=True)
    chosen: npt.NDArray[np.bool_] = near | (tied & (np.cumsum(tied, axis=1, dtype=np.int32) <= room))
    return chosen


def _magnitude(scores: npt.NDArray[np.floating]) -> float:
    """Return the power of ten that scores lie below, at least 1 where they are cosines."""
    largest = float(np.abs(scores).max(initial=0.0))
    return 10.0 ** np.ceil(np.log10(largest)) if largest > 1 or 0 < largest < 1e-3 else 1.0
