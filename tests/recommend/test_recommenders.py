"""Every recommender keeps the same contract: scores, scores under other tags, gradients."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.recommend import RECOMMENDERS, ItemTags, Recommender, fit
from taglab.vectors import Vectors, save_features
from tests.recommend.small import SETTINGS, small_world

PLAYS, TAGS = small_world()
every = pytest.mark.parametrize("name", list(SETTINGS))


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with features of all items but two."""
    folder = tmp_path_factory.mktemp("heard")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(folder))
        numbers = np.random.default_rng(5).standard_normal((PLAYS.n_tracks - 2, 6))
        save_features(Vectors.of("tracks", PLAYS.tracks[2:], numbers, "heard"), "heard")
    return folder


@pytest.fixture(scope="module")
def learned(heard: Path) -> dict[str, Recommender]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TAGLAB_HOME", str(heard))
        return {name: fit(settings, PLAYS, TAGS, seed=3) for name, settings in SETTINGS.items()}


def test_all_are_tried() -> None:
    assert {name.partition("-")[0] for name in SETTINGS} == set(RECOMMENDERS)


@every
def test_an_item_with_its_own_tags_scores_as_it_is(name: str, learned: dict[str, Recommender]) -> None:
    model, items = learned[name], np.array([4, 0, 4, 11])
    for user in (0, 5, PLAYS.n_users - 1):
        scores = model.scores(user)
        assert scores.shape == (PLAYS.n_tracks,)
        assert np.isfinite(scores).all()
        own = TAGS.matrix[items]
        for tags in (own, own.toarray()):
            np.testing.assert_allclose(model.scores_under(user, items, tags), scores[items], atol=1e-6)
        np.testing.assert_allclose(model.scores(user, items), scores[items], atol=1e-6)
        np.testing.assert_allclose(model.score_block([user])[0], scores, rtol=1e-4, atol=1e-5)


@every
def test_gradients_are_finite_differences(name: str, learned: dict[str, Recommender]) -> None:
    model, drawn, step = learned[name], np.random.default_rng(1), 1e-4
    items = np.array([2, 7, 7])
    tags = drawn.uniform(0.2, 1.2, (3, TAGS.n_tags))
    gradient = model.gradient(4, items, tags)
    assert gradient is not None
    assert gradient.shape == tags.shape
    for tag in range(TAGS.n_tags):
        up, down = tags.copy(), tags.copy()
        up[:, tag] += step
        down[:, tag] -= step
        slope = (model.scores_under(4, items, up) - model.scores_under(4, items, down)) / (2 * step)
        np.testing.assert_allclose(gradient[:, tag], slope, rtol=2e-3, atol=2e-5)


@every
def test_who_calls_itself_linear_is_and_who_uses_no_tags_heeds_none(
    name: str, learned: dict[str, Recommender]
) -> None:
    model, drawn = learned[name], np.random.default_rng(2)
    items = np.full(30, 9)
    one, other = drawn.integers(0, 2, (2, 30, TAGS.n_tags)).astype(float)
    mixed = model.scores_under(4, items, 0.3 * one + 0.7 * other)
    apart = 0.3 * model.scores_under(4, items, one) + 0.7 * model.scores_under(4, items, other)
    assert np.allclose(mixed, apart, atol=1e-6) == model.linear
    changed = np.abs(model.scores_under(4, items, one) - model.scores_under(4, items, other)).max() > 1e-9
    assert changed == model.uses_tags


@every
def test_learning_again_by_the_same_seed_gives_the_same(
    name: str, learned: dict[str, Recommender], heard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGLAB_HOME", str(heard))
    again = fit(SETTINGS[name], PLAYS, TAGS, seed=3)
    assert again.fingerprint == learned[name].fingerprint
    assert again.seconds > 0
    assert name.partition("-")[0] == again.settings.recommender


@every
def test_arguments_that_cannot_be_are_refused(name: str, learned: dict[str, Recommender]) -> None:
    model = learned[name]
    for user, items, tags, told in (
        (PLAYS.n_users, [0], TAGS.matrix[[0]], "user=12"),
        (0, [-1], TAGS.matrix[[0]], "items=-1"),
        (0, [0.5], TAGS.matrix[[0]], "whole numbers"),
        (0, [0, 1], TAGS.matrix[[0]], r"\(rows, tags\)"),
        (0, [0], np.full((1, TAGS.n_tags), np.nan), "finite"),
    ):
        with pytest.raises(InvalidSetting, match=told):
            model.scores_under(user, items, tags)


@every
def test_a_user_without_history_an_item_without_tags_and_one_with_all_are_scored(
    name: str, learned: dict[str, Recommender]
) -> None:
    model = learned[name]
    assert not len(model.history(PLAYS.n_users - 1))
    rows = sparse.csr_array(np.stack([np.zeros(TAGS.n_tags), np.ones(TAGS.n_tags)]))
    for user in (0, PLAYS.n_users - 1):
        assert np.isfinite(model.scores_under(user, [3, 3], rows)).all()
        gradient = model.gradient(user, [3, 3], rows)
        assert gradient is not None
        assert np.isfinite(gradient).all()


def test_what_cannot_be_learned_from_is_refused() -> None:
    settings = SETTINGS["popular"]
    with pytest.raises(InvalidSetting, match="in their order"):
        fit(settings, PLAYS, ItemTags.from_matrix(TAGS.items[::-1], TAGS.tags, TAGS.matrix))
    ratings = Interactions(PLAYS.name, PLAYS.users, PLAYS.tracks, PLAYS.matrix, "ratings")
    with pytest.raises(InvalidSetting, match="must be counts"):
        fit(settings, ratings, TAGS)
    with pytest.raises(InvalidSetting, match="nobody played"):
        fit(settings, Interactions.from_codes("none", ["u"], list(TAGS.items), [], []), TAGS)
    bare = ItemTags.from_matrix(TAGS.items, TAGS.tags, np.zeros(TAGS.matrix.shape))
    for name in ("inn-low", "unn-low"):
        with pytest.raises(InvalidSetting, match="h=3 needs items with tags, and none has any"):
            fit(SETTINGS[name], PLAYS, bare)
