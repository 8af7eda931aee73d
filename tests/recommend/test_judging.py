"""What is held out, and lists judged by it: by hand, and by ir-measures."""

import math

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import DataError, InvalidSetting
from taglab.interactions import Interactions
from taglab.metrics.diversity import diversity
from taglab.recommend import (
    ByChance,
    HoldingOut,
    ItemNeighbours,
    ItemTags,
    MostPopular,
    as_plays,
    first_items,
    fit,
    hold_out,
    judge,
    open_scores,
    recommended,
)
from tests.recommend.small import small_world

PLAYS, TAGS = small_world()


def test_of_every_user_a_share_is_held_out_but_never_all() -> None:
    held = hold_out(PLAYS, HoldingOut(share=0.4))
    before, after = PLAYS.per_user(), held.train.per_user()
    taken = np.diff(held.test.indptr)
    assert (before == after + taken).all()
    assert (after[before > 0] > 0).all()
    wanted = np.minimum(np.floor(0.4 * before + 0.5), np.maximum(before - 1, 0))
    np.testing.assert_array_equal(taken, wanted)
    both = (held.train.matrix.toarray() > 0) & held.test.toarray()
    assert not both.any()
    assert hold_out(PLAYS, HoldingOut(share=0.4, seed=1)).train.fingerprint != held.train.fingerprint
    assert hold_out(PLAYS, HoldingOut(share=0.4)).train.fingerprint == held.train.fingerprint


def test_cold_items_are_played_by_nobody_and_alone_are_ranked() -> None:
    held = hold_out(PLAYS, HoldingOut(by="item", share=0.3))
    assert held.candidates is not None
    assert len(held.candidates) == 6
    assert not held.train.per_track()[held.candidates].any()
    model = fit(ItemNeighbours(), held.train, TAGS)
    judged = judge(model, held, k=4)
    assert np.isin(judged.lists, held.candidates).all()
    assert judged.lists_differ.coverage <= 1
    popular = judge(fit(MostPopular(), held.train, TAGS), held, k=6)
    hits = held.test[popular.users].toarray()[:, held.candidates].sum(axis=1)
    np.testing.assert_allclose(popular.recall, 1.0)  # all six cold items are in a list of six
    assert (hits > 0).all()


def test_a_single_play_of_each_user_leaves_nothing_to_hold_out() -> None:
    plays = Interactions.from_codes("one", ["u", "v"], ["a", "b"], [0, 1], [0, 1])
    with pytest.raises(DataError, match="hold out another share"):
        hold_out(plays)
    everything = hold_out(plays, HoldingOut(by="nothing"))
    assert everything.train.fingerprint == plays.fingerprint
    tags = ItemTags.from_matrix(["a", "b"], ["t"], np.ones((2, 1)))
    with pytest.raises(InvalidSetting, match="nothing was held out"):
        judge(fit(MostPopular(), plays, tags), everything)


def test_one_user_is_judged_without_an_interval() -> None:
    plays = Interactions.from_codes("one", ["u"], ["a", "b", "c"], [0, 0, 0], [0, 1, 2])
    held = hold_out(plays, HoldingOut(share=0.34))
    tags = ItemTags.from_matrix(["a", "b", "c"], ["t"], np.ones((3, 1)))
    row = judge(fit(ItemNeighbours(), held.train, tags), held, k=2).row()
    assert row["ndcg"] == 1.0  # two are known, the third is all that is left
    assert math.isnan(row["ndcg_low"])


def test_a_list_by_hand() -> None:
    """Two of four items that tie were played later: the mean over all orders of the four."""
    users, items = ["u", "v"], ["a", "b", "c", "d", "e"]
    plays = Interactions.from_codes("x", users, items, [0, 0, 0, 1, 1, 1, 1], [0, 1, 3, 1, 2, 3, 4])
    held = hold_out(plays, HoldingOut(by="nothing"))
    train = Interactions.from_codes("x", users, items, [0, 1, 1, 1, 1], [0, 1, 2, 3, 4], [1, 4, 3, 2, 1])
    test = sparse.csr_array(np.array([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0]], bool))
    held = type(held)(train, test, None, held.asked)
    tags = ItemTags.from_matrix(items, ["t"], np.ones((5, 1)))
    judged = judge(fit(MostPopular(), train, tags), held, k=4)
    assert judged.users.tolist() == [0]
    assert judged.not_asked == 1
    # b, c, d, e were each played by one user: any order, so places are means over all orders of four.
    gains = 1 / np.log2(np.arange(2, 6))
    np.testing.assert_allclose(judged.ndcg, 2 * gains.mean() / gains[:2].sum())
    np.testing.assert_allclose(judged.recall, 1.0)


