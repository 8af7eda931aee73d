"""Weighted factorisation of plays by alternating least squares, with tracks' features as a prior.

With p = 1 where a user played a track and 0 elsewhere, and confidences c = 1 + α · plays, this minimises

    ½ Σ c (p − u·v)² + λ_U/2 |U|² + λ_V/2 |V − X W|² + λ_W/2 |W|²

over vectors U of users, V of tracks and weights W of the tracks' features X, every norm squared. A track that
nobody played yet has the vector x W.

Source: Kim 2021, eq. 2.7, which prints the norms unsquared and no ½ before its first term; and the released
code adds 0.1 on the right of a track's equations where its left has 1e-5. Here both sides have λ_V. Without
features: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008. The
steps of conjugate gradients in place of exact solutions: Takács, Pilászy and Tikk, RecSys 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import linalg, sparse

from taglab.errors import InvalidSetting
from taglab.parallel import blas_of_one_thread, blocks, on_every_core
from taglab.progress import Progress, counted, silent
from taglab.recommend.gradients import step_rows
from taglab.reprs import one_line

Floats = npt.NDArray[np.float32]

_BLOCK_ROWS = 1_024


class FactorisationSettings(BaseModel):
    """How plays are factorised.

    Attributes:
        factors: Numbers a vector has.
        alpha: What a play adds to the confidence of 1 (Kim 2021, eq. 2.9: 0.1 of raw counts).
        l2_users: λ_U, by which users' vectors are held back.
        l2_tracks: λ_V, by which a track's vector is drawn to what its features say.
        l2_weights: λ_W, by which the weights of features are held back.
        sweeps: How often users, tracks and weights are solved in turn.
        gradient_steps: Steps of conjugate gradients for each vector in a sweep; as many as factors solve it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(50, ge=1, le=4_096)
    alpha: float = Field(0.1, gt=0, allow_inf_nan=False)
    l2_users: float = Field(1.0, gt=0, allow_inf_nan=False)
    l2_tracks: float = Field(1.0, gt=0, allow_inf_nan=False)
    l2_weights: float = Field(1.0, gt=0, allow_inf_nan=False)
    sweeps: int = Field(15, ge=1, le=10_000)
    gradient_steps: int = Field(3, ge=1, le=4_096)


@dataclass(frozen=True, eq=False)
class Factorisation:
    """What was learned.

    Attributes:
        users: Vectors (users, factors).
        tracks: Vectors (tracks, factors).
        weights: Of the features (features, factors); None without features.
    """

    users: Floats
    tracks: Floats
    weights: Floats | None

    __repr__ = one_line

    def scores_of_new(self, features: Floats, users: slice = slice(None)) -> Floats:
        """Return what users would make of tracks nobody played (users, tracks), from features alone.

        Args:
            features: Of the tracks (tracks, features).
            users: Which; all by default.
        """
        if self.weights is None:
            raise ValueError("without features nothing is known of tracks that nobody played")
        scores: Floats = self.users[users] @ (features @ self.weights).T
        return scores


