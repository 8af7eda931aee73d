"""Factorisation of plays against `implicit`, which knows no features: without them, at equal loss."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from taglab.benchmarks.row import Row
from taglab.benchmarks.timing import alternate
from taglab.errors import MissingExtra
from taglab.parallel import blas_of_one_thread, cores
from taglab.recommend import Factorisation, FactorisationSettings, factorise, objective

# Of Last.fm-1K's order: few users of many plays each, tracks of a long tail.
N_USERS, N_TRACKS, PLAYS_A_USER, N_TASTES = 4_000, 40_000, 250, 20
_REPEATS = 3


def synthetic_plays(n_users: int, n_tracks: int, plays_a_user: int, seed: int = 0) -> sparse.csr_array:
    """Return counts (users, tracks) of users who play what has their taste, popular tracks more often."""
    drawn = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, n_tracks + 1) ** 0.7
    taste_of_track = drawn.integers(0, N_TASTES, n_tracks)
    rows, columns = [], []
    for user in range(n_users):
        weights = popularity * np.where(taste_of_track == user % N_TASTES, 20, 1)
        rows.append(np.full(plays_a_user, user))
        columns.append(np.searchsorted(np.cumsum(weights / weights.sum()), drawn.random(plays_a_user)))
    track = np.minimum(np.concatenate(columns), n_tracks - 1)
    ones = np.ones(len(track), np.float32)
    return sparse.csr_array(
        sparse.coo_array((ones, (np.concatenate(rows), track)), shape=(n_users, n_tracks)).tocsr()
    )


def factorisation() -> list[Row]:
    """Fifteen sweeps of three steps each, as `implicit` has them by default; every core for both."""
    try:
        import implicit
        from implicit.als import AlternatingLeastSquares
    except ImportError:
        missing = str(MissingExtra("implicit", "bench"))
        return [Row("factorisation of plays", math.nan, math.nan, math.nan, "", missing)]
    plays = synthetic_plays(N_USERS, N_TRACKS, PLAYS_A_USER)
    settings = FactorisationSettings(factors=64, alpha=0.1)
    confidence = sparse.csr_matrix(plays)
    confidence.data = (1 + settings.alpha * confidence.data).astype(np.float32)

    def ours(run: int) -> Factorisation:
        return factorise(plays, None, settings, run)

    def peer(run: int) -> Factorisation:
        with blas_of_one_thread():  # as its authors advise, beside threads of its own
            model = AlternatingLeastSquares(
                factors=settings.factors, regularization=settings.l2_users, alpha=1.0, dtype=np.float32,
                iterations=settings.sweeps, use_gpu=False, num_threads=cores(), random_state=run,
            )  # fmt: skip
            model.fit(confidence, show_progress=False)
        return Factorisation(model.user_factors, model.item_factors, None)

    timed = alternate(ours, peer, _REPEATS)
    losses = [
        np.mean([objective(model, plays, None, settings) for model in models])
        for models in (timed.ours, timed.peers)
    ]
    size = f"{plays.nnz:,} pairs of {N_USERS:,} users and {N_TRACKS:,} tracks"
    return [
        Row(
            name=f"factorisation of plays, {settings.factors} factors, against implicit",
            ours_s=timed.ours_s,
            peer_s=timed.peer_s,
            ratio=timed.ratio,
            agreement=f"objective {losses[0]:,.0f} and {losses[1]:,.0f}",
            note=f"implicit {implicit.__version__}, {settings.sweeps} sweeps of 3 steps; {size}, synthetic",
        )
    ]
