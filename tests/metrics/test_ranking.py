"""Figures of rankings: by hand, over all orders of ties, and against scikit-learn."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from taglab.errors import InvalidSetting
from taglab.metrics import ranking
from taglab.metrics.ranking import (
    average_precision_of_queries,
    ndcg_at_k,
    precision_at_k,
    ranked,
    recall_at_k,
    reciprocal_rank,
)
from taglab.metrics.tagging import label_scores
from tests.metrics.scored import learnt, truth_and_scores


def test_a_ranking_worked_by_hand() -> None:
    # Places 1 to 5 hold items 3, 0, 4, 1, 2; relevant are 0, 1 and 4: places 2, 3 and 4.
    scores, relevant = [[0.8, 0.2, 0.1, 0.9, 0.5]], [[1, 1, 0, 0, 1]]
    assert precision_at_k(scores, relevant, 1) == 0
    assert precision_at_k(scores, relevant, 3) == pytest.approx(2 / 3)
    assert precision_at_k(scores, relevant, 10) == pytest.approx(3 / 10)
    assert recall_at_k(scores, relevant, 2) == pytest.approx(1 / 3)
    assert recall_at_k(scores, relevant, 10) == 1
    assert reciprocal_rank(scores, relevant) == 1 / 2
    assert average_precision_of_queries(scores, relevant) == pytest.approx((1 / 2 + 2 / 3 + 3 / 4) / 3)
    gain, best = 1 / math.log2(3) + 1 / math.log2(4), 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg_at_k(scores, relevant, 3) == pytest.approx(gain / best)
    assert ndcg_at_k(scores, relevant) == pytest.approx((gain + 1 / math.log2(5)) / best)


def _in_this_order(order: tuple[int, ...], relevant: Any, k: int) -> list[float]:
    """Return precision, recall, reciprocal rank and nDCG of one order, by their definitions."""
    hits = [bool(relevant[item]) for item in order]
    gain = sum(hit / math.log2(place + 2) for place, hit in enumerate(hits[:k]))
    best = sum(1 / math.log2(place + 2) for place in range(min(k, sum(hits))))
    found = sum(hits[:k])
    return [found / k, found / sum(hits), 1 / (hits.index(True) + 1), gain / best]


@given(truth_and_scores(levels=2, max_tracks=6, max_classes=2), st.integers(1, 7))
def test_tied_items_count_as_the_mean_over_all_their_orders(drawn: tuple[Any, Any], k: int) -> None:
    relevant, scores = drawn[0].T, drawn[1].T
    found = ranked(scores, relevant)
    figures = np.stack([found.precision_at(k), found.recall_at(k), found.reciprocal_rank, found.ndcg_at(k)])
    for query, (given_, wanted) in enumerate(zip(scores, relevant, strict=True)):
        if not wanted.any():
            assert np.isnan(figures[:, query]).all()
            continue
        orders = [
            order
            for order in itertools.permutations(range(len(given_)))
            if (np.diff(given_[list(order)]) <= 0).all()
        ]
        expected = np.mean([_in_this_order(order, wanted, k) for order in orders], axis=0)
        np.testing.assert_allclose(figures[:, query], expected, atol=1e-12)


@given(truth_and_scores(max_tracks=20), st.integers(1, 25))
def test_as_scikit_learn_has_it(drawn: tuple[Any, Any], k: int) -> None:
    relevant, scores = drawn
    having = relevant.any(axis=1)
    if not having.any():
        return
    found = ranked(scores, relevant)
    assert found.without_relevant == (~having).sum()
    expected = label_ranking_average_precision_score(relevant[having], scores[having])
    assert np.nanmean(found.average_precision) == pytest.approx(expected, abs=1e-12)
    if relevant.shape[1] > 1:  # of one item scikit-learn says nothing
        for places in (k, None):
            expected = ndcg_score(relevant[having], scores[having], k=places)
            assert np.nanmean(found.ndcg_at(places)) == pytest.approx(expected, abs=1e-9)


@given(truth_and_scores())
def test_a_tag_as_a_query_has_the_average_precision_of_the_tag(drawn: tuple[Any, Any]) -> None:
    truth, scores = drawn
    expected = label_scores(truth, scores).average_precision
    np.testing.assert_allclose(average_precision_of_queries(scores.T, truth.T), expected, atol=1e-12)


def test_more_queries_than_a_block_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    relevant, scores = learnt(50, 20)
    whole = ranked(scores, relevant)
    monkeypatch.setattr(ranking, "_BLOCK_SCORES", 60)
    parts = ranked(scores, relevant)
    for name in ("query", "above", "upto", "relevant_upto", "relevant"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_items_that_are_not_ranked_come_last_and_tied() -> None:
    scores, relevant = [[3.0, -np.inf, -np.inf, 2.0]], [[0, 1, 0, 0]]
    assert precision_at_k(scores, relevant, 2) == 0
    assert reciprocal_rank(scores, relevant) == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert recall_at_k(scores, relevant, 3) == 1 / 2


def test_of_many_tied_items_the_first_relevant_one_is_where_chance_puts_it() -> None:
    n = 2_000
    scores, relevant = np.zeros((2, n)), np.zeros((2, n), bool)
    relevant[0, 7], relevant[1, :5] = True, True
    found = ranked(scores, relevant).reciprocal_rank
    assert found[0] == pytest.approx((1 / np.arange(1, n + 1)).mean())
    chances = [math.comb(n - place, 4) / math.comb(n, 5) for place in range(1, n - 3)]
    assert found[1] == pytest.approx(sum(chance / place for place, chance in enumerate(chances, start=1)))


def test_bad_arrays_and_places_are_refused() -> None:
    for scores, relevant, message in [
        ([0.5], [1], "queries, items"),
        (np.empty((0, 2)), np.empty((0, 2)), "at least one of each"),
        ([[np.nan, 1]], [[0, 1]], "NaN or"),
        ([[np.inf, 1]], [[0, 1]], "not ranked have -inf"),
        ([[1, 0]], [[0.3, 1]], "relevant must hold only 0 and 1"),
    ]:
        with pytest.raises(InvalidSetting, match=message):
            ranked(scores, relevant)
    with pytest.raises(InvalidSetting, match="k=0 must be at least 1"):
        precision_at_k([[0.5]], [[1]], 0)