def factorise(
    plays: sparse.csr_array,
    features: Floats | None = None,
    settings: FactorisationSettings | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Factorisation:
    """Learn vectors of users and tracks.

    Args:
        plays: Counts (users, tracks), not negative; what is not stored was not played.
        features: Of the tracks (tracks, features), float32, of about unit variance and with a column of ones
            if the prior is to have a mean; None for a prior of zeros.
        settings: See `FactorisationSettings`; the defaults where None.
        seed: Of the first vectors.
        progress: Told after every sweep.

    Raises:
        InvalidSetting: If nobody played anything, or features are of other tracks or not finite.
    """
    settings = settings or FactorisationSettings()
    _check(plays, features)
    by_user = _weights_above_one(plays, settings.alpha)
    by_track = sparse.csr_array(by_user.T.tocsr())
    drawn = np.random.default_rng(seed)
    first = 0.1 / np.sqrt(settings.factors)
    users = (first * drawn.standard_normal((plays.shape[0], settings.factors))).astype(np.float32)
    tracks = (first * drawn.standard_normal((plays.shape[1], settings.factors))).astype(np.float32)
    weights, prior = None, None
    solver = None if features is None else _weight_solver(features, settings)
    for sweep in range(settings.sweeps):
        with blas_of_one_thread():
            users = _improved(users, tracks, by_user, settings.l2_users, None, settings.gradient_steps)
            tracks = _improved(tracks, users, by_track, settings.l2_tracks, prior, settings.gradient_steps)
            if features is not None and solver is not None:
                weights = linalg.cho_solve(solver, features.T @ tracks).astype(np.float32)
                prior = features @ weights
        progress((sweep + 1) / settings.sweeps, counted("sweeps", sweep + 1, settings.sweeps))
    return Factorisation(users, tracks, weights)


def objective(
    model: Factorisation, plays: sparse.csr_array, features: Floats | None, settings: FactorisationSettings
) -> float:
    """Return what `factorise` minimises, in double precision."""
    users, tracks = model.users.astype(np.float64), model.tracks.astype(np.float64)
    pairs = plays.tocoo()
    scores = np.einsum("ij,ij->i", users[pairs.row], tracks[pairs.col])
    confidence = 1 + settings.alpha * pairs.data.astype(np.float64)
    played = (confidence * (1 - scores) ** 2 - scores**2).sum()
    total = played + ((users.T @ users) * (tracks.T @ tracks)).sum() + settings.l2_users * (users**2).sum()
    prior = np.zeros_like(tracks)
    if features is not None and model.weights is not None:
        weights = model.weights.astype(np.float64)
        prior = features.astype(np.float64) @ weights
        total += settings.l2_weights * (weights**2).sum()
    return float(total + settings.l2_tracks * ((tracks - prior) ** 2).sum()) / 2


def _check(plays: sparse.csr_array, features: Floats | None) -> None:
    if not plays.nnz or not (plays.data >= 0).all():
        raise InvalidSetting(f"plays {plays.shape} must hold counts above 0; nobody played any of the tracks")
    if features is None:
        return
    if features.shape[0] != plays.shape[1] or not np.isfinite(features).all():
        raise InvalidSetting(
            f"features {features.shape} must be finite, with a row for each of {plays.shape[1]:,} tracks"
        )


def _weights_above_one(plays: sparse.csr_array, alpha: float) -> sparse.csr_array:
    """Return confidences less 1 (users, tracks), float32; a count of 0 is no play."""
    above = sparse.csr_array(plays, dtype=np.float32, copy=True)
    above.eliminate_zeros()
    above.data *= np.float32(alpha)
    return above


def _weight_solver(features: Floats, settings: FactorisationSettings) -> tuple[npt.NDArray[np.float64], bool]:
    """Return the Cholesky factor of XᵀX + λ_W/λ_V · I, whose solutions for XᵀV are the weights."""
    exact = features.astype(np.float64)
    gram = exact.T @ exact
    gram[np.diag_indices_from(gram)] += settings.l2_weights / settings.l2_tracks
    factor: tuple[npt.NDArray[np.float64], bool] = linalg.cho_factor(gram)
    return factor


def _improved(
    vectors: Floats, others: Floats, above_one: sparse.csr_array, l2: float, prior: Floats | None, steps: int
) -> Floats:
    """Return vectors nearer the least squares of (Oᵀ C O + λ) v = Oᵀ C p + λ · prior, from where they are.

    Args:
        vectors: (rows, factors).
        others: O, (columns, factors).
        above_one: Confidences less 1 (rows, columns), stored where p is 1.
        l2: λ.
        prior: (rows, factors); zeros where None.
        steps: Of conjugate gradients.
    """
    shared = others.T @ others
    shared[np.diag_indices_from(shared)] += np.float32(l2)
    pull = np.zeros_like(vectors) if prior is None else np.float32(l2) * prior
    solution = vectors.copy()

    def work(part: slice) -> None:
        pointers = above_one.indptr[part.start : part.stop + 1]
        step_rows(
            pointers, above_one.indices, above_one.data, others, shared, pull[part], solution[part], steps
        )

    on_every_core(work, blocks(len(vectors), _BLOCK_ROWS), silent, "")
    return solution