def test_ndcg_is_that_of_ir_measures() -> None:
    measures = pytest.importorskip("ir_measures")
    held = hold_out(PLAYS, HoldingOut(share=0.4))
    model = fit(ByChance(), held.train, TAGS)
    judged = judge(model, held, k=5, most_users=None)
    scores = open_scores(model, judged.users)
    relevant = held.test[judged.users].toarray()
    qrels = [measures.Qrel(str(q), str(i), 1) for q, i in zip(*np.nonzero(relevant), strict=True)]
    run = [
        measures.ScoredDoc(str(q), str(i), float(scores[q, i]))
        for q, i in zip(*np.nonzero(np.isfinite(scores)), strict=True)
    ]
    for measure, ours in ((measures.nDCG @ 5, judged.ndcg), (measures.R @ 5, judged.recall)):
        theirs = {int(row.query_id): row.value for row in measures.iter_calc([measure], qrels, run)}
        np.testing.assert_allclose(ours, [theirs[at] for at in range(len(ours))], atol=1e-6)


def test_lists_leave_out_what_was_played_and_take_ties_in_an_order() -> None:
    scores = np.array([[1, 5, 5, 5, -np.inf], [2, -np.inf, -np.inf, -np.inf, -np.inf]], np.float32)
    order = np.array([3, 2, 1, 0, 4])
    assert first_items(scores, 2, order).tolist() == [[3, 2], [0, -1]]
    assert first_items(scores, 9, order).tolist() == [[3, 2, 1, 0, -1], [0, -1, -1, -1, -1]]
    model = fit(ItemNeighbours(), PLAYS, TAGS)
    table = recommended(model, 0, 30)
    assert not set(table["item"]) & {f"i{item}" for item in model.history(0)}
    assert len(table) == PLAYS.n_tracks - len(model.history(0))
    assert (np.diff(table["score"]) <= 1e-12).all()


def test_diversity_by_hand_under_both_ceilings() -> None:
    """Lists (0, 1) and (0, 2) of four items: shares 1/2, 1/4, 1/4, entropy 1.5 ln 2; ln 4 twice."""
    result = diversity([[0, 1], [0, 2]], 4)
    assert result.entropy == pytest.approx(1.5 * math.log(2))
    assert result.by_places == result.by_items == pytest.approx(0.75)
    assert result.coverage == 0.75
    alike = diversity([[0, 1]] * 8, 3)  # sixteen places, three items
    assert alike.entropy == pytest.approx(math.log(2))
    assert alike.by_places == pytest.approx(math.log(2) / math.log(16))
    assert alike.by_items == pytest.approx(math.log(2) / math.log(3))
    assert diversity([[1, -1]], 3).by_items == 1.0
    with pytest.raises(InvalidSetting, match="rows of 2 items"):
        diversity([[0, 2]], 2)
    with pytest.raises(InvalidSetting, match="users, places"):
        diversity([[-1]], 2)


def test_ratings_become_plays_by_a_stated_rule() -> None:
    ratings = Interactions.from_codes("r", ["u", "v"], ["a", "b"], [0, 0, 1], [0, 1, 1], [5, 2, 4], "ratings")
    every = as_plays(ratings)
    assert (every.kind, every.matrix.nnz) == ("counts", 3)
    good = as_plays(ratings, 4)
    np.testing.assert_array_equal(good.matrix.toarray(), [[1, 0], [0, 1]])
    assert good.dropped[-1].count == 1
    assert "4 or more" in good.reading[-1]
    assert as_plays(good) is good
    with pytest.raises(InvalidSetting, match="has counts of plays"):
        as_plays(good, 3)
    with pytest.raises(DataError, match="no rating of 6"):
        as_plays(ratings, 6)
    below = Interactions.from_codes("r", ["u"], ["a", "b"], [0, 0], [0, 1], [-3, 2], "ratings")
    with pytest.raises(InvalidSetting, match="below zero, down to -3"):
        as_plays(below)
    assert as_plays(below, 0).matrix.nnz == 1
