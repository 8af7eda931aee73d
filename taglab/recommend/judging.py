"""How good a recommender's lists are: nDCG and recall of what was held out, coverage and diversity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.metrics.diversity import Diversity, diversity
from taglab.metrics.paired import interval_over_queries
from taglab.metrics.ranking import ranked
from taglab.metrics.validation import DoubleArray
from taglab.parallel import blocks
from taglab.progress import Progress, counted, silent
from taglab.recommend.holding_out import HeldOut
from taglab.recommend.recommender import Floats32, Ints, Recommender
from taglab.reprs import one_line

_SCORES_AT_ONCE = 1 << 24


@dataclass(frozen=True, eq=False)
class Judged:
    """How good lists are.

    Items that a user has played are in no list. Items of equal score come in any order: nDCG and recall are
    means over all orders, and lists take them in an order drawn once, the same for all users. Users of whom
    nothing was held out are not asked: they count neither as 0 nor as 1.

    Attributes:
        k: Places of a list.
        users: Rows of the users who were asked, (users,).
        ndcg: Of each, at k (users,).
        recall: Of each, at k (users,).
        lists: Rows of the items of each list, first to last, (users, k), -1 where it is shorter.
        lists_differ: Coverage, and diversity by entropy.
        not_asked: Users left out, for nothing of theirs was held out.
    """

    k: int
    users: Ints
    ndcg: DoubleArray
    recall: DoubleArray
    lists: Ints
    lists_differ: Diversity
    not_asked: int

    __repr__ = one_line

    def row(self) -> dict[str, Any]:
        """Return means with intervals over users, as a row of a table."""
        ndcg, recall = interval_over_queries(self.ndcg), interval_over_queries(self.recall)
        return {
            "users": len(self.users),
            "ndcg": ndcg.estimate, "ndcg_low": ndcg.low, "ndcg_high": ndcg.high,
            "recall": recall.estimate, "recall_low": recall.low, "recall_high": recall.high,
            "coverage": self.lists_differ.coverage,
            "entropy": self.lists_differ.entropy,
            "diversity": self.lists_differ.by_places,
            "diversity_of_items": self.lists_differ.by_items,
        }  # fmt: skip


def judge(
    recommender: Recommender,
    held_out: HeldOut,
    k: int = 100,
    most_users: int | None = 1_000,
    seed: int = 0,
    progress: Progress = silent,
) -> Judged:
    """Judge a recommender by what was held out from it.

    Args:
        recommender: Learned from `held_out.train`.
        held_out: What it has not seen.
        k: Places of a list.
        most_users: So many of those who can be asked are drawn; all where None.
        seed: Of the users drawn, and of the order of tied items.
        progress: Told after each block of users.

    Raises:
        InvalidSetting: If it learned from other plays, or nothing was held out.
    """
    if recommender.plays.fingerprint != held_out.train.fingerprint:
        raise InvalidSetting("the recommender must have learned from what is not held out, and nothing else")
    users = held_out.asked_users
    if not len(users):
        raise InvalidSetting(
            f"nothing was held out from {recommender.plays.name}, so that nothing judges; hold out some"
        )
    drawn = np.random.default_rng(seed)
    if most_users is not None and len(users) > most_users:
        users = np.sort(drawn.choice(users, most_users, replace=False))
    tie_order = drawn.permutation(recommender.n_items)
    ndcg, recall, lists = [], [], []
    for part in blocks(len(users), max(1, _SCORES_AT_ONCE // recommender.n_items)):
        scores = open_scores(recommender, users[part], held_out.candidates)
        relevant = held_out.test[users[part]].toarray()
        standing = ranked(scores, relevant)
        ndcg.append(standing.ndcg_at(k))
        recall.append(standing.recall_at(k))
        lists.append(first_items(scores, k, tie_order))
        progress(part.stop / len(users), counted("users", part.stop, len(users)))
    n_open = recommender.n_items if held_out.candidates is None else len(held_out.candidates)
    chosen = np.concatenate(lists)
    return Judged(
        k, users, np.concatenate(ndcg), np.concatenate(recall), chosen,
        _differ(chosen, held_out.candidates, n_open),
        recommender.n_users - len(held_out.asked_users),
    )  # fmt: skip


def _differ(lists: Ints, candidates: Ints | None, n_open: int) -> Diversity:
    """Return how lists differ, among the items that could be in them."""
    if candidates is not None:
        lists = np.where(lists < 0, -1, np.searchsorted(candidates, lists))
    return diversity(lists, n_open)


def open_scores(recommender: Recommender, users: Ints, candidates: Ints | None = None) -> Floats32:
    """Return scores (users, items), -inf of items that a user has played or that are no candidates."""
    scores = recommender.score_block(users)
    played = sparse.coo_array(recommender.plays.matrix[users])
    scores[played.row, played.col] = -np.inf
    if candidates is not None:
        closed = np.ones(scores.shape[1], bool)
        closed[candidates] = False
        scores[:, closed] = -np.inf
    return scores


def first_items(scores: Floats32, k: int, tie_order: npt.NDArray[np.int64]) -> Ints:
    """Return the items of the k highest scores, (queries, k), highest first; -1 where fewer are open.

    Args:
        scores: (queries, items), -inf where an item is not open.
        k: At most so many.
        tie_order: A permutation of the items: of equal scores that which comes first in it is first.
    """
    k = min(k, scores.shape[1])
    shuffled = scores[:, tie_order]
    # Of those that tie at the last place argpartition takes any: they are taken by their order instead.
    least = -np.partition(-shuffled, k - 1, axis=1)[:, k - 1 : k]
    rank = np.where(shuffled > least, 2, (shuffled == least).astype(np.int8))
    kept = np.argsort(-rank, axis=1, kind="stable")[:, :k]
    own = np.take_along_axis(shuffled, kept, axis=1)
    ordered = np.lexsort((kept, -own), axis=1)
    places = np.take_along_axis(kept, ordered, axis=1)
    items = tie_order[places]
    items[np.isneginf(np.take_along_axis(own, ordered, axis=1))] = -1
    return np.asarray(items, np.int64)


def recommended(recommender: Recommender, user: int, k: int = 10) -> pd.DataFrame:
    """Return what is recommended to a user: `item`, `score`, `tags` (commas between), best first.

    Args:
        recommender: What was learned.
        user: Row of the user.
        k: At most so many.
    """
    scores = open_scores(recommender, np.array([user]))
    items = first_items(scores, k, np.arange(recommender.n_items))[0]
    items = items[items >= 0]
    return pd.DataFrame(
        {
            "item": [recommender.tags.items[item] for item in items],
            "score": recommender.scores(user, items),
            "tags": [", ".join(recommender.tags.of_item(item)) for item in items],
        }
    )
