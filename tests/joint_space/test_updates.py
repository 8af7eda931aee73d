"""The compiled steps: gradients by finite differences, the sampled rank by its formula, projections."""

from collections.abc import Callable

import numpy as np
import pytest

from taglab.joint_space.updates import ARTISTS, TAGS, TRACKS, Pairs, Rules, Sparse, Tables, _below, update

DIM, RATE = 3, 1e-3


def tables(seed: int = 0, n_artists: int = 3, n_tags: int = 3, n_features: int = 4) -> Tables:
    random = np.random.default_rng(seed)
    return Tables(
        *(
            (0.1 * random.standard_normal((n, DIM))).astype(np.float32)
            for n in (n_artists, n_tags, n_features)
        )
    )


# Three tracks that share features: 0 has features 0 and 1, 1 has 1 and 2, 2 has 0 and 3.
TRACK_FEATURES = np.array([[0.6, 0.8, 0, 0], [0, 0.5, 1.5, 0], [1.0, 0, 0, 0.7]])
SPARSE = Sparse(
    np.array([0, 2, 4, 6]),
    np.array([0, 1, 1, 2, 0, 3]),
    np.array([0.6, 0.8, 0.5, 1.5, 1.0, 0.7], np.float32),
)


def one_pair(inputs: int, outputs: int, n_outputs: int, same: bool) -> Pairs:
    """One input, 0, whose right output is 1; outputs are so few that one alone is wrong."""
    return Pairs(
        inputs=np.array([inputs]),
        outputs=np.array([outputs]),
        n_outputs=np.array([n_outputs]),
        candidate_starts=np.array([0]),
        candidates=np.arange(n_outputs),
        same=np.array([int(same)]),
        asked_starts=np.array([0, 1]),
        asked=np.array([0]),
        row_starts=np.array([0]),
        starts=np.array([0, 1]),
        right=np.array([1]),
    )


def step(into: Tables, pairs: Pairs, rate: float = RATE, limit: float = 1e6, n: int = 1) -> int:
    """Make steps with harmonic weights; return how many wrong outputs were drawn in all."""
    weights = np.array([0, 1, 1.5, 1.5 + 1 / 3], np.float32)
    counts = np.zeros((1, 3), np.int64)
    state = np.array([1], np.uint64)
    update(n, into, SPARSE, pairs, Rules(weights, rate, limit, True), state, counts)
    return int(counts[0, 2])


def vector(kind: int, row: int, parts: list[np.ndarray]) -> np.ndarray:
    return parts[kind][row] if kind in (ARTISTS, TAGS) else TRACK_FEATURES[row] @ parts[TRACKS]


def numeric_gradient(loss: Callable[[list[np.ndarray]], float], parts: list[np.ndarray]) -> list[np.ndarray]:
    gradients = []
    for which, part in enumerate(parts):
        gradient = np.zeros_like(part)
        for place in np.ndindex(part.shape):
            ends = []
            for shift in (1e-5, -1e-5):
                moved = [array.copy() for array in parts]
                moved[which][place] += shift
                ends.append(loss(moved))
            gradient[place] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize(
    ("inputs", "outputs", "n_outputs", "same", "wrong", "weight"),
    [
        (TRACKS, ARTISTS, 2, False, 0, 1.0),  # artists: eq. 4
        (TRACKS, TAGS, 2, False, 0, 1.0),  # tags: eq. 8
        (ARTISTS, TRACKS, 2, False, 0, 1.0),  # tracks of an artist: eq. 5
        (TAGS, TRACKS, 2, False, 0, 1.0),
        (ARTISTS, ARTISTS, 3, True, 2, 1.5),  # similar artists: eq. 6
        (TRACKS, TRACKS, 3, True, 2, 1.5),  # similar tracks, eq. 7: V on both sides, two terms
    ],
)
def test_a_step_goes_down_the_gradient(
    inputs: int, outputs: int, n_outputs: int, same: bool, wrong: int, weight: float
) -> None:
    before = tables()
    after = Tables(*(table.copy() for table in before))
    assert step(after, one_pair(inputs, outputs, n_outputs, same)) == 1

    def loss(parts: list[np.ndarray]) -> float:
        asked = vector(inputs, 0, parts)
        return weight * float(1 - asked @ vector(outputs, 1, parts) + asked @ vector(outputs, wrong, parts))

    gradients = numeric_gradient(loss, [table.astype(np.float64) for table in before])
    assert any(np.abs(gradient).max() > 0.01 for gradient in gradients)
    for old, new, gradient in zip(before, after, gradients, strict=True):
        np.testing.assert_allclose((new.astype(np.float64) - old) / RATE, -gradient, atol=2e-4)


