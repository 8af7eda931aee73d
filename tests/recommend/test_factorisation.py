"""Factorised plays against dense normal equations, the objective, and planted tastes."""

import numpy as np
import pytest
from scipy import sparse

from taglab.errors import InvalidSetting
from taglab.recommend import Factorisation, FactorisationSettings, factorise, objective
from taglab.recommend.factorisation import _improved, _weights_above_one


def some_plays(n_users: int = 40, n_tracks: int = 30, seed: int = 0) -> sparse.csr_array:
    drawn = np.random.default_rng(seed)
    counts = drawn.poisson(0.4, (n_users, n_tracks)).astype(np.float32)
    counts[0, :3] = (7, 1, 2)
    return sparse.csr_array(counts)


def some_features(n_tracks: int = 30, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n_tracks, 4)).astype(np.float32)


def dense_solution(
    others: np.ndarray, counts: np.ndarray, alpha: float, l2: float, prior: np.ndarray
) -> np.ndarray:
    """Rows of vectors by the normal equations, one dense system each."""
    rows = []
    for played, before in zip(counts, prior, strict=True):
        confidence = np.diag(1 + alpha * played)
        left = others.T @ confidence @ others + l2 * np.eye(others.shape[1])
        rows.append(np.linalg.solve(left, others.T @ confidence @ (played > 0) + l2 * before))
    return np.array(rows)


@pytest.mark.parametrize("with_prior", [False, True])
def test_enough_steps_solve_the_normal_equations(with_prior: bool) -> None:
    plays, drawn = some_plays(), np.random.default_rng(2)
    others = drawn.standard_normal((30, 6)).astype(np.float32)
    prior = drawn.standard_normal((40, 6)).astype(np.float32) if with_prior else np.zeros((40, 6), np.float32)
    above = _weights_above_one(plays, 0.3)
    start = np.zeros((40, 6), np.float32)
    ours = _improved(start, others, above, 0.7, prior if with_prior else None, 30)
    exact = dense_solution(others.astype(float), plays.toarray(), 0.3, 0.7, prior)
    np.testing.assert_allclose(ours, exact, atol=2e-4)


def test_what_comes_out_is_where_no_part_can_be_bettered() -> None:
    plays, features = some_plays(), some_features()
    settings = FactorisationSettings(factors=5, alpha=0.5, sweeps=400, gradient_steps=10, l2_tracks=2.0)
    model = factorise(plays, features, settings)
    exact = features.astype(float)
    tracks, users = model.tracks.astype(float), model.users.astype(float)
    gram = exact.T @ exact + settings.l2_weights / settings.l2_tracks * np.eye(4)
    np.testing.assert_allclose(model.weights, np.linalg.solve(gram, exact.T @ tracks), atol=1e-4)
    counts = plays.toarray()
    none = np.zeros_like(users)
    np.testing.assert_allclose(users, dense_solution(tracks, counts, 0.5, 1.0, none), atol=2e-3)
    prior = exact @ np.asarray(model.weights, float)
    np.testing.assert_allclose(tracks, dense_solution(users, counts.T, 0.5, 2.0, prior), atol=2e-3)


def test_the_objective_is_the_sum_over_all_pairs() -> None:
    plays, features, settings = some_plays(), some_features(), FactorisationSettings(factors=3, sweeps=1)
    model = factorise(plays, features, settings)
    counts, exact = plays.toarray().astype(float), features.astype(float)
    users, tracks = model.users.astype(float), model.tracks.astype(float)
    weights = np.asarray(model.weights, float)
    by_hand = (
        ((1 + 0.1 * counts) * ((counts > 0) - users @ tracks.T) ** 2).sum()
        + (users**2).sum()
        + ((tracks - exact @ weights) ** 2).sum()
        + (weights**2).sum()
    ) / 2
    assert objective(model, plays, features, settings) == pytest.approx(by_hand, rel=1e-6)


def test_every_sweep_lowers_the_objective() -> None:
    plays, features = some_plays(), some_features()
    losses = []
    for sweeps in range(1, 8):
        settings = FactorisationSettings(factors=6, sweeps=sweeps, gradient_steps=6)
        losses.append(objective(factorise(plays, features, settings), plays, features, settings))
    assert (np.diff(losses) <= 1e-4 * losses[0]).all()


def test_features_tell_who_would_play_what_nobody_played() -> None:
    drawn = np.random.default_rng(4)
    taste, sound = drawn.integers(0, 3, 150), drawn.integers(0, 3, 120)
    counts = (drawn.random((150, 120)) < np.where(taste[:, None] == sound[None], 0.4, 0.02)).astype(
        np.float32
    )
    features = np.eye(3, dtype=np.float32)[sound]
    settings = FactorisationSettings(factors=8, alpha=5.0)
    model = factorise(sparse.csr_array(counts[:, :100]), features[:100], settings)
    scores = model.scores_of_new(features[100:])
    mine = taste[:, None] == sound[None, 100:]
    assert scores[mine].mean() > 3 * abs(scores[~mine].mean())


def test_the_same_seed_gives_the_same_vectors() -> None:
    first, again = (factorise(some_plays(), None, FactorisationSettings(factors=4)) for _ in range(2))
    np.testing.assert_array_equal(first.users, again.users)
    assert first.weights is None
    with pytest.raises(ValueError, match="without features"):
        first.scores_of_new(some_features())


def test_what_cannot_be_factorised_is_a_sentence() -> None:
    with pytest.raises(InvalidSetting, match="nobody played"):
        factorise(sparse.csr_array((3, 4), dtype=np.float32))
    with pytest.raises(InvalidSetting, match="a row for each of 30"):
        factorise(some_plays(), some_features(29))
    with pytest.raises(InvalidSetting, match="finite"):
        factorise(some_plays(), np.full((30, 2), np.nan, np.float32))


def test_a_user_without_plays_is_at_the_origin() -> None:
    counts = some_plays().toarray()
    counts[5] = 0
    settings = FactorisationSettings(factors=4, sweeps=30, gradient_steps=8)
    model: Factorisation = factorise(sparse.csr_array(counts), None, settings)
    np.testing.assert_allclose(model.users[5], 0, atol=1e-5)
