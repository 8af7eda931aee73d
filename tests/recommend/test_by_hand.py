"""Recommenders by cases worked by hand, and by what their formulas say in full."""

from pathlib import Path

import numpy as np
import pytest
from modern_fm import FMRegressor
from scipy import sparse

from taglab.errors import InvalidSetting, NotFound
from taglab.interactions import Interactions
from taglab.recommend import (
    Ease,
    FactorisationMachines,
    ItemNeighbours,
    ItemTags,
    NeuralCollaborativeFiltering,
    SoundCosine,
    UserNeighbours,
    fit,
)
from taglab.recommend.pairs import Pairs
from taglab.recommend.started import ridge
from tests.recommend.small import TRAINED, small_world

PLAYS, TAGS = small_world()
THREE_TAGS = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]])


def three_items() -> tuple[Interactions, ItemTags]:
    """Users u (a twice) and v (a and b once), items a (rock, loud), b (rock), c (jazz)."""
    plays = Interactions.from_codes("x", ["u", "v"], ["a", "b", "c"], [0, 1, 1], [0, 0, 1], [2, 1, 1])
    return plays, ItemTags.from_matrix(["a", "b", "c"], ["rock", "loud", "jazz"], THREE_TAGS)


def test_item_neighbours_by_hand() -> None:
    model = fit(ItemNeighbours(weighing="counts"), *three_items())
    root = np.sqrt(0.5)  # the cosine of (rock, loud) and (rock)
    np.testing.assert_allclose(model.scores(0), [2, 2 * root, 0], atol=1e-6)
    np.testing.assert_allclose(model.scores(1), [1 + root, root + 1, 0], atol=1e-6)
    under = model.scores_under(0, [2, 2], np.array([[0, 1, 0], [1, 1, 1]]))
    np.testing.assert_allclose(under, [2 * root, 2 * 2 / np.sqrt(6)], atol=1e-6)


def test_user_neighbours_by_hand() -> None:
    """Tags of u are (2, 2, 0), of v (2, 1, 0): their cosine is 3/√10."""
    model = fit(UserNeighbours(weighing="counts"), *three_items())
    alike = 3 / np.sqrt(10)
    np.testing.assert_allclose(model.scores(0), [2 + alike, alike, 0], atol=1e-6)
    # Were b jazz and not rock, v's tags were (1, 1, 1): u's cosine to v is 2/√6.
    np.testing.assert_allclose(model.scores_under(0, [1], np.array([[0, 0, 1]])), 2 / np.sqrt(6), atol=1e-6)
    # v, who asks, stays as they are: with the changed b only their own play of it is left.
    np.testing.assert_allclose(model.scores_under(1, [1], np.array([[0, 0, 1]])), 1, atol=1e-6)


def test_of_full_rank_neighbours_are_exact() -> None:
    plays, tags = small_world(4)
    # One tag is another's copy, so that six singular vectors hold all there is.
    twins = ItemTags.from_matrix(
        tags.items, tags.tags, sparse.csr_array(tags.matrix[:, [0, 1, 2, 3, 4, 5, 0]])
    )
    for exact, low in (
        (ItemNeighbours(), ItemNeighbours(h=6)),
        (UserNeighbours(), UserNeighbours(h=6)),
    ):
        one, other = fit(exact, plays, twins), fit(low, plays, twins)
        every = np.arange(plays.n_users)
        np.testing.assert_allclose(one.score_block(every), other.score_block(every), atol=1e-4)
    with pytest.raises(InvalidSetting, match="h=7 must be below"):
        fit(ItemNeighbours(h=7), plays, twins)


def test_whitened_rows_would_be_another_cosine() -> None:
    """Rows of TV, not of U, have the cosines of tags (Kim 2021, eq. 5.5, as mended)."""
    rows = TAGS.matrix.toarray().astype(float)
    tagged = rows.any(axis=1)
    left, _, _ = np.linalg.svd(rows[tagged], full_matrices=False)
    exact = fit(ItemNeighbours(weighing="ones"), PLAYS, TAGS).scores(0)
    white = left / np.linalg.norm(left, axis=1, keepdims=True)
    printed = (PLAYS.matrix.toarray()[0, tagged] > 0) @ white @ white.T
    assert np.abs(exact[tagged] - printed).max() > 0.1


