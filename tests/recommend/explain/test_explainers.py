"""Every entry of EXPLAINERS on systems whose tags count as it is known."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge, lars_path

from taglab.errors import InvalidSetting
from taglab.recommend.explain import (
    EXPLAINERS,
    Explained,
    Explainer,
    IntegratedGradients,
    LeaveOneOut,
    Lime,
    PartialDependence,
    RandomWeights,
    Saliency,
    Shapley,
    deletion,
    insertion,
    partial_dependence,
)
from taglab.recommend.explain import explained as explained_module
from taglab.recommend.explain.explained import OwnTags
from taglab.recommend.explain.lasso_path import chosen_on_path, lasso_knots
from taglab.recommend.explain.lime import least_squares_of, require_memory
from taglab.recommend.explain.perturbed import left_out_at_random, nearness
from tests.recommend.explain.toys import BIASES, WEIGHTS, either, linear, tags_of

every_explainer = pytest.mark.parametrize(
    "explainer", [kind() for kind in EXPLAINERS.values()], ids=EXPLAINERS
)
BOTH = 0  # the item of `either` that has both of the first two tags


@every_explainer
def test_explanations_are_of_the_tags_that_items_have_and_the_same_by_seed(explainer: Explainer) -> None:
    explained = linear()
    one, again = explainer.explain(explained, seed=3), explainer.explain(explained, seed=3)
    np.testing.assert_array_equal(one.item().toarray(), again.item().toarray())
    assert not one.item().toarray()[explained.tags.toarray() == 0].any()
    for reading in ("user", "item"):
        whole = one.approximated(reading)
        assert whole.shape == explained.items.shape
        np.testing.assert_array_equal(whole, again.approximated(reading))
        assert whole[1] == 0  # no tags, nothing to say


@every_explainer
@pytest.mark.parametrize("omega", [1, 2, 6])
def test_only_so_many_tags_count_and_those_of_greatest_magnitude(explainer: Explainer, omega: int) -> None:
    explanation = explainer.explain(either(), seed=3)
    of_items = explanation.item(omega).toarray()
    assert ((of_items != 0).sum(axis=1) <= omega).all()
    whole, kept = explanation.user(), explanation.user(omega)
    assert (kept != 0).sum() <= omega
    if explanation.of_fewer is None:
        shown = kept != 0
        assert (kept[shown] == whole[shown]).all()
        assert not shown.any() or np.abs(whole[~shown]).max(initial=0) <= np.abs(kept[shown]).min()


@every_explainer
def test_more_tags_than_an_item_has_are_all_it_has(explainer: Explainer) -> None:
    tags = sparse.csr_array(np.eye(20, 30) + np.eye(20, 30, 1))
    history = np.arange(5)

    def score(items: Any, rows: Any) -> Any:
        return np.tanh(rows @ np.linspace(-2, 3, 30))

    def slopes(items: Any, rows: Any) -> Any:
        return (1 - score(items, rows) ** 2)[:, None] * np.linspace(-2, 3, 30)

    pairs = Explained(np.arange(20), tags, score, slopes, False, history, sparse.csr_array(tags[history]))
    explanation = explainer.explain(pairs)
    for omega in (2, 3, 9, 30):
        np.testing.assert_allclose(explanation.item(omega).toarray(), explanation.item().toarray(), atol=1e-9)


@every_explainer
def test_more_tags_than_there_are_cannot_be_asked_for(explainer: Explainer) -> None:
    explanation = explainer.explain(linear())
    for reading in (explanation.item, explanation.user):
        with pytest.raises(InvalidSetting, match="omega=7 must lie from 1 to 6"):
            reading(7)
        with pytest.raises(InvalidSetting, match="omega=0"):
            reading(0)


@pytest.mark.parametrize(
    "explainer",
    [PartialDependence(), Saliency(), Shapley(permutations=2), LeaveOneOut(), IntegratedGradients(steps=1)],
    ids=lambda explainer: explainer.explainer,
)
def test_of_a_sum_over_tags_all_tell_its_weights(explainer: Explainer) -> None:
    explained = linear()
    explanation = explainer.explain(explained)
    np.testing.assert_allclose(explanation.item().toarray(), explained.tags.toarray() * WEIGHTS, atol=1e-12)
    np.testing.assert_allclose(explanation.user(), WEIGHTS, atol=1e-12)
    left = explained.scores - BIASES
    np.testing.assert_allclose(explanation.approximated("item"), left, atol=1e-12)
    np.testing.assert_allclose(explanation.approximated("user"), left, atol=1e-12)


def test_lime_tells_the_weights_of_a_sum_as_far_as_its_ridge_lets_it() -> None:
    explained = linear()
    near = Lime(ridge=1e-9).explain(explained).item()
    np.testing.assert_allclose(near.toarray(), explained.tags.toarray() * WEIGHTS, atol=1e-6)
    usual = Lime().explain(explained).item()
    assert np.abs(usual.toarray() - explained.tags.toarray() * WEIGHTS).max() < 0.35 * np.abs(WEIGHTS).max()


def test_partial_dependence_as_printed_shares_an_offset() -> None:
    explained = linear()
    ours, literal = PartialDependence().explain(explained), PartialDependence(literal=True).explain(explained)
    of_history = explained.history_tags.toarray()  # type: ignore[union-attr]
    scores = of_history @ WEIGHTS + BIASES[explained.history]
    with_tag = scores[:, None] + (1 - of_history) * WEIGHTS
    np.testing.assert_allclose(literal.user(), with_tag.mean(axis=0), atol=1e-12)
    assert not np.allclose(literal.user(), ours.user())


def test_partial_dependence_by_hand_where_tags_work_together() -> None:
    explained = either()
    of_history = explained.history_tags.toarray()  # type: ignore[union-attr]
    theta = PartialDependence().explain(explained).user()
    on, off = of_history.copy(), of_history.copy()
    on[:, 0], off[:, 0] = 1, 0
    scores = [explained.score(explained.history, sparse.csr_array(rows)).mean() for rows in (on, off)]
    assert theta[0] == pytest.approx(scores[0] - scores[1])
    assert theta[4] == pytest.approx(0.1)


def test_shapley_values_add_up_and_are_those_of_all_orders() -> None:
    explained = either()
    sampled = Shapley(permutations=20).explain(explained).item().toarray()
    nothing = explained.score(explained.items, sparse.csr_array(explained.tags.shape))
    np.testing.assert_allclose(sampled.sum(axis=1), explained.scores - nothing, atol=1e-12)
    names = explained.tags[[2]].indices
    exact = np.zeros(6)
    orders = list(permutations(names))
    for order in orders:
        rows = np.zeros((len(order) + 1, 6))
        for step, tag in enumerate(order):
            rows[step + 1 :, tag] = 1
        exact[list(order)] += np.diff(explained.score(np.zeros(len(rows), int), sparse.csr_array(rows)))
    np.testing.assert_allclose(sampled[2], exact / len(orders), atol=1e-12)


def test_integrated_gradients_add_up() -> None:
    explained = either()
    weights = IntegratedGradients(steps=50).explain(explained).item().toarray()
    nothing = explained.score(explained.items, sparse.csr_array(explained.tags.shape))
    np.testing.assert_allclose(weights.sum(axis=1), explained.scores - nothing, atol=1e-12)
    np.testing.assert_allclose(weights[BOTH, :2], 0, atol=1e-12)


def test_of_one_tag_or_the_other_they_do_not_agree() -> None:
    """With both, either alone would do more: what one tag changes says -1, what tags share in says 0."""
    explained = either()
    weights = {
        name: kind().explain(explained).item()[[BOTH], :2].toarray()[0] for name, kind in EXPLAINERS.items()
    }
    np.testing.assert_allclose(weights["leave-one-out"], [-1, -1], atol=1e-12)
    np.testing.assert_allclose(weights["saliency"], [-1, -1], atol=1e-12)
    np.testing.assert_allclose(weights["shapley"], [0, 0], atol=1e-12)
    assert np.abs(weights["lime"]).max() < 0.6


def test_chance_knows_nothing() -> None:
    drawn = RandomWeights().explain(linear(), seed=0).item().data
    assert abs(drawn.mean()) < 3 / np.sqrt(len(drawn))
    assert drawn.std() == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("selection", ["lasso-path", "greatest-weights"])
@pytest.mark.parametrize("omega", [1, 3, 6])
def test_lime_chooses_and_fits_as_by_scikit_learn(selection: str, omega: int) -> None:
    explained = either()
    lime = Lime(selection=selection, perturbations=60)  # type: ignore[arg-type]
    ours = lime.explain(explained, seed=5).item(omega).toarray()
    seen = 0
    for drawn in lime.perturbed(explained, 5):
        own, scores = drawn.explained.own, drawn.explained.masked_scores(drawn.masks)
        for place, item in enumerate(drawn.rows):
            count = own.counts[place]
            x, w, y = drawn.masks[place][:, :count].astype(float), drawn.weights[place], scores[place]
            chosen = np.arange(count)
            if selection == "lasso-path":
                centred = (x - np.average(x, axis=0, weights=w)) * np.sqrt(w)[:, None]
                _, _, path = lars_path(centred, (y - np.average(y, weights=w)) * np.sqrt(w), method="lasso")
                at = next(at for at in range(path.shape[1] - 1, -1, -1) if (path[:, at] != 0).sum() <= omega)
                chosen = np.flatnonzero(path[:, at])
            elif omega < count:
                whole = Ridge(alpha=0.01).fit(x, y, sample_weight=w).coef_
                chosen = np.sort(np.argsort(-np.abs(whole), kind="stable")[:omega])
            expected = np.zeros(6)
            fitted = Ridge(alpha=1).fit(x[:, chosen], y, sample_weight=w)
            expected[own.columns[place, chosen]] = fitted.coef_
            np.testing.assert_allclose(ours[item], expected, atol=1e-9, err_msg=f"item {item}")
            seen += 1
    assert seen == (explained.own.counts > 0).sum() == 11


def test_the_lassos_path_as_by_scikit_learn_where_columns_leave_it() -> None:
    drawn = np.random.default_rng(0)
    left = 0
    for _ in range(60):
        x = drawn.standard_normal((30, 8)) @ drawn.standard_normal((8, 8))
        x -= x.mean(axis=0)
        y = x @ (drawn.standard_normal(8) * (drawn.random(8) < 0.7)) + drawn.standard_normal(30)
        _, _, path = lars_path(x, y, method="lasso")
        chosen, n_knots = lasso_knots((x.T @ x)[None], (x.T @ y)[None], np.array([8]))
        theirs = np.abs(path.T) > 1e-9  # where a column leaves, theirs keeps what rounding left
        np.testing.assert_array_equal(chosen[0, : n_knots[0]], theirs)
        left += (np.diff(theirs.sum(axis=1)) < 0).any()
        for omega in range(1, 9):
            ours = chosen_on_path(chosen, n_knots)(omega)[0]
            np.testing.assert_array_equal(ours, theirs[np.flatnonzero(theirs.sum(axis=1) <= omega)[-1]])
    assert left > 2


def test_lime_gives_no_weight_where_scores_do_not_depend_on_tags() -> None:
    draw = np.random.default_rng(0)
    masks = draw.random((20, 50, 6)) < 0.5
    scores = np.repeat(draw.random((20, 1)), 50, axis=1)
    squares = least_squares_of(masks, draw.random((20, 50)) + 0.1, scores)
    assert not squares.ridge(1.0, np.ones((20, 6), bool)).any()


def test_perturbed_tags_keep_all_first_and_then_lack_some() -> None:
    own = linear().own
    masks = left_out_at_random(own, 500, 0)
    assert (masks[:, 0] == own.there).all()
    assert not masks[~np.broadcast_to(own.there[:, None], masks.shape)].any()
    gone = own.counts[2] - masks[2, 1:].sum(axis=1)
    assert set(gone) == set(range(7))
    share = masks[2, 1:].mean(axis=0)
    np.testing.assert_allclose(share, 0.5, atol=0.08)
    weights = nearness(masks, own, 0.25)
    assert (weights[own.counts > 0, 0] == 1).all()
    assert np.unique(weights[2])[-2] == pytest.approx(np.exp(-((1 - np.sqrt(5 / 6)) ** 2) / (2 * 0.25**2)))


def test_masked_scores_are_those_of_the_tags_that_stay() -> None:
    explained = linear()
    masks = np.random.default_rng(0).random((12, 5, 6)) < 0.5
    scores = explained.masked_scores(masks)
    own = explained.own
    for item in range(12):
        for row in range(5):
            kept = own.columns[item][masks[item, row] & own.there[item]]
            assert scores[item, row] == pytest.approx(WEIGHTS[kept].sum() + BIASES[item])


def test_what_cannot_be_explained_is_told() -> None:
    nothing = sparse.csr_array((2, 6))
    with pytest.raises(InvalidSetting, match="none of the 2 items has a tag"):
        Explained(np.arange(2), nothing, lambda items, tags: np.zeros(len(items)))
    with pytest.raises(InvalidSetting, match="must be of the 3 items"):
        Explained(np.arange(3), tags_of(4, 6), lambda items, tags: np.zeros(len(items)))
    bare = Explained(np.arange(4), tags_of(4, 6), lambda items, tags: tags @ WEIGHTS)
    with pytest.raises(InvalidSetting, match="no derivatives by tags"):
        Saliency().explain(bare)
    with pytest.raises(InvalidSetting, match="this one played nothing"):
        PartialDependence().explain(bare)


def test_an_item_whose_products_do_not_fit_is_refused_before_anything_is_drawn() -> None:
    width = 20_000
    one = OwnTags(*(np.broadcast_to(kind(1), (1, width)) for kind in (np.int64, bool, float)))
    with pytest.raises(InvalidSetting, match=r"an item with 20,000 tags needs 3\.2 GB"):
        require_memory(one)


@pytest.mark.parametrize("explainer", [LeaveOneOut(), Shapley(permutations=2), Lime(perturbations=20)])
def test_no_more_is_scored_at_a_time_than_a_block_holds(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 places, though an item of 40 tags alone has 1,600 in a matrix of its own."""
    monkeypatch.setattr(explained_module, "_BLOCK_TAGS", 400)
    there = np.zeros((30, 40))
    for item, count in enumerate([40, 0, *range(1, 29)]):
        there[item, :count] = 1
    tags, weights, largest = sparse.csr_array(there), np.linspace(-2, 3, 40), [0]

    def score(items: Any, rows: Any) -> Any:
        largest[0] = max(largest[0], rows.nnz)
        return rows @ weights

    explained = Explained(np.arange(30), tags, score)
    assert explained.scores.shape == (30,)  # all items as they are, once
    largest[0] = 0
    explanation = explainer.explain(explained)
    for switching in (deletion(explanation), insertion(explanation)):
        falls_short = np.isnan(switching.actual).sum(axis=1)
        np.testing.assert_array_equal(falls_short, 40 - explained.own.counts)
    assert 200 < largest[0] <= (800 if isinstance(explainer, Lime) else 400)
    if not isinstance(explainer, Lime):
        np.testing.assert_allclose(explanation.item().toarray(), there * weights, atol=1e-12)


def test_partial_dependence_asks_for_a_few_tags_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PartialDependence().explain(either()).user()
    monkeypatch.setattr(partial_dependence, "_BLOCK_TAGS", 1)
    np.testing.assert_array_equal(PartialDependence().explain(either()).user(), whole)


def test_parts_are_of_like_numbers_of_tags_and_leave_none_out() -> None:
    there = np.zeros((30, 40))
    for item, count in enumerate([40, 0, *range(1, 29)]):
        there[item, :count] = 1
    explained = Explained(np.arange(30) + 7, sparse.csr_array(there), lambda items, rows: items)
    parts = list(explained.parts())
    assert sorted(np.concatenate([rows for rows, _ in parts])) == [0, *range(2, 30)]
    for rows, part in parts:
        np.testing.assert_array_equal(part.tags.toarray(), there[rows])
        np.testing.assert_array_equal(part.items, rows + 7)
        assert part.own.counts.max() <= 2 * part.own.counts.min()