def test_the_weight_follows_the_number_drawn() -> None:
    """Of 101 outputs one is right and 20 are within the margin: the rank is estimated as the formula says."""
    n_outputs, n_violating, trials = 101, 20, 20_000
    artists = np.zeros((n_outputs, DIM), np.float32)
    artists[:, 0] = -2.0  # far below the right one's score less the margin
    artists[1 : n_violating + 1, 0] = 0.0
    artists[0, 0] = 0.5
    asked = Tables(artists, np.array([[1.0, 0, 0]], np.float32), np.zeros((4, DIM), np.float32))
    pairs = one_pair(TAGS, ARTISTS, n_outputs, False)._replace(right=np.array([0]))
    weights = np.zeros(n_outputs, np.float32)
    state, counts = np.array([7], np.uint64), np.zeros((1, 3), np.int64)
    ranks = []
    for _ in range(trials):
        counts[:] = 0
        update(1, asked, SPARSE, pairs, Rules(weights, 0.0, 1e6, True), state, counts)
        ranks.append((n_outputs - 1) // counts[0, 2] if counts[0, 1] else 0)
    p = n_violating / (n_outputs - 1)
    drawn = np.arange(1, n_outputs)
    chance = p * (1 - p) ** (drawn - 1)
    expected = (chance * ((n_outputs - 1) // drawn)).sum()
    spread = np.sqrt((chance * ((n_outputs - 1) // drawn) ** 2).sum() - expected**2)
    assert abs(np.mean(ranks) - expected) < 4 * spread / np.sqrt(trials)
    assert expected > n_violating  # the estimate is biased upwards, as the paper's footnote says


def test_nothing_moves_where_no_wrong_output_is_within_the_margin() -> None:
    before = tables()
    before.artists[:] = [[-5, 0, 0], [5, 0, 0], [0, 0, 0]]
    before.tags[0] = [1, 0, 0]
    after = Tables(*(table.copy() for table in before))
    assert step(after, one_pair(TAGS, ARTISTS, 2, False), n=20) == 0
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_only_what_was_touched_is_projected() -> None:
    state = tables()
    state.features[:] *= 100
    state.artists[2] = 50  # an artist that the pair does not name
    before = Tables(*(table.copy() for table in state))
    step(state, one_pair(TRACKS, ARTISTS, 2, False), rate=1.0, limit=0.5)
    lengths = np.linalg.norm(state.features, axis=1)
    assert (lengths[[0, 1]] <= 0.5 * (1 + 1e-5)).all()  # features of track 0
    np.testing.assert_array_equal(state.features[[2, 3]], before.features[[2, 3]])
    np.testing.assert_array_equal(state.artists[2], before.artists[2])
    assert (np.linalg.norm(state.artists[:2], axis=1) <= 0.5 * (1 + 1e-5)).all()


def test_draws_are_even_and_the_same_again() -> None:
    state = np.array([42], np.uint64)
    drawn = np.array([_below(state, 7) for _ in range(70_000)])
    counts = np.bincount(drawn, minlength=7)
    assert counts.sum() == 70_000
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5  # chi-squared, 6 degrees: p = 0.001
    again = np.array([42], np.uint64)
    assert [_below(again, 7) for _ in range(50)] == drawn[:50].tolist()


def test_many_wrong_tracks_are_scored_as_one_by_one() -> None:
    """Features' products with the input, taken once, find the same track as placing every one does."""
    n_tracks, n_features = 200, 5
    random = np.random.default_rng(3)
    dense = np.abs(random.standard_normal((n_tracks, n_features))).astype(np.float32)
    tracks = Sparse(
        np.arange(0, n_tracks * n_features + 1, n_features),
        np.tile(np.arange(n_features), n_tracks),
        dense.ravel(),
    )  # of so few features all products are taken at once
    features = (0.3 * random.standard_normal((n_features, DIM))).astype(np.float32)
    asked = np.array([[1.0, -0.5, 0.2]], np.float32)
    scores = (dense @ features) @ asked[0]
    right = int(np.argsort(scores)[-8])  # seven are above it, and some more within the margin
    features /= np.float32(0.05 * np.ptp(scores))  # so that the margin is narrow
    scores = (dense @ features) @ asked[0]
    pairs = one_pair(TAGS, TRACKS, n_tracks, False)._replace(right=np.array([right]))
    weights = np.cumsum(np.r_[0, 1 / np.arange(1, n_tracks + 1)]).astype(np.float32)
    violating = set(np.flatnonzero(scores > scores[right] - 1).tolist()) - {right}
    moved = set()
    for seed in range(1, 40):
        into = Tables(np.zeros((1, DIM), np.float32), asked.copy(), features.copy())
        counts, state = np.zeros((1, 3), np.int64), np.array([seed], np.uint64)
        update(1, into, tracks, pairs, Rules(weights, 1e-3, 1e6, True), state, counts)
        drawn = int(counts[0, 2])
        change = (into.tags[0].astype(np.float64) - asked[0]) / (1e-3 * weights[(n_tracks - 1) // drawn])
        apart = np.abs((dense[right] - dense).astype(np.float64) @ features - change).max(axis=1)
        moved.add(int(apart.argmin()))
        assert apart.min() < 0.02
    assert moved <= violating
    assert len(moved) > 3