def test_a_factorisation_machine_is_the_sum_over_all_pairs() -> None:
    model = fit(FactorisationMachines(h=4, **TRAINED), PLAYS, TAGS, seed=1)
    numbers = {name: value.astype(float) for name, value in model.learned.items()}
    values = np.random.default_rng(0).uniform(0, 2, TAGS.n_tags)
    user, item = 3, 5
    vectors = [numbers["users.weight"][user], numbers["items.weight"][item], *numbers["tags.weight"]]
    inputs = np.array([1.0, 1.0, *values])
    weights = [numbers["user_weights.weight"][user, 0], numbers["item_weights.weight"][item, 0]]
    total = float(numbers["bias"]) + inputs @ np.array([*weights, *numbers["tag_weights.weight"][:, 0]])
    for one in range(len(inputs)):
        for other in range(one + 1, len(inputs)):
            total += inputs[one] * inputs[other] * (vectors[one] @ vectors[other])
    np.testing.assert_allclose(model.scores_under(user, [item], values[None]), total, rtol=1e-9)


def test_a_factorisation_machine_scores_as_modern_fm_does() -> None:
    model = fit(FactorisationMachines(h=4, **TRAINED), PLAYS, TAGS, seed=1)
    numbers = {name: value.astype(float) for name, value in model.learned.items()}
    n_users, n_items = PLAYS.matrix.shape
    tags = sparse.csr_array(TAGS.matrix)
    user = sparse.csr_array(np.eye(n_users)[np.full(n_items, 3)])
    rows = sparse.csr_array(sparse.hstack([user, sparse.eye_array(n_items), tags])).astype(np.float64)
    peer = FMRegressor(n_factors=4, max_iter=1, dtype="float64").fit(rows, np.zeros(n_items))
    fields = ("users", "items", "tags")
    peer.w0_ = float(numbers["bias"])
    peer.w_ = np.concatenate([numbers[f"{field[:-1]}_weights.weight"][:, 0] for field in fields])
    peer.V_ = np.concatenate([numbers[f"{field}.weight"] for field in fields])
    np.testing.assert_allclose(model.scores(3, np.arange(n_items)), peer.predict(rows), rtol=1e-6)


@pytest.mark.parametrize("settings", [FactorisationMachines, NeuralCollaborativeFiltering])
def test_a_network_scores_as_its_recommender_does(settings: type) -> None:
    """What PyTorch trained and what NumPy scores are one function, of bare items too."""
    import torch

    from taglab.recommend.learning import NetworkTraining

    asked = settings(h=4, **TRAINED)
    training = NetworkTraining(asked, PLAYS, TAGS, 0)
    training.epoch()
    users, items = torch.tensor([1, 6]), torch.tensor([[3, 5, 0], [5, 19, 3]])
    with torch.no_grad():
        theirs = training.network(*training.given(users, items)).numpy()
    model = asked.fitted(PLAYS, TAGS, training.stand().now, 0.0)
    ours = [model.scores(int(user), row.numpy()) for user, row in zip(users, items, strict=True)]
    np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_a_network_begins_at_the_factorisation_it_was_given() -> None:
    from taglab.recommend.learning import NetworkTraining

    orders = []
    for asked in (FactorisationMachines(h=4, **TRAINED), NeuralCollaborativeFiltering(h=4, **TRAINED)):
        training = NetworkTraining(asked, PLAYS, TAGS, 0)
        model = asked.fitted(PLAYS, TAGS, training.stand().now, 0.0)
        orders.append(np.argsort(model.scores(2)))
    np.testing.assert_array_equal(*orders)


