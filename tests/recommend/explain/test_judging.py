"""Which explanation is right is told by what becomes of the scores."""

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.metrics.fidelity import tau_ap_a
from taglab.recommend import fit
from taglab.recommend.explain import (
    Explained,
    IntegratedGradients,
    LeaveOneOut,
    Lime,
    RandomWeights,
    Reading,
    Saliency,
    Shapley,
    deletion,
    explained_user,
    fidelity,
    insertion,
    stability,
)
from tests.recommend.explain.test_explainers import BOTH
from tests.recommend.explain.toys import WEIGHTS, either, linear
from tests.recommend.small import SETTINGS, small_world


def test_of_a_sum_over_tags_everything_comes_as_foretold() -> None:
    for explainer in (Saliency(), Shapley(), LeaveOneOut(), Lime(ridge=1e-9)):
        for switching in (deletion(explainer.explain(linear())), insertion(explainer.explain(linear()))):
            assert np.nanmax(switching.error) < 1e-6
            assert np.isnan(switching.error[1])  # no tags
            assert np.isnan(switching.area[1])


def test_deletion_by_hand() -> None:
    explained = linear()
    switching = deletion(Saliency().explain(explained))
    order = np.argsort(-WEIGHTS, kind="stable")
    falling = explained.scores[2] - np.concatenate([[0], WEIGHTS[order].cumsum()])
    np.testing.assert_allclose(switching.actual[2], falling)
    assert switching.area[2] == pytest.approx(np.mean(falling[1:]) - falling[0])


def test_of_one_tag_or_the_other_deletion_tells_who_is_right() -> None:
    """Of the first to go those are right that look at one tag; of all together those that share out."""
    explained = either()
    without_first = explained.tags[[BOTH]].toarray()
    without_first[0, 0] = 0
    lost = explained.scores[BOTH] - explained.score(np.array([BOTH]), sparse.csr_array(without_first))[0]
    assert lost == pytest.approx(-1)
    off_by, at_the_end = {}, {}
    for explainer in (Saliency(), LeaveOneOut(), Shapley(), IntegratedGradients(steps=50), Lime()):
        explanation = explainer.explain(explained)
        off_by[explainer.title] = abs(explanation.item()[[BOTH]].toarray()[0, 0] - lost)
        switching = deletion(explanation)
        at_the_end[explainer.title] = abs(switching.foretold - switching.actual)[2, -1]
    assert off_by == pytest.approx(
        {"Saliency": 0, "Leave one out": 0, "Shapley": 1, "Integrated gradients": 1, "LIME": 1}, abs=0.5
    )
    assert off_by["Saliency"] == off_by["Leave one out"] == pytest.approx(0)
    assert at_the_end["Shapley"] == pytest.approx(0) == at_the_end["Integrated gradients"]
    assert min(at_the_end["Saliency"], at_the_end["Leave one out"]) > 1.9


def test_fidelity_is_that_of_what_the_explanation_makes_of_items() -> None:
    explanation = Saliency().explain(linear())
    expected = tau_ap_a(linear().scores, linear().tags @ np.where(np.abs(WEIGHTS) >= 2, WEIGHTS, 0))
    assert fidelity(explanation, "user", omega=2) == pytest.approx(expected)
    assert fidelity(explanation, "item") == pytest.approx(fidelity(explanation, "user"))


@pytest.mark.parametrize("reading", ["user", "item"])
def test_chance_has_a_fidelity_of_0_within_its_interval(reading: Reading) -> None:
    """Over users; for one user alone it need not have: items that share tags do not rank in every order."""
    tags, taus = linear().tags, []
    for seed in range(400):
        liked = np.random.default_rng(seed).standard_normal(12)
        user = Explained(np.arange(12), tags, lambda items, rows, liked=liked: liked[items])
        taus.append(fidelity(RandomWeights().explain(user, seed), reading, omega=3))
    assert abs(np.mean(taus)) < 1.96 * np.std(taus) / np.sqrt(len(taus))
    assert np.std(taus) > 0.1


def test_stability() -> None:
    assert stability(LeaveOneOut(), either(), 2) == 1
    assert stability(RandomWeights(), either(), 2) < 0.9
    assert np.isnan(stability(LeaveOneOut(), either(), 6))
    with pytest.raises(InvalidSetting, match="two or more"):
        stability(LeaveOneOut(), either(), 2, seeds=(1,))


@pytest.mark.parametrize("name", ["inn", "inn-low", "inn-linear", "popular"])
def test_recommenders_are_explained_as_they_score(name: str) -> None:
    recommender = fit(SETTINGS[name], *small_world())
    items = np.arange(recommender.n_items)
    explained = explained_user(recommender, 2, items)
    np.testing.assert_allclose(explained.scores, recommender.scores(2, items), atol=1e-12)
    one_out = LeaveOneOut().explain(explained).item().toarray()
    item = 5  # has all tags
    without = np.ones((1, recommender.n_tags))
    without[0, 3] = 0
    lost = recommender.scores(2, [item]) - recommender.scores_under(2, [item], without)
    assert one_out[item, 3] == pytest.approx(lost[0])
    if recommender.linear:
        for explainer in (Saliency(), Shapley(permutations=2), IntegratedGradients(steps=1)):
            np.testing.assert_allclose(explainer.explain(explained).item().toarray(), one_out, atol=1e-9)
    else:
        nothing = recommender.scores_under(2, items, np.zeros((len(items), recommender.n_tags)))
        shared = Shapley().explain(explained).item().sum(axis=1)
        np.testing.assert_allclose(shared, explained.scores - nothing, atol=1e-9)
