"""What any recommender must be better than: the most popular, and chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from taglab.interactions import Interactions
from taglab.progress import Progress, silent
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.recommender import Floats, Floats32, Ints, Learned, TaglessRecommender


class MostPopular(BaseModel):
    """Recommends to everyone what most users have played, however often."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "most popular"
    uses_tags: ClassVar[bool] = False

    recommender: Literal["popular"] = "popular"

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return how many users played each item."""
        return {"users": plays.per_track()}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> PopularRecommender:
        """Return what scores."""
        return PopularRecommender(self, plays, tags, learned, seconds)


@dataclass(frozen=True, eq=False, repr=False)
class PopularRecommender(TaglessRecommender):
    """Scores are numbers of users."""

    def _scores(self, user: int, items: Ints) -> Floats:
        return self.learned["users"][items].astype(np.float64)

    def _score_block(self, users: Ints) -> Floats32:
        return np.tile(self.learned["users"].astype(np.float32), (len(users), 1))


class ByChance(BaseModel):
    """Recommends any items, others to every user and the same again to the same user."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = "random"
    uses_tags: ClassVar[bool] = False

    recommender: Literal["random"] = "random"

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return the seed."""
        return {"seed": np.array(seed, np.int64)}

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> RandomRecommender:
        """Return what scores."""
        return RandomRecommender(self, plays, tags, learned, seconds)


@dataclass(frozen=True, eq=False, repr=False)
class RandomRecommender(TaglessRecommender):
    """Scores are drawn evenly between 0 and 1."""

    def _scores(self, user: int, items: Ints) -> Floats:
        return np.random.default_rng([int(self.learned["seed"]), user]).random(self.n_items)[items]