@pytest.mark.parametrize("settings", [FactorisationMachines, NeuralCollaborativeFiltering])
def test_training_that_was_left_goes_on_bit_for_bit(settings: type, tmp_path: Path) -> None:
    from taglab.recommend.checkpoints import read_standing, save_standing
    from taglab.recommend.learning import NetworkTraining, train_network

    asked = settings(h=4, **{**TRAINED, "epochs": 3})
    whole = NetworkTraining(asked, PLAYS, TAGS, 0)
    train_network(whole)
    part = NetworkTraining(asked, PLAYS, TAGS, 0)
    part.epoch()
    save_standing(part.stand(), tmp_path / "last.npz")
    resumed = NetworkTraining(asked, PLAYS, TAGS, 0, standing=read_standing(tmp_path / "last.npz"))
    train_network(resumed)
    assert resumed.standing.rows == whole.standing.rows
    for name, value in whole.stand().now.items():
        np.testing.assert_array_equal(value, resumed.stand().now[name], err_msg=name)
    for name, value in whole.learned().items():
        np.testing.assert_array_equal(value, resumed.learned()[name], err_msg=name)


def test_training_lowers_the_loss_and_a_wild_rate_is_told() -> None:
    from taglab.recommend.learning import NetworkTraining

    training = NetworkTraining(FactorisationMachines(h=4, **TRAINED), PLAYS, TAGS, 0)
    losses = [training.epoch()["loss"] for _ in range(8)]
    assert losses[-1] < losses[0]
    wild = FactorisationMachines(h=4, **{**TRAINED, "learning_rate": 1e30})
    with pytest.raises(InvalidSetting, match="must be lower"):
        fit(wild, PLAYS, TAGS)
    with pytest.raises(InvalidSetting, match="must leave some"):
        fit(FactorisationMachines(h=4, validation=1e-9), PLAYS, TAGS)


def test_what_is_drawn_beside_a_play_was_not_played() -> None:
    pairs = Pairs.of(PLAYS, negatives=3, batch_size=16, seed=0)
    played = PLAYS.matrix.toarray() > 0
    order, seen, known = pairs.order(1), [], []
    for step in range(pairs.steps):
        users, items = pairs.batch(1, step, order)
        assert played[users, items[:, 0]].all()
        seen.extend(zip(users.tolist(), items[:, 0].tolist(), strict=True))
        known.append(played[users[:, None], items[:, 1:]].ravel())
    # Half of what is drawn here is known: five tries in a row seldom are.
    assert np.concatenate(known).mean() < 0.1
    assert len(seen) == len(set(seen)) == PLAYS.matrix.nnz
    np.testing.assert_array_equal(pairs.batch(1, 0, order)[1], pairs.batch(1, 0, order)[1])


def test_ridge_solves_its_normal_equations() -> None:
    drawn = np.random.default_rng(3)
    wanted = drawn.standard_normal((20, 3))
    rows = sparse.csr_array(TAGS.matrix, dtype=float)
    dense = rows.toarray()
    exact = np.linalg.solve(dense.T @ dense + 2 * np.eye(7), dense.T @ wanted)
    np.testing.assert_allclose(ridge(rows, wanted, 2.0), exact, atol=1e-8)


def test_ease_solves_its_normal_equations_without_a_diagonal() -> None:
    model = fit(Ease(l2=3.0), PLAYS, TAGS)
    played = (PLAYS.matrix.toarray() > 0).astype(float)
    weights = model.learned["weights"].astype(float)
    assert not np.diagonal(weights).any()
    # Where the derivative of |X − X B|² + λ|B|² is not 0 stands what keeps the diagonal at 0.
    slope = played.T @ (played - played @ weights) - 3.0 * weights
    np.testing.assert_allclose(slope - np.diag(np.diagonal(slope)), 0, atol=1e-4)


def test_ease_is_refused_with_its_memory_where_items_are_many() -> None:
    with pytest.raises(InvalidSetting, match=r"EASE\^R of 20 items takes 0\.0 GiB, and most_gib=1e-06"):
        fit(Ease(most_gib=1e-6), PLAYS, TAGS)


def test_sound_needs_features_of_the_items() -> None:
    from taglab.vectors import Vectors, save_features

    with pytest.raises(NotFound):
        fit(SoundCosine(features="none"), PLAYS, TAGS)
    save_features(Vectors.of("tracks", ["x"], [[1.0, 2.0]], "other"), "other")
    with pytest.raises(InvalidSetting, match="has none of them"):
        fit(SoundCosine(features="other"), PLAYS, TAGS)
