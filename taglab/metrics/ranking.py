"""How well items are ordered for queries: precision, recall and nDCG at k, reciprocal rank, and their kin.

A query may be a track whose tags are ranked, a tag whose tracks are, or a song whose neighbours are.

Ties. Items of equal score may come in any order. Precision, recall and nDCG at k and the reciprocal rank are
means over all these orders, which formulas give exactly, so that neither luck nor the order of a file's rows
enters. Average precision takes tied items as retrieved together, as everywhere in taglab
(`taglab.metrics.tagging`): of the tracks of one tag it is that tag's average precision.

A query without relevant items has no figure: NaN, counted (`Ranked.without_relevant`), and left out of means.

Source: McSherry & Najork, "Computing information retrieval performance measures efficiently in the presence
of tied scores", ECIR 2008; Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM
TOIS 20 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from taglab.errors import InvalidSetting
from taglab.metrics.validation import BoolArray, DoubleArray, ScoreArray, quotient, zeros_and_ones
from taglab.parallel import blocks, on_every_core
from taglab.progress import Progress, silent
from taglab.reprs import one_line

IntArray = npt.NDArray[np.int64]

# Scores sorted at a time by one thread.
_BLOCK_SCORES = 1 << 18


@dataclass(frozen=True, eq=False)
class Ranked:
    """Where the relevant items of queries stand: all that the figures of a ranking need.

    Attributes:
        query: Row of the query of each relevant item, ascending (relevant items,).
        above: How many items of its query have a higher score (relevant items,).
        upto: How many have at least its score, itself among them (relevant items,).
        relevant_upto: How many of those are relevant (relevant items,).
        relevant: Relevant items of each query (queries,).
        n_items: Items that are ranked.
    """

    query: IntArray
    above: IntArray
    upto: IntArray
    relevant_upto: IntArray
    relevant: IntArray
    n_items: int

    __repr__ = one_line

    @property
    def n_queries(self) -> int:
        """How many queries there are."""
        return len(self.relevant)

    @property
    def without_relevant(self) -> int:
        """Queries without a relevant item, whose figures are NaN."""
        return int((self.relevant == 0).sum())

    def precision_at(self, k: int) -> DoubleArray:
        """Return the share of relevant items among the first k, see `precision_at_k` (queries,)."""
        return np.where(self.relevant > 0, self._hits(k) / k, np.nan)

    def recall_at(self, k: int) -> DoubleArray:
        """Return the share of relevant items that are among the first k, see `recall_at_k` (queries,)."""
        return quotient(self._hits(k), self.relevant)

    def ndcg_at(self, k: int | None = None) -> DoubleArray:
        """Return the discounted cumulative gain over the best there could be, see `ndcg_at_k` (queries,)."""
        last = self.n_items if k is None else min(_places(k), self.n_items)
        gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, last + 2)))])
        expected = gains[np.minimum(self.upto, last)] - gains[np.minimum(self.above, last)]
        ideal = gains[np.minimum(self.relevant, last)]
        gained = self._sums(expected / (self.upto - self.above))
        return quotient(np.minimum(gained, ideal), ideal)  # which rounding may exceed

    @cached_property
    def reciprocal_rank(self) -> DoubleArray:
        """1 over the place of the first relevant item, see `reciprocal_rank` (queries,)."""
        values = np.full(self.n_queries, np.nan)
        queries, first = np.unique(self.query, return_index=True)
        # A query's relevant items come in descending order: its first is in its highest group of ties.
        for query, row in zip(queries, first, strict=True):
            above, size = int(self.above[row]), int(self.upto[row] - self.above[row])
            values[query] = _expected_reciprocal(above, size, int(self.relevant_upto[row]))
        return values

    @cached_property
    def average_precision(self) -> DoubleArray:
        """Mean, over relevant items, of the precision down to each of them (queries,)."""
        return quotient(self._sums(self.relevant_upto / self.upto), self.relevant)

    def _hits(self, k: int) -> DoubleArray:
        """Return the relevant items expected among the first k (queries,)."""
        size = self.upto - self.above
        expected = self._sums((_places(k) - self.above).clip(0, size) / size)
        return np.minimum(expected, np.minimum(self.relevant, k))  # which rounding may exceed

    def _sums(self, values: DoubleArray) -> DoubleArray:
        return np.bincount(self.query, values, self.n_queries).astype(np.float64)


def ranked(scores: npt.ArrayLike, relevant: npt.ArrayLike, progress: Progress = silent) -> Ranked:
    """Return where the relevant items of queries stand.

    Args:
        scores: (queries, items); -inf puts items behind all others, tied: those that a list of the first few
            does not name, or that are no candidates of a query.
        relevant: 0/1 or bool (queries, items).
        progress: Told after each block of queries.

    Raises:
        InvalidSetting: If shapes disagree or hold no query or no item, `relevant` has other values than 0
            and 1, or a score is NaN or +inf.
    """
    is_relevant, given = _checked(scores, relevant)

    def work(block: slice) -> tuple[IntArray, IntArray]:
        rows = zip(given[block], is_relevant[block], strict=True)
        parts = [_standing(row, row[wanted]) for row, wanted in rows]
        return np.concatenate(parts, axis=1), np.array([part.shape[1] for part in parts], np.int64)

    parts = blocks(len(given), _BLOCK_SCORES // given.shape[1])
    standing, counts = zip(*on_every_core(work, parts, progress, "ranking items"), strict=True)
    above, upto, relevant_upto = np.concatenate(standing, axis=1)
    of_query = np.concatenate(counts)
    query = np.repeat(np.arange(len(of_query)), of_query)
    return Ranked(query, above, upto, relevant_upto, of_query, given.shape[1])


def precision_at_k(scores: npt.ArrayLike, relevant: npt.ArrayLike, k: int) -> DoubleArray:
    """Return the share of the first k places that relevant items take (queries,).

    Where there are fewer than k items, the places behind them count as wrong, as in trec_eval.

    Args:
        scores: (queries, items), see `ranked`.
        relevant: 0/1 or bool (queries, items).
        k: Places looked at, from 1.

    Returns:
        In [0, 1]; NaN for a query without relevant items.

    Raises:
        InvalidSetting: If k is less than 1, or arrays are not as `ranked` needs them.

    Examples:
        >>> precision_at_k([[0.9, 0.8, 0.1], [0.5, 0.5, 0.1]], [[1, 0, 1], [1, 0, 0]], 1)
        array([1. , 0.5])
    """
    return ranked(scores, relevant).precision_at(k)


def recall_at_k(scores: npt.ArrayLike, relevant: npt.ArrayLike, k: int) -> DoubleArray:
    """Return the share of a query's relevant items that are among the first k (queries,).

    Arguments, NaN and errors as of `precision_at_k`.

    Examples:
        >>> recall_at_k([[0.9, 0.8, 0.1]], [[1, 0, 1]], 2)
        array([0.5])
    """
    return ranked(scores, relevant).recall_at(k)


def reciprocal_rank(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> DoubleArray:
    """Return 1 over the place of the first relevant item (queries,); its mean is the mean reciprocal rank.

    Arguments, NaN and errors as of `precision_at_k`.

    Examples:
        >>> reciprocal_rank([[0.9, 0.8, 0.1], [0.5, 0.5, 0.1]], [[0, 1, 1], [1, 0, 0]])
        array([0.5 , 0.75])
    """
    return ranked(scores, relevant).reciprocal_rank


def ndcg_at_k(scores: npt.ArrayLike, relevant: npt.ArrayLike, k: int | None = None) -> DoubleArray:
    """Return nDCG: 1 / log2(place + 1) summed over relevant items, over what the best order gives (queries,).

    Arguments, NaN and errors as of `precision_at_k`; `k` None looks at all places. The best order is that of
    the first k places.

    Examples:
        >>> ndcg_at_k([[0.9, 0.8, 0.1]], [[1, 1, 0]])
        array([1.])
    """
    return ranked(scores, relevant).ndcg_at(k)


def average_precision_of_queries(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> DoubleArray:
    """Return the mean, over relevant items, of the precision down to each (queries,); its mean is MAP.

    Arguments, NaN and errors as of `precision_at_k`. Tied items are retrieved together.

    Examples:
        >>> average_precision_of_queries([[0.9, 0.8, 0.1]], [[1, 0, 1]]).round(4)
        array([0.8333])
    """
    return ranked(scores, relevant).average_precision


def _checked(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> tuple[BoolArray, ScoreArray]:
    given, wanted = np.asarray(scores), np.asarray(relevant)
    if given.ndim != 2 or given.shape != wanted.shape or not given.size:
        raise InvalidSetting(
            f"scores {given.shape} and relevant {wanted.shape} must both be (queries, items), with at least "
            "one of each"
        )
    if given.dtype not in (np.float32, np.float64):
        given = given.astype(np.float64)
    if not given.max() < np.inf:  # of NaN, too, which a maximum passes on
        raise InvalidSetting("scores hold NaN or +inf; items that are not ranked have -inf")
    return zeros_and_ones(wanted, "relevant"), given


def _standing(scores: ScoreArray, of_relevant: ScoreArray) -> IntArray:
    """Return above, upto and relevant_upto of a query's relevant items, the highest first (3, items)."""
    ascending, mine = np.sort(scores), np.sort(of_relevant)
    above = len(ascending) - ascending.searchsorted(mine, "right")
    upto = len(ascending) - ascending.searchsorted(mine, "left")
    return np.stack([above, upto, len(mine) - mine.searchsorted(mine, "left")])[:, ::-1]


def _expected_reciprocal(above: int, size: int, relevant: int) -> float:
    """Return the mean of 1 / place of the first relevant item over all orders of the group it stands in.

    That it is the j-th of the group has the probability C(size - j, relevant - 1) / C(size, relevant).

    Args:
        above: Items before the group.
        size: Items in it.
        relevant: Relevant ones among them, 1 or more.
    """
    places = np.arange(1, size - relevant + 2)
    ratios = (size - places[:-1] - relevant + 1) / (size - places[:-1])
    chances = relevant / size * np.concatenate([[1.0], np.cumprod(ratios)])
    return float((chances / (above + places)).sum())


def _places(k: int) -> int:
    if k < 1:
        raise InvalidSetting(f"k={k} must be at least 1: so many places are looked at")
    return k
