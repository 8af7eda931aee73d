"""Recommenders that know items by who plays them, or by their sound: WRMF, EASE^R, cosine of features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy import linalg, sparse

from taglab.errors import InvalidSetting
from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.factorisation import FactorisationSettings, factorise
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.neighbours import unit_rows
from taglab.recommend.recommender import Floats, Floats32, Ints, Learned, TaglessRecommender
from taglab.recommend.weighing import Weighing, weighed
from taglab.vectors import open_features

_GIB = 2**30
_BYTES_A_PAIR = 12  # while the inverse is taken: the products in double precision, their inverse in place


@dataclass(frozen=True, eq=False, repr=False)
class FactorRecommender(TaglessRecommender):
    """Scores are products of vectors: `users` (users, factors) by `items` (items, factors)."""

    def _scores(self, user: int, items: Ints) -> Floats:
        vector = self.learned["users"][user].astype(np.float64)
        return np.asarray(self.learned["items"][items] @ vector)

    def _score_block(self, users: Ints) -> Floats32:
        return np.asarray(self.learned["users"][users] @ self.learned["items"].T, np.float32)


class Wrmf(BaseModel):
    """Weighted factorisation of plays by alternating least squares (WRMF), without tags.

    Attributes:
        recommender: Which recommender this is.
        h: Numbers a vector has.
        weighing: What a play weighs, before α.
        alpha: What that adds to the confidence of 1.
        l2: By which vectors of users and of items are held back.
        sweeps: How often users and items are solved in turn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "WRMF"
    uses_tags: ClassVar[bool] = False

    recommender: Literal["wrmf"] = "wrmf"
    h: int = Field(64, ge=1, le=4_096)
    weighing: Weighing = "log"
    alpha: float = Field(20.0, gt=0, allow_inf_nan=False)
    l2: float = Field(10.0, gt=0, allow_inf_nan=False)
    sweeps: int = Field(15, ge=1, le=10_000)

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return vectors of users and of items."""
        settings = FactorisationSettings(
            factors=self.h, alpha=self.alpha, l2_users=self.l2, l2_tracks=self.l2, sweeps=self.sweeps
        )
        model = factorise(weighed(plays, self.weighing), None, settings, seed, progress)
        return {"users": model.users, "items": model.tracks}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> FactorRecommender:
        """Return what scores."""
        return FactorRecommender(self, plays, tags, learned, seconds)


class Ease(BaseModel):
    """Scores an item by what a user has played, by weights between items learned in closed form (EASE^R).

    Source: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.

    Attributes:
        recommender: Which recommender this is.
        l2: λ, added to the diagonal of the products of items.
        weighing: What a play weighs.
        most_gib: Memory it may take; with more items it is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "EASE^R"
    uses_tags: ClassVar[bool] = False

    recommender: Literal["ease"] = "ease"
    l2: float = Field(100.0, gt=0, allow_inf_nan=False)
    weighing: Weighing = "ones"
    most_gib: float = Field(4.0, gt=0, allow_inf_nan=False)

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return the weights between items (items, items), 0 on the diagonal.

        Raises:
            InvalidSetting: If they take more memory than allowed.
        """
        needed = _BYTES_A_PAIR * plays.n_tracks**2 / _GIB
        if needed > self.most_gib:
            raise InvalidSetting(
                f"EASE^R of {plays.n_tracks:,} items takes {needed:,.1f} GiB, and most_gib={self.most_gib:g} "
                "allows less; keep fewer items, or allow more"
            )
        weights = weighed(plays, self.weighing).astype(np.float64)
        products = (weights.T @ weights).toarray()
        products[np.diag_indices_from(products)] += self.l2
        # The inverse of a symmetric positive matrix in the place of the matrix: one triangle, then both.
        factor, failed = linalg.lapack.dpotrf(products.T, lower=0, overwrite_a=1)  # LAPACK's order of memory
        if failed:
            raise InvalidSetting(f"l2={self.l2:g} must be greater: products of plays have no inverse")
        inverse, _ = linalg.lapack.dpotri(factor, lower=0, overwrite_c=1)
        learned = np.triu(inverse.astype(np.float32))
        diagonal = np.diagonal(learned).copy()
        learned += np.triu(learned, 1).T
        learned /= -diagonal
        np.fill_diagonal(learned, 0)
        return {"weights": learned}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> EaseRecommender:
        """Return what scores."""
        return EaseRecommender(self, plays, tags, learned, seconds)


@dataclass(frozen=True, eq=False, repr=False)
class EaseRecommender(TaglessRecommender):
    """Scores are sums of weights to the items that were played."""

    @cached_property
    def _weights(self) -> sparse.csr_array:
        return weighed(self.plays, self.settings.weighing)

    def _scores(self, user: int, items: Ints) -> Floats:
        start, stop = self._weights.indptr[user : user + 2]
        played, weights = self._weights.indices[start:stop], self._weights.data[start:stop]
        scores = weights.astype(np.float64) @ self.learned["weights"][played]
        return np.asarray(scores[items])

    def _score_block(self, users: Ints) -> Floats32:
        return np.asarray(self._weights[users] @ self.learned["weights"], np.float32)


class SoundCosine(BaseModel):
    """Scores an item by the cosine of its features to the mean of those of what a user has played.

    Attributes:
        recommender: Which recommender this is.
        features: Name of features of tracks, by whatever encoder; a track without any scores 0.
        weighing: What a play weighs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "cosine of sound"
    uses_tags: ClassVar[bool] = False

    recommender: Literal["sound"] = "sound"
    features: str = ""
    weighing: Weighing = "log"

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return features of items and of users, of unit length.

        Raises:
            NotFound: If there are no such features.
            InvalidSetting: If they are of none of the items.
        """
        vectors = open_features(self.features)
        row_of = {track: row for row, track in enumerate(vectors.ids)}
        rows = np.array([row_of.get(item, -1) for item in plays.tracks], np.int64)
        if vectors.kind != "tracks" or not (rows >= 0).any():
            raise InvalidSetting(
                f"features={self.features!r} must be of the tracks that were played, and has none of them"
            )
        known: npt.NDArray[np.float32] = np.zeros((len(rows), vectors.dim), np.float32)
        known[rows >= 0] = vectors.vectors[rows[rows >= 0]]
        items = unit_rows(known)
        return {"users": unit_rows(weighed(plays, self.weighing) @ items), "items": items}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> FactorRecommender:
        """Return what scores."""
        return FactorRecommender(self, plays, tags, learned, seconds)
